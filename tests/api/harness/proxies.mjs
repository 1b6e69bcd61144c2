// The proxies that people put before their applications, run with the very files of docs/forward-auth, and a small
// application behind them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './nodes.mjs';

const docs = fileURLToPath(new URL('../../../docs/forward-auth', import.meta.url));

// Answers what it was asked; `seen` counts what got through.
export async function startUpstream() {
  const upstream = { seen: 0 };
  upstream.server = http.createServer((request, response) => {
    upstream.seen++;
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers }));
  });
  upstream.server.listen(0, '127.0.0.1');
  await once(upstream.server, 'listening');
  upstream.port = upstream.server.address().port;
  upstream.end = () => new Promise((resolve) => {
    upstream.server.close(resolve);
    upstream.server.closeAllConnections?.();
  });
  return upstream;
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const answers = (port) => new Promise((resolve) => {
  const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
  socket.on('error', () => resolve(false));
});

// The file as it is documented, but for the ports.
function documented(name, ports) {
  return readFileSync(join(docs, name), 'utf8').replaceAll(/:(8000|8080|3000)\b/g, (_, port) => `:${ports[port]}`);
}

async function run(dir, port, command, args) {
  const child = spawn(command, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: dir } });
  const proxy = { port, log: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { proxy.log += chunk; });
  const exited = new Promise((resolve) => { child.on('close', resolve); child.on('error', resolve); });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  proxy.end = async () => {
    child.kill('SIGTERM');
    await exited;
    process.off('exit', kill);
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await until(`${command} listens`, async () => {
      if (child.exitCode !== null || child.pid === undefined) throw new Error(`${command} does not start:\n${proxy.log}`);
      return answers(port);
    });
  } catch (error) {
    await proxy.end();
    throw error;
  }
  return proxy;
}

export async function startNginx(tether, upstream) {
  const [dir, port] = [mkdtempSync(join(tmpdir(), 'tether-nginx-')), await freePort()];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  for (const name of temporary) mkdirSync(join(dir, name));
  copyFileSync(join(docs, 'tether_request.conf'), join(dir, 'tether_request.conf'));
  writeFileSync(join(dir, 'site.conf'), documented('nginx.conf', { 8000: port, 8080: tether.port, 3000: upstream.port }));
  writeFileSync(join(dir, 'nginx.conf'), `daemon off; worker_processes 1; pid ${dir}/pid; error_log stderr warn;
    ${process.getuid() === 0 ? 'user root;' : ''}
    events {}
    http { access_log off; ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')} include ${dir}/site.conf; }\n`);
  return run(dir, port, '/usr/sbin/nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', 'stderr']);
}

export async function startCaddy(tether, upstream) {
  const [dir, port] = [mkdtempSync(join(tmpdir(), 'tether-caddy-')), await freePort()];
  writeFileSync(join(dir, 'Caddyfile'), documented('Caddyfile', { 8000: port, 8080: tether.port, 3000: upstream.port }));
  return run(dir, port, 'caddy', ['run', '--adapter', 'caddyfile', '--config', join(dir, 'Caddyfile')]);
}
