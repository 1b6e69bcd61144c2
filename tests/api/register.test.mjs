// POST /api/auth/register under every policy.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { ask, http2Once, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const newcomer = (more = {}) => ({
  email: `n${randomBytes(6).toString('hex')}@new.example`, password: 'granite-willow-64', firstName: 'Jane', lastName: 'Smith', ...more,
});
const register = (server, json, more = {}) => http2Once(server, { path: '/api/auth/register', host: ACME_HOST, json, ...more });
const crmLogin = (server, { email, password }) => http2Once(server, { path: '/api/auth/login', json: { email, password } });

suite('register: open', {}, (server) => {
  const organizationId = async (who) => (await crmLogin(server(), people[who])).json.user.organizationId;

  it('answers 201 with exactly a token and the user, who can sign in', async () => {
    const person = newcomer();
    const reply = await register(server(), person);
    assert.equal(reply.status, 201, reply.text);
    assert.deepEqual(Object.keys(reply.json), ['token', 'user']);
    assert.deepEqual(Object.keys(reply.json.user), ['id', 'email', 'fullName', 'organizationId', 'accessRole']);
    assert.equal(reply.json.user.email, person.email);
    assert.equal(reply.json.user.fullName, 'Jane Smith');
    assert.equal(reply.json.user.accessRole, 'SALES_REP');
    assert.equal(reply.json.user.organizationId, await organizationId('admin'));
    assert.equal((await http2Once(server(), { path: '/api/auth/verify-token', token: reply.json.token })).status, 200);
    assert.equal((await crmLogin(server(), person)).json.user.id, reply.json.user.id);
    const me = await http2Once(server(), { path: '/api/auth/me', host: ACME_HOST, token: reply.json.token });
    assert.equal(me.json.role, 'client_user');
  });

  it('over both protocols alike', async () => {
    const reply = await ask(server(), { path: '/api/auth/register', host: ACME_HOST, json: { ...newcomer(), email: 'nope' } });
    assert.equal(reply.status, 400);
    assert.deepEqual(Object.keys(reply.json), ['error']);
  });

  it('joins the organisation that is named on the root host', async () => {
    const id = await organizationId('outsider');
    const reply = await register(server(), newcomer({ organizationId: id }), { host: ROOT_HOST });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.json.user.organizationId, id);
  });

  it('refuses an organisation that disagrees with the token', async () => {
    const json = newcomer({ organizationId: await organizationId('outsider') });
    const token = await signIn(server(), people.admin, ACME_HOST);
    const reply = await register(server(), json, { host: ROOT_HOST, token });
    assert.equal(reply.status, 403, reply.text);
  });

  it('refuses an organisation that disagrees with the host, or does not exist', async () => {
    assert.equal((await register(server(), newcomer({ organizationId: await organizationId('outsider') }))).status, 403);
    for (const id of ['f'.repeat(24), '0'.repeat(24), 'x', '', 'g'.repeat(24), '1', `${'0'.repeat(23)}1`]) {
      const reply = await register(server(), newcomer({ organizationId: id }), { host: ROOT_HOST });
      assert.ok([400, 404].includes(reply.status), `${id}: ${reply.status} ${reply.text}`);
    }
  });

  it('never lets anybody join the operator\'s staff', async () => {
    const id = (await crmLogin(server(), people.staff)).json.user.organizationId;
    for (const role of [undefined, 'SALES_REP', 'SUPERADMIN']) {
      const reply = await register(server(), newcomer({ organizationId: id, role }), { host: ROOT_HOST });
      assert.equal(reply.status, 403, reply.text);
    }
  });

  it('409 for a known address, in any case', async () => {
    for (const email of [people.admin.email, people.admin.email.toUpperCase(), people.outsider.email]) {
      const reply = await register(server(), newcomer({ email }));
      assert.equal(reply.status, 409, email);
      assert.deepEqual(Object.keys(reply.json), ['error']);
    }
  });

  it('gives no role above SALES_REP to a stranger', async () => {
    for (const role of ['SUPERADMIN', 'ADMIN', 'DEPARTMENT_HEAD']) {
      const person = newcomer({ role });
      assert.equal((await register(server(), person)).status, 403, role);
      assert.equal((await crmLogin(server(), person)).status, 401, 'nobody was created');
    }
  });

  it('lets people give roles up to their own rank', async () => {
    const admin = await signIn(server(), people.admin, ACME_HOST);
    const head = await signIn(server(), people.head, ACME_HOST);
    const outsider = await signIn(server(), people.outsider, GLOBEX_HOST);
    const expected = [
      [admin, 'ADMIN', 201], [admin, 'DEPARTMENT_HEAD', 201], [admin, 'SUPERADMIN', 403], [head, 'DEPARTMENT_HEAD', 201], [head, 'ADMIN', 403],
      [outsider, 'ADMIN', 403],
    ];
    for (const [token, role, status] of expected) {
      const reply = await register(server(), newcomer({ role }), { token });
      assert.equal(reply.status, status, `${role}: ${reply.text}`);
      if (status === 201) assert.equal(reply.json.user.accessRole, role);
    }
  });

  it('a bad token is 401, not a stranger', async () => {
    assert.equal((await register(server(), newcomer(), { token: 'nonsense' })).status, 401);
  });

  it('refuses what is missing or wrong, with 400 and no user', async () => {
    const wrong = [
      { email: undefined }, { password: undefined }, { firstName: undefined }, { lastName: undefined }, { email: '' }, { email: 'x' }, { email: 'a@b@c' },
      { email: `${'a'.repeat(65)}@x.example` }, { email: 7 }, { email: null }, { email: ['a@b.example'] }, { password: 'short' }, { password: 'password' },
      { password: 'x'.repeat(1025) }, { password: 12345678 }, { firstName: '' }, { firstName: '  ' }, { lastName: 'x'.repeat(101) }, { firstName: 'a\u0001b' },
      { role: 'OWNER' }, { role: 'admin' }, { role: 7 }, { isAdmin: true }, { tenant_id: 1 }, { id: 1 }, { permissions: [] }, { is_msp_staff: true },
      { created_at: 1 }, { Role: 'SALES_REP' },
    ];
    for (const more of wrong) {
      const person = newcomer(more);
      const reply = await register(server(), person);
      assert.equal(reply.status, 400, `${JSON.stringify(more)}: ${reply.status} ${reply.text}`);
      assert.equal(typeof reply.json.error, 'string');
    }
  });

  it('of many at once with one address exactly one wins', async () => {
    const person = newcomer();
    const replies = await Promise.all(Array.from({ length: 12 }, () => register(server(), person)));
    const statuses = replies.map((reply) => reply.status).sort();
    assert.deepEqual(statuses, [201, ...Array(11).fill(409)]);
  });
});

suite('register: admin', { config: { tenancy: { registration: 'admin' } } }, (server) => {
  it('only who may manage users', async () => {
    const expected = [[undefined, 403], ['member', 403], ['viewer', 403], ['head', 403], ['outsider', 403], ['admin', 201], ['owner', 201], ['staff', 201]];
    for (const [who, status] of expected) {
      const host = { outsider: GLOBEX_HOST }[who] ?? ACME_HOST;
      const token = who && await signIn(server(), people[who], host);
      const reply = await register(server(), newcomer(), { token });
      assert.equal(reply.status, status, `${who}: ${reply.text}`);
    }
  });
});

suite('register: closed', { config: { tenancy: { registration: 'closed' } } }, (server) => {
  it('nobody', async () => {
    for (const who of [undefined, 'admin', 'owner', 'staff']) {
      const token = who && await signIn(server(), people[who], ACME_HOST);
      const reply = await register(server(), newcomer(), { token });
      assert.equal(reply.status, 403, `${who}: ${reply.text}`);
      assert.deepEqual(Object.keys(reply.json), ['error']);
    }
  });
});

suite('register: plan limit', { config: { mode: 'saas' } }, (server) => {
  it('402 at the plan\'s number of users, exactly, under concurrency', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => register(server(), newcomer(), { host: GLOBEX_HOST })));
    const created = replies.filter((reply) => reply.status === 201).length;
    assert.equal(created, 4, 'the free plan has 5 users, and one is there');
    for (const reply of replies.filter(({ status }) => status !== 201)) {
      assert.equal(reply.status, 402, reply.text);
      const { error, ...numbers } = reply.json;
      assert.equal(typeof error, 'string');
      assert.deepEqual(numbers, { limit: 'users', used: 5, max: 5, plan: 'free' });
    }
  });

  it('a refused address is free', async () => {
    const person = newcomer();
    assert.equal((await register(server(), person, { host: GLOBEX_HOST })).status, 402);
    assert.equal((await register(server(), person, { host: ACME_HOST })).status, 201);
  });
});
