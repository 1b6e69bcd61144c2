// Malformed bodies. The verdicts stand in this file, so both drivers give the same.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ask, http2Once } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const login = (body) => ({ method: 'POST', path: '/api/auth/login', host: ACME_HOST, headers: { 'content-type': 'application/json' }, body });
const deep = (depth) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;

// Everything here is a crm login that is refused as malformed: 400 on this surface.
const json = {
  'an empty body': '',
  'spaces only': '  \n ',
  'a duplicate key': '{"email":"a@b.example","email":"a@b.example","password":"x"}',
  'a duplicate key, spelt with an escape': '{"email":"a@b.example","\\u0065mail":"c@d.example","password":"x"}',
  'another case of a key': '{"Email":"a@b.example","password":"x"}',
  'both cases of a key': '{"email":"a@b.example","EMAIL":"c@d.example","password":"x"}',
  'an escaped NUL': '{"email":"a@b.example\\u0000","password":"x"}',
  'an escaped NUL in a key': '{"email\\u0000":"a@b.example","password":"x"}',
  'a raw NUL': '{"email":"a@b.example\0","password":"x"}',
  'a lone high surrogate': '{"email":"a@b.example","password":"\\ud800"}',
  'a lone low surrogate': '{"email":"a@b.example","password":"\\udc00"}',
  'surrogates the wrong way round': '{"email":"a@b.example","password":"\\udc00\\ud800"}',
  'invalid UTF-8': Buffer.concat([Buffer.from('{"email":"a@b.example","password":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  'an overlong form': Buffer.concat([Buffer.from('{"email":"a@b.example","password":"'), Buffer.from([0xc0, 0x80]), Buffer.from('"}')]),
  'a surrogate in UTF-8': Buffer.concat([Buffer.from('{"email":"a@b.example","password":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  'a byte order mark': '\ufeff{"email":"a@b.example","password":"x"}',
  'bytes after the value': '{"email":"a@b.example","password":"x"} x',
  'a second value': '{"email":"a@b.example","password":"x"}{}',
  'a comment': '{"email":"a@b.example",/* */"password":"x"}',
  'a trailing comma': '{"email":"a@b.example","password":"x",}',
  'single quotes': "{'email':'a@b.example','password':'x'}",
  'no quotes': '{email:"a@b.example",password:"x"}',
  'a raw line end in a string': '{"email":"a@b.example","password":"a\nb"}',
  'an unknown escape': '{"email":"a@b.example","password":"\\x41"}',
  'an infinite number': '{"email":1e400,"password":"x"}',
  'a leading zero': '{"email":01,"password":"x"}',
  'a bare point': '{"email":1.,"password":"x"}',
  'a plus sign': '{"email":+1,"password":"x"}',
  'NaN': '{"email":NaN,"password":"x"}',
  'a big integer for text': '{"email":9007199254740993,"password":"x"}',
  'an array on top': '["a@b.example","x"]',
  'text on top': '"a@b.example"',
  'a number on top': '7',
  'null on top': 'null',
  'a key nobody knows': '{"email":"a@b.example","password":"x","role":"ADMIN"}',
  'an object for text': '{"email":{"$ne":null},"password":{"$ne":null}}',
  'a list for text': '{"email":["a@b.example"],"password":"x"}',
  'null for text': '{"email":null,"password":null}',
  'depth 33': `{"email":${deep(32)},"password":"x"}`,
  'depth 1000': deep(1000),
  'depth 100,000': deep(100_000),
  'many elements': `[${'1,'.repeat(100_000)}1]`,
  'many keys': `{${Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join(',')}}`,
  'an unfinished object': '{"email":"a@b.example","password":"x"',
  'an unfinished text': '{"email":"a@b.example","password":"x',
};

const form = {
  'nothing': '',
  'no password': 'username=a',
  'no username': 'password=a',
  'a name twice': 'username=a&username=b&password=x',
  'a broken escape': 'username=a%4&password=x',
  'an escape of no hex digits': 'username=a%zz&password=x',
  'an escaped NUL': 'username=a%00&password=x',
  'invalid UTF-8': 'username=a%ff%fe&password=x',
  'an overlong form': 'username=%c0%80&password=x',
  'raw bytes': Buffer.concat([Buffer.from('username='), Buffer.from([0xff]), Buffer.from('&password=x')]),
  'a raw NUL': 'username=a\0b&password=x',
  'an unknown field': 'username=a&password=x&admin=1',
  'JSON in a form': '{"username":"a","password":"x"}',
  'many fields': Array.from({ length: 300 }, (_, i) => `f${i}=1`).join('&'),
};

suite('bad input', {}, (server) => {
  for (const [what, body] of Object.entries(json)) {
    it(`JSON: ${what}`, async () => {
      const reply = await ask(server(), login(body));
      assert.equal(reply.status, 400, reply.text);
      assert.equal(typeof reply.json.error, 'string');
      assert.doesNotMatch(reply.text, /cJSON|sqlite|SELECT|\.c:/i);
    });
  }

  for (const [what, body] of Object.entries(form)) {
    it(`form: ${what}`, async () => {
      const reply = await ask(server(), {
        method: 'POST', path: '/api/auth/login', host: ACME_HOST, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body,
      });
      assert.equal(reply.status, 422, reply.text);
      assert.equal(typeof reply.json.detail, 'string');
    });
  }

  it('a pair of surrogates and what is merely unusual are fine', async () => {
    for (const [i, password] of ['"\\ud83d\\ude00 eight"', '"tab\\there and more"', '"\\u007f\\u0080 and more"', '"\u2028 and more text"'].entries()) {
      const reply = await ask(server(), login(`{ "password" : ${password},\r\n\t"email":"a${i}@b.example" }`)); // guessing at one address gets slow
      assert.equal(reply.status, 401, reply.text);
    }
  });

  it('injection strings are text', async () => {
    const strings = ["' OR '1'='1", "'; DROP TABLE users; --", '$1', '%s%n', '${jndi:ldap://127.0.0.1}', '\\', '../../etc/passwd', '<script>', 'a\r\nX-Injected: 1'];
    for (const text of strings) {
      const reply = await http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: text, password: text } });
      assert.equal(reply.status, 401, text);
      assert.equal(reply.headers['x-injected'], undefined);
    }
    assert.equal((await http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: people.admin.password } })).status, 200);
  });

  it('the log stays one JSON object a line', async () => {
    await http2Once(server(), { path: '/api/x"y\\z%0a%0d{}', host: ACME_HOST, headers: { 'user-agent': 'a"b\\c\u00e9' } });
    const broken = server().log.lines.filter((line) => line.plain);
    assert.deepEqual(broken, []);
  });
});
