"""Tether's `me` beside another program's own way to say who a session belongs to, over HTTP/1.1: each with its own
request and its own reply, so what is compared is what a check of a session costs, whatever else it says."""
from statistics import median

import cases
import load
from noise import Noise


def measure(tether, name, peer, theirs, wanted):
    """theirs: the request, which bears a session that the peer knows."""
    ours, noise, results = cases.me_case(tether.data.tokens[0][1]), Noise(), []
    for server, case in ((tether, ours), (peer, theirs)):
        load.saturate(server, case, 'HTTP/1.1', 1)
    for _ in range(wanted.rounds):
        results.append([load.saturate(server, case, 'HTTP/1.1', wanted.seconds)
                        for server, case in ((tether, ours), (peer, theirs))])
    cases.heading(f'Tether beside {name}: who is signed in (HTTP/1.1)', 'request', f'{name}\'s request', 'Tether req/s',
                  f'{name} req/s', 'Tether CPU us', f'{name} CPU us', 'CPU ratio', 'others')
    rates = [f'{median(pair[i].rate for pair in results):.0f}' for i in (0, 1)]
    costs = [f'{median(pair[i].cpu_us for pair in results):.1f}' for i in (0, 1)]
    cases.row(f'`{ours.path}`', f'`{theirs.path}`', *rates, *costs,
              f'{median(peer.cpu_us / tether.cpu_us for tether, peer in results):.0f}', noise)
