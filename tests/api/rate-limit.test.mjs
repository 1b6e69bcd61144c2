// Rate limits: exact under concurrency, told on every answer.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, people } from './harness/world.mjs';

const NAMES = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

// Fixed windows of a minute: a test must not straddle two of them, so it begins early in one.
async function early(needed = 25) {
  while (60 - (Date.now() / 1000) % 60 < needed) await new Promise((resolve) => setTimeout(resolve, 500));
}

// `n` requests at once, half over HTTP/1.1 on connections of their own, half over HTTP/2 on a few connections.
async function flood(server, n, request) {
  const sessions = Array.from({ length: 5 }, () => connect2(server));
  try {
    return await Promise.all(Array.from({ length: n }, (_, i) =>
      (i % 2 ? http1(server, request(i)) : request2(sessions[(i / 2) % sessions.length], request(i)))));
  } finally {
    for (const session of sessions) session.destroy();
  }
}

function checkHeaders(reply, limit) {
  const [told, remaining, reset] = NAMES.map((name) => reply.headers[name]);
  assert.equal(told, String(limit), reply.text);
  assert.match(remaining, /^\d+$/);
  assert.ok(Number(remaining) <= limit);
  assert.match(reset, /^\d{10}$/);
  assert.ok(Number(reset) >= Math.floor(Date.now() / 1000) - 30, 'the end of the window is not past');
  if (reply.status === 429) {
    assert.equal(remaining, '0');
    assert.ok(Number(reply.headers['retry-after']) >= 1);
    assert.ok(Number(reply.headers['retry-after']) <= 60);
  }
}

function checkFlood(replies, limit, passed) {
  const through = replies.filter((reply) => reply.status !== 429);
  assert.equal(through.length, limit, `statuses: ${[...new Set(replies.map((reply) => reply.status))]}`);
  for (const reply of through) assert.equal(reply.status, passed, reply.text);
  for (const reply of replies) checkHeaders(reply, limit);
}

const limits = { config: { rate_limits: { enabled: true }, server: { trusted_proxies: ['127.0.0.1'], workers: 8, hash_workers: 2, password_queue: 1000 } } };
const from = (address) => ({ 'x-forwarded-for': address });

suite('rate limits', limits, (server) => {
  it('5 sign-ins a minute and address, right or wrong', async () => {
    await early();
    const replies = await flood(server(), 300, (i) => ({
      path: '/api/auth/login', host: ACME_HOST, headers: from('198.51.100.1'),
      ...(i % 3 ? { form: { username: people.admin.email, password: 'not-the-password' } } : { json: { email: 'a@b.example', password: 'not-the-password' } }),
    }));
    checkFlood(replies, 5, 401);
    const refused = replies.find((reply) => reply.status === 429 && reply.json.detail);
    assert.ok(refused, 'in the envelope of assets');
    assert.ok(replies.find((reply) => reply.status === 429 && reply.json.error), 'in the envelope of crm');
  });

  // Somebody else: when all five went to one account, that account makes everybody wait.
  it('does not punish other addresses', async () => {
    const reply = await http2Once(server(), {
      path: '/api/auth/login', host: ACME_HOST, headers: from('198.51.100.2'), form: { username: people.owner.email, password: people.owner.password },
    });
    assert.equal(reply.status, 200);
    checkHeaders(reply, 5);
  });

  it('3 registrations a minute and address', async () => {
    await early();
    const replies = await flood(server(), 120, () => ({ path: '/api/auth/register', host: ACME_HOST, headers: from('198.51.100.3'), json: {} }));
    checkFlood(replies, 3, 400);
  });

  it('60 of everything else a minute and user, whatever the address', async () => {
    await early();
    const token = await signIn(server(), people.owner, ACME_HOST);
    const replies = await flood(server(), 400, (i) => ({ path: '/api/auth/me', host: ACME_HOST, token, headers: from(`198.51.${i % 200}.77`) }));
    checkFlood(replies, 60, 200);
  });

  it('60 a minute and address where nobody is signed in', async () => {
    await early();
    const replies = await flood(server(), 300, () => ({ path: '/api/public/branding', host: GLOBEX_HOST, headers: from('198.51.100.9') }));
    checkFlood(replies, 60, 200);
  });

  it('counts an IPv6 client as its /64', async () => {
    await early();
    const replies = await flood(server(), 200, (i) => ({ path: '/api/public/branding', host: ACME_HOST, headers: from(`2001:db8:1:2:${i.toString(16)}::${i.toString(16)}`) }));
    checkFlood(replies, 60, 200);
    const other = await http2Once(server(), { path: '/api/public/branding', host: ACME_HOST, headers: from('2001:db8:1:3::1') });
    assert.equal(other.status, 200);
  });

  it('a forged left end of X-Forwarded-For changes nothing', async () => {
    await early();
    const replies = await flood(server(), 200, (i) => ({ path: '/api/public/branding', host: ACME_HOST, headers: from(`203.0.113.${i}, 198.51.100.10`) }));
    checkFlood(replies, 60, 200);
  });

  it('stands on every answer that has a limit', async () => {
    const token = await signIn(server(), people.viewer, ACME_HOST).catch(() => undefined);
    const requests = [
      { path: '/api/auth/me', host: ACME_HOST, headers: from('198.51.100.20') },
      { path: '/api/auth/me', host: ACME_HOST, token: 'nonsense', headers: from('198.51.100.21') },
      { path: '/api/auth/me', host: ACME_HOST, token, headers: from('198.51.100.22') },
      { path: '/api/public/branding', host: 'nobody.tether.test', headers: from('198.51.100.23') },
      { path: '/nothing', host: ACME_HOST, headers: from('198.51.100.24') },
      { path: '/api/auth/me', host: ACME_HOST, method: 'POST', headers: from('198.51.100.25') },
      { path: '/api/auth/login', host: ACME_HOST, method: 'POST', headers: { 'content-type': 'text/plain', ...from('198.51.100.26') }, body: 'x' },
      { path: '/api/auth/login', host: ACME_HOST, json: {}, headers: from('198.51.100.27') },
      { path: '/api/auth/me', host: ACME_HOST, method: 'OPTIONS', headers: from('198.51.100.28') },
    ];
    for (const request of requests) {
      const reply = await http2Once(server(), request);
      for (const name of NAMES) assert.ok(reply.headers[name], `${name} on ${reply.status} ${request.path}`);
    }
  });

  it('stands on what the library refuses by itself, told to its sender', async () => {
    const sender = from('198.51.100.30'), json = { 'content-type': 'application/json', ...sender };
    const ask = (path, headers, size, method = 'POST') => http1(server(), { path, host: ACME_HOST, method, headers, body: 'x'.repeat(size) });
    await early(5);
    const before = await http1(server(), { path: '/api/public/branding', host: ACME_HOST, headers: sender });
    const refused = [
      [413, await ask('/api/contacts', json, 1_000_000)], [417, await ask('/api/contacts', { ...json, expect: 'a-miracle' }, 10)],
      [404, await ask('/api/nothing', json, 1_000_000)],
    ];
    for (const [status, reply] of refused) {
      assert.equal(reply.status, status);
      checkHeaders(reply, 60);
      assert.equal(reply.headers['x-ratelimit-remaining'], before.headers['x-ratelimit-remaining'], 'of the sender, and not counted');
    }
    const health = await ask('/healthz', { ...json, expect: 'a-miracle' }, 10, 'GET');
    assert.equal(health.status, 417);
    for (const name of NAMES) assert.equal(health.headers[name], undefined);
  });

  it('health and metrics have none', async () => {
    const replies = await flood(server(), 200, () => ({ path: '/healthz' }));
    assert.deepEqual([...new Set(replies.map((reply) => reply.status))], [200]);
    for (const name of NAMES) assert.equal(replies[0].headers[name], undefined);
  });
});

suite('rate limits without a proxy', { config: { rate_limits: { enabled: true } } }, (server) => {
  it('believe no X-Forwarded-For', async () => {
    await early();
    const replies = await flood(server(), 100, (i) => ({
      path: '/api/auth/login', host: ACME_HOST, headers: from(`198.51.100.${i}`), form: { username: 'a', password: 'not-the-password' },
    }));
    checkFlood(replies, 5, 401);
  });
});
