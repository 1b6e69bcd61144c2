// The panel, as a person uses it.
import assert from 'node:assert/strict';
import { http1 } from '../../api/harness/client.mjs';

export async function openPanel(visitor, host, path = '') {
  visitor.expectTrouble(/status of 401.*\/api\/auth\/me/); // who is not signed in yet
  return visitor.open(host, `/panel/${path && `#${path}`}`);
}

export async function fillIn(page, person) {
  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password').fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const rooms = (page) => page.getByRole('navigation', { name: 'Rooms' });

export async function signInByHand(visitor, host, person, path = '') {
  const page = await openPanel(visitor, host, path);
  await fillIn(page, person);
  await rooms(page).waitFor();
  return page;
}

async function takeCookie(visitor, host, { email, password }) {
  const { origin } = new URL(visitor.url(host));
  const reply = await http1(visitor.server, {
    method: 'POST', path: '/api/auth/session', host: new URL(origin).host, tls: true, headers: { origin }, json: { email, password },
  });
  assert.equal(reply.status, 200, reply.text);
  const [name, value] = reply.headers['set-cookie'][0].split(';')[0].split('=');
  await visitor.context.addCookies([{ name, value, url: origin, secure: true, httpOnly: true, sameSite: 'Strict' }]);
}

// For tests of what comes after: with the cookie that the form would have brought.
export async function signIn(visitor, host, person, path = '') {
  if (!(await visitor.context.cookies(visitor.url(host))).length) await takeCookie(visitor, host, person);
  const page = await visitor.open(host, `/panel/${path && `#${path}`}`);
  await rooms(page).waitFor();
  return page;
}

export const roomNames = (page) => rooms(page).getByRole('link').allTextContents();

export async function enter(page, room, heading = room) {
  await rooms(page).getByRole('link', { name: room, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
}

export const row = (page, text) => page.getByRole('row').filter({ hasText: text });

// A deed of a row's menu.
export async function act(page, text, deed) {
  await row(page, text).getByRole('button', { name: /^Actions/ }).click();
  await page.getByRole('menuitem', { name: deed }).click();
}

export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const said = (page, text) => page.getByRole('status').filter({ hasText: text }).first().waitFor();

// Holds answers back, as a slow network does, until the function returned is called.
export async function hold(page, pattern) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route(pattern, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}
