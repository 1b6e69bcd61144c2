// The command line: what it prints, what it refuses, and with which exit code.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { admin, refused, runCli } from './harness/cli.mjs';
import { binary, driver, makeScratch } from './harness/scratch.mjs';
import { addPerson, people } from './harness/world.mjs';

// For what no database has a say in, and so is the same beside each: proven once.
const once = { skip: driver !== 'sqlite' && 'of no database; proven beside SQLite' };

describe('help and usage', once, () => {
  it('lists the commands', () => {
    for (const args of [['help'], ['--help']]) {
      const { code, stdout } = runCli(args);
      assert.equal(code, 0);
      for (const name of ['serve', 'init', 'migrate', 'tenant add', 'tenant list', 'user add', 'demo', 'backup', 'check-config', 'routes', 'openapi', 'version']) {
        assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
      }
    }
    const { code, stdout, stderr } = runCli([]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^Usage: tether COMMAND/);
  });

  it('tells a command\'s options', () => {
    for (const args of [['help', 'user', 'add'], ['user', 'add', '--help']]) {
      const { code, stdout } = runCli(args);
      assert.equal(code, 0);
      assert.match(stdout, /--tenant SLUG .*\(required\)/);
      assert.match(stdout, /--config FILE/);
    }
  });

  it('refuses what it does not know with exit code 2', () => {
    for (const args of [['nothing'], ['tenant'], ['tenant', 'remove'], ['help', 'nothing'], ['init'], ['init', '--emial', 'x'], ['version', '--config', 'x'], ['backup'],
      ['backup', 'a', 'b'], ['serve', 'now'], ['user', 'add', '--tenant'], ['init', '--email', 'a@b.example', '--email', 'c@d.example']]) {
      refused(runCli(args), /./, 2);
    }
  });

  it('prints its version', () => {
    for (const args of [['version'], ['--version']]) assert.match(runCli(args).stdout, /^tether \d+\.\d+\.\d+\n$/);
  });
});

describe('a database from scratch', () => {
  let scratch;
  const cli = (args, options) => runCli([...args, '--config', scratch.configPath], options);
  const password = 'violet-anchor-19';
  before(() => { scratch = makeScratch(); });
  after(() => scratch.remove());

  it('nothing works before init, and it says so', () => {
    for (const args of [['tenant', 'list'], ['demo'], ['backup', join(scratch.dir, 'x.db')], ['serve'],
      ['tenant', 'add', '--slug', 'a', '--name', 'A'], ['user', 'add', '--tenant', 'a', '--email', 'a@b.example', '--name', 'A', '--role', 'admin']]) {
      const result = cli(args);
      assert.equal(result.code, 1, args.join(' '));
      assert.match(result.stderr, /tether: The database is not set up yet; run: tether init --config \S+ --email ADDRESS\n$/);
    }
  });

  it('init refuses bad input and leaves nothing behind', () => {
    const init = (email, input, more = []) => cli(['init', '--email', email, ...more], { input });
    refused(init('nobody', `${password}\n`), /is not an e-mail address/);
    refused(init('a@b.example', `${password}\n`, ['--name', '']), /--name is empty/);
    refused(init('a@b.example', ''), /No password was given/);
    refused(init('a@b.example', 'short\n'), /8/);
    refused(init('a@b.example', 'password123\n'), /common/);
    refused(init('a@b.example', `${'x'.repeat(1025)}\n`), /1024/);
    refused(cli(['tenant', 'list']), /tether init/);
  });

  it('init creates the schema, the root tenant and the superadmin', () => {
    const result = cli(['init', '--email', 'root@msp.example', '--name', 'Northwind MSP'], { input: `${password}\n` });
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^Created the root tenant root \(id 1\) and its superadmin root@msp\.example \(id 1\)\.\n$/);
    assert.match(cli(['tenant', 'list']).stdout, /^ +1 +root .* active +Northwind MSP$/m);
  });

  it('init refuses a second time', () => {
    refused(cli(['init', '--email', 'other@msp.example'], { input: `${password}\n` }), /set up already: its root tenant is root/);
  });

  it('migrate has nothing to do', () => {
    assert.match(cli(['migrate']).stdout, /^The schema is up to date \(version \d+\)\.\n$/);
  });

  it('tenant add prints the id alone', () => {
    const result = cli(['tenant', 'add', '--slug', 'acme', '--name', 'Acme', '--domain', 'A.acme.example.', '--domain', 'b.acme.example', '--plan', 'pro', '--accent-colour', '#1f6feb']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stdout, /^\d+\n$/);
    assert.equal(scratch.database.query("SELECT host FROM tenant_domains ORDER BY host"), 'a.acme.example\nb.acme.example');
  });

  const add = (...args) => cli(['tenant', 'add', ...args]);
  const addedNone = () => assert.equal(scratch.database.query("SELECT count(*) FROM tenants WHERE slug = 'new'"), '0');

  it('tenant add refuses what is wrong in itself', once, () => {
    for (const slug of ['', 'ACME', '-a', 'a-', 'a b', 'a.b', 'ä', 'a'.repeat(64)]) refused(add('--slug', slug, '--name', 'X'), /--slug/);
    refused(add('--slug', 'new', '--name', ' '), /--name is empty/);
    refused(add('--slug', 'new', '--name', 'x'.repeat(201)), /longer than 200/);
    refused(add('--slug', 'new', '--name', 'X', '--plan', 'gold'), /no plan gold/);
    refused(add('--slug', 'new', '--name', 'X', '--accent-colour', 'red'), /#1f6feb/);
    refused(add('--slug', 'new', '--name', 'X', '--logo-url', 'javascript:alert(1)'), /https/);
    for (const host of ['no spaces', 'a/b', 'user@host', '', '-x.example', 'ä.example']) refused(add('--slug', 'new', '--name', 'X', '--domain', host), /domain name/);
    refused(add('--slug', 'new', '--name', 'a\nb'), /--name holds control characters/, 2);
    addedNone();
  });

  it('tenant add refuses what others have, and nothing is half written', () => {
    refused(add('--slug', 'acme', '--name', 'X'), /There is a tenant acme already/);
    refused(add('--slug', 'new', '--name', 'X', '--domain', 'fresh.example', '--domain', 'b.acme.example'), /b\.acme\.example belongs to a tenant/);
    for (const host of ['tether.test', 'new.tether.test', 'acme.tether.test', 'a.b.TETHER.TEST.']) refused(add('--slug', 'new', '--name', 'X', '--domain', host), /at or below tenancy\.root_domain, tether\.test/);
    addedNone();
    assert.equal(scratch.database.query("SELECT count(*) FROM tenant_domains WHERE host = 'fresh.example'"), '0');
  });

  it('tenant suspend, activate, delete, domain add and domain remove', () => {
    const status = () => scratch.database.query("SELECT status FROM tenants WHERE slug = 'brief'");
    const ok = (...args) => assert.deepEqual(cli(['tenant', ...args]), { code: 0, stdout: '', stderr: '' });
    assert.equal(cli(['tenant', 'add', '--slug', 'brief', '--name', 'Brief']).code, 0);
    ok('suspend', '--slug', 'brief');
    assert.equal(status(), 'suspended');
    assert.match(cli(['tenant', 'list']).stdout, /brief +free +suspended +Brief\n/);
    ok('activate', '--slug', 'brief');
    assert.equal(status(), 'active');
    ok('domain', 'add', '--slug', 'brief', '--domain', 'Brief.example.');
    refused(cli(['tenant', 'domain', 'add', '--slug', 'acme', '--domain', 'brief.example']), /belongs to a tenant already/);
    refused(cli(['tenant', 'domain', 'add', '--slug', 'acme', '--domain', 'x.tether.test']), /at or below tenancy\.root_domain/);
    refused(cli(['tenant', 'domain', 'remove', '--slug', 'acme', '--domain', 'brief.example']), /acme has no domain brief\.example/);
    ok('domain', 'remove', '--slug', 'brief', '--domain', 'brief.example');
    refused(cli(['tenant', 'suspend', '--slug', 'root']), /neither suspended nor deleted/);
    refused(cli(['tenant', 'suspend', '--slug', 'nosuch']), /There is no tenant nosuch/);
    refused(cli(['tenant', 'delete', '--slug', 'brief', '--confirm', 'Brief']), /--confirm repeats the slug/);
    ok('delete', '--slug', 'brief', '--confirm', 'brief');
    assert.equal(status(), '');
    assert.equal(scratch.database.query("SELECT count(*) FROM audit_log WHERE action = 'tenant.deleted' AND actor_kind = 'cli'"), '1');
    assert.match(cli(['audit', 'verify', '--tenant', 'root']).stdout, /^root: \d+ rows, 1 to \d+, sound/);
  });

  it('tenant domain add refuses what is no domain name', once, () => {
    for (const host of ['1.2.3.4', 'x.example:80', '[::1]', 'single'])
      refused(cli(['tenant', 'domain', 'add', '--slug', 'acme', '--domain', host]), /is not a domain name/);
  });

  it('user add prints the id alone, takes the password from TETHER_PASSWORD too', () => {
    const args = (email) => ['user', 'add', '--tenant', 'acme', '--email', email, '--name', 'Ann', '--role', 'admin'];
    const byInput = cli(args('ann@acme.example'), { input: `${password}\n` });
    const byEnv = cli(args('bob@acme.example'), { env: { TETHER_PASSWORD: password } });
    for (const result of [byInput, byEnv]) {
      assert.deepEqual([result.code, result.stderr], [0, '']);
      assert.match(result.stdout, /^\d+\n$/);
    }
  });

  const addUser = (more, input = `${password}\n`) => {
    const options = { tenant: 'acme', email: 'new@acme.example', name: 'New', role: 'member', ...more };
    return cli(['user', 'add', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])], { input });
  };
  const stderr = (result) => {
    assert.equal(result.code, 1);
    assert.equal(result.stdout, '');
    return result.stderr;
  };
  const addedNobody = () => assert.equal(scratch.database.query("SELECT count(*) FROM users WHERE email_normal = 'new@acme.example'"), '0');

  it('user add refuses what is wrong in itself', once, () => {
    refused(addUser({ email: 'x' }), /not an e-mail address/);
    refused(addUser({ name: '' }), /--name is empty/);
    assert.match(stderr(addUser({ role: 'king' })), /There is no role king.*\n.*owner, admin, department_head, member, viewer/s);
    refused(addUser({}, ''), /No password was given/);
    refused(addUser({}, 'letmein1\n'), /common/);
    for (const hash of ['*', '!', 'a b', 'a:b', '']) refused(addUser({ 'password-hash': hash }, ''), /crypt\(3\)/);
    addedNobody();
  });

  it('user add refuses a tenant that is not there, a role that is not for it, and one who is there already', () => {
    refused(addUser({ tenant: 'nobody' }), /There is no tenant nobody/);
    assert.match(stderr(addUser({ role: 'superadmin' })), /root tenant only/);
    assert.match(stderr(addUser({ tenant: 'root', role: 'admin' })), /customer's role.*\n.*superadmin, staff/s);
    refused(addUser({ email: 'ANN@acme.example' }), /member of tenant acme already/);
    addedNobody();
  });

  it('a known address joins another tenant, keeps its password, and stderr says so', () => {
    admin(scratch, ['tenant', 'add', '--slug', 'globex', '--name', 'Globex']);
    const result = cli(['user', 'add', '--tenant', 'globex', '--email', 'Ann@Acme.example', '--name', 'Other', '--role', 'viewer']);
    assert.equal(result.code, 0, result.stderr);
    assert.match(result.stderr, /known already and joins globex/);
    assert.equal(scratch.database.query(`SELECT count(*) FROM memberships WHERE user_id = ${Number(result.stdout)}`), '2');
  });

  it('a file that is not there, or not readable as configuration', once, () => {
    refused(runCli(['check-config', '--config', join(scratch.dir, 'missing.yaml')]), /missing\.yaml/);
    const bad = join(scratch.dir, 'bad.yaml');
    for (const [text, pattern] of [['server:\n  queue: many\n', /bad\.yaml:2: server\.queue/], ['nonsense: 1\n', /bad\.yaml:1: .*nonsense/], ['a: [', /bad\.yaml:\d/], ['', /secret_key/],
      ['tokens: { secret_key: "too short" }\n', /secret_key/], ['tokens: { secret_key: "${TETHER_NOT_SET}" }\n', /TETHER_NOT_SET/]]) {
      writeFileSync(bad, text, { mode: 0o600 });
      refused(runCli(['check-config', '--config', bad]), pattern);
    }
  });

  it('a configuration in which nothing is wrong', () => {
    assert.deepEqual(runCli(['check-config', '--config', scratch.configPath]), { code: 0, stdout: 'OK\n', stderr: '' });
    assert.equal(runCli(['check-config'], { env: { TETHER_CONFIG: scratch.configPath } }).stdout, 'OK\n');
  });

  it('check-config warns of secrets that everybody may read, and of a demo that everybody may reach', once, () => {
    const careless = join(scratch.dir, 'careless.yaml');
    const check = (text, mode) => {
      rmSync(careless, { force: true });
      writeFileSync(careless, `tokens: { secret_key: ${'k'.repeat(32)} }\n${text}`);
      chmodSync(careless, mode);
      return runCli(['check-config', '--config', careless]);
    };
    assert.deepEqual(check('', 0o600), { code: 0, stdout: 'OK\n', stderr: '' });
    assert.match(check('', 0o644).stderr, /^warning: .*careless\.yaml: everybody .*\n$/);
    for (const mode of [0o620, 0o660, 0o602]) refused(runCli(['check-config', '--config', (check('', mode), careless)]), /may write/);
    const demo = (...listen) => check(`demo: true\nserver: { listen: ${JSON.stringify(listen)} }\n`, 0o600);
    for (const mine of ['http://127.0.0.1:1', 'http://127.9.9.9:1', 'http://[::1]:1', 'unix:/tmp/t.sock']) assert.deepEqual(demo(mine), { code: 0, stdout: 'OK\n', stderr: '' });
    for (const open of ['http://0.0.0.0:1', 'http://[::]:1', 'http://192.0.2.1:1']) assert.match(demo('http://127.0.0.1:1', open).stderr, /^warning: demo is on .*\n$/);
    assert.equal(check('server: { listen: [ "http://0.0.0.0:1" ] }\n', 0o600).stderr, '');
  });

  it('routes lists the whole API', once, () => {
    const { code, stdout } = cli(['routes']);
    assert.equal(code, 0);
    for (const line of [/^POST +\/api\/auth\/login +assets +public /m, /^POST +\/api\/auth\/login +crm +public /m, /^GET +\/api\/auth\/me +assets +member /m]) assert.match(stdout, line);
  });

  it('openapi describes every route that routes lists', once, () => {
    const { code, stdout, stderr } = cli(['openapi']);
    assert.deepEqual([code, stderr], [0, '']);
    const document = JSON.parse(stdout);
    assert.match(document.openapi, /^3\.1\./);
    const described = Object.entries(document.paths).flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
    const listed = cli(['routes']).stdout.trim().split('\n').slice(1).map((line) => line.split(/ +/, 3)).filter(([, , surface]) => surface !== 'page').map(([method, path]) => `${method} ${path}`);
    assert.deepEqual(described.sort(), [...new Set(listed)].sort());
    assert.deepEqual(Object.keys(document.paths['/api/auth/login'].post.requestBody.content).sort(), ['application/json', 'application/x-www-form-urlencoded']);
  });
});

describe('at a terminal', () => {
  let scratch;
  const type = (...lines) => {
    const { stdout, stderr } = spawnSync('python3', [fileURLToPath(new URL('harness/terminal.py', import.meta.url)), binary, 'init', '--email',
      'root@msp.example', '--config', scratch.configPath, '--', ...lines], { encoding: 'utf8', timeout: 60_000 });
    assert.equal(stderr, '');
    return stdout;
  };
  before(() => { scratch = makeScratch(); });
  after(() => scratch.remove());

  it('asks for a password twice, without showing it, and shows progress', () => {
    const differ = type('violet-anchor-19', 'violet-anchor-20');
    assert.match(differ, /migration 1 of \d+: core/);
    assert.match(differ, /The two passwords differ\.\n\nexit 1/);
    const shown = type('violet-anchor-19', 'violet-anchor-19');
    assert.match(shown, /Password: \nAgain: \nCreated the root tenant .*\n\nexit 0/s);
    assert.doesNotMatch(differ + shown, /violet/);
  });
});

describe('plan limit', () => {
  let scratch;
  before(() => { scratch = makeScratch({ config: { mode: 'saas', plans: { free: { users: 2 }, pro: {} } } }); });
  after(() => scratch.remove());

  it('counts users, also those who join', () => {
    admin(scratch, ['init', '--email', people.superadmin.email], people.superadmin.password);
    admin(scratch, ['tenant', 'add', '--slug', 'acme', '--name', 'Acme', '--plan', 'pro']);
    admin(scratch, ['tenant', 'add', '--slug', 'globex', '--name', 'Globex', '--plan', 'free']);
    for (const who of ['owner', 'admin']) addPerson(scratch, people[who]);
    const more = { tenant: 'globex', name: 'X', role: 'member', password: 'granite-willow-64' };
    addPerson(scratch, { ...more, email: 'one@globex.example' });
    addPerson(scratch, { ...more, email: people.owner.email });
    for (const email of ['three@globex.example', people.admin.email]) {
      const result = runCli(['user', 'add', '--tenant', 'globex', '--email', email, '--name', 'X', '--role', 'member', '--config', scratch.configPath], { input: 'granite-willow-64\n' });
      refused(result, /The plan free of tenant globex allows 2 users, and it has 2\./);
    }
    assert.equal(scratch.database.query("SELECT count(*) FROM users WHERE email_normal = 'three@globex.example'"), '0');
  });
});
