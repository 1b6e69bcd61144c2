// The panel's session: a cookie that no script sees, no other site can use, and nobody can plant.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http1, http2Once, me, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const path = '/api/auth/session';
const plain = { name: 'tether', origin: (host) => `http://${host}` };
const secure = { name: '__Host-tether', origin: (host) => `https://${host}`, tls: true };

function parsed(reply) {
  const [cookie] = [reply.headers['set-cookie']].flat();
  const [pair, ...attributes] = cookie.split('; ');
  const cut = pair.indexOf('=');
  return { name: pair.slice(0, cut), value: pair.slice(cut + 1), attributes: attributes.sort() };
}

suite('panel session', { tls: true, config: { server: { trusted_proxies: ['127.0.0.1'], cors_origins: ['https://partner.example'] } } }, (server) => {
  const open = (person, { host = ACME_HOST, over = plain, headers = {} } = {}) => http2Once(server(), {
    path, host, tls: over.tls, json: { email: person.email, password: person.password },
    headers: { origin: over.origin(host), 'sec-fetch-site': 'same-origin', ...headers },
  });
  const cookieOf = async (person, options) => {
    const reply = await open(person, options);
    assert.equal(reply.status, 200, reply.text);
    const { name, value } = parsed(reply);
    return `${name}=${value}`;
  };

  it('answers who signed in, and the token in nothing but the cookie', async () => {
    for (const over of [plain, secure]) {
      const reply = await open(people.admin, { over });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.role, 'client_admin');
      assert.equal(reply.json.tenant_slug, 'acme');
      assert.equal(reply.json.permissions.length, 14);
      assert.doesNotMatch(reply.text, /eyJ/);
      const cookie = parsed(reply);
      assert.equal(cookie.name, over.name);
      assert.match(cookie.value, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/);
      const week = cookie.attributes.find((one) => one.startsWith('Max-Age='));
      assert.ok(Math.abs(Number(week.slice(8)) - 7 * 24 * 3600) < 60, week);
      assert.deepEqual(cookie.attributes.filter((one) => one !== week),
        ['HttpOnly', 'Path=/', 'SameSite=Strict', ...(over.tls ? ['Secure'] : [])]);
      const same = await me(server(), cookie.value, ACME_HOST);
      assert.deepEqual(same.json, reply.json);
    }
  });

  it('opens every surface, and closes with the session', async () => {
    const cookie = await cookieOf(people.admin);
    const headers = { cookie: `theme=dark; ${cookie}; other=1` };
    const paths = ['/api/auth/me', '/api/auth/verify-token', '/api/v1/auth/me', '/api/v1/team', '/api/v1/usage'];
    for (const one of paths) {
      assert.equal((await ask(server(), { path: one, host: ACME_HOST, headers })).status, 200, one);
    }
    const cut = { path: '/api/auth/me', host: ACME_HOST, headers: { cookie: ['theme=dark', cookie] } };
    assert.equal((await http2Once(server(), cut)).status, 200, 'cut into several fields');
    const gone = await http1(server(), { method: 'DELETE', path, host: ACME_HOST, headers: { ...headers, origin: plain.origin(ACME_HOST) } });
    assert.equal(gone.status, 204);
    assert.equal(parsed(gone).value, '');
    assert.ok(parsed(gone).attributes.includes('Max-Age=0'));
    for (const one of paths) {
      assert.equal((await ask(server(), { path: one, host: ACME_HOST, headers })).status, 401, one);
    }
    const again = await http1(server(), { method: 'DELETE', path, host: ACME_HOST, headers: { ...headers, origin: plain.origin(ACME_HOST) } });
    assert.equal(again.status, 204, 'signing out twice does no harm');
    const opened = server().scratch.database.query("SELECT count(*) FROM audit_log WHERE action = 'session.closed'");
    assert.equal(Number(opened), 1);
  });

  it('an unsafe method needs the very origin', async () => {
    const cookie = await cookieOf(people.owner);
    const change = (headers, more = {}) => ask(server(), {
      method: 'POST', path: '/api/v1/team/invite', host: ACME_HOST, headers: { cookie, ...headers },
      json: { email: `forged${Math.random()}@acme.example`, role: 'viewer' }, ...more,
    });
    const foreign = [
      {}, // no Origin at all
      { origin: 'null' },
      { origin: '' },
      { origin: 'https://evil.example' },
      { origin: `https://${ACME_HOST}` }, // the other scheme
      { origin: `http://${ACME_HOST}:8080` },
      { origin: `http://${ACME_HOST}.` },
      { origin: `http://${ACME_HOST}/` },
      { origin: `http://${GLOBEX_HOST}` }, // a sibling is the same site
      { origin: `http://${ROOT_HOST}` },
      { origin: `http://${ACME_DOMAIN}` }, // the same tenant's other host
      { origin: 'https://partner.example' }, // may use tokens, not cookies
      { origin: `http://${ACME_HOST}`, 'sec-fetch-site': 'cross-site' },
      { origin: `http://${ACME_HOST}`, 'sec-fetch-site': 'same-site' },
      { origin: `http://${ACME_HOST}`, 'sec-fetch-site': 'none' },
    ];
    for (const headers of foreign) {
      const reply = await change(headers);
      assert.equal(reply.status, 403, JSON.stringify(headers));
      assert.equal(reply.headers['access-control-allow-credentials'], undefined);
    }
    assert.equal((await http1(server(), { method: 'DELETE', path, host: ACME_HOST, headers: { cookie } })).status, 403);
    assert.equal((await http2Once(server(), { path: '/api/v1/team/invitations', host: ACME_HOST, headers: { cookie } })).json.data.length, 0);
    const good = await http1(server(), {
      path: '/api/v1/team/invite', host: ACME_HOST, headers: { cookie, origin: plain.origin(ACME_HOST), 'sec-fetch-site': 'same-origin' },
      json: { email: 'new@acme.example', role: 'viewer' },
    });
    assert.equal(good.status, 201, good.text);
  });

  it('pages elsewhere may lead here, but neither fetch nor embed', async () => {
    const cookie = await cookieOf(people.admin);
    const rows = [
      [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
      [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
      [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' }, 403],
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 403],
    ];
    for (const [headers, status] of rows) {
      const reply = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, headers: { cookie, ...headers } });
      assert.equal(reply.status, status, JSON.stringify(headers));
      assert.equal(reply.headers['x-frame-options'], 'DENY');
      assert.match(reply.headers['content-security-policy'], /frame-ancestors 'none'/);
    }
  });

  it('nobody is signed in by a page of somebody else', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: `http://${GLOBEX_HOST}` }, { 'sec-fetch-site': 'same-site' }]) {
      const reply = await open(people.admin, { headers });
      assert.equal(reply.status, 403);
      assert.equal(reply.headers['set-cookie'], undefined);
    }
    const form = await ask(server(), { path, host: ACME_HOST, headers: { origin: plain.origin(ACME_HOST) }, form: { email: 'a', password: 'b' } });
    assert.equal(form.status, 415);
  });

  it('a planted cookie is never taken over', async () => {
    const planted = (await cookieOf(people.outsider, { host: GLOBEX_HOST })).split('=')[1];
    const reply = await open(people.admin, { headers: { cookie: `tether=${planted}` } });
    assert.equal(reply.status, 200);
    assert.notEqual(parsed(reply).value, planted);
    const both = { cookie: `tether=${planted}; tether=${parsed(reply).value}` };
    assert.equal((await ask(server(), { path: '/api/auth/me', host: ACME_HOST, headers: both })).status, 401, 'two of the name are none');
    const foreign = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, headers: { cookie: `tether=${planted}` } });
    assert.equal(foreign.status, 403, 'no member here');
  });

  it('over TLS only the name that no other host can set', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const rows = [[`tether=${token}`, true, 401], [`__Host-tether=${token}`, false, 401], [`__Host-tether=${token}`, true, 200],
      [`__host-tether=${token}`, true, 401], [`tether=${token}`, false, 200]];
    for (const [cookie, tls, status] of rows) {
      assert.equal((await ask(server(), { path: '/api/auth/me', host: ACME_HOST, tls, headers: { cookie } })).status, status, cookie.slice(0, 14));
    }
    const proxied = await http1(server(), {
      path: '/api/v1/auth/logout', method: 'POST', host: 'inner:8080',
      headers: { cookie: `__Host-tether=${token}`, 'x-forwarded-proto': 'https', 'x-forwarded-host': ACME_HOST, origin: `https://${ACME_HOST}` },
    });
    assert.equal(proxied.status, 200, proxied.text);
  });

  it('a token in the header goes before, and needs no origin', async () => {
    const token = await signIn(server(), people.viewer, ACME_HOST);
    const cookie = await cookieOf(people.admin);
    const reply = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, token, headers: { cookie, 'sec-fetch-site': 'cross-site' } });
    assert.equal(reply.json.role, 'client_viewer');
  });

  it('what was left in a browser closes no public route', async () => {
    for (const value of ['rubbish', 'eyJhbGciOiJIUzI1NiJ9.e30.x', '"']) {
      const headers = { cookie: `tether=${value}` };
      assert.equal((await ask(server(), { path: '/api/public/branding', host: ACME_HOST, headers })).status, 200);
      assert.equal((await ask(server(), { path: '/api/auth/me', host: ACME_HOST, headers })).status, 401);
      const out = await http1(server(), { method: 'DELETE', path, host: ACME_HOST, headers: { ...headers, origin: plain.origin(ACME_HOST) } });
      assert.equal(out.status, 204, value);
    }
  });

  it('refuses as the other sign-ins do', async () => {
    const stranger = await open(people.outsider);
    const wrong = await open({ ...people.admin, password: 'not-the-password' });
    assert.equal(stranger.status, 401);
    assert.equal(stranger.text, wrong.text);
    const customer = await open(people.admin, { host: ROOT_HOST });
    assert.equal(customer.status, 403);
    assert.match(customer.json.detail, /your organisation's own address/);
    for (const reply of [stranger, wrong, customer]) assert.equal(reply.headers['set-cookie'], undefined);
    assert.equal((await open(people.staff, { host: ROOT_HOST })).json.is_msp_staff, true);
  });

  it('staff at the root look into one tenant', async () => {
    const cookie = await cookieOf(people.staff, { host: ROOT_HOST });
    const host = ROOT_HOST;
    const one = await ask(server(), { path: '/api/auth/me?tenant=acme', host, headers: { cookie } });
    assert.equal(one.json.tenant_slug, 'acme');
    const team = await ask(server(), { path: '/api/v1/team', host, headers: { cookie, 'x-tenant': 'globex' } });
    assert.equal(team.status, 200);
    const keys = (headers, path = '/api/settings/api-keys') => ask(server(), { path, host, headers: { cookie, ...headers } });
    assert.equal((await keys({ 'x-tenant': 'acme' })).status, 200, 'a surface that goes by the token');
    assert.equal((await keys({}, '/api/settings/api-keys?tenant=acme')).status, 200);
    assert.equal((await keys({ 'x-tenant': 'globex' }, '/api/settings/api-keys?tenant=acme')).status, 403, 'not two at once');
    assert.equal((await keys({ 'x-tenant': 'nowhere' })).status, 404);
    const staffToken = await signIn(server(), people.staff, host);
    const byToken = await ask(server(), { path: '/api/settings/api-keys', host, token: staffToken, headers: { 'x-tenant': 'acme' } });
    assert.equal(byToken.status, 403, 'a token stays where it was issued');
    const token = await signIn(server(), people.admin, ACME_HOST);
    const foreign = await ask(server(), { path: '/api/settings/api-keys', host, token, headers: { 'x-tenant': 'globex' } });
    assert.equal(foreign.status, 403, 'nobody but staff');
  });
});

suite('panel session, limits', { config: { rate_limits: { enabled: true, default: '3/hour', panel: '9/hour' } } }, (server) => {
  it('counts for the panel, and tokens as ever', async () => {
    const opened = await http2Once(server(), {
      path, host: ACME_HOST, json: { email: people.admin.email, password: people.admin.password }, headers: { origin: plain.origin(ACME_HOST) },
    });
    const { value } = parsed(opened);
    const byCookie = await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, headers: { cookie: `tether=${value}` } });
    assert.equal(byCookie.headers['x-ratelimit-limit'], '9');
    assert.equal((await me(server(), value, ACME_HOST)).headers['x-ratelimit-limit'], '3');
    const statuses = [];
    for (let i = 0; i < 9; i++) {
      statuses.push((await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, headers: { cookie: `tether=${value}` } })).status);
    }
    assert.deepEqual(statuses, [...Array(8).fill(200), 429]);
  });
});

suite('content security reports', {}, (server) => {
  const send = (body, type = 'application/csp-report') => ask(server(), {
    method: 'POST', path: '/csp-report', host: ACME_HOST, headers: { 'content-type': type }, body,
  });

  it('are counted and logged, without what an address may hold', async () => {
    const report = {
      'document-uri': `http://${ACME_HOST}/invite/secret-in-the-path?token=secret-in-the-query`, referrer: 'http://x/secret-referrer',
      'effective-directive': 'script-src-elem', 'blocked-uri': 'https://cdn.evil.example/a.js?secret-there', 'original-policy': 'x', 'line-number': 3,
    };
    assert.equal((await send(JSON.stringify({ 'csp-report': report }))).status, 204);
    const line = await server().log.untilMessage('a page broke its content security policy');
    assert.equal(line.directive, 'script-src-elem');
    assert.equal(line.blocked, 'https://cdn.evil.example');
    assert.equal(line.page, 'invite');
    assert.doesNotMatch(server().log.text, /secret-/);
    const { text } = await http2Once(server(), { path: '/metrics' });
    assert.match(text, /^tether_csp_reports_total 2$/m);
  });

  it('anything else is refused', async () => {
    assert.equal((await send('{"csp-report":{}}', 'application/json')).status, 415);
    for (const body of ['', '{}', '[]', '{"csp-report":1}', '{"csp-report":{}} x', '{"csp-report":{},"more":1}']) {
      assert.equal((await send(body)).status, 422, body);
    }
    for (const report of ['{}', '{"document-uri":"","blocked-uri":"///","effective-directive":7}', `{"document-uri":"${'/'.repeat(9999)}"}`]) {
      assert.equal((await send(`{"csp-report":${report}}`)).status, 204, report.slice(0, 50));
    }
  });
});
