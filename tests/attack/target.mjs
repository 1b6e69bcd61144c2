// Starts http_target (or another server that logs its port as http_target does), watches it, stops it.
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { once } from 'node:events'
import net from 'node:net'
import { connect } from './wire.mjs'

// ATTACK=full: the figures of a release, minutes instead of seconds.
export const full = process.env.ATTACK === 'full'

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function until(what, condition, ms = 10000) {
  const end = Date.now() + ms
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await sleep(10)
  }
}

export class Target {
  // urls: what to listen on, in order; port and ports are filled from the log.
  static async start(program, args = [], urls = ['http://127.0.0.1:0']) {
    const target = new Target()
    target.log = ''
    target.process = spawn(program, [...args, ...urls], { stdio: ['ignore', 'inherit', 'pipe'] })
    target.process.stderr.on('data', (data) => { if (target.log.length < 1e6) target.log += data; target.logBytes = (target.logBytes ?? 0) + data.length })
    target.exited = once(target.process, 'exit').then(([code, signal]) => { target.dead = { code, signal }; return target.dead })
    const lines = () => [...target.log.matchAll(/"msg":"listening","address":"([^"]*)","port":(\d+)/g)]
    await until('the target listens', () => { if (target.dead) throw new Error(`target ended: ${target.log}`); return lines().length >= urls.length })
    target.ports = lines().map((m) => Number(m[2]))
    target.port = target.ports[0]
    // A sanitizer holds freed memory back.
    target.slack = /lib[at]san/.test(readFileSync(`/proc/${target.pid}/maps`, 'latin1')) ? 16 : 1
    return target
  }

  get pid() { return this.process.pid }

  rss() { // bytes
    return Number(readFileSync(`/proc/${this.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024
  }

  cpu() { // seconds used so far
    const fields = readFileSync(`/proc/${this.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  descriptors() { return readdirSync(`/proc/${this.pid}/fd`).length }

  async get(path, port = this.port) {
    const socket = await connect(port)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    const text = await socket.rest()
    return { status: Number(text.slice(9, 12)), body: text.slice(text.indexOf('\r\n\r\n') + 4) }
  }

  async stats() { return JSON.parse((await this.get('/stats')).body) }

  async stop(ms = 15000) {
    if (!this.dead) this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.process.kill('SIGKILL'), ms)
    const end = await this.exited
    clearTimeout(timer)
    return end
  }
}

// An honest client that asks all the time on one port, a connection per request; counts what fails and how long it takes.
export class Honest {
  constructor(port, pause = 20) { this.port = port; this.pause = pause; this.times = []; this.failures = []; this.running = this.run() }
  async run() {
    while (!this.stopping) {
      const start = performance.now()
      try {
        const socket = await connect(this.port)
        socket.write('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        const text = await socket.rest(5000)
        if (!text.startsWith('HTTP/1.1 200')) throw new Error(text.slice(0, 60) || 'no answer')
        this.times.push(performance.now() - start)
      } catch (error) { this.failures.push(error.message) }
      await sleep(this.pause)
    }
  }
  async stop() { this.stopping = true; await this.running; this.times.sort((a, b) => a - b); return this }
  quantile(q) { return this.times[Math.min(this.times.length - 1, Math.floor(this.times.length * q))] ?? 0 }
}

export function freePort() {
  return new Promise((resolve) => { const server = net.createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)) }) })
}
