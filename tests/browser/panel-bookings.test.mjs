// Spaces, and a week of bookings.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite, seriousIssues, shoot } from './harness/browser.mjs';
import { act, button, enter, row, said, signIn } from './harness/panel.mjs';

browserSuite('panel: bookings', {}, ({ visitor }) => {
  it('makes a space, books it, moves the booking, refuses a second one, cancels', async () => {
    const olivia = await visitor();
    olivia.expectTrouble(/logo\.svg|status of 409/);
    const page = await signIn(olivia, ACME_HOST, people.owner, '/bookings/spaces');
    await button(page, 'New space').first().click();
    await page.getByLabel('Name', { exact: true }).fill('Meeting room 1');
    await page.getByLabel(/^Capacity/).fill('10');
    await button(page, 'Create space').click();
    await row(page, 'Meeting room 1').getByText('bookable').waitFor();

    await page.getByRole('link', { name: 'Week', exact: true }).click();
    const book = async (title, from, until) => {
      await button(page, 'New booking').click();
      await page.getByLabel('Title').fill(title);
      await page.getByRole('dialog').getByLabel('Space').selectOption({ label: 'Meeting room 1' });
      await page.getByLabel('From').fill(from);
      await page.getByLabel('Until').fill(until);
      await button(page, 'Create booking').click();
    };
    const days = page.locator('.day');
    const label = await days.nth(2).getAttribute('aria-label');
    const day = new Date(`${label} ${new Date().getFullYear()} 12:00`).toISOString().slice(0, 10);
    await book('Board meeting', `${day}T09:00`, `${day}T11:00`);
    const slot = days.nth(2).getByRole('button', { name: /Board meeting/ });
    await slot.waitFor();
    assert.match(await slot.textContent(), /09:00–11:00.*Meeting room 1/);
    await book('Another one', `${day}T10:00`, `${day}T12:00`);
    await page.getByRole('alert').filter({ hasText: 'The space is booked from' }).waitFor();
    await page.keyboard.press('Escape');
    await slot.click();
    await page.getByLabel('Until').fill(`${day}T10:00`);
    await button(page, 'Save').click();
    await said(page, 'Saved.');
    await book('Another one', `${day}T10:00`, `${day}T12:00`);
    await days.nth(2).getByRole('button', { name: /Another one/ }).waitFor();
    assert.deepEqual(await seriousIssues(page), []);
    await shoot(page, 'bookings-week');
    await slot.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel booking' }).click();
    await page.getByRole('dialog').last().getByRole('button', { name: 'Cancel booking' }).click();
    await said(page, 'The booking is cancelled');
    await slot.waitFor({ state: 'detached' });
    await button(page, 'Week after').click();
    await page.getByText('Another one').waitFor({ state: 'detached' });
    await enter(page, 'Overview');
  });

  it('whoever may only look changes nothing', async () => {
    const paul = await visitor();
    paul.expectTrouble(/logo\.svg/);
    const page = await signIn(paul, ACME_HOST, people.viewer, '/bookings/spaces');
    await row(page, 'Meeting room 1').waitFor();
    assert.equal(await button(page, 'New space').count(), 0);
    await act(page, 'Meeting room 1', 'Show');
    await page.getByRole('dialog').getByText('Meeting room 1').waitFor();
    assert.equal(await button(page, 'Save').count(), 0);
  });
});
