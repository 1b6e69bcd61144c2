// What holds the end-to-end suite's replies against the document (tests/api/document.mjs) finds what does not fit.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

const BRANDING = { tenant_name: 'Acme', logo_url: null, accent_colour: '#d9480f' };
const exchange = (more) => ({ method: 'GET', path: '/api/public/branding', status: 200, type: 'application/json', json: BRANDING, empty: false, ...more });

// Runs it on these exchanges alone.
function hold(exchanges, ...flags) {
  const folder = mkdtempSync(join(tmpdir(), 'traffic-'));
  try {
    writeFileSync(join(folder, '1.jsonl'), exchanges.map((one) => `${JSON.stringify(one)}\n`).join(''));
    const { status, stdout } = spawnSync(process.execPath, ['tests/api/document.mjs', process.env.OPENAPI, folder, ...flags], { encoding: 'utf8' });
    return { status, stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const refuses = (more, words) => {
  const { status, stdout } = hold([exchange(more)]);
  assert.equal(status, 1, stdout);
  assert.match(stdout, words);
};

describe('a reply and the document', () => {
  it('fit', () => {
    const { status, stdout } = hold([
      exchange({}), exchange({ method: 'HEAD', json: undefined, empty: true }), exchange({ path: '/no/such/path', status: 404, json: { detail: 'Not found' } }),
      exchange({ method: 'POST', status: 405, json: { detail: 'The method is not allowed here.' } }),
      exchange({ status: 404, json: { detail: 'No such tenant' } }),
    ]);
    assert.equal(status, 0, stdout);
  });

  it('do not fit when something is added, missing, of another type, or another thing altogether', () => {
    refuses({ json: { ...BRANDING, secret: 1 } }, /additional properties/);
    refuses({ json: { tenant_name: 'Acme', logo_url: null } }, /accent_colour/);
    refuses({ json: { ...BRANDING, tenant_name: null } }, /tenant_name must be string/);
    refuses({ status: 404, json: { message: 'No such tenant' } }, /detail/);
    refuses({ status: 409, json: { detail: 'x' } }, /no such status/);
    refuses({ type: 'text/html', json: undefined }, /no such content type: text\/html/);
    refuses({ path: '/api/tenants/acme', method: 'DELETE', status: 204, json: undefined }, /tells of no body/);
  });

  it('are asked of every operation in the end, of those that succeeded', () => {
    assert.doesNotMatch(hold([exchange({}), exchange({ path: '/healthz', json: { status: 'ok' } })], '--all').stdout, /operation (assets_branding|system_healthz) /);
    const { stdout, status } = hold([exchange({ status: 404, json: { detail: 'No such tenant' } })], '--all');
    assert.equal(status, 1);
    assert.match(stdout, /no test calls the operation assets_branding /);
    assert.match(stdout, /no test calls the operation crm_login /);
  });
});
