// GET /api/auth/verify-token, and every way a token can be bad.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { it } from 'node:test';
import { ask, http1, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, ROOT_HOST, people } from './harness/world.mjs';

const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function forge(claims, { key, header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256' } = {}) {
  const input = `${b64(header)}.${b64(claims)}`;
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
}

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

suite('verify-token', {}, (server) => {
  const verify = (token, more = {}) => ask(server(), { path: '/api/auth/verify-token', token, ...more });
  const refused = async (token, what) => {
    const reply = await verify(token);
    assert.equal(reply.status, 401, `${what}: ${reply.text}`);
    assert.equal(reply.text, '{"error":"Invalid or expired token"}', what);
    assert.match(reply.headers['www-authenticate'], /^Bearer\b/, what);
    const me = await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, token });
    assert.equal(me.status, 401, what);
    assert.deepEqual(Object.keys(me.json), ['detail'], what);
  };

  it('says that a token is good', async () => {
    const reply = await verify(await signIn(server(), people.admin, ACME_HOST));
    assert.equal(reply.status, 200);
    assert.equal(reply.text, '{"message":"Token is good"}');
  });

  it('says what a missing token is', async () => {
    const reply = await verify(undefined);
    assert.equal(reply.status, 401);
    assert.equal(reply.text, '{"error":"Invalid or expired token"}');
    assert.equal(reply.headers['www-authenticate'].includes('error='), false, 'RFC 6750: no error code without a token');
  });

  it('refuses foreign keys and algorithms', async () => {
    const good = await signIn(server(), people.admin, ACME_HOST);
    const claims = claimsOf(good);
    const key = server().scratch.secretKey;
    assert.equal((await verify(forge(claims, { key }))).status, 200, 'the forge makes good tokens');
    await refused(forge(claims, { key: 'another key of thirty-two bytes!!' }), 'another key');
    for (const alg of ['none', 'None', 'nOnE', '', 'hs256', 'HS384', 'HS512', 'RS256', 'ES256', ['HS256'], null, 7]) {
      await refused(forge(claims, { key, header: { alg, typ: 'JWT' } }), `alg ${JSON.stringify(alg)}`);
    }
    await refused(forge(claims, { key, header: { alg: 'HS512', typ: 'JWT' }, hash: 'sha512' }), 'HS512 with the HS256 key');
    await refused(forge(claims, { key, header: { typ: 'JWT' } }), 'no alg');
    await refused(`${b64({ alg: 'none', typ: 'JWT' })}.${b64(claims)}.`, 'unsigned');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const input = `${b64({ alg: 'RS256', typ: 'JWT' })}.${b64(claims)}`;
    await refused(`${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`, 'RS256');
    for (const header of [{ kid: '../../etc/passwd' }, { crit: ['x'] }, { jku: 'http://127.0.0.1:1/' }, { jwk: {} }, { zip: 'DEF' }, { x5u: 'http://127.0.0.1:1/' }]) {
      await refused(forge(claims, { key, header: { alg: 'HS256', typ: 'JWT', ...header } }), JSON.stringify(header));
    }
  });

  it('refuses claims that are missing, of the wrong type or past', async () => {
    const claims = claimsOf(await signIn(server(), people.admin, ACME_HOST));
    const key = server().scratch.secretKey;
    const now = Math.floor(Date.now() / 1000);
    for (const name of Object.keys(claims)) {
      const { [name]: _, ...rest } = claims;
      await refused(forge(rest, { key }), `without ${name}`);
      for (const value of [null, true, [], {}, 1.5, '', [claims[name]]]) await refused(forge({ ...claims, [name]: value }, { key }), `${name} ${JSON.stringify(value)}`);
    }
    const bad = { exp: [now - 1, 0, -1, 2 ** 63, String(claims.exp)], iat: [now + 3600, String(claims.iat)], iss: ['another'], nbf: [now + 3600, now + 3600.5, 'soon'],
      sub: [claims.sub * 1, '0', '-1', '999999', 'x', '1 ', '01'], sid: ['0', '999999', '-1'], tid: ['0', '999999', 'x'], jti: ['0'.repeat(32), 'x'] };
    for (const [name, values] of Object.entries(bad)) {
      for (const value of values) {
        if (name === 'tid' && value === '999999') continue; // the session knows better; see the next line
        await refused(forge({ ...claims, [name]: value }, { key }), `${name} ${JSON.stringify(value)}`);
      }
    }
    await refused(forge({ ...claims, tid: '999999' }, { key }), 'a tenant the session was not issued for');
  });

  it('refuses text that is no token', async () => {
    const good = await signIn(server(), people.admin, ACME_HOST);
    const [head, body, signature] = good.split('.');
    const last = signature.at(-1);
    const sibling = String.fromCharCode(last.charCodeAt(0) + 1);
    const bad = ['x', '.', '..', '...', 'a.b', 'a.b.c', 'a.b.c.d', `${good}.`, `.${good}`, `${good}=`, `${good}===`, `${head}..${signature}`,
      `${head}.${body}.`, `${head}.${body}`, `${head}.${body}.${signature.slice(0, -1)}`, `${head}.${body}.${signature.slice(0, -1)}${sibling}`,
      `${head}.${body}.${signature}A`, `${head}.${body}A.${signature}`, good.toLowerCase(), 'A'.repeat(4000), `${head}.${'A'.repeat(6000)}.${signature}`];
    for (const token of bad) await refused(token, token.slice(0, 60));
  });

  it('refuses two tokens in one request', async () => {
    const good = await signIn(server(), people.admin, ACME_HOST);
    const reply = await http1(server(), { path: '/api/auth/verify-token', headers: { authorization: [`Bearer ${good}`, `Bearer ${good}`] } });
    assert.ok([400, 401].includes(reply.status), reply.text);
    const query = await ask(server(), { path: `/api/auth/verify-token?access_token=${good}` });
    assert.equal(query.status, 401, 'a token in the query counts for nothing');
  });

  it('takes the scheme in any case', async () => {
    const good = await signIn(server(), people.admin, ACME_HOST);
    for (const scheme of ['bearer', 'BEARER', 'Bearer']) {
      assert.equal((await ask(server(), { path: '/api/auth/verify-token', headers: { authorization: `${scheme} ${good}` } })).status, 200);
    }
  });
});

suite('expired tokens', { config: { tokens: { access_ttl: '1s' } } }, (server) => {
  it('are told by their surface', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const { exp } = claimsOf(token);
    while (Date.now() < (exp + 1) * 1000) await new Promise((resolve) => setTimeout(resolve, 100));
    const verify = await ask(server(), { path: '/api/auth/verify-token', token });
    assert.equal(verify.text, '{"error":"Invalid or expired token"}');
    const me = await ask(server(), { path: '/api/auth/me', host: ACME_HOST, token });
    assert.equal(me.status, 401);
    assert.match(me.headers['www-authenticate'], /error="invalid_token"/);
    const register = await ask(server(), {
      path: '/api/auth/register', host: ROOT_HOST, token,
      json: { email: 'x@acme.example', password: 'granite-willow-64', firstName: 'X', lastName: 'Y' },
    });
    assert.equal(register.status, 401);
    assert.equal(register.text, '{"error":"Token expired","message":"Your session has expired. Please log in again."}');
  });
});

suite('a new secret key', {}, (server) => {
  it('ends every token; as a previous key the old one still verifies', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const { scratch } = server();
    const { Server } = await import('./harness/server.mjs');
    await server().stop();
    const old = scratch.secretKey;
    scratch.writeConfig({ tokens: { secret_key: 'a completely different key, long enough' } });
    let next = await new Server(scratch).start();
    try {
      assert.equal((await http2Once(next, { path: '/api/auth/verify-token', token })).status, 401);
    } finally {
      await next.stop();
    }
    scratch.writeConfig({ tokens: { previous_secret_keys: [old] } });
    next = await new Server(scratch).start();
    try {
      assert.equal((await http2Once(next, { path: '/api/auth/verify-token', token })).status, 200);
    } finally {
      await next.stop();
    }
  });
});
