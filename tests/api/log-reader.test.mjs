// A reader of the log that stops reading: what it is to read fills its pipe, and must stop nobody.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { http1 } from './harness/client.mjs';
import { metric, until } from './harness/nodes.mjs';
import { startServer } from './harness/server.mjs';

// Each leaves 4 KB in the log.
const path = `/${'x'.repeat(4000)}`;
const LOST = 'lines of the log were lost here: nobody took them';

async function fill(server) {
  await until('lines are lost', async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => http1(server, { path })));
    for (const { status } of replies) assert.equal(status, 404);
    return await metric(server, 'tether_log_lines_lost_total') > 0;
  });
}

describe('a reader of the log that does not read', () => {
  it('stops neither the server, nor its restart, nor its end, and is told what it missed', async () => {
    const server = await startServer();
    try {
      server.process.stderr.pause();
      await fill(server);
      const from = server.log.lines.length;
      server.process.stderr.resume();
      const told = await server.log.untilMessage(LOST, { from });
      assert.equal(told.level, 'warn');
      assert.ok(told.lines > 0);
      assert.deepEqual(server.log.lines.filter((line) => line.plain), [], 'whole lines, and nothing else');

      server.process.stderr.pause();
      await fill(server);
      const before = server.childPid();
      process.kill(before, 'SIGABRT');
      await until('the supervisor starts another', () => {
        try {
          return server.childPid() !== before;
        } catch {
          return false;
        }
      });
      assert.equal((await http1(server, { path: '/readyz' })).status, 200);

      server.process.kill('SIGTERM');
      const { code } = await server.ended();
      assert.equal(code, 0);
    } finally {
      server.process.stderr.resume();
      await server.end({ byItself: true });
    }
  });
});
