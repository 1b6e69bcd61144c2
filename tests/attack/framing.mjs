// S2 smuggling, S3 hosts, S4 paths: what is ambiguous is refused, and both protocols decide alike.
import assert from 'node:assert/strict'
import { connect, H2, request, block, frame, HEADERS, DATA, END_HEADERS, END_STREAM } from './wire.mjs'

// Sends raw bytes; returns the statuses of all answers and whether the server closed the connection within a moment.
async function exchange(port, bytes) {
  const socket = await connect(port)
  socket.write(Buffer.from(bytes, 'latin1'))
  const closed = await socket.waitClosed(150) || (await socket.waitText(/^HTTP/, 2000), await socket.waitClosed(100))
  socket.destroy()
  return { statuses: [...socket.text().matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1])).filter((s) => s !== 100), closed, text: socket.text() }
}

const SECOND = 'GET /inline HTTP/1.1\r\nHost: a\r\n\r\n'
const post = (head, body = '') => `POST /echo HTTP/1.1\r\n${head}\r\n\r\n${body}`

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
  'chunked in HTTP/1.0': `POST /echo HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
  'folded chunked': post('Host: a\r\nTransfer-Encoding:\r\n chunked', '0\r\n\r\n' + SECOND),
  'folded field': post('Host: a\r\nX: a\r\n b', SECOND),
  'space before colon': post('Host: a\r\nContent-Length : 0', SECOND),
  'tab before colon': post('Host: a\r\nTransfer-Encoding\t: chunked', '0\r\n\r\n' + SECOND),
  'leading space': post(' Host: a', SECOND),
  'bare LF after a field': `GET /inline HTTP/1.1\r\nHost: a\nX: y\r\n\r\n${SECOND}`,
  'bare LF everywhere': `GET /inline HTTP/1.1\nHost: a\n\n${SECOND}`,
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
  'version 1.2': `GET /inline HTTP/1.2\r\nHost: a\r\n\r\n${SECOND}`,
  'two spaces': `GET  /inline HTTP/1.1\r\nHost: a\r\n\r\n${SECOND}`,
  'upgrade to h2c past the check': 'GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
}

async function smuggling(target) {
  for (const [name, bytes] of Object.entries(smuggled)) {
    const { statuses, closed, text } = await exchange(target.port, bytes)
    assert.deepEqual([statuses, closed], [[400], true], `${name}: ${JSON.stringify(text.slice(0, 200))}`)
  }
  const good = await exchange(target.port, post('Host: a\r\nTransfer-Encoding: chunked', '3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n') + SECOND)
  assert.deepEqual(good.statuses, [200, 200], 'a sound pipeline is served')
  assert.match(good.text, /"body_size":5/)
  assert.doesNotMatch(good.text, /railer/i)
  const upgrade = await exchange(target.port, 'GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n')
  assert.deepEqual(upgrade.statuses, [200], 'Upgrade: h2c is not taken up')
  return `${Object.keys(smuggled).length} cases`
}

const echo = (text) => JSON.parse(text.slice(text.indexOf('{')))

// An HTTP/2 request from its fields; the status and the echoed view.
async function ask2(port, fields, body) {
  const h2 = await H2.open(port)
  let text = ''
  const onFrame = h2.onFrame.bind(h2)
  h2.onFrame = (type, flags, stream, payload) => { if (type === DATA) text += payload; onFrame(type, flags, stream, payload) }
  h2.write(frame(HEADERS, END_HEADERS | END_STREAM, 1, block(fields)))
  const status = await h2.answer(1, 2000)
  h2.destroy()
  return { status, host: status === 200 ? echo(text).host : undefined, headers: status === 200 ? echo(text).headers : undefined }
}

const pseudo = (authority, path = '/echo') => [[':method', 'GET'], [':scheme', 'http'], [':path', path], ...(authority === null ? [] : [[':authority', authority]])]

// What HTTP/1 hands over for a Host line; null: no line.
const hosts1 = [
  [['a.example'], 200, 'a.example'], [['A.Example.'], 200, 'A.Example.'], [['a:8080'], 200, 'a:8080'], [['[::1]:80'], 200, '[::1]:80'],
  [['127.0.0.1'], 200, '127.0.0.1'], [['  a  '], 200, 'a'], [['user@a'], 200, 'user@a'], [['a/b'], 200, 'a/b'], [['xn--bcher-kva.example'], 200, 'xn--bcher-kva.example'],
  [[''], 400], [[], 400], [['a', 'a'], 400], [['a', 'b'], 400], [['a', ''], 400], [['a', 'b', 'a'], 400], [['a\x00b'], 400], [['a\x7f'], 400],
]
// :authority (null: none) and `host` fields over HTTP/2.
const hosts2 = [
  ['a.example', [], 200, 'a.example'], [null, ['a.example'], 200, 'a.example'], ['a', ['a'], 200, 'a'], ['A', ['a'], 200, 'a'], ['a:80', ['a:80'], 200, 'a:80'],
  ['[::1]', [], 200, '[::1]'], ['user@a', [], 200, 'user@a'],
  [null, [], 400], ['', [], 400], ['a', ['b'], 400], ['a', ['a', 'b'], 400], [null, ['a', 'b'], 400], ['a', [''], 400], ['', ['a'], 400], ['a:80', ['a'], 400],
]

async function hosts(target) {
  for (const [lines, status, host] of hosts1) {
    const got = await exchange(target.port, `GET /echo HTTP/1.1\r\n${lines.map((h) => `Host: ${h}\r\n`).join('')}\r\n`)
    assert.deepEqual(got.statuses, [status], `Host ${JSON.stringify(lines)}: ${got.text}`)
    if (status === 200) assert.equal(echo(got.text.slice(got.text.indexOf('\r\n\r\n'))).host, host)
  }
  for (const [authority, fields, status, host] of hosts2) {
    const got = await ask2(target.port, [...pseudo(authority), ...fields.map((h) => ['host', h])])
    assert.equal(got.status, status, `:authority ${authority}, host ${JSON.stringify(fields)}`)
    if (status === 200) { assert.equal(got.host, host); assert.equal(got.headers.host, undefined) }
  }
  const absolute = await exchange(target.port, 'GET http://b/echo HTTP/1.1\r\nHost: a\r\n\r\n')
  assert.deepEqual(absolute.statuses, [400])
  return `${hosts1.length + hosts2.length + 1} cases`
}

const paths = [
  ['/echo', 200], ['/echo?x=y', 200], ['/echo?', 200], ['//', 404], ['//echo', 404], ['/./echo', 404], ['/x/../echo', 404], ['/echo/', 404], ['/%65cho', 404],
  ['/%2e%2e/echo', 404], ['/%2fecho', 404], ['/echo%00', 404], ['/echo%', 404], ['/%', 404], ['/\\echo', 404], ['/echo;x', 404], ['/echo#x', 404], ['/~', 404],
  ['', 400], ['*', 400], ['foo', 400], ['echo', 400], ['?x', 400], ['http://a/echo', 400], ['https://a/', 400], ['a:80', 400],
  ['/a b', 400], ['/echo ', 400], ['/\t', 400], ['/\xe9', 400], ['/\xff\xfe', 400], ['/\xc3\xa9', 400], ['/\x7f', 400], ['/\x00', 400], ['/a\x01b', 400],
]

async function pathMatrix(target) {
  for (const [path, status] of paths) {
    const one = await exchange(target.port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.deepEqual(one.statuses, [status], `HTTP/1 ${JSON.stringify(path)}: ${one.text.slice(0, 100)}`)
    const two = await ask2(target.port, pseudo('a', path))
    assert.equal(two.status, status, `HTTP/2 ${JSON.stringify(path)}`)
  }
  for (const method of ['get x', 'G(T', '', 'GET\x00']) {
    const two = await ask2(target.port, [[':method', method], [':scheme', 'http'], [':path', '/echo'], [':authority', 'a']])
    assert.equal(two.status, 400, `method ${JSON.stringify(method)}`)
  }
  return `${paths.length} paths on both protocols`
}

// Fields after the body never become fields of the request.
async function trailers(target) {
  const h2 = await H2.open(target.port)
  let text = ''
  const onFrame = h2.onFrame.bind(h2)
  h2.onFrame = (type, flags, stream, payload) => { if (type === DATA) text += payload; onFrame(type, flags, stream, payload) }
  h2.write(Buffer.concat([
    frame(HEADERS, END_HEADERS, 1, request('/echo', [['x-tenant', 'a']], 'POST')), frame(DATA, 0, 1, Buffer.from('abc')),
    frame(HEADERS, END_HEADERS | END_STREAM, 1, block([['authorization', 'Bearer x'], ['x-tenant', 'b'], ['host', 'b']])),
  ]))
  assert.equal(await h2.answer(1), 200)
  const view = echo(text)
  assert.deepEqual(view.headers, { 'x-tenant': 'a' })
  assert.equal(view.host, 'a')
  assert.equal(view.body_size, 3)
  const again = h2.ask('/hello') // the compression state survived
  assert.equal(await h2.answer(again), 200)
  h2.destroy()
}

export const scenarios = [
  { name: 'S2 smuggling', run: smuggling },
  { name: 'S3 hosts', run: hosts },
  { name: 'S4 paths', run: pathMatrix },
  { name: 'X3 trailers', run: trailers },
]
