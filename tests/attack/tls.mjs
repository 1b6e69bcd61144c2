// TLS: versions, ALPN, handshakes that never end, certificates that change; and the other kinds of listener.
import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import { execFileSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, H2 } from './wire.mjs'
import { sleep, until } from './target.mjs'
import { ACME_HOST } from '../api/harness/world.mjs'

function certify({ dir }, name) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem'), '-days', '2', '-subj', `/CN=${name}`], { stdio: 'pipe' })
}

function handshake(port, options = {}) {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    socket.on('error', (error) => resolve({ error: error.code ?? error.message }))
    socket.on('secureConnect', () => {
      resolve({ version: socket.getProtocol(), alpn: socket.alpnProtocol, name: socket.getPeerCertificate().subject?.CN, cipher: socket.getCipher().name, socket })
    })
  })
}

async function ask(socket) {
  let text = ''
  socket.on('data', (data) => { text += data })
  socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  await new Promise((resolve) => socket.on('close', resolve))
  return text
}

async function versions(target) {
  const port = target.tlsPort
  const modern = await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.deepEqual([modern.version, modern.alpn], ['TLSv1.3', 'h2'])
  modern.socket.destroy()
  const older = await handshake(port, { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
  assert.deepEqual([older.version, older.alpn], ['TLSv1.2', 'http/1.1'])
  assert.match(older.cipher, /^ECDHE-.*(GCM|CHACHA20)/)
  assert.match(await ask(older.socket), /^HTTP\/1\.1 200/)
  const without = await handshake(port)
  assert.match(await ask(without.socket), /^HTTP\/1\.1 200/)
  assert.ok((await handshake(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).error)
  assert.ok((await handshake(port, { maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' })).error)
  const plain = await connect(port)
  plain.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.ok(await plain.waitClosed(2000), 'plain text on a TLS port')
}

// A second handshake within the connection is not done.
async function renegotiation(target) {
  const { socket } = await handshake(target.tlsPort, { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
  const refused = await new Promise((resolve) => {
    socket.on('error', () => resolve(true))
    socket.on('close', () => resolve(true))
    setTimeout(() => resolve(false), 2000)
    if (!socket.renegotiate({}, (error) => resolve(Boolean(error)))) resolve(true)
  })
  assert.ok(refused)
  socket.destroy()
}

async function certificates(target) {
  const name = async () => { const { name: found, socket } = await handshake(target.tlsPort); socket.destroy(); return found }
  const everywhere = (wanted) => until('both loops use the certificate', async () => (await Promise.all(Array.from({ length: 8 }, name))).every((n) => n === wanted))
  certify(target, 'first')
  await target.reload()
  await everywhere('first')
  const kept = await handshake(target.tlsPort)
  certify(target, 'second')
  await target.reload()
  await everywhere('second')
  assert.match(await ask(kept.socket), /^HTTP\/1\.1 200/)
  writeFileSync(join(target.dir, 'cert.pem'), 'nonsense')
  assert.match((await target.reload('the configuration was not reloaded')).why, /certificate/)
  assert.equal(await name(), 'second')
}

// Whoever connected before the certificate changed, and speaks only after it did so several times, is served all the same.
async function lateHandshake(target) {
  const change = async (name) => {
    certify(target, name)
    await target.reload()
    for (let i = 0; i < 8; i++) (await handshake(target.tlsPort)).socket.destroy() // both loops turn
  }
  await change('third') // the first one is held to the end
  const sockets = await Promise.all(Array.from({ length: 10 }, () => new Promise((resolve, reject) => {
    const socket = net.connect(target.tlsPort, '127.0.0.1', () => resolve(socket))
    socket.on('error', reject)
  })))
  await sleep(200) // accepted
  for (const name of ['fourth', 'fifth']) await change(name)
  for (const raw of sockets) {
    const late = await handshake(undefined, { socket: raw, port: undefined, host: undefined })
    assert.equal(late.name, 'third', `refused: ${late.error}`)
    assert.match(await ask(late.socket), /^HTTP\/1\.1 200/)
  }
}

async function silence(target) {
  const peers = await Promise.all(Array.from({ length: 20 }, () => connect(target.tlsPort)))
  const closed = await Promise.all(peers.map((peer) => peer.waitClosed(30000)))
  assert.ok(closed.every(Boolean), `${closed.filter((c) => !c).length} handshakes that never come are still waited for`)
}

async function unixSocket(target) {
  assert.equal(statSync(target.socketPath).mode & 0o777, 0o660)
  const socket = await connect(target.socketPath)
  socket.write(`GET /api/public/branding HTTP/1.1\r\nHost: ${ACME_HOST}\r\nConnection: close\r\n\r\n`)
  assert.match(await socket.rest(), /^HTTP\/1\.1 200/)
  await target.server.log.until((line) => line.msg === 'request' && line.client === 'unix', { what: 'a request from the socket' })
  const h2 = await H2.open(target.socketPath)
  assert.equal(await h2.answer(h2.ask('/readyz')), 200)
  h2.destroy()
}

async function http1Only(target) {
  const { alpn, socket } = await handshake(target.tlsPort, { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.equal(alpn, 'http/1.1')
  assert.match(await ask(socket), /^HTTP\/1\.1 200/)
  const h2 = await H2.open(target.port)
  assert.ok(await h2.waitClosed(10000), 'HTTP/2 by prior knowledge although it is off')
  assert.equal(h2.frames, 0)
}

const secure = { tls: true, unix: true }

export const scenarios = [
  { name: 'TLS versions', ...secure, run: versions },
  { name: 'TLS renegotiation', ...secure, run: renegotiation },
  { name: 'TLS certificates', ...secure, run: certificates },
  { name: 'TLS late handshake', ...secure, run: lateHandshake },
  { name: 'TLS silence', ...secure, run: silence },
  { name: 'unix socket', ...secure, run: unixSocket },
  { name: 'HTTP/2 off', tls: true, config: { server: { http2: false } }, run: http1Only },
]
