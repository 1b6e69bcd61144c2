// Two servers on one database: what one takes away the other refuses within a second, whatever happens to the
// connection on which it hears of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { http2Once, me, signIn } from './harness/client.mjs';
import { startCluster } from './harness/cluster.mjs';
import { driver, psql } from './harness/scratch.mjs';
import { Server, startServer } from './harness/server.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const WITHIN_MS = 1000;
const LIMIT_MS = 60_000; // generous; what is asserted is that it happens
const HEARD = 'changes of other nodes are heard';
const UNHEARD = 'changes of other nodes cannot be heard; nothing is kept';
const person = people.member;

async function until(what, check) {
  const limit = Date.now() + LIMIT_MS;
  while (!(await check())) {
    assert.ok(Date.now() < limit, what);
    await sleep(20);
  }
}

async function metric(server, name) {
  const { text } = await http2Once(server, { path: '/metrics' });
  return Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))[1]);
}

const status = async (server, token) => (await me(server, token, ACME_HOST)).status;

// Until a request on `server` is answered from what it has kept.
async function warmUp(server, token) {
  await until('authority is kept', async () => {
    const misses = await metric(server, 'tether_authority_misses_total');
    const hits = await metric(server, 'tether_authority_hits_total');
    assert.equal(await status(server, token), 200);
    return await metric(server, 'tether_authority_misses_total') === misses
      && await metric(server, 'tether_authority_hits_total') === hits + 3;
  });
}

// No request that begins a second or more after `since` is answered with 200; and it becomes `expected`.
async function refusedSince(since, server, token, expected) {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const began = Date.now();
    const got = await status(server, token);
    assert.ok(got !== 200 || began < since + WITHIN_MS, `still let in ${began - since} ms later`);
    if (expected.includes(got) && began > since + WITHIN_MS) return;
    assert.ok([200, 503, ...expected].includes(got), `${got}`);
    assert.ok(Date.now() < limit, `${got}, not ${expected}`);
    await sleep(10);
  }
}

describe('two nodes', { skip: driver !== 'postgres' }, () => {
  let cluster;
  let a;
  let b;
  before(async () => {
    if (driver !== 'postgres') return;
    cluster = await startCluster();
    a = await startServer({ postgresHost: cluster.host, env: { PGAPPNAME: 'node a' } });
    b = await new Server(a.scratch, { PGAPPNAME: 'node b' }).start();
    for (const node of [a, b]) await node.log.untilMessage(HEARD);
  });
  after(async () => {
    if (driver !== 'postgres') return;
    try {
      await b?.stop();
      await a?.end();
    } finally {
      await cluster?.remove();
    }
  });

  const passwords = [person.password, 'granite-willow-64'];
  // On node A: ends every session of the person but one. Returns when that was answered.
  async function endOthers() {
    const mine = await signIn(a, { ...person, password: passwords[0] }, ACME_HOST);
    const reply = await http2Once(a, {
      path: '/api/auth/change-password', host: ACME_HOST, token: mine, json: { current_password: passwords[0], new_password: passwords[1] },
    });
    const since = Date.now();
    assert.equal(reply.status, 200, reply.text);
    passwords.reverse();
    return since;
  }

  const sql = (text) => a.scratch.database.query(text);
  const listener = () => Number(psql(cluster.host, 'postgres',
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'node b' AND query = ''").trim());

  it('a password change on one ends the sessions on the other', async () => {
    for (let i = 0; i < 5; i++) {
      const token = await signIn(a, { ...person, password: passwords[0] }, ACME_HOST);
      await warmUp(b, token);
      await refusedSince(await endOthers(), b, token, [401]);
    }
  });

  it('what is changed by hand counts once it was notified', async () => {
    const token = await signIn(a, people.viewer, ACME_HOST);
    await warmUp(b, token);
    const id = a.world.users.viewer;
    sql(`BEGIN; UPDATE memberships SET status = 'suspended' WHERE user_id = ${id}; NOTIFY tether_changes, 'u:${id}'; COMMIT`);
    await refusedSince(Date.now(), b, token, [403]);
    sql(`BEGIN; UPDATE memberships SET status = 'active' WHERE user_id = ${id}; NOTIFY tether_changes, '*'; COMMIT`);
    await until('let in again', async () => await status(b, token) === 200);
  });

  it('a node that cannot hear keeps nothing, and hears again', async () => {
    for (let i = 0; i < 3; i++) {
      const token = await signIn(a, { ...person, password: passwords[0] }, ACME_HOST);
      await warmUp(b, token);
      const from = b.log.lines.length;
      psql(cluster.host, 'postgres', `SELECT pg_terminate_backend(${listener()})`);
      await refusedSince(await endOthers(), b, token, [401]);
      await b.log.untilMessage(UNHEARD, { from });
      await b.log.untilMessage(HEARD, { from });
    }
    await warmUp(b, await signIn(b, { ...person, password: passwords[0] }, ACME_HOST));
  });

  it('a connection that has fallen silent is not trusted for a second', async () => {
    const token = await signIn(a, { ...person, password: passwords[0] }, ACME_HOST);
    await warmUp(b, token);
    const pid = listener();
    process.kill(pid, 'SIGSTOP');
    try {
      await refusedSince(await endOthers(), b, token, [401]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await warmUp(b, await signIn(b, { ...person, password: passwords[0] }, ACME_HOST));
  });

  it('what was kept does not outlive the database by a second', async () => {
    const token = await signIn(b, { ...person, password: passwords[0] }, ACME_HOST);
    for (const how of ['stop-fast', 'stop-immediate', 'kill9']) {
      await warmUp(b, token);
      await cluster.do(how);
      await refusedSince(Date.now(), b, token, [503]);
      await cluster.do('start');
      await until('back', async () => await status(b, token) === 200);
    }
    await warmUp(b, token);
  });
});
