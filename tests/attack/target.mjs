// The real server, `tether serve`, as an attack finds it: started on a scratch database, watched, stopped.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { binary, makeScratch } from '../api/harness/scratch.mjs'
import { Server } from '../api/harness/server.mjs'
import { http1 } from '../api/harness/client.mjs'
import { ACME_HOST, addPerson, people } from '../api/harness/world.mjs'
import { admin } from '../api/harness/cli.mjs'
import { connect, destroyAll } from './wire.mjs'

// ATTACK=full: the figures of a release, minutes instead of seconds.
export const full = process.env.ATTACK === 'full'

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function until(what, condition, ms = 30000) {
  const end = Date.now() + ms
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await sleep(10)
  }
}

export const person = people.owner

const numbers = (n) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`
const text = (characters) => `hex(zeroblob(${characters / 2}))`
// Records by the thousand, faster than the API would make them, with notes as long as they may be: 4 KB each, and 20 KB.
const seeds = {
  assets: (n) => `DELETE FROM assets; ${numbers(n)} INSERT INTO assets (tenant_id, tag, name, status, notes, created_at, updated_at)
    SELECT t.id, printf('T-%06d', i), 'Laptop ' || i, 'available', ${text(4000)}, i, i FROM n, tenants t WHERE t.slug = 'acme';`,
  contacts: (n) => `${numbers(n)} INSERT INTO contacts (tenant_id, first_name, status, notes, created_at, updated_at)
    SELECT t.id, 'Jane ' || i, 'lead', replace(${text(10000)}, '0', 'é'), i, i FROM n, tenants t WHERE t.slug = 'acme';`,
}

// One tenant, its owner and 8 MB of assets, once for all the servers of a run.
export const ASSETS = 2000
let world
function worldFile() {
  if (world) return join(world.dir, 'tether.db')
  world = makeScratch()
  process.on('exit', () => world.remove())
  admin(world, ['init', '--email', people.superadmin.email, '--name', 'Northwind MSP'], people.superadmin.password)
  admin(world, ['tenant', 'add', '--slug', 'acme', '--name', 'Acme Corporation', '--plan', 'pro'])
  addPerson(world, person)
  world.database.execute(seeds.assets(ASSETS))
  return join(world.dir, 'tether.db')
}

// A sanitizer holds freed memory back; AddressSanitizer 256 MiB of it unless told otherwise.
const isSanitized = /__[at]san_init/.test(execFileSync('nm', ['--dynamic', binary], { encoding: 'utf8', maxBuffer: 1 << 24 }))

export class Target {
  // Of a scenario: config (merged over the usual one), tls, seed ({ assets: n, contacts: n }), unix (listens there too), files (the limit
  // of open ones), weighs (the memory is looked at), preload (the library of preload.c), fault (one of its, from the start),
  // signs (whether the owner signs in).
  static async start({ config, tls, seed = {}, unix, files, weighs, preload, fault, signs = true } = {}) {
    const target = new Target()
    const scratch = makeScratch({ tls, config })
    Object.assign(target, { scratch, dir: scratch.dir, slack: isSanitized ? 16 : 1 })
    copyFileSync(worldFile(), join(scratch.dir, 'tether.db'))
    for (const [table, n] of Object.entries(seed)) scratch.database.execute(seeds[table](n))
    if (unix) scratch.writeConfig({ server: { listen: [...scratch.config.server.listen, `unix:${target.socketPath}`] } })
    if (preload) mkdirSync(target.faults)
    if (fault) target.begin(fault)
    target.server = new Server(scratch, target.environment({ weighs, preload }), { wrap: files ? ['prlimit', `--nofile=${files}`] : [] })
    try {
      await target.server.start()
      target.child = target.server.childPid()
      if (signs) target.token = await target.signIn()
    } catch (error) {
      await target.remove()
      throw error
    }
    return target
  }

  environment({ weighs, preload }) {
    const env = {}, options = [process.env.ASAN_OPTIONS, weighs && 'quarantine_size_mb=16', preload && 'verify_asan_link_order=0'].filter(Boolean)
    if (isSanitized && options.length) env.ASAN_OPTIONS = options.join(':')
    return preload ? { ...env, LD_PRELOAD: preload, ATTACK_FAULTS: this.faults } : env
  }

  get port() { return this.server.port }
  get tlsPort() { return this.server.tlsPort }
  get process() { return this.server.process } // the supervisor
  get exited() { return this.server.exited }
  get log() { return this.server.log.text }
  get socketPath() { return join(this.dir, 'socket') }
  get faults() { return join(this.dir, 'faults') }
  // The fields of a request that is signed in.
  get signed() { return [['authorization', `Bearer ${this.token}`]] }

  // The fault of that name, of preload.c.
  begin(fault) { writeFileSync(join(this.faults, fault), '') }
  end(fault) { rmSync(join(this.faults, fault)) }

  pids() { return [this.process.pid, this.child] }

  rss() { // bytes, of both processes, but for the database file, which SQLite maps
    return this.pids().reduce((sum, pid) => sum + Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/RssAnon:\s+(\d+)/)[1]) * 1024, 0)
  }

  cpu() { return this.pids().reduce((sum, pid) => sum + cpuOf(`/proc/${pid}`), 0) }

  // Of the event loops alone. One that has ended meanwhile spins no more.
  loopCpu() {
    const tasks = `/proc/${this.child}/task`
    const used = (id) => /^loop/.test(readFileSync(`${tasks}/${id}/comm`, 'utf8')) ? cpuOf(`${tasks}/${id}`) : 0
    return whileThere(() => readdirSync(tasks), []).reduce((sum, id) => sum + whileThere(() => used(id), 0), 0)
  }

  async get(path, { port = this.port, token } = {}) {
    const socket = await connect(port)
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${ACME_HOST}\r\n${token ? `Authorization: Bearer ${token}\r\n` : ''}Connection: close\r\n\r\n`)
    const text = await socket.rest(30000)
    return { status: Number(text.slice(9, 12)), body: text.slice(text.indexOf('\r\n\r\n') + 4) }
  }

  // SIGHUP, and what the log says then.
  reload(message = 'configuration reloaded') {
    const from = this.server.log.lines.length
    this.process.kill('SIGHUP')
    return this.server.log.untilMessage(message, { from })
  }

  async signIn() {
    const reply = await http1(this.server, { path: '/api/auth/login', host: ACME_HOST, form: { username: person.email, password: person.password } })
    if (reply.status !== 200) throw new Error(`sign-in: ${reply.text}`)
    return reply.json.access_token
  }

  // What the server says of itself; `connections` counts the one that asks.
  async stats() {
    const { body } = await this.get('/metrics')
    const read = (name) => Number(body.match(new RegExp(`^tether_${name} (\\S+)$`, 'm'))[1])
    return {
      connections: read('connections_open'), waiting: read('lane_general_depth') + read('lane_password_depth'), ran: read('handler_seconds_count'),
      cancelled: read('requests_cancelled_total'), overload: read('overload_total'),
    }
  }

  // Nobody is connected but those whom the caller counts, and nobody's request waits. When there are none to count, all leave first.
  async untilIdle(others = 0, ms) {
    if (!others) destroyAll(this.port)
    await until('everything came back', async () => { const s = await this.stats(); return s.waiting === 0 && s.connections <= 1 + others }, ms)
  }

  // SIGTERM, and all that a clean end means: exit status 0, no report of a sanitizer.
  stop() { return this.server.stop() }

  // Whatever state it is in.
  async remove() {
    destroyAll(this.port)
    destroyAll(this.tlsPort)
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL')
      await this.exited
    }
    this.scratch.remove()
  }
}

// What read() says of a process or thread, or `otherwise` once that has ended.
function whileThere(read, otherwise) {
  try {
    return read()
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return otherwise
    throw error
  }
}

function cpuOf(folder) { // seconds used so far
  const fields = readFileSync(`${folder}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

// A person at work, a connection per request: what the loop answers from memory, and what takes a worker and the database. Counts what
// fails, and how long it takes.
export class Honest {
  constructor(target, pause = 20) { Object.assign(this, { target, pause, times: [], failures: [] }); this.running = this.run() }
  async run() {
    const paths = ['/api/auth/me', '/api/assets?limit=1']
    for (let i = 0; !this.stopping; i++) {
      const start = performance.now()
      try {
        const { status, body } = await this.target.get(paths[i % 2], { token: this.target.token })
        if (status !== 200) throw new Error(status ? `${status} ${body.slice(0, 60)}` : 'no answer')
        this.times.push(performance.now() - start)
      } catch (error) { this.failures.push(error.message) }
      await sleep(this.pause)
    }
  }
  async stop() {
    while (this.times.length < 2 && this.failures.length === 0) await sleep(10) // also after an attack that was over at once
    this.stopping = true
    await this.running
    this.times.sort((a, b) => a - b)
    return this
  }
  quantile(q) { return this.times[Math.min(this.times.length - 1, Math.floor(this.times.length * q))] ?? 0 }
}
