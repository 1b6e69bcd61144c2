// Displays: a screen is paired, shows its state, says that it is there, gets another token, and is unpaired.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { Server } from './harness/server.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const config = { rate_limits: { enabled: true, default: '100000/minute', login: '100000/minute' } };

suite('displays', { config }, (server) => {
  const call = (request) => http2Once(server(), { host: ACME_HOST, ...request });
  let admin;
  const asAdmin = async (method, path, json, status = 200) => {
    admin ??= await signIn(server(), people.admin, ACME_HOST);
    const reply = await call({ method, path: `/api/displays${path}`, token: admin, json });
    assert.equal(reply.status, status, reply.text);
    return reply.json.data;
  };
  const begin = async (host = ACME_HOST) => {
    const reply = await call({ method: 'POST', path: '/api/public/displays/pairings', host });
    assert.equal(reply.status, 201, reply.text);
    return reply.json.data;
  };
  const poll = (token) => call({ path: `/api/public/displays/pairings/${token}` });
  const state = (token, headers = {}) => ask(server(), { path: `/api/displays/state/${token}`, host: ACME_HOST, headers });
  const paired = async (name, content) => {
    const { pairing, display } = await asAdmin('POST', '', { name, content }, 201);
    const { json } = await poll(pairing.poll_token);
    return { id: display.id, token: json.data.device_token };
  };

  it('pairs a screen by its code', async () => {
    const pairing = await begin(ROOT_HOST);
    assert.match(pairing.code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.match(pairing.poll_token, /^ttp_[0-9A-Za-z]{49}$/);
    assert.equal(pairing.expires_in, 600);
    assert.equal(pairing.interval, 5);
    assert.equal(pairing.verification_uri_complete, `http://${ROOT_HOST}/panel/#/settings/devices?code=${pairing.code}`);
    assert.equal((await call({ path: `/api/public/displays/pairings/${pairing.poll_token}`, host: ROOT_HOST })).json.data.status, 'pending');
    const display = await asAdmin('POST', '/pair', { code: pairing.code.toLowerCase(), name: 'Lobby' }, 201);
    assert.deepEqual([display.name, display.status, display.revision, display.content], ['Lobby', 'waiting', 1, {}]);
    await asAdmin('POST', '/pair', { code: pairing.code, name: 'Again' }, 422);
  });

  it('hands a token to one of many polls, over many connections', async () => {
    const { pairing } = await asAdmin('POST', '', { name: 'Race' }, 201);
    const sessions = Array.from({ length: 8 }, () => connect2(server()));
    try {
      const replies = await Promise.all(sessions.map((session) =>
        request2(session, { path: `/api/public/displays/pairings/${pairing.poll_token}`, host: ACME_HOST })));
      const words = replies.map((reply) => reply.json.data.status);
      assert.equal(words.filter((word) => word === 'paired').length, 1, words.join());
      assert.ok(words.every((word) => ['paired', 'pending', 'slow_down'].includes(word)), words.join());
    } finally {
      for (const session of sessions) session.destroy();
    }
  });

  it('answers a state with an ETag, and 304 for as long as it holds', async () => {
    const { id, token } = await paired('Bar', { layout: 'text', heading: 'Open' });
    const first = await state(token);
    assert.equal(first.status, 200);
    assert.deepEqual(first.json.data, {
      id, name: 'Bar',
      tenant: { slug: 'acme', name: 'Acme Corporation', logo_url: 'https://assets.acme.example/logo.svg', accent_colour: '#d9480f' },
      content: { layout: 'text', heading: 'Open' }, revision: 1, poll_interval: 10,
    });
    const again = await state(token, { 'if-none-match': first.headers.etag });
    assert.equal(again.status, 304);
    assert.equal(again.text, '');
    assert.equal(again.headers.etag, first.headers.etag);
    assert.equal(again.headers['cache-control'], 'private, no-cache');
    for (const name of ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset']) assert.match(again.headers[name], /^\d+$/);
    const head = await http1(server(), { method: 'HEAD', path: `/api/displays/state/${token}`, host: ACME_HOST });
    assert.deepEqual([head.status, head.text, head.headers.etag], [200, '', first.headers.etag]);
    await asAdmin('PATCH', `/${id}`, { content: { layout: 'clock' } });
    const changed = await state(token, { 'if-none-match': first.headers.etag });
    assert.deepEqual([changed.status, changed.json.data.revision, changed.json.data.content], [200, 2, { layout: 'clock' }]);
  });

  it('refuses what is no device token, in the envelope', async () => {
    const { token } = await paired('Door');
    const slip = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
    admin ??= await signIn(server(), people.admin, ACME_HOST);
    for (const wrong of [slip, admin, 'x', 'ttd_', 'tth_0']) {
      const reply = await ask(server(), { path: `/api/displays/state/${wrong}`, host: ACME_HOST });
      assert.equal(reply.status, 401, wrong);
      assert.equal(reply.json.success, false);
      assert.equal(reply.text, '{"success":false,"data":"Unauthenticated."}');
    }
    assert.equal((await call({ path: '/api/displays/heartbeat', token })).status, 200);
    assert.equal((await call({ path: '/api/auth/me', token })).status, 401);
    assert.equal((await call({ path: '/api/displays', token })).status, 401);
  });

  it('rotates without a gap', async () => {
    const { id, token } = await paired('Hall');
    const { headers } = await state(token);
    await asAdmin('POST', `/${id}/rotate`, { overlap: 600 });
    const handed = await state(token, { 'if-none-match': headers.etag });
    assert.equal(handed.status, 200);
    const next = handed.json.data.next_token;
    assert.equal((await state(token)).json.data.next_token, next, 'asked again, the same');
    assert.equal((await state(next, { 'if-none-match': headers.etag })).status, 304);
    assert.equal((await state(token)).status, 401);
  });

  it('unpairs with the next request', async () => {
    const { id, token } = await paired('Gone');
    const { headers } = await state(token);
    assert.equal((await state(token, { 'if-none-match': headers.etag })).status, 304);
    await asAdmin('DELETE', `/${id}`);
    assert.equal((await state(token, { 'if-none-match': headers.etag })).status, 401);
  });

  it('lists page by page, and makes a link anew', async () => {
    const { display, pairing } = await asAdmin('POST', '', { name: 'Linked' }, 201);
    assert.match(pairing.link, new RegExp(`^http://${ACME_DOMAIN.replaceAll('.', '\\.')}(:\\d+)?/display#pair=ttp_`));
    const again = (await asAdmin('POST', `/${display.id}/link`)).pairing;
    assert.equal((await poll(pairing.poll_token)).status, 404, 'the earlier link is void');
    assert.equal((await poll(again.poll_token)).json.data.display_id, display.id);
    const names = [];
    for (let next = ''; next !== null;) {
      const page = await call({ path: `/api/displays?limit=2${next && `&cursor=${next}`}`, token: admin });
      assert.equal(page.status, 200, page.text);
      names.push(...page.json.data.map(({ name }) => name));
      next = page.json.next;
    }
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.includes('Linked'));
    const outsider = await signIn(server(), people.outsider, GLOBEX_HOST);
    for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/link'], ['POST', '/rotate']]) {
      const reply = await http2Once(server(), {
        method, path: `/api/displays/${display.id}${path}`, host: GLOBEX_HOST, token: outsider, json: method === 'PATCH' || path === '/rotate' ? {} : undefined,
      });
      assert.equal(reply.status, 404, `${method} ${path}`);
    }
    const viewer = await signIn(server(), people.viewer, ACME_HOST);
    assert.equal((await call({ path: `/api/displays/${display.id}`, token: viewer })).status, 200, 'who may look');
    assert.equal((await call({ method: 'DELETE', path: `/api/displays/${display.id}`, token: viewer })).status, 403, 'may not change');
  });

  it('leaves no token in a log', async () => {
    const { pairing } = await asAdmin('POST', '', { name: 'Quiet' }, 201);
    const { json } = await poll(pairing.poll_token);
    await state(json.data.device_token);
    await call({ path: `/api/displays/heartbeat/${json.data.device_token}` });
    await call({ path: `/api/displays/heartbeat/${json.data.device_token}/x`, method: 'POST' });
    await call({ path: `/api/displays/state/${json.data.device_token}`, method: 'DELETE' });
    await server().log.until((line) => line.op === 'display_heartbeat' && line.path === '/api/displays/heartbeat/***');
    for (const secret of [pairing.poll_token, json.data.device_token]) {
      assert.ok(!server().log.text.includes(secret.slice(4, 40)), server().log.lines.find((line) => JSON.stringify(line).includes(secret.slice(4, 40)))?.msg);
    }
  });

  it('knows when a screen was seen, also after a restart', async () => {
    const { id, token } = await paired('Seen');
    assert.equal((await asAdmin('GET', `/${id}`)).status, 'waiting');
    await call({ path: `/api/displays/heartbeat/${token}` });
    const before = await asAdmin('GET', `/${id}`);
    assert.equal(before.status, 'online');
    await server().stop();
    const again = await new Server(server().scratch).start();
    try {
      const reply = await http2Once(again, { path: `/api/displays/${id}`, host: ACME_HOST, token: admin });
      assert.equal(reply.json.data.last_seen_at, before.last_seen_at);
    } finally {
      await again.stop();
      await server().start();
    }
  });
});
