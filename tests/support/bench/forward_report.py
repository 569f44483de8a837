# Signpost. Apache-2.0; see LICENSE.
"""From measured runs of forwarders to their part of the DNS section of docs/performance.md."""
from support.bench import measure, page
from support.bench.forward_contestants import DNSD, DNSMASQ, FLOOR, UNBOUND
from support.bench.forward_runs import CACHED_NAMES, HIT, MISS, MIXED


class Result:
    """`runs`: as forward_runs.run returns them."""

    def __init__(self, runs, options):
        self.runs, self.options = runs, options

    def _ratio(self, load, rival):
        return measure.ratios(*([run.cpu_us for run in self.runs[name, load]] for name in (DNSD, rival)))

    def goals(self):
        """(goal, measured, holds) rows; ratios are medians of the rounds' ratios."""
        return [page.at_most("CPU per cache hit, dnsd / floor", self._ratio(HIT, FLOOR), 1.30),
                page.below("CPU per cache hit, dnsd / Unbound", self._ratio(HIT, UNBOUND), 1)]

    def tables(self):
        return "\n".join(["### Forwarding\n", _prose(self.options), self._rate_table(), self._ratio_table()])

    def text(self):
        """Without the rest of the section."""
        return "\n".join([self.tables(), page.goal_table(self.goals()), self.commands()])

    def _rate_table(self):
        rows = []
        for (name, load), runs in self.runs.items():
            rate, cpu = measure.spread(r.rate for r in runs), measure.spread(r.cpu_us for r in runs)
            rows.append((load, name, f"{rate.median:,.0f} ({rate.low:,.0f}–{rate.high:,.0f})",
                         f"{cpu.median:.2f} ({cpu.low:.2f}–{cpu.high:.2f})", sum(r.lost for r in runs)))
        return page.table(("Load", "Contestant", "answers/s, median (range)", "CPU µs each, median (range)", "lost"), rows)

    def _ratio_table(self):
        rivals = (FLOOR, UNBOUND, DNSMASQ)
        rows = [(load, *(page.range_of(self._ratio(load, rival)) if (rival, load) in self.runs else "" for rival in rivals))
                for load in (HIT, MISS, MIXED)]
        return page.table(("CPU per answer, dnsd against", *rivals), rows)

    def commands(self):
        return f"""\
    taskset -c {measure.GENERATOR_CORE} bench_udp_echo UPSTREAM 3600
    taskset -c {measure.SERVER_CORE} dnsd --listen 127.0.0.1:PORT --threads 1 --upstream 127.0.0.1:UPSTREAM
    taskset -c {measure.SERVER_CORE} unbound -d -p -c unbound.conf  # num-threads: 1, module-config: "iterator", forward-zone "."
    taskset -c {measure.SERVER_CORE} dnsmasq --no-resolv --no-hosts --cache-size=10000 --server=127.0.0.1#UPSTREAM --port=PORT
"""


def _prose(options):
    return f"""\
Forwarders with one upstream, which answers at once and shares core {measure.GENERATOR_CORE} with dnsperf; {options.rounds} rounds of {options.seconds} s
likewise. Hits are {CACHED_NAMES:,} names in random order, asked once before every run; misses are names that were never
asked before. CPU time is of all threads of the forwarder, which share core {measure.SERVER_CORE}: of a miss it has both conversations, with the
client and with the upstream. Unbound has one thread and 512 MB of cache and validates nothing; dnsmasq 10,000 names.
"""
