// What no client can bring about, by the faults of preload.c in the real server.
import assert from 'node:assert/strict'
import { H2 } from './wire.mjs'
import { sleep } from './target.mjs'

// A loop that no longer turns takes the server process down, and the supervisor starts another. One that was stopped and goes on does not.
async function watchdog(target) {
  const { log } = target.server
  await sleep(1500)
  process.kill(target.child, 'SIGSTOP')
  await sleep(3500)
  process.kill(target.child, 'SIGCONT')
  assert.equal((await target.get('/readyz')).status, 200)
  assert.equal(target.server.childPid(), target.child, 'stopped for a while, and no reason to abort')
  target.begin('hang')
  const died = await log.untilMessage('the server process died; starting it again')
  target.end('hang')
  assert.equal(died.signal, 6)
  const from = log.lines.findIndex((line) => line.msg === 'event loop does not turn')
  assert.ok(from >= 0, 'the log says why')
  await log.untilMessage('ready', { from })
  assert.equal((await target.get('/readyz')).status, 200)
  target.child = target.server.childPid()
  await target.stop()
}

// Guards made for another library cannot be relied on: without HTTP/2 there is nothing for most of them to guard.
async function otherLibrary(target) {
  const told = target.server.log.lines.find((line) => line.msg === 'HTTP/2 stays off: its guards do not work here')
  assert.equal(told?.level, 'error')
  assert.match(told.why, /the guards know another libh2o/)
  const h2 = await H2.open(target.port)
  assert.ok(await h2.waitClosed(10000), 'HTTP/2 by prior knowledge although it is off')
  assert.equal(h2.frames, 0)
}

// The library complains of every connection that ends: a few times in the log, as lines like any other, and the rest is counted.
async function noise(target) {
  const { log } = target.server, from = log.lines.length, n = 500
  target.begin('noise')
  for (let i = 0; i < n; i += 50) await Promise.all(Array.from({ length: 50 }, () => target.get('/readyz')))
  target.end('noise')
  await target.untilIdle()
  await target.stop()
  const said = log.lines.slice(from), complaints = said.filter((line) => line.msg === 'the HTTP library complains')
  const more = said.filter((line) => line.msg === 'the HTTP library complained more often').reduce((sum, line) => sum + line.complaints, 0)
  assert.ok(complaints.length > 0 && complaints.length <= n / 10, `${complaints.length} complaints in the log`)
  for (const { level, text } of complaints) assert.match(`${level}: ${text}`, /^warn: socket_close: epoll\(DEL\) returned error 5 \(fd=\d+\)$/)
  assert.ok(complaints.length + more >= n, `${complaints.length} complaints in the log, ${more} counted`)
  return `${complaints.length} in the log, ${more} more counted`
}

export const scenarios = [
  { name: 'watchdog', faults: true, ends: true, honest: false, waits: true, run: watchdog },
  { name: 'H6 noise of the library', faults: true, ends: true, honest: false, run: noise },
  { name: 'guards of another library', faults: true, fault: 'library', run: otherLibrary },
]
