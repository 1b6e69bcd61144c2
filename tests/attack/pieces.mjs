// Answers in pieces: whole for whoever reads, cut where they break, and in constant memory. What becomes of those who do not read is in slow.mjs.
import assert from 'node:assert/strict'
import { connect, H2, windowUpdate, rst, DATA } from './wire.mjs'
import { ASSETS, full, sleep } from './target.mjs'
import { ACME_HOST } from '../api/harness/world.mjs'

const EXPORT = '/api/assets/export', MANY = full ? 40000 : 6000

// The body of a chunked answer (RFC 9112 section 7.1), and whether its last chunk came.
function unchunked(text) {
  const parts = []
  for (let at = text.indexOf('\r\n\r\n') + 4; ;) {
    const end = text.indexOf('\r\n', at), size = parseInt(text.slice(at, end), 16)
    if (end < 0 || !(size >= 0)) return { body: parts.join(''), whole: false }
    if (size === 0) return { body: parts.join(''), whole: true }
    parts.push(text.slice(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

const head = (target, path, method = 'GET') => `${method} ${path} HTTP/1.1\r\nHost: ${ACME_HOST}\r\nAuthorization: Bearer ${target.token}\r\nConnection: close\r\n\r\n`

async function ask1(target, path) {
  const socket = await connect(target.port)
  socket.write(head(target, path))
  const text = await socket.rest(60000)
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  return unchunked(text)
}

async function reader2(target, path) {
  const h2 = await H2.open(target.port, { reads: true }), onFrame = h2.onFrame.bind(h2), parts = []
  h2.onFrame = (type, flags, stream, payload) => {
    onFrame(type, flags, stream, payload)
    if (type === DATA) parts.push(payload.toString('latin1'))
  }
  h2.body = () => parts.join('')
  h2.id = h2.ask(path, target.signed)
  return h2
}

async function ended2(h2) { while (!h2.ended.has(h2.id) && !h2.resets.has(h2.id) && !h2.closed) await sleep(5) }

const records = (csv) => csv.split('\r\n').filter((line) => /^T-\d/.test(line)).length

async function whole(target) {
  for (const [query, count] of [['?status=lost', 0], ['?status=available', ASSETS], ['', ASSETS]]) {
    const one = await ask1(target, EXPORT + query)
    assert.ok(one.whole)
    assert.equal(records(one.body), count, query)
    const h2 = await reader2(target, EXPORT + query)
    await ended2(h2)
    assert.equal(h2.body(), one.body)
    h2.destroy()
  }
  const socket = await connect(target.port)
  socket.write(head(target, EXPORT, 'HEAD'))
  assert.match(await socket.rest(), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
}

// The database fails when some pages are out already, and waiting for the client.
async function broken(target) {
  const socket = await connect(target.port)
  socket.write(head(target, EXPORT))
  await socket.waitText(/T-000001/)
  socket.pause()
  const h2 = await H2.open(target.port) // a window of 64 KiB, which is not opened
  const id = h2.ask(EXPORT, target.signed)
  while (!h2.statuses.has(id)) await sleep(5)
  await target.untilIdle(3)
  target.begin('broken')
  socket.socket.resume()
  h2.write(Buffer.concat([windowUpdate(0, 1 << 24), windowUpdate(id, 1 << 24)]))
  const { whole, body } = unchunked(await socket.rest(30000))
  assert.ok(!whole && body.length > 0, 'the client sees that something is missing')
  await h2.answer(id)
  while (!h2.ended.has(id) && !h2.resets.has(id) && !h2.closed) await sleep(5)
  assert.ok(!h2.ended.has(id) && h2.resets.has(id), 'the stream is reset')
  target.end('broken')
  assert.ok((await ask1(target, EXPORT)).whole, 'served again')
}

// As much as one likes, in constant memory.
async function constant(target) {
  await ask1(target, `${EXPORT}?q=Laptop%201`)
  const before = target.rss()
  let most = 0, received = 0
  const socket = await connect(target.port)
  socket.onData = (data) => { received += data.length }
  socket.write(head(target, EXPORT))
  while (!socket.closed) { most = Math.max(most, target.rss() - before); await sleep(20) }
  assert.ok(received > MANY * 4000, `${received} bytes came`)
  assert.ok(most < 12e6 + (target.slack > 1 ? 60e6 : 0), `memory grew by ${most}`)
  return `${(received / 1e6).toFixed(0)} MB, memory grew by at most ${(most / 1e6).toFixed(1)} MB`
}

// Clients who leave at any moment of it.
async function leaving(target) {
  for (let i = 0; i < (full ? 500 : 50); i++) {
    const socket = await connect(target.port)
    socket.write(head(target, EXPORT))
    const h2 = await reader2(target, EXPORT)
    await sleep(i % 8)
    i % 2 ? socket.reset() : socket.destroy()
    if (i % 3) h2.write(rst(h2.id))
    await sleep(i % 3)
    h2.destroy()
  }
}

// A drain finishes what can be finished.
async function drained(target) {
  const socket = await connect(target.port)
  socket.write(head(target, EXPORT))
  await socket.waitText(/T-000001/)
  target.process.kill('SIGTERM')
  const { whole, body } = unchunked(await socket.rest(60000))
  assert.ok(whole, 'cut off')
  assert.equal(records(body), ASSETS)
  await target.stop()
}

export const scenarios = [
  { name: 'pieces whole', run: whole },
  { name: 'pieces broken', faults: true, honest: false, run: broken },
  { name: 'pieces in constant memory', seed: { assets: MANY }, weighs: true, run: constant },
  { name: 'pieces left', run: leaving },
  { name: 'pieces drained', config: { server: { drain: '60s' } }, ends: true, honest: false, run: drained },
]
