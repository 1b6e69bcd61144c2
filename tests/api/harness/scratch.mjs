// A folder of its own for one server: configuration, keys, database. Gone when the test is over.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const driver = process.env.TETHER_DRIVER ?? 'sqlite';
export const binary = process.env.TETHER_BIN;
if (!binary) throw new Error('TETHER_BIN names no program; run this through tests/api/run');

// Merges plain objects; anything else in `over` replaces what was there, and undefined takes it away.
export function merged(base, over) {
  const result = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    const both = isObject(value) && isObject(base[key]);
    if (value === undefined) delete result[key];
    else result[key] = both ? merged(base[key], value) : value;
  }
  return result;
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function psql(host, database, sql) {
  return execFileSync('psql', ['-qXtA', '-h', host, '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-c', sql],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const KEPT = 'kept_world'; // the database behind a folder of keepWorld()'s

// A fresh database on the cluster whose socket folder is `host`, or a copy of the kept one; returns how to reach it, how to keep
// it and how to drop it.
function postgresDatabase(host, from) {
  const name = `t_${randomBytes(6).toString('hex')}`;
  const create = (what, template) => psql(host, 'postgres', `CREATE DATABASE ${what} OWNER tether TEMPLATE ${template}`);
  create(name, from ? KEPT : 'template1');
  return {
    storage: { driver: 'postgres', postgres: { conninfo: `host=${host} dbname=${name} user=tether` } },
    keep: () => create(KEPT, name),
    drop: () => psql(host, 'postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
    query: (sql) => psql(host, name, sql).trim(),
    execute: (sql) => psql(host, name, sql),
  };
}

function sqliteDatabase(dir, from) {
  const path = join(dir, 'tether.db');
  if (from) copyFileSync(join(from, 'tether.db'), path);
  return {
    storage: { driver: 'sqlite', sqlite: { path } },
    keep: (folder) => copyFileSync(path, join(folder, 'tether.db')), // while nobody serves
    drop: () => {},
    query: (sql) => execFileSync('sqlite3', ['-readonly', path, sql], { encoding: 'utf8' }).trim(),
    execute: (sql) => execFileSync('sqlite3', [path, sql]), // only while nobody serves
  };
}

export function tlsPair(dir) {
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${randomBytes(4).toString('hex')}`, '-addext', 'subjectAltName=DNS:localhost,DNS:*.localhost', '-keyout', key,
    '-out', certificate], { stdio: 'ignore' });
  return { certificate, private_key: key };
}

// JSON is YAML, but sizes, times and rates stand without quotes.
function yaml(config) {
  return `${JSON.stringify(config, null, 2).replace(/"(\d{1,6}([A-Za-z]{1,3}|\/\w+)|none|auto)"/g, '$1')}\n`;
}

// Loops, workers and hashing are small so that many servers fit on a small machine; limits are off so that only the
// tests about them meet them.
function testConfig(storage, tls) {
  const listen = ['http://127.0.0.1:0', ...(tls ? ['https://127.0.0.1:0'] : [])];
  return {
    server: { listen, loops: 2, workers: 4, hash_workers: 2, ...(tls ? { tls } : {}) },
    storage,
    tokens: { secret_key: '${SECRET_KEY}' },
    passwords: { memory: '1MiB', iterations: 1 },
    tenancy: { root_domain: 'tether.test' },
    plans: { free: { assets: 50, users: 5 }, pro: { assets: 10000, users: 500 } },
    rate_limits: { enabled: false },
    log: { level: 'info', format: 'json' },
  };
}

// options: config (merged over the defaults), tls, postgresHost (another cluster than the suite's), from (a folder of keepWorld()'s).
export function makeScratch(options = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'tether-api-'));
  const database = driver === 'postgres'
    ? postgresDatabase(options.postgresHost ?? process.env.TETHER_PG_HOST, options.from) : sqliteDatabase(dir, options.from);
  const scratch = {
    dir,
    database,
    secretKey: randomBytes(24).toString('hex'),
    configPath: join(dir, 'tether.yaml'),
    config: merged(testConfig(database.storage, options.tls ? tlsPair(dir) : undefined), options.config),
    writeConfig(over) {
      scratch.config = merged(scratch.config, over);
      writeFileSync(scratch.configPath, yaml(scratch.config), { mode: 0o600 });
    },
    remove() {
      database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  writeFileSync(join(dir, '.env'), `SECRET_KEY=${scratch.secretKey}\n`, { mode: 0o600 });
  scratch.writeConfig();
  return scratch;
}
