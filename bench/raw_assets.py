"""What SQLite alone does with the statements of new assets, in one transaction for as many as the server can have at once."""
import os
import sqlite3
import time

WORKERS = max(8, 4 * (os.cpu_count() or 1))  # as `workers: auto` gives; each has one asset in a shared commit
WRITER = ('foreign_keys=ON', 'cell_size_check=ON', 'temp_store=MEMORY', 'cache_size=-16384', 'wal_autocheckpoint=1000', 'journal_mode=WAL',
          'synchronous=FULL')  # as in backends/sqlite/handle.c and checkpoint.c

TAKE = """INSERT INTO tenant_usage (tenant_id, kind, used) VALUES (?, 'assets', 1)
ON CONFLICT (tenant_id, kind) DO UPDATE SET used = tenant_usage.used + 1 WHERE tenant_usage.used + 1 <= 100000000"""
NUMBER = """INSERT INTO record_numbers (tenant_id, kind, last) VALUES (?, 'assets', 1)
ON CONFLICT (tenant_id, kind) DO UPDATE SET last = record_numbers.last + 1 RETURNING last"""
TAG = 'SELECT 1 FROM assets WHERE tenant_id = ? AND tag = ?'
ASSET = """INSERT INTO assets (tenant_id, created_at, updated_at, tag, name, status, serial_number, manufacturer, purchase_cost, currency)
VALUES (?, ?, ?, ?, 'Laptop', 'available', 'C02XK1', 'Acme', 199950, 'EUR') RETURNING id"""
WORD = """INSERT INTO record_words (tenant_id, kind, word, record_id) VALUES (?, 'assets', ?, ?)
ON CONFLICT (tenant_id, kind, word, record_id) DO NOTHING"""
TEXT = "INSERT INTO record_texts (tenant_id, kind, words, record_id) VALUES (?, 'assets', ?, ?)"
AGAIN = 'SELECT * FROM assets WHERE tenant_id = ? AND id = ?'
PLACE = """INSERT INTO audit_heads (tenant_id, seq, hash, first_hash) VALUES (?, 1, ?, ?)
ON CONFLICT (tenant_id) DO UPDATE SET seq = audit_heads.seq + 1 RETURNING seq, hash"""
AUDIT = """INSERT INTO audit_log (tenant_id, seq, at, action, actor_kind, actor_id, actor_name, target_kind, target_id, target_name,
before_json, after_json, address, request_id, hash) VALUES (?, ?, ?, 'asset.created', 'user', 1, 'assets-admin@example.com', 'asset', ?, ?,
NULL, ?, '127.0.0.1', 'AAAAAAAAAAAAAAAAAAAAAA', ?)"""
HEAD = 'UPDATE audit_heads SET hash = ? WHERE tenant_id = ?'
TOLD = ('{"tag":"%s","name":"Laptop","status":"available","category_id":null,"location_id":null,"serial_number":"C02XK1",'
        '"manufacturer":"Acme","model":null,"purchase_date":null,"purchase_cost":"1999.50","currency":"EUR"}')
HASH = bytes(32)


def create(base, tenant):
    now = time.time_ns() // 1000
    base.execute('SAVEPOINT part')
    base.execute(TAKE, (tenant,))
    number = base.execute(NUMBER, (tenant,)).fetchall()[0][0]
    tag = f'AST-{number:06d}'
    base.execute(TAG, (tenant, tag)).fetchall()
    asset = base.execute(ASSET, (tenant, now, now, tag)).fetchall()[0][0]
    words = (tag.lower(), tag[4:], 'laptop', 'c02xk1', 'acme')
    base.execute(TEXT, (tenant, '\n' + '\n'.join(words), asset))
    for word in words:
        base.execute(WORD, (tenant, word, asset))
    base.execute(AGAIN, (tenant, asset)).fetchall()
    seq = base.execute(PLACE, (tenant, HASH, HASH)).fetchall()[0][0]
    base.execute(AUDIT, (tenant, seq, now, asset, tag, TOLD % tag, HASH))
    base.execute(HEAD, (HASH, tenant))
    base.execute('RELEASE part')


def create_rate(path, seconds):
    """Assets a second; only while no server has the data."""
    base = sqlite3.connect(path, isolation_level=None, cached_statements=64)
    for pragma in WRITER:
        base.execute(f'PRAGMA {pragma}')
    tenant = base.execute("SELECT id FROM tenants WHERE slug = 'bench-0'").fetchone()[0]
    made, start = 0, time.monotonic()
    while time.monotonic() < start + seconds:
        base.execute('BEGIN IMMEDIATE')
        for _ in range(WORKERS):
            create(base, tenant)
        base.execute('COMMIT')
        made += WORKERS
    rate = made / (time.monotonic() - start)
    base.close()
    return rate
