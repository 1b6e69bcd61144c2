// PostgreSQL goes away and comes back: 503 meanwhile, recovery without a restart, nothing acknowledged lost.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { http1, http2Once } from './harness/client.mjs';
import { startCluster } from './harness/cluster.mjs';
import { driver, makeScratch } from './harness/scratch.mjs';
import { Server, startServer } from './harness/server.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const RECOVERY_LIMIT_MS = 60_000; // generous; what is asserted is that it happens

async function until(what, check) {
  const limit = Date.now() + RECOVERY_LIMIT_MS;
  while (!(await check())) {
    assert.ok(Date.now() < limit, what);
    await sleep(50);
  }
}

// Each worker gets over the outage by itself, so one may still wait when another is ready.
async function signInAgain(server, person, host) {
  const form = { username: person.email, password: person.password };
  let reply;
  await until('sign-in works again', async () => {
    reply = await http2Once(server, { path: '/api/auth/login', host, form });
    return reply.status !== 503;
  });
  assert.equal(reply.status, 200, reply.text);
  return reply.json.access_token;
}

const ready = async (server) => (await http1(server, { path: '/readyz' })).status === 200;

// Clients that register one user after the other and keep a ledger: acknowledged, refused or unknown.
function startLoad(server, clients) {
  const ledger = new Map();
  const statuses = new Map();
  let running = true;
  const client = async (id) => {
    for (let n = 0; running; n++) {
      const email = `p${id}.${n}@load.example`;
      ledger.set(email, 'unknown');
      const reply = await (id % 2 ? http1 : http2Once)(server, {
        path: '/api/auth/register', host: ACME_HOST, json: { email, password: 'granite-willow-64', firstName: 'P', lastName: 'Q' },
      });
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
      if (reply.status === 201) ledger.set(email, 'acknowledged');
      else assert.ok(reply.headers['retry-after'], `${reply.status} ${reply.text}`);
    }
  };
  const done = Promise.all(Array.from({ length: clients }, (_, id) => client(id)));
  return {
    ledger,
    statuses,
    async stop() {
      running = false;
      await done;
    },
  };
}

describe('PostgreSQL away', { skip: driver !== 'postgres' }, () => {
  let cluster;
  let server;
  before(async () => {
    if (driver !== 'postgres') return;
    cluster = await startCluster();
    server = await startServer({ postgresHost: cluster.host, config: { server: { request_deadline: '2s', workers: 8, password_queue: 1000 }, mode: 'self_hosted' } });
  });
  after(async () => {
    if (driver !== 'postgres') return;
    try {
      await server?.end();
    } finally {
      await cluster?.remove();
    }
  });

  for (const how of ['stop-fast', 'stop-immediate', 'kill9']) {
    it(`${how} under load`, async () => {
      const load = startLoad(server, 8);
      try {
        await until('some work is acknowledged', () => (load.statuses.get(201) ?? 0) >= 10);
        const refusedBefore = load.statuses.get(503) ?? 0;
        await cluster.do(how);
        await until('requests are refused', () => (load.statuses.get(503) ?? 0) > refusedBefore + 10);
        assert.equal((await http1(server, { path: '/healthz' })).status, 200);
        await until('not ready', async () => !(await ready(server)));
        const acknowledgedBefore = load.statuses.get(201);
        await cluster.do('start');
        await until('work goes on', () => load.statuses.get(201) > acknowledgedBefore + 10);
        await until('ready again', () => ready(server));
      } finally {
        await load.stop();
      }
      assert.deepEqual([...load.statuses.keys()].filter((status) => ![201, 503, 409].includes(status)), []);
      assert.equal(load.statuses.get(409) ?? 0, 0, 'nobody is told that their own address is taken');
      const rows = server.scratch.database.query(
        "SELECT u.email, count(m.user_id) FROM users u LEFT JOIN memberships m ON m.user_id = u.id WHERE u.email LIKE '%@load.example' GROUP BY u.email");
      const stored = new Map(rows.split('\n').filter(Boolean).map((row) => row.split('|')));
      for (const [email, state] of load.ledger) {
        if (state === 'acknowledged') assert.equal(stored.get(email), '1', `${email} was acknowledged`);
      }
      for (const [email, members] of stored) {
        assert.equal(members, '1', `${email} is whole`);
        assert.ok(load.ledger.has(email), email);
      }
      server.scratch.database.query("DELETE FROM users WHERE email LIKE '%@load.example'");
    });
  }

  it('every surface says it in its own envelope', async () => {
    const token = await signInAgain(server, people.admin, ACME_HOST);
    const from = server.log.lines.length;
    await cluster.do('stop-fast');
    try {
      await server.log.untilMessage('changes of other nodes cannot be heard; nothing is kept', { from });
      const requests = [
        [{ path: '/api/auth/me', host: ACME_HOST, token }, ['detail']], [{ path: '/api/auth/verify-token', token }, ['error']],
        [{ path: '/api/public/branding', host: ACME_HOST }, ['detail']],
        [{ path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: people.admin.password } }, ['detail']],
        [{ path: '/api/auth/login', host: ACME_HOST, json: { email: people.admin.email, password: people.admin.password } }, ['error']],
      ];
      for (const [request, keys] of requests) {
        const reply = await http2Once(server, request);
        assert.equal(reply.status, 503, `${request.path}: ${reply.text}`);
        assert.deepEqual(Object.keys(reply.json), keys);
        assert.match(reply.headers['retry-after'], /^\d+$/);
        assert.doesNotMatch(reply.text, /postgres|libpq|socket|SQL/i);
      }
    } finally {
      await cluster.do('start');
    }
    await until('ready again', () => ready(server));
    await until('me again', async () =>
      (await http2Once(server, { path: '/api/auth/me', host: ACME_HOST, token })).status === 200);
  });

  it('a server may start before its database', async () => {
    const scratch = server.scratch;
    await server.stop();
    await cluster.do('stop-fast');
    const next = await new Server(scratch).start();
    try {
      assert.equal((await http1(next, { path: '/healthz' })).status, 200);
      assert.equal((await http1(next, { path: '/readyz' })).status, 503);
      assert.equal((await http1(next, { path: '/api/public/branding', host: ACME_HOST })).status, 503);
      await cluster.do('start');
      await until('ready', () => ready(next));
      assert.equal((await http1(next, { path: '/api/public/branding', host: ACME_HOST })).status, 200);
    } finally {
      await next.stop();
    }
    await server.start();
  });

  it('and ends with a sentence when the database that comes is not set up', async () => {
    const scratch = makeScratch({ postgresHost: cluster.host });
    await cluster.do('stop-fast');
    const next = await new Server(scratch).start();
    await cluster.do('start');
    await next.stop({ expectCode: 1, byItself: true });
    assert.match(next.log.text, /tether init --config/);
    await until('the other server is ready again', () => ready(server));
    scratch.remove();
  });
});
