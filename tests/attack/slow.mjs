// S1, H7: peers that take their time. What is given them is in src/http/limits.c: 12 seconds at most, but for who has been answered and rests.
import assert from 'node:assert/strict'
import { connect, H2, request, frame, ping, windowUpdate, HEADERS, DATA, CONTINUATION, END_HEADERS, END_STREAM } from './wire.mjs'
import { full, sleep, until } from './target.mjs'
import { ACME_HOST } from '../api/harness/world.mjs'

const EACH = full ? 200 : 10
// A peer may be late by a look of the sweeper, and by what this machine is late.
const LIMIT = 12000, GRACE = 18000

// Opens EACH connections, keeps `drip` going on them, and demands that all are closed.
async function allClosed(name, open, drip) {
  const start = Date.now()
  const peers = await Promise.all(Array.from({ length: EACH }, open))
  const timer = setInterval(() => { for (const peer of peers) if (!peer.closed) drip(peer) }, 400)
  const closed = await Promise.all(peers.map((peer) => peer.waitClosed(LIMIT + GRACE)))
  clearInterval(timer)
  for (const peer of peers) peer.destroy()
  assert.ok(closed.every(Boolean), `${name}: ${closed.filter((c) => !c).length} of ${EACH} still open`)
  return `${name} ${(Math.max(...peers.map((peer) => peer.closedAt - start)) / 1000).toFixed(1)} s`
}

const LARGE = '/openapi.json', READY = '/readyz', LOGIN = '/api/auth/login' // the large one is more than 64 KiB
const h2With = async (port, initial, start) => { const h2 = await H2.open(port, { initial }); start(h2); return h2 }

const stalls = (port) => ({
  'zero window': [() => h2With(port, [[4, 0]], (h2) => h2.ask(READY)), () => {}],
  'zero window with PING': [() => h2With(port, [[4, 0]], (h2) => h2.ask(READY)), (h2) => h2.write(ping())],
  'one-byte window': [() => h2With(port, [[4, 1]], (h2) => { h2.id = h2.ask(LARGE) }), (h2) => h2.write(windowUpdate(h2.id, 1))],
  'slow DATA': [() => h2With(port, [], (h2) => h2.write(frame(HEADERS, END_HEADERS, 1, request(LOGIN, [], 'POST')))), (h2) => h2.write(frame(DATA, 0, 1, Buffer.from('x')))],
  'slow CONTINUATION': [() => h2With(port, [], (h2) => h2.write(frame(HEADERS, END_STREAM, 1, request(READY)))), (h2) => h2.write(frame(CONTINUATION, 0, 1, Buffer.from([0])))],
  'partial frame': [() => h2With(port, [], (h2) => h2.write(Buffer.from([0, 0, 100, DATA]))), (h2) => h2.write(Buffer.from([0]))],
  'PING keep-alive': [() => H2.open(port), (h2) => h2.write(ping())],
  'silent after the preface': [() => H2.open(port), () => {}],
})

async function http2(target) {
  return (await Promise.all(Object.entries(stalls(target.port)).map(([name, how]) => allClosed(name, ...how)))).join(', ')
}

const speaks = (target, text) => async () => { const socket = await connect(target.port); socket.write(text); return socket }

async function slowRequests(target) {
  const notes = await Promise.all([
    allClosed('slow head', speaks(target, 'GET /healthz HTTP/1.1\r\nHost: a\r\n'), (s) => s.write('x: y\r\n')),
    allClosed('slow body', speaks(target, `POST ${LOGIN} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n`), (s) => s.write('x')),
    allClosed('silence', () => connect(target.port), () => {}),
  ])
  return notes.join(', ')
}

const signedGet = (target, path, more = '') => `GET ${path} HTTP/1.1\r\nHost: ${ACME_HOST}\r\nAuthorization: Bearer ${target.token}\r\n${more}\r\n`
const EXPORT = '/api/assets/export', CONTACTS = '/api/contacts?limit=200'

// Who does not read what was asked for. A paused socket does not notice the peer's close until it is read again.
async function unreadPeers(target, path, n) {
  return Promise.all(Array.from({ length: n }, async () => { const socket = await speaks(target, signedGet(target, path))(); socket.pause(); return socket }))
}

// There are fewer workers than they are, and the honest client needs one.
async function slowReading(target) {
  await unreadPeers(target, EXPORT, EACH)
  const windows = await Promise.all(Array.from({ length: EACH }, () => h2With(target.port, [], (h2) => h2.ask(EXPORT, target.signed))))
  await until('nobody works for those who do not read', async () => (await target.stats()).waiting === 0)
  await until('slow readers are closed', async () => (await target.stats()).connections <= 3, LIMIT + GRACE)
  for (const h2 of windows) h2.destroy()
}

// Taking a large answer at a modest pace is no attack.
async function patientReader(target) {
  const expected = (await target.get(EXPORT, { token: target.token })).body.length
  const socket = await connect(target.port)
  const start = Date.now()
  let received = 0
  socket.onData = (data) => { received += data.length; socket.pause(); setTimeout(() => socket.socket.resume(), full ? 400 : 100) }
  socket.write(signedGet(target, EXPORT, 'Connection: close\r\n'))
  await socket.waitClosed(120000)
  assert.ok(received >= expected, `cut off after ${received} of ${expected} bytes`)
  return `${(received / 1e6).toFixed(0)} MB in ${((Date.now() - start) / 1000).toFixed(0)} s`
}

// Large answers that nobody takes, 4 MB each: together they may not fill the memory: 128 MiB for each loop.
async function largeAnswers(target) {
  const before = target.rss(), n = full ? 200 : 40
  await unreadPeers(target, CONTACTS, n)
  await until('all are answered', async () => (await target.stats()).ran >= n, 60000)
  await until('the largest holders are closed', async () => (await target.stats()).connections <= 34 + 1, LIMIT)
  const grown = target.rss() - before, { connections } = await target.stats()
  assert.ok(connections > 20, `those within the bounds are left: ${connections}`)
  assert.ok(grown < 200e6 * (target.slack > 1 ? 4 : 1), `memory grew by ${(grown / 1e6).toFixed(0)} MB`)
  return `memory grew by ${(grown / 1e6).toFixed(0)} MB`
}

export const scenarios = [
  { name: 'S1 large answers', config: { server: { loops: 1 } }, seed: { contacts: 200 }, weighs: true, honest: false, run: largeAnswers },
  { name: 'H7 stalls over HTTP/2', waits: true, run: http2 },
  { name: 'S1 slow reading', waits: true, config: { server: { workers: 2 } }, run: slowReading },
  { name: 'S1 slow requests', waits: true, run: slowRequests },
  { name: 'S1 patient reader', waits: true, run: patientReader },
]
