// POST /api/auth/change-password, and what it ends.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

suite('change-password', {}, (server) => {
  const change = (token, json, more = {}) =>
    http2Once(server(), { path: '/api/auth/change-password', host: ACME_HOST, token, json, ...more });
  const status = async (token) => (await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, token })).status;

  it('changes it, keeps this session and ends the others at once', async () => {
    const next = 'granite-willow-64';
    const [mine, other] = [await signIn(server(), people.member, ACME_HOST), await signIn(server(), people.member, ACME_HOST)];
    const reply = await change(mine, { current_password: people.member.password, new_password: next });
    assert.equal(reply.status, 200, reply.text);
    assert.equal(await status(mine), 200);
    for (let i = 0; i < 20; i++) assert.equal(await status(other), 401, `look ${i}`);
    const old = await http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: people.member.email, password: people.member.password } });
    assert.equal(old.status, 401);
    await signIn(server(), { ...people.member, password: next }, ACME_HOST);
  });

  it('refuses a wrong current password with 400', async () => {
    const token = await signIn(server(), people.viewer, ACME_HOST);
    const reply = await ask(server(), {
      path: '/api/auth/change-password', host: ACME_HOST, token, json: { current_password: 'not-the-password', new_password: 'granite-willow-64' },
    });
    assert.equal(reply.status, 400);
    assert.deepEqual(Object.keys(reply.json), ['detail']);
    assert.equal(await status(token), 200);
  });

  it('refuses a new one that is short, long, common or the same', async () => {
    const token = await signIn(server(), people.viewer, ACME_HOST);
    const refused = ['short12', 'x'.repeat(1025), 'password', 'PASSWORD', '12345678', 'iloveyou', 'baseball', people.viewer.password];
    for (const new_password of refused) {
      const reply = await change(token, { current_password: people.viewer.password, new_password });
      assert.equal(reply.status, 400, `${new_password.slice(0, 20)}: ${reply.text}`);
    }
    await signIn(server(), people.viewer, ACME_HOST);
  });

  it('takes any text of 8 to 1024 bytes, to the last byte', async () => {
    const token = await signIn(server(), people.head, ACME_HOST);
    let current = people.head.password;
    for (const next of ['ümläüte!', `${'long '.repeat(204)}tail`, 'spaces at both ends  ', '🔑🔑🔑🔑', `${'y'.repeat(1023)}z`]) {
      assert.equal((await change(token, { current_password: current, new_password: next })).status, 200, next.slice(0, 20));
      const cut = await http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: people.head.email, password: next.slice(0, -1) } });
      assert.equal(cut.status, 401, 'no truncation');
      await signIn(server(), { ...people.head, password: next }, ACME_HOST);
      current = next;
    }
  });

  it('wants both fields, as text', async () => {
    const token = await signIn(server(), people.viewer, ACME_HOST);
    const bodies = [{}, { current_password: 'x' }, { new_password: 'granite-willow-64' }, { current_password: 1, new_password: 2 },
      { current_password: null, new_password: null }, { current_password: 'a', new_password: 'b', role: 'owner' }, [], 'text', null, 7];
    for (const json of bodies) {
      const reply = await ask(server(), { path: '/api/auth/change-password', host: ACME_HOST, token, json });
      assert.equal(reply.status, 422, `${JSON.stringify(json)}: ${reply.text}`);
    }
  });

  it('wants a session', async () => {
    const reply = await change(undefined, { current_password: 'a', new_password: 'b' });
    assert.equal(reply.status, 401);
  });

  it('of many at once with the same current password exactly one wins', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => signIn(server(), people.owner, ACME_HOST)));
    const replies = await Promise.all(tokens.map((token, i) =>
      change(token, { current_password: people.owner.password, new_password: `granite-willow-${i}` })));
    const won = replies.findIndex((reply) => reply.status === 200);
    assert.equal(replies.filter((reply) => reply.status === 200).length, 1, replies.map((reply) => reply.status).join(' '));
    for (const reply of replies) assert.ok([200, 400, 401].includes(reply.status), reply.text);
    await signIn(server(), { ...people.owner, password: `granite-willow-${won}` }, ACME_HOST);
    for (let i = 0; i < tokens.length; i++) assert.equal(await status(tokens[i]), i === won ? 200 : 401);
  });
});
