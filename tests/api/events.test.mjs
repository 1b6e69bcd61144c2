// Events, day passes, tickets, check-in and payments: never oversold, once and no more, and nothing without a signature.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ask, connect2, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, people } from './harness/world.mjs';

const SECRET = 'a webhook secret of 32 bytes, or more';
const HOUR = 3_600_000;
const soon = (ms) => new Date(Date.now() + ms).toISOString();

suite('events', { config: { payments: { webhook_secret: SECRET } } }, (server) => {
  let token;
  const staff = async (method, path, json) => {
    token ??= await signIn(server(), people.owner, ACME_HOST);
    return http2Once(server(), { method, path: `/api${path}`, token, json });
  };
  const made = async (path, json) => {
    const reply = await staff('POST', path, json);
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
  };
  const newEvent = (more) => made('/events',
    { title: 'Workshop', starts_at: soon(HOUR), ends_at: soon(2 * HOUR), capacity: 20, is_published: true, ...more });
  const open = (method, path, json, host = ACME_HOST) => http2Once(server(), { method, path: `/api/public${path}`, host, json });
  const jane = { name: 'Jane Smith', email: 'jane@example.com' };
  const register = (event, more) => open('POST', `/events/${event.id}/registrations`, { ...jane, ...more });
  const ticketFor = async (event, more) => {
    const reply = await register(event, more);
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
  };
  const portal = async (code) => (await open('GET', `/portal/${code}`)).json.data;
  // The same request many times at once; how many got which status.
  const crowd = async (times, request) => {
    const sessions = Array.from({ length: 4 }, () => connect2(server()));
    try {
      const replies = await Promise.all(Array.from({ length: times }, (_, i) => request2(sessions[i % 4], request(i))));
      const count = {};
      for (const { status } of replies) count[status] = (count[status] ?? 0) + 1;
      return count;
    } finally {
      for (const session of sessions) session.destroy();
    }
  };

  it('an event is seen once it is published, by its own tenant\'s visitors', async () => {
    const event = await newEvent({ title: 'Open day', description: '<b>Bold</b>', is_published: false });
    assert.equal((await open('GET', `/events/${event.id}`)).status, 404);
    assert.equal((await register(event)).status, 404);
    assert.equal((await staff('PATCH', `/events/${event.id}`, { is_published: true })).status, 200);
    const shown = await ask(server(), { path: `/api/public/events/${event.id}`, host: ACME_DOMAIN });
    const { left, availability, price, currency } = shown.json.data;
    assert.deepEqual({ left, availability, price, currency }, { left: 20, availability: 'open', price: 0, currency: 'EUR' });
    const list = await ask(server(), { path: '/api/public/events?tenant=acme' });
    assert.ok(list.json.data.some(({ id }) => id === event.id));
    assert.equal(list.json.next, null);
    assert.equal((await open('GET', `/events/${event.id}`, undefined, GLOBEX_HOST)).status, 404);
    assert.equal((await open('GET', '/events?tenant=globex')).status, 403);
    assert.deepEqual((await open('GET', '/events', undefined, GLOBEX_HOST)).json, { success: true, data: [], next: null });
  });

  it('says what is wrong with an event', async () => {
    const wrong = [{ capacity: 0 }, { capacity: -1 }, { capacity: 1e12 }, { price: -1 }, { currency: 'eur' }, { currency: 'EURO' },
      { ends_at: soon(HOUR / 2) }, { starts_at: 'x' }, { space_id: 12345 }, { taken: 3 },
      { registration_opens_at: soon(HOUR), registration_closes_at: soon(HOUR / 2) }];
    for (const more of wrong) {
      const reply = await staff('POST', '/events', { title: 'x', starts_at: soon(HOUR), ends_at: soon(2 * HOUR), capacity: 1, ...more });
      assert.equal(reply.status, 422, `${JSON.stringify(more)}: ${reply.text}`);
    }
  });

  it('tells what is wrong between fields with the rest', async () => {
    const errors = async (method, path, json) => {
      const reply = await staff(method, path, json);
      assert.equal(reply.status, 422, reply.text);
      return reply.text;
    };
    const all = await errors('POST', '/events', { starts_at: soon(2 * HOUR), ends_at: soon(HOUR), capacity: 'x', currency: 'eur' });
    for (const part of [/title/, /capacity/, /The ends at must be after the starts at/, /The currency must be a code like EUR/]) assert.match(all, part);
    assert.doesNotMatch(await errors('POST', '/events', { starts_at: 'x', ends_at: soon(HOUR) }), /must be after/);
    const { id } = await newEvent();
    assert.doesNotMatch(await errors('PATCH', `/events/${id}`, { title: 1, ends_at: soon(0) }), /must be after/);
    assert.match(await errors('PATCH', `/events/${id}`, { title: 1, starts_at: soon(HOUR), ends_at: soon(0) }), /must be after/);
  });

  it('a registration lives: ordered, shown, mailed, checked in', async () => {
    const event = await newEvent();
    const { code, status, portal_url: url } = await ticketFor(event, { quantity: 2 });
    assert.equal(status, 'confirmed');
    assert.match(code, /^T[0-9A-HJKMNP-TV-Z]{3}(-[0-9A-HJKMNP-TV-Z]{4}){4}$/);
    assert.match(url, new RegExp(`^http://assets\\.acme\\.example(:\\d+)?/portal/${code}$`));
    const ticket = await portal(code.toLowerCase().replaceAll('-', ''));
    assert.deepEqual([ticket.title, ticket.quantity, ticket.may_cancel, ticket.name], ['Workshop', 2, true, 'Jane Smith']);
    assert.ok(!JSON.stringify(ticket).includes(jane.email));
    const qr = await open('GET', `/portal/${code}/qr`);
    assert.equal(qr.headers['content-type'], 'image/png');
    const folder = join(server().scratch.dir, 'data/outbox');
    const deadline = Date.now() + 20_000;
    let mail;
    while (!mail && Date.now() < deadline) {
      try {
        mail = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('=\r\n', ''))
          .find((text) => text.includes(code));
      } catch { /* there is none yet */ }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.match(mail ?? '', /^To: .*jane@example\.com/m);
    const came = await open('POST', '/check-in', { code: url });
    assert.deepEqual([came.status, came.json.data.name, came.json.data.quantity], [200, 'Jane S.', 2]);
    const again = await open('POST', '/check-in', { code });
    assert.deepEqual([again.status, again.json.data], [409, `Checked in already, at ${came.json.data.checked_in_at}.`]);
    assert.equal((await open('POST', `/portal/${code}/cancel`)).status, 409);
    assert.ok(!server().log.text.includes(code), 'a code is no part of the log');
  });

  it('cancelling frees seats, once; the event can go when nobody is left', async () => {
    const event = await newEvent({ capacity: 1 });
    const { code } = await ticketFor(event);
    assert.deepEqual((await register(event)).json, { success: false, data: 'This is sold out.' });
    assert.equal((await staff('PATCH', `/events/${event.id}`, { capacity: 3 })).status, 200);
    const refused = await register(event, { quantity: 3 });
    assert.deepEqual([refused.status, refused.json.data], [409, 'Only 2 left.']);
    assert.equal((await staff('DELETE', `/events/${event.id}`)).status, 409);
    const count = await crowd(40, () => ({ method: 'POST', path: `/api/public/portal/${code}/cancel`, host: ACME_HOST }));
    assert.deepEqual(count, { 200: 1, 409: 39 });
    assert.equal((await staff('GET', `/events/${event.id}`)).json.data.taken, 0);
    assert.equal((await staff('DELETE', `/events/${event.id}`)).status, 200);
    assert.equal((await open('GET', `/portal/${code}`)).status, 404);
  });

  it('fewer seats than are taken cannot be', async () => {
    const event = await newEvent({ capacity: 5 });
    await ticketFor(event, { quantity: 4 });
    assert.equal((await staff('PATCH', `/events/${event.id}`, { capacity: 3 })).status, 422);
    assert.equal((await staff('PATCH', `/events/${event.id}`, { capacity: 4 })).status, 200);
  });

  it('200 who want 20 seats: 20 get one', async () => {
    const event = await newEvent();
    const count = await crowd(200, () => ({ path: `/api/public/events/${event.id}/registrations`, host: ACME_HOST, json: jane }));
    assert.deepEqual(count, { 201: 20, 409: 180 });
    assert.equal((await staff('GET', `/events/${event.id}`)).json.data.taken, 20);
    const listed = await staff('GET', `/events/${event.id}/registrations?limit=200`);
    assert.equal(listed.json.data.length, 20);
  });

  it('a day pass has its capacity on each day', async () => {
    const pass = await made('/passes', { name: 'Hot desk', capacity: 7, is_published: true });
    const date = soon(48 * HOUR).slice(0, 10);
    const buy = (day) => ({ path: `/api/public/day-passes/${pass.id}/purchases`, host: ACME_HOST, json: { ...jane, date: day } });
    assert.deepEqual(await crowd(60, () => buy(date)), { 201: 7, 409: 53 });
    assert.equal((await http2Once(server(), buy(soon(72 * HOUR).slice(0, 10)))).status, 201);
    const list = await open('GET', `/day-passes?date=${date}`);
    assert.deepEqual(list.json.data.map(({ left, availability }) => [left, availability]), [[0, 'sold_out']]);
    assert.equal((await staff('GET', `/passes/${pass.id}/purchases?date=${date}`)).json.data.length, 7);
    assert.equal((await staff('DELETE', `/passes/${pass.id}`)).status, 409);
  });

  it('check-in is once, however many try', async () => {
    const { code } = await ticketFor(await newEvent());
    const count = await crowd(60, () => ({ path: '/api/public/check-in', host: ACME_HOST, json: { code } }));
    assert.deepEqual(count, { 200: 1, 409: 59 });
    const member = await made('/members', { first_name: 'Zoë', last_name: 'Ångström', email: 'zoe@example.com' });
    const { code: card } = await made(`/members/${member.id}/code`);
    const found = await open('GET', `/members/lookup?code=${card}`);
    assert.deepEqual(found.json, { success: true, data: { name: 'Zoë Å.', status: 'active' } });
    assert.deepEqual(await crowd(60, () => ({ path: '/api/public/check-in', host: ACME_HOST, json: { code: card } })), { 200: 1, 409: 59 });
    const { code: newer } = await made(`/members/${member.id}/code`);
    const unknown = await open('GET', `/members/lookup?code=${card}`);
    assert.deepEqual([unknown.status, unknown.text], [404, (await open('GET', '/members/lookup?code=nothing')).text]);
    assert.equal((await open('GET', `/members/lookup?code=${newer}`, undefined, GLOBEX_HOST)).status, 404);
    assert.equal((await staff('PATCH', `/members/${member.id}`, { status: 'paused' })).status, 200);
    assert.equal((await open('POST', '/check-in', { code: newer })).status, 409);
  });

  it('staff pay, cancel, send again and check in', async () => {
    const event = await newEvent({ price: 1500 });
    const { code, status, amount } = await ticketFor(event, { quantity: 2 });
    assert.deepEqual([status, amount], ['pending', 3000]);
    const [{ id }] = (await staff('GET', `/events/${event.id}/registrations?status=pending`)).json.data;
    const deed = (what) => staff('POST', `/events/${event.id}/registrations/${id}/${what}`);
    assert.equal((await deed('check-in')).status, 409);
    assert.equal((await deed('mark-paid')).json.data.status, 'confirmed');
    assert.equal((await portal(code)).status, 'confirmed');
    assert.equal((await deed('mark-paid')).status, 409);
    const { code: newer } = (await deed('resend')).json.data;
    assert.equal((await open('GET', `/portal/${code}`)).status, 404);
    assert.equal((await portal(newer)).status, 'confirmed');
    assert.equal((await deed('check-in')).status, 200);
    assert.equal((await deed('cancel')).status, 409);
    const log = await http2Once(server(), { path: '/api/v1/audit?per_page=5', headers: { 'x-tenant': 'acme' }, token });
    assert.deepEqual(log.json.data.map(({ action }) => action).slice(0, 3), ['ticket.checked_in', 'ticket.reissued', 'ticket.confirmed']);
  });

  it('staff sell day passes for somebody, and do with them what they do with registrations', async () => {
    const pass = await made('/passes', { name: 'Studio', capacity: 5, price: 900 });
    const date = soon(0).slice(0, 10);
    const purchase = (more) => made(`/passes/${pass.id}/purchases`, { ...jane, date, ...more });
    const deed = (id, what) => staff('POST', `/passes/${pass.id}/purchases/${id}/${what}`);
    const { id, code, status } = await purchase();
    assert.equal(status, 'pending');
    assert.equal((await deed(id, 'mark-paid')).json.data.status, 'confirmed');
    assert.notEqual((await deed(id, 'resend')).json.data.code, code);
    assert.equal((await deed(id, 'check-in')).status, 200);
    const other = await purchase();
    assert.equal((await deed(other.id, 'cancel')).json.data.status, 'cancelled');
    assert.equal((await staff('GET', `/passes/${pass.id}`)).json.data.open_purchases, 1);
    assert.equal((await staff('PATCH', `/passes/${pass.id}`, { capacity: 6 })).json.data.capacity, 6);
    const unsold = await made('/passes', { name: 'Unsold', capacity: 5 });
    assert.ok((await staff('GET', '/passes?limit=200')).json.data.some((one) => one.id === unsold.id));
    assert.deepEqual((await staff('DELETE', `/passes/${unsold.id}`)).json, { success: true, data: 'Deleted.' });
  });

  it('staff register, cancel, check in by code, and see who came', async () => {
    const event = await newEvent({ is_published: false });
    assert.ok((await staff('GET', '/events?is_published=false&limit=200')).json.data.some(({ id }) => id === event.id));
    const kept = await made(`/events/${event.id}/registrations`, jane);
    const other = await made(`/events/${event.id}/registrations`, { ...jane, quantity: 3 });
    assert.equal((await staff('POST', `/events/${event.id}/registrations/${other.id}/cancel`)).status, 200);
    assert.equal((await staff('GET', `/events/${event.id}`)).json.data.taken, 1);
    assert.equal((await staff('POST', '/check-ins', { code: kept.code })).status, 200);
    const [latest] = (await staff('GET', '/check-ins?limit=1')).json.data;
    assert.deepEqual([latest.ticket_id, latest.name, latest.checked_in_by], [kept.id, 'Jane Smith', server().world.users.owner]);
    const member = await made('/members', { first_name: 'Ada' });
    assert.equal((await staff('GET', `/members/${member.id}`)).json.data.code_hint, '');
    assert.ok((await staff('GET', '/members?status=active')).json.data.some(({ id }) => id === member.id));
    assert.equal((await staff('DELETE', `/members/${member.id}`)).status, 200);
    assert.equal((await staff('POST', `/members/${member.id}/code`)).status, 404);
  });

  const webhook = (body, { secret = SECRET, at = Math.floor(Date.now() / 1000), signed = body } = {}) => ({
    method: 'POST', path: '/api/public/payments/webhook', body,
    headers: { 'content-type': 'application/json',
      'tether-signature': `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${signed}`).digest('hex')}` },
  });
  const paid = (id, code, amount, more) => JSON.stringify({ id, type: 'payment.succeeded', code, amount, currency: 'EUR', ...more });
  const tell = (...args) => http2Once(server(), webhook(...args));

  it('a payment confirms, and its event does nothing more', async () => {
    const event = await newEvent({ price: 1500 });
    const { code } = await ticketFor(event);
    const count = await crowd(40, () => webhook(paid('evt_1', code, 1500)));
    assert.deepEqual(count, { 200: 40 });
    assert.equal((await portal(code)).status, 'confirmed');
    assert.equal(server().scratch.database.query("SELECT COUNT(*) FROM payments"), '1');
    assert.equal(server().scratch.database.query("SELECT COUNT(*) FROM audit_log WHERE action = 'payment.received'"), '1');
    assert.deepEqual((await tell(paid('evt_1', code, 1500))).json.data, { outcome: 'confirmed', repeated: true });
    assert.deepEqual((await tell(paid('evt_2', code, 1500))).json.data, { outcome: 'unmatched', repeated: false });
    assert.equal((await tell(paid('evt_1', (await ticketFor(event)).code, 1500))).status, 409);
  });

  it('forged, late, shuffled and wrong payments leave no trace', async () => {
    const { code } = await ticketFor(await newEvent({ price: 1500 }));
    const body = paid('evt_9', code, 1500);
    const now = Math.floor(Date.now() / 1000);
    const rows = () => server().scratch.database.query('SELECT (SELECT COUNT(*) FROM payments), (SELECT COUNT(*) FROM audit_log)');
    const before = rows();
    const invalid = { success: false, data: 'The signature is not valid.' };
    for (const reply of [
      await tell(body, { secret: 'another secret of 32 bytes, or more' }),
      await tell(body, { at: now - 310 }), await tell(body, { at: now + 310 }),
      await tell(body, { signed: paid('evt_9', code, 1) }),
      await tell(`${body} `, { signed: body }),
      await http2Once(server(), { ...webhook(body), headers: { 'content-type': 'application/json' } }),
    ]) assert.deepEqual([reply.status, reply.json], [403, invalid]);
    assert.equal((await tell(paid('evt_9', code, 1499))).status, 422);
    assert.equal((await tell(paid('evt_9', code, 1500, { currency: 'USD' }))).status, 422);
    assert.equal((await tell(paid('evt_9', `${code.slice(0, -1)}${code.endsWith('0') ? '1' : '0'}`, 1500))).status, 404);
    assert.deepEqual((await tell(paid('evt_9', code, 1500, { type: 'payment.failed' }))).json.data, { outcome: 'ignored', repeated: false });
    assert.equal(rows(), before);
    assert.equal((await portal(code)).status, 'pending');
  });
});
