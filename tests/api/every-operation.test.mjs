// The ways of the API that no other file goes, each once and with success: what they answer is held against the OpenAPI
// document (document.mjs), and here against what was sent.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adminSession, makeKey } from './harness/api-keys.mjs';
import { ask, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people, ROOT_HOST } from './harness/world.mjs';

const HOUR = 3_600_000;
const soon = (ms) => new Date(Date.now() + ms).toISOString();
const jane = { name: 'Jane Smith', email: 'jane@example.com' };

// A caller at a host, whose every request has to end in the status named (200 if none is).
const caller = (server, token, host) => async (method, path, json, status = 200) => {
  const reply = await http2Once(server(), { method, path, host, token: token && await token(), json });
  assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
  return reply.json?.data ?? reply.json?.items ?? reply.json;
};
const once = (make) => { let made; return () => (made ??= make()); };
const idsOf = (list) => list.map(({ id }) => id);

suite('every operation', { config: { demo: true } }, (server) => {
  const admin = caller(server, once(() => adminSession(server())), ACME_HOST);
  const root = caller(server, once(() => signIn(server(), people.superadmin)), ROOT_HOST);
  const anybody = caller(server, undefined, ACME_HOST);

  // One record of a kind is made, found in the list, read, changed and deleted.
  const life = async (path, fields, change, deleted) => {
    const made = await admin('POST', path, fields, 201);
    assert.ok(idsOf(await admin('GET', path)).includes(made.id), path);
    assert.deepEqual(await admin('GET', `${path}/${made.id}`), made);
    const changed = await admin('PATCH', `${path}/${made.id}`, change);
    for (const [name, value] of Object.entries(change)) assert.equal(changed[name], value, `${path} ${name}`);
    await admin('DELETE', `${path}/${made.id}`, undefined, deleted);
    await admin('GET', `${path}/${made.id}`, undefined, 404);
  };

  it('records of every kind come, change and go', async () => {
    await life('/api/assets', { tag: 'AST-1', name: 'Laptop' }, { name: 'Laptop 2' }, 204);
    await life('/api/locations', { name: 'Storage' }, { name: 'Basement' }, 204);
    await life('/api/employees', { name: 'Erin' }, { name: 'Erin B.' }, 204);
    await life('/api/passes', { name: 'Day pass', capacity: 5 }, { capacity: 6 }, 200);
    await life('/api/members', { first_name: 'Zoë', last_name: 'Ångström' }, { first_name: 'Zoe' }, 200);
    await life('/api/spaces', { name: 'Room 1' }, { name: 'Room 2' }, 200);
    await life('/api/events', { title: 'Talk', starts_at: soon(HOUR), ends_at: soon(2 * HOUR), capacity: 5 }, { title: 'Talks' }, 200);
    const space = await admin('POST', '/api/spaces', { name: 'Room 3' }, 201);
    const booking = await admin('POST', '/api/bookings', { title: 'Stand-up', space_id: space.id, starts_at: soon(HOUR), ends_at: soon(2 * HOUR) }, 201);
    assert.deepEqual(await admin('GET', `/api/bookings/${booking.id}`), booking);
  });

  it('users and domains are told of, changed and taken away', async () => {
    const user = await admin('POST', '/api/users', { name: 'Ned', email: 'ned@acme.example', role: 'client_user', password: 'walnut-harbor-3' }, 201);
    assert.equal((await admin('GET', `/api/users/${user.id}`)).email, 'ned@acme.example');
    assert.equal((await admin('PATCH', `/api/users/${user.id}`, { name: 'Ned N.' })).name, 'Ned N.');
    await admin('DELETE', `/api/users/${user.id}`, undefined, 204);
    await admin('GET', `/api/users/${user.id}`, undefined, 404);

    for (const [who, path] of [[admin, '/api/settings/domains'], [root, '/api/tenants/globex/domains']]) {
      const host = `tools.${path.length}.example`;
      await who('POST', path, { host }, 201);
      assert.ok((await who('GET', path)).some((one) => one.host === host));
      await who('DELETE', `${path}/${host}`, undefined, 204);
      assert.ok(!(await who('GET', path)).some((one) => one.host === host));
    }
    assert.equal((await admin('GET', '/api/settings')).slug, 'acme');
  });

  it('staff make tickets, and do with them what can be done', async () => {
    const event = await admin('POST', '/api/events', { title: 'Fair', starts_at: soon(HOUR), ends_at: soon(2 * HOUR), capacity: 9 }, 201);
    const pass = await admin('POST', '/api/passes', { name: 'Day pass', capacity: 9, price: 1500 }, 201);
    const date = new Date().toISOString().slice(0, 10);
    for (const [path, order] of [[`/api/events/${event.id}/registrations`, jane], [`/api/passes/${pass.id}/purchases`, { ...jane, date }]]) {
      const kept = await admin('POST', path, order, 201);
      const dropped = await admin('POST', path, order, 201);
      assert.deepEqual(idsOf(await admin('GET', path)), [dropped.id, kept.id]);
      assert.equal((await admin('POST', `${path}/${dropped.id}/cancel`)).status, 'cancelled');
      assert.notEqual((await admin('POST', `${path}/${kept.id}/resend`)).code, kept.code);
      if (kept.status === 'pending') assert.equal((await admin('POST', `${path}/${kept.id}/mark-paid`)).status, 'confirmed');
      assert.equal((await admin('POST', `${path}/${kept.id}/check-in`)).status, 'checked_in');
    }
    const guest = await admin('POST', `/api/events/${event.id}/registrations`, jane, 201);
    assert.equal((await admin('POST', '/api/check-ins', { code: guest.code })).name, 'Jane S.');
    assert.ok((await admin('GET', '/api/check-ins')).length >= 3);
  });

  it('a screen may send its token in the header', async () => {
    const { pairing } = await admin('POST', '/api/displays', { name: 'Lobby' }, 201);
    const { device_token: token } = await anybody('GET', `/api/public/displays/pairings/${pairing.poll_token}`);
    const reply = await ask(server(), { path: '/api/displays/state', host: ACME_HOST, token });
    assert.deepEqual([reply.status, reply.json.data.name], [200, 'Lobby']);
  });

  it('another program asks about a token, and ends it', async () => {
    const session = await adminSession(server());
    const { token } = await makeKey(server(), session, ['tokens.introspect']);
    const about = async (subject) => (await http2Once(server(), { path: '/oauth/introspect', host: ACME_HOST, token, form: { token: subject } })).json;
    assert.equal((await about(session)).active, true);
    assert.equal((await http2Once(server(), { path: '/oauth/revoke', host: ACME_HOST, form: { token: session } })).status, 200);
    assert.deepEqual(await about(session), { active: false });
  });

  it('a demo says how many assets there are, and shows its mails', async () => {
    const stats = await ask(server(), { path: '/api/demo/stats', host: ACME_HOST });
    assert.deepEqual([stats.status, typeof stats.json.asset_count], [200, 'number']);
    const mail = await ask(server(), { path: '/api/demo/mails/invitation', host: ACME_HOST });
    assert.deepEqual([mail.status, mail.headers['content-type']], [200, 'text/html; charset=utf-8']);
  });
});
