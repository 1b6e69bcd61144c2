// What the panel says when something is used up: the plan (402), requests (429), the server itself.
import { it } from 'node:test';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite } from './harness/browser.mjs';
import { button, enter, fillIn, openPanel, row, said, signIn } from './harness/panel.mjs';

const limits = { config: { mode: 'saas', plans: { pro: { assets: 1, users: 5 } }, rate_limits: { enabled: true, login: '4/hour' } } };

browserSuite('panel: limits', limits, ({ visitor }) => {
  it('a full plan: how much is used, and what to do', async () => {
    const olivia = await visitor();
    olivia.expectTrouble(/logo\.svg|status of 402/);
    const page = await signIn(olivia, ACME_HOST, people.owner, '/assets');
    const create = async (name) => {
      await button(page, 'New asset').first().click();
      await page.getByLabel('Name', { exact: true }).fill(name);
      await button(page, 'Create asset').click();
    };
    await create('The first');
    await said(page, 'The asset is there.');
    await create('One too many');
    await page.getByRole('alert').filter({ hasText: 'The plan “pro” is full: 1 of 1 assets are in use.' }).filter({ hasText: 'larger plan' }).waitFor();
    await page.keyboard.press('Escape');
    await row(page, 'The first').waitFor();
    await enter(page, 'Overview');
    await page.getByText('The plan is full').first().waitFor();
  });

  it('too many sign-ins: when to come back', async () => {
    const sarah = await visitor();
    sarah.expectTrouble(/status of (401|429)|logo\.svg/);
    const page = await openPanel(sarah, ACME_HOST);
    for (let i = 0; i < 4; i++) {
      const answered = page.waitForResponse((reply) => reply.url().endsWith('/api/auth/session'));
      await fillIn(page, { ...people.admin, password: `not-the-password-${i}` });
      await answered;
    }
    await page.getByRole('alert').filter({ hasText: /Too many requests\. Try again in \d+ (seconds|minutes)\./ }).waitFor();
  });

  it('a server that is away: said, and asked again', async () => {
    const olivia = await visitor();
    olivia.expectTrouble(/ERR_FAILED|status of|logo\.svg/);
    await olivia.context.route('**/api/public/branding', (route) => route.abort());
    const page = await openPanel(olivia, ACME_HOST);
    await page.getByText('The server could not be reached.').waitFor();
    await olivia.context.unroute('**/api/public/branding');
    await button(page, 'Try again').click();
    await page.getByRole('heading', { name: 'Acme Corporation' }).waitFor();
  });
});
