// The QR code of an asset's label: for anybody, of that tenant's assets only.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

suite('asset labels', {}, (server) => {
  const make = async () => {
    const token = await signIn(server(), people.owner, ACME_HOST);
    return (await http2Once(server(), { path: '/api/assets', host: ACME_HOST, token, json: { name: 'Projector' } })).json.id;
  };
  const qr = (id, query = '', more = {}) => ask(server(), { path: `/api/assets/${id}/qr${query}`, host: ACME_HOST, ...more }, () => '');

  it('is a picture that may be kept, and is told apart by its tag', async () => {
    const id = await make();
    const png = await qr(id);
    assert.equal(png.status, 200);
    assert.equal(png.headers['content-type'], 'image/png');
    assert.equal(png.body.subarray(1, 4).toString(), 'PNG');
    assert.equal(png.headers['cache-control'], 'public, max-age=86400');
    const svg = await qr(id, '?format=svg&size=128');
    assert.equal(svg.headers['content-type'], 'image/svg+xml');
    assert.match(svg.text, /<svg/);
    assert.notEqual(svg.headers.etag, png.headers.etag);
    const known = await qr(id, '', { headers: { 'if-none-match': `W/${png.headers.etag}` } });
    assert.deepEqual([known.status, known.body.length, known.headers.etag], [304, 0, png.headers.etag]);
    assert.notEqual((await qr(await make())).headers.etag, png.headers.etag, 'another asset, another code');
    assert.equal((await qr(id, '', { host: ACME_DOMAIN })).status, 200);
    assert.equal((await qr(id, '?tenant=acme', { host: ROOT_HOST })).headers.etag, png.headers.etag);
  });

  it('exists for nothing else', async () => {
    const id = await make();
    const unknown = await qr(999999);
    for (const reply of [await qr(id, '', { host: GLOBEX_HOST }), await qr('x'), await qr('0'), await qr(id, '', { host: ROOT_HOST })]) {
      assert.deepEqual([reply.status, reply.text], [404, unknown.text]);
    }
    for (const query of ['?size=63', '?size=2049', '?size=x', '?format=gif', '?more=1']) assert.equal((await qr(id, query)).status, 422, query);
  });
});
