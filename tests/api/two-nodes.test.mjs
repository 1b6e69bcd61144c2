// Two servers on one database: what one takes away the other refuses within a second, whatever happens to the
// connection on which it hears of it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { http2Once, me, signIn } from './harness/client.mjs';
import * as nodes from './harness/nodes.mjs';
import { driver, psql } from './harness/scratch.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const { HEARD, until } = nodes;
const UNHEARD = 'changes of other nodes cannot be heard; nothing is kept';
const person = people.member;

const status = async (server, token) => (await me(server, token, ACME_HOST)).status;
const warmUp = (server, token) => nodes.warmUp(server, () => status(server, token));
const refusedSince = (since, server, token, expected) =>
  nodes.changedSince(since, () => status(server, token), 200, expected);

describe('two nodes', { skip: driver !== 'postgres' }, () => {
  let both;
  let cluster;
  let a;
  let b;
  before(async () => {
    if (driver !== 'postgres') return;
    both = await nodes.startNodes();
    ({ cluster, a, b } = both);
  });
  after(async () => { await both?.end(); });

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
