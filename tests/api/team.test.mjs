// The team on v1: members, their roles, the tenant's own roles, and that a tenant keeps an owner.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, http2Once, request2 } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

suite('team', {}, (server) => {
  const send = (method, path, token, json, tenant = 'acme') =>
    http2Once(server(), { method, path: `/api/v1${path}`, headers: { 'x-tenant': tenant }, token, json });
  const get = (path, token, tenant = 'acme') =>
    ask(server(), { path: `/api/v1${path}`, headers: { 'x-tenant': tenant }, token });
  const login = (person, tenant = 'acme') =>
    send('POST', '/auth/login', undefined, { email: person.email, password: person.password }, tenant);
  const tokenOf = async (person, tenant = 'acme') => {
    const reply = await login(person, tenant);
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data.token;
  };
  const id = (who) => server().world.users[who];
  // Registers with the tenant and gets the role from its owner.
  const join = async (name, role) => {
    const person = { email: `${name}@acme.example`, password: `plain-word-of-${name}` };
    const made = await http2Once(server(), {
      path: '/api/auth/register', host: ACME_HOST, json: { ...person, firstName: 'Person', lastName: name },
    });
    assert.equal(made.status, 201, made.text);
    person.id = Number.parseInt(made.json.user.id.slice(8), 16);
    if (role !== 'member') {
      const given = await send('PATCH', `/team/members/${person.id}/role`, await tokenOf(people.owner), { role });
      assert.equal(given.status, 200, given.text);
    }
    return person;
  };

  it('lists, searches and filters, alike over both protocols', async () => {
    const token = await tokenOf(people.viewer);
    const all = await get('/team?per_page=100', token);
    assert.equal(all.status, 200);
    const acme = Object.entries(people).filter(([, person]) => person.tenant === 'acme');
    assert.deepEqual(all.json.data.map((member) => member.id).sort((a, b) => a - b),
      acme.map(([who]) => id(who)).sort((a, b) => a - b));
    const first = all.json.data.find((member) => member.id === id('admin'));
    assert.match(first.joined_at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.deepEqual({ ...first, joined_at: '' }, {
      id: id('admin'), name: people.admin.name, email: people.admin.email, role: 'admin', role_name: 'Admin', status: 'active',
      joined_at: '',
    });
    assert.deepEqual(all.json.meta, { next_cursor: null, per_page: 100 });
    for (const [query, who] of [['q=NOV%C3%81K', 'viewer'], ['q=sarah%20chen', 'admin'], ['role=owner', 'owner'], ['q=lena%40', 'member']])
      assert.deepEqual((await get(`/team?${query}`, token)).json.data.map((member) => member.id), [id(who)], query);
    assert.deepEqual((await get('/team?q=mei', token)).json.data, []);
  });

  it('pages hold everybody once', async () => {
    const token = await tokenOf(people.viewer);
    for (const query of ['', 'q=acme&']) {
      const seen = [];
      let cursor = '';
      do {
        const page = await get(`/team?${query}per_page=2${cursor && `&cursor=${cursor}`}`, token);
        assert.ok(page.json.data.length <= 2);
        seen.push(...page.json.data.map((member) => member.id));
        cursor = page.json.meta.next_cursor;
      } while (cursor);
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(seen.length, (await get('/team?per_page=100', token)).json.data.length);
    }
  });

  it('a role, a suspension and a removal act on the next request', async () => {
    const owner = await tokenOf(people.owner);
    const rita = await join('rita', 'member');
    const token = await tokenOf(rita);
    const team = async () => (await send('GET', '/team', token)).status;
    assert.equal(await team(), 403);
    const promoted = await send('PATCH', `/team/members/${rita.id}/role`, owner, { role: 'admin' });
    assert.equal(promoted.status, 200, promoted.text);
    assert.equal(promoted.json.data.role, 'admin');
    assert.equal(await team(), 200);
    assert.equal((await send('POST', `/team/members/${rita.id}/suspend`, owner)).json.data.status, 'suspended');
    const refused = await send('GET', '/team', token);
    assert.deepEqual([refused.status, refused.json.status], [403, 'suspended']);
    assert.equal((await login(rita)).json.status, 'suspended');
    assert.equal((await send('POST', `/team/members/${rita.id}/reactivate`, owner)).json.data.status, 'active');
    assert.equal(await team(), 200);
    assert.deepEqual((await send('DELETE', `/team/members/${rita.id}`, owner)).json, { message: 'Member removed.' });
    assert.equal(await team(), 401);
    assert.equal((await login(rita)).status, 401);
    assert.equal((await send('DELETE', `/team/members/${rita.id}`, owner)).status, 404);
  });

  it('nobody acts above their rank, or on another tenant', async () => {
    const admin = await tokenOf(people.admin);
    const head = await tokenOf(people.head);
    assert.equal((await send('DELETE', `/team/members/${id('owner')}`, admin)).status, 403);
    assert.equal((await send('PATCH', `/team/members/${id('member')}/role`, admin, { role: 'owner' })).status, 403);
    assert.equal((await send('PATCH', `/team/members/${id('member')}/role`, admin, { role: 'superadmin' })).status, 422);
    assert.equal((await send('DELETE', `/team/members/${id('outsider')}`, admin)).status, 404);
    assert.equal((await send('DELETE', `/team/members/${id('outsider')}`, admin, undefined, 'globex')).status, 403);
    const refused = await send('DELETE', `/team/members/${id('viewer')}`, head);
    assert.deepEqual([refused.status, refused.json.required_permission], [403, 'team.remove']);
    const self = await send('POST', `/team/members/${id('admin')}/suspend`, admin);
    assert.equal(self.status, 422);
  });

  it('a role of the tenant\'s own lives, changes and goes', async () => {
    const owner = await tokenOf(people.owner);
    const made = await send('POST', '/team/roles', owner,
      { name: 'Front desk', rank: 35, permissions: ['team.view', 'assets.view'] });
    assert.equal(made.status, 201, made.text);
    const role = made.json.data;
    assert.equal(role.slug, 'front_desk');
    assert.ok(role.id > 100);
    const dora = await join('dora', 'member');
    assert.equal((await send('PATCH', `/team/members/${dora.id}/role`, owner, { role: 'front_desk' })).status, 200);
    const token = await tokenOf(dora);
    assert.equal((await send('GET', '/team', token)).status, 200);
    const me = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, token });
    assert.deepEqual([me.json.role, me.json.permissions], ['client_user', ['assets.view']]);
    assert.equal((await send('PATCH', `/team/roles/${role.id}`, owner, { permissions: ['assets.view'] })).status, 200);
    assert.equal((await send('GET', '/team', token)).status, 403);
    const busy = await send('DELETE', `/team/roles/${role.id}`, owner);
    assert.deepEqual([busy.status, busy.json], [409, { message: 'The role is in use: members 1, pending invitations 0.' }]);
    assert.equal((await get(`/team/roles/${role.id}`, owner)).json.data.members_count, 1);
    assert.equal((await send('DELETE', `/team/members/${dora.id}`, owner)).status, 200);
    assert.equal((await send('DELETE', `/team/roles/${role.id}`, owner)).status, 200);
    assert.equal((await get(`/team/roles/${role.id}`, owner)).status, 404);
    const twice = await send('POST', '/team/roles', owner, { name: 'Viewer', permissions: [] });
    assert.deepEqual([twice.status, Object.keys(twice.json.errors)], [409, ['name']]);
  });

  it('roles and permissions are listed', async () => {
    const admin = await tokenOf(people.admin);
    const roles = (await get('/team/roles', admin)).json.data;
    assert.deepEqual(roles.filter((role) => role.is_system).map((role) => [role.id, role.slug, role.assignable]), [
      [3, 'owner', false], [4, 'admin', true], [5, 'department_head', true], [6, 'member', true], [7, 'viewer', true]]);
    const groups = (await get('/team/permissions', admin)).json.data;
    assert.deepEqual(groups.map((group) => group.group), ['assets', 'team', 'crm', 'spaces', 'admin']);
    assert.equal(groups.flatMap((group) => group.permissions).length, 42);
    assert.equal((await get('/team/permissions', await tokenOf(people.viewer))).status, 403);
  });

  it('two owners who leave at once do not both leave', async () => {
    const owner = await tokenOf(people.owner);
    for (let round = 0; round < 8; round++) {
      const other = await join(`heir${round}`, 'owner');
      const token = await tokenOf(other);
      const session = connect2(server());
      try {
        const remove = (who, by) => request2(session, {
          method: 'PATCH', path: `/api/v1/team/members/${who}/role`, headers: { 'x-tenant': 'acme' }, token: by,
          json: { role: 'admin' },
        });
        const replies = await Promise.all([remove(id('owner'), token), remove(other.id, owner)]);
        // One wins; the other meets the last owner, or is by then no longer of a rank to act.
        assert.equal(replies.filter((reply) => reply.status === 200).length, 1, replies.map((reply) => reply.text).join(' '));
        assert.ok(replies.every((reply) => [200, 403, 422].includes(reply.status)));
      } finally {
        session.destroy();
      }
      const left = (await get('/team?role=owner&status=active', owner)).json.data;
      assert.equal(left.length, 1);
      if (left[0].id !== id('owner'))
        assert.equal((await send('PATCH', `/team/members/${id('owner')}/role`, token, { role: 'owner' })).status, 200);
      assert.equal((await send('DELETE', `/team/members/${other.id}`, owner)).status, 200);
    }
    const last = await send('DELETE', `/team/members/${id('owner')}`, owner);
    assert.equal(last.status, 422);
    assert.match(last.json.message, /last owner/);
  });
});
