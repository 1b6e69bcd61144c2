// GET /api/public/branding: what a login page shows.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST } from './harness/world.mjs';

const acme = { tenant_name: 'Acme Corporation', logo_url: 'https://assets.acme.example/logo.svg', accent_colour: '#d9480f' };

suite('branding', {}, (server) => {
  const branding = (host, more = {}) => ask(server(), { path: '/api/public/branding', host, ...more });

  it('is the tenant\'s on its hosts', async () => {
    for (const host of [ACME_HOST, ACME_DOMAIN, `${ACME_DOMAIN}:8443`, 'ACME.Tether.TEST', `${ACME_HOST}.`, `${ACME_HOST}.:80`]) {
      const reply = await branding(host);
      assert.equal(reply.status, 200, host);
      assert.deepEqual(reply.json, acme, host);
    }
  });

  it('has null for what a tenant has not set', async () => {
    assert.equal((await branding(GLOBEX_HOST)).text, '{"tenant_name":"Globex","logo_url":null,"accent_colour":null}');
  });

  it('is the root tenant\'s at the root domain', async () => {
    assert.equal((await branding(ROOT_HOST)).json.tenant_name, 'Northwind MSP');
  });

  it('looks at no token', async () => {
    assert.deepEqual((await branding(ACME_HOST, { token: 'nonsense' })).json, acme);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const [get, head] = [await branding(ACME_HOST), await branding(ACME_HOST, { method: 'HEAD' })];
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.equal(head.headers['content-length'], get.headers['content-length']);
  });
});
