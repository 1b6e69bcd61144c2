// Every room in light and dark and on a phone: axe-core finds nothing serious, nothing runs over the edge, the keyboard
// gets everywhere.
import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { http2Once, signIn as apiSignIn } from '../api/harness/client.mjs';
import { ACME_HOST, ROOT_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { button, enter, openPanel, roomNames, row, signIn } from './harness/panel.mjs';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };

async function checkLooks(page, what) {
  await page.locator('main').first().waitFor();
  await page.waitForFunction(() => !document.querySelector('.bone, [aria-busy=true], [aria-label=Loading]'));
  assert.deepEqual(await seriousIssues(page), [], what);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${what} runs ${over} pixels over the edge`);
  const broken = await page.evaluate(() => [...document.images].filter((image) => image.complete && !image.naturalWidth).map(({ src }) => src));
  assert.deepEqual(broken, [], `${what}: pictures that do not load`);
}

const slug = (name) => name.toLowerCase().replace(/\W+/g, '-');

browserSuite('panel: looks', {}, ({ server, visitor, resident }) => {
  // A conversation of two messages, and a booking: rooms with something in them.
  before(async () => {
    const token = await apiSignIn(server(), people.owner, ACME_HOST);
    const make = async (path, json) => {
      const reply = await http2Once(server(), { path, host: ACME_HOST, token, json });
      assert.equal(reply.status, 201, reply.text);
      return reply.json;
    };
    const contact = await make('/api/contacts', { firstName: 'Dana', lastName: 'Whitfield', company: 'Whitfield Partners' });
    const conversation = await make('/api/conversations', { contactId: contact.id, subject: 'Offer for ten laptops' });
    for (const direction of ['outbound', 'inbound']) await make(`/api/conversations/${conversation.id}/messages`, { direction, body: 'As we said on the telephone.' });
    const { data: space } = await make('/api/spaces', { name: 'Meeting room 1' });
    const at = (hour) => new Date(new Date().setHours(hour, 0, 0, 0)).toISOString();
    await make('/api/bookings', { title: 'Board meeting', space_id: space.id, starts_at: at(10), ends_at: at(11) });
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`every room in ${colorScheme} colours`, async () => {
      const olivia = await resident(colorScheme, { colorScheme });
      olivia.expectTrouble(/logo\.svg/);
      const gate = await openPanel(olivia, ACME_HOST);
      await button(gate, 'Sign in').waitFor();
      await checkLooks(gate, `sign-in, ${colorScheme}`);
      await shoot(gate, `sign-in-${colorScheme}`);
      const page = await signIn(olivia, ACME_HOST, people.owner);
      for (const room of await roomNames(page)) {
        await enter(page, room);
        await checkLooks(page, `${room}, ${colorScheme}`);
        await shoot(page, `${slug(room)}-${colorScheme}`);
        for (const tab of await page.locator('.tabs a').allTextContents()) {
          await page.locator('.tabs').getByRole('link', { name: tab }).click();
          await checkLooks(page, `${room}: ${tab}, ${colorScheme}`);
          await shoot(page, `${slug(room)}-${slug(tab)}-${colorScheme}`);
        }
      }
    });

    it(`dialogs and drawers in ${colorScheme} colours`, async () => {
      const olivia = await resident(colorScheme, { colorScheme });
      olivia.expectTrouble(/logo\.svg/);
      const page = await signIn(olivia, ACME_HOST, people.owner, '/team/roles');
      await button(page, 'New role').click();
      await page.getByRole('checkbox', { name: /team\.view/ }).waitFor();
      await checkLooks(page, `role drawer, ${colorScheme}`);
      await shoot(page, `role-drawer-${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.goto(olivia.url(ACME_HOST, '/panel/#/settings/api-keys'));
      await button(page, 'New key').click();
      await page.getByLabel('Name', { exact: true }).waitFor();
      await checkLooks(page, `key drawer, ${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.goto(olivia.url(ACME_HOST, '/panel/#/contacts/conversations'));
      await button(page, 'Offer for ten laptops').click();
      await page.getByRole('list', { name: 'Messages' }).getByText('From them').waitFor();
      await checkLooks(page, `conversation, ${colorScheme}`);
      await shoot(page, `conversation-${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.goto(olivia.url(ACME_HOST, '/panel/#/bookings'));
      await page.getByRole('button', { name: /Board meeting/ }).click();
      await checkLooks(page, `booking, ${colorScheme}`);
      await shoot(page, `booking-${colorScheme}`);
      await page.keyboard.press('Escape');
      await page.goto(olivia.url(ACME_HOST, '/panel/#/team'));
      await row(page, people.member.email).getByRole('button', { name: /^Actions/ }).click();
      await checkLooks(page, `menu, ${colorScheme}`);
      await page.getByRole('menuitem', { name: 'Suspend' }).click();
      await checkLooks(page, `question, ${colorScheme}`);
    });

    it(`the operator’s rooms in ${colorScheme} colours`, async () => {
      const root = await resident(colorScheme, { colorScheme });
      const page = await signIn(root, ROOT_HOST, people.superadmin);
      await enter(page, 'Tenants');
      await row(page, 'Globex').waitFor();
      await checkLooks(page, `tenants, ${colorScheme}`);
      await shoot(page, `tenants-${colorScheme}`);
      await page.getByRole('button', { name: 'Globex' }).first().click();
      await page.getByLabel('Users at most').waitFor();
      await checkLooks(page, `tenant, ${colorScheme}`);
      await shoot(page, `tenant-${colorScheme}`);
    });
  }

  it('on a phone', async () => {
    const olivia = await visitor(phone);
    olivia.expectTrouble(/logo\.svg/);
    const page = await openPanel(olivia, ACME_HOST);
    await page.getByLabel('Email').fill(people.owner.email);
    await page.getByLabel('Password').fill(people.owner.password);
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const open = () => button(page, 'Open the menu').click();
    await open();
    await shoot(page, 'menu-phone');
    const names = await roomNames(page);
    await button(page, 'Close the menu').click();
    for (const room of names) {
      await open();
      await enter(page, room);
      await checkLooks(page, `${room} on a phone`);
      const cut = await page.evaluate(() => [...document.querySelectorAll('.table-box')].filter((box) => box.scrollWidth > box.clientWidth).length);
      assert.equal(cut, 0, `${room}: every column of a table is seen on a phone`);
      await shoot(page, `${slug(room)}-phone`);
    }
  });

  it('with the keyboard alone', async () => {
    const olivia = await visitor();
    olivia.expectTrouble(/logo\.svg/);
    const page = await openPanel(olivia, ACME_HOST);
    await page.getByLabel('Email').focus();
    await page.keyboard.type(people.owner.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(people.owner.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
    await page.getByRole('link', { name: 'Team', exact: true }).focus();
    await page.keyboard.press('Enter');
    await row(page, people.member.email).waitFor();
    await row(page, people.member.email).getByRole('button', { name: /^Actions/ }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /Why can they/);
    await page.keyboard.press('Escape');
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Actions for Lena/);
    await page.keyboard.press('Enter');
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('Enter'); // Change role
    await page.getByRole('dialog').getByLabel('Role').waitFor();
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      const outside = await page.evaluate(() => document.activeElement !== document.body && !document.activeElement.closest('dialog'));
      assert.ok(!outside, 'the focus stays in the dialog');
    }
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
