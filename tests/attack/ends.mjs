// H10, U1: draining. The server ends, whoever is connected, and what was admitted is answered.
import assert from 'node:assert/strict'
import { connect, H2, request, frame, HEADERS, CONTINUATION, END_STREAM } from './wire.mjs'
import { person, sleep } from './target.mjs'
import { ACME_HOST } from '../api/harness/world.mjs'

const CUT = 'requests in flight were cut off: the drain time was over'
const LOGIN = '/api/auth/login', FORM = 'application/x-www-form-urlencoded'
const form = new URLSearchParams({ username: person.email, password: person.password }).toString()
const wasCut = (target) => target.server.log.lines.some((line) => line.msg === CUT)

// Sign-ins one after the other, whose passwords are hashed anew, since the hash that is kept is cheaper.
const hashing = (memory, iterations, server = {}) => ({ server: { hash_workers: 1, ...server }, passwords: { memory, iterations } })
const SLOW = hashing('64MiB', 3, { drain: '60s' })
const signIn = (h2) => h2.ask(LOGIN, [['content-type', FORM]], 'POST', form)
const signIn1 = `POST ${LOGIN} HTTP/1.1\r\nHost: ${ACME_HOST}\r\nContent-Type: ${FORM}\r\nContent-Length: ${form.length}\r\n\r\n${form}`

async function terminate(target) {
  const from = target.server.log.lines.length
  target.process.kill('SIGTERM')
  await target.server.log.untilMessage('stopping', { from })
}

async function unfinishedBlock(target) {
  const h2 = await H2.open(target.port)
  const running = Array.from({ length: 4 }, () => signIn(h2)), unfinished = h2.stream()
  h2.write(frame(HEADERS, END_STREAM, unfinished, request('/healthz')))
  assert.equal(await h2.answer(running[0], 30000), 200)
  await terminate(target)
  const cpu = target.loopCpu()
  h2.write(frame(CONTINUATION, 0, unfinished, Buffer.from([0])))
  for (const id of running) assert.equal(await h2.answer(id, 30000), 200, 'a request in flight was not answered')
  assert.ok(target.loopCpu() - cpu < 0.3, 'the parser spins')
  await target.stop()
  assert.ok(!wasCut(target))
}

async function inFlight(target) {
  const one = await connect(target.port), two = await H2.open(target.port), idle = await connect(target.port), idle2 = await H2.open(target.port)
  one.write(signIn1)
  const ids = [1, 2, 3].map(() => signIn(two))
  await Promise.race([one.waitText(/^HTTP/, 30000), ...ids.map((id) => two.answer(id, 30000))])
  await terminate(target)
  assert.ok(await one.waitText(/^HTTP\/1\.1 200/, 30000))
  for (const id of ids) assert.equal(await two.answer(id, 30000), 200)
  await target.stop()
  assert.ok(!wasCut(target))
  assert.ok(await idle.waitClosed(5000) && await idle2.waitClosed(5000))
  assert.equal(idle2.goaway?.code, 0, 'HTTP/2 peers are told')
  await assert.rejects(connect(target.port))
}

// What takes longer than the drain is cut off; and a worker that does not come back for long does not keep the process.
async function deadline(target) {
  const h2 = await H2.open(target.port), id = signIn(h2)
  await sleep(300)
  await terminate(target)
  await target.stop()
  assert.ok(wasCut(target))
  assert.notEqual(await h2.answer(id), 200)
}

// Requests all the time on fresh and on kept connections: whatever was answered at all was answered well.
async function underLoad(target) {
  let served = 0, bad = 0, stop = false
  const fresh = async () => {
    while (!stop) {
      let socket
      try { socket = await connect(target.port) } catch { return }
      socket.write(`GET /api/auth/me HTTP/1.1\r\nHost: ${ACME_HOST}\r\nAuthorization: Bearer ${target.token}\r\nConnection: close\r\n\r\n`)
      const text = await socket.rest(30000)
      text.startsWith('HTTP/1.1 200') && text.endsWith('}') && text.includes(person.email) ? served++ : text && bad++
    }
  }
  const kept = async () => {
    const h2 = await H2.open(target.port, { reads: true })
    while (!h2.closed && !h2.goaway) {
      const answer = await h2.answer(h2.ask('/api/assets?limit=1', target.signed), 30000)
      answer === 200 ? served++ : answer === 'closed' || bad++
    }
    h2.destroy()
  }
  const clients = [fresh(), fresh(), kept(), kept()]
  await sleep(400)
  await target.stop()
  stop = true
  await Promise.all(clients)
  assert.equal(bad, 0)
  assert.ok(served > 0)
  assert.ok(!wasCut(target))
  return `${served} answers`
}

export const scenarios = [
  { name: 'H10 unfinished block', config: SLOW, signs: false, ends: true, honest: false, run: unfinishedBlock },
  { name: 'U1 in flight', config: SLOW, signs: false, ends: true, honest: false, run: inFlight },
  { name: 'U1 deadline', config: hashing('128MiB', 12, { drain: '300ms' }), signs: false, ends: true, honest: false, run: deadline },
  { name: 'U1 stuck worker', config: hashing('128MiB', 100, { drain: '300ms' }), signs: false, ends: true, honest: false, run: deadline },
  { name: 'U1 under load', config: { server: { drain: '60s' } }, ends: true, honest: false, run: underLoad },
]
