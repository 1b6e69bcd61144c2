// A full queue is an immediate 503 with Retry-After, and passes.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { connect2, http2Once, request2 } from './harness/client.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST, people } from './harness/world.mjs';

const slow = { config: { server: { hash_workers: 1, password_queue: 4 }, passwords: { memory: '64MiB', iterations: 2 } } };

suite('overload', slow, (server) => {
  it('refuses more sign-ins than can wait, serves the rest, and other requests meanwhile', async () => {
    const sessions = Array.from({ length: 4 }, () => connect2(server()));
    try {
      const logins = Array.from({ length: 60 }, (_, i) => request2(sessions[i % 4], {
        path: '/api/auth/login', host: ACME_HOST, ...(i % 2 ? { form: { username: people.admin.email, password: people.admin.password } }
          : { json: { email: people.admin.email, password: people.admin.password } }),
      }));
      const other = await http2Once(server(), { path: '/api/public/branding', host: ACME_HOST });
      assert.equal(other.status, 200);
      const replies = await Promise.all(logins);
      const served = replies.filter((reply) => reply.status === 200);
      const refused = replies.filter((reply) => reply.status === 503);
      assert.equal(served.length + refused.length, replies.length, [...new Set(replies.map((reply) => reply.status))].join(' '));
      assert.ok(served.length >= 4, `${served.length} served`);
      assert.ok(refused.length > 0, 'some were refused');
      for (const reply of refused) {
        assert.match(reply.headers['retry-after'], /^\d+$/);
        assert.equal(Object.keys(reply.json).length, 1);
      }
      assert.ok(refused.some((reply) => reply.json.detail) && refused.some((reply) => reply.json.error), 'each in its envelope');
    } finally {
      for (const session of sessions) session.destroy();
    }
  });

  it('requests without a right to the password lane keep nobody from signing in', async () => {
    const sessions = Array.from({ length: 4 }, () => connect2(server()));
    const junk = [{}, { token: 'x' }, { token: 'a.b.c' }, { token: `tth_${'0'.repeat(49)}` }];
    try {
      const flood = Array.from({ length: 240 }, (_, i) => request2(sessions[i % 4], {
        path: '/api/auth/change-password', host: ACME_HOST, ...junk[Math.floor(i / 4) % 4], json: { current_password: 'x', new_password: 'granite-willow-64' },
      }));
      const logins = Array.from({ length: 4 }, () => http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: people.admin.password } }));
      for (const reply of await Promise.all(logins)) assert.equal(reply.status, 200, reply.text);
      for (const reply of await Promise.all(flood)) assert.equal(reply.status, 401, reply.text);
    } finally {
      for (const session of sessions) session.destroy();
    }
  });

  it('is over when the queue is empty', async () => {
    const reply = await http2Once(server(), { path: '/api/auth/login', host: ACME_HOST, form: { username: people.admin.email, password: people.admin.password } });
    assert.equal(reply.status, 200);
    const metrics = await http2Once(server(), { path: '/metrics' });
    assert.match(metrics.text, /^tether_lane_password_depth 0$/m);
    assert.match(metrics.text, /^tether_overload_total [1-9]\d*$/m);
  });
});
