"""How much of the machine others used meanwhile: with neighbours at work, rates say little."""
import os
import resource
import time

from servers import TICKS, Server

LOUD_PERCENT = 10


def all_busy_seconds():
    with open('/proc/stat', encoding='ascii') as stat:
        fields = [int(n) for n in stat.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS  # idle, waiting for disks


def own_seconds():
    """Of this program, of what it has run to the end, and of the servers that run."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    ended = sum(use.ru_utime + use.ru_stime for use in uses)
    return ended + sum(server.cpu_seconds() for kind in Server.__subclasses__() for server in kind.running)


class Noise:
    """From its making on. Make it and read it while the same servers run."""

    def __init__(self):
        self.start, self.busy, self.own = time.monotonic(), all_busy_seconds(), own_seconds()

    def __str__(self):
        others = (all_busy_seconds() - self.busy) - (own_seconds() - self.own)
        percent = max(0, 100 * others / (time.monotonic() - self.start) / (os.cpu_count() or 1))
        return f'{percent:.0f} %' + (' (!)' if percent > LOUD_PERCENT else '')
