// Every way to take rights away, and to give them: done on one of two servers on one database, it acts on that server's next
// request, and on the other's within a second, which had kept what was true before.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KEYS } from './harness/api-keys.mjs';
import { http2Once } from './harness/client.mjs';
import { changedSince, startNodes, warmUp } from './harness/nodes.mjs';
import { driver } from './harness/scratch.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, people, ROOT_HOST } from './harness/world.mjs';

describe('two nodes, revocation', { skip: driver !== 'postgres' }, () => {
  let nodes;
  before(async () => {
    if (driver === 'postgres') nodes = await startNodes();
  });
  after(async () => { await nodes?.end(); });

  const v1 = (server, method, path, token, json, tenant = 'acme') =>
    http2Once(server, { method, path: `/api/v1${path}`, headers: { 'x-tenant': tenant }, token, json });
  const tokenOf = async (person, tenant = 'acme') => {
    const reply = await v1(nodes.a, 'POST', '/auth/login', undefined, { email: person.email, password: person.password }, tenant);
    assert.equal(reply.status, 200, reply.text);
    return reply.json.data.token;
  };
  // Done on node A.
  const act = async (method, path, token, json, status = 200) => {
    const reply = await v1(nodes.a, method, path, token, json);
    assert.equal(reply.status, status, reply.text);
    return reply;
  };
  const owner = () => tokenOf(people.owner);

  // Somebody new in Acme, with that role.
  let count = 0;
  async function join(role) {
    const person = { email: `person${++count}@acme.example`, password: `granite-willow-${count}` };
    const made = await http2Once(nodes.a, {
      path: '/api/auth/register', host: ACME_HOST, json: { ...person, firstName: 'Person', lastName: `${count}` },
    });
    assert.equal(made.status, 201, made.text);
    person.id = Number.parseInt(made.json.user.id.slice(8), 16);
    if (role !== 'member') await act('PATCH', `/team/members/${person.id}/role`, await owner(), { role });
    return person;
  }

  // What `token` may do, asked of a server: the team's list, which needs team.view.
  const asking = (server, token, host = ACME_HOST) => async () =>
    (await http2Once(server, { path: '/api/v1/team', host, token })).status;

  // `change` on node A turns the answer `was`, which both have kept, into `becomes`.
  async function acts(token, change, was, becomes) {
    await warmUp(nodes.a, asking(nodes.a, token), was);
    await warmUp(nodes.b, asking(nodes.b, token), was);
    await turns(token, change, was, becomes);
  }

  async function turns(token, change, was, becomes) {
    const [onA, onB] = [asking(nodes.a, token), asking(nodes.b, token)];
    await change();
    const since = Date.now();
    assert.equal(await onA(), becomes, 'the next request on the same node');
    await changedSince(since, onB, was, [becomes]);
  }

  it('logout', async () => {
    const person = await join('viewer');
    const [token, other] = [await tokenOf(person), await tokenOf(person)];
    await acts(token, () => act('POST', '/auth/logout', token), 200, 401);
    assert.equal(await asking(nodes.b, other)(), 200, 'their other session goes on');
  });

  it('a new password', async () => {
    const person = await join('viewer');
    const [token, mine] = [await tokenOf(person), await tokenOf(person)];
    const change = { current_password: person.password, new_password: 'juniper-hollow-88' };
    await acts(token, () => act('POST', '/auth/change-password', mine, change), 200, 401);
    assert.equal(await asking(nodes.b, mine)(), 200, 'the session that changed it goes on');
  });

  it('suspension of a member, and its end', async () => {
    const [person, boss] = [await join('viewer'), await owner()];
    const token = await tokenOf(person);
    await acts(token, () => act('POST', `/team/members/${person.id}/suspend`, boss), 200, 403);
    assert.equal((await v1(nodes.b, 'GET', '/team', token)).json.status, 'suspended');
    // That somebody is suspended is never kept.
    await turns(token, () => act('POST', `/team/members/${person.id}/reactivate`, boss), 403, 200);
  });

  // What `session` asks of node A's API tokens.
  const keys = async (method, path, session, json, status = 200) => {
    const reply = await http2Once(nodes.a, { method, path: KEYS + path, token: session, json });
    assert.equal(reply.status, status, reply.text);
    return reply.json.data;
  };

  it('revocation and rotation of an API token, and narrower scopes', async () => {
    const boss = await owner();
    const make = () => keys('POST', '', boss, { name: 'Test', scopes: ['team.view'] }, 201);
    const [revoked, other, rotated] = [await make(), await make(), await make()];
    await warmUp(nodes.b, asking(nodes.b, other.token));
    await acts(revoked.token, () => keys('DELETE', `/${revoked.id}`, boss), 200, 401);
    assert.equal(await asking(nodes.b, other.token)(), 200, 'the other token goes on');
    await acts(rotated.token, () => keys('POST', `/${rotated.id}/rotate`, boss), 200, 401);
    await acts(other.token, () => keys('PATCH', `/${other.id}`, boss, { scopes: ['assets.view'] }), 200, 403);
  });

  it("an API token's owner: a lesser role, suspension, removal", async () => {
    const [person, boss] = [await join('admin'), await owner()];
    const { token } = await keys('POST', '', await tokenOf(person), { name: 'Test', scopes: ['team.view'] }, 201);
    const give = (role) => () => act('PATCH', `/team/members/${person.id}/role`, boss, { role });
    await acts(token, give('member'), 200, 403);
    await acts(token, give('viewer'), 403, 200);
    await turns(token, () => act('POST', `/team/members/${person.id}/suspend`, boss), 200, 403);
    await turns(token, () => act('POST', `/team/members/${person.id}/reactivate`, boss), 403, 200);
    await turns(token, () => act('DELETE', `/team/members/${person.id}`, boss), 200, 401);
  });

  it('removal of a member', async () => {
    const [person, boss] = [await join('viewer'), await owner()];
    await acts(await tokenOf(person), () => act('DELETE', `/team/members/${person.id}`, boss), 200, 401);
  });

  it('another role: a permission gained, and lost again', async () => {
    const [person, boss] = [await join('member'), await owner()];
    const token = await tokenOf(person);
    const give = (role) => () => act('PATCH', `/team/members/${person.id}/role`, boss, { role });
    await acts(token, give('viewer'), 403, 200);
    await acts(token, give('member'), 200, 403);
  });

  it("an edit of the tenant's own role, for everybody who has it", async () => {
    const boss = await owner();
    const role = await act('POST', '/team/roles', boss, { name: 'Front desk', permissions: ['team.view'] }, 201);
    const { id, slug } = role.json.data;
    const tokens = [await tokenOf(await join(slug)), await tokenOf(await join(slug))];
    const edit = (permissions) => () => act('PATCH', `/team/roles/${id}`, boss, { permissions });
    await warmUp(nodes.b, asking(nodes.b, tokens[1]));
    await acts(tokens[0], edit(['assets.view']), 200, 403);
    assert.equal(await asking(nodes.b, tokens[1])(), 403);
    await acts(tokens[0], edit(['assets.view', 'team.view']), 403, 200);
    assert.equal(await asking(nodes.b, tokens[1])(), 200);
  });

  const tenants = async (method, path, json) => {
    const token = await tokenOf(people.superadmin, 'root');
    return http2Once(nodes.a, { method, path: `/api/tenants${path}`, host: ROOT_HOST, token, json });
  };

  it('suspension of a tenant, and its end', async () => {
    const [acme, globex] = [await tokenOf(people.viewer), await tokenOf(people.outsider, 'globex')];
    const become = (status) => async () =>
      assert.equal((await tenants('PATCH', '/acme', { status })).json.status, status);
    await acts(acme, become('suspended'), 200, 403);
    assert.equal(await asking(nodes.b, globex, GLOBEX_HOST)(), 200, 'the other tenant goes on');
    await turns(acme, become('active'), 403, 200);
  });

  it('a domain that is taken away', async () => {
    const token = await tokenOf(people.viewer);
    const asks = [nodes.a, nodes.b].map((server) => asking(server, token, ACME_DOMAIN));
    await warmUp(nodes.b, asks[1]);
    assert.equal((await tenants('DELETE', `/acme/domains/${ACME_DOMAIN}`)).status, 204);
    const since = Date.now();
    assert.equal(await asks[0](), 422, 'the host is nobody\'s now, and X-Tenant is missing');
    await changedSince(since, asks[1], 200, [422]);
  });

  // Last: the tenant is gone. Its host leads nowhere then, and a session that was for it is none any more.
  it('deletion of a tenant', async () => {
    const token = await tokenOf(people.outsider, 'globex');
    const asks = [nodes.a, nodes.b].map((server) => asking(server, token, GLOBEX_HOST));
    const about = [nodes.a, nodes.b].map((server) => async () =>
      (await http2Once(server, { path: '/api/v1/auth/tenants', token })).status);
    await warmUp(nodes.b, asks[1]);
    assert.deepEqual(await Promise.all(about.map((ask) => ask())), [200, 200]);
    assert.equal((await tenants('DELETE', '/globex?confirm=globex')).status, 204);
    const since = Date.now();
    assert.deepEqual([await asks[0](), await about[0]()], [404, 401]);
    await changedSince(since, asks[1], 200, [404]);
    await changedSince(since, about[1], 200, [401]);
  });
});
