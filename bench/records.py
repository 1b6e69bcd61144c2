"""A million assets in one tenant: one of them, a page of fifty, and new ones, beside bare libh2o and bare SQLite."""
import http.client
import json
import os
import re
import sqlite3
import subprocess
import time

import load
import raw_assets
from cases import Case, bearer, compare, heading, prepared, row, save_reply
from noise import Noise
from servers import HOST, PASSWORD, Bare, Tether

ASSETS = 1_000_000
ADMIN = 'assets-admin@example.com'
WRITERS = 32

SEED = """
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO assets (tenant_id, tag, name, status, serial_number, manufacturer, model, purchase_date, purchase_cost, currency,
                    created_at, updated_at)
SELECT {tenant}, printf('AST-%06d', i), printf('Laptop %d', i * 7919 % {count}), CASE i % 10 WHEN 0 THEN 'retired' ELSE 'available' END,
       printf('SN%08d', i), 'Acme', printf('Model %d', i % 50), 1700000000000000 + i % 1000 * 86400000000, i % 3000 * 100, 'EUR',
       1700000000000000 + i, 1700000000000000 + i FROM n
"""
WORDS = """
INSERT OR IGNORE INTO record_words (tenant_id, kind, word, record_id)
SELECT tenant_id, 'assets', lower({word}), id FROM assets WHERE tenant_id = {tenant} ORDER BY 3, 4
"""
TEXTS = """
INSERT INTO record_texts (tenant_id, kind, record_id, words)
SELECT tenant_id, 'assets', id, char(10) || lower({words}) FROM assets WHERE tenant_id = {tenant} ORDER BY 3
"""
SEEDED = ("'laptop'", 'tag', 'serial_number', "substr(name, 8)", "'acme'")


def seed(data):
    """What the server would have written, in a few statements; returns the seconds it took."""
    start = time.monotonic()
    base = sqlite3.connect(os.path.join(data.folder, 'tether.db'))
    tenant = base.execute("SELECT id FROM tenants WHERE slug = 'bench-0'").fetchone()[0]
    base.execute(SEED.format(count=ASSETS, tenant=tenant))
    for word in SEEDED:
        base.execute(WORDS.format(word=word, tenant=tenant))
    base.execute(TEXTS.format(words=' || char(10) || '.join(SEEDED), tenant=tenant))
    base.execute('INSERT INTO tenant_usage (tenant_id, kind, used) VALUES (?, ?, ?) ON CONFLICT (tenant_id, kind) '
                 'DO UPDATE SET used = excluded.used', (tenant, 'assets', ASSETS))
    base.execute('INSERT INTO record_numbers (tenant_id, kind, last) VALUES (?, ?, ?)', (tenant, 'assets', ASSETS))
    base.commit()
    base.close()
    return time.monotonic() - start


def add_admin(data):
    subprocess.run([data.programs['tether'], 'user', 'add', '--config', data.config, '--tenant', 'bench-0', '--email', ADMIN,
                    '--name', 'Admin', '--role', 'admin'], check=True, env={**os.environ, 'TETHER_PASSWORD': PASSWORD},
                   stdout=subprocess.DEVNULL)


class Client:
    def __init__(self, tether):
        self.connection = http.client.HTTPConnection('127.0.0.1', tether.http)
        self.headers = {'Host': HOST}
        reply = self.ask('POST', '/api/auth/login', f'username={ADMIN}&password={PASSWORD}'.replace(' ', '+'),
                         'application/x-www-form-urlencoded')
        self.token = reply['access_token']
        self.headers['Authorization'] = f'Bearer {self.token}'

    def ask(self, method, path, body=None, kind=None):
        headers = {**self.headers, **({'Content-Type': kind} if kind else {})}
        self.connection.request(method, path, body, headers)
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status >= 300:
            raise RuntimeError(f'{method} {path}: {reply.status} {text[:200]}')
        return json.loads(text)


def last_page(client, path):
    """The cursor of the last full page, found by walking there."""
    before = cursor = ''
    while cursor is not None:
        before, cursor = cursor, client.ask('GET', f'{path}&limit=200{f"&cursor={cursor}" if cursor else ""}')['next']
    return before


def page_times(client, wanted):
    """Milliseconds of the slowest of some, for what people do with lists."""
    client.connection.close()  # it may have been idle for too long; the next request opens another
    heading('Lists and searches, one at a time', 'list', 'p50 ms', 'slowest ms')
    asked = ['sort=name', 'sort=-purchase_date', 'status=retired', 'status=available', 'status=retired&sort=-name',
             'q=ast-000123', 'q=laptop', 'q=laptop&sort=-name', 'q=sn0009999', 'q=laptop%20sn00099999', 'sort=-name,id']
    for query in asked:
        times = []
        for _ in range(5 * wanted.rounds):
            start = time.monotonic()
            client.ask('GET', f'/api/assets?limit=50&{query}')
            times.append((time.monotonic() - start) * 1000)
        row(f'`?{query}`', f'{sorted(times)[len(times) // 2]:.1f}', f'{max(times):.1f}')


def create_rate(tether, client, wanted):
    body = os.path.join(tether.data.folder, 'asset')
    with open(body, 'w', encoding='ascii') as file:
        json.dump({'name': 'Laptop', 'serial_number': 'C02XK1', 'manufacturer': 'Acme', 'purchase_cost': 1999.5,
                   'currency': 'EUR'}, file)
    case = Case('create', '/api/assets', 201, [*bearer(client.token), 'content-type: application/json'], body)
    output = subprocess.run(['h2load', '-t', str(load.THREADS), '-D', str(max(5, wanted.seconds)), '-c', str(WRITERS), '--h1',
                             '-d', body, *load.h2load_args(tether, case, 'HTTP/1.1')], check=True, capture_output=True,
                            text=True).stdout
    load.check(output, case)
    return float(re.search(r'finished in \S+, (\S+) req/s', output).group(1))


def records(programs, scratch, wanted):
    data = prepared(programs, scratch)
    seconds = seed(data)
    add_admin(data)
    tether = Tether(data)
    client = Client(tether)
    print(f'\n{ASSETS} assets seeded in {seconds:.0f} s')
    by_name = last_page(client, '/api/assets?sort=name')
    head = bearer(client.token)
    cases = [Case('one asset', '/api/assets/500000', headers=head),
             Case('50 assets, first page', '/api/assets?limit=50&sort=name', headers=head),
             Case('50 assets, last page', f'/api/assets?limit=50&sort=name&cursor={by_name}', headers=head)]
    heading(f'Records, {ASSETS} in the tenant, beside bare libh2o with the same bytes', 'request', 'protocol', 'Tether req/s',
            'bare req/s', 'ratio', 'Tether CPU us', 'bare CPU us', 'Tether p50 / p99 ms', 'bare p50 / p99 ms', 'others')
    for case in cases:
        reply = os.path.join(data.folder, 'reply')
        save_reply(tether, case, reply)
        for protocol in ('h2c', 'HTTP/1.1'):
            bare = Bare(data, reply, False)
            compare(tether, bare, case, protocol, wanted)
            bare.end()
    page_times(client, wanted)
    tether.end()
    heading('New assets, each durable, with its words, counter and audit row, beside SQLite alone with the same statements, '
            f'{raw_assets.WORKERS} in a transaction', 'clients', 'assets/s', 'SQLite alone, assets/s', 'ratio', 'others')
    for _ in range(min(3, wanted.rounds)):
        noise = Noise()
        tether = Tether(data)
        ours = create_rate(tether, Client(tether), wanted)
        tether.end()
        alone = raw_assets.create_rate(os.path.join(data.folder, 'tether.db'), max(5, wanted.seconds))
        row(WRITERS, f'{ours:.0f}', f'{alone:.0f}', f'{ours / alone:.2f}', noise)
