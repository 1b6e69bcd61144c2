// No password, token or key reaches a log, an error or a metric.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http1, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, ROOT_HOST, people } from './harness/world.mjs';

const canary = (n) => `canary-secret-${n}-zebra`;

suite('secrets', { config: { log: { level: 'debug' } } }, (server) => {
  it('stay secret', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const device = `ttd_${'c'.repeat(40)}anary`;
    const replies = [];
    const send = async (request) => {
      for (const client of [http1, http2Once]) replies.push(await client(server(), request).catch((error) => ({ text: String(error), headers: {} })));
    };
    await send({ path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: canary(1) } });
    await send({ path: '/api/auth/login', host: ACME_HOST, json: { email: canary(2), password: canary(2) } });
    await send({ path: '/api/auth/login', host: ACME_HOST, headers: { 'content-type': 'application/json' }, body: `{"password":"${canary(3)}"` });
    await send({ path: `/api/auth/login?password=${canary(4)}`, host: ACME_HOST, form: { username: canary(4), password: canary(4) } });
    await send({ path: '/api/auth/register', host: ACME_HOST, json: { email: 'x', password: canary(5), firstName: 'a', lastName: 'b' } });
    await send({ path: '/api/auth/change-password', host: ACME_HOST, token, json: { current_password: canary(6), new_password: canary(6) } });
    await send({ path: '/api/auth/me', host: ACME_HOST, token: canary(7) });
    await send({ path: `/api/auth/me?access_token=${canary(8)}`, host: ACME_HOST, token });
    await send({ path: `/api/displays/state/${device}`, host: ROOT_HOST });
    await send({ path: `/api/displays/heartbeat/${device}`, host: ROOT_HOST });
    await send({ path: `/api/invites/validate/${canary(9)}`, host: ROOT_HOST });
    await send({ path: '/api/auth/me', host: ACME_HOST, headers: { authorization: `Basic ${canary(10)}`, cookie: `session=${canary(10)}`, 'x-secret': canary(10) } });
    await send({ path: '/metrics' });
    const everything = `${server().log.text}\n${replies.map((reply) => reply.text + JSON.stringify(reply.headers)).join('\n')}`;
    assert.doesNotMatch(everything, /canary-secret|zebra/);
    assert.ok(!everything.includes(device), 'a device token');
    assert.ok(!everything.includes(token), 'an access token');
    assert.ok(!everything.includes(token.split('.')[2]), 'a token\'s signature');
    assert.ok(!everything.includes(people.admin.password), 'a password');
    assert.ok(!everything.includes(server().scratch.secretKey), 'the key');
    assert.doesNotMatch(everything, /\$argon2id\$/);
  });
});
