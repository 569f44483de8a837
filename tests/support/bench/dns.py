# Signpost. Apache-2.0; see LICENSE.
"""`tools/bench dns`: dnsd beside Consul, Knot and the UDP echo floor, and its forwarder beside Unbound and dnsmasq, all in
one run."""
import argparse
import contextlib
import os
import pathlib
import random
import tempfile

from support.bench import contestants, forward_report, forward_runs, measure, page, report
from support.program import ROOT

SMALL, MEDIUM, LARGE = 1, 1000, 100_000
MOST_QUERIES = 100_000


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/bench dns", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 s per run, and docs/performance.md stays as it is")
    parser.add_argument("--rounds", type=int, default=5, help="how often every contestant runs (default %(default)s)")
    parser.add_argument("--seconds", type=int, help="length of one run (default 4, quick 2)")
    parser.add_argument("--output", type=pathlib.Path, help="file whose DNS section is rewritten")
    parser.add_argument("--no-build", action="store_true", help="take the binaries of build/release as they are")
    parser.add_argument("--forward-only", action="store_true", help="only the forwarder, and docs/performance.md stays as it is")
    parser.add_argument("--seed", type=int, default=1, help="of the random names in the query files")
    options = parser.parse_args()
    options.seconds = options.seconds or (2 if options.quick else 4)
    if not options.output and not options.quick and not options.forward_only:
        options.output = ROOT / "docs/performance.md"
    return options


def write_queries(home, services, kind, seed):
    """A dnsperf file: every name of a large catalog once, a small one's names often, in random order."""
    path = home / f"{services}-{kind}.txt"
    if not path.exists():
        numbers = [*range(services)] * (MOST_QUERIES // services)
        random.Random(seed).shuffle(numbers)
        path.write_text("".join(f"{contestants.service_name(n)}.service.consul {kind}\n" for n in numbers))
    return path


def open_contestants(home, stack):
    """All servers, idle; `stack` closes them."""
    made = []
    for make in (lambda: contestants.Echo(home), lambda: contestants.KnotServer(home, MEDIUM),
                 lambda: contestants.ConsulServer(home, SMALL), lambda: contestants.DnsdServer(home, SMALL),
                 lambda: contestants.DnsdServer(home, MEDIUM), lambda: contestants.DnsdServer(home, LARGE)):
        server = stack.enter_context(contextlib.closing(make()))
        print(f"started {server.name}", flush=True)
        made.append(server)
    return made


def run_rounds(servers, home, options):
    """{(server name, type): [Run, ...]}, one Run per round, the order turned by one place in every round."""
    lanes = [(server, kind, write_queries(home, server.services, kind, options.seed))
             for server in servers for kind in server.types]
    for server, _, queries in lanes:
        measure.warm(server.port, queries)
    runs = {(server.name, kind): [] for server, kind, _ in lanes}
    for number in range(options.rounds):
        turn = number % len(lanes)
        for server, kind, queries in lanes[turn:] + lanes[:turn]:
            run = measure.drive(server.pid, server.port, queries, options.seconds)
            runs[server.name, kind].append(run)
            print(f"round {number + 1}: {server.name} {kind}: {run.rate:,.0f}/s, {run.cpu_us:.2f} µs CPU", flush=True)
    return runs


def measure_own_data(home, options):
    """A report.Result but for what the forwarder adds."""
    with contextlib.ExitStack() as stack:
        servers = open_contestants(home, stack)
        by_size = {server.services: server for server in servers if isinstance(server, contestants.DnsdServer)}
        loaded = {size: measure.resident_bytes(server.pid) for size, server in by_size.items()}
        runs = run_rounds(servers, home, options)
        used = {size: measure.resident_bytes(server.pid) for size, server in by_size.items()}
        return report.Result(runs, by_size, loaded, used, contestants.versions(), options)


def main():
    options = parse_arguments()
    contestants.require()
    options.load = os.getloadavg()[0]
    if not options.no_build:
        contestants.build()
    with tempfile.TemporaryDirectory(prefix="bench-dns-") as name:
        home = pathlib.Path(name)
        own = None if options.forward_only else measure_own_data(home, options)
        forward = forward_report.Result(forward_runs.run(home, options), options)
    text = own.text(forward) if own else forward.text()
    print(text)
    if options.output:
        page.write_section(options.output, "dns", text)
        print(f"written: {options.output}")


if __name__ == "__main__":
    main()
