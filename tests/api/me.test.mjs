// GET /api/auth/me: exactly the fields of the page, for every role.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const ALL = ['assets.view', 'assets.create', 'assets.edit', 'assets.delete', 'assets.checkout', 'assets.checkin', 'assets.import',
  'assets.export', 'categories.manage', 'locations.manage', 'employees.manage', 'users.manage', 'reports.view', 'settings.manage'];

suite('me', {}, (server) => {
  const me = (host, token, more = {}) => ask(server(), { path: '/api/auth/me', host, token, ...more });

  it('says who an admin is, with the 14 permissions in order', async () => {
    const reply = await me(ACME_HOST, await signIn(server(), people.admin, ACME_HOST));
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.json, {
      id: server().world.users.admin, name: people.admin.name, email: people.admin.email, role: 'client_admin', is_msp_staff: false,
      tenant_id: server().world.tenants.acme, tenant_slug: 'acme', permissions: ALL,
    });
    assert.deepEqual(Object.keys(reply.json),
      ['id', 'name', 'email', 'role', 'is_msp_staff', 'tenant_id', 'tenant_slug', 'permissions']);
  });

  it('names every role and what it may do', async () => {
    const roles = { owner: 'client_admin', head: 'client_manager', member: 'client_user', viewer: 'client_viewer' };
    for (const [who, role] of Object.entries(roles)) {
      const { json } = await me(ACME_HOST, await signIn(server(), people[who], ACME_HOST));
      assert.equal(json.role, role, who);
      assert.ok(json.permissions.includes('assets.view'), who);
      assert.equal(json.permissions.includes('assets.delete'), who === 'owner', who);
      assert.deepEqual(json.permissions, ALL.filter((name) => json.permissions.includes(name)), `${who}: the table's order`);
    }
    const member = await me(ACME_HOST, await signIn(server(), people.member, ACME_HOST));
    assert.deepEqual(member.json.permissions, ['assets.view', 'assets.checkout', 'assets.checkin']);
  });

  it('shows staff as staff, at the root and inside a tenant', async () => {
    const token = await signIn(server(), people.staff, ROOT_HOST);
    const root = await me(ROOT_HOST, token);
    assert.equal(root.json.role, 'msp_staff');
    assert.equal(root.json.is_msp_staff, true);
    assert.equal(root.json.tenant_slug, 'root');
    const inside = await me(ACME_HOST, token);
    assert.equal(inside.json.is_msp_staff, true);
    assert.equal(inside.json.tenant_slug, 'acme');
    const boss = await me(ROOT_HOST, await signIn(server(), people.superadmin, ROOT_HOST));
    assert.equal(boss.json.role, 'msp_admin');
    assert.deepEqual(boss.json.permissions, ALL);
  });

  it('is the same on the tenant\'s own domain', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    assert.equal((await me(ACME_DOMAIN, token)).text, (await me(ACME_HOST, token)).text);
  });

  it('refuses who is not a member, and client users at the root', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    for (const host of [GLOBEX_HOST, ROOT_HOST]) {
      const reply = await me(host, token);
      assert.equal(reply.status, 403, host);
      assert.deepEqual(Object.keys(reply.json), ['detail']);
    }
  });

  it('wants a token', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: 'Bearer' }, { authorization: 'Bearer ' }]) {
      const reply = await me(ACME_HOST, undefined, { headers });
      assert.equal(reply.status, 401, JSON.stringify(headers));
      assert.match(reply.headers['www-authenticate'], /^Bearer/);
      assert.deepEqual(Object.keys(reply.json), ['detail']);
    }
  });
});
