# Signpost. Apache-2.0; see LICENSE.
"""From measured runs to the registry section of docs/performance.md."""
from support.bench import measure, page, registry_requests
from support.bench.registry_servers import CONSUL, DISK, DNSD, PAIRS

LEAST_RATE, MOST_LATENCY, MOST_MEMORY = 2.0, 0.5, 1 / 3

_WRITES = {"agent": "register a service with a TTL check at the agent", "again": "the same registration again",
           "catalog": "register a service with a check in the catalog"}


def operation(kind, connections):
    """Name of a write in the tables."""
    return f"{_WRITES[kind]}, {connections} connection{'s' * (connections > 1)}"


def read_operation(size, gzip, writes):
    instances = f"{registry_requests.SIZES[size]:,} instances"
    return f"health of {instances}, {'gzip' if gzip else 'plain'}" + ", changing" * writes


class Result:
    """Everything that was measured. `runs`: {(operation, server): [Run]}, `wakes`: {(watchers, server): [Wake]},
    `memory`: {server: Memory}; servers by their names."""

    def __init__(self, runs, wakes, memory, versions, options):
        self.runs, self.wakes, self.memory = runs, wakes, memory
        self.versions, self.options = versions, options

    def text(self):
        parts = ["## Registry\n", _prose(self.options), page.machine(self.versions), "### Goals\n", self._goal_table(),
                 "### Rates and CPU\n", self._rate_table(), "### Wake-ups\n", self._wake_table(),
                 "### Memory\n", self._memory_table(), "### How it was run\n", _commands(self.options)]
        return "\n".join(parts)

    def goals(self):
        """(goal, measured, holds) rows; ratios are medians of the rounds' ratios."""
        for name, pair, ours, theirs in _in_pairs(self.runs):
            ratio = measure.ratios([run.rate for run in ours], [run.rate for run in theirs])
            yield f"{name}; {pair}: at least {LEAST_RATE:.0f} times the rate", page.range_of(ratio), ratio.median >= LEAST_RATE
        for count, pair, ours, theirs in _in_pairs(self.wakes):
            ratio = measure.ratios([wake.p99_ms for wake in ours], [wake.p99_ms for wake in theirs])
            yield (f"{count:,} watchers woken; {pair}: p99 at most {MOST_LATENCY:.2f}", page.range_of(ratio),
                   ratio.median <= MOST_LATENCY)
        for pair in PAIRS:
            if f"{DNSD}, {pair}" not in self.memory:
                continue
            ours, theirs = (self.memory[f"{program}, {pair}"] for program in (DNSD, CONSUL))
            for state, label in _STATES.items():
                if getattr(theirs, state):
                    ratio = getattr(ours, state) / getattr(theirs, state)
                    yield f"memory, {label}; {pair}: at most {MOST_MEMORY:.2f}", f"{ratio:.2f}", ratio <= MOST_MEMORY

    def _goal_table(self):
        return page.goal_table(self.goals(), "Goal, dnsd / Consul")

    def _rate_table(self):
        rows = []
        for name, pair, ours, theirs in _in_pairs(self.runs):
            cpu = measure.ratios([run.cpu_us for run in ours], [run.cpu_us for run in theirs])
            for program, runs in ((CONSUL, theirs), (DNSD, ours)):
                rate, each, slow = (measure.spread(getattr(run, field) for run in runs)
                                    for field in ("rate", "cpu_us", "p99_ms"))
                rows.append((name, pair, program, _whole(rate), _tenths(each), f"{slow.median:.1f}",
                             page.range_of(cpu) if program == DNSD else ""))
        return page.table(("Operation", "pair", "server", "requests/s, median (range)", "CPU µs each, median (range)",
                       "p99 ms", "CPU, dnsd / Consul"), rows)

    def _wake_table(self):
        rows = []
        for count, pair, ours, theirs in _in_pairs(self.wakes):
            for program, wakes in ((CONSUL, theirs), (DNSD, ours)):
                spreads = (measure.spread(getattr(wake, field) for wake in wakes)
                           for field in ("p50_ms", "p99_ms", "max_ms", "cpu_us"))
                rows.append((f"{count:,}", pair, program, *map(_tenths, spreads)))
        return page.table(("Watchers", "pair", "server", "p50 ms, median (range)", "p99 ms", "last ms",
                       "CPU µs for each watcher"), rows)

    def _memory_table(self):
        rows = [(name, *(f"{value / 1e6:.1f} MB" if value else "" for value in memory))
                for name, memory in self.memory.items()]
        return page.table(("Resident", *_STATES.values()), rows)


_STATES = {"empty": "empty", "services": f"{registry_requests.OWN_SERVICES:,} services with a check",
           "blocked": "and 4,000 watchers blocked", "woken": "and these woken"}


def _in_pairs(measured):
    """(what, pair, dnsd's, Consul's) of {(what, server name): [...]} where both were measured, in order of `what`."""
    for pair in PAIRS:
        for what in dict.fromkeys(what for what, _ in measured):
            ours, theirs = ((what, f"{program}, {pair}") for program in (DNSD, CONSUL))
            if ours in measured and theirs in measured:
                yield what, pair, measured[ours], measured[theirs]


def _whole(spread):
    return f"{spread.median:,.0f} ({spread.low:,.0f}–{spread.high:,.0f})"


def _tenths(spread):
    return f"{spread.median:,.1f} ({spread.low:,.1f}–{spread.high:,.1f})"


def _prose(options):
    own, watched, reads = (registry_requests.OWN_SERVICES, registry_requests.WATCHED_INSTANCES,
                           registry_requests.READS_PER_WRITE)
    return f"""\
dnsd's embedded registry beside a real Consul. One server at a time works on core {measure.SERVER_CORE}, with one
processor's worth of threads, while our generator asks from core {measure.GENERATOR_CORE} over kept connections, one
request on each at a time; every reply is checked for status 200. The other servers wait idle. {options.rounds} rounds,
the order turned by one place in every round; numbers are medians, with the lowest and the highest round in brackets,
and ratios are formed within a round. When the run began, {options.load:.1f} other processes wanted a core: above zero,
absolute numbers say little.

- Pairs: on *disk* Consul is a server with `bootstrap_expect: 1` and dnsd has its `--data-dir`; in *memory* they run as
  `-dev` and `--dev`. Reads and wake-ups are measured on the disk pair only: Consul indents its JSON in `-dev`, which
  costs it time that it would not need.
- All registrations meet {own:,} services of the agent. Consul answers an agent's registration before it is in the
  catalog; its CPU time here includes what it does for it after the reply. dnsd answers when it is in the catalog and
  on disk. A catalog registration is in both when Consul answers, too.
- *Changing*: after every {reads} reads a check of an instance of that very service changes, so that no answer serves
  for long. The reads have 16 connections.
- Watchers ask for health/service of {watched} instances with `index`, `wait=5m` and gzip, as clients written in Go do.
  The time runs from just before the change (agent/check/update with another status) is sent until a watcher has its
  whole reply; each reply was compared with what a read gets afterwards. CPU time includes blocking again.
- Memory is resident memory, the program's own pages included.
"""


def _commands(options):
    server, generator = f"taskset -c {measure.SERVER_CORE}", f"taskset -c {measure.GENERATOR_CORE}"
    return f"""\
    tools/bench registry --rounds {options.rounds}
    {server} dnsd --threads 1 --http 127.0.0.1:PORT --listen 127.0.0.1:DNS --data-dir DIR    # or --dev
    GOMAXPROCS=1 {server} consul agent -config-file FILE  # http_max_conns_per_client: 10000, or -dev
    {generator} bench_registry_load rate PORT REQUESTS CONNECTIONS COUNT SECONDS
    {generator} bench_registry_load wake PORT /v1/health/service/watched CHANGES WATCHERS
"""
