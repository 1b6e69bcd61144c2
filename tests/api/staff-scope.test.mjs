// ?tenant= at the root domain: for staff, and for nobody else.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, ROOT_HOST, people } from './harness/world.mjs';

suite('staff scope', {}, (server) => {
  const me = (host, token, tenant) =>
    ask(server(), { path: tenant === undefined ? '/api/auth/me' : `/api/auth/me?tenant=${tenant}`, host, token });

  it('narrows the root scope to one tenant', async () => {
    const token = await signIn(server(), people.staff, ROOT_HOST);
    for (const slug of ['acme', 'globex', 'root']) {
      const reply = await me(ROOT_HOST, token, slug);
      assert.equal(reply.status, 200, slug);
      assert.equal(reply.json.tenant_slug, slug);
      assert.equal(reply.json.is_msp_staff, true);
    }
  });

  it('is 404 for a tenant that does not exist, however it is spelt', async () => {
    const token = await signIn(server(), people.staff, ROOT_HOST);
    for (const slug of ['nobody', 'ACME', '-', 'a%20b', '%27%20OR%201', 'acme%2f', `${'a'.repeat(64)}`]) {
      assert.equal((await me(ROOT_HOST, token, slug)).status, 404, slug);
    }
  });

  it('inside a tenant must name that tenant', async () => {
    const staff = await signIn(server(), people.staff, ROOT_HOST);
    const admin = await signIn(server(), people.admin, ACME_HOST);
    for (const token of [staff, admin]) {
      assert.equal((await me(ACME_HOST, token, 'acme')).status, 200);
      assert.equal((await me(ACME_HOST, token, 'globex')).status, 403);
      assert.equal((await me(ACME_HOST, token, 'nobody')).status, 403);
    }
  });

  it('does not help a client user at the root', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    for (const slug of [undefined, 'acme', 'globex', 'nobody']) {
      assert.equal((await me(ROOT_HOST, token, slug)).status, 403, String(slug));
    }
  });

  it('given twice is refused', async () => {
    const token = await signIn(server(), people.staff, ROOT_HOST);
    assert.equal((await ask(server(), { path: '/api/auth/me?tenant=acme&tenant=globex', token })).status, 400);
  });
});
