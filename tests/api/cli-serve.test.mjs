// The command line and a server: what commands write is served, and what they do beside one that serves, or with a database in
// trouble.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { admin, refused, runCli } from './harness/cli.mjs';
import { http2Once, signIn } from './harness/client.mjs';
import { driver, makeScratch } from './harness/scratch.mjs';
import { Server } from './harness/server.mjs';
import { ACME_HOST, ROOT_HOST, addPerson, makeScratchWithWorld, people } from './harness/world.mjs';

describe('users from elsewhere', () => {
  let scratch;
  let server;
  before(async () => {
    ({ scratch } = makeScratchWithWorld());
    // openssl makes the crypt(3) hashes that other systems store.
    const hash = (flag) => spawnSync('openssl', ['passwd', flag, '-salt', 'saltsalt', 'granite-willow-64'], { encoding: 'utf8' }).stdout.trim();
    const hashes = { 'sha512@acme.example': hash('-6'), 'sha256@acme.example': hash('-5'),
      'bcrypt@acme.example': '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW' };
    for (const [email, value] of Object.entries(hashes)) {
      assert.match(value, /^\$/);
      admin(scratch, ['user', 'add', '--tenant', 'acme', '--email', email, '--name', 'Imported', '--role', 'member', '--password-hash', value]);
    }
    server = await new Server(scratch).start();
  });
  after(async () => {
    await server?.stop();
    scratch.remove();
  });

  it('sign in with the password they had, and are hashed anew', async () => {
    for (const [email, password] of [['sha512@acme.example', 'granite-willow-64'], ['sha256@acme.example', 'granite-willow-64'], ['bcrypt@acme.example', 'U*U']]) {
      const wrong = await http2Once(server, { path: '/api/auth/login', host: ACME_HOST, form: { username: email, password: 'not-the-password' } });
      assert.equal(wrong.status, 401);
      await signIn(server, { email, password }, ACME_HOST);
      await signIn(server, { email, password }, ACME_HOST);
      assert.match(scratch.database.query(`SELECT password_hash FROM users WHERE email_normal = '${email}'`), /^\$argon2id\$/);
    }
  });
});

describe('demo', () => {
  let scratch;
  before(() => { scratch = makeScratch({ config: { demo: true, mode: 'saas' } }); });
  after(() => scratch.remove());

  it('prints people who can sign in, and adds nothing the second time', async () => {
    admin(scratch, ['init', '--email', 'root@msp.example'], 'violet-anchor-19');
    const first = admin(scratch, ['demo']);
    const second = admin(scratch, ['demo']);
    assert.equal(second, first);
    const rows = first.split('\n').map((line) => /^(root|acme|globex) +(\w+) +(\S+@\S+) +([\w-]+)$/.exec(line)).filter(Boolean);
    assert.ok(rows.length >= 9);
    const server = await new Server(scratch).start();
    try {
      for (const [, tenant, role, email, password] of rows) {
        const host = tenant === 'root' ? ROOT_HOST : `${tenant}.${ROOT_HOST}`;
        const token = await signIn(server, { email, password }, host);
        const { json } = await http2Once(server, { path: '/api/auth/me', host, token });
        assert.equal(json.tenant_slug, tenant);
        assert.equal(json.is_msp_staff, ['superadmin', 'staff'].includes(role), email);
      }
      const branding = await http2Once(server, { path: '/api/public/branding', host: 'assets.acme.example' });
      assert.equal(branding.json.tenant_name, 'Acme Corporation');
      assert.match(branding.json.accent_colour, /^#/);
    } finally {
      await server.stop();
    }
  });

  it('tells a year of two companies, and is made anew by one command', async () => {
    const people_ = { sarah: 'sarah.chen@acme.example', lena: 'lena.ortiz@acme.example' };
    const look = async () => {
      const server = await new Server(scratch).start();
      try {
        const ask = (path, token, host = `acme.${ROOT_HOST}`, method = 'GET', json = undefined) =>
          http2Once(server, { method, path, host, token, json });
        const [sarah, lena] = [await signIn(server, { email: people_.sarah, password: 'orchard-kettle-72' }, `acme.${ROOT_HOST}`),
          await signIn(server, { email: people_.lena, password: 'orchard-kettle-72' }, `acme.${ROOT_HOST}`)];
        const [assets, out, contacts, own] = [await ask('/api/assets?limit=1', sarah), await ask('/api/assets?status=checked_out&limit=1', sarah),
          await ask('/api/contacts?limit=200', sarah), await ask('/api/contacts?limit=200', lena)];
        const seen = {
          everybodys: (await ask('/api/demo/stats', undefined, ROOT_HOST)).json, acme: (await ask('/api/demo/stats')).json,
          assets: assets.json.total, contacts: contacts.json.data.length,
        };
        assert.ok(out.json.total > 100 && out.json.total < 260);
        assert.ok(own.json.data.length > 0 && own.json.data.length < 90);
        const history = await ask(`/api/assets/${out.json.items[0].id}/history`, sarah);
        assert.ok(history.json.items.length > 0, history.text);
        assert.ok(Date.parse(assets.json.items[0].created_at) < Date.now() - 86_400_000);
        assert.equal((await ask(`/api/assets/${assets.json.items[0].id}`, sarah, undefined, 'PATCH', { name: 'Changed by a visitor' })).status, 200);
        return seen;
      } finally {
        await server.stop();
      }
    };
    const expected = { everybodys: { asset_count: 306 }, acme: { asset_count: 260 }, assets: 260, contacts: 90 };
    assert.deepEqual(await look(), expected);
    admin(scratch, ['demo', '--reset']);
    assert.equal(scratch.database.query("SELECT count(*) FROM assets WHERE name = 'Changed by a visitor'"), '0');
    assert.equal(scratch.database.query('SELECT count(*) FROM users'), '11');
    assert.deepEqual(await look(), expected);
    for (const slug of ['root', 'acme', 'globex']) assert.match(admin(scratch, ['audit', 'verify', '--tenant', slug]), /sound/);
  });

  it('keeps away from a database with tenants of its own', () => {
    admin(scratch, ['tenant', 'add', '--slug', 'real-customer', '--name', 'Real']);
    refused(runCli(['demo', '--config', scratch.configPath]), /tenants of its own \(real-customer\)/);
  });
});

describe('a database in trouble', () => {
  let scratch;
  const cli = (args, options) => runCli([...args, '--config', scratch.configPath], options);
  before(() => { ({ scratch } = makeScratchWithWorld()); });
  after(() => scratch.remove());

  it('of a newer or older schema: clear sentences, from every command and from serve', () => {
    const { execute } = scratch.database;
    execute("INSERT INTO schema_migrations (version, name, applied_at) VALUES (9999, 'future', 0)");
    for (const args of [['tenant', 'list'], ['serve'], ['migrate'], ['demo']]) {
      const result = cli(args);
      assert.equal(result.code, 1, args.join(' '));
      assert.match(result.stderr, /newer|only knows/, args.join(' '));
    }
    execute('DELETE FROM schema_migrations WHERE version > 1');
    for (const args of [['tenant', 'list'], ['serve']]) {
      const result = cli(args);
      assert.equal(result.code, 1, args.join(' '));
      assert.match(result.stderr, /run: tether (migrate|init) --config/, args.join(' '));
    }
  });

  it('SQLite: a folder that is missing, a file that is none, one without rights', { skip: driver !== 'sqlite' }, () => {
    const at = (path) => scratch.writeConfig({ storage: { sqlite: { path } } });
    at(join(scratch.dir, 'missing', 'tether.db'));
    refused(cli(['tenant', 'list']), /not set up yet/);
    refused(cli(['migrate']), /directory .*missing does not exist/);
    const noise = join(scratch.dir, 'noise.db');
    writeFileSync(noise, 'this is no database '.repeat(100), { mode: 0o600 });
    for (const path of [noise, scratch.dir]) {
      at(path);
      for (const args of [['tenant', 'list'], ['migrate'], ['demo']]) refused(cli(args), /database/);
      const { code, stderr } = cli(['serve']);
      assert.equal(code, 1);
      assert.match(stderr, /tether: Cannot open the database: .+\n$/);
    }
    if (process.getuid() !== 0) {
      const shut = join(scratch.dir, 'shut');
      mkdirSync(shut);
      at(join(shut, 'tether.db'));
      chmodSync(shut, 0o500);
      refused(cli(['init', '--email', 'a@b.example'], { input: 'granite-willow-64\n' }), /database/);
      chmodSync(shut, 0o700);
    }
  });

  it('PostgreSQL: not there', { skip: driver !== 'postgres' }, () => {
    scratch.writeConfig({ storage: { postgres: { conninfo: 'host=/nowhere dbname=tether user=tether' } } });
    refused(cli(['tenant', 'list']), /cannot be reached/);
    scratch.writeConfig({ storage: { postgres: { conninfo: 'nonsense' } } });
    refused(cli(['tenant', 'list']), /database/);
  });
});

describe('backup', () => {
  let scratch;
  let server;
  before(async () => {
    ({ scratch } = makeScratchWithWorld());
    server = await new Server(scratch).start();
  });
  after(async () => {
    await server?.stop();
    scratch.remove();
  });

  it('SQLite: a copy of the live data that serves', { skip: driver !== 'sqlite' }, async () => {
    const path = join(scratch.dir, 'copy.db');
    const result = runCli(['backup', path, '--config', scratch.configPath]);
    assert.deepEqual([result.code, result.stdout], [0, `Wrote ${path}.\n`], result.stderr);
    refused(runCli(['backup', path, '--config', scratch.configPath]), /exists already/);
    await server.stop();
    const { storage } = scratch.config;
    scratch.writeConfig({ storage: { sqlite: { path } } });
    server = await new Server(scratch).start();
    await signIn(server, people.owner, ACME_HOST);
    await server.stop();
    scratch.writeConfig({ storage });
    server = await new Server(scratch).start();
  });

  it('SQLite: what writes is refused beside a running server, and a second server too', { skip: driver !== 'sqlite' }, () => {
    for (const args of [['tenant', 'add', '--slug', 'x', '--name', 'X'], ['migrate'], ['demo'], ['serve']]) {
      const result = runCli([...args, '--config', scratch.configPath]);
      assert.equal(result.code, 1, args.join(' '));
      assert.match(result.stderr, /in use by process \d+/, args.join(' '));
    }
  });

  it('PostgreSQL: says to use its tools', { skip: driver !== 'postgres' }, () => {
    refused(runCli(['backup', join(scratch.dir, 'copy'), '--config', scratch.configPath]), /of its own/);
  });

  it('beside a running server: tenants can be listed', () => {
    assert.match(runCli(['tenant', 'list', '--config', scratch.configPath]).stdout, / acme .* Acme Corporation$/m);
  });

  it('PostgreSQL: people can be added while the server runs', { skip: driver !== 'postgres' }, async () => {
    const newcomer = { ...people.viewer, email: 'nora@acme.example', name: 'Nora Lind' };
    addPerson(scratch, newcomer);
    await signIn(server, newcomer, ACME_HOST);
  });
});
