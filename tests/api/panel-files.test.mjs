// The panel's static files, and the document its forms are made of.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask, http1 } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';

const get = (server, path, headers = {}, method = 'GET') => ask(server(), { method, path, headers });

suite('panel files', {}, (server) => {
  it('are the same compressed or not, and asked for again at no cost', async () => {
    for (const [path, type] of [['/panel/', /^text\/html/], ['/panel/panel.js', /^text\/javascript/], ['/panel/panel.css', /^text\/css/]]) {
      const plain = await get(server, path);
      assert.equal(plain.status, 200, path);
      assert.match(plain.headers['content-type'], type);
      assert.equal(plain.headers['cache-control'], 'no-cache');
      const packed = await http1(server(), { path, headers: { 'accept-encoding': 'br, gzip;q=0.5' } });
      assert.equal(packed.headers['content-encoding'], 'gzip');
      assert.equal(packed.headers.vary, 'Accept-Encoding');
      assert.ok(packed.body.length < plain.body.length);
      assert.deepEqual(gunzipSync(packed.body), plain.body);
      for (const etag of [plain.headers.etag, `"other", W/${plain.headers.etag}`]) {
        const known = await get(server, path, { 'if-none-match': etag });
        assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, plain.headers.etag], path);
      }
      assert.equal((await get(server, path, { 'if-none-match': '"other"' })).status, 200);
      assert.equal((await get(server, path, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined);
      assert.equal((await get(server, path, {}, 'HEAD')).status, 200);
    }
  });

  it('run nothing but themselves, in nobody’s frame', async () => {
    const { headers, text } = await get(server, '/panel/');
    const policy = Object.fromEntries(headers['content-security-policy'].split('; ').map((one) => [one.split(' ')[0], one]));
    assert.equal(policy['default-src'], "default-src 'none'");
    assert.equal(policy['script-src'], "script-src 'self'");
    assert.equal(policy['style-src'], "style-src 'self'");
    assert.equal(policy['frame-ancestors'], "frame-ancestors 'none'");
    assert.equal(policy['report-uri'], 'report-uri /csp-report');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.doesNotMatch(text, /<script(?![^>]* src=)|<style| style=| on\w+=/);
  });

  it('end where they end', async () => {
    const lead = await get(server, '/panel');
    assert.deepEqual([lead.status, lead.headers.location], [308, '/panel/']);
    for (const path of ['/panel//', '/panel/nothing.js', '/panel/panel.js/', '/panel/%2e%2e/panel.js', '/api/auth/me/', '/healthz/']) {
      assert.equal((await get(server, path)).status, 404, path);
    }
    assert.equal((await get(server, '/panel/', {}, 'POST')).status, 405);
  });

  it('come with the API’s document, which is kept like them', async () => {
    const reply = await get(server, '/openapi.json');
    assert.equal(reply.status, 200);
    assert.equal(reply.json.openapi, '3.1.0');
    assert.ok(reply.json.components.schemas.SessionLogin);
    assert.equal(reply.json.paths['/panel/'], undefined);
    const packed = await http1(server(), { path: '/openapi.json', headers: { 'accept-encoding': 'gzip' } });
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.deepEqual(gunzipSync(packed.body), reply.body);
    assert.equal((await get(server, '/openapi.json', { 'if-none-match': reply.headers.etag })).status, 304);
    assert.equal((await get(server, '/openapi.json', {}, 'HEAD')).headers['content-length'], String(reply.body.length));
    assert.equal((await get(server, '/openapi.json', {}, 'POST')).status, 405);
  });

  it('come with the page that shows it, and all that is in it', async () => {
    for (const path of ['/docs', '/docs/']) {
      const page = await get(server, path);
      assert.match(page.headers['content-type'], /^text\/html/);
      assert.doesNotMatch(page.text, /<script(?![^>]* src=)|<style| style=| on\w+=|https?:/);
      for (const [, file] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) assert.equal((await get(server, file)).status, 200, file);
    }
    assert.match((await get(server, '/docs/swagger-ui-licence.txt')).text, /Apache License/);
  });
});
