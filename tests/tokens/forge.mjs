// Makes tokens with nothing but Node's crypto, so that anything can be written into them.
import { createHmac } from 'node:crypto'

export const KEY = 'the-current-key-of-this-test-run-0001'
export const OLD_KEY = 'the-previous-key-of-this-test-run-001'
export const ISSUER = 'tether'
export const NOW = 1_800_000_000

/** A small generator (mulberry32), so that a run can be repeated from its seed. */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }
  below(n) {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n)
  }
  pick(list) {
    return list[this.below(list.length)]
  }
  hex(n) {
    return Array.from({ length: n }, () => this.below(16).toString(16)).join('')
  }
}

export const claims = (random) => ({
  iss: ISSUER,
  token_use: 'access',
  sub: String(1 + random.below(2 ** 31)),
  sid: String(1 + random.below(2 ** 30)) + String(random.below(1e9)).padStart(9, '0'), // beyond 2^53, as ids may be
  tid: String(1 + random.below(1000)),
  iat: NOW - random.below(604800),
  exp: NOW + 1 + random.below(604800),
  jti: random.hex(32),
})

export const HEADER = { alg: 'HS256', typ: 'JWT' }

export const b64 = (bytes) => Buffer.from(bytes).toString('base64url')
const text = (value) => (typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value))

const HASHES = { HS256: 'sha256', HS384: 'sha384', HS512: 'sha512' }
export const mac = (input, key = KEY, alg = 'HS256') => createHmac(HASHES[alg], key).update(input).digest()

/** header, payload: objects, or the very text to encode. */
export const sign = (header, payload, key = KEY, alg = 'HS256') => {
  const input = `${b64(text(header))}.${b64(text(payload))}`
  return `${input}.${b64(mac(input, key, alg))}`
}
/** head, body: base64url text as it is to stand in the token. */
export const sign_raw = (head, body, key = KEY) => `${head}.${body}.${b64(mac(`${head}.${body}`, key))}`

/** A payload's text in which the claim's value is the JSON text given. */
export const with_json = (payload, name, json) => {
  const mark = '@@value@@'
  return JSON.stringify({ ...payload, [name]: mark }).replace(`"${mark}"`, () => json)
}
export const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
