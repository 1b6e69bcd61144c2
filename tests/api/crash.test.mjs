// The server process dies; the supervisor brings it back, and what was acknowledged is still there.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'node:test';
import { connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { Server } from './harness/server.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

// Waits for the next server process; connections made meanwhile wait in the backlog.
async function crash(server, signal) {
  const from = server.log.lines.length;
  const pid = server.childPid();
  process.kill(pid, signal);
  await server.log.untilMessage('ready', { from });
  return from;
}

suite('crash', {}, (server) => { // fewer deaths than the breaker wants
  it('connections are never refused while it restarts', async () => {
    const pid = server().childPid();
    process.kill(pid, 'SIGKILL');
    const reply = await http1(server(), { path: '/healthz' }); // at once: it waits in the backlog
    assert.equal(reply.status, 200);
    assert.notEqual(server().childPid(), pid);
  });

  it('acknowledged registrations survive kill -9, others are whole or not there', async () => {
    const acknowledged = [];
    const sent = [];
    for (let round = 0; round < 2; round++) {
      const session = connect2(server());
      const work = Array.from({ length: 30 }, async (_, i) => {
        const person = { email: `k${round}.${i}@crash.example`, password: 'granite-willow-64' };
        sent.push(person);
        const reply = await request2(session, { path: '/api/auth/register', host: ACME_HOST, json: { ...person, firstName: 'K', lastName: 'L' } });
        if (reply.status === 201) acknowledged.push({ ...person, token: reply.json.token });
        else assert.equal(reply.status, 503, reply.text);
      });
      await Promise.race(work); // some are acknowledged, others are on their way
      await crash(server(), 'SIGKILL');
      await Promise.allSettled(work);
      session.destroy();
    }
    assert.ok(acknowledged.length > 0);
    for (const person of acknowledged) {
      assert.equal((await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, token: person.token })).status, 200, person.email);
    }
    const users = Number(server().scratch.database.query("SELECT count(*) FROM users WHERE email LIKE '%@crash.example'"));
    const members = Number(server().scratch.database.query("SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email LIKE '%@crash.example'"));
    assert.equal(users, members, 'nobody is half registered');
    assert.ok(users >= acknowledged.length && users <= sent.length);
  });

  it('a session that was ended stays ended', async () => {
    const [mine, other] = [await signIn(server(), people.viewer, ACME_HOST), await signIn(server(), people.viewer, ACME_HOST)];
    const reply = await http2Once(server(), {
      path: '/api/auth/change-password', host: ACME_HOST, token: mine, json: { current_password: people.viewer.password, new_password: 'granite-willow-64' },
    });
    assert.equal(reply.status, 200);
    await crash(server(), 'SIGKILL');
    const status = async (token) => (await http1(server(), { path: '/api/auth/me', host: ACME_HOST, token })).status;
    assert.equal(await status(other), 401);
    assert.equal(await status(mine), 200);
  });
});

suite('crash: the breaker', {}, (server) => {
  it('five deaths in a minute turn HTTP/2 off and raise an alarm; it serves on', async () => {
    for (let i = 0; i < 5; i++) {
      assert.equal((await http2Once(server(), { path: '/healthz' })).status, 200, `before death ${i + 1}`);
      await crash(server(), 'SIGABRT');
    }
    assert.ok(server().log.lines.some((line) => line.level === 'error' && /^ALARM/.test(line.msg)));
    assert.equal((await http1(server(), { path: '/healthz' })).status, 200);
    await assert.rejects(http2Once(server(), { path: '/healthz' }));
    for (let i = 0; i < 5; i++) await crash(server(), 'SIGABRT');
    assert.equal((await http1(server(), { path: '/healthz' })).status, 200);
    assert.equal(server().log.lines.filter((line) => /^ALARM/.test(line.msg)).length, 1);
  });
});

suite('crash: the supervisor', {}, (server) => {
  it('takes the server process with it, and frees port and database', async () => {
    server().stop = async () => {}; // it will be gone
    server().process.kill('SIGKILL');
    await server().ended();
    let code;
    for (let i = 0; code !== 'ECONNREFUSED' && i < 600; i++) {
      code = await http1(server(), { path: '/healthz' }).then(() => 'an answer', (error) => error.code);
      await sleep(20);
    }
    assert.equal(code, 'ECONNREFUSED');
    const { scratch, port } = server();
    const listen = scratch.config.server.listen;
    scratch.writeConfig({ server: { listen: [`http://127.0.0.1:${port}`] } });
    const next = await new Server(scratch).start();
    try {
      assert.equal((await http1(next, { path: '/readyz' })).status, 200);
    } finally {
      await next.stop();
      scratch.writeConfig({ server: { listen } });
    }
  });
});
