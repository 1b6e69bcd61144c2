// Spaces and bookings: no two of one space at the same time, whoever asks how often.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, people } from './harness/world.mjs';

suite('bookings', {}, (server) => {
  const tokens = {};
  const tokenOf = async (who) => (tokens[who] ??=
    await signIn(server(), people[who], people[who].tenant === 'acme' ? ACME_HOST : GLOBEX_HOST));
  const send = async (method, path, json, who = 'owner') =>
    http2Once(server(), { method, path: `/api${path}`, token: await tokenOf(who), json });
  const made = async (path, json, who) => {
    const reply = await send('POST', path, json, who);
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.json.success, true);
    return reply.json.data;
  };
  const space = (name, who) => made('/spaces', { name }, who);
  const book = (space_id, starts_at, ends_at, more) =>
    send('POST', '/bookings', { title: 'Meeting', space_id, starts_at, ends_at, ...more });

  it('spaces live, alike over both protocols', async () => {
    const { id } = await made('/spaces', { name: 'Meeting room', capacity: 10 });
    const token = await tokenOf('owner');
    const shown = await ask(server(), { path: `/api/spaces/${id}`, token });
    assert.equal(shown.json.data.name, 'Meeting room');
    assert.equal(shown.json.data.is_bookable, true);
    assert.equal((await send('PATCH', `/spaces/${id}`, { capacity: null })).json.data.capacity, null);
    for (const wrong of [{}, { name: '' }, { name: 'x', capacity: 0 }, { name: 'x', tenant_id: 1 }, { name: 'x', revision: 9 }])
      assert.equal((await send('POST', '/spaces', wrong)).status, 422, JSON.stringify(wrong));
    assert.deepEqual((await send('GET', '/spaces')).json.data.map((one) => one.id), [id]);
    assert.equal((await send('GET', `/spaces/${id}`, undefined, 'outsider')).status, 404);
    assert.equal((await send('POST', '/spaces', { name: 'x' }, 'viewer')).status, 403);
    assert.equal((await send('DELETE', `/spaces/${id}`)).status, 200);
    assert.deepEqual((await send('GET', `/spaces/${id}`)).json, { success: false, data: 'Not found' });
  });

  it('one may begin when another ends, and none may overlap', async () => {
    const { id } = await space('Room 1');
    const first = await book(id, '2031-03-03T10:00:00+01:00', '2031-03-03T11:00:00+01:00');
    assert.equal(first.status, 201, first.text);
    assert.equal(first.json.data.starts_at, '2031-03-03T09:00:00Z');
    assert.equal(first.json.data.status, 'confirmed');
    assert.equal(first.json.data.created_by, server().world.users.owner);
    assert.deepEqual((await send('GET', `/bookings/${first.json.data.id}`)).json.data, first.json.data);
    assert.equal((await book(id, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z')).status, 201);
    assert.equal((await book(id, '2031-03-03T08:00:00Z', '2031-03-03T09:00:00Z')).status, 201);
    const taken = await book(id, '2031-03-03T09:59:59.999999Z', '2031-03-03T10:00:00.000001Z');
    assert.deepEqual([taken.status, taken.json],
      [409, { success: false, data: 'The space is booked from 2031-03-03T09:00:00Z to 2031-03-03T10:00:00Z.' }]);
    assert.equal((await book((await space('Room 2')).id, '2031-03-03T09:00:00Z', '2031-03-03T10:00:00Z')).status, 201);
    assert.equal((await send('DELETE', `/spaces/${id}`)).status, 409);
  });

  it('says what is wrong with times and spaces', async () => {
    const { id } = await space('Room 3');
    const foreign = await space('Foreign', 'outsider');
    const wrong = [
      [id, '2031-03-03T10:00:00Z', '2031-03-03T10:00:00Z'], [id, '2031-03-03T10:00:00Z', '2031-03-03T09:00:00Z'],
      [id, '2031-03-03T10:00:00+02:00', '2031-03-03T09:00:00+01:00'],
      [id, '2031-03-03T10:00:00Z', '2031-04-03T10:00:00.000001Z'], [id, '2031-03-03T10:00:00', '2031-03-03T11:00:00'],
      [id, '2031-02-29T10:00:00Z', '2031-03-03T11:00:00Z'], [id, 'tomorrow', '2031-03-03T11:00:00Z'],
      [foreign.id, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z'], [99999, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z'],
      [-1, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z'],
    ];
    for (const row of wrong) {
      const reply = await book(...row);
      assert.equal(reply.status, 422, `${row}: ${reply.text}`);
      assert.equal(reply.json.success, false);
    }
    assert.equal((await send('PATCH', `/spaces/${id}`, { is_bookable: false })).status, 200);
    assert.equal((await book(id, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z')).status, 422);
  });

  it('moving and cancelling', async () => {
    const { id } = await space('Room 4');
    const one = (await book(id, '2031-03-03T10:00:00Z', '2031-03-03T11:00:00Z')).json.data;
    const two = (await book(id, '2031-03-03T11:00:00Z', '2031-03-03T12:00:00Z')).json.data;
    const patch = async (booking, json) => (await send('PATCH', `/bookings/${booking.id}`, json)).status;
    assert.equal(await patch(one, { starts_at: '2031-03-03T10:30:00Z' }), 200);
    assert.equal(await patch(one, { ends_at: '2031-03-03T11:30:00Z' }), 409);
    assert.equal(await patch(one, { ends_at: '2031-03-03T10:00:00Z' }), 422);
    assert.equal(await patch(two, { status: 'cancelled' }), 200);
    assert.equal(await patch(one, { ends_at: '2031-03-03T11:30:00Z' }), 200);
    assert.equal(await patch(two, { status: 'confirmed' }), 409);
    assert.equal((await send('DELETE', `/bookings/${one.id}`, undefined, 'outsider')).status, 404);
    assert.equal((await send('DELETE', `/bookings/${one.id}`)).status, 200);
    assert.equal(await patch(two, { status: 'confirmed' }), 200);
  });

  it('a week is listed', async () => {
    const { id } = await space('Room 5');
    for (const [from, to] of [['02', '03'], ['09', '10'], ['16', '17']])
      assert.equal((await book(id, `2031-06-${from}T22:00:00Z`, `2031-06-${to}T06:00:00Z`)).status, 201);
    const week = await send('GET', `/bookings?space_id=${id}&ends_at_from=2031-06-09T00:00:00Z&starts_at_before=2031-06-16T00:00:00Z`);
    assert.deepEqual(week.json.data.map((booking) => booking.starts_at), ['2031-06-09T22:00:00Z']);
    assert.equal(week.json.next, null);
    // Over the end of summer time: two moments an hour apart whose clocks say the same.
    const early = await book(id, '2031-10-26T02:30:00+02:00', '2031-10-26T02:30:00+01:00');
    assert.equal(early.status, 201, early.text);
    assert.equal((await book(id, '2031-10-26T02:45:00+02:00', '2031-10-26T03:00:00+01:00')).status, 409);
  });

  it('of 200 who want the same hour one gets it', async () => {
    const { id } = await space('Room 6');
    const token = await tokenOf('owner');
    const sessions = Array.from({ length: 4 }, () => connect2(server()));
    try {
      const replies = await Promise.all(Array.from({ length: 200 }, (_, i) => request2(sessions[i % 4], {
        path: '/api/bookings', token, json: { title: `Number ${i}`, space_id: id,
          starts_at: `2031-07-01T10:${String(i % 60).padStart(2, '0')}:00Z`, ends_at: `2031-07-01T11:${String(i % 60).padStart(2, '0')}:00Z` },
      })));
      const count = (status) => replies.filter((reply) => reply.status === status).length;
      assert.deepEqual([count(201), count(409)], [1, 199], replies.find((reply) => ![201, 409].includes(reply.status))?.text);
    } finally {
      for (const session of sessions) session.destroy();
    }
    assert.equal((await send('GET', `/bookings?space_id=${id}`)).json.data.length, 1);
  });
});
