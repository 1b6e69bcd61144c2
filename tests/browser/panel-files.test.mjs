// Assets as files in the panel: CSV in, after a look at what it would do, and CSV out.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { button, hold, row, said, signIn } from './harness/panel.mjs';

const csv = (...rows) => ['name,tag,status,serial_number', ...rows, ''].join('\r\n');
const three = csv('Lathe,L-1,available,S1', '"Drill, large",L-2,maintenance,S2', 'Saw,L-3,available,S3');
const PLAN = 2010;
const many = (count, prefix) => ['name,tag,notes', ...Array.from({ length: count }, (_, i) => `Chair ${i},${prefix}-${i},${'note '.repeat(40)}`), ''].join('\n');
const limits = { config: { mode: 'saas', plans: { pro: { assets: PLAN, users: 50 } } } };

browserSuite('panel: files', limits, ({ visitor }) => {
  const as = async (who) => {
    const person = await visitor();
    person.expectTrouble(/logo\.svg/);
    return signIn(person, ACME_HOST, people[who], '/assets');
  };
  const choose = async (page, text) => {
    await page.getByLabel('CSV file').setInputFiles({ name: 'assets.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  };
  const check = async (page, text) => {
    await choose(page, text);
    await button(page, 'Check the file').click();
  };
  const open = async (page) => {
    await button(page, 'Import').click();
    await page.getByRole('dialog', { name: 'Import assets' }).waitFor();
  };
  const inDialog = (page, name) => page.getByRole('dialog').getByRole('button', { name, exact: true });
  const total = (page, n) => page.getByText(`${n.toLocaleString('en')} in all`).waitFor();

  it('what is wrong is told by line, and nothing is written; then the file is checked and imported', async () => {
    const page = await as('owner');
    await open(page);
    assert.ok(await button(page, 'Check the file').isDisabled());
    await check(page, csv('Lathe,L-1,available,S1', ',L-2,available,S2', 'Saw,L-3,broken,S3', 'Axe,L-1,available,S4'));
    const wrong = page.getByRole('table', { name: 'What is wrong with the file' });
    await wrong.getByRole('row').filter({ hasText: 'The name field is required.' }).filter({ hasText: '3' }).waitFor();
    assert.equal(await wrong.getByRole('row').count(), 4);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'import-errors');
    assert.equal(await inDialog(page, 'Import').count(), 0);
    await check(page, three);
    await page.getByText('The file is in order: 3 new. Nothing is written yet.').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'import-checked');
    assert.equal(await row(page, 'Lathe').count(), 0);
    await inDialog(page, 'Import').click();
    await said(page, 'The file is imported: 3 new.');
    await row(page, 'Drill, large').getByText('Maintenance').waitFor();
    await total(page, 3);
  });

  it('what is there already: refused, left, or changed', async () => {
    const page = await as('owner');
    const again = csv('Lathe of steel,L-1,available,S1', 'Plane,L-4,available,S5');
    await open(page);
    await check(page, again);
    await page.getByRole('table', { name: 'What is wrong with the file' }).getByText('2', { exact: true }).waitFor();
    await page.getByLabel('When a tag is there already').selectOption({ label: 'Leave it as it is' });
    await button(page, 'Check the file').click();
    await page.getByText('1 new, 1 left as they are').waitFor();
    await page.getByLabel('When a tag is there already').selectOption({ label: 'Change it to what the file says' });
    assert.equal(await inDialog(page, 'Import').count(), 0); // another question, another look
    await button(page, 'Check the file').click();
    await page.getByText('1 new, 1 changed').waitFor();
    await inDialog(page, 'Import').click();
    await said(page, '1 new, 1 changed');
    await row(page, 'Lathe of steel').waitFor();
  });

  it('a file of several parts shows how far it is; given up, it leaves nothing', async () => {
    const page = await as('owner');
    const parts = [];
    page.on('request', (request) => { if (/\/parts\/\d+/.test(request.url())) parts.push(request.url()); });
    await open(page);
    await check(page, many(2000, 'C'));
    await page.getByText('The file is in order: 2,000 new.').waitFor();
    assert.equal(parts.length, 2);
    const release = await hold(page, '**/api/imports/*/run');
    await inDialog(page, 'Import').click();
    await page.getByRole('progressbar', { name: 'Progress of the import' }).waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'import-progress');
    await inDialog(page, 'Give up').click();
    const gone = page.waitForResponse((reply) => reply.request().method() === 'DELETE' && /\/api\/imports\/\d+$/.test(reply.url()));
    await page.getByRole('dialog', { name: 'Give up the import?' }).getByRole('button', { name: 'Give up' }).click();
    assert.equal((await gone).status(), 204);
    release();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.reload();
    await total(page, 4);
  });

  it('more than the plan has room for: said before anything is written', async () => {
    const page = await as('owner');
    await open(page);
    await check(page, many(PLAN, 'P'));
    await page.getByRole('dialog').getByText(`The plan allows ${PLAN} assets, and 4 are used: there is no room for ${PLAN} more.`).waitFor();
    assert.equal(await inDialog(page, 'Import').count(), 0);
    await shoot(page, 'import-plan');
  });

  it('what is no CSV of assets is said in words', async () => {
    const page = await as('owner');
    await open(page);
    await check(page, '{"name": "no csv"}');
    await page.getByRole('dialog').getByRole('alert').or(page.getByRole('dialog').locator('.notice.bad')).first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('exports what the filters let through, on a phone too', async () => {
    const page = await as('owner');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByLabel('Status').selectOption({ label: 'Maintenance' });
    await total(page, 1);
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Export').click()]);
    assert.equal(download.suggestedFilename(), 'assets.csv');
    const text = readFileSync(await download.path(), 'utf8');
    assert.match(text, /"?Drill, large"?/);
    assert.doesNotMatch(text, /Lathe/);
    await open(page);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'import-phone');
  });

  it('who may not import or export sees neither', async () => {
    const page = await as('member');
    await row(page, 'Saw').waitFor();
    assert.equal(await button(page, 'Import').count(), 0);
    assert.equal(await button(page, 'Export').count(), 0);
  });
});
