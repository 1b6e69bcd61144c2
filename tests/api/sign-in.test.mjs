// Signing in on both surfaces, with exact bodies.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http2Once, maskToken, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const crmId = /^[0-9a-f]{24}$/;

function crmInteger(id) {
  return Number(BigInt(`0x${id.slice(8)}`));
}

suite('sign-in', { tls: true }, (server) => {
  const form = (host, username, password, more = {}) =>
    ask(server(), { path: '/api/auth/login', host, form: { username, password }, ...more }, maskToken);
  const json = (host, body, more = {}) =>
    ask(server(), { path: '/api/auth/login', host, json: body, ...more }, maskCrm);
  const maskCrm = (text) => maskToken(text);

  it('assets: answers exactly a token and its type', async () => {
    const reply = await form(ACME_HOST, people.admin.email, people.admin.password);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.deepEqual(Object.keys(reply.json), ['access_token', 'token_type']);
    assert.equal(reply.json.token_type, 'bearer');
    assert.match(reply.json.access_token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
    assert.equal(reply.headers['cache-control'], 'no-store');
  });

  it('assets: matches the address whatever its case', async () => {
    for (const username of ['sarah.chen@acme.example', 'SARAH.CHEN@ACME.EXAMPLE', '  sarah.chen@acme.example ']) {
      assert.equal((await form(ACME_HOST, username, people.admin.password)).status, 200, username);
    }
  });

  it('assets: works on the custom domain, and for staff on the root host and everywhere', async () => {
    assert.equal((await form(ACME_DOMAIN, people.admin.email, people.admin.password)).status, 200);
    for (const host of [ROOT_HOST, ACME_HOST, GLOBEX_HOST]) {
      assert.equal((await form(host, people.staff.email, people.staff.password)).status, 200, host);
    }
  });

  it('assets: takes what OAuth 2 password clients send along', async () => {
    const reply = await ask(server(), {
      path: '/api/auth/login', host: ACME_HOST,
      form: { grant_type: 'password', username: people.admin.email, password: people.admin.password, scope: '', client_id: '' },
    }, maskToken);
    assert.equal(reply.status, 200);
  });

  it('assets: does not tell a wrong password, an unknown address and a stranger apart', async () => {
    const wrong = [
      [people.admin.email, 'not-the-password'],
      ['nobody@acme.example', people.admin.password],
      [people.outsider.email, people.outsider.password],
      [people.admin.email, `${people.admin.password} `],
      ['not an address', 'not-the-password'],
    ];
    const answers = [];
    for (const [username, password] of wrong) {
      const reply = await form(ACME_HOST, username, password);
      assert.equal(reply.status, 401, username);
      assert.match(reply.headers['www-authenticate'], /^Bearer\b/, username);
      answers.push(reply.text);
    }
    assert.deepEqual([...new Set(answers)], ['{"detail":"Incorrect email or password"}']);
  });

  it('assets: turns a client user away from the root host', async () => {
    const reply = await form(ROOT_HOST, people.admin.email, people.admin.password);
    assert.equal(reply.status, 403);
    assert.deepEqual(Object.keys(reply.json), ['detail']);
  });

  it('crm: answers exactly a token and the user', async () => {
    const reply = await json(ROOT_HOST, { email: people.admin.email, password: people.admin.password });
    assert.equal(reply.status, 200);
    assert.deepEqual(Object.keys(reply.json), ['token', 'user']);
    const { id, organizationId, ...user } = reply.json.user;
    assert.deepEqual(user, { email: people.admin.email, fullName: people.admin.name, accessRole: 'ADMIN' });
    assert.deepEqual(Object.keys(reply.json.user), ['id', 'email', 'fullName', 'organizationId', 'accessRole']);
    assert.match(id, crmId);
    assert.match(organizationId, crmId);
    assert.equal(crmInteger(id), server().world.users.admin);
    assert.equal(crmInteger(organizationId), server().world.tenants.acme);
  });

  it('crm: names every role', async () => {
    const roles = { staff: 'SUPERADMIN', owner: 'ADMIN', admin: 'ADMIN', head: 'DEPARTMENT_HEAD', member: 'SALES_REP', viewer: 'SALES_REP' };
    for (const [who, role] of Object.entries(roles)) {
      const reply = await json(ROOT_HOST, { email: people[who].email, password: people[who].password });
      assert.equal(reply.json.user.accessRole, role, who);
    }
  });

  it('crm: does not tell a wrong password and an unknown address apart', async () => {
    const answers = [];
    for (const [email, password] of [[people.admin.email, 'not-the-password'], ['nobody@acme.example', 'not-the-password']]) {
      const reply = await json(ROOT_HOST, { email, password });
      assert.equal(reply.status, 401);
      answers.push(reply.text);
    }
    assert.deepEqual([...new Set(answers)], ['{"error":"Invalid email or password"}']);
  });

  it('crm: the organization asked for, on the root host', async () => {
    const organizationId = (await json(ROOT_HOST, { email: people.owner.email, password: people.owner.password })).json.user.organizationId;
    const good = await json(ROOT_HOST, { email: people.admin.email, password: people.admin.password, organizationId });
    assert.equal(good.json.user.organizationId, organizationId);
    const stranger = await json(ROOT_HOST, { email: people.outsider.email, password: people.outsider.password, organizationId });
    assert.ok([401, 403].includes(stranger.status), stranger.text);
    const none = await json(ROOT_HOST, { email: people.admin.email, password: people.admin.password, organizationId: 'f'.repeat(24) });
    assert.ok([400, 404].includes(none.status), none.text);
  });

  it('the content type decides which login it is', async () => {
    const body = `username=${encodeURIComponent(people.admin.email)}&password=${people.admin.password}`;
    const types = ['text/plain', 'multipart/form-data; boundary=x', 'application/xml', 'application/jsonx', 'application/x-www-form-urlencoded; charset=latin1'];
    for (const type of types) {
      const reply = await ask(server(), { method: 'POST', path: '/api/auth/login', host: ACME_HOST, headers: { 'content-type': type }, body });
      assert.equal(reply.status, 415, type);
      assert.ok(reply.json.detail, type);
    }
    const form = await ask(server(), {
      method: 'POST', path: '/api/auth/login', host: ACME_HOST, body,
      headers: { 'content-type': 'Application/X-WWW-Form-Urlencoded; Charset="UTF-8"' },
    }, maskToken);
    assert.equal(form.status, 200);
  });

  it('over TLS, with HTTP/2 by ALPN and with HTTP/1.1', async () => {
    const reply = await ask(server(), {
      path: '/api/auth/login', host: ACME_HOST, tls: true, form: { username: people.admin.email, password: people.admin.password },
    }, maskToken);
    assert.equal(reply.status, 200);
  });

  it('a token of one surface works on the other', async () => {
    const assetsToken = await signIn(server(), people.admin, ACME_HOST);
    const verified = await ask(server(), { path: '/api/auth/verify-token', token: assetsToken });
    assert.equal(verified.status, 200);
    const crmToken = (await json(ROOT_HOST, { email: people.admin.email, password: people.admin.password })).json.token;
    const me = await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, token: crmToken });
    assert.equal(me.status, 200);
  });

  it('two sign-ins give two sessions', async () => {
    const [one, two] = [await signIn(server(), people.admin, ACME_HOST), await signIn(server(), people.admin, ACME_HOST)];
    assert.notEqual(one, two);
    const claims = [one, two].map((token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url')));
    assert.notEqual(claims[0].sid, claims[1].sid);
    assert.notEqual(claims[0].jti, claims[1].jti);
    assert.deepEqual(Object.keys(claims[0]).sort(), ['exp', 'iat', 'iss', 'jti', 'sid', 'sub', 'tid', 'token_use']);
    assert.equal(claims[0].exp - claims[0].iat, 7 * 24 * 3600);
  });
});
