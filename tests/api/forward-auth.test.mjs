// The real nginx and the real Caddy, with the files of docs/forward-auth, before an application that knows nothing.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminSession, KEYS, makeKey } from './harness/api-keys.mjs';
import { ask, connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { startCaddy, startNginx, startUpstream } from './harness/proxies.mjs';
import { startServer } from './harness/server.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, ROOT_HOST, people } from './harness/world.mjs';

const APP = 'app.example.com';
const FORWARD = '/api/auth/forward';

for (const [name, start] of [['nginx', startNginx], ['Caddy', startCaddy]]) {
  describe(name, () => {
    let server, upstream, proxy, session, key;
    before(async () => {
      server = await startServer({ config: { server: { trusted_proxies: ['127.0.0.1'] } } });
      upstream = await startUpstream();
      proxy = await start(server, upstream);
      session = await adminSession(server);
      key = await makeKey(server, session, ['assets.view', 'team.view'], { allowed_addresses: ['127.0.0.1'] });
    });
    after(async () => {
      await proxy?.end();
      await upstream?.end();
      await server?.end();
    });
    const get = (path, more = {}) => http1(proxy, { path, host: APP, ...more });
    const refused = async (status, path, more) => {
      const { seen } = upstream;
      const reply = await get(path, more);
      assert.equal(reply.status, status, reply.text);
      assert.equal(upstream.seen, seen, 'the application saw nothing');
      return reply;
    };

    it('lets an API token through, and says whose it is', async () => {
      const reply = await get('/page?x=1', { token: key.token });
      assert.equal(reply.status, 200, `${reply.text}\n${proxy.log}`);
      const { url, headers } = reply.json;
      assert.equal(url, '/page?x=1');
      assert.equal(headers['x-tether-user'], String(server.world.users.admin));
      assert.equal(headers['x-tether-email'], people.admin.email);
      assert.equal(headers['x-tether-tenant'], 'acme');
      assert.equal(headers['x-tether-role'], 'admin');
      assert.equal(headers['x-tether-permissions'], 'assets.view team.view');
      assert.equal(headers.authorization, undefined, 'the token stays with the proxy');
    });

    it('lets a session through, with any method and body', async () => {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const reply = await get('/deed', { method, token: session, json: { a: 1 } });
        assert.equal(reply.status, 200, `${method}: ${reply.text}`);
        assert.equal(reply.json.method, method);
      }
    });

    it('turns everybody else away before the application hears of it', async () => {
      const reply = await refused(401, '/page');
      assert.match(reply.headers['www-authenticate'] ?? '', /^Bearer/);
      await refused(401, '/page', { token: 'tth_nonsense' });
      await refused(401, '/page', { headers: { authorization: 'Basic YTpi' } });
      await refused(401, '/page', { headers: { 'x-tether-user': '1' } });
    });

    it('believes nothing that a client says of itself', async () => {
      const headers = { 'x-tether-user': '1', 'x-tether-role': 'owner', 'x-tether-permissions': 'all', 'x-tether-else': '1', x_tether_user: '1' };
      const reply = await get('/page', { token: key.token, headers });
      assert.equal(reply.json.headers['x-tether-user'], String(server.world.users.admin));
      assert.equal(reply.json.headers['x-tether-role'], 'admin');
      assert.equal(reply.json.headers['x-tether-permissions'], 'assets.view team.view');
      assert.equal(reply.json.headers.x_tether_user, undefined);
      const query = await get('/page?tenant=globex&permission=audit.view&x', { token: key.token });
      assert.deepEqual([query.status, query.json?.headers['x-tether-tenant']], [200, 'acme'], query.text);
    });

    it('asks for a permission where the site says so', async () => {
      await refused(403, '/reports/1', { token: key.token });
      const reply = await get('/reports/1', { token: session });
      assert.equal(reply.status, 200, reply.text);
      assert.equal(reply.json.headers['x-tether-user'], String(server.world.users.admin));
    });

    it('sees the client behind the proxy', async () => {
      const elsewhere = await makeKey(server, session, ['assets.view'], { allowed_addresses: ['192.0.2.1'] });
      await refused(403, '/page', { token: elsewhere.token });
      await refused(403, '/page', { token: elsewhere.token, headers: { 'x-forwarded-for': '192.0.2.1' } });
    });

    it('stops the next request of a revoked token', async () => {
      const doomed = await makeKey(server, session, ['assets.view']);
      assert.equal((await get('/page', { token: doomed.token })).status, 200);
      const reply = await http2Once(server, { method: 'DELETE', path: `${KEYS}/${doomed.id}`, token: session });
      assert.equal(reply.status, 200, reply.text);
      await refused(401, '/page', { token: doomed.token });
    });

    it('stays shut while Tether is away', async () => {
      await server.stop();
      await refused(name === 'nginx' ? 500 : 502, '/page', { token: key.token });
    });
  });
}

suite('forward', { config: { server: { trusted_proxies: ['127.0.0.1'] } } }, (server) => {
  it('answers the same over both protocols, for GET and HEAD', async () => {
    const key = await makeKey(server(), await adminSession(server()), ['assets.view']);
    for (const method of ['GET', 'HEAD']) {
      const reply = await ask(server(), { method, path: FORWARD, host: APP, token: key.token });
      assert.equal(reply.status, 200);
      assert.equal(reply.text, '');
      assert.equal(reply.headers['x-tether-tenant'], 'acme');
    }
  });

  // Heads that are the same to the byte are known again on a connection; what has changed meanwhile acts all the same.
  it('answers the same question anew each time, over one connection', async () => {
    const session = await adminSession(server());
    const keys = [await makeKey(server(), session, ['assets.view']), await makeKey(server(), session, ['team.view'])];
    const unknown = keys[0].token.replace(/(?<=^.{10})./, (was) => (was === '0' ? '1' : '0'));
    const connection = connect2(server());
    const get = (token, headers = {}, path = FORWARD) => request2(connection, { path, host: APP, token, headers });
    const ids = new Set();
    try {
      for (let i = 0; i < 20; i++) {
        const { token } = keys[i >> 2 & 1];
        const reply = await get(token);
        assert.equal(reply.status, 200, reply.text);
        assert.equal(reply.headers['x-tether-permissions'], i >> 2 & 1 ? 'team.view' : 'assets.view');
        ids.add(reply.headers['x-request-id']);
        if (i % 3 === 0) assert.equal((await get(unknown)).status, 401);
        if (i % 5 === 0) assert.equal((await get(undefined)).status, 401);
        if (i % 7 === 0) assert.equal((await get(token, {}, '/nowhere')).status, 404);
        assert.equal((await get(token, { 'x-request-id': `chosen-${i}` })).headers['x-request-id'], `chosen-${i}`);
      }
      assert.equal(ids.size, 20);
      for (let i = 0; i < 3; i++) assert.equal((await get(keys[1].token)).status, 200);
      const gone = await http2Once(server(), { method: 'DELETE', path: `${KEYS}/${keys[1].id}`, token: session });
      assert.equal(gone.status, 200, gone.text);
      for (let i = 0; i < 3; i++) assert.equal((await get(keys[1].token)).status, 401);
      for (let i = 0; i < 3; i++) assert.equal((await get(keys[0].token)).status, 200);
    } finally {
      connection.destroy();
    }
  });

  // As Envoy's ext_authz asks: the original method, and the original path behind a prefix.
  it('answers for whatever method and path a proxy hands on', async () => {
    const key = await makeKey(server(), await adminSession(server()), ['assets.view']);
    for (const method of ['GET', 'POST', 'OPTIONS', 'PROPFIND', 'DELETE']) {
      for (const path of ['/', '/a//b/%2e%2e/c?tenant=globex&tenant=x&access_token=1&%', '/x?permission=team.view']) {
        const asked = { method, path: FORWARD + path, host: APP };
        assert.equal((await ask(server(), { ...asked, token: key.token })).status, 200, `${method} ${path}`);
        assert.equal((await ask(server(), asked)).status, 401, `${method} ${path}`);
      }
    }
  });

  it('finds the tenant by the host that a trusted proxy forwards', async () => {
    const staff = await signIn(server(), people.staff, ROOT_HOST);
    const tenant = async (headers, token = staff, path = FORWARD) => {
      const reply = await ask(server(), { path, host: 'tether.internal', headers, token });
      return reply.status === 200 ? reply.headers['x-tether-tenant'] : reply.status;
    };
    assert.equal(await tenant({}), 'root');
    assert.equal(await tenant({ 'x-forwarded-host': ACME_HOST }), 'acme');
    assert.equal(await tenant({}, staff, `${FORWARD}?tenant=globex`), 'globex');
    const mei = await signIn(server(), people.outsider, 'globex.tether.test');
    assert.equal(await tenant({ 'x-forwarded-host': ACME_HOST }, mei), 403);
    assert.equal(await tenant({ 'x-forwarded-host': 'a b' }, mei), 400);
  });
});
