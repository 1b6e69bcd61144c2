// H10, U1: draining. The process ends, whoever is connected, and what was admitted is answered.
import assert from 'node:assert/strict'
import { connect, H2, request, frame, HEADERS, CONTINUATION, END_STREAM, END_HEADERS } from './wire.mjs'
import { sleep } from './target.mjs'

const CLEAN = { code: 0, signal: null }

async function unfinishedBlock(target) {
  const h2 = await H2.open(target.port)
  const running = h2.ask('/slow?600')
  h2.write(frame(HEADERS, END_STREAM, h2.stream(), request('/hello')))
  await sleep(100)
  target.process.kill('SIGTERM')
  await sleep(300)
  h2.write(frame(CONTINUATION, 0, 3, Buffer.from([0])))
  const cpu = target.cpu()
  assert.equal(await h2.answer(running), 200, 'the request in flight was not answered')
  assert.ok(target.cpu() - cpu < 0.3, 'the parser spins')
  assert.deepEqual(await target.exited, CLEAN)
}

async function inFlight(target) {
  const one = await connect(target.port), two = await H2.open(target.port), idle = await connect(target.port), idle2 = await H2.open(target.port)
  one.write('GET /slow?500 HTTP/1.1\r\nHost: a\r\n\r\n')
  const ids = [1, 2, 3].map(() => two.ask('/slow?500'))
  await sleep(100)
  target.process.kill('SIGTERM')
  assert.ok(await one.waitText(/^HTTP\/1\.1 200/))
  for (const id of ids) assert.equal(await two.answer(id), 200)
  assert.deepEqual(await target.exited, CLEAN)
  assert.ok(await idle.waitClosed(1000) && await idle2.waitClosed(1000))
  assert.equal(idle2.goaway?.code, 0, 'HTTP/2 peers are told')
  await assert.rejects(connect(target.port))
}

async function deadline(target) {
  const h2 = await H2.open(target.port)
  h2.ask('/slow?2500')
  await sleep(100)
  const start = Date.now()
  target.process.kill('SIGTERM')
  const end = await target.exited
  assert.equal(end.code, 3, 'something was cut off')
  assert.ok(Date.now() - start < 5000)
}

// A worker that never comes back does not keep the process.
async function stuck(target) {
  const socket = await connect(target.port)
  socket.write('GET /slow?20000 HTTP/1.1\r\nHost: a\r\n\r\n')
  await sleep(100)
  const start = Date.now()
  target.process.kill('SIGTERM')
  assert.equal((await target.exited).code, 4)
  assert.ok(Date.now() - start < 6000)
}

// A loop that no longer turns takes the process down, so that the supervisor can start another.
async function watchdog(target) {
  const socket = await connect(target.port)
  await sleep(1500) // idle, and stopped for a while: no reason to abort
  process.kill(target.pid, 'SIGSTOP')
  await sleep(1000)
  process.kill(target.pid, 'SIGCONT')
  await sleep(500)
  assert.equal((await target.get('/hello')).status, 200)
  // Far longer than the watchdog waits, also where a sanitizer stretches its limit and a busy machine makes it look late.
  socket.write('GET /hang?60000 HTTP/1.1\r\nHost: a\r\n\r\n')
  const end = await Promise.race([target.exited, sleep(58000)])
  assert.equal(end?.signal, 'SIGABRT', 'the watchdog let a loop hang')
  assert.match(target.log, /event loop does not turn/)
}

// Requests all the time on fresh and on kept connections: whatever was answered at all was answered well.
async function underLoad(target) {
  let served = 0, bad = 0, stop = false
  const fresh = async () => {
    while (!stop) {
      let socket
      try { socket = await connect(target.port) } catch { return }
      socket.write('GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
      const text = await socket.rest(5000)
      text.startsWith('HTTP/1.1 200') && text.endsWith('{"hello":"world"}') ? served++ : text && bad++
    }
  }
  const kept = async () => {
    const h2 = await H2.open(target.port)
    while (!h2.closed && !h2.goaway) {
      const answer = await h2.answer(h2.ask('/hello'))
      answer === 200 ? served++ : answer === 'closed' || bad++
    }
    h2.destroy()
  }
  const clients = [fresh(), fresh(), kept(), kept()]
  await sleep(400)
  const start = Date.now()
  target.process.kill('SIGTERM')
  const end = await target.exited
  stop = true
  await Promise.all(clients)
  assert.deepEqual(end, CLEAN)
  assert.equal(bad, 0)
  assert.ok(Date.now() - start < 10000)
  return `${served} answers`
}

export const scenarios = [
  { name: 'H10 unfinished block', ends: true, honest: false, run: unfinishedBlock },
  { name: 'U1 in flight', ends: true, honest: false, run: inFlight },
  { name: 'U1 deadline', args: ['--drain-ms', 500], ends: true, honest: false, run: deadline },
  { name: 'U1 stuck worker', args: ['--drain-ms', 300], ends: true, honest: false, run: stuck },
  { name: 'watchdog', args: ['--watchdog-ms', 1200], ends: true, honest: false, run: watchdog },
  { name: 'U1 under load', args: ['--loops', 2], ends: true, honest: false, run: underLoad },
]
