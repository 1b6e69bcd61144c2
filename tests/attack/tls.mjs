// TLS: versions, ALPN, handshakes that never end, certificates that change; and the other kinds of listener.
import assert from 'node:assert/strict'
import net from 'node:net'
import tls from 'node:tls'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect, H2 } from './wire.mjs'
import { sleep, until } from './target.mjs'

function certify(folder, name) {
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${folder}/key.pem`, '-out', `${folder}/cert.pem`, '-days', '2', '-subj', `/CN=${name}`], { stdio: 'pipe' })
}

// http first: the honest client's.
function withCertificate(more = []) {
  const folder = mkdtempSync(`${tmpdir()}/tether-tls-`)
  certify(folder, 'first')
  return {
    folder, args: ['--tls', `${folder}/cert.pem`, `${folder}/key.pem`, '--loops', 2, ...more],
    urls: ['http://127.0.0.1:0', 'https://127.0.0.1:0', `unix:${folder}/socket`], clean: () => rmSync(folder, { recursive: true }),
  }
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

async function ask(socket, path = '/echo') {
  let text = ''
  socket.on('data', (data) => { text += data })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  await new Promise((resolve) => socket.on('close', resolve))
  return text
}

let prepared
const prepare = (more) => () => { prepared = withCertificate(more); return prepared }

async function versions(target) {
  const port = target.ports[1]
  const modern = await handshake(port, { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.deepEqual([modern.version, modern.alpn], ['TLSv1.3', 'h2'])
  modern.socket.destroy()
  const older = await handshake(port, { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
  assert.deepEqual([older.version, older.alpn], ['TLSv1.2', 'http/1.1'])
  assert.match(older.cipher, /^ECDHE-.*(GCM|CHACHA20)/)
  assert.match(await ask(older.socket), /"tls":true/)
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
  const { socket } = await handshake(target.ports[1], { maxVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] })
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
  const { folder } = prepared
  const name = async () => { const { name: found, socket } = await handshake(target.ports[1]); socket.destroy(); return found }
  const answered = (text) => until(text, () => target.log.includes(text)).catch((error) => { throw new Error(`${error.message}; the log:\n${target.log.slice(-2000)}`) })
  const kept = await handshake(target.ports[1])
  assert.equal(kept.name, 'first')
  certify(folder, 'second')
  target.process.kill('SIGHUP')
  await answered('reloaded')
  await until('both loops use the new certificate', async () => (await Promise.all(Array.from({ length: 8 }, name))).every((n) => n === 'second'))
  assert.match(await ask(kept.socket), /^HTTP\/1\.1 200/)
  writeFileSync(`${folder}/cert.pem`, 'nonsense')
  target.process.kill('SIGHUP')
  await answered('cannot use the certificate')
  assert.equal(await name(), 'second')
}

// Whoever connected before the certificate changed, and speaks only after it did so several times, is served all the same.
async function lateHandshake(target) {
  const { folder } = prepared
  const change = async (name) => {
    const before = target.log.split('reloaded').length
    certify(folder, name)
    target.process.kill('SIGHUP')
    await until('reloaded', () => target.log.split('reloaded').length > before)
    for (let i = 0; i < 8; i++) (await handshake(target.ports[1])).socket.destroy() // both loops turn
  }
  await change('third') // the first one is held to the end
  const sockets = await Promise.all(Array.from({ length: 10 }, () => new Promise((resolve, reject) => {
    const socket = net.connect(target.ports[1], '127.0.0.1', () => resolve(socket))
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
  const peers = await Promise.all(Array.from({ length: 20 }, () => connect(target.ports[1])))
  const closed = await Promise.all(peers.map((peer) => peer.waitClosed(7500)))
  assert.ok(closed.every(Boolean), `${closed.filter((c) => !c).length} handshakes that never come are still waited for`)
}

async function unixSocket(target) {
  const path = `${prepared.folder}/socket`
  assert.equal(statSync(path).mode & 0o777, 0o660)
  const socket = await connect(path)
  socket.write('GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  assert.match(await socket.rest(), /"peer":"unix"/)
  const h2 = await H2.open(path)
  assert.equal(await h2.answer(h2.ask('/hello')), 200)
  h2.destroy()
}

async function http1Only(target) {
  const { alpn, socket } = await handshake(target.ports[1], { ALPNProtocols: ['h2', 'http/1.1'] })
  assert.equal(alpn, 'http/1.1')
  assert.match(await ask(socket), /^HTTP\/1\.1 200/)
  const h2 = await H2.open(target.port)
  assert.ok(await h2.waitClosed(2000), 'HTTP/2 by prior knowledge although it is off')
  assert.equal(h2.frames, 0)
}

export const scenarios = [
  { name: 'TLS versions', prepare: prepare(), run: versions },
  { name: 'TLS renegotiation', prepare: prepare(), run: renegotiation },
  { name: 'TLS certificates', prepare: prepare(), run: certificates },
  { name: 'TLS late handshake', prepare: prepare(), run: lateHandshake },
  { name: 'TLS silence', prepare: prepare(), run: silence },
  { name: 'unix socket', prepare: prepare(), run: unixSocket },
  { name: 'HTTP/2 off', prepare: prepare(['--http1']), run: http1Only },
]
