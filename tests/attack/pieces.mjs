// Answers in pieces: whole for whoever reads, cut where they break, and nobody's worker or memory for whoever does not.
import assert from 'node:assert/strict'
import { connect, H2, windowUpdate, rst, DATA } from './wire.mjs'
import { full, sleep, until } from './target.mjs'

const PIECE = 65536, MANY = full ? 65536 : 10240

// The bytes of a chunked body (RFC 9112 section 7.1), and whether its last chunk came.
function unchunked(text) {
  let at = text.indexOf('\r\n\r\n') + 4, bytes = 0
  for (;;) {
    const end = text.indexOf('\r\n', at), size = parseInt(text.slice(at, end), 16)
    if (end < 0 || Number.isNaN(size)) return { bytes, whole: false }
    if (size === 0) return { bytes, whole: true }
    bytes += size
    at = end + 2 + size + 2
  }
}

async function ask1(target, path) {
  const socket = await connect(target.port)
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  const text = await socket.rest(20000)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  return unchunked(text)
}

// Counts the bytes of DATA, and opens the windows again as it reads.
async function reader2(target, path, { window = true } = {}) {
  const h2 = await H2.open(target.port)
  const { onFrame } = h2
  h2.bytes = 0
  h2.onFrame = (type, flags, stream, payload) => {
    onFrame.call(h2, type, flags, stream, payload)
    if (type !== DATA) return
    h2.bytes += payload.length
    if (window && payload.length) { h2.write(windowUpdate(0, payload.length)); h2.write(windowUpdate(stream, payload.length)) }
  }
  h2.id = h2.ask(path)
  return h2
}

async function whole(target) {
  for (const pieces of [0, 1, 40]) {
    assert.deepEqual(await ask1(target, `/pieces?${pieces}`), { bytes: pieces * PIECE, whole: true })
    const h2 = await reader2(target, `/pieces?${pieces}`)
    assert.equal(await h2.answer(h2.id), 200)
    assert.equal(h2.bytes, pieces * PIECE)
    h2.destroy()
  }
  const head = await connect(target.port)
  head.write('HEAD /pieces?9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(await head.rest(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
}

async function broken(target) {
  assert.deepEqual(await ask1(target, '/breaks?3'), { bytes: 3 * PIECE, whole: false })
  const h2 = await reader2(target, '/breaks?3')
  await h2.answer(h2.id)
  assert.ok(!h2.ended.has(h2.id) && h2.resets.has(h2.id), 'the stream is reset')
  h2.destroy()
}

// As much as one likes, in constant memory.
async function constant(target) {
  await ask1(target, '/pieces?64')
  const before = target.rss()
  let most = 0
  const socket = await connect(target.port)
  let received = 0
  socket.onData = (data) => { received += data.length }
  socket.write(`GET /pieces?${MANY} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  while (!socket.closed) { most = Math.max(most, target.rss() - before); await sleep(20) }
  assert.ok(received > MANY * PIECE, `${received} bytes came`)
  // AddressSanitizer keeps 256 MB of what was freed.
  assert.ok(most < 8e6 + (target.slack > 1 ? 400e6 : 0), `memory grew by ${most}`)
  return `${(received / 1e6).toFixed(0)} MB, memory grew by at most ${(most / 1e6).toFixed(1)} MB`
}

// Many who do not read, over both protocols: there are fewer workers than they, and the honest client needs one.
async function unread(target) {
  const stalled = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
    if (i % 2) return reader2(target, '/pieces?100000', { window: false })
    const socket = await connect(target.port)
    socket.write('GET /pieces?100000 HTTP/1.1\r\nHost: a\r\n\r\n')
    socket.pause()
    return socket
  }))
  await sleep(500)
  const stats = await target.stats()
  assert.equal(stats.running, 0, 'nobody works for those who do not read')
  await until('they are closed', async () => (await target.stats()).connections <= 3, 20000)
  for (const peer of stalled) peer.destroy()
}

// Clients who leave at any moment of it.
async function leaving(target) {
  for (let i = 0; i < (full ? 1000 : 100); i++) {
    const socket = await connect(target.port)
    socket.write('GET /pieces?100000 HTTP/1.1\r\nHost: a\r\n\r\n')
    const h2 = await reader2(target, '/pieces?100000')
    await sleep(i % 8)
    i % 2 ? socket.reset() : socket.destroy()
    if (i % 3) h2.write(rst(h2.id))
    await sleep(i % 3)
    h2.destroy()
  }
  await until('every call is freed', async () => (await target.stats()).calls <= 1)
}

// A drain finishes what can be finished.
async function drained(target) {
  const asked = ask1(target, '/pieces?200')
  await sleep(20)
  target.process.kill('SIGTERM')
  assert.deepEqual(await asked, { bytes: 200 * PIECE, whole: true })
  assert.deepEqual(await target.exited, { code: 0, signal: null })
}

export const scenarios = [
  { name: 'pieces whole', run: whole },
  { name: 'pieces broken', run: broken },
  { name: 'pieces in constant memory', run: constant },
  { name: 'pieces unread', args: ['--stall-ms', 3000, '--workers', 2], run: unread },
  { name: 'pieces left', run: leaving },
  { name: 'pieces drained', ends: true, honest: false, run: drained },
]
