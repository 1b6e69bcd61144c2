// Forms are made of the server's document: when that does not come at first.
import { it } from 'node:test';
import { ACME_HOST, people } from '../api/harness/world.mjs';
import { browserSuite } from './harness/browser.mjs';
import { button, enter, signIn } from './harness/panel.mjs';

browserSuite('panel: forms', {}, ({ visitor }) => {
  it('a form whose document did not come asks for it again', async () => {
    const olivia = await visitor();
    olivia.expectTrouble(/openapi\.json.*ERR_FAILED|ERR_FAILED.*openapi\.json|logo\.svg/);
    await olivia.context.route('**/openapi.json', (route) => route.abort());
    const page = await signIn(olivia, ACME_HOST, people.owner);
    const failed = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/openapi.json'));
    await enter(page, 'Assets');
    await button(page, 'New asset').first().click();
    await failed;
    await olivia.context.unroute('**/openapi.json');
    await page.getByLabel('Name', { exact: true }).waitFor();
  });
});
