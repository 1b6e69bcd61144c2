// What a tenant's administrators set: branding, domains, keys, devices; and the audit log of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { http2Once } from '../api/harness/client.mjs';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { act, button, enter, row, said, signIn } from './harness/panel.mjs';

browserSuite('panel: settings', {}, ({ server, visitor, resident }) => {
  const asOwner = async (path, trouble) => {
    const olivia = await resident('olivia');
    olivia.expectTrouble(/logo\.svg/);
    if (trouble) olivia.expectTrouble(trouble);
    return signIn(olivia, ACME_HOST, people.owner, path);
  };

  it('previews branding while one types, keeps it, and says what is wrong', async () => {
    const page = await asOwner('/settings', /status of 4(00|22)/);
    const preview = page.getByRole('region', { name: 'Preview' });
    await page.getByLabel('Name', { exact: true }).fill('Acme Industries');
    await preview.getByText('Acme Industries').waitFor({ state: 'attached' });
    await page.getByLabel('Logo').fill('');
    await page.getByLabel(/^Accent colour \(/).fill('#ffff00');
    await preview.getByText('This colour is too light').waitFor();
    await button(page, 'Save').click();
    await page.locator('.error').waitFor();
    await page.getByLabel(/^Accent colour \(/).fill('#2b6cb0');
    await page.getByLabel('Who may register').selectOption('closed');
    await button(page, 'Save').click();
    await said(page, 'Saved.');
    await page.locator('.side').getByText('Acme Industries').waitFor();
    const branding = await http2Once(server(), { path: '/api/public/branding', host: ACME_HOST });
    assert.deepEqual(branding.json, { tenant_name: 'Acme Industries', logo_url: null, accent_colour: '#2b6cb0' });
  });

  it('adds and removes domains', async () => {
    const page = await asOwner('/settings/domains', /status of 4(00|22|09)/);
    const domain = page.getByLabel('Domain', { exact: true });
    await domain.fill('not a domain');
    await button(page, 'Add domain').click();
    await page.locator('.error, [role=alert]').first().waitFor();
    await domain.fill('kit.acme.example');
    await button(page, 'Add domain').click();
    await row(page, 'kit.acme.example').waitFor();
    await act(page, 'kit.acme.example', 'Remove');
    await button(page.getByRole('dialog'), 'Remove').click();
    await row(page, 'kit.acme.example').waitFor({ state: 'detached' });
  });

  it('an API key is shown once, works as its scopes say, is rotated and revoked', async () => {
    const page = await asOwner('/overview');
    await enter(page, 'Settings');
    await page.getByRole('link', { name: 'API Keys', exact: true }).click();
    await button(page, 'New key').click();
    await page.getByLabel('Name', { exact: true }).fill('Night import');
    await page.locator('small[id$="-team.view"]:not(:empty)').waitFor();
    await page.getByRole('checkbox', { name: 'team.view' }).check();
    await button(page, 'Create key').click();
    const token = await page.getByLabel('API key', { exact: true }).inputValue();
    assert.match(token, /^tth_/);
    const team = (key) => http2Once(server(), { path: '/api/v1/team', host: ACME_HOST, token: key });
    assert.equal((await team(token)).status, 200);
    assert.equal((await http2Once(server(), { path: '/api/v1/audit', host: ACME_HOST, token })).status, 403);
    await button(page, 'I have copied it').click();
    await row(page, 'Night import').waitFor();
    assert.ok(!(await page.content()).includes(token), 'never again');
    await act(page, 'Night import', 'Rotate');
    await page.getByLabel('The old secret ends').selectOption('0');
    await button(page, 'Rotate').click();
    const next = await page.getByLabel('API key', { exact: true }).inputValue();
    await button(page, 'I have copied it').click();
    assert.deepEqual([(await team(token)).status, (await team(next)).status], [401, 200]);
    await act(page, 'Night import', 'Change');
    await page.getByRole('checkbox', { name: 'team.view' }).uncheck();
    await page.getByRole('checkbox', { name: 'audit.view' }).check();
    await button(page, 'Save').click();
    await said(page, 'The key is changed');
    assert.equal((await team(next)).status, 403);
    await act(page, 'Night import', 'Revoke');
    await button(page.getByRole('dialog'), 'Revoke').click();
    await page.getByText('No API keys yet.').waitFor();
    assert.equal((await team(next)).status, 401);
  });

  it('pairs a screen by the code of its QR code, changes what it shows, unpairs it', async () => {
    const asked = await http2Once(server(), { method: 'POST', path: '/api/public/displays/pairings', host: ACME_HOST });
    const { verification_uri_complete: uri, poll_token: poll } = asked.json.data;
    const page = await asOwner(new URL(uri).hash.slice(1));
    await page.getByLabel('Name', { exact: true }).fill('Lobby');
    await button(page, 'Pair').click();
    await row(page, 'Lobby').getByText('waiting').waitFor();
    const polled = await http2Once(server(), { path: `/api/public/displays/pairings/${poll}`, host: ACME_HOST });
    const state = () => http2Once(server(), { path: `/api/displays/state/${polled.json.data.device_token}`, host: ACME_HOST });
    assert.equal((await state()).status, 200);
    await page.reload();
    await row(page, 'Lobby').getByText('online').waitFor();
    await act(page, 'Lobby', 'Change');
    await page.getByLabel('Heading').fill('Welcome');
    await button(page, 'Save').click();
    await row(page, 'Welcome').waitFor();
    assert.equal((await state()).json.data.content.heading, 'Welcome');
    await act(page, 'Lobby', 'Unpair');
    await button(page.getByRole('dialog'), 'Unpair').click();
    await page.getByText('No devices yet.').waitFor();
    assert.equal((await state()).status, 401);
    await button(page, 'Pair by QR').click();
    await page.getByLabel('Name', { exact: true }).fill('Hall');
    await button(page, 'Make a code').click();
    await page.getByRole('img', { name: 'QR code of the link' }).waitFor();
    assert.match(await page.getByLabel('Link').inputValue(), /\/display#/);
  });

  it('a screen’s link opens its code on a page that is open already, each time', async () => {
    const { json: { data } } = await http2Once(server(), { method: 'POST', path: '/api/public/displays/pairings', host: ACME_HOST });
    const page = await asOwner('/overview');
    const { hash } = new URL(data.verification_uri_complete);
    const follow = () => page.evaluate((next) => { location.hash = next; }, hash);
    const brought = async () => `#/settings/devices?code=${await page.getByLabel('Code on the screen').inputValue()}`;
    await follow();
    assert.equal(await brought(), hash);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    assert.doesNotMatch(page.url(), /code=/);
    await follow();
    assert.equal(await brought(), hash);
    await page.getByLabel('Name', { exact: true }).fill('Foyer');
    await button(page, 'Pair').click();
    await row(page, 'Foyer').waitFor();
    await act(page, 'Foyer', 'Unpair');
    await button(page.getByRole('dialog'), 'Unpair').click();
    await row(page, 'Foyer').waitFor({ state: 'detached' });
  });

  it('pairs a screen by a link, on the screen itself', async () => {
    const page = await asOwner('/settings/devices');
    await button(page, 'Pair by QR').click();
    await page.getByLabel('Name', { exact: true }).fill('Canteen');
    await button(page, 'Make a code').click();
    const link = new URL(await page.getByLabel('Link').inputValue());
    const code = page.getByRole('img', { name: 'QR code of the link' });
    assert.ok(await code.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)));
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'device-link');
    await button(page, 'Done').click();
    await row(page, 'Canteen').getByText('waiting').waitFor();
    const screen = await visitor();
    const shown = await screen.open(ACME_HOST, link.pathname + link.hash);
    await shown.getByRole('heading', { name: 'Canteen', exact: true }).waitFor();
    await page.reload();
    await row(page, 'Canteen').getByText('online').waitFor();
    await act(page, 'Canteen', 'Pair another screen in its place');
    assert.notEqual(await page.getByLabel('Link').inputValue(), link.href);
  });

  it('finds all of it in the audit log, with what was before, and exports it', async () => {
    const page = await asOwner('/audit');
    await page.getByLabel('Search the log').fill('domain.released');
    await row(page, 'tenant.updated').waitFor({ state: 'detached' });
    await row(page, 'domain.released').getByRole('button').click();
    await page.getByText('kit.acme.example').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Search the log').fill('');
    await page.getByLabel('Kind').selectOption('tenant');
    await row(page, 'tenant.updated').getByRole('button').click();
    await page.getByRole('dialog').getByText('Acme Industries').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Kind').selectOption('');
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Export').click()]);
    const lines = readFileSync(await download.path(), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.length > 10);
    assert.ok(lines.every(({ hash }) => hash.length === 64));
    await enter(page, 'Overview');
    await page.getByRole('img', { name: /^Sign-ins and refusals/ }).waitFor();
  });
});
