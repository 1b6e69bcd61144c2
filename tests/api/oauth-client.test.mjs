// A standard OAuth client library against introspection and revocation.
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { it } from 'node:test';
import { adminSession, makeKey } from './harness/api-keys.mjs';
import { ask, http1, me, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

globalThis.crypto ??= webcrypto; // Node.js 18
const oauth = await import('oauth4webapi');

suite('an OAuth client', { config: { tenancy: { default_tenant: 'acme' } } }, (server) => {
  const issuer = () => {
    const base = `http://127.0.0.1:${server().port}`;
    return { issuer: base, introspection_endpoint: `${base}/oauth/introspect`, revocation_endpoint: `${base}/oauth/revoke` };
  };
  const client = { client_id: 'resource-server' };
  const options = { [oauth.allowInsecureRequests]: true };
  const bearer = (key) => (as, client_, body, headers) => { headers.set('authorization', `Bearer ${key}`); };
  async function introspect(auth, token) {
    const response = await oauth.introspectionRequest(issuer(), client, auth, token, options);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    return oauth.processIntrospectionResponse(issuer(), client, response);
  }
  async function revoke(auth, token) {
    return oauth.processRevocationResponse(await oauth.revocationRequest(issuer(), client, auth, token, options));
  }

  it('introspects with the token as client secret, or as bearer', async () => {
    const session = await adminSession(server());
    const judge = await makeKey(server(), session, ['tokens.introspect']);
    const key = await makeKey(server(), session, ['assets.view', 'team.view'], { expires_at: '2100-01-01T00:00:00Z' });
    for (const auth of [oauth.ClientSecretBasic(judge.token), bearer(judge.token)]) {
      const said = await introspect(auth, key.token);
      assert.deepEqual({ ...said, iat: 0 }, {
        active: true, kind: 'api_token', sub: String(server().world.users.admin), username: people.admin.email,
        tid: String(server().world.tenants.acme), tenant: 'acme', role: 'admin', scope: 'assets.view team.view', iss: 'tether', iat: 0,
        exp: 4102444800, token_type: 'Bearer', client_id: String(key.id),
      });
      assert.ok(Math.abs(said.iat - Date.now() / 1000) < 600);
    }
    const ofSession = await introspect(bearer(judge.token), session);
    assert.equal(ofSession.active, true);
    assert.ok(ofSession.exp > Date.now() / 1000);
  });

  it('hears of nothing but its own tenant, unless it is the operator', async () => {
    const judge = await makeKey(server(), await adminSession(server()), ['tokens.introspect']);
    const theirs = await signIn(server(), people.outsider, 'globex.tether.test');
    for (const token of [theirs, 'nonsense', `${judge.token}x`, 'tth_x', 'ttd_x']) {
      assert.deepEqual(await introspect(bearer(judge.token), token), { active: false }, token);
    }
    const root = await makeKey(server(), await signIn(server(), people.superadmin), ['tokens.introspect']);
    assert.equal((await introspect(bearer(root.token), theirs)).tenant, 'globex');
  });

  it('is refused without the scope, and without a good secret', async () => {
    const session = await adminSession(server());
    const key = await makeKey(server(), session, ['assets.view']);
    for (const [auth, status] of [[oauth.ClientSecretBasic(key.token), 403], [oauth.ClientSecretBasic('wrong'), 401],
      [oauth.ClientSecretPost(key.token), 401], [bearer(session), 403], [oauth.None(), 401]]) {
      const response = await oauth.introspectionRequest(issuer(), client, auth, key.token, options);
      assert.equal(response.status, status);
      assert.equal(typeof (await response.json()).error, 'string');
      if (status === 401) assert.match(response.headers.get('www-authenticate'), /^Bearer/);
    }
  });

  it('revokes a token: with it, for its owner, or without a word about who', async () => {
    const session = await adminSession(server());
    for (const auth of [(token) => bearer(token), () => bearer(session), () => oauth.None(), (token) => oauth.ClientSecretBasic(token)]) {
      const { token } = await makeKey(server(), session, ['assets.view']);
      assert.equal((await me(server(), token, ACME_HOST)).status, 200);
      await revoke(auth(token), token);
      assert.equal((await me(server(), token, ACME_HOST)).status, 401);
      await revoke(oauth.None(), token);
    }
    const other = await adminSession(server());
    await revoke(bearer(session), other);
    assert.equal((await me(server(), other, ACME_HOST)).status, 401);
    assert.equal((await me(server(), session, ACME_HOST)).status, 200);
  });

  it('says errors in the words of RFC 6749', async () => {
    const { token } = await makeKey(server(), await adminSession(server()), ['tokens.introspect']);
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      const empty = await ask(server(), { path, token, form: { token_type_hint: 'x' } });
      assert.deepEqual([empty.status, empty.json], [400, { error: 'invalid_request', error_description: 'The token field is required.' }]);
      const twice = await ask(server(), { method: 'POST', path, token, body: 'token=a&token=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
      assert.equal(twice.status, 400);
    }
    const stranger = await signIn(server(), people.owner, ACME_HOST);
    const refused = await http1(server(), { path: '/oauth/revoke', token: stranger, form: { token } });
    assert.deepEqual([refused.status, refused.json.error], [403, 'access_denied']);
  });
});
