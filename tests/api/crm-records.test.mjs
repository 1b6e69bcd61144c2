// The crm surface's contacts, conversations and departments, as its clients use them, over both protocols.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { http1, http2Once } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { people } from './harness/world.mjs';

suite('crm records', { config: { rate_limits: { enabled: false } } }, (server) => {
  let turn = 0;
  // Every other request over HTTP/2.
  const ask = (token, method, path, json) => (turn++ % 2 ? http1 : http2Once)(server(), { method, path, json, token });
  const tokens = {};
  const signIn = async (who) => {
    tokens[who] ??= (await ask(undefined, 'POST', '/api/auth/login', { email: people[who].email, password: people[who].password })).json.token;
    return tokens[who];
  };
  const as = async (who, method, path, json) => ask(await signIn(who), method, path, json);

  it('keeps a contact from creation to deletion', async () => {
    const created = await as('member', 'POST', '/api/contacts', { firstName: 'Dana', lastName: 'Whitfield', email: 'dana@example.com' });
    assert.equal(created.status, 201, created.text);
    const { id } = created.json;
    assert.match(id, /^[0-9a-f]{24}$/);
    assert.deepEqual((await as('member', 'GET', `/api/contacts/${id}`)).json, created.json);
    const changed = await as('member', 'PATCH', `/api/contacts/${id}`, { status: 'customer', lastName: null });
    assert.deepEqual([changed.status, changed.json.status, changed.json.lastName, changed.json.email], [200, 'customer', null, 'dana@example.com']);
    assert.equal((await as('member', 'DELETE', `/api/contacts/${id}`)).status, 204);
    assert.deepEqual((await as('member', 'GET', `/api/contacts/${id}`)).json, { error: 'Not found' });
  });

  it('pages through a list without gaps and repeats, in any order', async () => {
    for (let i = 0; i < 7; i++) {
      assert.equal((await as('admin', 'POST', '/api/contacts', { firstName: `Page ${i % 3}`, company: i % 2 ? `C${i}` : undefined })).status, 201);
    }
    for (const sort of ['firstName', '-firstName,company', '-createdAt', 'company']) {
      const seen = [];
      for (let cursor = ''; cursor !== null;) {
        const page = await as('admin', 'GET', `/api/contacts?limit=2&sort=${sort}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        assert.equal(page.status, 200, page.text);
        assert.deepEqual(Object.keys(page.json), ['data', 'nextCursor']);
        seen.push(...page.json.data.map((contact) => contact.id));
        cursor = page.json.nextCursor;
      }
      assert.equal(seen.length, 7, sort);
      assert.equal(new Set(seen).size, 7, sort);
    }
    assert.equal((await as('admin', 'GET', '/api/contacts?cursor=nonsense')).status, 400);
    assert.equal((await as('admin', 'GET', '/api/contacts?sort=notes')).status, 400);
  });

  it('shows a contact only to whom it concerns', async () => {
    const { id } = (await as('member', 'POST', '/api/contacts', { firstName: 'Mine' })).json;
    for (const [who, status] of [['member', 200], ['admin', 200], ['owner', 200], ['head', 404], ['viewer', 404], ['outsider', 404]]) {
      const reply = await as(who, 'GET', `/api/contacts/${id}`);
      assert.equal(reply.status, status, who);
      if (status === 404) assert.equal(reply.text, (await as(who, 'GET', '/api/contacts/65f2a1b000000000000fffff')).text, 'as if it did not exist');
    }
    const department = (await as('admin', 'POST', '/api/departments', { name: 'Sales' })).json.id;
    const ids = Object.fromEntries((await Promise.all(['head', 'member'].map(async (who) => [who, (await ask(undefined, 'POST', '/api/auth/login', { email: people[who].email, password: people[who].password })).json.user.id]))));
    for (const user of Object.values(ids)) {
      assert.equal((await as('admin', 'PUT', `/api/departments/${department}/members/${user}`)).status, 204);
    }
    assert.equal((await as('admin', 'PATCH', `/api/contacts/${id}`, { departmentId: department })).status, 200);
    assert.equal((await as('head', 'GET', `/api/contacts/${id}`)).status, 200, 'it is their department\'s now');
    const members = await as('admin', 'GET', `/api/departments/${department}/members`);
    assert.deepEqual(members.json.data.map((member) => member.accessRole).sort(), ['DEPARTMENT_HEAD', 'SALES_REP']);
    assert.equal((await as('admin', 'DELETE', `/api/departments/${department}/members/${ids.head}`)).status, 204);
    assert.equal((await as('head', 'GET', `/api/contacts/${id}`)).status, 404);
    assert.equal((await as('head', 'GET', '/api/departments')).status, 403);
    const one = await as('admin', 'GET', `/api/departments/${department}`);
    assert.equal(one.json.name, 'Sales');
    assert.equal((await as('admin', 'PATCH', `/api/departments/${department}`, { description: 'North' })).json.description, 'North');
    assert.equal((await as('admin', 'DELETE', `/api/departments/${department}`)).status, 409);
    assert.equal((await as('admin', 'PATCH', `/api/contacts/${id}`, { departmentId: null })).status, 200);
    assert.equal((await as('admin', 'DELETE', `/api/departments/${department}`)).status, 204);
    assert.deepEqual((await as('admin', 'GET', '/api/departments')).json, { data: [], nextCursor: null });
  });

  it('holds conversations', async () => {
    const contactId = (await as('member', 'POST', '/api/contacts', { firstName: 'Talks' })).json.id;
    const talk = await as('member', 'POST', '/api/conversations', { contactId, subject: 'Renewal' });
    assert.equal(talk.status, 201, talk.text);
    for (const body of ['one', 'two', 'three']) {
      assert.equal((await as('member', 'POST', `/api/conversations/${talk.json.id}/messages`, { body, direction: 'inbound' })).status, 201);
    }
    const page = await as('member', 'GET', `/api/conversations/${talk.json.id}/messages?limit=2`);
    assert.deepEqual(page.json.data.map((message) => message.body), ['one', 'two']);
    const rest = await as('member', 'GET', `/api/conversations/${talk.json.id}/messages?limit=2&cursor=${encodeURIComponent(page.json.nextCursor)}`);
    assert.deepEqual(rest.json.data.map((message) => message.body), ['three']);
    assert.equal((await as('member', 'GET', `/api/conversations/${talk.json.id}`)).json.messageCount, 3);
    assert.deepEqual((await as('member', 'GET', `/api/conversations?contactId=${contactId}`)).json.data.map((one) => one.id), [talk.json.id]);
    assert.equal((await as('member', 'PATCH', `/api/conversations/${talk.json.id}`, { status: 'closed' })).json.status, 'closed');
    assert.equal((await as('head', 'GET', `/api/conversations/${talk.json.id}/messages`)).status, 404);
    assert.equal((await as('member', 'DELETE', `/api/conversations/${talk.json.id}`)).status, 204);
  });
});
