// The same request over HTTP/1.1 and over HTTP/2, and what came back. Every request uses a connection of its own
// unless one is handed in.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import assert from 'node:assert/strict';
import { record } from './traffic.mjs';
import { ROOT_HOST } from './world.mjs';

const REQUEST_LIMIT_MS = 60_000;

// What a request is: { method, path, host, headers, body, form, json, token, tls }.
function prepared(request) {
  const headers = { ...request.headers };
  let { body } = request;
  if (request.form) {
    body = new URLSearchParams(request.form).toString();
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
  }
  if (request.json !== undefined) {
    body = JSON.stringify(request.json);
    headers['content-type'] ??= 'application/json';
  }
  if (request.token) headers.authorization = `Bearer ${request.token}`;
  const method = request.method ?? (body === undefined ? 'GET' : 'POST');
  if (body !== undefined) headers['content-length'] ??= String(Buffer.byteLength(body));
  return { method, path: request.path, host: request.host ?? ROOT_HOST, headers, body };
}

function answer(asked, status, headers, chunks) {
  const body = Buffer.concat(chunks);
  const text = body.toString('utf8');
  const result = { status, headers, text, body };
  const type = headers['content-type'] ?? '';
  if (/^application\/(problem\+)?json\b/.test(type) && text !== '' && !headers['content-encoding']) result.json = JSON.parse(text);
  record(asked, result);
  return result;
}

export function http1(server, request) {
  const asked = prepared(request);
  const { method, path, host, headers, body } = asked;
  const module = request.tls ? https : http;
  return new Promise((resolve, reject) => {
    const sent = module.request({
      host: '127.0.0.1', port: request.tls ? server.tlsPort : server.port, method, path, headers: { host, ...headers },
      agent: request.agent ?? false, rejectUnauthorized: false, servername: request.tls ? host.replace(/:\d+$/, '') : undefined,
      timeout: REQUEST_LIMIT_MS,
    }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(answer(asked, response.statusCode, response.headers, chunks)));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${path}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

export function connect2(server, { tls = false, host = ROOT_HOST } = {}) {
  const url = tls ? `https://127.0.0.1:${server.tlsPort}` : `http://127.0.0.1:${server.port}`;
  const session = http2.connect(url, { rejectUnauthorized: false, servername: tls ? host : undefined });
  session.on('error', () => {}); // the streams hear of it too
  return session;
}

export function request2(session, request) {
  const asked = prepared(request);
  const { method, path, host, headers, body } = asked;
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': method, ':path': path, ':authority': host, ...headers },
      { endStream: body === undefined });
    let head;
    const chunks = [];
    stream.setTimeout(REQUEST_LIMIT_MS, () => stream.destroy(new Error(`no answer to ${method} ${path}`)));
    stream.on('response', (got) => { head = got; });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('close', () => {
      if (!head) reject(new Error(`stream closed without an answer (code ${stream.rstCode})`));
      else resolve(answer(asked, head[':status'], plainHeaders(head), chunks));
    });
    if (body !== undefined) stream.end(body);
  });
}

function plainHeaders(head) {
  return Object.fromEntries(Object.entries(head).filter(([name]) => !name.startsWith(':')));
}

export async function http2Once(server, request) {
  const session = connect2(server, request);
  try {
    return await request2(session, request);
  } finally {
    session.destroy();
  }
}

// What may differ between two answers to the same request.
const VOLATILE = new Set(['date', 'x-request-id', 'connection', 'keep-alive', 'transfer-encoding', 'x-ratelimit-remaining',
  'x-ratelimit-reset', 'server']);

export function stableHeaders(headers) {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !VOLATILE.has(name)).sort());
}

// Over HTTP/1.1 and over HTTP/2 with prior knowledge; the answers have to be the same. Returns the HTTP/2 one. `masked`
// takes what varies out of a body, for example a token.
export async function ask(server, request, masked = sameText) {
  const one = await http1(server, request);
  const two = await http2Once(server, request);
  const what = `${request.method ?? ''} ${request.path} on ${request.host ?? ROOT_HOST}`;
  assert.equal(two.status, one.status, `status over HTTP/2 and HTTP/1.1, ${what}: ${one.text} / ${two.text}`);
  assert.equal(masked(two.text), masked(one.text), what);
  assert.deepEqual(stableHeaders(masked === sameText ? one.headers : dropLength(one.headers)),
    stableHeaders(masked === sameText ? two.headers : dropLength(two.headers)), what);
  assert.match(two.headers['x-request-id'] ?? '', /^[0-9a-f]{32}$/, what);
  return two;
}

function sameText(text) {
  return text;
}

function dropLength({ 'content-length': _, ...rest }) {
  return rest;
}

export const maskToken = (text) => text.replace(/eyJ[\w.-]+/g, 'TOKEN');

export async function signIn(server, person, host = ROOT_HOST) {
  const reply = await http2Once(server, {
    path: '/api/auth/login', host, form: { username: person.email, password: person.password },
  });
  assert.equal(reply.status, 200, `sign-in of ${person.email}: ${reply.text}`);
  return reply.json.access_token;
}

export const me = (server, token, host = ROOT_HOST) => http2Once(server, { path: '/api/auth/me', host, token });
