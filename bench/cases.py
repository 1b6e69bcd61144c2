"""What is measured."""
import os
import resource
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import quote_plus

import load
from noise import Noise
from servers import HOST, PASSWORD, Bare, Data, Tether

USERS = 1000
PACED_RATE = 1000
ARGON2_BYTES, ARGON2_PASSES, HASH_THREADS = 19 << 20, 2, max(1, (os.cpu_count() or 1) // 2)
FLOOD_CLIENTS = 200  # more than the password lane and its queue (64) hold: each waits for its answer
FLOOD_LEAD = 6  # seconds until the queue is full
WRITERS = 32
MEMORY_FOLDER, FAST_SYNC_US = '/dev/shm', 120  # stands for a fast disk that nobody else uses
IDLE_CONNECTIONS = 9900  # about as many as the preset of server.max_connections allows


@dataclass
class Case:
    name: str
    path: str
    status: int = 200
    headers: list = field(default_factory=list)
    body: str = ''


def bearer(token):
    return [f'authorization: Bearer {token}']


def me_case(token):
    return Case('me', '/api/auth/me', headers=bearer(token))


def login_case(folder, email):
    body = os.path.join(folder, 'login')
    with open(body, 'w', encoding='ascii') as file:
        file.write(f'username={quote_plus(email)}&password={quote_plus(PASSWORD)}')
    return Case('login', '/api/auth/login', headers=['content-type: application/x-www-form-urlencoded'], body=body)


def save_reply(server, case, path):
    headers = [arg for header in [f'host: {HOST}', *case.headers] for arg in ('-H', header)]
    with open(path, 'wb') as file:
        subprocess.run(['curl', '-s', '-i', *headers, f'http://127.0.0.1:{server.http}{case.path}'], check=True,
                       stdout=file)


def prepared(programs, scratch, users=USERS, tokens=USERS, api_tokens=0):
    """Data of so many users, seeded once in a run."""
    key = (users, tokens, api_tokens)
    if key not in prepared.kept:
        prepared.kept[key] = Data(programs, scratch, *key)
    return prepared.kept[key]


prepared.kept = {}


def heading(title, *columns):
    print(f'\n{title}\n\n| ' + ' | '.join(columns) + ' |\n|' + ' --- |' * len(columns), flush=True)


def row(*cells):
    print('| ' + ' | '.join(str(cell) for cell in cells) + ' |', flush=True)


# --- replies beside bare libh2o ---

def in_turn(rounds, *ways):
    """What each gave in each round. Who begins changes, so that a machine that grows slower or faster favours none."""
    taken = tuple([] for _ in ways)
    for n in range(rounds):
        for way, given in list(zip(ways, taken))[::1 if n % 2 == 0 else -1]:
            given.append(way())
    return taken


def compare(tether, bare, case, protocol, wanted):
    noise = Noise()
    ours, theirs = in_turn(wanted.rounds, lambda: load.saturate(tether, case, protocol, wanted.seconds),
                           lambda: load.saturate(bare, case, protocol, wanted.seconds))
    ratio = median(one.rate / other.rate for one, other in zip(ours, theirs))
    latencies = [load.pace(server, case, protocol, PACED_RATE, wanted.seconds, tether.data.folder)
                 for server in (tether, bare)]
    row(case.name, protocol, f'{median(o.rate for o in ours):.0f}', f'{median(t.rate for t in theirs):.0f}',
        f'{ratio:.2f}', f'{median(o.cpu_us for o in ours):.1f}', f'{median(t.cpu_us for t in theirs):.1f}',
        *(' / '.join(f'{load.percentile(times, p):.2f}' for p in (50, 99)) for times in latencies), noise)


def http(programs, scratch, wanted):
    data = prepared(programs, scratch)
    token = data.tokens[0][1]
    wrong = token[:-6] + ('AAAAAA' if token[-6:] != 'AAAAAA' else 'BBBBBB')
    tether = Tether(data)
    rows = [
        (me_case(token), ['h2c', 'TLS h2', 'HTTP/1.1']),
        (Case('verify-token', '/api/auth/verify-token', headers=bearer(token)), ['h2c', 'HTTP/1.1']),
        (Case('wrong token', '/api/auth/me', 401, bearer(wrong)), ['h2c', 'HTTP/1.1']),
        (Case('no route', '/api/nothing/here', 404), ['h2c', 'HTTP/1.1']),
    ]
    heading('Replies, beside bare libh2o with the same bytes', 'request', 'protocol', 'Tether req/s', 'bare req/s',
            'ratio', 'Tether CPU us', 'bare CPU us', 'Tether p50 / p99 ms', 'bare p50 / p99 ms', 'others')
    for case, protocols in rows:
        reply = os.path.join(data.folder, 'reply')
        save_reply(tether, case, reply)
        for protocol in protocols:
            bare = Bare(data, reply, load.PROTOCOLS[protocol][0] == 'https')
            compare(tether, bare, case, protocol, wanted)
            bare.end()
    print(f'\nresident after this: {tether.resident_mib():.1f} MiB')
    tether.end()


# --- sign-ins ---

def hash_rate(programs, seconds, *kept):
    """Hashes a second, and processor milliseconds of one. 'kept': in memory that is kept, as the server's is."""
    output = subprocess.run([programs['hash_rate'], str(HASH_THREADS), str(seconds), str(ARGON2_BYTES),
                             str(ARGON2_PASSES), *kept], check=True, capture_output=True, text=True).stdout
    rate, cpu_ms = output.split()
    return float(rate), float(cpu_ms)


def login_rate(tether, case, seconds):
    """With enough clients that no hash thread ever waits, and few enough that none is refused. The second
    figure: processor milliseconds of one."""
    clients, before = HASH_THREADS * 4, tether.cpu_seconds()
    statuses = [status for status, _ in load.Logins(tether, case, 10000 * clients, seconds, clients, tether.data.folder).replies()]
    if not statuses or any(status != 200 for status in statuses):
        raise RuntimeError(f'logins were answered {sorted(set(statuses))}')
    return len(statuses) / seconds, (tether.cpu_seconds() - before) * 1000 / len(statuses)


def rate_and_ratio(ours, theirs):
    return f'{median(t[0] for t in theirs):.1f}', f'{median(o[0] / t[0] for o, t in zip(ours, theirs)):.2f}'


def login(programs, scratch, wanted):
    data = prepared(programs, scratch)
    tether = Tether(data)
    case = login_case(data.folder, 'u1@example.com')
    seconds, noise = max(4, wanted.seconds), Noise()
    raw, kept, ours = in_turn(wanted.rounds, lambda: hash_rate(programs, seconds), lambda: hash_rate(programs, seconds, 'kept'),
                              lambda: login_rate(tether, case, seconds))
    if median(k[1] / o[1] for o, k in zip(ours, kept)) > 1.1:
        raise RuntimeError('a login took less processor time than its hash: the measurement is wrong')
    heading('Sign-ins, beside argon2id alone', 'hash threads', 'logins/s', 'hashes/s, libsodium as it comes', 'ratio',
            'hashes/s in kept memory', 'ratio', 'CPU ms of a login', 'of a hash as it comes', 'of one in kept memory', 'others')
    row(HASH_THREADS, f'{median(o[0] for o in ours):.1f}', *rate_and_ratio(ours, raw), *rate_and_ratio(ours, kept),
        *(f'{median(cpu_ms for _, cpu_ms in taken):.1f}' for taken in (ours, raw, kept)), noise)
    tether.end()


class Flood:
    """Three times the sign-ins that the machine can hash, and what became of them."""

    def __init__(self, tether, per_second):
        self.tether, self.per_second, self.accepted, self.refused = tether, per_second, 0, []
        self.case = login_case(tether.data.folder, 'u1@example.com')

    def during(self, measured, seconds):
        """What measured() gives while it lasts; that takes so long."""
        logins = load.Logins(self.tether, self.case, self.per_second, FLOOD_LEAD + seconds + 2, FLOOD_CLIENTS,
                             self.tether.data.folder, spread=True)
        time.sleep(FLOOD_LEAD)
        result = measured()
        replies = logins.replies()
        self.accepted += sum(status == 200 for status, _ in replies)
        self.refused += [ms for status, ms in replies if status in (429, 503)]
        return result


def flood(programs, scratch, wanted):
    data = prepared(programs, scratch)
    tether = Tether(data)
    me = me_case(data.tokens[0][1])
    noise, logins = Noise(), Flood(tether, 3 * hash_rate(programs, 3, 'kept')[0])

    def measured():
        return (load.saturate(tether, me, 'h2c', wanted.seconds).rate,
                load.pace(tether, me, 'h2c', PACED_RATE, wanted.seconds, data.folder))

    calm, busy = in_turn(wanted.rounds, measured, lambda: logins.during(measured, 2 * wanted.seconds))
    heading(f'me (h2c) while {logins.per_second:.0f} logins/s arrive, three times what the machine can hash', '', 'calm',
            'flood', 'flood / calm')
    rates = [[rate for rate, _ in rounds] for rounds in (calm, busy)]
    row('req/s', *(f'{median(of):.0f}' for of in rates), f'{median(b / c for c, b in zip(*rates)):.2f}')
    times = [[ms for _, replies in rounds for ms in replies] for rounds in (calm, busy)]
    for percent in (50, 99):
        both = [load.percentile(of, percent) for of in times]
        row(f'p{percent} ms', *(f'{ms:.2f}' for ms in both), f'{both[1] / both[0]:.2f}')
    if not logins.refused:
        raise RuntimeError('no login was refused: this was no flood')
    print(f'\nlogins answered 200: {logins.accepted}; refused with 503 or 429: {len(logins.refused)}, the slowest after '
          f'{max(logins.refused):.0f} ms; others used {noise}')
    tether.end()


# --- many users ---

class Spread:
    """`me` when every request bears another of so many tokens."""

    def __init__(self, tether, users, count, wanted):
        self.tether, self.users, self.seconds = tether, users, wanted.seconds
        self.tokens = tether.data.tokens[::len(tether.data.tokens) // count]
        self.cpu_seconds = self.requests = 0
        self.ask(1)

    def ask(self, seconds):
        return load.many_tokens(self.tether, self.tokens, '/api/auth/me', seconds, self.tether.data.folder)

    def rate(self):
        before = self.tether.cpu_seconds()
        rate = self.ask(self.seconds)
        self.cpu_seconds += self.tether.cpu_seconds() - before
        self.requests += rate * self.seconds
        return rate

    def row(self, rates, ratio, noise):
        row(self.users, f'{self.tether.data.seed_seconds:.0f} s', len(self.tokens), f'{median(rates):.0f}', ratio,
            f'{self.cpu_seconds * 1e6 / self.requests:.1f}', f'{self.tether.resident_mib():.1f}', noise)


def users(programs, scratch, wanted):
    if not load.has_wrk():
        print('wrk is not installed: left out')
        return
    heading('me (HTTP/1.1) when every request bears another token', 'users', 'seeded in', 'tokens', 'req/s',
            'of the rate of a thousand', 'CPU us', 'resident MiB', 'others')
    few = Tether(prepared(programs, scratch))
    if not wanted.million:
        spread, noise = Spread(few, USERS, USERS, wanted), Noise()
        spread.row([spread.rate() for _ in range(wanted.rounds)], '', noise)
    else:
        many = Tether(prepared(programs, scratch, 1000000, 100000))
        for tokens in (USERS, 100000):
            one, other, noise = Spread(few, USERS, USERS, wanted), Spread(many, 1000000, tokens, wanted), Noise()
            rates = in_turn(wanted.rounds, one.rate, other.rate)
            one.row(rates[0], '', noise)
            other.row(rates[1], f'{median(m / f for f, m in zip(*rates)):.2f}', noise)
        many.end()
    few.end()


# --- the rest ---

def writes_on(disk, programs, folder, wanted, *sync_us):
    noise, taken = Noise(), []
    for n in range(wanted.rounds):
        part = os.path.join(folder, f'writes-{n}')
        os.makedirs(part)
        output = subprocess.run([programs['writes'], part, str(wanted.seconds), str(WRITERS), *sync_us], check=True,
                                capture_output=True, text=True).stdout
        taken.append({name: float(rate) for name, rate in (line.split() for line in output.splitlines())})
    bare, one, many = (median(rates[name] for rates in taken) for name in ('bare', 'one', 'many'))
    ratio = median(rates['many'] / rates['bare'] for rates in taken)
    row(disk, f'{bare:.0f}/s', f'{one:.0f}/s', f'{many:.0f}/s', f'{ratio:.1f}', noise)


def writes(programs, scratch, wanted):
    heading('Durable single-row writes (SQLite)', 'disk', 'bare SQLite, a commit each', 'storage layer, 1 client',
            f'storage layer, {WRITERS} clients', 'ratio to bare', 'others')
    writes_on('this one', programs, scratch, wanted)
    if os.access(MEMORY_FOLDER, os.W_OK):
        with tempfile.TemporaryDirectory(prefix='tether-bench.', dir=MEMORY_FOLDER) as folder:
            writes_on(f'one that syncs within {FAST_SYNC_US} us', programs, folder, wanted, str(FAST_SYNC_US))


def imports(programs, scratch, wanted):
    """A file of assets, as the server's own import does it; each into a tenant of its own."""
    heading('Import of a CSV file (SQLite)', 'result of each round', 'others')
    for n in range(min(3, wanted.rounds)):
        noise = Noise()
        output = subprocess.run([programs['import'], 'sqlite', os.path.join(scratch, f'import-{n}.db')], check=True,
                                capture_output=True, text=True).stdout
        row(output.strip(), noise)


def allow_connections(count):
    """As many open files as so many connections need."""
    low, high = resource.getrlimit(resource.RLIMIT_NOFILE)
    if high < count + 200:
        raise RuntimeError(f'{count} connections need more file descriptors than this shell may have ({high})')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(low, count + 200), high))


def idle_connections(server, count):
    """So many, each of which was answered once and then stays open."""
    allow_connections(count)
    request = f'GET /api/public/branding HTTP/1.1\r\nHost: {HOST}\r\n\r\n'.encode()
    links = [socket.create_connection(('127.0.0.1', server.http)) for _ in range(count)]
    for link in links:
        link.sendall(request)
    for link in links:
        if not link.recv(4096).startswith(b'HTTP/1.1 200'):
            raise RuntimeError('an idle connection was not answered')
    return links


def memory(programs, scratch, wanted):
    data = prepared(programs, scratch)
    tether = Tether(data, asked=False)
    time.sleep(wanted.seconds)
    rest, shared = tether.resident_mib(), tether.shared_mib()
    tether.end()
    tether = Tether(data)
    first_ms = tether.first_reply_ms
    time.sleep(wanted.seconds)
    asked = tether.resident_mib()
    links = idle_connections(tether, IDLE_CONNECTIONS)
    busy = tether.resident_mib()
    for link in links:
        link.close()
    heading('Memory, all processes, MiB', 'processes', 'at rest', 'the same, shared pages divided', 'after the first replies',
            f'with {IDLE_CONNECTIONS} idle connections', 'first 200 after ms')
    row(len(tether.pids()), f'{rest:.1f}', f'{shared:.1f}' if shared else 'unknown', f'{asked:.1f}', f'{busy:.1f}',
        f'{first_ms:.0f}')
    tether.end()
