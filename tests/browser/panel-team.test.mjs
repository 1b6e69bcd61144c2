// Members, invitations, roles, and why somebody may or may not.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { me, signIn as apiSignIn } from '../api/harness/client.mjs';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite } from './harness/browser.mjs';
import { act, button, enter, row, said, signIn } from './harness/panel.mjs';

const LOGO = /logo\.svg/; // on a host of its own

browserSuite('panel: team', {}, ({ server, resident }) => {
  const asOwner = async (path, trouble) => {
    const olivia = await resident('olivia');
    olivia.expectTrouble(LOGO);
    if (trouble) olivia.expectTrouble(trouble);
    return signIn(olivia, ACME_HOST, people.owner, path);
  };

  it('searches, changes a role, suspends, reactivates, removes', async () => {
    const page = await asOwner('/team');
    const token = await apiSignIn(server(), people.viewer, ACME_HOST);
    await page.getByLabel('Search members').fill('paul');
    await page.getByText(people.member.email).waitFor({ state: 'detached' });
    await act(page, people.viewer.email, 'Change role');
    await page.getByLabel('Role', { exact: true }).last().selectOption('member');
    await button(page, 'Change role').click();
    await said(page, 'has another role');
    assert.equal((await me(server(), token, ACME_HOST)).json.role, 'client_user');
    await act(page, people.viewer.email, 'Suspend');
    await button(page.getByRole('dialog'), 'Suspend').click();
    await row(page, people.viewer.email).getByText('suspended').waitFor();
    assert.equal((await me(server(), token, ACME_HOST)).status, 403);
    await act(page, people.viewer.email, 'Reactivate');
    await row(page, people.viewer.email).getByText('active').waitFor();
    assert.equal((await me(server(), token, ACME_HOST)).status, 200);
    await act(page, people.viewer.email, 'Remove');
    await button(page.getByRole('dialog'), 'Cancel').click();
    await act(page, people.viewer.email, 'Remove');
    await button(page.getByRole('dialog'), 'Remove').click();
    await page.getByText('Nobody fits.').waitFor();
    assert.equal((await me(server(), token, ACME_HOST)).status, 401);
  });

  it('says in the server’s words why the last owner stays', async () => {
    const page = await asOwner('/team', /status of 422/);
    await act(page, people.owner.email, 'Remove');
    await button(page.getByRole('dialog'), 'Remove').click();
    await page.locator('.toast.bad').waitFor();
    await row(page, people.owner.email).waitFor();
  });

  it('invites, sends again, cancels', async () => {
    const page = await asOwner('/team/invitations');
    await button(page, 'Invite').click();
    await page.getByLabel('Email').fill('newcomer@acme.example');
    await button(page, 'Send invitation').click();
    const link = page.getByLabel('Link');
    const first = await link.inputValue();
    assert.match(first, /^https:\/\/.*\/invite\/tti_/);
    await button(page, 'Done').click();
    await act(page, 'newcomer@acme.example', 'Send again');
    assert.notEqual(await link.inputValue(), first);
    await button(page, 'Done').click();
    await act(page, 'newcomer@acme.example', 'Cancel');
    await button(page.getByRole('dialog'), 'Cancel invitation').click();
    await page.getByText('No invitation is pending.').waitFor();
  });

  it('tells an address that is a member already under its field', async () => {
    const page = await asOwner('/team/invitations', /status of 422/);
    await button(page, 'Invite').click();
    await page.getByLabel('Email').fill(people.admin.email);
    await button(page, 'Send invitation').click();
    await page.locator('.field.wrong .error').waitFor();
  });

  it('makes, changes and deletes a role; system roles are shown', async () => {
    const page = await asOwner('/team/roles');
    await page.getByRole('button', { name: 'Admin', exact: true }).click();
    await page.getByText('A system role').waitFor();
    assert.ok(await page.getByRole('checkbox', { name: /team\.view/ }).isDisabled());
    await page.keyboard.press('Escape');
    await button(page, 'New role').click();
    await page.getByLabel('Name', { exact: true }).fill('Front desk');
    await page.getByRole('checkbox', { name: /assets\.view/ }).check();
    await page.getByRole('checkbox', { name: /^team \(all\)/ }).check();
    await button(page, 'Make role').click();
    await act(page, 'Front desk', 'Show or change');
    assert.ok(await page.getByRole('checkbox', { name: /team\.invite/ }).isChecked());
    await page.getByRole('checkbox', { name: /^team \(all\)/ }).uncheck();
    await button(page, 'Save').click();
    await said(page, 'The role is changed');
    await act(page, 'Front desk', 'Delete');
    await button(page.getByRole('dialog'), 'Delete').click();
    await row(page, 'Front desk').waitFor({ state: 'detached' });
  });

  it('explains why', async () => {
    const page = await asOwner('/team');
    await act(page, people.member.email, 'Why can they');
    await page.getByLabel('Permission', { exact: true }).selectOption('assets.export');
    await button(page, 'Explain').click();
    await page.getByText('The role member does not grant assets.export.').waitFor();
    await page.getByText('not allowed').waitFor();
    await page.getByLabel('Permission', { exact: true }).selectOption('assets.view');
    await button(page, 'Explain').click();
    await page.locator('.verdict.good').waitFor();
    await enter(page, 'Overview');
  });
});
