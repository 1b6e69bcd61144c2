// The public pages as visitors use them: register, look at the ticket, come in, cancel; on a telephone, with a keyboard, in
// the dark.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http2Once, signIn } from '../api/harness/client.mjs';
import { ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';

const HOUR = 3_600_000;
const soon = (ms) => new Date(Date.now() + ms).toISOString();
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

browserSuite('public pages', {}, ({ server, visitor }) => {
  let token;
  const made = async (path, json) => {
    token ??= await signIn(server(), people.owner, ACME_HOST);
    const reply = await http2Once(server(), { method: 'POST', path: `/api${path}`, token, json });
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
  };
  const newEvent = (more) => made('/events', {
    title: 'Soldering for beginners', description: 'Bring nothing but curiosity.\n<b>Not bold.</b>', location: 'Workshop, ground floor',
    starts_at: soon(2 * HOUR), ends_at: soon(4 * HOUR), capacity: 12, is_published: true, ...more,
  });
  // A visitor whose browser cannot fetch the tenant's logo, which is on a host that is not here.
  const somebody = async (options) => {
    const person = await visitor(options);
    person.expectTrouble(/logo\.svg/);
    return person;
  };
  const fits = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the page');
  const register = async (page, quantity = '1') => {
    await page.getByLabel('Name').fill('Jane Smith');
    await page.getByLabel('Email').fill('jane@example.com');
    await page.getByLabel('For how many').fill(quantity);
  };

  it('an event is found, registered for, and its ticket shown, used and kept', async () => {
    const { id } = await newEvent();
    const jane = await somebody();
    const page = await jane.open(ACME_HOST, '/events');
    await page.getByRole('link', { name: 'Soldering for beginners' }).waitFor();
    assert.equal(await page.locator('#brand').textContent(), 'Acme Corporation');
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-events');
    await page.getByRole('link', { name: 'Soldering for beginners' }).click();
    await page.getByRole('heading', { name: 'Register' }).waitFor();
    assert.ok(page.url().endsWith(`/events/${id}`));
    await page.getByText('<b>Not bold.</b>').waitFor(); // text is text
    await register(page, '2');
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-event', { fullPage: true });
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('You are registered.').waitFor();
    await page.getByRole('link', { name: 'Show the ticket' }).click();
    await page.getByText('Confirmed').waitFor();
    await page.getByRole('img', { name: 'QR code of this ticket' }).waitFor();
    assert.ok(await page.evaluate(async () => { const qr = document.getElementById('qr'); await qr.decode(); return qr.naturalWidth > 0; }));
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-portal');

    const link = page.url();
    const kiosk = await somebody();
    kiosk.expectTrouble(/status of 40[49]/);
    const door = await kiosk.open(ACME_HOST, '/check-in');
    assert.ok(await door.evaluate(() => document.activeElement.name === 'code'), 'a scanner can type at once');
    await door.keyboard.type(link);
    await door.keyboard.press('Enter');
    await door.getByText('Welcome, Jane S., and 1 more! Soldering for beginners').waitFor();
    await shoot(door, 'public-check-in');
    await door.keyboard.type(link.split('/').at(-1));
    await door.keyboard.press('Enter');
    await door.getByText('Checked in already').waitFor();
    await door.keyboard.type('nothing');
    await door.keyboard.press('Enter');
    await door.getByText('This code is not known here.').waitFor();
    assert.deepEqual(await seriousIssues(door), []);
    await page.reload();
    await page.getByText('Used').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Cancel this ticket' }).isVisible(), false);
  });

  it('words that are longer than a telephone is wide', async () => {
    const word = 'Donaudampfschifffahrtsgesellschaftskapitänswitwenrente';
    const { id } = await newEvent({ title: `Of ${word}`, location: word });
    await made('/passes', { name: word, capacity: 3, is_published: true });
    const page = await (await somebody({ ...PHONE, viewport: { width: 320, height: 640 } })).open(ACME_HOST, `/events/${id}`);
    await page.getByRole('heading', { name: 'Register' }).waitFor();
    await fits(page);
    await register(page);
    await page.getByLabel('Name').fill(word);
    await page.getByRole('button', { name: 'Register' }).tap();
    await page.getByText('You are registered.').waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Register' }).isVisible(), false, 'no heading of nothing');
    await fits(page);
    await page.getByRole('link', { name: 'Show the ticket' }).tap();
    await page.getByText('Confirmed').waitFor();
    await fits(page);
    for (const [path, shown] of [['/events', `Of ${word}`], ['/passes', word]]) {
      await page.goto(new URL(path, page.url()).href);
      await page.getByText(shown).waitFor();
      await fits(page);
    }
  });

  it('a ticket is given back with the keyboard alone, once', async () => {
    const { id } = await newEvent({ title: 'One seat', capacity: 1 });
    const page = await (await somebody()).open(ACME_HOST, `/events/${id}`);
    await register(page);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Show the ticket' }).click();
    await page.getByRole('button', { name: 'Cancel this ticket' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await page.keyboard.press('Escape');
    await page.getByText('Confirmed').waitFor();
    await page.getByRole('button', { name: 'Cancel this ticket' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel the ticket' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('The ticket is cancelled.').waitFor();
    await page.getByText('Cancelled', { exact: true }).waitFor();
  });

  it('what is wrong is said: sold out, unknown, another tenant\'s', async () => {
    const { id } = await newEvent({ title: 'Three seats', capacity: 3 });
    const jane = await somebody();
    jane.expectTrouble(/status of 40[49]/);
    const page = await jane.open(ACME_HOST, `/events/${id}`);
    await register(page, '4');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('Only 3 left.').waitFor();
    await page.goto(jane.url(ACME_HOST, '/events/99999'));
    await page.getByText('This event does not exist, or it is over.').waitFor();
    await page.goto(jane.url(GLOBEX_HOST, `/events/${id}`));
    await page.getByText('This event does not exist, or it is over.').waitFor();
    await page.goto(jane.url(GLOBEX_HOST, '/events'));
    await page.getByText('There is nothing on at the moment.').waitFor();
    await page.goto(jane.url(ACME_HOST, '/portal/T000-0000'));
    await page.getByText('There is no ticket with this code.').waitFor();
    await page.getByRole('heading', { level: 1, name: 'No ticket to show' }).waitFor();
    await shoot(page, 'public-portal-none');
    await page.goto(jane.url(ROOT_HOST, `/events/${id}?tenant=acme`));
    await page.getByRole('heading', { name: 'Three seats' }).waitFor();
    assert.match(await page.getByRole('link', { name: 'Day passes' }).getAttribute('href'), /\/passes\?tenant=acme$/);
  });

  it('a day pass that costs is held until it is paid; on a telephone, in the dark', async () => {
    await made('/passes', { name: 'Hot desk', description: 'A desk, coffee, a locker', capacity: 3, price: 1250, is_published: true });
    const jane = await somebody({ ...PHONE, colorScheme: 'dark' });
    const page = await jane.open(ACME_HOST, '/passes');
    await page.getByRole('button', { name: 'Choose Hot desk' }).click();
    await register(page);
    await fits(page);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-passes-phone', { fullPage: true });
    await page.getByRole('button', { name: 'Get the pass' }).click();
    await page.getByText('We hold your seats.').waitFor();
    await page.getByRole('link', { name: 'Show the ticket' }).click();
    await page.getByText('To be paid').waitFor();
    await page.getByText('12.50').waitFor();
    await fits(page);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-portal-phone', { fullPage: true });
    for (const path of ['/events', '/check-in']) {
      await page.goto(jane.url(ACME_HOST, path));
      await page.getByRole('heading').first().waitFor();
      await fits(page);
      assert.deepEqual(await seriousIssues(page), []);
    }
  });
});

browserSuite('an invitation', {}, ({ server, visitor }) => {
  const invite = async (email) => {
    const token = await signIn(server(), people.owner, ACME_HOST);
    const reply = await http2Once(server(), {
      path: '/api/v1/team/invite', headers: { 'x-tenant': 'acme' }, token, json: { email, role: 'member' },
    });
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data.link.split('/').at(-1);
  };

  it('makes an account and leads into the panel', async () => {
    const path = `/invite/${await invite('nora@acme.example')}`;
    const nora = await visitor();
    nora.expectTrouble(/logo\.svg|status of 4(00|22)/);
    const page = await nora.open(ACME_HOST, path);
    await page.getByRole('heading', { name: 'Join Acme Corporation' }).waitFor();
    assert.equal(await page.getByLabel('Email').inputValue(), 'nora@acme.example');
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'public-invite');
    await page.getByLabel('Name').fill('Nora Falk');
    await page.getByLabel('Password').fill('password');
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.locator('#said.bad').waitFor();
    await page.getByLabel('Password').fill('quiet-harbour-58');
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL('**/panel/**');
    await page.getByRole('navigation', { name: 'Rooms' }).waitFor();
    await page.goto(nora.url(ACME_HOST, path));
    await page.getByText('This invitation has been used.').waitFor();
  });

  it('asks an account that there is for its password; says what is unknown', async () => {
    const path = `/invite/${await invite(people.outsider.email)}`;
    const mei = await visitor();
    mei.expectTrouble(/logo\.svg|status of 40[014]/);
    const page = await mei.open(ACME_HOST, path);
    await page.getByLabel('Password').fill('not-the-password');
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.locator('#said.bad').waitFor();
    await page.getByLabel('Password').fill(people.outsider.password);
    await page.getByRole('button', { name: 'Accept the invitation' }).click();
    await page.waitForURL('**/panel/**');
    await page.goto(mei.url(ACME_HOST, '/invite/tti_nothing'));
    await page.getByText('This invitation does not exist.').waitFor();
    await page.goto(mei.url(GLOBEX_HOST, path));
    await page.getByText('This invitation does not exist.').waitFor();
  });
});
