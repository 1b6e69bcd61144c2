// How long a connection is kept: one that was answered rests for longer than a display takes between two heartbeats; a request that has
// begun has ten seconds, a connection that never asked no more; and where places run out, who rests for longest makes room.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connect, frame, H2, ping, request, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS } from '../attack/wire.mjs';
import { suite } from './harness/suite.mjs';
import { ACME_HOST } from './harness/world.mjs';

const PATH = '/api/public/branding', LOGIN = '/api/auth/login';
const BETWEEN_HEARTBEATS_MS = 11_000; // longer than a request may take
const PATIENCE_MS = 60_000; // shorter than a rest may last
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const one = {
  open: (server) => connect(server.port),
  async asks(peer) {
    const before = peer.text().length;
    peer.write(`GET ${PATH} HTTP/1.1\r\nHost: ${ACME_HOST}\r\n\r\n`);
    while (!peer.closed && !/\r\n\r\n[^]*\}$/.test(peer.text().slice(before))) await sleep(5);
    return Number(peer.text().slice(before + 9, before + 12));
  },
};
const two = { open: (server) => H2.open(server.port), asks: (peer) => peer.answer(peer.ask(PATH), PATIENCE_MS) };

// What a peer may do instead of asking at once: how it begins, and what it adds from time to time.
const slow = {
  'HTTP/1.1 head': [one, (peer) => peer.write(`GET ${PATH} HTTP/1.1\r\nHost: ${ACME_HOST}\r\n`), (peer) => peer.write('x: y\r\n')],
  'HTTP/1.1 body': [one, (peer) => peer.write(`POST ${LOGIN} HTTP/1.1\r\nHost: ${ACME_HOST}\r\nContent-Length: 1000\r\n\r\n`), (peer) => peer.write('x')],
  'HTTP/1.1 body in chunks': [one, (peer) => peer.write(`POST ${LOGIN} HTTP/1.1\r\nHost: ${ACME_HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`), (peer) => peer.write('1\r\nx\r\n')],
  'HTTP/2 header block': [two, (peer) => { peer.id = peer.stream(); peer.write(frame(HEADERS, END_STREAM, peer.id, request(PATH))); },
    (peer) => peer.write(frame(CONTINUATION, 0, peer.id, Buffer.from([0])))],
  'HTTP/2 frame': [two, (peer) => peer.write(Buffer.from([0, 0, 100, DATA])), (peer) => peer.write(Buffer.from([0]))],
  'HTTP/2 body': [two, (peer) => { peer.id = peer.stream(); peer.write(frame(HEADERS, END_HEADERS, peer.id, request(LOGIN, [], 'POST'))); },
    (peer) => peer.write(frame(DATA, 0, peer.id, Buffer.from('x')))],
};
const silent = {
  'HTTP/1.1': [one, () => {}, () => {}],
  'HTTP/2': [two, () => {}, () => {}],
  'HTTP/2 but for PING': [two, () => {}, (peer) => peer.write(ping())],
};

// Whether the peer is closed although it goes on like that.
async function isClosed(peer, begin, goOn) {
  begin(peer);
  const timer = setInterval(() => goOn(peer), 300);
  const closed = await peer.waitClosed(PATIENCE_MS);
  clearInterval(timer);
  return closed;
}

suite('kept connections', {}, (server) => {
  const answered = async (way) => {
    const peer = await way.open(server());
    assert.equal(await way.asks(peer), 200);
    return peer;
  };

  describe('all at once', { concurrency: true }, () => {
    for (const [version, way] of Object.entries({ 'HTTP/1.1': one, 'HTTP/2': two })) {
      it(`heartbeats over ${version} stay on one connection`, async () => {
        const peer = await answered(way);
        for (let i = 0; i < 2; i++) {
          await sleep(BETWEEN_HEARTBEATS_MS);
          assert.equal(await way.asks(peer), 200, `heartbeat ${i + 2}`);
        }
        peer.destroy();
      });
    }

    for (const [what, [way, begin, goOn]] of Object.entries(slow)) {
      it(`a slow second ${what} ends the connection, and who rests meanwhile stays`, async () => {
        const [resting, peer] = [await answered(way), await answered(way)];
        assert.ok(await isClosed(peer, begin, goOn), 'closed');
        assert.equal(await way.asks(resting), 200);
        resting.destroy();
      });
    }

    for (const [what, [way, begin, goOn]] of Object.entries(silent)) {
      it(`who never asks over ${what} is closed, and who rests meanwhile stays`, async () => {
        const resting = await answered(way);
        assert.ok(await isClosed(await way.open(server()), begin, goOn), 'closed');
        assert.equal(await way.asks(resting), 200);
        resting.destroy();
      });
    }
  });
});

// As many as there are places.
const PLACES = 4;

suite('kept connections where places run out', { config: { server: { max_connections: PLACES, loops: 1 } } }, (server) => {
  it('who rests for longest makes room, and who asks again and again stays', async () => {
    const resting = await one.open(server()), busy = [];
    assert.equal(await one.asks(resting), 200);
    while (busy.length < PLACES - 1) busy.push(await one.open(server()));
    const newcomer = await one.open(server());
    const served = one.asks(newcomer);
    while (!resting.closed) {
      for (const peer of busy) assert.equal(await one.asks(peer), 200);
      await sleep(500);
    }
    assert.equal(await served, 200);
    for (const peer of busy) assert.equal(await one.asks(peer), 200);
    for (const peer of [newcomer, ...busy]) peer.destroy();
  });
});
