// A PostgreSQL server of a test's own, which it may stop, kill and start.
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const script = fileURLToPath(new URL('../../postgres.sh', import.meta.url));
const run = promisify(execFile);

export async function startCluster() {
  const dir = mkdtempSync(join(tmpdir(), 'tether-pg-'));
  chmodSync(dir, 0o755);
  const cluster = {
    host: dir,
    // how: stop-fast, stop-immediate, kill9, start, restart-fast, …
    do: (how) => run(script, [how, dir]),
    async remove() {
      await run(script, ['stop', dir]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  await cluster.do('start');
  return cluster;
}
