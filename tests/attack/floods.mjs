// H2–H6, H8, H9, M3: more than the server may ever do for one peer.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { H2, request, field, block, frame, rst, ping, priority, settings, windowUpdate, HEADERS, DATA, CONTINUATION, SETTINGS, END_HEADERS, END_STREAM } from './wire.mjs'
import { full, sleep, until } from './target.mjs'

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

const ask = (h2, path) => { const id = h2.stream(); return [frame(HEADERS, END_HEADERS | END_STREAM, id, request(path)), id] }

async function rapidReset(target) {
  const attacks = await Promise.all(Array.from({ length: full ? 50 : 10 }, () => flood(target.port, full ? 200000 : 20000, (h2) => { const [headers, id] = ask(h2, '/slow?50'); return Buffer.concat([headers, rst(id)]) })))
  for (const { h2 } of attacks) assert.ok(await h2.waitClosed(2000), 'the attacker was not closed')
  await until('jobs are gone', async () => (await target.stats()).calls <= 3, 20000)
  const stats = await target.stats()
  assert.ok(stats.peak <= attacks.length * 32, `${stats.peak} jobs ran at once`)
  return `${attacks.reduce((n, a) => n + a.sent, 0)} sent, ${stats.ran} reached a worker, ${stats.cancelled} cancelled`
}

// Ways to make the server reset the stream by itself.
const provocations = {
  'WINDOW_UPDATE of 0': (id) => windowUpdate(id, 0),
  'window overflow': (id) => Buffer.concat([windowUpdate(id, 0x7fffffff), windowUpdate(id, 0x7fffffff)]),
  'DATA after the end': (id) => frame(DATA, 0, id, Buffer.from('x')),
}

async function madeYouReset(target) {
  for (const [name, provoke] of Object.entries(provocations)) {
    const { h2, sent } = await flood(target.port, 20000, (h2) => { const [headers, id] = ask(h2, '/slow?50'); return Buffer.concat([headers, provoke(id)]) })
    assert.ok(await h2.waitClosed(2000), `${name}: not closed after ${sent}`)
  }
  for (const [name, make] of Object.entries({
    'HEADERS on a half-closed stream': (h2) => { const [headers, id] = ask(h2, '/slow?50'); return Buffer.concat([headers, frame(HEADERS, END_HEADERS | END_STREAM, id, request('/'))]) },
    'PRIORITY on itself': (h2) => { const [headers, id] = ask(h2, '/slow?50'); return Buffer.concat([headers, priority(id, id)]) },
  })) {
    const { h2 } = await flood(target.port, 2000, make)
    assert.ok(await h2.waitClosed(2000), `${name}: not closed`)
  }
  await until('jobs are gone', async () => (await target.stats()).calls <= 3, 20000)
  const stats = await target.stats()
  assert.ok(stats.peak <= 32 * 5, `${stats.peak} jobs ran at once`)
  return `${stats.ran} jobs reached a worker`
}

// Streams that are opened and given up before their body came: no job ever, only work for the parser.
async function abandoned(target) {
  const { h2, sent } = await flood(target.port, 50000, (h2) => { const id = h2.stream(); return Buffer.concat([frame(HEADERS, END_HEADERS, id, request('/echo', [], 'POST')), rst(id)]) })
  assert.ok(await h2.waitClosed(2000), 'not closed')
  return `closed after at most ${sent}`
}

async function continuation(target) {
  const before = target.rss()
  const empty = await H2.open(target.port)
  empty.write(frame(HEADERS, END_STREAM, 1, request('/hello')))
  const nothing = Buffer.concat(Array.from({ length: 5000 }, () => frame(CONTINUATION, 0, 1)))
  for (let i = 0; i < 40 && !empty.closed; i++) { empty.write(nothing); await sleep(5) }
  const large = await H2.open(target.port)
  large.write(frame(HEADERS, END_STREAM, 1, request('/hello')))
  const piece = frame(CONTINUATION, 0, 1, Buffer.alloc(16000, 0))
  for (let i = 0; i < 64 && !large.closed; i++) { large.write(piece); await sleep(2) }
  assert.ok(target.rss() - before < 4 * MIB * target.slack, `memory grew by ${(target.rss() - before) / MIB} MiB`)
  assert.ok(await large.waitClosed(6000), 'a header block without end stays open')
  assert.ok(await empty.waitClosed(6000), 'empty CONTINUATION frames keep a connection open')
}

// One large table entry, then blocks of one-byte references to it.
async function amplification(target) {
  const before = target.rss()
  let peak = 0
  for (const size of [30000, 32768 * 4, 417000]) {
    const h2 = await H2.open(target.port, { initial: [[4, 0]] })
    h2.write(frame(HEADERS, END_HEADERS | END_STREAM, h2.stream(), Buffer.concat([request('/hello'), field('x', 'y'.repeat(3000), true)])))
    await sleep(50)
    for (let i = 0; i < 100 && !h2.closed; i++) {
      const id = h2.stream()
      const bytes = Buffer.concat([request('/hello'), Buffer.alloc(size, 0x80 | 62)])
      for (let at = 0; at < bytes.length; at += 16000) {
        const first = at === 0, last = at + 16000 >= bytes.length
        h2.write(frame(first ? HEADERS : CONTINUATION, (first ? END_STREAM : 0) | (last ? END_HEADERS : 0), id, bytes.subarray(at, at + 16000)))
      }
      if (i % 10 === 9) await sleep(1)
      peak = Math.max(peak, target.rss())
    }
    assert.ok(await h2.waitClosed(3000), `blocks of ${size} bytes: not closed`)
  }
  assert.ok(peak - before < 16 * MIB * target.slack, `memory grew by ${((peak - before) / MIB).toFixed(1)} MiB`)
  return `memory grew by at most ${((peak - before) / MIB).toFixed(1)} MiB`
}

// Trailers are a second header block of the same stream.
async function trailerAmplification(target) {
  const before = target.rss()
  const h2 = await H2.open(target.port, { initial: [[4, 0]] })
  h2.write(frame(HEADERS, END_HEADERS | END_STREAM, h2.stream(), Buffer.concat([request('/hello'), field('x', 'y'.repeat(3000), true)])))
  for (let i = 0; i < 50 && !h2.closed; i++) {
    const id = h2.stream()
    h2.write(frame(HEADERS, END_HEADERS, id, request('/hello', [], 'POST')))
    h2.write(frame(HEADERS, END_HEADERS | END_STREAM, id, Buffer.alloc(16000, 0x80 | 62)))
    await sleep(1)
  }
  assert.ok(await h2.waitClosed(3000), 'not closed')
  assert.ok(target.rss() - before < 16 * MIB * target.slack, `memory grew by ${(target.rss() - before) / MIB} MiB`)
}

// Bodies that never end, on all streams a connection may have.
async function heldBodies(target) {
  const before = target.rss()
  let peak = 0
  const h2 = await H2.open(target.port)
  const ids = Array.from({ length: 100 }, () => { const id = h2.stream(); h2.write(frame(HEADERS, END_HEADERS, id, request('/echo', [], 'POST'))); return id })
  const piece = Buffer.alloc(16384, 'x')
  for (let i = 0; i < 18 && !h2.closed; i++) {
    for (const id of ids) h2.write(frame(DATA, 0, id, piece))
    await Promise.race([h2.drain(), sleep(500)])
    peak = Math.max(peak, target.rss())
  }
  assert.ok(await h2.waitClosed(3000), 'not closed')
  assert.ok(peak - before < 64 * MIB * target.slack, `memory grew by ${((peak - before) / MIB).toFixed(1)} MiB`)
  return `memory grew by at most ${((peak - before) / MIB).toFixed(1)} MiB`
}

async function controlFrames(target) {
  const kinds = {
    PING: () => ping(), SETTINGS: () => settings([[3, 100]]), 'SETTINGS without values': () => frame(SETTINGS, 0, 0),
    'unknown frames': () => frame(0xbb, 0, 0), 'empty DATA': (h2) => frame(DATA, 0, h2.opened ??= openBody(h2)), 'WINDOW_UPDATE of 1': () => windowUpdate(0, 1),
  }
  const before = target.rss(), logged = target.logBytes ?? 0
  for (const make of Object.values(kinds)) {
    const { h2 } = await flood(target.port, 200000, make, 2000)
    h2.destroy()
  }
  const grown = target.rss() - before
  assert.ok(grown < 8 * MIB * target.slack, `memory grew by ${(grown / MIB).toFixed(1)} MiB`)
  assert.ok((target.logBytes ?? 0) - logged < 65536, `the log grew by ${target.logBytes - logged} bytes`)
  const { h2 } = await flood(target.port, 20, (h2) => priority(h2.stream(), 0), 20)
  await h2.waitClosed(2000)
  assert.equal(h2.goaway?.code, 11, 'PRIORITY flood')
  return `6 × 200,000 frames, memory grew by ${(grown / MIB).toFixed(1)} MiB`
}

function openBody(h2) {
  const id = h2.stream()
  h2.write(frame(HEADERS, END_HEADERS, id, request('/echo', [], 'POST')))
  return id
}

async function congested(target, { frames }) {
  const out = []
  for (const args of [['window', full ? 1000 : 100], ['settings', full ? 1000 : 100], ['random', full ? 300 : 4, Date.now() % 1e6]]) {
    const { stdout } = await run(frames, [args[0], target.port, ...args.slice(1)].map(String))
    out.push(`${args[0]}: ${stdout.trim()}`)
  }
  return out.join(', ')
}

async function largeWindow(target) {
  const refused = await H2.open(target.port, { initial: [[4, 0x40000000]] })
  assert.ok(await refused.waitClosed(2000), 'an initial window of 2^30 is accepted')
  assert.equal(refused.goaway?.code, 11)
  const taken = await H2.open(target.port, { initial: [[4, 0x3fffffff]] })
  assert.equal(await taken.answer(taken.ask('/hello')), 200)
  taken.destroy()
}

// Clients leave while their requests run, in every way there is.
async function cancelStorm(target) {
  let made = 0
  for (let round = 0; round < (full ? 400 : 40); round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => H2.open(target.port)))
    for (const h2 of clients) {
      for (let i = 0; i < 60; i++, made++) {
        const [headers, id] = ask(h2, i % 3 ? '/hello' : '/slow?1')
        h2.write(i % 2 ? headers : Buffer.concat([headers, rst(id)]))
      }
    }
    if (round % 2) await sleep(Math.random() * 3)
    for (const h2 of clients) round % 3 ? h2.destroy() : h2.reset()
  }
  await until('everything came back', async () => { const s = await target.stats(); return s.calls <= 3 && s.running === 0 }, 20000)
  const stats = await target.stats()
  return `${made} requests, ${stats.cancelled} cancelled, ${stats.ran} run`
}

// One connection asks for more than it may have running; the rest waits, nothing is refused, all is answered.
async function manyAtOnce(target) {
  const h2 = await H2.open(target.port)
  const ids = Array.from({ length: 100 }, () => h2.ask('/slow?5'))
  for (const id of ids) assert.equal(await h2.answer(id), 200)
  const stats = await target.stats()
  assert.ok(stats.peak <= 33, `${stats.peak} at once`)
  h2.destroy()
}

async function overload(target) {
  const clients = await Promise.all(Array.from({ length: 6 }, () => H2.open(target.port)))
  const asked = clients.flatMap((h2) => Array.from({ length: 30 }, () => [h2, h2.ask('/slow?100')]))
  const answers = await Promise.all(asked.map(async ([h2, id]) => ({ status: await h2.answer(id, 20000) })))
  const count = (status) => answers.filter((a) => a.status === status).length
  assert.equal(count(200) + count(503), asked.length)
  assert.ok(count(503) >= asked.length - 20 - 8, `only ${count(503)} were refused`)
  assert.equal((await target.get('/hello')).status, 200)
  for (const h2 of clients) h2.destroy()
  return `${count(200)} served, ${count(503)} refused`
}

// From one lane to the other: what finds the second one full is refused from there; a client that leaves on the way
// leaves nothing behind.
async function movedOverload(target) {
  const clients = await Promise.all(Array.from({ length: 4 }, () => H2.open(target.port)))
  const asked = clients.flatMap((h2) => Array.from({ length: 20 }, () => [h2, h2.ask('/moves?50')]))
  const answers = await Promise.all(asked.map(async ([h2, id]) => ({ status: await h2.answer(id, 20000) })))
  const count = (status) => answers.filter((a) => a.status === status).length
  assert.equal(count(200) + count(503), asked.length)
  assert.ok(count(200) >= 4, `only ${count(200)} were served`)
  assert.ok(count(503) > 0, 'nothing was refused')
  for (const h2 of clients) for (let i = 0; i < 20; i++) h2.ask('/moves?50')
  assert.equal((await target.get('/hello')).status, 200)
  for (const h2 of clients) h2.destroy()
  await until('everything came back', async () => { const s = await target.stats(); return s.calls <= 1 && s.running === 0 }, 20000)
  return `${count(200)} served, ${count(503)} refused`
}

export const scenarios = [
  { name: 'H2 rapid reset', args: ['--workers', 4], run: rapidReset },
  { name: 'H3 made you reset', args: ['--workers', 4], run: madeYouReset },
  { name: 'H3 abandoned streams', run: abandoned },
  { name: 'H4 continuation', args: ['--stall-ms', 2000], run: continuation },
  { name: 'H5 amplification', run: amplification },
  { name: 'H5 trailers', run: trailerAmplification },
  { name: 'H5 held bodies', run: heldBodies },
  { name: 'H6 control frames', run: controlFrames },
  { name: 'H8 congested writes', args: ['--workers', 2], run: congested },
  { name: 'H8 large window', run: largeWindow },
  { name: 'M3 cancel storm', args: ['--loops', 2, '--workers', 4], run: cancelStorm },
  { name: 'O1 many at once', run: manyAtOnce },
  { name: 'O1 overload', args: ['--queue', 20, '--workers', 2], honest: false, run: overload },
  { name: 'O1 moved overload', args: ['--password-queue', 4, '--workers', 2], honest: false, run: movedOverload },
]
