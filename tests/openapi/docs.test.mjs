// The documentation against the routes: its table is theirs, and every route that a page names exists.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { markdown, readRoutes } from './routes.mjs';

const routes = readRoutes(readFileSync(process.env.ROUTES, 'utf8'));
const METHODS = 'GET|POST|PUT|PATCH|DELETE';

// `GET,PATCH /api/x/{id}?q=` names two routes; a placeholder is any parameter, and "…" whatever stood before.
function named(text) {
  const found = text.matchAll(new RegExp(`\`((?:${METHODS})(?:, ?(?:${METHODS}))*) (/[^\\s\`?]*)`, 'g'));
  return [...found].flatMap(([, methods, path]) => methods.split(/, ?/).map((method) => ({ method, path })));
}

const matches = (route, { method, path }) => route.method === method &&
  new RegExp(`^${route.path.split('/').map((step) => (step.startsWith('{') ? '[^/]+' : step.replace(/[.]/g, '\\.'))).join('/')}$`).test(path);

describe('the documentation', () => {
  it('has every route in docs/api-routes.md, as the server has it', () => {
    assert.equal(readFileSync('docs/api-routes.md', 'utf8'), markdown(routes), 'docs/api-routes.md says how to make it anew');
  });

  it('names no route that does not exist', () => {
    const pages = ['README.md', ...readdirSync('docs').filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
    const unknown = pages.flatMap((page) => named(readFileSync(page, 'utf8')).filter((one) => !one.path.includes('…') && !routes.some((route) => matches(route, one)))
      .map(({ method, path }) => `${page}: ${method} ${path}`));
    assert.deepEqual(unknown, []);
  });
});
