// Signing in and out of the panel, and what is one's own.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { signIn as apiSignIn } from '../api/harness/client.mjs';
import { ACME_HOST, ROOT_HOST, people } from '../api/harness/world.mjs';
import { browserSuite } from './harness/browser.mjs';
import { button, fillIn, openPanel, roomNames, row, said, signIn, signInByHand } from './harness/panel.mjs';

browserSuite('panel: account', {}, ({ server, visitor }) => {
  it('shows the branding, refuses a wrong password, and comes back to where one was', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/status of 401.*\/api\/auth\/session/);
    sarah.expectTrouble(/logo\.svg/); // the tenant's logo is on a host of its own
    const page = await openPanel(sarah, ACME_HOST, '/audit');
    await page.getByRole('heading', { name: 'Acme Corporation' }).waitFor();
    assert.match(await page.title(), /^Acme Corporation/);
    await fillIn(page, { ...people.admin, password: 'not-the-password' });
    await page.getByRole('alert').filter({ hasText: 'Incorrect email or password' }).waitFor();
    await fillIn(page, people.admin);
    await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Audit log' }).waitFor();
    assert.equal(await page.title(), 'Audit log · Acme Corporation');
  });

  it('a session that ended elsewhere leads to sign-in and back', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/status of 401|logo\.svg/);
    const page = await signIn(sarah, ACME_HOST, people.admin, '/team');
    await row(page, people.viewer.email).waitFor();
    await sarah.context.clearCookies();
    await page.getByRole('link', { name: 'Overview', exact: true }).click();
    await page.getByText('Your session has ended').waitFor();
    await fillIn(page, people.admin);
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  });

  it('shows no room that one may not enter', async () => {
    const names = {};
    for (const who of ['owner', 'member', 'viewer']) {
      const person = await visitor();
      person.expectTrouble(/logo\.svg/);
      const page = await signIn(person, ACME_HOST, people[who]);
      names[who] = await roomNames(page);
      await page.goto(person.url(ACME_HOST, '/panel/#/audit'));
      await page.getByRole('heading', { level: 1, name: who === 'owner' ? 'Audit log' : 'Overview' }).or(page.getByText('There is nothing here')).first().waitFor();
    }
    assert.ok(names.owner.includes('Audit log') && names.owner.includes('Team'), names.owner);
    assert.ok(!names.viewer.includes('Audit log') && !names.member.includes('Audit log'), names.viewer);
  });

  it('changes the password, which ends other sessions; ends one session; signs out everywhere', async () => {
    const lena = await visitor();
    lena.expectTrouble(/status of 4\d\d|logo\.svg/);
    const elsewhere = await apiSignIn(server(), people.member, ACME_HOST);
    const page = await signInByHand(lena, ACME_HOST, people.member, '/account');
    const form = page.getByRole('region', { name: 'Password' });
    await form.getByLabel('Current password').fill('not-the-password');
    await form.getByLabel('New password').fill('quiet-harbour-58');
    await button(form, 'Change password').click();
    await form.getByText('The current password is incorrect.').waitFor();
    await form.getByLabel('Current password').fill(people.member.password);
    await form.getByLabel('New password').fill('password');
    await button(form, 'Change password').click();
    await form.locator('.error').waitFor();
    await form.getByLabel('New password').fill('quiet-harbour-58');
    await button(form, 'Change password').click();
    await said(page, 'Your password is changed');
    await page.reload();
    const table = page.getByRole('table', { name: 'Your sessions' });
    await table.getByText('this one').waitFor();
    assert.equal(await table.getByRole('row').count(), 2, 'the head and this session');
    assert.ok(elsewhere);

    const phone = await visitor();
    phone.expectTrouble(/status of 401|logo\.svg/);
    const there = await signIn(phone, ACME_HOST, { ...people.member, password: 'quiet-harbour-58' }, '/account');
    await page.reload();
    assert.equal(await table.getByRole('row').count().then(async () => { await table.getByRole('row').nth(2).waitFor(); return table.getByRole('row').count(); }), 3);
    await button(page, 'Sign out everywhere').click();
    await button(page.getByRole('dialog'), 'Sign out everywhere').click();
    await button(page, 'Sign in').waitFor();
    await there.reload();
    await button(there, 'Sign in').waitFor();
  });

  it('leads a customer at the operator’s address to their own', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/status of 40[13]|logo\.svg/);
    const page = await openPanel(sarah, ROOT_HOST);
    await fillIn(page, people.admin);
    await page.getByLabel('Your organisation').fill('acme');
    await button(page, 'Go there').click();
    await page.getByRole('heading', { name: 'Acme Corporation' }).waitFor();
    assert.equal(new URL(page.url()).hostname, ACME_HOST);
  });
});
