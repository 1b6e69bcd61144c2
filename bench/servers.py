"""The programs under test: built, started on scratch data, watched through /proc, ended."""
import http.client
import os
import socket
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, 'build', 'bench')
HOST = 'bench-0.localhost'
PASSWORD = 'correct horse battery'
START_LIMIT = 30
TICKS = os.sysconf('SC_CLK_TCK')

CONFIG = """
server:
  listen: [ "http://127.0.0.1:{http}", "https://127.0.0.1:{https}" ]
  tls: {{ certificate: certificate.pem, private_key: key.pem }}
  loops: {loops}
  max_connections: 20000
storage: {{ driver: sqlite, sqlite: {{ path: tether.db }} }}
tokens: {{ secret_key: "{key}" }}
rate_limits: {{ enabled: false }}
"""


def loops_here():
    """As many as `loops: auto` gives."""
    return max(1, min(16, (os.cpu_count() or 1) // 2))


def build():
    subprocess.run(['cmake', '--preset', 'release', '-B', BUILD, '-DTETHER_BENCH=ON', '-Wno-dev',
                    '--log-level=WARNING'], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(['ninja', '-C', BUILD, '--quiet'], check=True)
    programs = {name: os.path.join(BUILD, 'bench', f'bench_{name}')
                for name in ('bare_h2o', 'hash_rate', 'seed', 'writes', 'devices', 'import')}
    programs['tether'] = os.path.join(BUILD, 'src', 'tether')
    return programs


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def await_port(port, process):
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError('a server ended before it listened')
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError('a server does not listen')


def await_reply(port, process):
    """The first 200."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError('a server ended before it answered')
        try:
            link = http.client.HTTPConnection('127.0.0.1', port, timeout=1)
            link.request('GET', '/api/public/branding', headers={'Host': HOST})
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.005)
    raise RuntimeError('a server does not answer')


class Server:
    """A process with its children."""
    running = []

    def __init__(self, args, **options):
        self.process = subprocess.Popen(args, **options)
        type(self).running.append(self)

    def pids(self):
        pid = self.process.pid
        with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as children:
            return [pid] + [int(child) for child in children.read().split()]

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
                fields = stat.read().rsplit(')', 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_mib(self, kind='VmRSS'):
        """RssAnon: without the pages of files, the database's among them."""
        total = 0
        for pid in self.pids():
            with open(f'/proc/{pid}/status', encoding='ascii') as status:
                total += sum(int(line.split()[1]) for line in status if line.startswith(kind))
        return total / 1024

    def shared_mib(self):
        """Resident, pages that several processes map divided among them; None where only root may ask."""
        total = 0
        try:
            for pid in self.pids():
                with open(f'/proc/{pid}/smaps_rollup', encoding='ascii') as rollup:
                    total += sum(int(line.split()[1]) for line in rollup if line.startswith('Pss:'))
        except PermissionError:
            return None
        return total / 1024

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        if self in type(self).running:
            type(self).running.remove(self)

    @classmethod
    def end_all(cls):
        for server in list(cls.running):
            server.end()


class Data:
    """A scratch folder with a configuration and a seeded database."""

    def __init__(self, programs, scratch, users, tokens, api_tokens):
        self.programs = programs
        self.folder = os.path.join(scratch, f'users-{users}-{api_tokens}')
        self.config = os.path.join(self.folder, 'tether.yaml')
        self.http, self.https = free_port(), free_port()
        os.makedirs(self.folder)
        self.make_certificate()
        with open(self.config, 'w', encoding='ascii', opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(CONFIG.format(http=self.http, https=self.https, loops=loops_here(), key=os.urandom(32).hex()))
        self.seed(users, tokens, api_tokens)

    def make_certificate(self):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
                        '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', 'key.pem',
                        '-out', 'certificate.pem'], cwd=self.folder, check=True, stderr=subprocess.DEVNULL)

    def seed(self, users, tokens, api_tokens):
        environment = {**os.environ, 'TETHER_PASSWORD': PASSWORD}
        subprocess.run([self.programs['tether'], 'init', '--config', self.config, '--email', 'root@example.com'],
                       check=True, env=environment, stdout=subprocess.DEVNULL)
        start = time.monotonic()
        seeded = subprocess.run([self.programs['seed'], self.config, str(users), str(tokens), str(api_tokens)], check=True,
                                stdout=subprocess.PIPE, text=True)
        self.seed_seconds = time.monotonic() - start
        all_tokens = [line.split() for line in seeded.stdout.splitlines()]
        self.tokens = [one for one in all_tokens if not one[1].startswith('tth_')]
        self.api_tokens = [one for one in all_tokens if one[1].startswith('tth_')]


class Tether(Server):
    running = []

    def __init__(self, data, asked=True):
        """asked: only its first 200 shows that it runs; else that it listens."""
        self.data = data
        self.http, self.https = data.http, data.https
        start = time.monotonic()
        with open(os.path.join(data.folder, 'log'), 'ab') as log:
            super().__init__([data.programs['tether'], 'serve', '--config', data.config], stderr=log)
        (await_reply if asked else await_port)(self.http, self.process)
        self.first_reply_ms = (time.monotonic() - start) * 1000


class Bare(Server):
    """Answers with the bytes of `reply`, a file that `curl -i` wrote."""
    running = []

    def __init__(self, data, reply, tls):
        self.http = self.https = free_port()
        args = [data.programs['bare_h2o'], str(self.http), str(loops_here()), reply]
        if tls:
            args += [os.path.join(data.folder, 'certificate.pem'), os.path.join(data.folder, 'key.pem')]
        super().__init__(args)
        await_port(self.http, self.process)
