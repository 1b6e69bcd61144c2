// The display page in a real browser: its code, the state that it shows, offline, rotation, unpairing, links.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http2Once, signIn } from '../api/harness/client.mjs';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';

const CONTENT = { layout: 'text', heading: 'Welcome to Acme', text: 'The lounge is open until ten tonight.\nAsk at the desk for the key.' };

browserSuite('display', {}, ({ server, visitor }) => {
  let token;
  const api = async (method, path, json, status = 200) => {
    token ??= await signIn(server(), people.admin, ACME_HOST);
    const reply = await http2Once(server(), { method, path: `/api/displays${path}`, host: ACME_HOST, token, json });
    assert.equal(reply.status, status, reply.text);
    return reply.json.data;
  };
  const kept = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('tether.display') ?? '{}'));
  const heading = (page, text) => page.getByRole('heading', { name: text, exact: true }).waitFor();

  async function openScreen() {
    const screen = await visitor();
    screen.expectTrouble(/status of 40[14]/); // a token that has ended, a link that was used
    return screen;
  }

  async function pairedByLink(content, name = 'Lobby') {
    const made = await api('POST', '', { name, content }, 201);
    const screen = await openScreen();
    const page = await screen.newPage();
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.clock.install();
    await page.goto(screen.url(ACME_HOST, new URL(made.pairing.link).pathname + new URL(made.pairing.link).hash));
    return { page, screen, id: made.display.id, link: made.pairing.link };
  }

  it('shows a code, is paired by it, and shows its content', async () => {
    const screen = await openScreen();
    const page = await screen.newPage();
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.clock.install();
    await page.goto(screen.url(ACME_HOST, '/display'));
    await heading(page, 'Pair this screen');
    const code = await page.locator('#code').textContent();
    assert.match(code, /^[A-Z]{4}-[A-Z]{4}$/);
    await page.locator('#qr').evaluate((image) => image.decode());
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'display-pairing');
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'fits a phone');
    await shoot(page, 'display-pairing-phone');
    await page.setViewportSize({ width: 1920, height: 1080 });
    const { id } = await api('POST', '/pair', { code, name: 'Lobby' }, 201);
    await page.clock.fastForward(6000);
    await heading(page, 'Lobby');
    await api('PATCH', `/${id}`, { content: CONTENT });
    await page.clock.fastForward(11_000);
    await heading(page, CONTENT.heading);
    assert.equal(await page.locator('#body').textContent(), CONTENT.text);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'display-text');
    assert.equal((await api('GET', `/${id}`)).status, 'online');
    await page.reload();
    await heading(page, CONTENT.heading);
  });

  it('shows its whole code on a narrow telephone', async () => {
    const screen = await openScreen();
    const page = await screen.newPage();
    await page.setViewportSize({ width: 320, height: 640 });
    await page.goto(screen.url(ACME_HOST, '/display'));
    await page.locator('#code:not(:empty)').waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the page');
  });

  it('shows each layout, and everything as text', async () => {
    const { page, id } = await pairedByLink({ layout: 'list', heading: 'Today', items: ['Yoga', { label: '10:00', value: '<b>Board</b> room' }, 7, null] });
    await heading(page, 'Today');
    assert.deepEqual(await page.locator('#body li').allTextContents(), ['Yoga', '10:00<b>Board</b> room', '7', '']);
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'display-list');
    const next = async (content) => {
      await api('PATCH', `/${id}`, { content });
      await page.clock.fastForward(11_000);
    };
    await next({ layout: 'notice', level: 'alarm', heading: 'Fire drill', text: 'Leave by the stairs.' });
    await heading(page, 'Fire drill');
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'display-notice');
    await next({ layout: 'clock', heading: 'Berlin' });
    await heading(page, 'Berlin');
    assert.match(await page.locator('#body time').textContent(), /\d\d:\d\d/);
    await shoot(page, 'display-clock');
    await next({ layout: '__proto__', heading: { a: 1 }, text: '<img src=x onerror=alert(1)>' });
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    assert.equal(await page.locator('#body img').count(), 0);
    await next({});
    await heading(page, 'Lobby');
  });

  it('takes a new token over, offline too', async () => {
    const { page, screen, id } = await pairedByLink(CONTENT);
    await heading(page, CONTENT.heading);
    const before = (await kept(page)).token;
    await api('POST', `/${id}/rotate`, {});
    await page.clock.fastForward(11_000);
    await page.waitForFunction((old) => JSON.parse(localStorage.getItem('tether.display')).token !== old, before);
    await page.clock.fastForward(11_000);
    screen.expectTrouble(/ERR_INTERNET_DISCONNECTED/);
    await screen.context.setOffline(true);
    await page.clock.fastForward(11_000);
    await page.getByText('Offline', { exact: true }).waitFor();
    await heading(page, CONTENT.heading);
    await shoot(page, 'display-offline');
    await screen.context.setOffline(false);
    await page.clock.fastForward(31_000);
    await page.getByText('Offline', { exact: true }).waitFor({ state: 'detached' }).catch(() => {});
    await page.waitForFunction(() => document.getElementById('link').textContent === '');
    assert.equal((await api('GET', `/${id}`)).rotating_until, null);
  });

  it('asks to be paired again when it was unpaired', async () => {
    const { page, id } = await pairedByLink(CONTENT);
    await heading(page, CONTENT.heading);
    await api('DELETE', `/${id}`);
    await page.clock.fastForward(11_000);
    await heading(page, 'Pair this screen');
    assert.deepEqual(await kept(page), {});
  });

  it('leaves no secret in the address, and makes do without a link that is void', async () => {
    const { page, screen, link } = await pairedByLink(CONTENT);
    await heading(page, CONTENT.heading);
    assert.equal(new URL(page.url()).hash, '');
    await page.goto(screen.url(ACME_HOST, '/display') + new URL(link).hash); // the same screen, by its bookmark
    await page.reload();
    await heading(page, CONTENT.heading);
    const other = await openScreen();
    await heading(await other.open(ACME_HOST, '/display#pair=ttp_gone'), 'Pair this screen');
  });
});
