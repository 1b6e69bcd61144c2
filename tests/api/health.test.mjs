// /healthz, /readyz, /metrics and the access log.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

suite('health', { config: { server: { trusted_proxies: ['127.0.0.1'] } } }, (server) => {
  it('/healthz and /readyz, whatever the host', async () => {
    for (const host of [ACME_HOST, 'nobody.example', '127.0.0.1']) {
      assert.equal((await ask(server(), { path: '/healthz', host })).text, '{"status":"ok"}');
      assert.equal((await ask(server(), { path: '/readyz', host })).text, '{"status":"ready"}');
    }
  });

  it('/metrics is Prometheus text', async () => {
    const reply = await http2Once(server(), { path: '/metrics' });
    assert.equal(reply.status, 200);
    assert.match(reply.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    for (const line of reply.text.trim().split('\n')) {
      assert.match(line, /^(# (HELP|TYPE) [a-z_:]+ .+|[a-z_:]+(\{[^}]*\})? [0-9.e+-]+|[a-z_:]+(\{[^}]*\})? \+?Inf)$/, line);
    }
    assert.match(reply.text, /^tether_connections_accepted_total [1-9]/m);
  });

  it('/metrics is not there for other addresses', async () => {
    for (const address of ['198.51.100.7', '2001:db8::1']) {
      const reply = await ask(server(), { path: '/metrics', headers: { 'x-forwarded-for': address } });
      assert.equal(reply.status, 404);
    }
  });

  it('the access log says who, where, what and how long', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const from = server().log.lines.length;
    const reply = await http2Once(server(), { path: '/api/auth/me?tenant=acme&x=1', host: ACME_HOST, token });
    const line = await server().log.until((entry) => entry.id === reply.headers['x-request-id'] && entry.msg === 'request', { from });
    assert.equal(line.method, 'GET');
    assert.equal(line.path, '/api/auth/me');
    assert.equal(line.op, 'assets_me');
    assert.equal(line.status, 200);
    assert.equal(line.tenant, 'acme');
    assert.equal(line.user_id, server().world.users.admin);
    assert.equal(line.protocol, 'HTTP/2');
    for (const name of ['queue_us', 'handler_us', 'total_us']) assert.ok(Number.isInteger(line[name]) && line[name] >= 0, name);
  });
});
