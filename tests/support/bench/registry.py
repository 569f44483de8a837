# Signpost. Apache-2.0; see LICENSE.
"""`tools/bench registry`: dnsd's embedded registry beside a real Consul, on disk and in memory, all in one run."""
import argparse
import collections
import contextlib
import itertools
import os
import pathlib
import shutil
import tempfile

from support.bench import page, registry_report, registry_requests, registry_servers
from support.bench.registry_generator import Watchers, drive, send_all
from support.program import ROOT

WATCHERS = (4000, 1000)
CONNECTIONS = 16
MOST_WRITES = 1000  # new services in one run

# Resident bytes of a server, None if not measured: empty, with services, with blocked watchers, after these were woken.
Memory = collections.namedtuple("Memory", "empty services blocked woken")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/bench registry", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="disk pair only; docs/performance.md stays as it is")
    parser.add_argument("--rounds", type=int, help="how often every contestant runs (default 5, quick 1)")
    parser.add_argument("--output", type=pathlib.Path, help="file whose registry section is rewritten")
    parser.add_argument("--no-build", action="store_true", help="take the binaries of build/release as they are")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = 0.2 if options.quick else 0.3  # of one run of the generator
    if not options.output and not options.quick:
        options.output = ROOT / "docs/performance.md"
    return options


def open_servers(stack, pairs):
    """All servers, idle; `stack` closes them."""
    made = []
    for pair in pairs:
        for make in (registry_servers.ConsulRegistry, registry_servers.DnsdRegistry):
            server = stack.enter_context(contextlib.closing(make(pair)))
            server.settle()
            print(f"started {server.name}", flush=True)
            made.append(server)
    return made


def alternate(items, rounds):
    """(round, item) for every item in every round; the order turns by one place from round to round."""
    for number in range(rounds):
        turn = number % len(items)
        yield from ((number, item) for item in items[turn:] + items[:turn])


def fill(servers, home):
    """Registers the agent's own services, and returns resident bytes before and after by server name."""
    empty = {server.name: server.resident_bytes() for server in servers}
    for server in servers:
        send_all(server, home, registry_requests.own_services("own", registry_requests.OWN_SERVICES))
        registered = len(server.get("/v1/catalog/services"))
        assert registered >= registry_requests.OWN_SERVICES, f"{server.name}: {registered} services after registration"
    return empty, {server.name: server.resident_bytes() for server in servers}


def run_wakes(servers, home, options, wakes):
    """Adds {(watchers, server name): [Wake, ...]} to `wakes`; returns resident bytes by server name while the most
    watchers are blocked, before the first and after the last wake-up."""
    for server in servers:
        send_all(server, home, registry_requests.watched_instances())
    resident = {}
    for count in WATCHERS:
        with contextlib.ExitStack() as stack:
            lanes = [(server, stack.enter_context(contextlib.closing(Watchers(server, home, count))))
                     for server in servers]
            blocked = {server.name: server.resident_bytes() for server in servers}
            for number, (server, watchers) in alternate(lanes, options.rounds):
                wake = watchers.wake()
                wakes[count, server.name].append(wake)
                print(f"round {number + 1}: {server.name}, {count:,} watchers: p50 {wake.p50_ms:.1f} ms, "
                      f"p99 {wake.p99_ms:.1f} ms, {wake.cpu_us:.0f} µs CPU each", flush=True)
            resident[count] = blocked, {server.name: server.resident_bytes() for server in servers}
        # Consul goes on waiting for watchers that are gone, until something changes.
        for server in servers:
            send_all(server, home, registry_requests.watched_changes(), 1)
    return resident[max(WATCHERS)]


def catalog_lanes(server, home, options, number):
    """(operation, Run) of registrations in the catalog; what was registered is removed again."""
    for connections in (1, CONNECTIONS):
        prefix = f"foreign-{number}-{connections}"
        run = drive(server, home, registry_requests.foreign_services(prefix, MOST_WRITES), connections, MOST_WRITES,
                    options.seconds)
        yield registry_report.operation("catalog", connections), run
        send_all(server, home, registry_requests.node_departure(prefix), 1)


def agent_lanes(server, home, options, number):
    """The same with services of the agent, whose later work counts too."""
    for connections in (1, CONNECTIONS):
        prefix = f"new-{number}-{connections}"
        run = drive(server, home, registry_requests.own_services(prefix, MOST_WRITES), connections, MOST_WRITES,
                    options.seconds, settle=True)
        yield registry_report.operation("agent", connections), run
        send_all(server, home, registry_requests.own_departures(prefix, run.replies))
    same = registry_requests.own_services("own", registry_requests.OWN_SERVICES)
    run = drive(server, home, same, CONNECTIONS, seconds=options.seconds, settle=True)
    yield registry_report.operation("again", CONNECTIONS), run


def read_lanes(server, home, options, number):
    """(operation, Run) of reads of a service, left alone and changing."""
    for size, instances in registry_requests.SIZES.items():
        for gzip in (True, False):
            for writes in (None, f"round {number + 1}, {gzip}"):
                requests = registry_requests.reads(size, gzip, writes)
                run = drive(server, home, requests, CONNECTIONS, seconds=options.seconds)
                assert run.most_bytes > instances * (20 if gzip else 400), f"{server.name}: short answers: {run}"
                assert writes or run.least_bytes == run.most_bytes, f"{server.name}: the answer varies: {run}"
                assert (run.gzip > 0) == gzip, f"{server.name}: compressed {run.gzip} times: {run}"
                yield registry_report.read_operation(size, gzip, bool(writes)), run


def run_rounds(servers, home, options):
    """{(operation, server name): [Run, ...]}, one Run per round."""
    on_disk = [server for server in servers if server.pair == registry_servers.DISK]
    for server in on_disk:
        for size in registry_requests.SIZES:
            send_all(server, home, registry_requests.read_instances(size))
    runs = collections.defaultdict(list)
    for number, server in alternate(servers, options.rounds):
        reading = read_lanes(server, home, options, number) if server in on_disk else ()
        for operation, run in itertools.chain(catalog_lanes(server, home, options, number),
                                              agent_lanes(server, home, options, number), reading):
            runs[operation, server.name].append(run)
            print(f"round {number + 1}: {server.name}, {operation}: {run.rate:,.0f}/s, {run.cpu_us:.1f} µs CPU, "
                  f"p99 {run.p99_ms:.1f} ms", flush=True)
    return runs


def main():
    options = parse_arguments()
    assert shutil.which("consul"), "not installed: consul; run tools/setup"
    options.load = os.getloadavg()[0]
    if not options.no_build:
        registry_servers.build()
    wakes = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bench-registry-") as name, contextlib.ExitStack() as stack:
        home = pathlib.Path(name)
        servers = open_servers(stack, [registry_servers.DISK] if options.quick else registry_servers.PAIRS)
        empty, services = fill(servers, home)
        on_disk = [server for server in servers if server.pair == registry_servers.DISK]
        blocked, woken = run_wakes(on_disk, home, options, wakes)
        runs = run_rounds(servers, home, options)
    memory = {server.name: Memory(*(state.get(server.name) for state in (empty, services, blocked, woken)))
              for server in servers}
    text = registry_report.Result(runs, wakes, memory, registry_servers.versions(), options).text()
    print(text)
    if options.output:
        page.write_section(options.output, "registry", text)
        print(f"written: {options.output}")


if __name__ == "__main__":
    main()
