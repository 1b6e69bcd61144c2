// The v1 surface's authentication, a tenant's registration, and what the audit log says of it all.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { runCli } from './harness/cli.mjs';
import { ask, http2Once, maskToken } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, makeScratchWithWorld, people } from './harness/world.mjs';

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$/;

suite('v1 auth', {}, (server) => {
  const v1 = (path, { tenant, headers, ...more } = {}) =>
    http2Once(server(), { path: `/api/v1${path}`, headers: { ...(tenant && { 'x-tenant': tenant }), ...headers }, ...more });
  const login = (tenant, person, password = person.password) =>
    v1('/auth/login', { tenant, json: { email: person.email, password } });
  const tokenOf = async (tenant, person) => {
    const reply = await login(tenant, person);
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data.token;
  };

  it('login answers token, user and tenant, alike over both protocols', async () => {
    const reply = await ask(server(), {
      path: '/api/v1/auth/login', headers: { 'x-tenant': 'acme' },
      json: { email: people.admin.email, password: people.admin.password },
    }, (text) => maskToken(text).replace(/"expires_at":"[^"]*"/, ''));
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['content-type'], 'application/json');
    assert.equal(reply.headers['cache-control'], 'no-store');
    const { token, expires_at: expires, ...data } = reply.json.data;
    assert.match(token, /^eyJ/);
    assert.match(expires, iso);
    const { users, tenants } = server().world;
    assert.deepEqual(data, {
      token_type: 'Bearer',
      user: { id: users.admin, name: people.admin.name, email: people.admin.email },
      tenant: { id: tenants.acme, slug: 'acme', name: 'Acme Corporation', plan: 'pro', status: 'active' },
    });
  });

  it('says what is wrong with a sign-in', async () => {
    const unnamed = await login(undefined, people.admin);
    assert.equal(unnamed.status, 422);
    assert.deepEqual(Object.keys(unnamed.json.errors), ['X-Tenant']);
    assert.equal((await login('nowhere', people.admin)).status, 404);
    const wrong = await login('acme', people.admin, 'not-the-password');
    const stranger = await login('acme', people.outsider);
    assert.deepEqual([wrong.status, stranger.status, wrong.text], [401, 401, stranger.text]);
    const empty = await v1('/auth/login', { tenant: 'acme', json: { password: 'x' } });
    assert.deepEqual([empty.status, empty.json],
      [422, { message: 'The given data was invalid', errors: { email: ['The email field is required.'] } }]);
  });

  it('me and tenants know the user', async () => {
    const token = await tokenOf('acme', people.owner);
    const me = await ask(server(), { path: '/api/v1/auth/me', headers: { 'x-tenant': 'acme' }, token });
    assert.equal(me.json.data.user.email, people.owner.email);
    assert.deepEqual(me.json.data.role, { slug: 'owner', name: 'Owner', rank: 80 });
    assert.equal(me.json.data.permissions.length, 42);
    const tenants = await ask(server(), { path: '/api/v1/auth/tenants', token });
    assert.deepEqual(tenants.json.data.map(({ slug, role, status, current }) => ({ slug, role, status, current })),
      [{ slug: 'acme', role: 'owner', status: 'active', current: true }]);
    assert.equal((await v1('/auth/me', { tenant: 'globex', token })).status, 403);
  });

  it('sessions are listed and ended, logout is at once', async () => {
    const [one, two] = [await tokenOf('acme', people.member), await tokenOf('acme', people.member)];
    const list = (await v1('/auth/sessions', { token: two })).json.data;
    const here = list.find((session) => session.current);
    const there = list.find((session) => !session.current);
    assert.equal(here.tenant, 'acme');
    assert.match(here.created_at, iso);
    assert.equal((await v1(`/auth/sessions/${there.id}`, { method: 'DELETE', token: two })).status, 200);
    assert.equal((await v1('/auth/me', { token: one })).status, 401);
    assert.equal((await v1('/auth/logout', { method: 'POST', token: two })).status, 200);
    const after = await v1('/auth/me', { token: two });
    assert.deepEqual([after.status, after.json], [401, { message: 'Unauthenticated.' }]);
  });

  it('a new password ends the other sessions', async () => {
    const [here, there] = [await tokenOf('acme', people.viewer), await tokenOf('acme', people.viewer)];
    const change = (current, next) =>
      v1('/auth/change-password', { token: here, json: { current_password: current, new_password: next } });
    const wrong = await change('not-the-password', 'walnut-harbour-88');
    assert.deepEqual([wrong.status, Object.keys(wrong.json.errors)], [422, ['current_password']]);
    const common = await change(people.viewer.password, 'password1');
    assert.deepEqual([common.status, Object.keys(common.json.errors)], [422, ['new_password']]);
    assert.equal((await change(people.viewer.password, 'walnut-harbour-88')).status, 200);
    assert.equal((await v1('/auth/me', { token: there })).status, 401);
    assert.equal((await v1('/auth/me', { token: here })).status, 200);
  });

  it('registers a tenant whose owner can work on every surface at once', async () => {
    const reply = await v1('/tenants', {
      json: { name: 'Initech GmbH', owner: { name: 'Ina Tech', email: 'ina@initech.example', password: 'maroon-kettle-97' } },
    });
    assert.equal(reply.status, 201, reply.text);
    const { token, tenant } = reply.json.data;
    assert.equal(tenant.slug, 'initech-gmbh');
    assert.equal((await v1('/auth/me', { tenant: 'initech-gmbh', token })).json.data.role.slug, 'owner');
    assert.equal((await http2Once(server(), { path: '/api/auth/me', host: 'initech-gmbh.tether.test', token })).status, 200);
    const again = await v1('/tenants', {
      json: { name: 'Initech GmbH', owner: { name: 'Ina', email: 'ina@initech.example', password: 'maroon-kettle-97' } },
    });
    assert.deepEqual([again.status, again.json.errors], [422, { slug: ['The slug has already been taken.'] }]);
    const thief = await v1('/tenants', {
      json: { name: 'Thief', owner: { name: 'T', email: 'ina@initech.example', password: 'not-the-password' } },
    });
    assert.equal(thief.status, 401);
  });

  it('explains a decision, and what of the plan is used', async () => {
    const token = await tokenOf('acme', people.admin);
    const explain = (user, permission) =>
      v1(`/authz/explain?user=${user}&permission=${permission}`, { tenant: 'acme', token });
    const no = (await explain(server().world.users.member, 'assets.delete')).json.data;
    assert.deepEqual([no.allowed, no.decided_by, no.role.slug], [false, 'role', 'member']);
    assert.equal((await explain(encodeURIComponent(people.head.email), 'assets.edit')).json.data.allowed, true);
    assert.equal((await explain(server().world.users.outsider, 'assets.view')).status, 404);
    assert.equal((await explain(server().world.users.member, 'assets.fly')).status, 422);
    const usage = (await v1('/usage', { tenant: 'acme', token })).json.data;
    assert.equal(usage.plan, 'pro');
    assert.equal(usage.limits.find(({ limit }) => limit === 'users').used, 5);
  });

  it('guessing gets slow, for known and unknown addresses alike', async () => {
    for (const email of [people.head.email, 'nobody@acme.example']) {
      const guess = () => login('acme', { email }, 'not-the-password');
      for (let i = 0; i < 5; i++) assert.equal((await guess()).status, 401);
      const slow = await guess();
      assert.equal(slow.status, 429, email);
      assert.match(slow.headers['retry-after'], /^[1-9]\d*$/);
      assert.match(slow.json.message, /^Too many failed attempts\. Try again in \d+ seconds\.$/);
    }
  });

  it('the audit log has it all, and the command line can tell that it is sound', async () => {
    const token = await tokenOf('acme', people.owner);
    const page = await v1('/audit?per_page=3', { tenant: 'acme', token });
    assert.equal(page.json.data.length, 3);
    assert.equal(page.json.data[0].action, 'session.opened');
    assert.deepEqual(page.json.data[0].actor, { kind: 'user', id: server().world.users.owner, name: people.owner.email });
    assert.equal(page.json.data[0].request_id.length, 32);
    const next = await v1(`/audit?per_page=3&cursor=${page.json.meta.next_cursor}`, { tenant: 'acme', token });
    assert.equal(next.json.data[0].id, page.json.data[2].id - 1);
    const refused = await v1('/audit?action=session.refused', { tenant: 'acme', token });
    assert.ok(refused.json.data.every((entry) => entry.actor.kind === 'anonymous' && entry.after.reason === 'credentials'));
    assert.equal((await v1('/audit', { tenant: 'acme', token: await tokenOf('acme', people.member) })).status, 403);

    const lines = await http2Once(server(), {
      path: '/api/v1/audit', host: ACME_HOST, token, headers: { accept: 'application/x-ndjson' },
    });
    assert.equal(lines.headers['content-type'], 'application/x-ndjson');
    const entries = lines.text.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(entries.map(({ id }) => id), entries.map((_, i) => entries.length - i));
    assert.deepEqual(entries.at(-1).actor.kind, 'cli');
    assert.equal(entries.at(-1).action, 'tenant.created');

    for (const secret of Object.values(people).map(({ password }) => password)) assert.ok(!lines.text.includes(secret));
  });
});

suite('v1, what the panel shows of oneself and of the tenant', {}, (server) => {
  const host = ACME_HOST;
  const tokenOf = async ({ email, password }) => (await http2Once(server(), { path: '/api/v1/auth/login', host, json: { email, password } })).json.data.token;
  const get = (path, token) => http2Once(server(), { path: `/api/v1${path}`, host, token });

  it('all other sessions end at once', async () => {
    const tokens = [await tokenOf(people.viewer), await tokenOf(people.viewer), await tokenOf(people.viewer)];
    const other = await tokenOf(people.admin);
    const reply = await ask(server(), { method: 'DELETE', path: '/api/v1/auth/sessions', host, token: tokens[1] });
    assert.equal(reply.status, 200, reply.text);
    const statuses = await Promise.all([...tokens, other].map(async (token) => (await get('/auth/me', token)).status));
    assert.deepEqual(statuses, [401, 200, 401, 200]);
    assert.equal((await get('/auth/sessions', tokens[1])).json.data.length, 1);
    const { data } = (await get('/audit?action=session.revoked_others', other)).json;
    assert.deepEqual(data.map(({ actor }) => actor.name), [people.viewer.email, people.viewer.email]); // once over each protocol
  });

  it('sign-ins and refusals by day', async () => {
    const token = await tokenOf(people.owner);
    const today = async () => (await get('/activity?days=1', token)).json.data.at(-1);
    const before = await today();
    await tokenOf(people.owner);
    await http2Once(server(), { path: '/api/v1/auth/login', host, json: { email: people.owner.email, password: 'not-the-password' } });
    const after = await today();
    if (after.date === before.date) {
      assert.deepEqual([after.sign_ins, after.refusals], [before.sign_ins + 1, before.refusals + 1]);
    }
    const { data } = (await get('/activity', token)).json;
    assert.equal(data.length, 14);
    assert.deepEqual([...data.map(({ date }) => date)].sort(), data.map(({ date }) => date));
    for (const { date } of data) assert.match(date, /^\d{4}-\d\d-\d\d$/);
    for (const days of [0, 91, 'x']) assert.equal((await get(`/activity?days=${days}`, token)).status, 422, days);
    assert.equal((await get('/activity', await tokenOf(people.viewer))).status, 403);
  });
});

describe('audit on the command line', () => { // which writes while nobody serves: SQLite has one process
  let scratch;
  const audit = (...args) => runCli(['audit', ...args, '--config', scratch.configPath]);
  before(() => { ({ scratch } = makeScratchWithWorld()); });
  after(() => scratch?.remove());

  it('verifies and trims', () => {
    const all = audit('verify');
    assert.equal(all.code, 0, all.stderr);
    assert.match(all.stdout, /^acme: 6 rows, 1 to 6, sound; head [0-9a-f]{64}$/m);
    assert.match(all.stdout, /^root: 3 rows, 1 to 3, sound; head [0-9a-f]{64}$/m);
    assert.match(audit('verify', '--tenant', 'globex').stdout, /^globex: 2 rows.*\n$/);
    assert.equal(audit('verify', '--tenant', 'nowhere').code, 1);
    assert.match(audit('trim', '--before', '2020-01-01').stdout, /^acme: 0 rows let go$/m);
    const now = new Date(Date.now() - 1).toISOString();
    assert.match(audit('trim', '--before', now, '--tenant', 'acme').stdout, /^acme: 6 rows let go, up to number 6$/m);
    assert.match(audit('verify', '--tenant', 'acme').stdout, /^acme: 1 rows, 7 to 7, sound/);
    assert.equal(audit('trim').code, 2);
    assert.equal(audit('trim', '--before', 'yesterday').code, 1);
    assert.equal(audit('trim', '--before', '2999-01-01').code, 1);
  });
});
