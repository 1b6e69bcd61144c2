// A running `tether serve`: its ports, its log, its end.
import { spawn } from 'node:child_process';
import assert from 'node:assert/strict';
import { createWriteStream, readFileSync } from 'node:fs';
import { binary, makeScratch } from './scratch.mjs';
import { makeScratchWithWorld } from './world.mjs';

const START_LIMIT_MS = 60_000; // generous: a sanitizer build on a busy machine

// Keeps every log line, and lets a test wait for one.
class Log {
  constructor(stream) {
    this.lines = [];
    this.text = '';
    this.rest = '';
    this.waiting = [];
    stream.setEncoding('utf8');
    stream.on('data', (chunk) => this.take(chunk));
    stream.on('end', () => this.end());
  }

  take(chunk) {
    this.text += chunk;
    const parts = (this.rest + chunk).split('\n');
    this.rest = parts.pop();
    for (const part of parts) this.add(part);
  }

  add(part) {
    let line;
    try {
      line = JSON.parse(part);
    } catch {
      line = { msg: part, plain: true };
    }
    this.lines.push(line);
    this.waiting = this.waiting.filter((waiter) => !waiter.offer(line));
  }

  end() {
    this.ended = true;
    for (const waiter of this.waiting) waiter.fail(new Error(`the server ended; its log:\n${this.text}`));
    this.waiting = [];
  }

  // The first line from number `from` on for which `matches` holds, now or later.
  async until(matches, { from = 0, what = 'a log line' } = {}) {
    const found = this.lines.slice(from).find(matches);
    if (found) return found;
    if (this.ended) throw new Error(`the server ended without ${what}; its log:\n${this.text}`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} never came; the log:\n${this.text}`)), START_LIMIT_MS);
      this.waiting.push({
        offer(line) {
          if (!matches(line)) return false;
          clearTimeout(timer);
          resolve(line);
          return true;
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  untilMessage(message, options = {}) {
    return this.until((line) => line.msg === message, { what: `"${message}"`, ...options });
  }
}

// A test that is cut off leaves no server behind.
const running = new Set();
process.on('exit', () => {
  for (const server of running) server.kill('SIGKILL');
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(1));

export class Server {
  // wrap: a command that becomes the program; inherit: descriptors that it finds open, from 3 on.
  constructor(scratch, env = {}, { wrap = [], inherit = [] } = {}) {
    this.scratch = scratch;
    this.env = env;
    this.command = [...wrap, binary, 'serve', '--config', scratch.configPath];
    this.inherit = inherit;
  }

  // Starts without waiting for anything.
  spawn() {
    this.process = spawn(this.command[0], this.command.slice(1), {
      env: { ...process.env, ...this.env }, stdio: ['ignore', 'inherit', 'pipe', ...this.inherit],
    });
    running.add(this.process);
    this.process.on('exit', () => running.delete(this.process));
    this.log = new Log(this.process.stderr);
    if (process.env.TETHER_DEBUG_LOG) this.process.stderr.pipe(createWriteStream(process.env.TETHER_DEBUG_LOG, { flags: "a" }));
    this.exited = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve({ code, signal }));
    });
    return this;
  }

  async start() {
    this.spawn();
    await this.log.untilMessage('ready');
    const ports = this.log.lines.filter((line) => line.msg === 'listening');
    this.port = ports.find((line) => line.scheme === 'http')?.port;
    this.tlsPort = ports.find((line) => line.scheme === 'https')?.port;
    return this;
  }

  // How it ended; fails when it does not.
  async ended() {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the server does not end; its log:\n${this.log.text}`)), START_LIMIT_MS);
    });
    try {
      return await Promise.race([this.exited, limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  // The process behind the sockets, which the supervisor watches.
  childPid() {
    const pid = this.process.pid;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    assert.equal(children.length, 1, 'a supervisor has one child');
    return Number(children[0]);
  }

  // SIGTERM (unless it ends by itself), and everything that a clean end means.
  async stop({ expectCode = 0, byItself = false } = {}) {
    if (!byItself && this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    const { code, signal } = await this.ended();
    assert.doesNotMatch(this.log.text, /Sanitizer|runtime error:/);
    assert.deepEqual({ code, signal }, { code: expectCode, signal: null }, `the log:\n${this.log.text.slice(-4000)}`);
  }
}

// A server with the usual world in it. The result has stop(), which also takes the scratch folder away.
export async function startServer(options = {}) {
  const { scratch, world } = options.world === false ? { scratch: makeScratch(options), world: null } : makeScratchWithWorld(options);
  try {
    const server = await new Server(scratch, options.env).start();
    return Object.assign(server, {
      world,
      async end(stopOptions) {
        try {
          await server.stop(stopOptions);
        } finally {
          scratch.remove();
        }
      },
    });
  } catch (error) {
    scratch.remove();
    throw error;
  }
}
