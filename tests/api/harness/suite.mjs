// One server for the tests of a file.
import { after, before, describe } from 'node:test';
import { startServer } from './server.mjs';

// suite('sign-in', { config: … }, (it_) => { … use server() … })
export function suite(name, options, body) {
  describe(name, () => {
    let server;
    before(async () => { server = await startServer(options); });
    after(async () => { await server?.end(); });
    body(() => server);
  });
}
