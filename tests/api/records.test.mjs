// Assets and what belongs to them: the record engine end to end, plan limits and custody under concurrency.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, request2 } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, people } from './harness/world.mjs';

const LIMIT = 20;

suite('records', { config: { mode: 'saas', plans: { pro: { assets: LIMIT, users: 500 } } } }, (server) => {
  const send = (method, path, token, json, host = ACME_HOST) => ask(server(), { method, path, host, token, json });
  const get = (path, token, host = ACME_HOST) => ask(server(), { path, host, token });
  const once = async (request) => {
    const session = connect2(server());
    try {
      return await request2(session, request);
    } finally {
      session.destroy();
    }
  };
  const create = (path, token, json, host = ACME_HOST) => once({ method: 'POST', path, host, token, json });
  const tokenOf = async (person, host = ACME_HOST) => {
    const reply = await once({ path: '/api/auth/login', host, form: { username: person.email, password: person.password } });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.access_token;
  };
  // All at the same time, over a few connections.
  const together = async (n, request) => {
    const sessions = Array.from({ length: 8 }, () => connect2(server()));
    try {
      return await Promise.all(Array.from({ length: n }, (_, i) => request2(sessions[i % sessions.length], request(i))));
    } finally {
      for (const session of sessions) session.destroy();
    }
  };
  const count = (replies, status) => replies.filter((reply) => reply.status === status).length;

  it('lives and dies, alike over both protocols', async () => {
    const token = await tokenOf(people.admin);
    const made = await create('/api/categories', token, { name: 'Laptops', description: 'Portable "ones"\n' });
    assert.equal(made.status, 201, made.text);
    const path = `/api/categories/${made.json.id}`;
    assert.deepEqual((await get(path, token)).json, made.json);
    const changed = await send('PATCH', path, token, { description: null });
    assert.deepEqual({ ...changed.json, updated_at: '' }, { ...made.json, description: null, updated_at: '' });
    const list = await get('/api/categories?sort=-name', token);
    assert.deepEqual(list.json, { items: [changed.json], next: null, total: 1 });
    assert.equal((await once({ method: 'DELETE', path, host: ACME_HOST, token })).status, 204);
    assert.deepEqual((await get(path, token)).json, { detail: 'Not found' });
  });

  it('keeps tenants apart, also for who would write', async () => {
    const ours = await tokenOf(people.admin);
    const theirs = await tokenOf(people.outsider, GLOBEX_HOST);
    const made = await create('/api/locations', ours, { name: 'Berlin' });
    const path = `/api/locations/${made.json.id}`;
    for (const [method, json] of [['GET'], ['PATCH', { name: 'Mine' }], ['DELETE']]) {
      const reply = await send(method, path, theirs, json, GLOBEX_HOST);
      assert.equal(reply.status, 404, reply.text);
      assert.deepEqual(reply.json, { detail: 'Not found' });
    }
    const foreign = await send('POST', '/api/assets', theirs, { name: 'x', location_id: made.json.id }, GLOBEX_HOST);
    assert.equal(foreign.status, 400);
    assert.deepEqual(foreign.json, { detail: 'The selected location id does not exist.' });
    assert.equal((await get(path, ours)).json.name, 'Berlin');
  });

  it('tells everything that is wrong, and changes nothing by mass assignment', async () => {
    const token = await tokenOf(people.admin);
    const made = await create('/api/employees', token, { name: 'Ann' });
    const reply = await send('PATCH', `/api/employees/${made.json.id}`, token,
      { id: 7, tenant_id: 1, created_at: '2020-01-01T00:00:00Z', role: 'owner', name: 7, active: 'yes' });
    assert.equal(reply.status, 422);
    for (const field of ['id', 'tenant_id', 'created_at', 'role']) assert.match(reply.json.detail, new RegExp(`The ${field} field is not`));
    assert.match(reply.json.detail, /The name must be a string\. The active field must be true or false\./);
    assert.deepEqual((await get(`/api/employees/${made.json.id}`, token)).json, made.json);
  });

  it('lets through as many assets as the plan allows, whoever comes at once', async () => {
    const token = await tokenOf(people.admin);
    const taken = await create('/api/assets', token, { name: 'First', tag: 'SAME' });
    assert.equal(taken.status, 201, taken.text);
    const replies = await together(200, (i) => ({ method: 'POST', path: '/api/assets', host: ACME_HOST, token, json: { name: `Laptop ${i}` } }));
    assert.equal(count(replies, 201), LIMIT - 1);
    assert.equal(count(replies, 402), 200 - LIMIT + 1);
    const refused = replies.find((reply) => reply.status === 402).json;
    assert.deepEqual({ ...refused, detail: '' }, { detail: '', limit: 'assets', used: LIMIT, max: LIMIT, plan: 'pro' });
    const list = await get('/api/assets?limit=200', token);
    assert.equal(list.json.total, LIMIT);
    assert.equal(new Set(list.json.items.map((asset) => asset.tag)).size, LIMIT);
    // Validation comes first, then the plan, then what exists already.
    assert.equal((await send('POST', '/api/assets', token, { name: 7 })).status, 422);
    assert.equal((await send('POST', '/api/assets', token, { name: 'x', category_id: 999 })).status, 400);
    assert.equal((await send('POST', '/api/assets', token, { name: 'x', tag: 'SAME' })).status, 402);
    assert.equal((await once({ method: 'DELETE', path: `/api/assets/${list.json.items.at(-1).id}`, host: ACME_HOST, token })).status, 204);
    assert.equal((await send('POST', '/api/assets', token, { name: 'x', tag: 'SAME' })).status, 409);
    assert.equal((await create('/api/assets', token, { name: 'One more' })).status, 201);
  });

  it('gives one asset to one, however many want it', async () => {
    const token = await tokenOf(people.admin);
    const asset = (await get('/api/assets?limit=1', token)).json.items[0];
    const employee = (await create('/api/employees', token, { name: 'Tim' })).json;
    const path = `/api/assets/${asset.id}`;
    const out = await together(12, () => ({ method: 'POST', path: `${path}/checkout`, host: ACME_HOST, token, json: { employee_id: employee.id, due_at: '2020-01-01T00:00:00Z' } }));
    assert.deepEqual([count(out, 200), count(out, 409)], [1, 11]);
    const report = await get('/api/reports/summary', token);
    assert.deepEqual([report.json.overdue, report.json.by_status.checked_out, report.json.total], [1, 1, LIMIT]);
    const back = await together(12, () => ({ method: 'POST', path: `${path}/checkin`, host: ACME_HOST, token, json: { condition: 'Good' } }));
    assert.deepEqual([count(back, 200), count(back, 409)], [1, 11]);
    assert.equal((await get(path, token)).json.status, 'available');
    const history = await get(`${path}/history`, token);
    assert.deepEqual(history.json.items.map((event) => event.action), ['checked_in', 'checked_out']);
    assert.equal(history.json.items[1].employee_name, 'Tim');
  });

  it('pages, filters and searches', async () => {
    const token = await tokenOf(people.viewer);
    const seen = [];
    let cursor = '';
    do {
      const page = await get(`/api/assets?sort=-name&limit=7${cursor}`, token);
      assert.equal(page.status, 200, page.text);
      assert.equal(page.json.total, LIMIT);
      seen.push(...page.json.items.map((asset) => asset.id));
      cursor = page.json.next && `&cursor=${page.json.next}`;
    } while (cursor);
    assert.equal(new Set(seen).size, LIMIT);
    const ids = async (sort) => (await get(`/api/assets?limit=200&sort=${sort}`, token)).json.items.map((asset) => asset.id);
    assert.deepEqual(await ids('-id,name'), await ids('-id'), 'what follows the id decides nothing');
    const found = await get('/api/assets?q=fir', token);
    assert.deepEqual(found.json.items.map((asset) => asset.tag), ['SAME']);
    assert.equal(found.json.total, 1);
    assert.deepEqual((await get('/api/assets?q=nothing%20such', token)).json, { items: [], next: null, total: 0 });
    assert.equal((await get('/api/assets?status=available', token)).json.total, LIMIT);
    assert.equal((await get('/api/assets?status=broken', token)).status, 422);
    assert.equal((await get('/api/assets?cursor=AAAA', token)).status, 422);
  });
});
