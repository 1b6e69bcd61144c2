// Staff manage tenants; a tenant's administrators its settings, domains and users; limits hold whatever happens at once.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, http2Once, request2 } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, people, ROOT_HOST } from './harness/world.mjs';

suite('tenants', { config: { mode: 'saas', server: { queue: 4096 } } }, (server) => {
  const send = (method, path, token, json, host = ROOT_HOST) => http2Once(server(), { method, path, host, token, json });
  const tokenOf = async (person, slug = 'acme') => {
    const reply = await http2Once(server(), { path: '/api/v1/auth/login', headers: { 'x-tenant': slug }, json:
      { email: person.email, password: person.password } });
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data.token;
  };

  it('a tenant from its creation to its end, alike over both protocols', async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const owner = { name: 'Nora New', email: 'nora@newco.example', password: 'granite-willow-7' };
    const made = await send('POST', '/api/tenants', root, { slug: 'newco', name: 'New Co', plan: 'pro', owner });
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.json.slug, made.json.plan, made.json.status], ['newco', 'pro', 'active']);
    const over1 = await ask(server(), { path: '/api/tenants?q=NEWCO', host: ROOT_HOST, token: root });
    assert.deepEqual([over1.json.total, over1.json.items[0].id, over1.json.next], [1, made.json.id, null]);
    const nora = await tokenOf(owner, 'newco');
    const host = 'newco.tether.test';
    assert.equal((await send('PATCH', '/api/settings', nora, { accent_colour: '#0b7285' }, host)).json.accent_colour, '#0b7285');
    assert.equal((await send('POST', '/api/settings/domains', nora, { host: 'tools.newco.example' }, host)).status, 201);
    assert.equal((await send('GET', '/api/public/branding', undefined, undefined, 'tools.newco.example')).json.accent_colour, '#0b7285');
    assert.equal((await send('PATCH', '/api/tenants/newco', root, { status: 'suspended' })).json.status, 'suspended');
    assert.equal((await send('GET', '/api/auth/me', nora, undefined, host)).status, 403);
    assert.equal((await send('PATCH', '/api/tenants/newco', root, { status: 'active' })).json.status, 'active');
    assert.equal((await send('GET', '/api/auth/me', nora, undefined, host)).status, 200);
    assert.equal((await send('DELETE', '/api/tenants/newco', root)).status, 422);
    assert.equal((await send('DELETE', '/api/tenants/newco?confirm=newco', root)).status, 204);
    assert.equal((await send('GET', '/api/auth/me', nora, undefined, host)).status, 404);
    assert.equal((await send('GET', '/api/public/branding', undefined, undefined, 'tools.newco.example')).status, 404);
  });

  it('the plans there are, and what each allows', async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const { status, json } = await send('GET', '/api/plans', root);
    assert.equal(status, 200);
    assert.deepEqual(json, {
      items: [
        { name: 'free', limits: [{ limit: 'assets', max: 50 }, { limit: 'users', max: 5 }] },
        { name: 'pro', limits: [{ limit: 'assets', max: 10000 }, { limit: 'users', max: 500 }] },
      ],
      next: null, total: 2,
    });
    assert.equal((await send('GET', '/api/plans', await tokenOf(people.staff, 'root'))).status, 403);
    assert.equal((await send('GET', '/api/plans', await tokenOf(people.owner), undefined, ACME_HOST)).status, 404);
  });

  it('belongs to the operator', async () => {
    const [staff, owner] = [await tokenOf(people.staff, 'root'), await tokenOf(people.owner)];
    assert.equal((await send('GET', '/api/tenants', staff)).status, 403);
    assert.equal((await send('GET', '/api/tenants', owner)).status, 403);
    assert.equal((await send('GET', '/api/tenants', owner, undefined, ACME_HOST)).status, 404);
    assert.equal((await send('GET', '/api/tenants')).status, 401);
  });

  // 24 at once for 3 seats: three get one, by the database.
  it("a tenant's own limit of users holds under concurrency", async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const owner = await tokenOf(people.owner);
    const used = (await send('GET', '/api/tenants/acme', root)).json.usage.find((use) => use.limit === 'users').used;
    assert.equal((await send('PATCH', '/api/tenants/acme', root, { max_users: used + 3 })).status, 200);
    const session = connect2(server());
    try {
      const replies = await Promise.all(Array.from({ length: 24 }, (_, i) => request2(session, {
        method: 'POST', path: '/api/users', host: ACME_HOST, token: owner,
        json: { name: `Person ${i}`, email: `seat${i}@acme.example`, role: 'client_user', password: `plain-word-${i}` },
      })));
      const count = (status) => replies.filter((reply) => reply.status === status).length;
      assert.deepEqual([count(201), count(402)], [3, 21], replies.map((reply) => reply.text).join('\n'));
      const full = replies.find((reply) => reply.status === 402).json;
      assert.deepEqual([full.limit, full.used, full.max, full.plan], ['users', used + 3, used + 3, 'pro']);
    } finally {
      session.destroy();
    }
    const listed = await send('GET', '/api/users?q=seat', owner, undefined, ACME_HOST);
    assert.equal(listed.json.total, 3);
  });

  // Every page of a list, three at a time.
  const walked = async (path, token, host) => {
    const items = [];
    let cursor = '';
    do {
      const page = await send('GET', `${path}&limit=3${cursor}`, token, undefined, host);
      assert.equal(page.status, 200, `${path}: ${page.text}`);
      items.push(...page.json.items);
      cursor = page.json.next && `&cursor=${page.json.next}`;
    } while (cursor);
    return items;
  };
  const compared = (a, b) => (typeof a === 'number' ? a - b : Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const assertSorted = (items, keys) => {
    const order = (a, b) => keys.reduce((sign, [name, falls]) => sign || (falls ? -1 : 1) * compared(a[name], b[name]), 0);
    for (let i = 1; i < items.length; i += 1)
      assert.ok(order(items[i - 1], items[i]) < 0, `${JSON.stringify(items[i - 1])} before ${JSON.stringify(items[i])}`);
  };
  // By every name the document tells, both ways, and by two of them; the id decides between equals.
  const assertSorts = async (path, token, host, total) => {
    const document = (await send('GET', '/openapi.json')).json;
    const told = document.paths[path].get.parameters.find((parameter) => parameter.name === 'sort').description;
    const names = told.replace(/^Up to 3 of: /, '').replace(/;.*/s, '').split(', ');
    assert.ok(names.length >= 4, told);
    for (const name of names)
      for (const falls of [false, true]) {
        const items = await walked(`${path}?sort=${falls ? '-' : ''}${name}`, token, host);
        assert.equal(items.length, total, name);
        assertSorted(items, [[name, falls], ['id', falls]]);
      }
    assertSorted(await walked(`${path}?sort=-name,id`, token, host), [['name', true], ['id', false]]);
    assertSorted(await walked(`${path}?sort=${names.at(-1)},-name`, token, host), [[names.at(-1), false], ['name', true], ['id', true]]);
    assertSorted(await walked(`${path}?sort=-id,name`, token, host), [['id', true]]);
    const { next } = (await send('GET', `${path}?sort=name&limit=2`, token, undefined, host)).json;
    const plain = (await send('GET', `${path}?limit=2`, token, undefined, host)).json.next;
    for (const wrong of [`sort=-name&cursor=${next}`, `sort=id&cursor=${next}`, `sort=name&q=n&cursor=${next}`, `sort=name&status=active&cursor=${next}`,
      `cursor=${next}`, `sort=name&cursor=${plain}`, 'sort=name&cursor=AAAA', 'sort=nothing', 'sort=password_hash', 'sort=-', 'sort=name,id,-name,name']) {
      const reply = await send('GET', `${path}?limit=2&${wrong}`, token, undefined, host);
      assert.equal(reply.status, 422, `${wrong}: ${reply.text}`);
    }
  };

  it('users in the order that is asked for, page by page', async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const owner = { name: 'Same Name', email: 'owner@sorted.example', password: 'granite-willow-7' };
    const host = 'sorted.tether.test';
    assert.equal((await send('POST', '/api/tenants', root, { slug: 'sorted', name: 'Sorted', plan: 'pro', owner })).status, 201);
    const token = await tokenOf(owner, 'sorted');
    const all = [];
    for (const [i, name] of ['Same Name', 'Zoe', 'anna', 'Same Name', 'Özgür', 'Anna', 'Same Name'].entries()) {
      const user = { name, email: `u${9 - i}@sorted.example`, role: i % 2 ? 'client_user' : 'client_viewer', password: 'granite-willow-7' };
      const made = await send('POST', '/api/users', token, user, host);
      assert.equal(made.status, 201, made.text);
      all.push(made.json);
    }
    await assertSorts('/api/users', token, host, 8);
    const emails = async (query) => (await walked(`/api/users?${query}`, token, host)).map((user) => user.email.split('@')[0]);
    assert.deepEqual(await emails('sort=-email&role=client_user'), ['u8', 'u6', 'u4']);
    assert.deepEqual(await emails('sort=-name,email&q=same'), ['owner', 'u3', 'u6', 'u9']);
    assert.deepEqual(await emails('sort=email&q=same%20u'), ['u3', 'u6', 'u9']);
    assert.deepEqual(await emails('sort=email&q=nobody'), []);
    assert.deepEqual(await emails('sort=email&status=suspended'), []);
    const renamed = await send('PATCH', `/api/users/${all[1].id}`, token, { name: 'Aaron', email: 'zz@sorted.example' }, host);
    assert.equal(renamed.status, 200, renamed.text);
    assert.equal((await emails('sort=name'))[0], 'zz');
    assert.equal((await emails('sort=email')).at(-1), 'zz');
  });

  it('tenants in the order that is asked for, page by page', async () => {
    const root = await tokenOf(people.superadmin, 'root');
    for (const [i, name] of ['Twin', 'Ägir', 'Twin', 'aster', 'Twin'].entries())
      assert.equal((await send('POST', '/api/tenants', root, { slug: `twin-${9 - i}`, name, plan: 'pro' })).status, 201);
    const { total } = (await send('GET', '/api/tenants', root)).json;
    await assertSorts('/api/tenants', root, ROOT_HOST, total);
    const slugs = (await walked('/api/tenants?sort=-name,slug&q=twin', root, ROOT_HOST)).map((tenant) => tenant.slug);
    assert.deepEqual(slugs, ['twin-8', 'twin-6', 'twin-5', 'twin-7', 'twin-9']);
  });

  it("a tenant's settings, domains and users by its own administrator", async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const owner = await tokenOf(people.owner);
    const own = (method, path, json) => send(method, path, owner, json, ACME_HOST);
    assert.equal((await own('GET', '/api/settings')).json.public_url, `http://${ACME_DOMAIN}`);
    assert.equal((await send('PATCH', '/api/tenants/acme', root, { max_users: null })).json.max_users, null);
    assert.equal((await own('POST', '/api/settings/domains', { host: 'more.acme.example' })).status, 201);
    const hosts = (await own('GET', '/api/settings/domains')).json.items.map((item) => item.host);
    assert.deepEqual(hosts, [ACME_DOMAIN, 'more.acme.example']);
    assert.deepEqual((await send('GET', '/api/tenants/acme/domains', root)).json.items.map((item) => item.host), hosts);
    assert.equal((await own('DELETE', '/api/settings/domains/more.acme.example')).status, 204);
    assert.equal((await send('DELETE', '/api/tenants/acme/domains/more.acme.example', root)).status, 404);
    const made = await own('POST', '/api/users', { name: 'Ina', email: 'ina@acme.example', role: 'client_viewer', password: 'granite-willow-8' });
    assert.equal(made.status, 201, made.text);
    const path = `/api/users/${made.json.id}`;
    assert.deepEqual((await own('GET', path)).json, made.json);
    const changed = await own('PATCH', path, { name: 'Ina Berg', role: 'client_user' });
    assert.deepEqual([changed.json.name, changed.json.role, changed.json.role_slug], ['Ina Berg', 'client_user', 'member']);
    const ina = await tokenOf({ email: 'ina@acme.example', password: 'granite-willow-8' });
    assert.equal((await own('PATCH', path, { status: 'suspended' })).json.status, 'suspended');
    assert.equal((await send('GET', '/api/auth/me', ina, undefined, ACME_HOST)).status, 403);
    assert.equal((await own('DELETE', path)).status, 204);
    assert.equal((await own('GET', path)).status, 404);
  });

  // One domain, two tenants, at once: one has it.
  it('a domain is one tenant\'s, whoever asks at once', async () => {
    const root = await tokenOf(people.superadmin, 'root');
    const session = connect2(server());
    try {
      for (let round = 0; round < 6; round++) {
        const replies = await Promise.all(['acme', 'globex'].map((slug) => request2(session, {
          method: 'POST', path: `/api/tenants/${slug}/domains`, host: ROOT_HOST, token: root, json: { host: `race${round}.example` },
        })));
        assert.deepEqual(replies.map((reply) => reply.status).sort(), [201, 409]);
      }
    } finally {
      session.destroy();
    }
  });
});
