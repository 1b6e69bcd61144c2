// The classes of tokens. Each: a name; `make(random, round)`, one token or several; `expect`, the verdicts that Tether must
// have given in the class, sorted; `stricter`, the reason why Tether may refuse what jose takes; `once`, in how many rounds
// it is made (every round by default).
import { generateKeyPairSync, createSign } from 'node:crypto'
import { HEADER, KEY, NOW, OLD_KEY, b64, claims, mac, sign, sign_raw, with_json, without } from './forge.mjs'

const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const good = (random) => sign(HEADER, claims(random))
const parts = (token) => token.split('.')
const header_cases = (headers) => (random, round) => sign(headers[round % headers.length], claims(random))
/** One claim after the other gets one value after the other, as JSON text. */
const claim_cases = (names, values) => (random, round) =>
  sign(HEADER, with_json(claims(random), names[round % names.length], values[Math.floor(round / names.length) % values.length]))
const payload_cases = (edits) => (random, round) => {
  const text = JSON.stringify(claims(random))
  return sign(HEADER, edits[round % edits.length](text.slice(1, -1), text))
}
const text_cases = (edits) => (random, round) => edits[round % edits.length](good(random))

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const other_character = (random, c) => {
  for (;;) {
    const next = random.pick([...ALPHABET])
    if (next !== c) return next
  }
}
const edit_at = (random, s) => {
  const at = random.below(s.length)
  switch (random.below(4)) {
    case 0:
      return s.slice(0, at) + s.slice(at + 1)
    case 1:
      return s.slice(0, at) + random.pick([...ALPHABET]) + s.slice(at)
    case 2:
      return s.slice(0, at) + s.slice(at, at + 8) + s.slice(at)
    default:
      return s.slice(0, at) + other_character(random, s[at]) + s.slice(at + 1)
  }
}

const times = ['"1800000000"', 'true', 'null', '[1800000000]', '{}', '""', '"soon"']
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth)

export const classes = [
  // What is right.
  { name: 'right', make: good, expect: 'valid' },
  { name: 'right: without typ', make: (r) => sign({ alg: 'HS256' }, claims(r)), expect: 'valid' },
  { name: 'right: under the previous key', make: (r) => sign(HEADER, claims(r), OLD_KEY), expect: 'valid' },
  { name: 'right: nbf in the past', make: (r) => sign(HEADER, { ...claims(r), nbf: NOW - r.below(1000) }), expect: 'valid' },
  { name: 'right: claims that nobody knows', make: (r) => sign(HEADER, { ...claims(r), scope: ['a', { b: 1.5 }], Iss: 'x', ñ: 'ü' }), expect: 'valid' },
  { name: 'right: members in another order', make: (r) => sign(HEADER, Object.fromEntries(Object.entries(claims(r)).sort(() => r.below(3) - 1))), expect: 'valid' },
  { name: 'right: white space in the JSON', make: (r) => sign(JSON.stringify(HEADER, null, 2), JSON.stringify(claims(r), null, '\t') + '\r\n '), expect: 'valid' },
  { name: 'right: integers in another spelling', make: claim_cases(['exp'], ['1.9e9', '19e8', '1900000000.0', '1900000000e0']), expect: 'valid' },
  { name: 'right: escapes in the JSON', make: (r) => sign('{"\\u0061lg":"\\u0048S256"}', JSON.stringify(claims(r)).replace('tether', '\\u0074ether')), expect: 'valid' },

  // Time.
  { name: 'expired', make: (r) => sign(HEADER, { ...claims(r), exp: NOW - r.below(604800) }), expect: 'expired' },
  { name: 'expired, under the previous key', make: (r) => sign(HEADER, { ...claims(r), exp: NOW - 1 }, OLD_KEY), expect: 'expired' },
  { name: 'exp and nbf around this second', make: (r, round) => sign(HEADER, { ...claims(r), [['exp', 'nbf'][round % 2]]: NOW + (Math.floor(round / 2) % 3) - 1 }), expect: 'expired,invalid,valid' },
  { name: 'not yet valid', make: (r) => sign(HEADER, { ...claims(r), nbf: NOW + 1 + r.below(1000) }), expect: 'invalid' },
  { name: 'expired and wrong besides', make: (r, round) => sign(HEADER, { ...claims(r), exp: NOW - 5, ...[{ iss: 'x' }, { nbf: NOW + 5 }, { iat: 'x' }, { jti: undefined }][round % 4] }), expect: 'invalid' },
  { name: 'issued in the future', make: (r) => sign(HEADER, { ...claims(r), iat: NOW + 61 + r.below(1000), exp: NOW + 2000 }), expect: 'invalid', stricter: 'iat more than 60 s ahead means a broken clock or a forger' },
  { name: 'issued a little in the future', make: (r) => sign(HEADER, { ...claims(r), iat: NOW + r.below(61), exp: NOW + 2000 }), expect: 'valid' },

  // The algorithm.
  { name: 'alg none, unsigned', make: (r, round) => `${b64(JSON.stringify({ alg: ['none', 'None', 'NONE', 'nOnE', ''][round % 5] }))}.${b64(JSON.stringify(claims(r)))}.`, expect: 'invalid' },
  { name: 'alg none, with the right MAC', make: header_cases([{ alg: 'none' }, { alg: 'None' }, { alg: 'NONE', typ: 'JWT' }]), expect: 'invalid' },
  { name: 'alg of the wrong type or missing', make: header_cases([{}, { typ: 'JWT' }, { alg: null }, { alg: ['HS256'] }, { alg: { 0: 'HS256' } }, { alg: 256 }, { alg: true }, { alg: '' }, { ALG: 'HS256' }]), expect: 'invalid' },
  { name: 'alg in another spelling', make: header_cases([{ alg: 'hs256' }, { alg: 'Hs256' }, { alg: 'HS256 ' }, { alg: ' HS256' }, { alg: 'HS256\u0000' }, { alg: 'HS-256' }, { alg: 'HMACSHA256' }]), expect: 'invalid' },
  { name: 'alg HS384 and HS512, rightly signed', make: (r, round) => sign({ alg: ['HS384', 'HS512'][round % 2] }, claims(r), KEY, ['HS384', 'HS512'][round % 2]), expect: 'invalid' },
  { name: 'alg HS256 with the MAC of another', make: (r, round) => sign(HEADER, claims(r), KEY, ['HS384', 'HS512'][round % 2]), expect: 'invalid' },
  { name: 'alg of a public-key kind, with our MAC', make: header_cases(['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA'].map((alg) => ({ alg }))), expect: 'invalid' },
  {
    name: 'RS256, signed with a private key', once: 8, expect: 'invalid',
    make: (r) => {
      const input = `${b64(JSON.stringify({ alg: 'RS256', typ: 'JWT' }))}.${b64(JSON.stringify(claims(r)))}`
      return `${input}.${createSign('sha256').update(input).sign(rsa.privateKey, 'base64url')}`
    },
  },
  { name: 'HS256 under a public key (confusion)', make: (r) => sign(HEADER, claims(r), rsa.publicKey), expect: 'invalid' },
  { name: 'HS256 under another key', make: (r, round) => sign(HEADER, claims(r), ['', 'short', KEY + ' ', KEY.slice(1), KEY.toUpperCase(), `\0${KEY}`][round % 6]), expect: 'invalid' },

  // Other header members.
  { name: 'kid', make: header_cases(['1', '../../etc/passwd', "' OR 1=1 --", 'x'.repeat(2000), 'a\u0000b', KEY, '/dev/null', 'other-tenant', null, 1, ['1']].map((kid) => ({ ...HEADER, kid }))), expect: 'invalid', stricter: 'Tether writes no kid; a key is never chosen by what a stranger wrote' },
  { name: 'jku, jwk, x5u, x5c, x5t', make: header_cases([{ jku: 'http://127.0.0.1/' }, { jwk: { kty: 'oct', k: b64(KEY) } }, { x5u: 'http://127.0.0.1/' }, { x5c: ['AAAA'] }, { x5t: 'AAAA' }].map((h) => ({ ...HEADER, ...h }))), expect: 'invalid', stricter: 'a token does not bring its own key' },
  { name: 'zip, cty, b64', make: header_cases([{ zip: 'DEF' }, { cty: 'JWT' }, { b64: true }, { b64: false }, { unknown: 1 }].map((h) => ({ ...HEADER, ...h }))), expect: 'invalid', stricter: 'members that change the meaning of a token, or that Tether never writes' },
  { name: 'crit', make: header_cases([{ crit: ['exp'] }, { crit: ['x'], x: 1 }, { crit: [] }, { crit: 'alg' }, { crit: ['b64'], b64: false }, { crit: ['b64'], b64: true }, { crit: null }, { crit: [1] }].map((h) => ({ ...HEADER, ...h }))), expect: 'invalid', stricter: 'no extension is known, not even one that says that nothing changes' },
  { name: 'typ of another kind', make: header_cases(['jwt', 'at+jwt', 'JWT ', '', 'application/jwt', null, 1, ['JWT']].map((typ) => ({ alg: 'HS256', typ }))), expect: 'invalid', stricter: 'Tether always writes JWT; another type is another purpose (RFC 8725 section 3.11)' },
  { name: 'header that is no object', make: header_cases(['null', '[]', '"HS256"', '1', '', '{', '{"alg":"HS256"', '{"alg":"HS256"}}', '{"alg":"HS256",}', "{'alg':'HS256'}"]), expect: 'invalid' },
  { name: 'header members twice', make: header_cases(['{"alg":"none","alg":"HS256"}', '{"alg":"HS256","alg":"HS256"}', '{"alg":"HS256","\\u0061lg":"HS256"}', '{"alg":"HS256","typ":"x","typ":"JWT"}', '{"alg":"HS256","alg":"none"}']), expect: 'invalid', stricter: 'two readers may see two tokens (RFC 7515 section 4 allows refusing)' },

  // Claims.
  { name: 'a claim is missing', make: (r, round) => sign(HEADER, without(claims(r), ['iss', 'sub', 'sid', 'tid', 'iat', 'exp', 'jti', 'token_use'][round % 8])), expect: 'invalid' },
  { name: 'another issuer', make: claim_cases(['iss'], ['"Tether"', '"tether "', '""', '"tether\\u0000"', '"https://tether"', '["tether"]', 'null', '1', 'true', '{}']), expect: 'invalid' },
  { name: 'times of the wrong type', make: claim_cases(['exp', 'iat', 'nbf'], times), expect: 'invalid' },
  { name: 'times with a fraction', make: claim_cases(['exp', 'iat', 'nbf'], ['1799999999.5', '0.5', '1799999999.000001']), expect: 'invalid', stricter: 'Tether writes whole seconds' },
  { name: 'times beyond all measure', make: claim_cases(['exp'], ['9223372036854775808', '18446744073709551616', '1e400', '1e300', '9007199254740993']), expect: 'invalid', stricter: 'a number that not every reader holds exactly' },
  { name: 'iat and nbf beyond all measure', make: claim_cases(['iat', 'nbf'], ['9223372036854775808', '-9223372036854775809', '-1e400']), expect: 'invalid', stricter: 'a number that not every reader holds exactly' },
  { name: 'times before 1970', make: claim_cases(['exp', 'iat', 'nbf'], ['-1', '-1800000000', '-0.5']), expect: 'invalid', stricter: 'Tether never writes them' },
  { name: 'ids of the wrong form', make: claim_cases(['sub', 'sid', 'tid'], ['"0"', '"-1"', '"01"', '" 1"', '"1 "', '"+1"', '"1.0"', '"1e3"', '"0x1"', '""', '"9223372036854775808"', '"abc"', '"1\\u0000"']), expect: 'invalid', stricter: 'ids are positive decimal numbers; jose leaves private claims to the application' },
  { name: 'ids of the wrong type', make: claim_cases(['sub', 'sid', 'tid', 'jti'], ['1', '1.5', 'true', 'null', '["1"]', '{"a":1}']), expect: 'invalid', stricter: 'ids are strings; jose leaves their types to the application' },
  { name: 'jti of the wrong form', make: claim_cases(['jti'], ['""', '"x"', '"0123456789ABCDEF0123456789ABCDEF"', '"0123456789abcdef0123456789abcde"', '"0123456789abcdef0123456789abcdef0"', '"0123456789abcdeg0123456789abcdef"']), expect: 'invalid', stricter: 'a jti is 32 hexadecimal digits in lower case' },
  { name: 'another purpose', make: claim_cases(['token_use'], ['"invitation"', '"device"', '"refresh"', '"id"', '"Access"', '""', 'null', '1', '["access"]']), expect: 'invalid', stricter: 'only token_use "access" is an access token (RFC 8725 section 3.12)' },
  { name: 'with an audience', make: claim_cases(['aud'], ['"tether"', '"other"', '["tether"]', '["tether","other"]', '[]', 'null', '1']), expect: 'invalid', stricter: 'Tether issues none, so such a token is for somebody else' },

  // The payload's text.
  { name: 'payload that is no object', make: (r, round) => sign(HEADER, ['null', '[]', '"x"', '1', 'true', '', '{', '}', `[${JSON.stringify(claims(r))}]`][round % 9]), expect: 'invalid' },
  { name: 'payload that is no JSON', make: payload_cases([(i) => `{${i}`, (i) => `{${i},}`, (i) => `{,${i}}`, (i, t) => `${t}{}`, (i, t) => `${t} x`, (i) => `{${i},x:1}`, (i) => `{${i},"x":01}`, (i) => `{${i},"x":+1}`, (i) => `{${i},"x":NaN}`, (i) => `{${i},"x":"\t"}`, (i) => `{${i},/**/"x":1}`, (i, t) => `${t}\0`]), expect: 'invalid' },
  { name: 'claims twice', make: payload_cases([(i) => `{"exp":9999999999,${i}}`, (i) => `{${i},"sub":"1"}`, (i) => `{"sub":"1",${i}}`, (i) => `{${i},"x":1,"x":1}`, (i) => `{${i},"s\\u0075b":"1"}`]), expect: 'invalid', stricter: 'two readers may see two tokens (RFC 7519 section 4 allows refusing)' },
  { name: 'NUL and lone surrogates', make: payload_cases([(i) => `{${i},"x":"\\u0000"}`, (i) => `{${i},"x":"\\ud800"}`, (i) => `{${i},"x":"\\udc00\\ud800"}`, (i) => `{${i},"\\u0000":1}`]), expect: 'invalid', stricter: 'text that a database does not take' },
  { name: 'invalid UTF-8', make: (r, round) => sign(HEADER, Buffer.concat([Buffer.from(JSON.stringify(claims(r)).slice(0, -1) + ',"x":"'), Buffer.from([[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xc3]][round % 5]), Buffer.from('"}')])), expect: 'invalid', stricter: 'JSON is UTF-8' },
  { name: 'a byte order mark', make: payload_cases([(i, t) => `\ufeff${t}`]), once: 10, expect: 'invalid', stricter: 'JSON has none (RFC 8259 section 8.1)' },
  { name: 'nested 32 deep', make: (r) => sign(HEADER, with_json(claims(r), 'x', nested(31))), once: 10, expect: 'valid' },
  { name: 'nested deeper', make: (r, round) => sign(HEADER, with_json(claims(r), 'x', nested([32, 33, 100, 1000][round % 4]))), expect: 'invalid', stricter: 'depth is bounded' },

  // The token's text.
  { name: 'the wrong number of segments', make: text_cases([() => '', () => '.', () => '..', () => '...', (t) => `${t}.`, (t) => `.${t}`, (t) => `${t}.x`, (t) => parts(t).slice(0, 2).join('.'), (t) => parts(t)[0], (t) => t.replace('.', '..'), (t) => `${t}.${parts(t)[2]}.${parts(t)[2]}`]), expect: 'invalid' },
  { name: 'an empty segment', make: (r, round) => { const p = parts(good(r)); p[round % 3] = ''; return p.join('.') }, expect: 'invalid' },
  { name: 'junk in the signature', make: text_cases([(t) => `${t}=`, (t) => `${t}==`, (t) => `${t}!!!`, (t) => `${t} `, (t) => t.slice(0, -3) + '*' + t.slice(-3), (t) => `${t}\t`, (t) => `${t}\0`]), expect: 'invalid', stricter: 'one token has one spelling' },
  { name: 'a signature in plain base64', make: (r) => { for (;;) { const t = good(r); const p = parts(t); if (/[-_]/.test(p[2])) return `${p[0]}.${p[1]}.${p[2].replaceAll('-', '+').replaceAll('_', '/')}` } }, expect: 'invalid', stricter: 'one token has one spelling' },
  {
    name: 'a last character that is not canonical', expect: 'invalid', stricter: 'one token has one spelling',
    make: (r) => { const t = good(r); return t.slice(0, -1) + ALPHABET[(ALPHABET.indexOf(t.at(-1)) & ~3) | (1 + r.below(3))] },
  },
  { name: 'junk in header and payload, signed', make: (r, round) => { const p = parts(good(r)); const at = round % 2; p[at] = [(s) => `${s}=`, (s) => `${s}==`, (s) => `${s}!`, (s) => `${s.slice(0, 4)} ${s.slice(4)}`][Math.floor(round / 2) % 4](p[at]); return sign_raw(p[0], p[1]) }, expect: 'invalid', stricter: 'one token has one spelling' },
  { name: 'space around the token', make: text_cases([(t) => ` ${t}`, (t) => `Bearer ${t}`, (t) => `\t${t}`, (t) => `"${t}"`]), expect: 'invalid' },
  { name: 'signature cut or too long', make: (r) => { const p = parts(good(r)); const m = mac(`${p[0]}.${p[1]}`); return `${p[0]}.${p[1]}.${b64(r.below(2) ? m.subarray(0, r.below(32)) : Buffer.concat([m, Buffer.alloc(1 + r.below(32))]))}` }, expect: 'invalid' },
  { name: 'header and payload edited at random', make: (r) => { const p = parts(good(r)); const at = r.below(2); p[at] = edit_at(r, p[at]); return p.join('.') }, expect: 'invalid' },
  { name: 'segments of two tokens', make: (r) => { const a = parts(good(r)); const b = parts(good(r)); return r.below(2) ? `${a[0]}.${a[1]}.${b[2]}` : `${a[0]}.${b[1]}.${a[2]}` }, expect: 'invalid' },
  { name: 'bytes flipped in the signature', make: (r) => { const p = parts(good(r)); const m = Buffer.from(p[2], 'base64url'); m[r.below(32)] ^= 1 << r.below(8); return `${p[0]}.${p[1]}.${b64(m)}` }, expect: 'invalid' },
  { name: 'rubbish', make: (r) => Array.from({ length: r.below(200) }, () => r.pick([...ALPHABET, '.', '.', '=', ' '])).join(''), expect: 'invalid' },
  { name: '4096 bytes', make: (r) => sign(HEADER, JSON.stringify(claims(r)).padEnd(3011)), once: 10, expect: 'valid' },
  { name: 'more than 4096 bytes', make: (r, round) => sign(HEADER, JSON.stringify(claims(r)).padEnd([3012, 3100, 150_000][round % 3])), once: 12, expect: 'invalid', stricter: 'a token is at most 4 KiB' },
]
