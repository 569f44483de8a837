# Signpost. Apache-2.0; see LICENSE.
"""Load for forwarders: names that are in the cache, names that nobody ever asked for, and a mixture."""
import contextlib
import random

from support.bench import forward_contestants, measure

HIT, MISS, MIXED = "cache hits", "cache misses", "9 hits to 1 miss"
CACHED_NAMES = 1000
# More lines than any of them answers in a second.
LINES_PER_SECOND = {HIT: 50_000, MISS: 60_000, MIXED: 150_000}


def _cached_name(number):
    return f"h{number:06}.bench.example A\n"


class Queries:
    """Writes the files that dnsperf reads; each file's misses are new names."""

    def __init__(self, home, options):
        self._home, self._seconds, self._random = home, options.seconds, random.Random(options.seed)
        self._missed = 0
        self.warming = home / "forward-warm.txt"
        self.warming.write_text("".join(map(_cached_name, range(CACHED_NAMES))))

    def file(self, load):
        """For one run; the next call overwrites it."""
        path = self._home / "forward-queries.txt"
        count = LINES_PER_SECOND[load] * self._seconds
        with open(path, "w") as out:
            out.writelines(self._line(load, number) for number in range(count))
        return path

    def _line(self, load, number):
        if load == MISS or load == MIXED and number % 10 == 0:
            self._missed += 1
            return f"m{self._missed:09}.bench.example A\n"
        return _cached_name(self._random.randrange(CACHED_NAMES))


def run(home, options):
    """{(server name, load): [Run, ...]}, one Run per round, the order turned by one place in every round."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(contextlib.closing(forward_contestants.Upstream(home)))
        servers = []
        for make in forward_contestants.ALL:
            servers.append(stack.enter_context(contextlib.closing(make(home, upstream.port))))
            print(f"started forwarder {servers[-1].name}", flush=True)
        lanes = [(server, load) for load in (HIT, MISS, MIXED) for server in servers
                 if load == HIT or server.name != forward_contestants.FLOOR]
        queries = Queries(home, options)
        runs = {(server.name, load): [] for server, load in lanes}
        for number in range(options.rounds):
            turn = number % len(lanes)
            for server, load in lanes[turn:] + lanes[:turn]:
                runs[server.name, load].append(_drive(server, load, queries, options))
                done = runs[server.name, load][-1]
                print(f"round {number + 1}: {server.name}, {load}: {done.rate:,.0f}/s, {done.cpu_us:.2f} µs CPU", flush=True)
        return runs


def _drive(server, load, queries, options):
    measure.warm(server.port, queries.warming)
    return measure.drive(server.pid, server.port, queries.file(load), options.seconds, once=load != HIT)
