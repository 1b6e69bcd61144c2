// /docs in a real browser: Swagger UI signs in, asks who that is, writes, and shows a refusal. All of it from this server.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, shoot } from './harness/browser.mjs';

const { email, password } = people.admin;

// An operation's block, folded out. Swagger UI draws no more of the page than is looked at, so its tag is picked first.
async function unfold(page, tag, op) {
  await page.locator('.operation-filter-input').fill(tag);
  const block = page.locator(`.opblock[id$="-${op}"]`);
  await page.waitForFunction(() => document.querySelectorAll('.opblock-tag').length === 1);
  await block.waitFor();
  if (!(await block.getAttribute('class')).includes('is-open')) await block.locator('.opblock-summary-control').first().click();
  await block.locator('.opblock-body').waitFor();
  return block;
}

// Sends what the block's form says, or `body` instead, and returns what the page shows of the answer.
async function execute(page, tag, op, body) {
  const block = await unfold(page, tag, op);
  if (body !== undefined) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  const clear = block.getByRole('button', { name: 'Clear' });
  if (await clear.count()) await clear.click(); // what was answered before must not be read for what comes
  await block.getByRole('button', { name: 'Execute' }).click();
  const live = block.locator('.live-responses-table');
  await live.waitFor();
  await live.locator('.response-col_status').nth(1).waitFor();
  return {
    block,
    status: Number((await live.locator('tbody .response-col_status').first().innerText()).match(/\d+/)[0]),
    text: await live.locator('.response-col_description').nth(1).innerText(),
  };
}

async function openDocs(person) {
  const page = await person.open(ACME_HOST, '/docs');
  await page.locator('.opblock-summary').first().waitFor();
  return page;
}

async function authorize(page, scheme, fill) {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.dialog-ux .modal-ux');
  const form = dialog.locator('.auth-container').filter({ has: page.getByRole('heading', { name: scheme }) }).first();
  await fill(form);
  await form.locator('.modal-btn.authorize').click();
  await form.getByText('Logout').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
}

async function forget(page, scheme) {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const dialog = page.locator('.dialog-ux .modal-ux');
  const form = dialog.locator('.auth-container').filter({ has: page.getByRole('heading', { name: scheme }) }).first();
  await form.getByText('Logout').click();
  await form.locator('.modal-btn.authorize').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).first().click();
}

// One page for all of them, one after the other: to draw Swagger UI costs more than all that they do on it.
browserSuite('the page at /docs', {}, ({ resident }) => {
  let sarah;
  let page;
  before(async () => {
    sarah = await resident('sarah', { stays: true });
    page = await openDocs(sarah);
  });

  it('marks what needs no token, and nothing else', async () => {
    const seen = new Map();
    for (let more = true; more;) {
      for (const [id, path, isMarked] of await page.locator('.opblock').evaluateAll((blocks) => blocks.map((block) => [
        block.id, block.querySelector('.opblock-summary-path')?.dataset.path, block.querySelector('.public-badge') !== null]))) {
        if (path) seen.set(id, isMarked && path);
      }
      more = await page.evaluate(() => new Promise((done) => {
        const before = scrollY;
        scrollBy(0, innerHeight / 2);
        requestAnimationFrame(() => requestAnimationFrame(() => done(scrollY > before)));
      }));
    }
    const marked = [...new Set(seen.values())].filter(Boolean);
    const told = await page.evaluate(async () => {
      const { paths } = await (await fetch('/openapi.json')).json();
      return Object.entries(paths).flatMap(([path, item]) => Object.values(item).filter((one) => one['x-public']).map(() => path));
    });
    assert.deepEqual(marked.sort(), [...new Set(told)].sort());
    assert.ok(told.length > 10);
    await page.evaluate(() => scrollTo(0, 0));
    const badge = page.locator('.public-badge').first();
    assert.equal(await badge.innerText(), 'Public');
    assert.equal(await badge.evaluate((element) => getComputedStyle(element).backgroundColor), 'rgb(21, 128, 61)');
    await shoot(page, 'docs');
  });

  it('signs in with a password, asks, writes, and shows a refusal', async () => {
    sarah.expectTrouble(/status of (401|422)/);
    assert.equal((await execute(page, 'assets: auth', 'assets_me')).status, 401);

    await authorize(page, 'password', async (form) => {
      await form.getByLabel('username').fill(email);
      await form.getByLabel('password:').fill(password);
    });
    const me = await execute(page, 'assets: auth', 'assets_me');
    assert.equal(me.status, 200);
    assert.match(me.text, new RegExp(`"email": "${email}"`));

    const asset = { tag: 'AST-000042', name: 'MacBook Pro 14' };
    const made = await execute(page, 'assets: assets', 'assets_asset_create', asset);
    assert.equal(made.status, 201, made.text);
    assert.match(made.text, /"tag": "AST-000042"/);
    const refused = await execute(page, 'assets: assets', 'assets_asset_create', { ...asset, name: 7, colour: 'red' });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /name must be a string/);
    assert.match(refused.text, /colour/);
    await refused.block.locator('.live-responses-table').evaluate((element) => element.scrollIntoView({ block: 'end' }));
    await shoot(page, 'docs-try-it-out');
  });

  it('takes a bearer token as well', async () => {
    sarah.expectTrouble(/status of 401/);
    await forget(page, 'password');
    assert.equal((await execute(page, 'assets: auth', 'assets_me')).status, 401);
    const { access_token: token } = await page.evaluate(async ([username, secret]) => {
      const body = new URLSearchParams({ username, password: secret });
      return (await fetch('/api/auth/login', { method: 'POST', body })).json();
    }, [email, password]);
    await authorize(page, 'bearer', (form) => form.locator('input').first().fill(token));
    assert.equal((await execute(page, 'assets: auth', 'assets_me')).status, 200);
  });
});
