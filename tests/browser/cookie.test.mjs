// The panel's cookie in a real browser: what its own pages can do with it, and what pages elsewhere cannot.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ACME_HOST, GLOBEX_HOST, people } from '../api/harness/world.mjs';
import { browserSuite } from './harness/browser.mjs';

const { email, password } = people.admin;

const signIn = (page, credentials) => page.evaluate(async (body) => {
  const reply = await fetch('/api/auth/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return { status: reply.status, json: await reply.json() };
}, credentials);

const statusOf = (page, url, init = {}) => page.evaluate(async ([target, options]) => {
  try {
    return (await fetch(target, options)).status;
  } catch {
    return 'refused by the browser';
  }
}, [url, init]);

browserSuite('cookie session', {}, ({ visitor }) => {
  it('signs in, out, and is seen by no script', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/status of 401/);
    const page = await sarah.openBlank(ACME_HOST);
    assert.equal((await signIn(page, { email, password: 'not-the-password' })).status, 401);
    const { status, json } = await signIn(page, { email, password });
    assert.equal(status, 200);
    assert.equal(json.tenant_slug, 'acme');
    assert.equal(await page.evaluate(() => document.cookie), '');
    const [cookie] = await sarah.context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.domain, cookie.path],
      ['__Host-tether', true, true, 'Strict', ACME_HOST, '/']);
    assert.equal(await statusOf(page, '/api/auth/me'), 200);
    assert.equal(await statusOf(page, '/api/auth/session', { method: 'DELETE' }), 204);
    assert.deepEqual(await sarah.context.cookies(), []);
    assert.equal(await statusOf(page, '/api/auth/me'), 401);
  });

  it('pages of a sibling tenant and of strangers get nothing done with it', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/CORS policy|ERR_FAILED|status of 40[13]|X-Frame-Options|frame-ancestors|frame/i);
    await signIn(await sarah.openBlank(ACME_HOST), { email, password });
    for (const host of [GLOBEX_HOST, '127.0.0.1']) {
      const page = await sarah.openBlank(host);
      for (const path of ['/api/auth/me', '/api/v1/team']) {
        assert.equal(await statusOf(page, sarah.url(ACME_HOST, path), { credentials: 'include' }), 'refused by the browser');
      }
      // A form needs no preflight: it arrives, and the server refuses it.
      const [answer] = await Promise.all([
        page.waitForResponse(sarah.url(ACME_HOST, '/api/v1/auth/logout')),
        page.evaluate((action) => {
          const form = Object.assign(document.createElement('form'), { method: 'post', action });
          document.body.append(form);
          form.submit();
        }, sarah.url(ACME_HOST, '/api/v1/auth/logout')),
      ]);
      // A sibling's address is the same site, so the cookie comes along, and the origin gives it away.
      assert.equal(answer.status(), host === GLOBEX_HOST ? 403 : 401, host);
    }
    assert.equal(await statusOf(await sarah.openBlank(ACME_HOST), '/api/auth/me'), 200, 'still signed in');
  });
});
