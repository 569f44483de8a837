# Signpost. Apache-2.0; see LICENSE.
"""From measured runs to the DNS section of docs/performance.md."""
from support.bench import measure, page


def dnsd(services):
    return f"dnsd, {services:,} service{'s' * (services > 1)}"


ECHO, KNOT, CONSUL = ("UDP echo (the floor)", "A"), "Knot, 1,000 services", "Consul, 1 service"


class Result:
    """Everything that was measured; `loaded` and `used` are dnsd's resident bytes by catalog size before and after the
    rate runs."""

    def __init__(self, runs, dnsd_by_size, loaded, used, versions, options):
        self.runs, self.sizes, self.loaded, self.used = runs, dnsd_by_size, loaded, used
        self.versions, self.options = versions, options

    def cpu(self, name, kind):
        return [run.cpu_us for run in self.runs[name, kind]]

    def rate(self, name, kind):
        return [run.rate for run in self.runs[name, kind]]

    def bytes_per_instance(self, resident):
        """Growth from the smallest to the largest catalog, per instance."""
        small, large = min(self.sizes), max(self.sizes)
        return (resident[large] - resident[small]) / ((large - small) * 3)

    def goals(self):
        """(goal, measured, holds) rows; ratios are medians of the rounds' ratios."""
        floor, middle, small, large = self.cpu(*ECHO), dnsd(1000), dnsd(1), dnsd(100_000)
        memory = self.bytes_per_instance(self.used)
        load = self.sizes[100_000].loaded_seconds or self.sizes[100_000].ready_seconds
        rows = [page.at_most("CPU per A answer, dnsd / floor", measure.ratios(self.cpu(middle, "A"), floor), 1.25),
                page.below("CPU per A answer, dnsd / Knot", measure.ratios(self.cpu(middle, "A"), self.cpu(KNOT, "A")), 1),
                page.at_most("CPU per SRV answer, dnsd / floor", measure.ratios(self.cpu(middle, "SRV"), floor), 1.5)]
        for kind in ("A", "SRV"):
            goal, measured, holds = page.at_least(
                f"{kind} rate, dnsd / Consul", measure.ratios(self.rate(small, kind), self.rate(CONSUL, kind)), 7)
            by_cpu = measure.ratios(self.cpu(CONSUL, kind), self.cpu(small, kind))
            rows.append((goal, f"{measured}; by CPU time {page.range_of(by_cpu)}", holds))
        for kind in ("A", "SRV"):
            ratio = measure.ratios(self.cpu(large, kind), self.cpu(small, kind))
            rows.append(page.at_most(f"CPU per {kind} answer, 100,000 services / 1 service", ratio, 1.10))
        return rows + [
            ("memory per instance at 300,000 instances: at most 1,536 bytes", f"{memory:,.0f} bytes", memory <= 1536),
            ("100,000 services loaded in less than 20 s", f"{load:.1f} s", load < 20)]

    def text(self, forward):
        """The whole section; `forward`: the forwarder's part, a forward_report.Result."""
        parts = ["## DNS\n", _prose(self.options), page.machine(self.versions), "### Goals\n",
                 page.goal_table(self.goals() + forward.goals()), "### Rates and CPU\n", self._rate_table(),
                 "### Ratios of CPU time per answer\n", self._ratio_table(), "### Load and memory\n", self._load_table(),
                 forward.tables(), "### How it was run\n", _commands(self.options) + forward.commands()]
        return "\n".join(parts)

    def _rate_table(self):
        rows = ["| Contestant | Type | answers/s, median (range) | CPU µs each, median (range) | lost |",
                "| --- | --- | --- | --- | --- |"]
        for (name, kind), runs in self.runs.items():
            rate, cpu = measure.spread(r.rate for r in runs), measure.spread(r.cpu_us for r in runs)
            rows.append(f"| {name} | {kind} | {rate.median:,.0f} ({rate.low:,.0f}–{rate.high:,.0f}) | "
                        f"{cpu.median:.2f} ({cpu.low:.2f}–{cpu.high:.2f}) | {sum(r.lost for r in runs)} |")
        return "\n".join(rows) + "\n"

    def _ratio_table(self):
        rows = ["| dnsd against | A | SRV |", "| --- | --- | --- |"]
        for name, rival in (("the floor (3 A)", None), (KNOT, KNOT), (CONSUL, CONSUL)):
            cells = []
            for kind in ("A", "SRV"):
                base = self.cpu(rival, kind) if rival else self.cpu(*ECHO)
                cells.append(page.range_of(measure.ratios(self.cpu(dnsd(1 if rival == CONSUL else 1000), kind), base)))
            rows.append(f"| {name} | {cells[0]} | {cells[1]} |")
        return "\n".join(rows) + "\n"

    def _load_table(self):
        rows = ["| Services | instances | start to `/readyz` | all instances fetched | resident, loaded | "
                "resident, every name asked |", "| --- | --- | --- | --- | --- | --- |"]
        for size, server in sorted(self.sizes.items()):
            fetched = f"{server.loaded_seconds:.2f} s" if server.loaded_seconds else "on demand"
            rows.append(f"| {size:,} | {size * 3:,} | {server.ready_seconds:.2f} s | {fetched} | "
                        f"{self.loaded[size] / 1e6:.1f} MB | {self.used[size] / 1e6:.1f} MB |")
        per = [f"{self.bytes_per_instance(resident):,.0f}" for resident in (self.loaded, self.used)]
        rows += ["", f"Per instance (largest less smallest catalog): {per[0]} bytes loaded, {per[1]} bytes when every name",
                 "was asked."]
        return "\n".join(rows) + "\n"


def _prose(options):
    return f"""\
One server at a time answers on core {measure.SERVER_CORE} while dnsperf asks from core {measure.GENERATOR_CORE}, over
loopback, without EDNS; the other servers wait idle. {options.rounds} rounds of {options.seconds} s per contestant and
type, the order turned by one place in every round. Numbers are medians, with the lowest and the highest round in
brackets. Every answer was checked for NOERROR. When the run began, {options.load:.1f} other processes wanted a core: above
zero, absolute rates are too low and cache misses too many.

- Look at **CPU µs each** (run time of all threads of the server, from the scheduler, divided by answers). An absolute
  rate says more about the machine and its neighbours of the moment, and at the top the generator is the limit: a
  server that needs less CPU than dnsperf cannot show it by its rate.
- Ratios are formed within each round and the median is taken over the rounds, so that what slows the whole machine
  cancels out.
- The floor answers every query with its question and three canned A records, `recvmmsg`/`sendmmsg` in batches of 64,
  and looks nothing up.
- All catalogs have 3 instances per service. Names are asked in random order, from a file of 100,000 lines.
"""


def _commands(options):
    drive = " ".join(measure.dnsperf_command("PORT", "QUERIES", ["-l", str(options.seconds)]))
    return f"""\
    tools/bench dns --rounds {options.rounds} --seconds {options.seconds}
    taskset -c {measure.SERVER_CORE} dnsd --listen 127.0.0.1:PORT --threads 1 --consul http://127.0.0.1:CATALOG
    taskset -c {measure.SERVER_CORE} bench_udp_echo PORT
    taskset -c {measure.SERVER_CORE} knotd -c knot.conf        # udp-workers: 1
    GOMAXPROCS=1 taskset -c {measure.SERVER_CORE} consul agent -dev
    taskset -c {measure.GENERATOR_CORE} bench_fake_catalog --port CATALOG --services N --instances 3
    taskset -c {measure.GENERATOR_CORE} {drive}
"""
