// The server dies in the middle of a background import; after a restart it ends once: all rows or none meanwhile.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'node:test';
import { http1, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { GLOBEX_HOST, people } from './harness/world.mjs';

const ROWS = 4000;
const PART = 200_000;
// Between two looks: a server that is asked all the time has less time for the import.
const SOON_MS = 10;     // to meet a part that SQLite is through in a second
const AT_REST_MS = 100; // to see the end
const LIMIT_MS = 120_000; // generous; what is asserted is that it happens

suite('import: crash', { config: { mode: 'saas', plans: { free: { assets: 50_000, users: 5 } } } }, (server) => {
  let token;
  // Connections made while it restarts wait in the backlog; one that dies with the process is tried again.
  const ask = async (method, path, more = {}) => {
    for (let tries = 0; ; tries++) {
      try {
        return await http1(server(), { method, path, host: GLOBEX_HOST, token, ...more });
      } catch (error) {
        if (tries === 20) throw error;
        await sleep(50);
      }
    }
  };
  const upload = async (name) => {
    const csv = Buffer.from(`tag,name,serial_number\n${Array.from({ length: ROWS }, (_, i) => `${name}-${i},Thing ${i},${name}${i}`).join('\n')}`);
    const { json: { id } } = await ask('POST', '/api/imports', { json: { kind: 'assets', bytes: csv.length } });
    for (let n = 0; n * PART < csv.length; n++) {
      const reply = await ask('PUT', `/api/imports/${id}/parts/${n + 1}`,
        { body: csv.subarray(n * PART, (n + 1) * PART), headers: { 'content-type': 'application/octet-stream' } });
      assert.equal(reply.status, 204, reply.text);
    }
    return id;
  };
  const until = async (id, matches, pause) => {
    for (const limit = Date.now() + LIMIT_MS; ;) {
      const { json } = await ask('GET', `/api/imports/${id}`);
      if (matches(json)) return json;
      assert.ok(Date.now() < limit, JSON.stringify(json));
      await sleep(pause);
    }
  };
  const count = (sql) => Number(server().scratch.database.query(`SELECT count(*) FROM ${sql}`));
  const isOver = ({ status }) => ['done', 'failed'].includes(status);

  for (const [name, isThere] of [
    ['checked', ({ rows_checked: checked }) => checked > 0],
    ['written', ({ rows_written: written }) => written > ROWS / 4],
  ]) {
    it(`killed while the rows are ${name}`, async () => {
      token ??= await signIn(server(), people.outsider, GLOBEX_HOST);
      const id = await upload(name);
      assert.equal((await ask('POST', `/api/imports/${id}/run`, { json: {} })).status, 202);
      const seen = await until(id, (json) => isOver(json) || isThere(json), SOON_MS);
      assert.equal(seen.status, 'running', 'it was met at work');
      const from = server().log.lines.length;
      process.kill(server().childPid(), 'SIGKILL');
      await server().log.untilMessage('ready', { from });
      const { json: after } = await ask('GET', `/api/imports/${id}`);
      const there = count(`assets WHERE tag LIKE '${name}-%'`);
      assert.ok(there === 0 || (isOver(after) && there === ROWS), `${there} rows`);
      const over = await until(id, isOver, AT_REST_MS);
      assert.deepEqual([over.status, over.result], ['done', { created: ROWS, updated: 0, skipped: 0, dry_run: false }]);
      assert.equal(count(`assets WHERE tag LIKE '${name}-%'`), ROWS);
      assert.equal(count(`record_words WHERE word LIKE '${name}-%'`), ROWS);
    });
  }

  it('is told and counted once each', () => {
    assert.equal(count("audit_log WHERE action = 'asset.imported'"), 2);
    assert.equal(count(`tenant_usage WHERE kind = 'assets' AND used = ${2 * ROWS}`), 1);
    assert.equal(count('import_parts'), 0);
  });
});
