// Two servers on one database, and how soon the one knows what was changed on the other.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { http2Once } from './client.mjs';
import { startCluster } from './cluster.mjs';
import { Server, startServer } from './server.mjs';

export const HEARD = 'changes of other nodes are heard';
export const WITHIN_MS = 1000;
const LIMIT_MS = 60_000; // generous; what is asserted is that it happens

export async function until(what, check) {
  const limit = Date.now() + LIMIT_MS;
  while (!(await check())) {
    assert.ok(Date.now() < limit, what);
    await sleep(20);
  }
}

// On a PostgreSQL of their own, so that a test may also harm it.
export async function startNodes() {
  const nodes = {
    cluster: await startCluster(),
    async end() {
      try {
        await nodes.b?.stop();
        await nodes.a?.end();
      } finally {
        await nodes.cluster.remove();
      }
    },
  };
  try {
    nodes.a = await startServer({ postgresHost: nodes.cluster.host, env: { PGAPPNAME: 'node a' } });
    nodes.b = await new Server(nodes.a.scratch, { PGAPPNAME: 'node b' }).start();
    for (const node of [nodes.a, nodes.b]) await node.log.untilMessage(HEARD);
    return nodes;
  } catch (error) {
    await nodes.end();
    throw error;
  }
}

export async function metric(server, name) {
  const { text } = await http2Once(server, { path: '/metrics' });
  return Number(text.match(new RegExp(`^${name} (\\d+)$`, 'm'))[1]);
}

// Until `ask`, a request to `server`, is answered with `expected` from what the server has kept.
export async function warmUp(server, ask, expected = 200) {
  await until('authority is kept', async () => {
    const misses = await metric(server, 'tether_authority_misses_total');
    const hits = await metric(server, 'tether_authority_hits_total');
    assert.equal(await ask(), expected);
    return await metric(server, 'tether_authority_misses_total') === misses
      && await metric(server, 'tether_authority_hits_total') === hits + 3;
  });
}

// Between two looks, the last of which begins as soon as the second is over.
function untilNextLook(since) {
  const left = since + WITHIN_MS + 1 - Date.now();
  return left > 0 ? Math.min(left, 50) : 10;
}

// No request that begins a second or more after `since` is answered with `before`; and it becomes one of `expected`.
export async function changedSince(since, ask, before, expected) {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const began = Date.now();
    const got = await ask();
    assert.ok(got !== before || began < since + WITHIN_MS, `still ${before} ${began - since} ms later`);
    if (expected.includes(got) && began > since + WITHIN_MS) return;
    assert.ok([before, 503, ...expected].includes(got), `${got}`);
    assert.ok(Date.now() < limit, `${got}, not ${expected}`);
    await sleep(untilNextLook(since));
  }
}
