// Which tenant a request is for, on real sockets: the Host, and every other hint that may contradict it.
import assert from 'node:assert/strict';
import net from 'node:net';
import { it } from 'node:test';
import { ask, connect2, http2Once, request2, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

// Bytes as they stand; returns the first status line, or '' when the connection just closed.
export function raw(server, text) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => { got += chunk; });
    socket.on('error', (error) => (error.code === 'ECONNRESET' ? resolve(got) : reject(error)));
    socket.on('close', () => resolve(got));
  });
}

const statusOf = (text) => Number(/^HTTP\/1\.[01] (\d+)/.exec(text)?.[1] ?? 0);

suite('tenant by host', { config: { tenancy: { domains: { 'config.globex.example': 'globex' } } } }, (server) => {
  const name = async (host) => {
    const reply = await ask(server(), { path: '/api/public/branding', host });
    return reply.status === 200 ? reply.json.tenant_name : reply.status;
  };

  it('finds custom domains, domains of the configuration, and slugs below the root domain', async () => {
    assert.equal(await name(ACME_DOMAIN), 'Acme Corporation');
    assert.equal(await name('config.globex.example'), 'Globex');
    assert.equal(await name(GLOBEX_HOST), 'Globex');
    assert.equal(await name('root.tether.test'), 'Northwind MSP');
  });

  it('answers 404 for any other host', async () => {
    const hosts = ['example.com', 'nobody.tether.test', 'x.acme.tether.test', 'tether.test.example.com', 'acme', '127.0.0.1', '[::1]',
      'acmetether.test', 'localhost'];
    for (const host of hosts) {
      const reply = await ask(server(), { path: '/api/public/branding', host });
      assert.equal(reply.status, 404, host);
      assert.deepEqual(Object.keys(reply.json), ['detail'], host);
    }
  });

  it('answers 400 for what is no host', async () => {
    const hosts = ['a b', 'user@tether.test', 'tether.test/x', 'tether.test:99999', 'tether.test:x', 'tether.test..', '.tether.test', 'täther.test', ',', 'a,b'];
    for (const host of hosts) {
      const text = await raw(server(), `GET /api/public/branding HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
      assert.ok([400, 404].includes(statusOf(text)), `${host}: ${text.split('\r\n')[0]}`);
      assert.doesNotMatch(text, /tenant_name/, host);
    }
  });

  it('no request without a host is answered as one for the host that the library puts in its place', async () => {
    const get = (host) => `GET /api/nothing HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n`;
    const named = get('Host: no-host.invalid\r\n');
    const text = await raw(server(), `${named}${named}${named}${get('')}GET / HTTP/1.0\r\n\r\n`);
    assert.deepEqual(text.match(/HTTP\/1\.\d \d+/g).map(statusOf), [404, 404, 404, 400, 400]);
  });

  it('takes exactly one Host', async () => {
    const heads = [
      'GET /api/public/branding HTTP/1.1\r\n',
      'GET /api/public/branding HTTP/1.1\r\nHost:\r\n',
      `GET /api/public/branding HTTP/1.1\r\nHost: ${ACME_HOST}\r\nHost: ${GLOBEX_HOST}\r\n`,
      `GET /api/public/branding HTTP/1.1\r\nHost: ${ACME_HOST}\r\nHost: ${ACME_HOST}\r\n`,
    ];
    for (const head of heads) {
      const text = await raw(server(), `${head}Connection: close\r\n\r\n`);
      assert.equal(statusOf(text), 400, head);
    }
  });

  it('HTTP/2: refuses a request without :authority, or with a host that says otherwise', async () => {
    const session = connect2(server());
    const pseudo = { ':method': 'GET', ':path': '/api/public/branding', ':scheme': 'http' };
    const send = (headers) => new Promise((resolve) => {
      const stream = session.request(headers);
      stream.on('response', (head) => resolve(head[':status']));
      stream.on('error', () => resolve(0));
      stream.on('close', () => resolve(0));
      stream.resume();
    });
    try {
      const status = await send({ ...pseudo, ':authority': ACME_HOST, host: GLOBEX_HOST });
      assert.ok([0, 400].includes(status), `got ${status}`);
    } finally {
      session.destroy();
    }
  });

  it('believes no forwarded host from a stranger', async () => {
    const reply = await ask(server(), { path: '/api/public/branding', host: ACME_HOST, headers: { 'x-forwarded-host': GLOBEX_HOST, forwarded: `host=${GLOBEX_HOST}` } });
    assert.equal(reply.json.tenant_name, 'Acme Corporation');
  });

  it('finds no tenant in an HTTP/2 trailer', async () => {
    const session = connect2(server());
    try {
      const status = await new Promise((resolve, reject) => {
        const stream = session.request({ ':method': 'POST', ':path': '/api/auth/change-password', ':authority': ACME_HOST, 'content-type': 'application/json' },
          { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ authorization: 'Bearer x', 'x-tenant': 'globex' }));
        stream.on('response', (head) => resolve(head[':status']));
        stream.on('error', reject);
        stream.resume();
        stream.end('{}');
      });
      assert.equal(status, 401);
    } finally {
      session.destroy();
    }
  });

  it('a header that names another tenant than the host is refused', async () => {
    const token = await signIn(server(), people.staff, ROOT_HOST);
    const reply = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, token, headers: { 'x-tenant': 'globex' } });
    assert.equal(reply.status, 403);
    const same = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, token, headers: { 'x-tenant': 'acme' } });
    assert.equal(same.status, 200);
  });

  it('one HTTP/2 connection may ask for several tenants', async () => {
    const session = connect2(server());
    try {
      const names = await Promise.all([ACME_HOST, GLOBEX_HOST, ROOT_HOST, ACME_DOMAIN].map(async (host) =>
        (await request2(session, { path: '/api/public/branding', host })).json.tenant_name));
      assert.deepEqual(names, ['Acme Corporation', 'Globex', 'Northwind MSP', 'Acme Corporation']);
    } finally {
      session.destroy();
    }
  });

  it('crm: a token is refused on another tenant\'s own host', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const status = async (host) => (await http2Once(server(), { path: '/api/auth/verify-token', host, token })).status;
    assert.equal(await status(ACME_HOST), 200);
    assert.equal(await status(ROOT_HOST), 200);
    assert.equal(await status(GLOBEX_HOST), 403);
  });

  it('crm and v1: a host that is nobody\'s says nothing; header and token decide', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const status = async (host, path, headers = {}) => (await ask(server(), { path, host, token, headers })).status;
    for (const host of ['127.0.0.1', '[::1]', 'example.com', 'localhost']) {
      assert.equal(await status(host, '/api/auth/verify-token'), 200, host);
      assert.equal(await status(host, '/api/v1/team', { 'x-tenant': 'acme' }), 200, host);
      assert.equal(await status(host, '/api/v1/team', { 'x-tenant': 'globex' }), 403, host);
      assert.equal(await status(host, '/api/v1/team', { 'x-tenant': 'nobody' }), 404, host);
      assert.equal(await status(host, '/api/v1/team'), 422, host);
      assert.equal(await status(host, '/api/auth/me'), 404, host);
    }
    for (const host of ['nobody.tether.test', 'x.acme.tether.test']) {
      assert.equal(await status(host, '/api/auth/verify-token'), 404, host);
      assert.equal(await status(host, '/api/v1/team', { 'x-tenant': 'acme' }), 404, host);
    }
  });
});

suite('default tenant', { config: { tenancy: { default_tenant: 'acme' } } }, (server) => {
  it('answers for hosts that nobody registered, and for no others', async () => {
    const name = async (host) => (await ask(server(), { path: '/api/public/branding', host })).json.tenant_name;
    assert.equal(await name('example.com'), 'Acme Corporation');
    assert.equal(await name('127.0.0.1'), 'Acme Corporation');
    assert.equal(await name(GLOBEX_HOST), 'Globex');
    assert.equal(await name(ROOT_HOST), 'Northwind MSP');
  });
});
