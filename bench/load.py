"""Load from h2load and wrk, and what they measured."""
import os
import re
import shutil
import subprocess
import time

from servers import HOST, loops_here

THREADS = max(1, (os.cpu_count() or 1) - loops_here())
PROTOCOLS = {
    'h2c': ('http', ['-c', '16', '-m', '16']),
    'TLS h2': ('https', ['-c', '16', '-m', '16']),
    'HTTP/1.1': ('http', ['-c', '64', '--h1']),
}
PACED_CLIENTS = 16


class Result:
    def __init__(self, rate, requests, cpu_us):
        self.rate, self.requests, self.cpu_us = rate, requests, cpu_us


def h2load_args(server, case, protocol):
    scheme, _ = PROTOCOLS[protocol]
    port = server.https if scheme == 'https' else server.http
    args = [f'--connect-to=127.0.0.1:{port}']
    for header in case.headers:
        args += ['-H', header]
    return args + [f'{scheme}://{HOST}:{port}{case.path}']


def check(output, case):
    """Every request got the status it should: else the figures mean nothing."""
    codes = [int(n) for n in re.search(r'status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx', output).groups()]
    if sum(codes) == 0 or codes[case.status // 100 - 2] != sum(codes):
        raise RuntimeError(f'{case.name}: {codes} replies of 2xx, 3xx, 4xx, 5xx')
    return sum(codes)


def saturate(server, case, protocol, seconds):
    """As much as goes."""
    before = server.cpu_seconds()
    output = subprocess.run(['h2load', '-t', str(THREADS), '-D', str(seconds), *PROTOCOLS[protocol][1],
                             *h2load_args(server, case, protocol)], check=True, capture_output=True, text=True).stdout
    requests = check(output, case)
    rate = float(re.search(r'finished in \S+, (\S+) req/s', output).group(1))
    return Result(rate, requests, (server.cpu_seconds() - before) * 1e6 / requests)


def take_log(path):
    """(status, milliseconds) of every request. Takes the file away: h2load appends to what it finds."""
    with open(path, encoding='ascii') as log:
        rows = [line.split('\t') for line in log]
    os.unlink(path)
    return [(int(row[1]), int(row[2]) / 1000) for row in rows]


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * percent / 100))] if values else float('nan')


def pace(server, case, protocol, per_second, seconds, folder):
    """Milliseconds that each reply took, at a rate that leaves the server idle most of the time."""
    log = os.path.join(folder, 'pace.log')
    extra = ['--h1'] if protocol == 'HTTP/1.1' else []
    output = subprocess.run(['h2load', '-c', str(PACED_CLIENTS), '--rps', str(per_second / PACED_CLIENTS), '-D',
                             str(seconds), f'--log-file={log}', *extra, *h2load_args(server, case, protocol)],
                            check=True, capture_output=True, text=True).stdout
    check(output, case)
    return [ms for _, ms in take_log(log)]


class Logins:
    """A running h2load that posts `case`, each client one at a time: all of them from the start, or spread over time, as
    clients arrive that know nothing of each other."""

    def __init__(self, server, case, per_second, seconds, clients, folder, spread=False):
        self.log, self.seconds = os.path.join(folder, 'logins.log'), seconds
        length = ['-n', str(int(per_second * seconds)), '-r', '1', '--rate-period', f'{max(1, round(1000 / per_second))}ms'] \
            if spread else ['-D', str(seconds)]
        self.process = subprocess.Popen(
            ['h2load', '-c', str(clients), '--h1', '-d', case.body, *length, '--rps', str(per_second / clients),
             f'--log-file={self.log}', *h2load_args(server, case, 'HTTP/1.1')],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def replies(self):
        """(status, milliseconds) of each, once it has ended."""
        self.process.wait(self.seconds + 30)
        return take_log(self.log)


def has_wrk():
    return shutil.which('wrk') is not None


def many_tokens(server, tokens, path, seconds, folder, refused=False):
    """Requests per second over HTTP/1.1 when every request bears another token; None without wrk. refused: each
    of them gets a status of 4xx or 5xx, else none."""
    if not has_wrk():
        return None
    script = os.path.join(folder, 'tokens.lua')
    heads = ',\n'.join(f'"GET {path} HTTP/1.1\\r\\nHost: {slug}.localhost\\r\\nAuthorization: Bearer {token}\\r\\n\\r\\n"'
                       for slug, token in tokens)
    with open(script, 'w', encoding='ascii') as file:
        file.write(f'local heads = {{\n{heads}\n}}\nlocal i = 0\n'
                   'request = function() i = i % #heads + 1 return heads[i] end\n')
    output = subprocess.run(['wrk', '-t', '1', '-c', '64', '-d', str(seconds), '-s', script,
                             f'http://127.0.0.1:{server.http}/'], check=True, capture_output=True, text=True).stdout
    failed = int((re.search(r'Non-2xx or 3xx responses: (\d+)', output) or ('', '0'))[1])
    served = int(re.search(r'(\d+) requests in', output).group(1))
    if failed != (served if refused else 0) or 'Socket errors' in output:
        raise RuntimeError(output)
    return float(re.search(r'Requests/sec:\s+(\S+)', output).group(1))
