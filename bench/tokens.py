"""API tokens as proxies ask about them: known ones, all of them in turn, and such as nobody has."""
import hashlib
import os
import random
from statistics import median

import cases
import load
from noise import Noise
from servers import HOST, Bare, Tether

API_TOKENS = 100_000
PATH = '/api/auth/forward'
DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'


def well_formed():
    """A token that nobody has, with the checksum it should have."""
    text = 'tth_' + ''.join(random.choices(DIGITS, k=43))
    value, check = int.from_bytes(hashlib.sha256(text.encode('ascii')).digest()[:8], 'big'), ''
    for _ in range(6):
        value, digit = divmod(value, 62)
        check += DIGITS[digit]
    return text + check


def one_at_a_time(tether, wanted):
    known = next(token for slug, token in tether.data.api_tokens if f'{slug}.localhost' == HOST)
    mistyped = known[:20] + ('A' if known[20] != 'A' else 'B') + known[21:]
    requests = [('forward, API token', 200, known), ('forward, mistyped token', 401, mistyped),
                ('forward, unknown token', 401, well_formed())]
    cases.heading(f'Forward, one token at a time, beside bare libh2o with the same bytes; {API_TOKENS} live tokens', 'request',
                  'protocol', 'Tether req/s', 'bare req/s', 'ratio', 'Tether CPU us', 'bare CPU us', 'Tether p50 / p99 ms',
                  'bare p50 / p99 ms', 'others')
    for name, status, token in requests:
        case = cases.Case(name, PATH, status, cases.bearer(token))
        reply = os.path.join(tether.data.folder, 'reply')
        cases.save_reply(tether, case, reply)
        for protocol in ('h2c', 'HTTP/1.1'):
            bare = Bare(tether.data, reply, False)
            cases.compare(tether, bare, case, protocol, wanted)
            bare.end()


def beside_bare(tether, bare, name, tokens, wanted, refused):
    def rate(server, seconds):
        return load.many_tokens(server, tokens, PATH, seconds, tether.data.folder, refused)

    noise = Noise()
    for server in (tether, bare):
        rate(server, 4 * wanted.seconds)
    before = tether.cpu_seconds()
    ours, theirs = cases.in_turn(wanted.rounds, lambda: rate(tether, wanted.seconds), lambda: rate(bare, wanted.seconds))
    cpu_us = (tether.cpu_seconds() - before) * 1e6 / (sum(ours) * wanted.seconds)
    cases.row(name, len(tokens), f'{median(ours):.0f}', f'{median(theirs):.0f}',
              f'{median(one / other for one, other in zip(ours, theirs)):.2f}', f'{cpu_us:.1f}',
              f'{tether.resident_mib("RssAnon"):.1f}', noise)


def all_in_turn(tether, wanted):
    unknown = [('bench-0', well_formed()) for _ in range(API_TOKENS)]
    cases.heading('Forward (HTTP/1.1) when every request bears another token, beside bare libh2o with the same bytes',
                  'request', 'tokens', 'Tether req/s', 'bare req/s', 'ratio', 'Tether CPU us', 'private MiB', 'others')
    for name, tokens, status in (('API tokens', tether.data.api_tokens, 200), ('unknown tokens', unknown[:5000], 401),
                                 ('unknown tokens', unknown, 401)):
        _, token = tokens[0]
        reply = os.path.join(tether.data.folder, 'reply')
        cases.save_reply(tether, cases.Case(name, PATH, status, cases.bearer(token)), reply)
        bare = Bare(tether.data, reply, False)
        beside_bare(tether, bare, name, tokens, wanted, status == 401)
        bare.end()


def tokens(programs, scratch, wanted):
    tether = Tether(cases.prepared(programs, scratch, api_tokens=API_TOKENS))
    one_at_a_time(tether, wanted)
    if load.has_wrk():
        all_in_turn(tether, wanted)
    else:
        print('wrk is not installed: left out what it measures')
    tether.end()
