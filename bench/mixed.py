"""A mix of everything that clients do, and of what they should not, at a bounded rate: each deed is one row of
DEEDS, in the shares that stand there. One thread; replies are held against what each deed expects."""
import http.client
import json
import os
import random
import select
import socket
import ssl
import subprocess
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote_plus

from servers import HOST, PASSWORD
from tokens import well_formed

FORM, JSON, CSV = 'application/x-www-form-urlencoded', 'application/json', 'text/csv'
SIGNED_IN = 200  # sessions that sign-ins made and that are in use
BURST = 200  # requests of one h2load
TOGETHER = 64  # requests that are sent before their replies are read
PATIENCE = 0.1  # seconds
LEFT_OPEN = 40  # connections
CROWD = 16  # clients at once before it begins
EACH = 12  # times that each of them does each deed
UNKNOWN = 200_000  # more tokens than the server remembers not to know


class Unexpected(Exception):
    """A reply that its deed did not expect."""


class Clients:
    """One connection that stays open, who asks over it, and what they have."""

    def __init__(self, tether, devices):
        self.tether, self.devices = tether, devices
        self.sessions = [token for slug, token in tether.data.tokens if slug == 'bench-0']
        self.api_tokens = [token for slug, token in tether.data.api_tokens if slug == 'bench-0']
        self.signed_in, self.etags = [], {}
        self.left_open = deque(maxlen=LEFT_OPEN)
        self.link = http.client.HTTPConnection('127.0.0.1', tether.http, timeout=30)
        self.admin = self.sign_in('u0@example.com', 200)

    def ask(self, status, method, path, token=None, body=None, kind=None, headers=None):
        """The body of the reply, which has the status, or one of several."""
        fields = {'Host': HOST, **({'Authorization': f'Bearer {token}'} if token else {}),
                  **({'Content-Type': kind} if kind else {}), **(headers or {})}
        for attempt in (0, 1):  # the server closes what was idle for long
            try:
                self.link.request(method, path, body, fields)
                reply = self.link.getresponse()
                text = reply.read()
                break
            except (http.client.RemoteDisconnected, ConnectionError):
                self.link.close()
                if attempt:
                    raise
        self.head = reply.headers
        if reply.status not in ([status] if isinstance(status, int) else status):
            raise Unexpected(f'{method} {path.split("ttd_")[0]}: {reply.status} {text[:200]}')
        return text

    def ask_json(self, status, method, path, token=None, body=None):
        text = self.ask(status, method, path, token, None if body is None else json.dumps(body), JSON if body is not None else None)
        return json.loads(text) if text else None

    def sign_in(self, email, status, password=PASSWORD):
        text = self.ask(status, 'POST', '/api/auth/login', body=f'username={quote_plus(email)}&password={quote_plus(password)}',
                        kind=FORM)
        return json.loads(text).get('access_token')

    def raw(self, data, reads=True):
        """Over a connection of its own, plain. One that the server says nothing to is left open, for it to end in time."""
        with socket.create_connection(('127.0.0.1', self.tether.http), 30) as link:
            link.sendall(data)
            if reads and not select.select([link], [], [], PATIENCE)[0]:
                self.left_open.append(link.dup())


# --- before it begins ---

def do_everything(clients):
    """Every deed a few times, in an order of its own."""
    for deed in random.sample(list(DEEDS) * EACH, len(DEEDS) * EACH):
        deed(clients)


def ask_each(tether, path, tokens):
    """One request with each of (slug, token), whatever the answers."""
    with socket.create_connection(('127.0.0.1', tether.http), 30) as link:
        for i in range(0, len(tokens), TOGETHER):
            some = tokens[i:i + TOGETHER]
            link.sendall(''.join(f'GET {path} HTTP/1.1\r\nHost: {slug}.localhost\r\nAuthorization: Bearer {token}\r\n\r\n'
                                 for slug, token in some).encode('ascii'))
            got = b''
            while got.count(b'HTTP/1.1 ') < len(some) or not got.endswith((b'\r\n\r\n', b'}')):
                more = link.recv(1 << 20)
                if not more:
                    raise Unexpected(f'{path}: the connection ended')
                got += more


def fill(tether, devices):
    """What the server keeps in memory is bounded and taken as it is used: fills it, so that later growth is none of that."""
    with ThreadPoolExecutor(CROWD) as crowd:  # wakes all of the server's threads, each of which keeps its statements
        list(crowd.map(do_everything, [Clients(tether, devices) for _ in range(CROWD)]))
    ask_each(tether, '/api/auth/me', tether.data.tokens)
    ask_each(tether, '/api/auth/forward', tether.data.api_tokens)
    ask_each(tether, '/api/auth/forward', [('bench-0', well_formed()) for _ in range(UNKNOWN)])


# --- deeds ---

def me(clients):
    clients.ask(200, 'GET', '/api/auth/me', random.choice(clients.sessions + clients.signed_in))


def forward(clients):
    clients.ask(200, 'GET', '/api/auth/forward', random.choice(clients.api_tokens))


def unknown_tokens(clients):
    known = random.choice(clients.api_tokens)
    for token in (known[:-3] + 'AAA', 'tth_' + os.urandom(20).hex(), random.choice(clients.sessions)[:-6] + 'AAAAAA', 'x.y.z'):
        clients.ask(401, 'GET', '/api/auth/forward', token)


def sign_in(clients):
    clients.signed_in = [clients.sign_in(f'u{random.randrange(1, 1000)}@example.com', 200), *clients.signed_in[:SIGNED_IN]]


def sign_in_wrong(clients):
    clients.sign_in(f'u{random.randrange(1, 1000)}@example.com', (401, 429), 'not the password')
    clients.sign_in(f'nobody{random.randrange(10**6)}@example.com', (401, 429))


def sign_out(clients):
    if clients.signed_in:
        token = clients.signed_in.pop()
        clients.ask(200, 'POST', '/api/v1/auth/logout', token)
        clients.ask(401, 'GET', '/api/auth/me', token)


def an_asset(clients):
    made = clients.ask_json(201, 'POST', '/api/assets', clients.admin, {'name': f'Laptop {random.randrange(10**6)}', 'currency': 'EUR'})
    path = f'/api/assets/{made["id"]}'
    clients.ask(200, 'GET', path, clients.admin)
    clients.ask_json(200, 'PATCH', path, clients.admin, {'manufacturer': 'Acme'})
    clients.ask(200, 'GET', f'{path}/qr?size=256')
    clients.ask((200, 204), 'DELETE', path, clients.admin)
    clients.ask(404, 'GET', path, clients.admin)


def lists(clients):
    for path in ('/api/assets?limit=50&sort=-name', '/api/assets?q=lap', '/api/users?limit=50', '/api/v1/team?q=u1',
                 '/api/reports/summary', '/api/assets/export'):
        clients.ask(200, 'GET', path, clients.admin, headers={'X-Tenant': 'bench-0'})


def an_import(clients):
    clients.ask(200, 'POST', '/api/assets/import?dry_run=true', clients.admin,
                'name,status\r\n' + 'Laptop,available\r\n' * 100, CSV)


def an_api_key(clients):
    made = clients.ask_json(201, 'POST', '/api/settings/api-keys', clients.admin, {'name': 'soak', 'scopes': ['assets.view']})['data']
    path = f'/api/settings/api-keys/{made["id"]}'
    rotated = clients.ask_json(200, 'POST', f'{path}/rotate', clients.admin, {})['data']
    clients.ask(401, 'GET', '/api/auth/forward', made['token'])
    clients.ask(200, 'GET', '/api/auth/forward', rotated['token'])
    clients.ask((200, 204), 'DELETE', path, clients.admin)


def display(clients):
    token = random.choice(clients.devices)
    clients.ask(200, 'GET', f'/api/displays/heartbeat/{token}')
    known = clients.etags.get(token)
    clients.ask(304 if known else 200, 'GET', f'/api/displays/state/{token}', headers={'If-None-Match': known} if known else None)
    clients.etags[token] = clients.head['ETag']


def pages(clients):
    for path in ('/openapi.json', '/docs', '/panel/', '/api/public/branding', '/healthz'):
        clients.ask((200, 301, 302, 304, 308, 404), 'GET', path)


def wrong_input(clients):
    for status, body in (((400, 422), '{"name":'), ((400, 422), '{"name":1,"name":2}'), ((400, 422), '[' * 100), (422, '{"nme":"x"}'),
                         ((400, 422), '{"name":"\\ud800"}'), (413, 'x' * (3 << 20))):
        clients.ask(status, 'POST', '/api/assets', clients.admin, body, JSON)
        clients.link.close()
    clients.ask(415, 'POST', '/api/assets', clients.admin, '<x/>', 'text/xml')
    clients.ask(404, 'GET', f'/api/nothing/{random.randrange(10**6)}')
    clients.ask(405, 'DELETE', '/api/auth/me', clients.admin)


def wrong_bytes(clients):
    for data in (os.urandom(200) + b'\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n', b'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n'
                 b'Transfer-Encoding: chunked\r\n\r\n', b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' + os.urandom(100)):
        clients.raw(data)


def come_and_go(clients):
    clients.raw(b'', reads=False)
    clients.raw(b'GET /api/auth/me HTTP/1.1\r\nHo', reads=False)
    clients.raw(f'POST /api/assets HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5000\r\n\r\n{{'.encode(), reads=False)
    clients.raw(f'GET /api/assets/export HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {clients.admin}\r\n\r\n'.encode(), reads=False)


def over_tls(clients):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    link = http.client.HTTPSConnection('127.0.0.1', clients.tether.https, timeout=30, context=context)
    for _ in range(3):
        link.request('GET', '/api/auth/me', headers={'Host': HOST, 'Authorization': f'Bearer {clients.admin}'})
        reply = link.getresponse()
        reply.read()
        if reply.status != 200:
            raise Unexpected(f'me over TLS: {reply.status}')
    link.close()


def burst(clients):
    """Streams beside each other over HTTP/2, plain and in TLS."""
    scheme, port = random.choice([('http', clients.tether.http), ('https', clients.tether.https)])
    path, token = random.choice([('/api/auth/me', random.choice(clients.sessions)), ('/api/auth/forward', random.choice(clients.api_tokens)),
                                 ('/api/assets?limit=10', clients.admin)])
    output = subprocess.run(['h2load', '-n', str(BURST), '-c', '4', '-m', '8', f'--connect-to=127.0.0.1:{port}', '-H',
                             f'authorization: Bearer {token}', f'{scheme}://{HOST}:{port}{path}'], check=True,
                            capture_output=True, text=True).stdout
    if f'{BURST} succeeded' not in output:
        raise Unexpected(f'{path} over HTTP/2: {output[-400:]}')


# What is done, and how often out of the sum of these.
DEEDS = {me: 200, forward: 200, display: 100, unknown_tokens: 50, an_asset: 40, sign_in: 15, sign_in_wrong: 5, sign_out: 10,
         lists: 10, an_import: 5, an_api_key: 10, pages: 10, wrong_input: 10, wrong_bytes: 10, come_and_go: 20, over_tls: 20,
         burst: 10}


def run(clients, per_second, seconds, on_tick):
    """Deeds for so long; on_tick() about once a second."""
    start = ticked = time.monotonic()
    done = 0
    while (now := time.monotonic()) - start < seconds:
        if now - ticked >= 1:
            ticked = now
            on_tick()
        if done >= (now - start) * per_second:
            time.sleep(0.005)
            continue
        random.choices(list(DEEDS), DEEDS.values())[0](clients)
        done += 1
    return done
