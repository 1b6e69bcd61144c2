// Raw connections: bytes for HTTP/1, frames for HTTP/2 (RFC 9113), with just enough HPACK (RFC 7541) to ask and to read a status.
import net from 'node:net'
import { ACME_HOST } from '../api/harness/world.mjs'

export const DATA = 0, HEADERS = 1, PRIORITY = 2, RST_STREAM = 3, SETTINGS = 4, PUSH_PROMISE = 5, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8, CONTINUATION = 9
export const END_STREAM = 1, ACK = 1, END_HEADERS = 4
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

class Raw {
  constructor(socket) {
    this.socket = socket
    this.received = Buffer.alloc(0)
    this.closed = false
    this.openedAt = Date.now()
    socket.on('data', (data) => { this.onData ? this.onData(data) : (this.received = Buffer.concat([this.received, data])) })
    socket.on('error', () => {})
    socket.on('close', () => { this.closed = true; this.closedAt = Date.now(); this.onClose?.() })
  }
  write(data) { if (!this.socket.destroyed) return this.socket.write(data) }
  // Waits for the other side's acceptance of what was written.
  async drain() { while (this.socket.writableLength > 0 && !this.closed) await new Promise((r) => setTimeout(r, 2)) }
  pause() { this.socket.pause() }
  destroy() { this.socket.destroy() }
  reset() { this.socket.resetAndDestroy() }
  text() { return this.received.toString('latin1') }
  // Everything until the peer closes.
  async rest(ms = 10000) { await this.waitClosed(ms); this.destroy(); return this.text() }
  // True when the peer closes in time.
  waitClosed(ms) {
    if (this.closed) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(() => { this.onClose = null; resolve(false) }, ms)
      this.onClose = () => { clearTimeout(timer); resolve(true) }
    })
  }
  async waitText(pattern, ms = 5000) {
    const end = Date.now() + ms
    while (!pattern.test(this.text())) {
      if (Date.now() > end || this.closed) return pattern.test(this.text())
      await new Promise((r) => setTimeout(r, 3))
    }
    return true
  }
}

const open = new Map() // port → its sockets

export function connect(port, Kind = Raw) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(typeof port === 'string' ? { path: port } : { port, host: '127.0.0.1' })
    socket.setNoDelay?.(true)
    socket.once('error', reject)
    socket.once('connect', () => { socket.off('error', reject); resolve(new Kind(socket)) })
    const sockets = open.get(port) ?? open.set(port, new Set()).get(port)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
}

// Leaves, with every connection to that port.
export function destroyAll(port) {
  for (const socket of open.get(port) ?? []) socket.destroy()
}

export function frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n >>> 0); return b }
export const windowUpdate = (stream, n) => frame(WINDOW_UPDATE, 0, stream, u32(n))
export const rst = (stream, code = 8) => frame(RST_STREAM, 0, stream, u32(code))
export const ping = () => frame(PING, 0, 0, Buffer.alloc(8))
export const priority = (stream, on, weight = 16) => frame(PRIORITY, 0, stream, Buffer.concat([u32(on), Buffer.from([weight])]))
export function settings(pairs) {
  return frame(SETTINGS, 0, 0, Buffer.concat(pairs.map(([id, value]) => { const b = Buffer.alloc(6); b.writeUInt16BE(id); b.writeUInt32BE(value, 2); return b })))
}

// HPACK integers and plain strings.
function integer(value, bits, first) {
  const max = (1 << bits) - 1
  if (value < max) return Buffer.from([first | value])
  const bytes = [first | max]
  for (value -= max; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return Buffer.from([...bytes, value])
}
const string = (text) => { const b = Buffer.from(text, 'latin1'); return Buffer.concat([integer(b.length, 7, 0), b]) }
// Literal fields; indexed: into the dynamic table.
export const field = (name, value, indexed = false) => Buffer.concat([Buffer.from([indexed ? 0x40 : 0]), string(name), string(value)])
export const block = (fields) => Buffer.concat(fields.map(([name, value]) => field(name, value)))
export const request = (path, more = [], method = 'GET') => block([[':method', method], [':scheme', 'http'], [':path', path], [':authority', ACME_HOST], ...more])

const STATIC_STATUS = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 }

// The status is the first field of this server's answers.
function statusOf(payload) {
  if (payload[0] & 0x80) return STATIC_STATUS[payload[0] & 0x7f]
  return Number(payload.subarray(2, 5).toString())
}

export class H2 extends Raw {
  constructor(socket) {
    super(socket)
    this.buffer = Buffer.alloc(0)
    this.next = 1
    this.statuses = new Map() // stream → status
    this.ended = new Set()
    this.resets = new Map()
    this.frames = 0
    this.onData = (data) => this.parse(data)
  }
  // reads: the windows are opened again as answers come; otherwise there is room for 64 KiB in all.
  static async open(port, { initial = [], reads = false } = {}) {
    const h2 = await connect(port, H2)
    h2.reads = reads
    h2.write(Buffer.concat([PREFACE, settings(initial)]))
    for (const end = Date.now() + 2000; h2.frames === 0 && !h2.closed && Date.now() < end;) await new Promise((r) => setTimeout(r, 2))
    return h2 // its settings are acknowledged: nothing will stand between the frames of the caller
  }
  parse(data) {
    this.buffer = this.buffer.length ? Buffer.concat([this.buffer, data]) : data
    let at = 0
    for (;;) {
      if (this.buffer.length - at < 9) break
      const length = this.buffer.readUIntBE(at, 3)
      if (this.buffer.length - at < 9 + length) break
      this.onFrame(this.buffer[at + 3], this.buffer[at + 4], this.buffer.readUInt32BE(at + 5) & 0x7fffffff, this.buffer.subarray(at + 9, at + 9 + length))
      at += 9 + length
    }
    this.buffer = this.buffer.subarray(at)
  }
  onFrame(type, flags, stream, payload) {
    this.frames++
    if (type === HEADERS) this.statuses.set(stream, statusOf(payload))
    if (type === RST_STREAM && !this.resets.has(stream)) this.resets.set(stream, payload.readUInt32BE(0))
    if ((type === DATA || type === HEADERS) && flags & END_STREAM) this.ended.add(stream)
    if (type === DATA && this.reads && payload.length) this.write(Buffer.concat([windowUpdate(0, payload.length), windowUpdate(stream, payload.length)]))
    if (type === SETTINGS && !(flags & ACK)) this.write(frame(SETTINGS, ACK, 0))
    if (type === GOAWAY) this.goaway = { last: payload.readUInt32BE(0), code: payload.readUInt32BE(4), text: payload.subarray(8).toString() }
  }
  stream() { const id = this.next; this.next += 2; return id }
  // Sends a whole request; returns its stream.
  ask(path, more, method, body) {
    const id = this.stream()
    this.write(frame(HEADERS, END_HEADERS | (body === undefined ? END_STREAM : 0), id, request(path, more, method)))
    if (body !== undefined) this.write(frame(DATA, END_STREAM, id, Buffer.from(body)))
    return id
  }
  async answer(id, ms = 5000) {
    const end = Date.now() + ms
    while (!this.ended.has(id) && !this.resets.has(id) && !this.closed && Date.now() < end) await new Promise((r) => setTimeout(r, 3))
    return this.statuses.get(id) ?? (this.resets.has(id) ? `reset ${this.resets.get(id)}` : this.closed ? 'closed' : 'nothing')
  }
}
