// S2 smuggling, S3 hosts, S4 paths: what is ambiguous is refused, and both protocols decide alike.
import assert from 'node:assert/strict'
import { connect, H2, request, block, frame, HEADERS, DATA, END_HEADERS, END_STREAM } from './wire.mjs'
import { person } from './target.mjs'
import { ACME_HOST } from '../api/harness/world.mjs'

// Sends raw bytes; returns the statuses of all answers and whether the server closed the connection within a moment.
async function exchange(port, bytes) {
  const socket = await connect(port)
  socket.write(Buffer.from(bytes, 'latin1'))
  await socket.waitText(/^HTTP/, 30000)
  const closed = await socket.waitClosed(300)
  socket.destroy()
  return { statuses: [...socket.text().matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1])).filter((s) => s !== 100), closed, text: socket.text() }
}

const SECOND = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (head, body = '') => `POST /api/auth/login HTTP/1.1\r\n${head}\r\n\r\n${body}`

const FORM = 'application/x-www-form-urlencoded'
const signInForm = () => new URLSearchParams({ username: person.email, password: person.password }).toString()
const chunk = (text, extension = '') => `${text.length.toString(16)}${extension}\r\n${text}\r\n`

const smuggled = {
  'two equal lengths': post('Host: a\r\nContent-Length: 0\r\nContent-Length: 0', SECOND),
  'two different lengths': post(`Host: a\r\nContent-Length: ${SECOND.length}\r\nContent-Length: 0`, SECOND),
  'length list': post('Host: a\r\nContent-Length: 0, 0', SECOND),
  'length with plus': post('Host: a\r\nContent-Length: +3', 'abc' + SECOND),
  'negative length': post('Host: a\r\nContent-Length: -1', SECOND),
  'hexadecimal length': post('Host: a\r\nContent-Length: 0x3', 'abc' + SECOND),
  'empty length': post('Host: a\r\nContent-Length:', SECOND),
  'length with inner space': post('Host: a\r\nContent-Length: 1 3', 'abc' + SECOND),
  'huge length': post('Host: a\r\nContent-Length: 99999999999999999999', 'abc' + SECOND),
  'length then chunked': post('Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n' + SECOND),
  'chunked then length': post('Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5', '0\r\n\r\n' + SECOND),
  'chunked twice': post('Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n' + SECOND),
  'gzip, chunked': post('Host: a\r\nTransfer-Encoding: gzip, chunked', '0\r\n\r\n' + SECOND),
  'identity': post('Host: a\r\nTransfer-Encoding: identity', SECOND),
  'xchunked': post('Host: a\r\nTransfer-Encoding: xchunked', '0\r\n\r\n' + SECOND),
  'chunked in HTTP/1.0': `POST /api/auth/login HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
  'folded chunked': post('Host: a\r\nTransfer-Encoding:\r\n chunked', '0\r\n\r\n' + SECOND),
  'folded field': post('Host: a\r\nX: a\r\n b', SECOND),
  'space before colon': post('Host: a\r\nContent-Length : 0', SECOND),
  'tab before colon': post('Host: a\r\nTransfer-Encoding\t: chunked', '0\r\n\r\n' + SECOND),
  'leading space': post(' Host: a', SECOND),
  'bare LF after a field': `GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n${SECOND}`,
  'bare LF everywhere': `GET /healthz HTTP/1.1\nHost: a\n\n${SECOND}`,
  'bare CR in a value': post('Host: a\r\nX: a\rContent-Length: 3', SECOND),
  'NUL in a value': post('Host: a\r\nX: a\0b', SECOND),
  'NUL in a name': post('Host: a\r\nX\0: b', SECOND),
  'no name': post('Host: a\r\n: b', SECOND),
  'no colon': post('Host: a\r\nfoo', SECOND),
  'chunk size overflow': post('Host: a\r\nTransfer-Encoding: chunked', '1ffffffffffffffff\r\nabc\r\n0\r\n\r\n' + SECOND),
  'negative chunk': post('Host: a\r\nTransfer-Encoding: chunked', '-1\r\nabc\r\n0\r\n\r\n' + SECOND),
  'chunk without CRLF': post('Host: a\r\nTransfer-Encoding: chunked', '3\r\nabcd\r\n0\r\n\r\n' + SECOND),
  'bare LF after a chunk size': post('Host: a\r\nTransfer-Encoding: chunked', '3\nabc\r\n0\r\n\r\n' + SECOND),
  'bare LF after a chunk': post('Host: a\r\nTransfer-Encoding: chunked', '3\r\nabc\n0\r\n\r\n' + SECOND),
  'bare LF in an extension': post('Host: a\r\nTransfer-Encoding: chunked', '3;a\nxx\r\nabc\r\n0\r\n\r\n' + SECOND),
  'bare LF after a trailer': post('Host: a\r\nTransfer-Encoding: chunked', '0\r\nX: y\n\r\n' + SECOND),
  'chunk size with 0x': post('Host: a\r\nTransfer-Encoding: chunked', '0x3\r\nabc\r\n0\r\n\r\n' + SECOND),
  'chunk size with plus': post('Host: a\r\nTransfer-Encoding: chunked', '+3\r\nabc\r\n0\r\n\r\n' + SECOND),
  'empty chunk size': post('Host: a\r\nTransfer-Encoding: chunked', '\r\nabc\r\n0\r\n\r\n' + SECOND),
  'version 1.2': `GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n${SECOND}`,
  'two spaces': `GET  /inline HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  'upgrade to h2c past the check': 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
}

async function smuggling(target) {
  await Promise.all(Object.entries(smuggled).map(async ([name, bytes]) => {
    const { statuses, closed, text } = await exchange(target.port, bytes)
    assert.deepEqual([statuses, closed], [[400], true], `${name}: ${JSON.stringify(text.slice(0, 200))}`)
  }))
  // A sound pipeline is served: a form in chunks, whose trailer is nobody's, and the next request.
  const form = signInForm(), at = 9
  const good = await exchange(target.port, `POST /api/auth/login HTTP/1.1\r\nHost: ${ACME_HOST}\r\nContent-Type: ${FORM}\r\nTransfer-Encoding: chunked\r\n\r\n`
    + `${chunk(form.slice(0, at), ';x=y')}${chunk(form.slice(at))}0\r\nX-Tenant: globex\r\n\r\n${SECOND}`)
  assert.deepEqual(good.statuses, [200, 200], good.text)
  assert.match(good.text, /"access_token":/)
  const upgrade = await exchange(target.port, 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n')
  assert.deepEqual(upgrade.statuses, [200], 'Upgrade: h2c is not taken up')
  return `${Object.keys(smuggled).length} cases`
}

const BRANDING = '/api/public/branding'
// Which tenant an answer speaks of.
const tenantOf = (text) => text.match(/"tenant_name":"([^"]*)"/)?.[1]

// An HTTP/2 connection that keeps the bodies.
async function listening(port) {
  const h2 = await H2.open(port), onFrame = h2.onFrame.bind(h2)
  h2.body = ''
  h2.onFrame = (type, flags, stream, payload) => { if (type === DATA) h2.body += payload; onFrame(type, flags, stream, payload) }
  return h2
}

// An HTTP/2 request from its fields.
async function ask2(port, fields) {
  const h2 = await listening(port)
  h2.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(fields)))
  const status = await h2.answer(1)
  h2.destroy()
  return { status, text: h2.body }
}

const pseudo = (authority, path) => [[':method', 'GET'], [':scheme', 'http'], [':path', path], ...(authority === null ? [] : [[':authority', authority]])]

const ACME = ACME_HOST, UPPER = 'ACME.Tether.Test.', ROOT = 'tether.test'
// The Host lines of an HTTP/1 request. 200: Acme answers; anything else: no tenant does.
const hosts1 = [
  [[ACME], 200], [[UPPER], 200], [[`${ACME}:8080`], 200], [[`  ${ACME}  `], 200],
  [['a.example'], 404], [['[::1]:80'], 404], [['127.0.0.1'], 404], [['xn--bcher-kva.example'], 404],
  [[`user@${ACME}`], 400], [[`${ACME}/b`], 400], [[`${ACME}:x`], 400], [[`${ACME}:99999`], 400], [[`${ACME}..`], 400], [[`.${ACME}`], 400], [['a b'], 400],
  [[''], 400], [[], 400], [[ACME, ACME], 400], [[ACME, ROOT], 400], [[ACME, ''], 400], [[ACME, ROOT, ACME], 400], [[`${ACME}\x00b`], 400], [[`${ACME}\x7f`], 400],
]
// :authority (null: none) and `host` fields over HTTP/2.
const hosts2 = [
  [ACME, [], 200], [null, [ACME], 200], [ACME, [ACME], 200], ['ACME.Tether.Test', [ACME], 200], [UPPER, [ACME], 400], [`${ACME}:80`, [`${ACME}:80`], 200],
  ['[::1]', [], 404], [`user@${ACME}`, [], 400],
  [null, [], 400], ['', [], 400], [ACME, [ROOT], 400], [ACME, [ACME, ROOT], 400], [null, [ACME, ROOT], 400], [ACME, [''], 400], ['', [ACME], 400], [`${ACME}:80`, [ACME], 400],
]

async function hosts(target) {
  const judge = (what, status, got, text) => {
    assert.equal(got, status, `${what}: ${text.slice(0, 200)}`)
    assert.equal(tenantOf(text), status === 200 ? 'Acme Corporation' : undefined, what)
  }
  await Promise.all(hosts1.map(async ([lines, status]) => {
    const { statuses, text } = await exchange(target.port, `GET ${BRANDING} HTTP/1.1\r\n${lines.map((h) => `Host: ${h}\r\n`).join('')}\r\n`)
    assert.equal(statuses.length, 1)
    judge(`Host ${JSON.stringify(lines)}`, status, statuses[0], text)
  }))
  await Promise.all(hosts2.map(async ([authority, fields, status]) => {
    const got = await ask2(target.port, [...pseudo(authority, BRANDING), ...fields.map((h) => ['host', h])])
    judge(`:authority ${authority}, host ${JSON.stringify(fields)}`, status, got.status, got.text)
  }))
  const absolute = await exchange(target.port, `GET http://${ACME}${BRANDING} HTTP/1.1\r\nHost: ${ACME}\r\n\r\n`)
  assert.deepEqual(absolute.statuses, [400])
  return `${hosts1.length + hosts2.length + 1} cases`
}

const paths = [
  ['/healthz', 200], ['/healthz?x=y', 200], ['/healthz?', 200], ['//', 404], ['//healthz', 404], ['/./healthz', 404], ['/x/../healthz', 404], ['/healthz/', 404],
  ['/%68ealthz', 200], ['/%2e%2e/healthz', 404], ['/%2fhealthz', 404], ['/healthz%00', 404], ['/healthz%', 400], ['/%', 400], ['/%zz', 400], ['/\\healthz', 400],
  ['/healthz;x', 404], ['/healthz#x', 400], ['/~', 404], ['/HEALTHZ', 404],
  // What the library would rather not normalize, and would say so with all of it, decoded, on stderr.
  ['/a%2f..%2fhealthz', 404], ['/healthz%2f..', 404], ['/a%2f..%2f%0a%7b%22msg%22:%22forged%22%7d%0a', 404],
  ['', 400], ['*', 400], ['foo', 400], ['healthz', 400], ['?x', 400], ['http://a/healthz', 400], ['https://a/', 400], ['a:80', 400],
  ['/a b', 400], ['/healthz ', 400], ['/\t', 400], ['/\xe9', 400], ['/\xff\xfe', 400], ['/\xc3\xa9', 400], ['/\x7f', 400], ['/\x00', 400], ['/a\x01b', 400],
]

async function pathMatrix(target) {
  await Promise.all(paths.map(async ([path, status]) => {
    const one = await exchange(target.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.deepEqual(one.statuses, [status], `HTTP/1 ${JSON.stringify(path)}: ${one.text.slice(0, 100)}`)
    const two = await ask2(target.port, pseudo('a', path))
    assert.equal(two.status, status, `HTTP/2 ${JSON.stringify(path)}`)
  }))
  for (const method of ['get x', 'G(T', '', 'GET\x00']) {
    const two = await ask2(target.port, [[':method', method], [':scheme', 'http'], [':path', '/healthz'], [':authority', 'a']])
    assert.equal(two.status, 400, `method ${JSON.stringify(method)}`)
  }
  return `${paths.length} paths on both protocols`
}

// Fields after the body never become fields of the request: not its bearer, not its tenant, not its type.
async function trailers(target) {
  const h2 = await listening(target.port)
  const send = (path, fields, body, after) => {
    const id = h2.stream()
    h2.write(Buffer.concat([frame(HEADERS, END_HEADERS, id, request(path, fields, 'POST')), frame(DATA, 0, id, Buffer.from(body)), frame(HEADERS, END_HEADERS | END_STREAM, id, block(after))]))
    return h2.answer(id)
  }
  const json = [['content-type', 'application/json']], password = '{"current_password":"x","new_password":"granite-willow-64"}'
  assert.equal(await send('/api/auth/change-password', [...json, ...target.signed], password, []), 400, 'signed in, and the password is wrong')
  assert.equal(await send('/api/auth/change-password', json, password, target.signed), 401, 'a bearer after the body')
  assert.equal(await send('/api/auth/login', [['content-type', FORM]], signInForm(), [['content-type', 'text/plain'], ['x-tenant', 'globex'], ['host', 'b']]), 200)
  assert.match(h2.body, /"access_token":/)
  assert.equal(await h2.answer(h2.ask('/healthz')), 200, 'the compression state survived')
  h2.destroy()
}

export const scenarios = [
  { name: 'S2 smuggling', run: smuggling },
  { name: 'S3 hosts', run: hosts },
  { name: 'S4 paths', run: pathMatrix },
  { name: 'X3 trailers', run: trailers },
]
