// Invitations end to end: from the invitation over the mail to the new member, on v1 and on assets.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ask, http2Once, me, signIn } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_DOMAIN, ACME_HOST, GLOBEX_HOST, ROOT_HOST, people } from './harness/world.mjs';

const newAddress = () => `n${randomBytes(6).toString('hex')}@new.example`;
const newcomer = { name: 'Jane Smith', password: 'granite-willow-64' };

// Quoted-printable, as far as ASCII goes.
const unquoted = (text) => text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

function mails(server) {
  const folder = join(server.scratch.dir, 'data/outbox');
  return readdirSync(folder).filter((name) => name.endsWith('.eml')).map((name) => readFileSync(join(folder, name), 'utf8'));
}

// The one mail to that address, once it is there.
async function mailTo(server, address) {
  for (;;) {
    const lines = server.log.lines.length;
    const found = mails(server).filter((mail) => mail.includes(`To: <${address}>\r\n`));
    if (found.length > 0) {
      assert.equal(found.length, 1, 'one mail');
      return found[0];
    }
    await server.log.untilMessage('mail sent', { from: lines });
  }
}

const v1 = (server, method, path, { token, json, tenant = 'acme', host } = {}) =>
  http2Once(server, { method, path: `/api/v1${path}`, headers: tenant ? { 'x-tenant': tenant } : {}, token, json, host });
const accept = (server, token, more = newcomer, options = {}) =>
  v1(server, 'POST', '/invitations/accept', { json: { token, ...more }, tenant: null, ...options });
const tokenOf = (link) => link.slice(link.lastIndexOf('/') + 1);

async function invite(server, email, role = 'member', who = 'owner') {
  const token = await signIn(server, people[who], ACME_HOST);
  const reply = await v1(server, 'POST', '/team/invite', { token, json: { email, role } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json.data;
}

suite('invitations', {}, (server) => {
  it('from the invitation over the mail to the new member', async () => {
    const email = newAddress();
    const { link, ...data } = await invite(server(), email, 'department_head');
    assert.deepEqual(Object.keys(data), ['id', 'email', 'role', 'status', 'invited_by', 'created_at', 'expires_at']);
    assert.deepEqual([data.email, data.role, data.status], [email, 'department_head', 'pending']);
    assert.equal(data.invited_by.email, people.owner.email);
    assert.equal(Date.parse(data.expires_at) - Date.parse(data.created_at), 7 * 86_400_000);
    assert.match(link, new RegExp(`^http://${ACME_DOMAIN.replaceAll('.', '\\.')}/invite/tti_[0-9A-Za-z]{49}$`));

    const mail = await mailTo(server(), email);
    assert.ok(unquoted(mail).includes(link), 'the mail holds the link');
    assert.match(mail, /^Subject: Olivia Grant invites you to Acme Corporation\r$/m);
    assert.ok(unquoted(mail).includes('https://assets.acme.example/logo.svg') && unquoted(mail).includes('#d9480f'));

    const shown = await ask(server(), { path: `/api/invites/validate/${tokenOf(link)}`, host: ACME_HOST });
    assert.deepEqual(shown.json,
      { email, tenant_name: 'Acme Corporation', role: 'client_manager', expires_at: data.expires_at });

    const reply = await accept(server(), tokenOf(link));
    assert.equal(reply.status, 200, reply.text);
    assert.deepEqual(Object.keys(reply.json.data), ['token', 'token_type', 'expires_at', 'user', 'tenant']);
    assert.equal((await me(server(), reply.json.data.token, ACME_HOST)).json.role, 'client_manager');
    assert.equal((await accept(server(), tokenOf(link))).status, 422);
    await signIn(server(), { email, password: newcomer.password }, ACME_HOST);
  });

  it('lists, sends again and cancels', async () => {
    const [first, second] = [await invite(server(), newAddress()), await invite(server(), newAddress())];
    const token = await signIn(server(), people.owner, ACME_HOST);
    const list = await v1(server(), 'GET', '/team/invitations?per_page=1', { token });
    assert.deepEqual(list.json.data.map(({ id }) => id), [second.id]);
    const next = await v1(server(), 'GET', `/team/invitations?per_page=1&cursor=${list.json.meta.next_cursor}`, { token });
    assert.deepEqual(next.json.data.map(({ id }) => id), [first.id]);

    const again = await v1(server(), 'POST', `/team/invitations/${first.id}/resend`, { token });
    assert.equal(again.status, 200, again.text);
    assert.notEqual(again.json.data.link, first.link);
    assert.match((await accept(server(), tokenOf(first.link))).json.message, /replaced by a newer one/);
    assert.equal((await accept(server(), tokenOf(again.json.data.link))).status, 200);

    const cancelled = await v1(server(), 'DELETE', `/team/invitations/${second.id}`, { token });
    assert.deepEqual(cancelled.json, { message: 'Invitation cancelled.' });
    assert.match((await accept(server(), tokenOf(second.link))).json.message, /cancelled/);
  });

  it('an existing person joins with their password, or signed in as themselves', async () => {
    const owner = await signIn(server(), people.owner, ACME_HOST);
    const { link } = await invite(server(), people.outsider.email, 'viewer');
    assert.equal((await accept(server(), tokenOf(link), { password: 'wrong-password-1' })).status, 401);
    assert.equal((await accept(server(), tokenOf(link), {}, { token: owner })).status, 403);
    const bearer = await signIn(server(), people.outsider, GLOBEX_HOST);
    assert.equal((await me(server(), bearer, ACME_HOST)).status, 403);
    assert.equal((await accept(server(), tokenOf(link), {}, { token: bearer })).status, 200);
    assert.equal((await me(server(), bearer, ACME_HOST)).json.role, 'client_viewer', 'on the very next request');
  });

  it('nothing of another tenant is seen or touched', async () => {
    const { id, link } = await invite(server(), newAddress());
    const outsider = await signIn(server(), people.outsider, GLOBEX_HOST);
    for (const [method, path] of [['DELETE', ''], ['POST', '/resend']])
      assert.equal((await v1(server(), method, `/team/invitations/${id}${path}`, { token: outsider, tenant: 'globex' })).status, 404);
    assert.equal((await http2Once(server(), { path: `/api/invites/validate/${tokenOf(link)}`, host: GLOBEX_HOST })).status, 404);
    assert.equal((await accept(server(), tokenOf(link), newcomer, { host: GLOBEX_HOST })).status, 404);
    assert.equal((await accept(server(), tokenOf(link), newcomer, { tenant: 'globex' })).status, 404);
    assert.equal((await accept(server(), tokenOf(link), newcomer, { host: 'nobody.tether.test' })).status, 404);
    assert.equal((await accept(server(), tokenOf(link), newcomer, { host: '127.0.0.1' })).status, 200);
  });

  it('of many who follow one link at once exactly one wins', async () => {
    const { link } = await invite(server(), newAddress());
    const replies = await Promise.all(Array.from({ length: 10 }, () => accept(server(), tokenOf(link))));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, ...Array(9).fill(422)]);
  });

  it('of many invitations for one address exactly one stands', async () => {
    const [email, token] = [newAddress(), await signIn(server(), people.admin, ACME_HOST)];
    const replies = await Promise.all(Array.from({ length: 8 }, () =>
      v1(server(), 'POST', '/team/invite', { token, json: { email, role: 'viewer' } })));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
    await mailTo(server(), email);
  });

  it('assets: invite and accept', async () => {
    const token = await signIn(server(), people.admin, ACME_HOST);
    const email = newAddress();
    const invited = await http2Once(server(), { path: '/api/invites', host: ACME_HOST, token, json: { email, role: 'client_user' } });
    assert.equal(invited.status, 201, invited.text);
    assert.deepEqual(Object.keys(invited.json), ['id', 'email', 'role', 'expires_at', 'link']);
    const json = { token: tokenOf(invited.json.link), ...newcomer };
    const accepted = await http2Once(server(), { path: '/api/invites/accept', host: ACME_HOST, json });
    assert.deepEqual(Object.keys(accepted.json), ['access_token', 'token_type']);
    const again = await http2Once(server(), { path: `/api/invites/validate/${json.token}`, host: ROOT_HOST });
    assert.equal(again.status, 400);
    assert.deepEqual(again.json, { detail: 'This invitation has been used.' });
  });

  it('no token of an invitation stands in the log or, after sending, in the database', async () => {
    const { link, email } = await invite(server(), newAddress());
    await http2Once(server(), { path: `/api/invites/validate/${tokenOf(link)}`, host: ACME_HOST });
    await http2Once(server(), { path: `/invite/${tokenOf(link)}`, host: ACME_HOST });
    await mailTo(server(), email);
    await server().log.until((line) => line.op === 'assets_invite_validate', { what: 'the access log' });
    assert.ok(!server().log.text.includes('tti_'));
    for (let left = '1'; left !== '0';)
      left = server().scratch.database.query("SELECT count(*) FROM mail_outbox WHERE status = 'queued'");
    assert.equal(server().scratch.database.query("SELECT count(*) FROM mail_outbox WHERE body_text <> '' OR body_html <> ''"), '0');
  });

  it('a crash loses no mail', async () => {
    const email = newAddress();
    await invite(server(), email);
    const from = server().log.lines.length;
    process.kill(server().childPid(), 'SIGKILL');
    await server().log.untilMessage('ready', { from });
    // Claimed just when it died: then it comes again after the lease, which a test does not wait for.
    const claimed = server().scratch.database.query("SELECT count(*) FROM mail_outbox WHERE status = 'queued' AND claimed_until > 0");
    if (claimed === '0') await mailTo(server(), email);
  });
});

suite('invitations: a full plan', { config: { mode: 'saas' } }, (server) => {
  it('402 at accept, exactly at the last seat', async () => {
    const token = await signIn(server(), people.outsider, GLOBEX_HOST);
    const links = [];
    for (let i = 0; i < 7; i++) {
      const reply = await v1(server(), 'POST', '/team/invite', { token, tenant: 'globex', json: { email: newAddress(), role: 'viewer' } });
      assert.equal(reply.status, 201, reply.text);
      links.push(reply.json.data.link);
    }
    const replies = await Promise.all(links.map((link) => accept(server(), tokenOf(link))));
    assert.deepEqual(replies.map(({ status }) => status).sort(), [...Array(4).fill(200), ...Array(3).fill(402)]);
    const { message, ...numbers } = replies.find(({ status }) => status === 402).json;
    assert.equal(typeof message, 'string');
    assert.deepEqual(numbers, { limit: 'users', used: 5, max: 5, plan: 'free' });
  });
});
