// Assets with everything around them, and contacts.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http2Once, signIn as apiSignIn } from '../api/harness/client.mjs';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { act, button, hold, row, said, signIn } from './harness/panel.mjs';

browserSuite('panel: records', {}, ({ server, resident }) => {
  const as = async (who, path, trouble) => {
    const person = await resident(who);
    person.expectTrouble(/logo\.svg/);
    if (trouble) person.expectTrouble(trouble);
    return signIn(person, ACME_HOST, people[who], path);
  };
  const create = async (page, what, fields) => {
    await button(page, `New ${what}`).first().click();
    for (const [label, value] of Object.entries(fields)) {
      const field = page.getByRole('dialog').getByLabel(label, { exact: false }).first();
      if (await field.evaluate((element) => element.tagName === 'SELECT')) await field.selectOption({ label: value });
      else await field.fill(value);
    }
    await button(page, `Create ${what}`).click();
    await said(page, `The ${what} is there.`);
  };

  it('makes the kinds around assets; a name that is taken is told', async () => {
    const page = await as('owner', '/assets/categories', /status of 409/);
    await create(page, 'category', { Name: 'Laptops' });
    await button(page, 'New category').first().click();
    await page.getByLabel('Name', { exact: true }).fill('Laptops');
    await button(page, 'Create category').click();
    await page.locator('.error, [role=alert]').first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Locations' }).click();
    await create(page, 'location', { Name: 'Berlin' });
    await page.getByRole('link', { name: 'Employees' }).click();
    await create(page, 'employee', { Name: 'Ann Smith', Email: 'ann@acme.example' });
    await row(page, 'Ann Smith').getByText('active').waitFor();
  });

  it('makes, finds, sorts and changes assets', async () => {
    const page = await as('owner', '/assets');
    await create(page, 'asset', { Name: 'MacBook Pro 14', Category: 'Laptops', Location: 'Berlin' });
    await create(page, 'asset', { Name: 'Projector', Tag: 'PRJ-1' });
    await create(page, 'asset', { Name: 'Docking station' });
    await page.getByRole('button', { name: /^Asset/ }).click();
    await page.locator('th[aria-sort=descending]').waitFor();
    await page.waitForFunction(() => /Projector/.test(document.querySelector('tbody tr')?.textContent ?? ''));
    await page.getByLabel('Search assets').pressSequentially('macb');
    await row(page, 'Projector').waitFor({ state: 'detached' });
    await page.getByLabel('Search assets').fill('macbook ');
    await page.waitForURL(/q=macbook$/);
    assert.equal(await page.getByLabel('Search assets').inputValue(), 'macbook ', 'a word may follow');
    await row(page, 'Projector').waitFor({ state: 'detached' });
    await page.getByLabel('Search assets').fill('');
    await page.getByLabel('Status').selectOption('available'); // while the search still waits for the typing to end
    await row(page, 'Projector').waitFor();
    assert.match(page.url(), /status=available/);
    await page.getByLabel('Category').selectOption({ label: 'Laptops' });
    await row(page, 'Projector').waitFor({ state: 'detached' });
    assert.equal(await page.getByText('1 in all').count(), 1);
    await page.getByRole('button', { name: /^MacBook/ }).click();
    await page.getByLabel('Serial number').fill('C02XK1ABCD');
    await page.getByLabel('Purchase date').fill('2026-03-02');
    await button(page, 'Save').click();
    await said(page, 'Saved.');
    await page.getByRole('button', { name: /^MacBook/ }).click();
    assert.equal(await page.getByLabel('Serial number').inputValue(), 'C02XK1ABCD');
    assert.equal(await page.getByLabel('Purchase date').inputValue(), '2026-03-02');
  });

  it('checks out to a person picked by typing, and in again, with its history', async () => {
    const page = await as('owner', '/assets', /status of 4(22|09)/);
    await act(page, 'Projector', 'Check out');
    await button(page, 'Check out').click();
    await page.locator('.field.wrong').first().waitFor().catch(() => {});
    await page.getByLabel('To whom').fill('ann');
    await page.getByRole('option', { name: 'Ann Smith' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Due back').fill('2026-12-24T12:00');
    await button(page, 'Check out').click();
    await row(page, 'Projector').getByText('Checked out').waitFor();
    await row(page, 'Projector').getByText('Ann Smith').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'assets-out');
    await act(page, 'Projector', 'Check in');
    await page.getByLabel('Condition').fill('Good');
    await button(page, 'Check in').click();
    await row(page, 'Projector').getByText('Available').waitFor();
    await page.getByRole('button', { name: /^Projector/ }).click();
    await page.locator('.history').getByText('Checked in').waitFor();
    await page.locator('.history').getByText('Checked out').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
  });

  it('prints labels, and a telephone that reads one lands at the asset', async () => {
    const page = await as('owner', '/assets');
    await act(page, 'Projector', 'QR code');
    const code = page.getByRole('img', { name: 'QR code of PRJ-1' });
    await code.waitFor();
    assert.ok(await code.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)));
    const id = (await code.getAttribute('src')).match(/assets\/(\d+)\/qr/)[1];
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Labels' }).click();
    const labels = page.getByRole('list', { name: 'Labels' });
    await labels.getByText('PRJ-1').waitFor();
    assert.equal(await labels.getByRole('listitem').count(), 3);
    await shoot(page, 'labels');
    const places = await labels.getByRole('listitem').evaluateAll((items) => items.map((item) => {
      const [above, below] = [item.querySelector('img'), item.querySelector('span')].map((part) => part.getBoundingClientRect());
      return below.top >= above.bottom;
    }));
    assert.deepEqual(places, [true, true, true], 'tag and name stand under each code');
    const sheet = await page.pdf();
    assert.ok(sheet.length > 2000);
    const telephone = await as('owner', `/assets?id=${id}`);
    await telephone.getByRole('dialog').getByText('History').waitFor();
    assert.equal(await telephone.getByRole('dialog').getByLabel('Tag').inputValue(), 'PRJ-1');
  });

  it('deletes after asking; a viewer only looks', async () => {
    const page = await as('owner', '/assets');
    await act(page, 'Docking station', 'Delete');
    await button(page.getByRole('dialog'), 'Delete').click();
    await row(page, 'Docking station').waitFor({ state: 'detached' });
    const other = await as('viewer', '/assets');
    await row(other, 'Projector').waitFor();
    assert.equal(await button(other, 'New asset').count(), 0);
    await row(other, 'Projector').getByRole('button', { name: /^Actions/ }).click();
    assert.deepEqual(await other.getByRole('menuitem').allTextContents(), ['Show', 'QR code']);
  });

  it('contacts: make, change, find; each sees their own', async () => {
    const page = await as('owner', '/contacts/departments');
    await create(page, 'department', { Name: 'Field sales' });
    await page.getByRole('link', { name: 'Contacts', exact: true }).last().click();
    await create(page, 'contact', { 'First name': 'Dana', 'Last name': 'Whitfield', Company: 'Whitfield Partners', Department: 'Field sales' });
    await page.getByRole('button', { name: /^.*Dana Whitfield/ }).first().click();
    await page.getByRole('dialog').getByLabel('Status').selectOption({ label: 'Customer' });
    await button(page, 'Save').click();
    await row(page, 'Dana Whitfield').getByText('customer').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    const lena = await as('member', '/contacts');
    await lena.getByText('No contacts yet.').waitFor();
  });

  it('assigns a contact to somebody of a department, who sees it from then on', async () => {
    const ask = async (path, more = {}) => {
      const reply = await http2Once(server(), { path, host: ACME_HOST, ...more });
      assert.ok(reply.status < 300, reply.text);
      return reply.json;
    };
    const token = await apiSignIn(server(), people.owner, ACME_HOST);
    const { user } = await ask('/api/auth/login', { json: { email: people.member.email, password: people.member.password } });
    const { data: [department] } = await ask('/api/departments', { token });
    await ask(`/api/departments/${department.id}/members/${user.id}`, { method: 'PUT', token });
    const page = await as('owner', '/contacts');
    const open = () => page.getByRole('button', { name: /^.*Dana Whitfield/ }).first().click();
    const assigned = page.getByRole('dialog').getByLabel('Assigned to');
    await open();
    await assigned.selectOption({ label: people.member.name });
    await button(page, 'Save').click();
    await said(page, 'Saved.');
    await open();
    assert.equal(await assigned.inputValue(), user.id);
    const lena = await as('member', '/contacts');
    await row(lena, 'Dana Whitfield').waitFor();
    await assigned.selectOption('');
    await button(page, 'Save').click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await lena.reload();
    await lena.getByText('No contacts yet.').waitFor();
  });

  it('conversations: open one, write in it, find it at its contact', async () => {
    const page = await as('owner', '/contacts/conversations');
    await button(page, 'New conversation').first().click();
    await page.getByRole('dialog').getByLabel('Contact').fill('dana');
    await page.getByRole('option', { name: 'Dana Whitfield' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByLabel('Subject').fill('Offer for ten laptops');
    await button(page, 'Create conversation').click();
    await said(page, 'The conversation is there.');
    await page.getByRole('link', { name: 'Contacts', exact: true }).last().click();
    await page.getByRole('button', { name: /^.*Dana Whitfield/ }).first().click();
    await page.getByRole('dialog').getByRole('link', { name: 'Offer for ten laptops' }).click();
    const message = page.getByLabel('Message', { exact: true });
    const messages = page.getByRole('list', { name: 'Messages' });
    await page.getByRole('dialog').getByText('No messages yet.').waitFor();
    await message.fill('The offer is on its way.');
    await button(page, 'Add message').click();
    await messages.getByText('The offer is on its way.').waitFor();
    await page.getByRole('heading', { name: 'Messages 1' }).waitFor();
    await page.locator('tbody tr', { hasText: 'Offer for ten laptops' }).locator('td').nth(3).filter({ hasText: /^1$/ }).waitFor();
    assert.equal(await message.inputValue(), '', 'ready for the next');
    const arrive = await hold(page, '**/api/conversations/*/messages?*');
    await message.fill('They ask for twelve.');
    await page.getByLabel('Direction').selectOption('From them');
    await button(page, 'Add message').click();
    await page.getByRole('heading', { name: 'Messages 2' }).waitFor();
    await message.fill('Half a sentence');
    arrive();
    await messages.getByText('They ask for twelve.').waitFor();
    assert.match(await messages.getByRole('listitem').first().textContent(), /^From them.*They ask for twelve/, 'the newest first');
    assert.equal(await message.inputValue(), 'Half a sentence');
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'conversation');
  });
});
