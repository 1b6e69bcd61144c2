// API tokens, made as a person would.
import assert from 'node:assert/strict';
import { http2Once, signIn } from './client.mjs';
import { ACME_HOST, people } from './world.mjs';

export const KEYS = '/api/settings/api-keys';

// Of the signed-in `session`; returns what the one answer says that shows the secret.
export async function makeKey(server, session, scopes, more = {}) {
  const reply = await http2Once(server, { path: KEYS, token: session, json: { name: 'Test', scopes, ...more } });
  assert.equal(reply.status, 201, reply.text);
  return reply.json.data;
}

export const adminSession = (server) => signIn(server, people.admin, ACME_HOST);
