// One server and one Chromium for the tests of a file. Whatever a page complains of (a script error, a broken content
// security policy, a missing file) fails the test, unless the test says that it expects it.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';
import { chromium } from 'playwright-core';
import { http2Once } from '../../api/harness/client.mjs';
import { merged } from '../../api/harness/scratch.mjs';
import { startServer } from '../../api/harness/server.mjs';

// Debian's Chromium; without the windows around its pages, where that is installed: nobody sees them, and they cost as much again.
const shell = '/usr/lib/chromium/chromium-headless-shell';
const executablePath = process.env.CHROMIUM ?? (existsSync(shell) ? shell : '/usr/bin/chromium');
// Every name is this machine, so no page ever reaches another one.
const browserArgs = ['--host-resolver-rules=MAP * 127.0.0.1', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// A person's browser: cookies of its own. `troubles` is what its pages have complained of.
class Visitor {
  constructor(server, context) {
    this.server = server;
    this.context = context;
    this.troubles = [];
    this.expected = [];
  }

  url(host, path = '/') {
    return `https://${host}:${this.server.tlsPort}${path}`;
  }

  // Complaints that match are part of the test, for example of an answer that is meant to be a 401.
  expectTrouble(pattern) {
    this.expected.push(pattern);
  }

  note(text) {
    if (!this.expected.some((pattern) => pattern.test(text))) this.troubles.push(text);
  }

  async newPage() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(60_000); // generous: a busy machine
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.note(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.note(`${error.stack ?? error}`));
    return page;
  }

  async open(host, path) {
    const page = this.isResident ? this.page ??= await this.newPage() : await this.newPage();
    await page.goto(this.url(host, path));
    return page;
  }

  // After a test: what it left on the page goes, the session stays. With `stays` the page stays too, for the next test.
  async rest() {
    await this.page?.unrouteAll({ behavior: 'ignoreErrors' });
    if (!this.stays) await this.page?.goto('about:blank');
    this.expected = [];
  }

  // A page of that origin without anything on it, for scripts of the test's own.
  async openBlank(host) {
    const page = await this.newPage();
    await page.route('**/blank', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank</title>' }));
    await page.goto(this.url(host, '/blank'));
    return page;
  }
}

// What axe-core finds on the page, serious and worse; [] is the aim. It is put into a document once, half a megabyte of script
// that the browser would otherwise compile for every look, and through the debugger, as the page's policy refuses added scripts.
// Nothing is preloaded: only rules about turned phones and sounds that play by themselves read style sheets and media.
export async function seriousIssues(page) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], preload: false }));
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
}

// Into the folder of TETHER_SHOTS, when there is one.
export async function shoot(page, name, options = {}) {
  if (!process.env.TETHER_SHOTS) return;
  mkdirSync(process.env.TETHER_SHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.TETHER_SHOTS, `${name}.png`), ...options });
}

async function reportCount(server) {
  const { text } = await http2Once(server, { path: '/metrics' });
  return Number(text.match(/^tether_csp_reports_total (\d+)$/m)[1]);
}

// browserSuite('sign-in', {}, ({ server, visitor, resident }) => { it(…) }): visitor(options) is a new person at a new browser;
// resident(name, options) is the same one in every test of the file, at the same page: a browser of one's own costs more than
// most tests do.
export function browserSuite(name, options, body) {
  describe(name, () => {
    let server;
    let browser;
    let visitors = [];
    const residents = new Map();
    before(async () => {
      server = await startServer(merged({ tls: true }, options));
      browser = await chromium.launch({ executablePath, args: browserArgs });
    });
    afterEach(async () => {
      const left = visitors;
      visitors = [];
      for (const { context } of left) await context.close();
      for (const resident of residents.values()) await resident.rest();
      for (const { troubles } of [...left, ...residents.values()]) assert.deepEqual(troubles.splice(0), [], 'no page complained');
    });
    after(async () => {
      await browser?.close();
      if (!server) return;
      try {
        if (!options.reportsExpected) assert.equal(await reportCount(server), 0, 'no page broke its content security policy');
      } finally {
        await server.end();
      }
    });
    const someone = async (contextOptions) => new Visitor(server, await browser.newContext({
      ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', ...contextOptions,
    }));
    body({
      server: () => server,
      async visitor(contextOptions = {}) {
        const visitor = await someone(contextOptions);
        visitors.push(visitor);
        return visitor;
      },
      async resident(name, { stays = false, ...contextOptions } = {}) {
        if (!residents.has(name)) residents.set(name, Object.assign(await someone(contextOptions), { isResident: true, stays }));
        return residents.get(name);
      },
    });
  });
}
