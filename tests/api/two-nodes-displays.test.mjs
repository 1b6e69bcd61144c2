// Displays on two servers of one database: what is changed on one, the other's screens see within a second; and a screen is
// paired once, whichever of the two is asked.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { http2Once, signIn } from './harness/client.mjs';
import { changedSince, startNodes, warmUp } from './harness/nodes.mjs';
import { driver } from './harness/scratch.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

describe('two nodes, displays', { skip: driver !== 'postgres' }, () => {
  let nodes;
  let admin;
  before(async () => {
    if (driver !== 'postgres') return;
    nodes = await startNodes();
    admin = await signIn(nodes.a, people.admin, ACME_HOST);
  });
  after(async () => { await nodes?.end(); });

  const call = (server, method, path, token, json, headers) => http2Once(server, { method, path, token, json, headers });
  const create = async (name) => (await call(nodes.a, 'POST', '/api/displays', admin, { name })).json.data;
  const pollOn = (server, secret) => call(server, 'GET', `/api/public/displays/pairings/${secret}`);
  const paired = async (name) => {
    const { pairing, display } = await create(name);
    return { id: display.id, token: (await pollOn(nodes.b, pairing.poll_token)).json.data.device_token };
  };

  it('one poll of many on both gets the token', async () => {
    const { pairing } = await create('Race');
    const replies = await Promise.all(Array.from({ length: 8 }, (_, i) => pollOn(i % 2 ? nodes.a : nodes.b, pairing.poll_token)));
    assert.equal(replies.filter((reply) => reply.json.data.status === 'paired').length, 1, replies.map((reply) => reply.text).join('\n'));
  });

  it('unpairing on one acts on the other', async () => {
    const { id, token } = await paired('Lobby');
    const onB = async () => (await call(nodes.b, 'GET', '/api/displays/heartbeat', token)).status;
    await warmUp(nodes.b, onB);
    assert.equal((await call(nodes.a, 'DELETE', `/api/displays/${id}`, admin)).status, 200);
    const since = Date.now();
    assert.equal((await call(nodes.a, 'GET', '/api/displays/heartbeat', token)).status, 401);
    await changedSince(since, onB, 200, [401]);
  });

  it('a new content on one is shown on the other', async () => {
    const { id, token } = await paired('Bar');
    const state = (etag) => call(nodes.b, 'GET', '/api/displays/state', token, undefined, etag && { 'if-none-match': etag });
    const { headers } = await state();
    const onB = async () => (await state(headers.etag)).status;
    await warmUp(nodes.b, onB, 304);
    assert.equal((await call(nodes.a, 'PATCH', `/api/displays/${id}`, admin, { content: { layout: 'clock' } })).status, 200);
    await changedSince(Date.now(), onB, 304, [200]);
    assert.deepEqual((await state()).json.data.content, { layout: 'clock' });
  });

  it('a rotation on one ends the old token on the other with the first use of the new one', async () => {
    const { id, token } = await paired('Hall');
    const onB = async () => (await call(nodes.b, 'GET', '/api/displays/heartbeat', token)).status;
    await warmUp(nodes.b, onB);
    assert.equal((await call(nodes.a, 'POST', `/api/displays/${id}/rotate`, admin, {})).status, 200);
    const handed = await call(nodes.a, 'GET', '/api/displays/state', token);
    assert.equal((await call(nodes.a, 'GET', '/api/displays/state', handed.json.data.next_token)).status, 200);
    await changedSince(Date.now(), onB, 200, [401]);
  });
});
