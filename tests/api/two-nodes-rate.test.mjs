// Two servers on one database count sign-ins and registrations together, however the requests are spread over them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { http1 } from './harness/client.mjs';
import { driver } from './harness/scratch.mjs';
import { Server, startServer } from './harness/server.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const PARALLEL = 40;
const config = {
  rate_limits: { enabled: true },
  server: { trusted_proxies: ['127.0.0.1'], workers: 8, hash_workers: 2, password_queue: 1000 },
};

// Fixed windows of a minute: a test must not straddle two of them, so it begins early in one.
async function early(needed = 25) {
  while (60 - (Date.now() / 1000) % 60 < needed) await new Promise((resolve) => setTimeout(resolve, 500));
}

describe('two nodes limit together', { skip: driver !== 'postgres' }, () => {
  let a;
  let b;
  before(async () => {
    if (driver !== 'postgres') return;
    a = await startServer({ config });
    b = await new Server(a.scratch).start();
  });
  after(async () => {
    await b?.stop();
    await a?.end();
  });

  const flood = (address, request) => Promise.all(Array.from({ length: PARALLEL }, (_, i) =>
    http1(i % 2 ? a : b, { host: ACME_HOST, headers: { 'x-forwarded-for': address }, ...request })));

  function check(replies, limit, passed) {
    const through = replies.filter((reply) => reply.status !== 429);
    assert.deepEqual(through.map((reply) => reply.status), Array(limit).fill(passed));
    // All nodes' counts are 0 … limit - 1, each once; who asks is told the node's own where that is smaller.
    const remaining = through.map((reply) => Number(reply.headers['x-ratelimit-remaining'])).sort((x, y) => x - y);
    remaining.forEach((told, i) => assert.ok(told >= 0 && told <= i, `${remaining}`));
    for (const reply of replies) assert.equal(reply.headers['x-ratelimit-limit'], String(limit));
    for (const reply of replies.filter((one) => one.status === 429)) {
      assert.equal(reply.headers['x-ratelimit-remaining'], '0');
      assert.ok(Number(reply.headers['retry-after']) >= 1 && Number(reply.headers['retry-after']) <= 60);
    }
  }

  // Nobody's: failures at one account are slowed down too, and answered with 429.
  const wrong = (name) => ({ path: '/api/auth/login', form: { username: `${name}@nobody.example`, password: 'not-the-password' } });

  it('5 sign-ins a minute and address', async () => {
    await early();
    check(await flood('198.51.100.1', wrong('one')), 5, 401);
    const right = { path: '/api/auth/login', form: { username: people.admin.email, password: people.admin.password } };
    for (const node of [a, b]) {
      const reply = await http1(node, { host: ACME_HOST, headers: { 'x-forwarded-for': '198.51.100.1' }, ...right });
      assert.equal(reply.status, 429);
    }
  });

  it('and those of other addresses apart', async () => {
    await early();
    const reply = await http1(b, {
      host: ACME_HOST, path: '/api/auth/login', headers: { 'x-forwarded-for': '198.51.100.2' },
      form: { username: people.owner.email, password: people.owner.password },
    });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers['x-ratelimit-remaining'], '4');
  });

  it('3 registrations a minute and address', async () => {
    await early();
    check(await flood('198.51.100.3', { path: '/api/auth/register', json: {} }), 3, 400);
  });

  it('one IPv6 network is one address', async () => {
    await early();
    const replies = await Promise.all(Array.from({ length: PARALLEL }, (_, i) =>
      http1(i % 2 ? a : b, { host: ACME_HOST, headers: { 'x-forwarded-for': `2001:db8:1:2::${i.toString(16)}` }, ...wrong('six') })));
    check(replies, 5, 401);
  });
});
