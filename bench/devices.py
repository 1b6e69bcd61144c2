"""Displays: polls that are answered with 304, and what heartbeats cost."""
import os
import re
import selectors
import socket
import subprocess
import time

import cases
from noise import Noise
from servers import HOST, Bare, Tether

DEVICES = 10_000
PERIOD = 10  # seconds between two heartbeats of a device
SHARED = 1000  # connections of a proxy in front of all devices
MEASURED = 65  # seconds: longer than anything is kept, and more than four times that what was noted is written down
TICK = 0.01


def seed(programs, data, count=DEVICES):
    """Tokens of so many displays."""
    return subprocess.run([programs['devices'], data.config, str(count)], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.split()


def etag_of(tether, token):
    head = subprocess.run(['curl', '-s', '-D', '-', '-o', os.devnull, '-H', f'host: {HOST}',
                           f'http://127.0.0.1:{tether.http}/api/displays/state/{token}'], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return re.search(r'(?im)^etag: (\S+)', head).group(1)


def polls(tether, token, wanted):
    case = cases.Case('state 304', f'/api/displays/state/{token}', 304, [f'if-none-match: {etag_of(tether, token)}'])
    reply = os.path.join(tether.data.folder, 'reply')
    cases.heading('Polls for a state that has not changed, beside bare libh2o with the same bytes', 'request', 'protocol',
                  'Tether req/s', 'bare req/s', 'ratio', 'Tether CPU us', 'bare CPU us', 'Tether p50 / p99 ms',
                  'bare p50 / p99 ms', 'others')
    cases.save_reply(tether, case, reply)
    for protocol in ('h2c', 'HTTP/1.1'):
        bare = Bare(tether.data, reply, False)
        cases.compare(tether, bare, case, protocol, wanted)
        bare.end()


class Fleet:
    """Heartbeats of all devices in turn, over `kept` connections that stay open, or a new one for each heartbeat (0)."""

    def __init__(self, port, tokens, kept):
        self.port, self.tokens, self.keep = port, tokens, kept > 0
        self.sent = self.answered = 0
        self.selector = selectors.DefaultSelector()
        self.idle = [self.connect() for _ in range(kept)]

    def connect(self):
        return socket.create_connection(('127.0.0.1', self.port))

    def beat(self):
        token = self.tokens[self.sent % len(self.tokens)]
        link = self.idle.pop() if self.keep else self.connect()
        last = '' if self.keep else 'Connection: close\r\n'
        link.sendall(f'GET /api/displays/heartbeat/{token} HTTP/1.1\r\nHost: {HOST}\r\n{last}\r\n'.encode())
        self.selector.register(link, selectors.EVENT_READ)
        self.sent += 1

    def take(self, timeout):
        for key, _ in self.selector.select(timeout):
            link = key.fileobj
            if not link.recv(4096).startswith(b'HTTP/1.1 200'):
                raise RuntimeError('a heartbeat was refused')
            self.answered += 1
            self.selector.unregister(link)
            if self.keep:
                self.idle.insert(0, link)
            else:
                link.close()

    def run(self, seconds):
        start, first = time.monotonic(), self.sent
        while (now := time.monotonic() - start) < seconds:
            while self.sent - first < now * DEVICES / PERIOD and (self.idle or not self.keep):
                self.beat()
            self.take(TICK)
        while self.answered < self.sent:
            self.take(1)
        return time.monotonic() - start

    def end(self):
        for link in self.idle:
            link.close()


def heartbeats(tether, tokens):
    cases.heading(f'{DEVICES} devices that each send a heartbeat every {PERIOD} s', 'connections', 'heartbeats', 'seconds',
                  'CPU us each', 'of one core', 'others')
    cases.allow_connections(DEVICES)
    for kept in (SHARED, DEVICES, 0):
        fleet = Fleet(tether.http, tokens, kept)
        fleet.run(PERIOD)  # so that every device is known
        noise, before, sent = Noise(), tether.cpu_seconds(), fleet.sent
        seconds = fleet.run(MEASURED)
        cpu, count = tether.cpu_seconds() - before, fleet.sent - sent
        cases.row(f'{kept} kept' if kept else 'a new one each', count, f'{seconds:.0f}', f'{cpu * 1e6 / count:.0f}',
                  f'{cpu / seconds:.1%}', noise)
        fleet.end()


def devices(programs, scratch, wanted):
    data = cases.prepared(programs, scratch)
    tokens = seed(programs, data)
    tether = Tether(data)
    polls(tether, tokens[0], wanted)
    heartbeats(tether, tokens)
    print(f'\nresident after this: {tether.resident_mib():.1f} MiB')
    tether.end()
