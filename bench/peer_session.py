"""Tether's `me` beside another program's own way to say who a session belongs to, over HTTP/1.1: each with its own
request and its own reply, so what is compared is what a check of a session costs, whatever else it says."""
from statistics import median

import cases
import load
from noise import Noise


def measure(tether, name, peer, theirs, wanted):
    """theirs: the request, which bears a session that the peer knows."""
    ours, noise = cases.me_case(tether.data.tokens[0][1]), Noise()
    for server, case in ((tether, ours), (peer, theirs)):
        load.saturate(server, case, 'HTTP/1.1', 1)
    results = cases.in_turn(wanted.rounds, lambda: load.saturate(tether, ours, 'HTTP/1.1', wanted.seconds),
                            lambda: load.saturate(peer, theirs, 'HTTP/1.1', wanted.seconds))
    cases.heading(f'Tether beside {name}: who is signed in (HTTP/1.1)', 'request', f'{name}\'s request', 'Tether req/s',
                  f'{name} req/s', 'Tether CPU us', f'{name} CPU us', 'CPU ratio', 'others')
    rates = [f'{median(one.rate for one in some):.0f}' for some in results]
    costs = [f'{median(one.cpu_us for one in some):.1f}' for some in results]
    cases.row(f'`{ours.path}`', f'`{theirs.path}`', *rates, *costs,
              f'{median(other.cpu_us / one.cpu_us for one, other in zip(*results)):.0f}', noise)
