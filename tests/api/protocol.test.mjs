// What HTTP itself promises, in the envelope of the surface that the path belongs to.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect } from '../attack/wire.mjs';
import { ask, connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const envelopes = {
  '/nothing': ['detail'], '/api/nothing': ['detail'], '/api/auth/nothing': ['detail'], '/': ['detail'],
  '/api/v1/nothing': ['message'], '/api/contacts/1/x': ['error'], '/api/conversations/nothing/x': ['error'],
  '/api/bookings/x/y': ['success', 'data'], '/api/spaces/x/y': ['success', 'data'], '/api/displays/x/y/z': ['success', 'data'],
  '/api/settings/x/y/z': ['success', 'data'], '/api/public/nothing': ['success', 'data'],
};

suite('protocol', { config: { server: { max_body: '4KiB', cors_origins: ['https://app.example.com'] } } }, (server) => {
  const get = (path, more = {}) => ask(server(), { path, host: ACME_HOST, ...more });

  for (const [path, keys] of Object.entries(envelopes)) {
    it(`404 at ${path} speaks its surface`, async () => {
      const reply = await get(path);
      assert.equal(reply.status, 404, reply.text);
      assert.deepEqual(Object.keys(reply.json), keys);
      assert.equal(reply.headers['content-type'], 'application/json');
    });
  }

  it('404 as problem+json for who asks for it', async () => {
    for (const accept of ['application/problem+json', 'text/html, application/problem+json;q=0.9']) {
      const reply = await ask(server(), { path: '/nothing', host: ACME_HOST, headers: { accept } }, (text) => text.replace(/[0-9a-f]{32}/, 'ID'));
      assert.equal(reply.status, 404);
      assert.match(reply.headers['content-type'], /^application\/problem\+json/);
      assert.equal(reply.json.status, 404);
      assert.ok(reply.json.title);
      assert.ok(reply.json.type);
    }
  });

  it('405 with Allow', async () => {
    const expected = [['DELETE', '/api/auth/login', 'POST'], ['GET', '/api/auth/login', 'POST'], ['POST', '/api/auth/me', 'GET'], ['PUT', '/api/public/branding', 'GET'],
      ['PATCH', '/healthz', 'GET'], ['TRACE', '/api/auth/me', 'GET']];
    for (const [method, path, allowed] of expected) {
      const reply = await get(path, { method });
      assert.equal(reply.status, 405, `${method} ${path}`);
      assert.ok(reply.headers.allow.split(', ').includes(allowed), `${method} ${path}: ${reply.headers.allow}`);
      assert.ok(reply.headers.allow.split(', ').includes('OPTIONS'));
      assert.equal(reply.headers.allow.includes('HEAD'), allowed === 'GET');
    }
  });

  it('an unknown method is 501 or 405, never served', async () => {
    for (const method of ['PROPFIND', 'MKCOL']) assert.ok([405, 501].includes((await get('/api/public/branding', { method })).status), method);
  });

  it('OPTIONS says what is allowed', async () => {
    const reply = await get('/api/auth/login', { method: 'OPTIONS' });
    assert.equal(reply.status, 204);
    assert.deepEqual(reply.headers.allow.split(', ').sort(), ['OPTIONS', 'POST']);
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
    assert.equal((await get('/nothing', { method: 'OPTIONS' })).status, 404);
  });

  it('CORS for configured origins, and for no others', async () => {
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization, content-type' };
    const known = await get('/api/auth/login', { method: 'OPTIONS', headers: { origin: 'https://app.example.com', ...asked } });
    assert.equal(known.headers['access-control-allow-origin'], 'https://app.example.com');
    assert.match(known.headers['access-control-allow-methods'], /POST/);
    assert.match(known.headers['access-control-allow-headers'], /authorization/i);
    for (const origin of ['https://evil.example.com', 'null', 'https://app.example.com.evil.example', 'http://app.example.com']) {
      const reply = await get('/api/public/branding', { headers: { origin } });
      assert.equal(reply.headers['access-control-allow-origin'], undefined, origin);
    }
    const simple = await get('/api/public/branding', { headers: { origin: 'https://app.example.com' } });
    assert.equal(simple.headers['access-control-allow-origin'], 'https://app.example.com');
    assert.match(simple.headers.vary, /origin/i);
  });

  it('HEAD wherever GET is', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    for (const path of ['/api/auth/me', '/api/public/branding', '/healthz', '/api/auth/verify-token']) {
      const reply = await get(path, { method: 'HEAD', token });
      assert.equal(reply.status, 200, path);
      assert.equal(reply.body.length, 0, path);
      assert.ok(Number(reply.headers['content-length']) > 0, path);
    }
  });

  it('413 above max_body, and not at it', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const body = (size) => `{"current_password":"${'x'.repeat(size - 60)}","new_password":"y"}`.padEnd(size);
    for (const [size, status] of [[4096, 400], [4097, 413], [60_000, 413], [200_000, 413]]) {
      const one = await http1(server(), { path: '/api/auth/change-password', host: ACME_HOST, token, method: 'POST', headers: { 'content-type': 'application/json' }, body: body(size) })
        .catch((error) => ({ status: error.code }));
      if (status === 413) assert.equal(one.status, 413, `${size}`);
      else assert.notEqual(one.status, 413, `${size}`);
    }
    const reply = await http2Once(server(), { path: '/api/auth/change-password', host: ACME_HOST, token, method: 'POST', headers: { 'content-type': 'application/json' }, body: body(4097) });
    assert.equal(reply.status, 413);
    assert.deepEqual(Object.keys(reply.json), ['detail']);
  });

  it('what the library refuses by itself is refused in the order and the words of all others', async () => {
    const json = { 'content-type': 'application/json' }, form = { 'content-type': 'application/x-www-form-urlencoded' };
    const routes = [
      ['/api/v1/auth/login', json, ['message']], ['/api/auth/register', json, ['error']], ['/api/displays/pair', json, ['success', 'data']],
      ['/api/auth/login', form, ['detail']], ['/api/auth/login', json, ['error']], // one path of two surfaces
    ];
    const refused = [[413, {}, 200_000], [417, { expect: 'a-miracle' }, 10]];
    const ask = (path, headers, size, method = 'POST') => http1(server(), { path, host: ACME_HOST, method, headers, body: 'x'.repeat(size) });
    for (const [status, more, size] of refused) {
      for (const [path, headers, keys] of routes) {
        const reply = await ask(path, { ...headers, ...more }, size);
        assert.equal(reply.status, status, `${path}: ${reply.text}`);
        assert.deepEqual(Object.keys(reply.json), keys, path);
        assert.equal(reply.headers['content-type'], 'application/json');
        assert.ok(reply.headers['x-request-id']);
      }
      assert.equal((await ask('/api/v1/nothing', { ...json, ...more }, size)).status, 404);
      const wrong = await ask('/api/auth/register', { ...json, ...more }, size, 'PUT');
      assert.equal(wrong.status, 405);
      assert.equal(wrong.headers.allow, 'POST, OPTIONS');
      assert.equal((await ask('/api/auth/register', { ...json, ...more }, size, 'OPTIONS')).status, status);
    }
  });

  it('what cannot be parsed at all is refused in the words of its path, or else of the default surface, and ends the connection', async () => {
    const good = `GET /healthz HTTP/1.1\r\nHost: ${ACME_HOST}\r\n\r\n`;
    const cases = [
      ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', ['detail'], '-'], ['nonsense\r\n\r\n', ['detail'], '-'], ['GET /\r\n\r\n', ['detail'], '-'],
      ['GET /api/contacts HTTP/9.9\r\n\r\n', ['error'], '-'], ['GET /api/v1/team HTTP/1.1\r\nHost: a\r\na\x01b: c\r\n\r\n', ['message'], 'HTTP/1.1'],
      ['GET /api/v1/team HTTP/1.0\r\nHost: a\r\na\x01b: c\r\n\r\n', ['message'], 'HTTP/1.0'],
      [`GET /api/bookings HTTP/1.1\r\n${'x: y\r\n'.repeat(150)}\r\n`, ['success', 'data'], 'HTTP/1.1', 431],
      [`GET /api/contacts HTTP/1.1\r\nx: ${'y'.repeat(500_000)}`, ['detail'], '-', 431], // no line of which was read
    ];
    for (const [head, keys, protocol, status = 400] of cases) {
      for (const [before, answers] of [['', 1], [good, 2]]) {
        const peer = await connect(server().port);
        peer.write(Buffer.from(before + head + good, 'latin1'));
        const replies = (await peer.rest()).split('HTTP/1.1 ').slice(1);
        assert.equal(replies.length, answers, JSON.stringify(head.slice(0, 80)));
        const [fields, body] = replies.at(-1).split('\r\n\r\n');
        assert.equal(Number(fields.slice(0, 3)), status, JSON.stringify(head.slice(0, 80)));
        assert.match(fields, /\r\ncontent-type: application\/json(\r|$)/i);
        assert.match(fields, /\r\nconnection: close(\r|$)/i);
        const [, id] = fields.match(/\r\nx-request-id: ([0-9a-f]{32})(?:\r|$)/i);
        assert.equal((await server().log.until((entry) => entry.id === id && entry.msg === 'request')).protocol, protocol, JSON.stringify(head.slice(0, 80)));
        assert.deepEqual(Object.keys(JSON.parse(body)), keys, JSON.stringify(head.slice(0, 80)));
      }
    }
  });

  it('415 with the right envelope and what would do', async () => {
    const reply = await get('/api/auth/register', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' });
    assert.equal(reply.status, 415);
    assert.deepEqual(Object.keys(reply.json), ['error']);
    assert.equal((await get('/api/auth/register', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: 'x' })).status, 415);
  });

  it('431 for too many or too large header fields', async () => {
    const many = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`x-${i}`, '1']));
    const large = { 'x-large': 'a'.repeat(17_000) };
    for (const headers of [many, large]) {
      const one = await http1(server(), { path: '/api/public/branding', host: ACME_HOST, headers });
      assert.equal(one.status, 431);
      assert.equal(one.json?.detail !== undefined, true, one.text);
      const two = await http2Once(server(), { path: '/api/public/branding', host: ACME_HOST, headers }).catch(() => ({ status: 431 }));
      assert.equal(two.status, 431);
    }
    assert.equal((await get('/api/public/branding', { headers: Object.fromEntries(Object.entries(many).slice(0, 40)) })).status, 200);
  });

  it('414 for a target over 8 KiB', async () => {
    const one = await http1(server(), { path: `/api/public/branding?x=${'a'.repeat(8200)}`, host: ACME_HOST });
    assert.equal(one.status, 414);
  });

  it('decides about odd paths alike on both protocols', async () => {
    const paths = ['//api/public/branding', '/api//public/branding', '/api/public/branding/', '/api/./public/branding', '/api/x/../public/branding', '/API/public/branding',
      '/api/public/branding%2f', '/api%2fpublic/branding', '/api/public/branding%00', '/api/public/%62randing', '/api/public/branding;x', '/%', '/%zz', '/api/public/branding?%', '/api/public/branding?a=%00'];
    for (const path of paths) {
      const reply = await get(path);
      assert.ok([200, 400, 404].includes(reply.status), `${path}: ${reply.status}`);
    }
    assert.equal((await get('/api/x/../public/branding')).status, 404);
    assert.equal((await get('/api/public/branding%00')).status === 200, false);
  });

  it('every answer has a request id of its own', async () => {
    const session = connect2(server());
    try {
      const replies = await Promise.all(['/', '/api/auth/me', '/api/public/branding', '/healthz', '/api/v1/x'].flatMap((path) =>
        [0, 1].map(() => request2(session, { path, host: ACME_HOST }))));
      const ids = replies.map((reply) => reply.headers['x-request-id']);
      for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
      assert.equal(new Set(ids).size, ids.length);
    } finally {
      session.destroy();
    }
  });

  it('says nothing about what it is made of', async () => {
    for (const reply of [await get('/nothing'), await get('/api/public/branding')]) {
      assert.doesNotMatch(JSON.stringify(reply.headers), /h2o|libh2o/i);
    }
  });
});

suite('without HTTP/2', { config: { server: { http2: false } }, tls: true }, (server) => {
  it('speaks HTTP/1.1 only', async () => {
    assert.equal((await http1(server(), { path: '/healthz' })).status, 200);
    assert.equal((await http1(server(), { path: '/healthz', tls: true })).status, 200);
    await assert.rejects(http2Once(server(), { path: '/healthz' }));
    await assert.rejects(http2Once(server(), { path: '/healthz', tls: true }));
  });
});
