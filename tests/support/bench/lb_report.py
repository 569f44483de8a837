# Signpost. Apache-2.0; see LICENSE.
"""From measured runs to the lb section of docs/performance.md."""
from support.bench import lb_load, measure, page

RIVALS = ("nginx", "HAProxy")
IDLE_GOAL = 2048


class Result:
    """Everything that was measured. `sizes`: numbers of services of the two large lbs."""

    def __init__(self, runs, idle, versions, options, sizes):
        self.runs, self.idle, self.versions, self.options = runs, idle, versions, options
        self.small, self.large = (f"lb, {size:,} services" for size in sizes)

    def of(self, name, lane, field):
        return [getattr(run, field) for run in self.runs[name, lane]]

    def ratio(self, lane, rival, field="cpu_us"):
        return measure.ratios(self.of("lb", lane, field), self.of(rival, lane, field))

    def goals(self):
        """(goal, measured, holds) rows; ratios are medians of the rounds' ratios."""
        keep_alive, close, hosts = "http keep-alive", "http, connection per request", "http, 100 hosts"
        rows = [page.at_most("CPU per keep-alive request, lb / HAProxy", self.ratio(keep_alive, "HAProxy"), 1.0),
                page.at_most("CPU per keep-alive request, lb / nginx", self.ratio(keep_alive, "nginx"), 1.1),
                page.at_most("CPU per TCP round trip, lb / HAProxy", self.ratio("tcp", "HAProxy"), 1.1),
                page.at_most("CPU per connection and request, lb / nginx", self.ratio(close, "nginx"), 1.0)]
        rows += [page.at_most(f"p99 at 64 connections, lb / {rival}", self.ratio(keep_alive, rival, "p99_ms"), 1.0)
                 for rival in RIVALS]
        for kind in ("HTTP client", "TCP pair"):
            size = self.idle["lb", kind]
            rows.append((f"memory of an idle {kind}: at most {IDLE_GOAL:,} bytes", f"{size:,.0f} bytes", size <= IDLE_GOAL))
        many = measure.ratios(self.of(self.large, hosts, "cpu_us"), self.of(self.small, hosts, "cpu_us"))
        rows.append(page.at_most(f"CPU per request, {self.large} / {self.small[4:]}", many, 1.05))
        failed = sum(run.failed for (name, _), runs in self.runs.items() for run in runs if name.startswith("lb"))
        rows.append(("requests that failed through lb: 0", str(failed), failed == 0))
        return rows

    def text(self):
        parts = ["## lb\n", _prose(self.options), page.machine(self.versions), "### Goals\n", page.goal_table(self.goals()),
                 "### Rates, CPU and latency\n", self._rate_table(), "### Memory of idle connections\n", self._idle_table(),
                 "### How it was run\n", _commands(self.options)]
        return "\n".join(parts)

    def _rate_table(self):
        rows = ["| Load | Contestant | requests/s | CPU µs each | p50 ms | p99 ms | failed |",
                "| --- | --- | --- | --- | --- | --- | --- |"]
        for name, lane in sorted(self.runs, key=lambda pair: pair[1]):
            cells = [_cell(self.of(name, lane, field), form) for field, form in
                     (("rate", ",.0f"), ("cpu_us", ".2f"), ("p50_ms", ".2f"), ("p99_ms", ".2f"))]
            rows.append(f"| {lane} | {name} | {' | '.join(cells)} | {sum(self.of(name, lane, 'failed'))} |")
        return "\n".join(rows) + "\n"

    def _idle_table(self):
        rows = ["| Contestant | HTTP client after one request | TCP pair |", "| --- | --- | --- |"]
        for name in ("lb", *RIVALS):
            rows.append(f"| {name} | {self.idle[name, 'HTTP client']:,.0f} bytes | {self.idle[name, 'TCP pair']:,.0f} bytes |")
        return "\n".join(rows) + "\n"


def _cell(values, form):
    spread = measure.spread(values)
    return f"{spread.median:{form}} ({spread.low:{form}}–{spread.high:{form}})"


def _prose(options):
    return f"""\
One balancer at a time works on core {measure.SERVER_CORE}; wrk and the origin (nginx, a body of 100 bytes, three ports) share
core {measure.GENERATOR_CORE}. {options.rounds} rounds of {options.seconds} s per contestant and load, the order turned by one
place in every round. Every balancer has one worker, three endpoints, connections to them kept alive, and no access log;
all add X-Forwarded-For. Numbers are medians, with the lowest and the highest round in brackets. When the run began,
{options.load:.1f} other processes wanted a core.

- Look at **CPU µs each** (run time of all threads of the balancer, from the scheduler, divided by requests). The rate is
  that of the origin and the generator as much as of the balancer.
- Ratios are formed within each round and the median is taken over the rounds.
- "tcp" is the same HTTP load through a TCP listener.
- "100 hosts" asks for 100 virtual hosts in turn: of 100 services, and spread over 10,000.
- Memory is private memory of the process (not the kernel's socket buffers): growth by about 10,000 connections (half of
  the descriptors that a process may have, where two are needed) after one request each, divided by their number.
"""


def _commands(options):
    lines = [" ".join(lb_load.wrk_command("PORT", 64, options.seconds)),
             " ".join(lb_load.wrk_command("PORT", 32, options.seconds, close=True))]
    return f"    tools/bench lb --rounds {options.rounds} --seconds {options.seconds}\n" + "".join(
        f"    taskset -c {measure.GENERATOR_CORE} {line}\n" for line in lines)
