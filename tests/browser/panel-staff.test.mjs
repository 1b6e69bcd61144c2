// The operator's staff: tenants, their limits and domains, looking into one; and that tenants never see each other.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http2Once, signIn as apiSignIn } from '../api/harness/client.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { act, button, enter, hold, openPanel, roomNames, row, said, signIn } from './harness/panel.mjs';

browserSuite('panel: staff', { config: { mode: 'saas' } }, ({ server, visitor, resident }) => {
  const asSuperadmin = async (path, trouble) => {
    const root = await resident('root');
    root.expectTrouble(/logo\.svg/);
    if (trouble) root.expectTrouble(trouble);
    return signIn(root, ROOT_HOST, people.superadmin, path);
  };

  it('makes a tenant, whose owner is invited; a taken name is told', async () => {
    const page = await asSuperadmin('/tenants', /status of 409/);
    await button(page, 'New tenant').click();
    await page.getByLabel('Name', { exact: true }).fill('Initech');
    await page.getByLabel('Short name').fill('acme');
    await button(page, 'Create tenant').click();
    await page.locator('.error, [role=alert]').first().waitFor();
    await page.getByLabel('Short name').fill('initech');
    await page.getByLabel(/^First owner/).fill('bill@initech.example');
    await button(page, 'Create tenant').click();
    assert.match(await page.getByLabel('Link').inputValue(), /\/invite\/tti_/);
    await button(page, 'Done').click();
    await row(page, 'Initech').waitFor();
  });

  it('limits, domains, suspending', async () => {
    const page = await asSuperadmin('/tenants');
    await page.getByRole('button', { name: 'Globex' }).first().click();
    await page.getByLabel('Users at most').fill('7');
    await button(page, 'Save').click();
    await said(page, 'Saved.');
    await page.getByRole('button', { name: 'Globex' }).first().click();
    assert.equal(await page.getByLabel('Users at most').inputValue(), '7');
    await page.getByLabel('Domain', { exact: true }).fill('kit.globex.example');
    await button(page, 'Add domain').click();
    await page.getByRole('dialog').getByText('kit.globex.example').first().waitFor();
    await page.keyboard.press('Escape');
    const token = await apiSignIn(server(), people.outsider, GLOBEX_HOST);
    const status = async () => (await http2Once(server(), { path: '/api/auth/me', host: GLOBEX_HOST, token })).status;
    await act(page, 'Globex', 'Suspend');
    await button(page.getByRole('dialog'), 'Suspend').click();
    await row(page, 'Globex').getByText('suspended').waitFor();
    assert.equal(await status(), 403);
    await act(page, 'Globex', 'Reactivate');
    await row(page, 'Globex').getByText('active').waitFor();
    assert.equal(await status(), 200);
  });

  it('chooses a plan, and sees what it allows', async () => {
    const page = await asSuperadmin('/tenants');
    await page.getByRole('button', { name: 'Globex' }).first().click();
    const dialog = page.getByRole('dialog');
    const plan = dialog.getByLabel('Plan');
    await dialog.getByText('Assets: 50 · Users: 5').waitFor();
    assert.deepEqual(await plan.getByRole('option').allTextContents(), ['free', 'pro']);
    await plan.selectOption('pro');
    await dialog.getByText('Assets: 10,000 · Users: 500').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'tenant-drawer');
    await button(page, 'Save').click();
    await row(page, 'Globex').getByText('pro').waitFor();
    await button(page, 'New tenant').click();
    await dialog.getByText('Assets: 50 · Users: 5').waitFor(); // what is not chosen is the first
    await dialog.getByLabel('Name', { exact: true }).fill('Umbrella');
    await dialog.getByLabel('Short name').fill('umbrella');
    await plan.selectOption('pro');
    await button(page, 'Create tenant').click();
    await row(page, 'Umbrella').getByText('pro').waitFor();
  });

  it('what is typed stays, whatever is read meanwhile', async () => {
    const page = await asSuperadmin('/tenants');
    const arrive = await hold(page, '**/api/tenants/acme/domains');
    await page.getByRole('button', { name: 'Acme Corporation' }).first().click();
    const domain = page.getByLabel('Domain', { exact: true });
    await domain.fill('kit.acme.example');
    arrive();
    await page.getByRole('table', { name: 'Domains' }).getByText(ACME_DOMAIN).waitFor();
    assert.equal(await domain.inputValue(), 'kit.acme.example');
    await button(page, 'Add domain').click();
    await page.getByRole('table', { name: 'Domains' }).getByText('kit.acme.example').waitFor();
    assert.equal(await domain.inputValue(), '', 'ready for the next');
  });

  it('looks into a tenant and back, with every room there', async () => {
    const page = await asSuperadmin('/overview');
    await page.getByLabel('Tenant', { exact: true }).selectOption('acme');
    await page.getByText('Acme Corporation · plan').waitFor();
    await enter(page, 'Team');
    await row(page, people.member.email).waitFor();
    await enter(page, 'Settings');
    await page.getByRole('link', { name: 'API Keys', exact: true }).click();
    await page.getByText('No API keys yet.').waitFor();
    await enter(page, 'Devices');
    await page.getByText('No devices yet.').waitFor();
    await page.getByLabel('Tenant', { exact: true }).selectOption('');
    await enter(page, 'Team');
    await row(page, people.staff.email).waitFor();
    assert.equal(await row(page, people.member.email).count(), 0);
  });

  it('staff without the list name a tenant by hand', async () => {
    const dana = await visitor();
    dana.expectTrouble(/status of 40[34]|logo\.svg/);
    const page = await signIn(dana, ROOT_HOST, people.staff, '/overview');
    assert.ok(!(await roomNames(page)).includes('Tenants'));
    await page.getByLabel('Tenant', { exact: true }).fill('acme');
    await page.keyboard.press('Enter');
    await page.getByText('Acme Corporation · plan').waitFor();
  });

  it('two tenants’ administrators, side by side, see nothing of each other', async () => {
    const [sarah, mei] = [await visitor(), await visitor()];
    const seen = { sarah: '', mei: '' };
    for (const [name, person] of Object.entries({ sarah, mei })) {
      person.expectTrouble(/logo\.svg|status of 40[134]/);
      person.context.on('response', async (reply) => {
        if (new URL(reply.url()).pathname.startsWith('/api/')) seen[name] += await reply.text().catch(() => '');
      });
    }
    const one = await signIn(sarah, ACME_HOST, people.admin);
    const two = await signIn(mei, GLOBEX_HOST, people.outsider);
    for (const room of (await roomNames(one)).filter((name) => name !== 'Overview')) {
      await enter(one, room);
      await enter(two, room);
      await one.waitForLoadState('networkidle');
      await two.waitForLoadState('networkidle');
    }
    assert.match(seen.sarah, /acme\.example/);
    assert.match(seen.mei, /globex\.example/);
    assert.doesNotMatch(seen.sarah, /globex/i);
    assert.doesNotMatch(seen.mei, /acme/i);
    // The cookie of the one is worth nothing at the other's address.
    const [cookie] = await sarah.context.cookies();
    await mei.context.clearCookies();
    await mei.context.addCookies([{ name: cookie.name, value: cookie.value, url: mei.url(GLOBEX_HOST), secure: true, httpOnly: true, sameSite: 'Strict' }]);
    const page = await openPanel(mei, GLOBEX_HOST, '/team');
    await button(page, 'Sign in').waitFor();
    assert.equal(await page.getByText('acme').count(), 0);
  });
});
