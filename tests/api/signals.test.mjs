// SIGTERM drains, SIGHUP reloads.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { connect2, http1, http2Once, request2, signIn } from './harness/client.mjs';
import { metric, until } from './harness/nodes.mjs';
import { tlsPair } from './harness/scratch.mjs';
import { Server, startServer } from './harness/server.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, makeScratchWithWorld, people } from './harness/world.mjs';

const slow = { config: { server: { hash_workers: 1, drain: '60s' }, passwords: { memory: '64MiB', iterations: 3 } } };
const login = { path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: people.admin.password } };

describe('SIGTERM', () => {
  for (const [name, client] of [['HTTP/1.1', http1], ['HTTP/2', http2Once]]) {
    it(`finishes what is in flight over ${name}, and exits 0`, async () => {
      const server = await startServer(slow);
      try {
        const from = server.log.lines.length;
        const flights = Array.from({ length: 5 }, () => client(server, login));
        // Taken first: one that is taken in between counts in neither then, and is asked for again.
        await until('all are admitted: the hash worker took them, or they wait for it', async () =>
          await metric(server, 'tether_lane_password_wait_seconds_count') + await metric(server, 'tether_lane_password_depth') >= flights.length);
        server.process.kill('SIGTERM');
        for (const reply of await Promise.all(flights)) assert.equal(reply.status, 200, reply.text);
        await server.log.untilMessage('stopped', { from });
      } finally {
        await server.end();
      }
      await assert.rejects(http1(server, { path: '/healthz' }), { code: 'ECONNREFUSED' });
    });
  }

  it('does not wait for idle connections', async () => {
    const server = await startServer({});
    const session = connect2(server);
    assert.equal((await request2(session, { path: '/healthz' })).status, 200);
    await server.end();
    session.destroy();
  });

  it('SIGINT does the same', async () => {
    const server = await startServer({ world: false, config: {} }).catch(() => null);
    assert.equal(server, null, 'a database that is not set up does not serve');
    const ready = await startServer({});
    ready.process.kill('SIGINT');
    assert.deepEqual(await ready.ended(), { code: 0, signal: null });
    await ready.end();
  });

  it('SIGINT while it drains ends it at once, another SIGTERM does not', async () => {
    const server = await startServer(slow);
    const flights = Array.from({ length: 6 }, () => http2Once(server, login));
    await Promise.race(flights);
    const from = server.log.lines.length;
    server.process.kill('SIGTERM');
    await server.log.untilMessage('stopping', { from });
    server.process.kill('SIGINT');
    await Promise.allSettled(flights);
    await server.end({ expectCode: 1 });
  });
});

suite('SIGHUP', { tls: true, config: { rate_limits: { enabled: true, default: '60/minute' } } }, (server) => {
  const reload = async (message) => {
    const from = server().log.lines.length;
    server().process.kill('SIGHUP');
    return server().log.untilMessage(message, { from });
  };
  const limit = async () => (await http2Once(server(), { path: '/api/public/branding', host: ACME_HOST })).headers['x-ratelimit-limit'];

  it('takes over limits, domains and the log level', async () => {
    assert.equal(await limit(), '60');
    server().scratch.writeConfig({ rate_limits: { default: '1000/minute' }, tenancy: { domains: { 'new.acme.example': 'acme' } } });
    await reload('configuration reloaded');
    assert.equal(await limit(), '1000');
    assert.equal((await http2Once(server(), { path: '/api/public/branding', host: 'new.acme.example' })).json.tenant_name, 'Acme Corporation');
  });

  it('refuses what cannot change, names the key, and changes nothing', async () => {
    server().scratch.writeConfig({ rate_limits: { default: '7/minute' }, server: { workers: 5 } });
    const line = await reload('the configuration was not reloaded');
    assert.match(line.why, /server\.workers/);
    assert.equal(await limit(), '1000');
    server().scratch.writeConfig({ rate_limits: { default: '1000/minute' }, server: { workers: 4 } });
    await reload('configuration reloaded');
  });

  it('refuses a broken file, says where, and keeps serving', async () => {
    const { configPath } = server().scratch;
    writeFileSync(configPath, 'server: { lissten: [] }\n');
    const line = await reload('the configuration was not reloaded');
    assert.match(line.why, /tether\.yaml:1: .*lissten/);
    assert.equal(await limit(), '1000');
    server().scratch.writeConfig();
    await reload('configuration reloaded');
  });

  const fingerprint = () => new Promise((resolve, reject) => {
    const socket = tls.connect({ port: server().tlsPort, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  });

  it('takes over a new certificate, and keeps the old one when the new is broken', async () => {
    const before = await fingerprint();
    const { dir, config } = server().scratch;
    copyFileSync(config.server.tls.certificate, join(dir, 'old.pem'));
    tlsPair(dir);
    await reload('configuration reloaded');
    let after; // of connections on both loops
    await until('the loops have the new one', async () => {
      after = await Promise.all(Array.from({ length: 8 }, fingerprint));
      return !after.includes(before);
    });
    writeFileSync(config.server.tls.certificate, 'not a certificate\n');
    await reload('the configuration was not reloaded');
    assert.equal(await fingerprint(), after[0]);
  });

  it('fails no request meanwhile', async () => {
    tlsPair(server().scratch.dir);
    const token = await signIn(server(), people.admin, ACME_HOST);
    const session = connect2(server());
    const work = Array.from({ length: 200 }, () => request2(session, { path: '/api/auth/me', host: ACME_HOST, token }));
    for (let i = 0; i < 3; i++) await reload('configuration reloaded');
    for (const reply of await Promise.all(work)) assert.equal(reply.status, 200);
    session.destroy();
  });
});

describe('a service manager', () => {
  it('is told of every state', async () => {
    const { scratch } = makeScratchWithWorld();
    const path = join(scratch.dir, 'notify');
    const manager = spawn('python3', [fileURLToPath(new URL('harness/notified.py', import.meta.url)), path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const told = createInterface({ input: manager.stdout })[Symbol.asyncIterator]();
    const next = async () => (await told.next()).value;
    assert.equal(await next(), 'bound');
    const server = await new Server(scratch, { NOTIFY_SOCKET: path }).start();
    assert.equal(await next(), 'READY=1');
    server.process.kill('SIGHUP');
    assert.deepEqual([await next(), await next()], ['RELOADING=1', 'READY=1']);
    process.kill(server.childPid(), 'SIGKILL');
    assert.equal(await next(), 'READY=1');
    await server.stop();
    assert.equal(await next(), 'STOPPING=1');
    scratch.remove();
  });
});

describe('a socket of a service manager', () => {
  it('is served, and outlives the server process', async () => {
    const { scratch } = makeScratchWithWorld();
    const manager = net.createServer().listen(0, '127.0.0.1');
    await once(manager, 'listening');
    const { port } = manager.address();
    // As systemd starts it: the sockets are its descriptors from 3 on, and LISTEN_PID is its own process id.
    const server = new Server(scratch, { LISTEN_FDS: '1' }, { wrap: ['sh', '-c', 'LISTEN_PID=$$ exec "$@"', 'sh'], inherit: [manager._handle.fd] });
    const starting = server.start();
    manager.close(); // the server has its own by now, and nobody else may accept
    await starting;
    assert.equal(server.port, port);
    assert.deepEqual(server.log.lines.filter((line) => line.msg === 'listening').map((line) => line.address), ['inherited']);
    for (const client of [http1, http2Once]) assert.equal((await client(server, { path: '/healthz' })).status, 200);
    const pid = server.childPid();
    process.kill(pid, 'SIGKILL');
    assert.equal((await http1(server, { path: '/healthz' })).status, 200); // at once: it waits in the backlog
    assert.notEqual(server.childPid(), pid);
    await server.stop();
    scratch.remove();
  });
});

describe('a unix socket', () => {
  it('serves, and is gone after the stop', async () => {
    const { scratch } = makeScratchWithWorld();
    const path = join(scratch.dir, 'tether.sock');
    scratch.writeConfig({ server: { listen: [`unix:${path}`] } });
    const server = await new Server(scratch).start();
    const status = await new Promise((resolve, reject) => {
      http.get({ socketPath: path, path: '/api/public/branding', headers: { host: ACME_HOST } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject);
    });
    assert.equal(status, 200);
    await server.stop();
    assert.equal(existsSync(path), false);
    scratch.remove();
  });
});

describe('a second server', () => {
  it('on the same port is refused with a sentence', async () => {
    const first = await startServer({});
    try {
      first.scratch.writeConfig({ server: { listen: [`http://127.0.0.1:${first.port}`] } });
      const second = new Server(first.scratch).spawn();
      const { code } = await second.ended();
      assert.equal(code, 1, second.log.text);
      assert.match(second.log.text, /server\.listen|in use/);
      assert.equal((await http1(first, { path: '/healthz' })).status, 200);
    } finally {
      await first.end();
    }
  });
});
