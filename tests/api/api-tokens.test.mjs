// API tokens end to end: on all four surfaces, under concurrency, from the command line, and in the page's own example.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { adminSession, KEYS, makeKey } from './harness/api-keys.mjs';
import { admin, runCli } from './harness/cli.mjs';
import { ask, http1, http2Once, me, signIn } from './harness/client.mjs';
import { Server } from './harness/server.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, GLOBEX_HOST, makeScratchWithWorld, people } from './harness/world.mjs';

const maskSecret = (text) => text.replace(/tth_\w+/g, 'SECRET').replace(/"(id|created_at|updated_at|last_used_at|prefix)":("[^"]*"|\d+)/g, '"$1":0');

suite('API tokens', { config: { tenancy: { default_tenant: 'acme' } } }, (server) => {
  it('is made once, over both protocols, in the envelope of the page', async () => {
    const session = await adminSession(server());
    const made = await ask(server(), { path: KEYS, token: session, json: { name: 'Nightly', scopes: ['assets.view'] } }, maskSecret);
    assert.equal(made.status, 201);
    assert.equal(made.json.success, true);
    const { token, ...rest } = made.json.data;
    assert.match(token, /^tth_[0-9A-Za-z]{49}$/);
    assert.equal(rest.prefix, token.slice(0, 12));
    const listed = await ask(server(), { path: `${KEYS}?limit=1`, token: session });
    assert.deepEqual([listed.json.success, listed.json.data], [true, [rest]]);
    assert.ok(!server().log.text.includes(token), 'not in the log');
  });

  it('works on all four surfaces, in its own tenant', async () => {
    const { token } = await makeKey(server(), await adminSession(server()), ['assets.view', 'team.view', 'api_keys.manage']);
    const asks = {
      assets: { path: '/api/auth/me', host: ACME_HOST },
      crm: { path: '/api/auth/verify-token' },
      v1: { path: '/api/v1/team', headers: { 'x-tenant': 'acme' } },
      spaces: { path: KEYS },
    };
    for (const [surface, request] of Object.entries(asks)) {
      assert.equal((await ask(server(), { ...request, token }, maskSecret)).status, 200, surface);
    }
    assert.equal((await ask(server(), { ...asks.assets, host: GLOBEX_HOST, token })).status, 403);
    assert.equal((await ask(server(), { ...asks.v1, headers: { 'x-tenant': 'globex' }, token })).status, 403);
    assert.equal((await ask(server(), { ...asks.spaces, host: GLOBEX_HOST, token })).status, 403);
  });

  it('is written in the access log by number, never by text', async () => {
    const { id, token } = await makeKey(server(), await adminSession(server()), ['assets.view']);
    const from = server().log.lines.length;
    await me(server(), token, ACME_HOST);
    const line = await server().log.until((entry) => entry.op === 'assets_me', { from });
    assert.deepEqual([line.token_id, line.user_id], [id, server().world.users.admin]);
    assert.ok(!server().log.text.includes(token.slice(12)));
  });

  it('refuses what was shuffled, cut, forged or replayed', async () => {
    const session = await adminSession(server());
    const { id, token } = await makeKey(server(), session, ['assets.view']);
    const body = token.slice(4);
    const shuffled = [...body].reverse().join('');
    const bad = [`tth_${shuffled}`, token.slice(0, -1), `${token}A`, `ttd_${body}`, `tti_${body}`, token.toUpperCase(), `tth_${'0'.repeat(49)}`,
      `${token}.${token}`, `tth_${body.slice(1)}${body[0]}`];
    for (const each of bad) assert.equal((await me(server(), each, ACME_HOST)).status, 401, each);
    assert.equal((await me(server(), token, ACME_HOST)).status, 200);
    assert.equal((await http2Once(server(), { method: 'DELETE', path: `${KEYS}/${id}`, token: session })).status, 200);
    for (let again = 0; again < 3; again++) assert.equal((await me(server(), token, ACME_HOST)).status, 401, 'revoked');
  });

  it('has one live secret after rotations side by side, and none after a revocation among them', async () => {
    const session = await adminSession(server());
    const { id, token } = await makeKey(server(), session, ['assets.view']);
    const rotate = () => http1(server(), { method: 'POST', path: `${KEYS}/${id}/rotate`, token: session, json: {} });
    const rotated = await Promise.all(Array.from({ length: 8 }, rotate));
    for (const reply of rotated) assert.equal(reply.status, 200, reply.text);
    const secrets = [token, ...rotated.map((reply) => reply.json.data.token)];
    const live = async () => {
      const replies = await Promise.all(secrets.map((each) => me(server(), each, ACME_HOST)));
      return replies.filter((reply) => reply.status === 200).length;
    };
    assert.equal(new Set(secrets).size, 9);
    assert.equal(await live(), 1);
    const revoke = () => http1(server(), { method: 'DELETE', path: `${KEYS}/${id}`, token: session });
    const mixed = await Promise.all([rotate(), rotate(), revoke(), rotate(), revoke()]);
    assert.equal([mixed[2], mixed[4]].filter((reply) => reply.status === 200).length, 1, 'one revocation did it');
    for (const reply of mixed) {
      assert.ok([200, 404].includes(reply.status), reply.text);
      if (reply.json.data?.token) secrets.push(reply.json.data.token);
    }
    assert.equal(await live(), 0);
  });

  it('is edited part by part; null takes a limit away', async () => {
    const session = await adminSession(server());
    const { id, token, ...made } = await makeKey(server(), session, ['assets.view'], {
      expires_at: '2100-01-01T00:00:00Z', allowed_addresses: ['192.0.2.0/24', '2001:db8::/32'], rate_limit: 5,
    });
    const edit = (json, status = 200) => ask(server(), { method: 'PATCH', path: `${KEYS}/${id}`, token: session, json }, maskSecret)
      .then((reply) => { assert.equal(reply.status, status, reply.text); return reply.json.data; });
    assert.equal((await me(server(), token, ACME_HOST)).status, 403, 'not from here');
    const renamed = await edit({ name: 'Other', scopes: ['team.view', 'assets.view'] });
    assert.deepEqual({ ...renamed, updated_at: 0 }, { ...made, id, name: 'Other', scopes: ['assets.view', 'team.view'], updated_at: 0 });
    const freed = await edit({ expires_at: null, allowed_addresses: null, rate_limit: null });
    assert.deepEqual([freed.expires_at, freed.allowed_addresses, freed.rate_limit, freed.name], [null, [], null, 'Other']);
    assert.equal((await me(server(), token, ACME_HOST)).status, 200);
    assert.match(await edit({ scopes: ['assets.fly'] }, 422), /There is no scope assets\.fly/);
    assert.match(await edit({ scopes: null }, 422), /scopes/);
    assert.match(await edit({ prefix: 'tth_x' }, 422), /prefix field is not allowed/);
    assert.equal((await ask(server(), { method: 'PATCH', path: `${KEYS}/${id}`, token: session, json: {} })).status, 200);
    for (const path of [`${KEYS}/0`, `${KEYS}/x`, `${KEYS}/999999`]) {
      assert.equal((await ask(server(), { method: 'PATCH', path, token: session, json: {} })).status, 404, path);
    }
  });

  // Page 003, word for word but for the address.
  it("runs the page's own example", async () => {
    const apiRequest = pageExample(`http://127.0.0.1:${server().port}`);
    const session = await adminSession(server());
    const { id, token } = await makeKey(server(), session, ['api_keys.manage']);
    const narrow = await makeKey(server(), session, ['assets.view']);
    const answer = await apiRequest('/settings/api-keys', token);
    assert.deepEqual([answer.success, answer.data.some((key) => key.id === id)], [true, true]);
    await assert.rejects(apiRequest('/settings/api-keys', narrow.token), { message: 'Insufficient permissions for this endpoint.' });
    await http2Once(server(), { method: 'DELETE', path: `${KEYS}/${id}`, token: session });
    await assert.rejects(apiRequest('/settings/api-keys', token), { message: 'Authentication failed. Please refresh your token.' });
    const refused = await ask(server(), { path: KEYS, token });
    assert.deepEqual([refused.status, refused.json], [401, { success: false, data: 'Unauthenticated.' }]);
  });

  it('ends with its owner: a lesser role narrows it, a removal ends it', async () => {
    const owner = await signIn(server(), people.owner, ACME_HOST);
    const tom = { email: 'temp@acme.example', password: 'walnut-harbour-12' };
    const joined = await http2Once(server(), { path: '/api/auth/register', host: ACME_HOST, json: { ...tom, firstName: 'T', lastName: 'T' } });
    assert.equal(joined.status, 201, joined.text);
    const id = Number.parseInt(joined.json.user.id.slice(8), 16);
    const v1 = (method, path, token, json) => http2Once(server(), { method, path: `/api/v1${path}`, headers: { 'x-tenant': 'acme' }, token, json });
    assert.equal((await v1('PATCH', `/team/members/${id}/role`, owner, { role: 'admin' })).status, 200);
    const { token } = await makeKey(server(), await signIn(server(), tom, ACME_HOST), ['team.view']);
    const team = async () => (await v1('GET', '/team', token)).status;
    assert.equal(await team(), 200);
    await v1('PATCH', `/team/members/${id}/role`, owner, { role: 'member' });
    assert.equal(await team(), 403);
    await v1('PATCH', `/team/members/${id}/role`, owner, { role: 'viewer' });
    assert.equal(await team(), 200);
    await v1('DELETE', `/team/members/${id}`, owner);
    assert.equal(await team(), 401);
  });
});

function pageExample(base) {
  const text = `async function apiRequest(endpoint, token) { const response = await fetch(\`https://app.tersos.io/api\${endpoint}\`, { headers: { 'Authorization': \`Bearer \${token}\`, 'Accept': 'application/json', }, });
if (response.status === 401) { // Token expired or invalid — re-authenticate
  throw new Error('Authentication failed. Please refresh your token.'); }
if (response.status === 403) { // Token lacks required permissions
  throw new Error('Insufficient permissions for this endpoint.'); }
return response.json();}`;
  return new Function(`${text.replace('https://app.tersos.io', base)}; return apiRequest;`)();
}

describe('tether token', () => {
  let scratch;
  before(() => {
    ({ scratch } = makeScratchWithWorld());
  });
  after(() => scratch?.remove());
  const cli = (...args) => runCli(['token', ...args, '--config', scratch.configPath]);
  const add = (more = {}) => cli('add', ...Object.entries({
    tenant: 'acme', user: people.admin.email, name: 'Cron job', scopes: 'assets.view,team.view', ...more,
  }).flatMap(([name, value]) => [`--${name}`, value]));

  it('prints the token alone, once, and it works', async () => {
    const made = add({ expires: '2100-01-31' });
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^tth_[0-9A-Za-z]{49}\n$/);
    assert.match(made.stderr, /token 1 of .*this once/);
    const listed = cli('list', '--tenant', 'acme');
    assert.match(listed.stdout, new RegExp(`^ +1  ${made.stdout.slice(0, 12)} +2100-01-31 never +${people.admin.email} +Cron job +assets\\.view team\\.view$`, 'm'));
    assert.ok(!listed.stdout.includes(made.stdout.trim()));
    const server = await new Server(scratch).start();
    try {
      assert.equal((await me(server, made.stdout.trim(), ACME_HOST)).status, 200);
    } finally {
      await server.stop();
    }
    const used = Number(scratch.database.query('SELECT last_used_at FROM api_tokens WHERE id = 1'));
    assert.ok(used > 0, 'written down when the server stopped');
    assert.match(cli('list', '--tenant', 'acme').stdout, new RegExp(`2100-01-31 ${new Date(used / 1000).toISOString().slice(0, 10)} `));
    assert.match(cli('list', '--tenant', 'globex').stdout, /^[^\n]*\n$/);
    assert.equal(cli('revoke', '--tenant', 'globex', '--id', '1').code, 1);
    assert.equal(cli('revoke', '--tenant', 'acme', '--id', '1').code, 0);
    assert.match(cli('revoke', '--tenant', 'acme', '--id', '1').stderr, /has no token 1/);
    assert.equal(scratch.database.query("SELECT count(*) FROM audit_log WHERE action LIKE 'api_token.%' AND actor_kind = 'cli'"), '2');
  });

  it('refuses what is wrong, and writes nothing', () => {
    for (const [more, pattern] of [[{ scopes: 'assets.view,assets.fly' }, /There is no scope assets\.fly/],
      [{ scopes: 'tenants.manage' }, /lacks the permission tenants\.manage/], [{ user: 'nobody@acme.example' }, /There is no user/],
      [{ user: people.outsider.email }, /no active member of tenant acme/], [{ tenant: 'nosuch' }, /There is no tenant nosuch/],
      [{ expires: '2020-01-01' }, /over already/], [{ expires: 'soon' }, /--expires is a time/], [{ name: ' ' }, /--name is empty/]]) {
      const made = add(more);
      assert.deepEqual([made.code, made.stdout], [1, ''], JSON.stringify(more));
      assert.match(made.stderr, pattern);
    }
    assert.equal(scratch.database.query('SELECT count(*) FROM api_tokens'), '0');
    assert.match(admin(scratch, ['audit', 'verify', '--tenant', 'acme']), /sound/);
  });
});
