// S1, H7: peers that take their time. http_target runs with a stall limit of a few seconds instead of twelve.
import assert from 'node:assert/strict'
import { connect, H2, request, frame, ping, windowUpdate, HEADERS, DATA, CONTINUATION, END_HEADERS, END_STREAM } from './wire.mjs'
import { full, until } from './target.mjs'

const STALL = full ? 12000 : 3000, EACH = full ? 200 : 20

// Opens EACH connections, keeps `drip` going on them, and demands that all are closed within the limit and two seconds.
async function allClosed(name, open, drip, limit = STALL) {
  const start = Date.now()
  const peers = await Promise.all(Array.from({ length: EACH }, open))
  const timer = setInterval(() => { for (const peer of peers) if (!peer.closed) drip(peer) }, 400)
  const closed = await Promise.all(peers.map((peer) => peer.waitClosed(limit + 2500)))
  clearInterval(timer)
  for (const peer of peers) peer.destroy()
  const late = Math.max(...peers.map((peer) => (peer.closedAt ?? Infinity) - start))
  assert.ok(closed.every(Boolean), `${name}: ${closed.filter((c) => !c).length} of ${EACH} still open`)
  return `${name} ${(late / 1000).toFixed(1)} s`
}

async function bigAnswer(socket) { socket.pause(); return socket }

const stalls = (port) => ({
  'zero window': [async () => { const h2 = await H2.open(port, { initial: [[4, 0]] }); h2.ask('/hello'); return h2 }, () => {}],
  'zero window with PING': [async () => { const h2 = await H2.open(port, { initial: [[4, 0]] }); h2.ask('/hello'); return h2 }, (h2) => h2.write(ping())],
  'one-byte window': [async () => { const h2 = await H2.open(port, { initial: [[4, 1]] }); h2.id = h2.ask('/big?64'); return h2 }, (h2) => h2.write(windowUpdate(h2.id, 1))],
  'slow DATA': [async () => { const h2 = await H2.open(port); h2.write(frame(HEADERS, END_HEADERS, 1, request('/echo', [], 'POST'))); return h2 }, (h2) => h2.write(frame(DATA, 0, 1, Buffer.from('x')))],
  'slow CONTINUATION': [async () => { const h2 = await H2.open(port); h2.write(frame(HEADERS, END_STREAM, 1, request('/hello'))); return h2 }, (h2) => h2.write(frame(CONTINUATION, 0, 1, Buffer.from([0])))],
  'partial frame': [async () => { const h2 = await H2.open(port); h2.write(Buffer.from([0, 0, 100, DATA])); return h2 }, (h2) => h2.write(Buffer.from([0]))],
  'PING keep-alive': [() => H2.open(port), (h2) => h2.write(ping())],
  'silent after the preface': [() => H2.open(port), () => {}],
  'HTTP/1 slow reading': [async () => { const s = await connect(port); s.write('GET /big?4096 HTTP/1.1\r\nHost: a\r\n\r\n'); return bigAnswer(s) }, () => {}],
})

async function http2(target) {
  const all = stalls(target.port)
  const slow = Object.keys(all).filter((name) => name !== 'HTTP/1 slow reading')
  return (await Promise.all(slow.map((name) => allClosed(name, ...all[name])))).join(', ')
}

// A paused socket does not notice the peer's close until it is read again.
async function slowReading(target) {
  const peers = await Promise.all(Array.from({ length: EACH }, stalls(target.port)['HTTP/1 slow reading'][0]))
  await until('slow readers are closed', async () => (await target.stats()).connections <= 3, (STALL + 2500) * (target.slack > 1 ? 3 : 1))
  for (const peer of peers) peer.destroy()
}

async function slowRequests(target) {
  const head = async () => { const s = await connect(target.port); s.write('GET /hello HTTP/1.1\r\nHost: a\r\n'); return s }
  const body = async () => { const s = await connect(target.port); s.write('POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'); return s }
  const notes = await Promise.all([
    allClosed('slow head', head, (s) => s.write('x: y\r\n')), allClosed('slow body', body, (s) => s.write('x')),
    allClosed('silence', () => connect(target.port), () => {}),
  ])
  return notes.join(', ')
}

// Taking a large answer at a modest pace is no attack.
async function patientReader(target) {
  const socket = await connect(target.port)
  let received = 0
  socket.onData = (data) => { received += data.length; socket.pause(); setTimeout(() => socket.socket.resume(), 4) }
  socket.write('GET /big?65536 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await socket.waitClosed(30000)
  assert.ok(received > 65536 * 1024, `cut off after ${received} bytes`)
}

// Large answers that nobody takes: together they may not fill the memory.
async function largeAnswers(target) {
  const before = target.rss()
  const peers = await Promise.all(Array.from({ length: 200 }, stalls(target.port)['HTTP/1 slow reading'][0]))
  await until('all are answered', async () => (await target.stats()).ran >= 200, 20000 * (target.slack > 1 ? 3 : 1))
  await until('memory is given back', () => target.rss() - before < 300e6 * target.slack, 10000)
  for (const peer of peers) peer.destroy()
}

export const scenarios = [
  { name: 'S1 large answers', args: ['--stall-ms', 60000], honest: false, run: largeAnswers },
  { name: 'H7 stalls over HTTP/2', args: ['--stall-ms', STALL], run: http2 },
  { name: 'S1 slow reading', args: ['--stall-ms', STALL], run: slowReading },
  { name: 'S1 slow requests', args: ['--stall-ms', STALL], run: slowRequests },
  { name: 'S1 patient reader', args: ['--stall-ms', 1500], run: patientReader },
]
