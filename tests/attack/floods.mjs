// H2–H6, H8, H9, M3: more than the server may ever do for one peer.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { H2, request, field, frame, rst, ping, priority, settings, windowUpdate, HEADERS, DATA, CONTINUATION, SETTINGS, END_HEADERS, END_STREAM } from './wire.mjs'
import { full, person, sleep, until } from './target.mjs'

const run = promisify(execFile)
const MIB = 1 << 20

// Fills a connection with what `make` returns until the server ends it or the count is reached.
async function flood(port, count, make, batch = 200) {
  const h2 = await H2.open(port)
  let sent = 0
  while (sent < count && !h2.closed) {
    const parts = []
    for (let i = 0; i < batch; i++) parts.push(make(h2))
    sent += batch
    if (!h2.write(Buffer.concat(parts))) await Promise.race([h2.drain(), sleep(50)])
    await new Promise(setImmediate)
  }
  return { h2, sent }
}

// What they ask for: a list takes a worker some milliseconds, readiness hardly any; a sign-in is for the password lane.
const LIST = '/api/assets?limit=20', READY = '/readyz', LOGIN = '/api/auth/login'
const JOBS = 32, CANCELLED = 100 // a connection may have so many at once; and so many of them may be for nothing

// The frames of a request, and its stream.
const ask = (h2, path, more) => { const id = h2.stream(); return [frame(HEADERS, END_HEADERS | END_STREAM, id, request(path, more)), id] }
const askBody = (h2, path) => { const id = h2.stream(); return [frame(HEADERS, END_HEADERS, id, request(path, [['content-type', 'application/json']], 'POST')), id] }

// The most jobs that wait for a worker while `attack` goes on, as far as looking now and then shows.
async function watchJobs(target, attack) {
  let most = 0, done = false
  const watching = (async () => { while (!done) { most = Math.max(most, (await target.stats()).waiting); await sleep(20) } })()
  try { await attack() } finally { done = true; await watching }
  return most
}

async function rapidReset(target) {
  const signIn = (h2) => { const [headers, id] = askBody(h2, LOGIN); return Buffer.concat([headers, frame(DATA, END_STREAM, id, Buffer.from(JSON.stringify(person))), rst(id)]) }
  const list = (h2) => { const [headers, id] = ask(h2, LIST, target.signed); return Buffer.concat([headers, rst(id)]) }
  const n = full ? 50 : 10, before = await target.stats()
  let attacks
  const most = await watchJobs(target, async () => {
    attacks = await Promise.all(Array.from({ length: n }, (_, i) => flood(target.port, full ? 200000 : 20000, i % 2 ? signIn : list)))
    for (const { h2 } of attacks) assert.ok(await h2.waitClosed(10000), 'the attacker was not closed')
  })
  assert.ok(most <= n * JOBS, `${most} jobs waited at once`)
  const { ran, cancelled } = await target.stats()
  assert.ok(ran - before.ran <= n * (CANCELLED + JOBS) + HONEST, `${ran - before.ran} jobs reached a worker`)
  return `${attacks.reduce((sum, a) => sum + a.sent, 0)} sent, ${ran - before.ran} reached a worker, ${cancelled - before.cancelled} cancelled, at most ${most} waited`
}

// What the honest client may have had done meanwhile.
const HONEST = 200

// Ways to make the server reset the stream by itself.
const provocations = {
  'WINDOW_UPDATE of 0': (id) => windowUpdate(id, 0),
  'window overflow': (id) => Buffer.concat([windowUpdate(id, 0x7fffffff), windowUpdate(id, 0x7fffffff)]),
  'DATA after the end': (id) => frame(DATA, 0, id, Buffer.from('x')),
}

// Ways to make it end the connection.
const offences = {
  'HEADERS on a half-closed stream': (id) => frame(HEADERS, END_HEADERS | END_STREAM, id, request('/')),
  'PRIORITY on itself': (id) => priority(id, id),
}

async function madeYouReset(target) {
  const attack = async (name, provoke, count) => {
    const { h2, sent } = await flood(target.port, count, (h2) => { const [headers, id] = ask(h2, LIST, target.signed); return Buffer.concat([headers, provoke(id)]) })
    assert.ok(await h2.waitClosed(10000), `${name}: not closed after ${sent}`)
  }
  const before = await target.stats()
  const most = await watchJobs(target, async () => {
    for (const [name, provoke] of Object.entries(provocations)) await attack(name, provoke, 20000)
    for (const [name, provoke] of Object.entries(offences)) await attack(name, provoke, 2000)
  })
  assert.ok(most <= JOBS * 5, `${most} jobs waited at once`)
  const ran = (await target.stats()).ran - before.ran
  assert.ok(ran <= 5 * (CANCELLED + JOBS) + HONEST, `${ran} jobs reached a worker`)
  return `${ran} jobs reached a worker, at most ${most} waited`
}

// Streams that are opened and given up before their body came: no job ever, only work for the parser.
async function abandoned(target) {
  const { h2, sent } = await flood(target.port, 50000, (h2) => { const id = h2.stream(); return Buffer.concat([frame(HEADERS, END_HEADERS, id, request(LOGIN, [], 'POST')), rst(id)]) })
  assert.ok(await h2.waitClosed(10000), 'not closed')
  return `closed after at most ${sent}`
}

async function continuation(target) {
  const before = target.rss()
  const empty = await H2.open(target.port)
  empty.write(frame(HEADERS, END_STREAM, 1, request(READY)))
  const nothing = Buffer.concat(Array.from({ length: 5000 }, () => frame(CONTINUATION, 0, 1)))
  for (let i = 0; i < 40 && !empty.closed; i++) { empty.write(nothing); await sleep(5) }
  const large = await H2.open(target.port)
  large.write(frame(HEADERS, END_STREAM, 1, request(READY)))
  const piece = frame(CONTINUATION, 0, 1, Buffer.alloc(16000, 0))
  for (let i = 0; i < 64 && !large.closed; i++) { large.write(piece); await sleep(2) }
  assert.ok(target.rss() - before < 4 * MIB * target.slack, `memory grew by ${(target.rss() - before) / MIB} MiB`)
  assert.ok(await large.waitClosed(30000), 'a header block without end stays open')
  assert.ok(await empty.waitClosed(30000), 'empty CONTINUATION frames keep a connection open')
}

// One large table entry, then blocks of one-byte references to it.
async function amplification(target) {
  const before = target.rss()
  let peak = 0
  for (const size of [30000, 32768 * 4, 417000]) {
    const h2 = await H2.open(target.port, { initial: [[4, 0]] })
    h2.write(frame(HEADERS, END_HEADERS | END_STREAM, h2.stream(), Buffer.concat([request(READY), field('x', 'y'.repeat(3000), true)])))
    await sleep(50)
    for (let i = 0; i < 100 && !h2.closed; i++) {
      const id = h2.stream()
      const bytes = Buffer.concat([request(READY), Buffer.alloc(size, 0x80 | 62)])
      for (let at = 0; at < bytes.length; at += 16000) {
        const first = at === 0, last = at + 16000 >= bytes.length
        h2.write(frame(first ? HEADERS : CONTINUATION, (first ? END_STREAM : 0) | (last ? END_HEADERS : 0), id, bytes.subarray(at, at + 16000)))
      }
      if (i % 10 === 9) await sleep(1)
      peak = Math.max(peak, target.rss())
    }
    assert.ok(await h2.waitClosed(10000), `blocks of ${size} bytes: not closed`)
  }
  assert.ok(peak - before < 16 * MIB * target.slack, `memory grew by ${((peak - before) / MIB).toFixed(1)} MiB`)
  return `memory grew by at most ${((peak - before) / MIB).toFixed(1)} MiB`
}

// Trailers are a second header block of the same stream.
async function trailerAmplification(target) {
  const before = target.rss()
  const h2 = await H2.open(target.port, { initial: [[4, 0]] })
  h2.write(frame(HEADERS, END_HEADERS | END_STREAM, h2.stream(), Buffer.concat([request(READY), field('x', 'y'.repeat(3000), true)])))
  for (let i = 0; i < 50 && !h2.closed; i++) {
    const id = h2.stream()
    h2.write(frame(HEADERS, END_HEADERS, id, request(LOGIN, [], 'POST')))
    h2.write(frame(HEADERS, END_HEADERS | END_STREAM, id, Buffer.alloc(16000, 0x80 | 62)))
    await sleep(1)
  }
  assert.ok(await h2.waitClosed(10000), 'not closed')
  assert.ok(target.rss() - before < 16 * MIB * target.slack, `memory grew by ${(target.rss() - before) / MIB} MiB`)
}

// Bodies that never end, on all streams a connection may have.
async function heldBodies(target) {
  const before = target.rss()
  let peak = 0
  const h2 = await H2.open(target.port)
  const ids = Array.from({ length: 100 }, () => { const id = h2.stream(); h2.write(frame(HEADERS, END_HEADERS, id, request(LOGIN, [], 'POST'))); return id })
  const piece = Buffer.alloc(16384, 'x')
  for (let i = 0; i < 18 && !h2.closed; i++) {
    for (const id of ids) h2.write(frame(DATA, 0, id, piece))
    await Promise.race([h2.drain(), sleep(500)])
    peak = Math.max(peak, target.rss())
  }
  assert.ok(await h2.waitClosed(10000), 'not closed')
  assert.ok(peak - before < 64 * MIB * target.slack, `memory grew by ${((peak - before) / MIB).toFixed(1)} MiB`)
  return `memory grew by at most ${((peak - before) / MIB).toFixed(1)} MiB`
}

async function controlFrames(target) {
  const kinds = {
    PING: () => ping(), SETTINGS: () => settings([[3, 100]]), 'SETTINGS without values': () => frame(SETTINGS, 0, 0),
    'unknown frames': () => frame(0xbb, 0, 0), 'empty DATA': (h2) => frame(DATA, 0, h2.opened ??= openBody(h2)), 'WINDOW_UPDATE of 1': () => windowUpdate(0, 1),
  }
  const before = target.rss(), logged = target.log.length
  for (const make of Object.values(kinds)) {
    const { h2 } = await flood(target.port, 200000, make, 2000)
    h2.destroy()
  }
  const grown = target.rss() - before
  assert.ok(grown < 8 * MIB * target.slack, `memory grew by ${(grown / MIB).toFixed(1)} MiB`)
  assert.ok(target.log.length - logged < 65536, `the log grew by ${target.log.length - logged} bytes`)
  const { h2 } = await flood(target.port, 20, (h2) => priority(h2.stream(), 0), 20)
  await h2.waitClosed(10000)
  assert.equal(h2.goaway?.code, 11, 'PRIORITY flood')
  return `6 × 200,000 frames, memory grew by ${(grown / MIB).toFixed(1)} MiB`
}

function openBody(h2) {
  const id = h2.stream()
  h2.write(frame(HEADERS, END_HEADERS, id, request(LOGIN, [], 'POST')))
  return id
}

async function congested(target, { frames }) {
  const out = []
  // Requests by the million, whose lines nobody reads.
  target.scratch.writeConfig({ log: { level: 'warn' } })
  target.process.kill('SIGHUP')
  for (const args of [['window', full ? 1000 : 100], ['settings', full ? 1000 : 100], ['random', full ? 300 : 2, Date.now() % 1e6]]) {
    const { stdout } = await run(frames, [args[0], target.port, ...args.slice(1)].map(String))
    out.push(`${args[0]}: ${stdout.trim()}`)
  }
  target.scratch.writeConfig({ log: { level: 'info' } })
  await target.reload()
  return out.join(', ')
}

async function largeWindow(target) {
  const refused = await H2.open(target.port, { initial: [[4, 0x40000000]] })
  assert.ok(await refused.waitClosed(10000), 'an initial window of 2^30 is accepted')
  assert.equal(refused.goaway?.code, 11)
  const taken = await H2.open(target.port, { initial: [[4, 0x3fffffff]] })
  assert.equal(await taken.answer(taken.ask(READY)), 200)
  taken.destroy()
}

// Clients leave while their requests run, in every way there is.
async function cancelStorm(target) {
  const before = await target.stats()
  let made = 0
  for (let round = 0; round < (full ? 200 : 20); round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => H2.open(target.port)))
    for (const h2 of clients) {
      for (let i = 0; i < 60; i++, made++) {
        const [headers, id] = i % 3 ? ask(h2, READY) : ask(h2, LIST, target.signed)
        h2.write(i % 2 ? headers : Buffer.concat([headers, rst(id)]))
      }
    }
    if (round % 2) await sleep(Math.random() * 3)
    for (const h2 of clients) round % 3 ? h2.destroy() : h2.reset()
  }
  await target.untilIdle(1)
  const { ran, cancelled } = await target.stats()
  return `${made} requests, ${cancelled - before.cancelled} cancelled, ${ran - before.ran} run`
}

// One connection asks for more than it may have running; the rest waits, nothing is refused, all is answered.
async function manyAtOnce(target) {
  const h2 = await H2.open(target.port, { reads: true })
  const most = await watchJobs(target, async () => {
    const ids = Array.from({ length: 100 }, () => h2.ask(LIST, target.signed))
    for (const id of ids) assert.equal(await h2.answer(id, 60000), 200)
  })
  assert.ok(most <= JOBS + 1, `${most} waited at once`) // and the honest client's
  h2.destroy()
  return `at most ${most} waited`
}

// The answers to `count` requests of `asks` on each of some connections, all at once: how many were served and how many refused.
async function crowd(target, connections, count, asks) {
  const clients = await Promise.all(Array.from({ length: connections }, () => H2.open(target.port, { reads: true })))
  const asked = clients.flatMap((h2, c) => Array.from({ length: count }, (_, i) => [h2, asks(h2, c * count + i)]))
  const statuses = await Promise.all(asked.map(([h2, id]) => h2.answer(id, 60000)))
  return { clients, statuses, of: (status) => statuses.filter((s) => s === status).length }
}

async function overload(target) {
  const { statuses, of } = await crowd(target, 6, 30, (h2) => h2.ask('/api/assets?limit=50', target.signed))
  assert.equal(of(200) + of(503), statuses.length, `${new Set(statuses)}`)
  assert.ok(of(200) >= 20, `only ${of(200)} were served`)
  assert.ok(of(503) > 0, 'nothing was refused')
  assert.equal((await target.get('/api/auth/me', { token: target.token })).status, 200)
  return `${of(200)} served, ${of(503)} refused`
}

// From one lane to the other: what finds the second one full is refused from there; a client that leaves on the way leaves nothing
// behind. A session's first request is not known yet, so it goes by way of the general lane.
async function movedOverload(target) {
  const tokens = await Promise.all(Array.from({ length: 40 }, () => target.signIn()))
  const body = JSON.stringify({ current_password: 'granite-willow-65', new_password: 'granite-willow-64' })
  const change = (h2, i) => h2.ask('/api/auth/change-password', [['authorization', `Bearer ${tokens[i]}`], ['content-type', 'application/json']], 'POST', body)
  target.scratch.writeConfig({ passwords: { memory: '64MiB', iterations: 2 }, server: { password_queue: 4 } })
  await target.reload()
  const { clients, statuses, of } = await crowd(target, 2, 20, change)
  assert.equal(of(400) + of(503), statuses.length, `${new Set(statuses)}`)
  assert.ok(of(400) >= 4, `only ${of(400)} were served`)
  assert.ok(of(503) > 0, 'nothing was refused')
  for (const h2 of clients) for (let i = 0; i < 20; i++) change(h2, i)
  assert.equal((await target.get('/api/auth/me', { token: target.token })).status, 200)
  for (const h2 of clients) h2.destroy()
  return `${of(400)} served, ${of(503)} refused`
}

export const scenarios = [
  { name: 'H2 rapid reset', run: rapidReset },
  { name: 'H3 made you reset', run: madeYouReset },
  { name: 'H3 abandoned streams', run: abandoned },
  { name: 'H4 continuation', waits: true, weighs: true, run: continuation },
  { name: 'H5 amplification', weighs: true, run: amplification },
  { name: 'H5 trailers', weighs: true, run: trailerAmplification },
  { name: 'H5 held bodies', weighs: true, run: heldBodies },
  { name: 'H6 control frames', weighs: true, run: controlFrames },
  { name: 'H8 congested writes', run: congested },
  { name: 'H8 large window', run: largeWindow },
  { name: 'M3 cancel storm', run: cancelStorm },
  { name: 'O1 many at once', run: manyAtOnce },
  { name: 'O1 overload', config: { server: { workers: 2, queue: 20 } }, honest: false, run: overload },
  { name: 'O1 moved overload', config: { server: { workers: 2, hash_workers: 1 } }, honest: false, run: movedOverload },
]
