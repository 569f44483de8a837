# Signpost. Apache-2.0; see LICENSE.
"""`tools/bench lb`: lb beside nginx and HAProxy, all in one run."""
import argparse
import collections
import contextlib
import os
import pathlib
import tempfile

from support.bench import lb_contestants, lb_load, lb_report, page
from support.program import ROOT

MANY = 10_000
# A pair needs two descriptors, and lb leaves an eighth of them free.
IDLE = {"HTTP client": 10_000, "TCP pair": min(10_000, lb_contestants.DESCRIPTORS * 7 // 16 - 250)}
REQUEST = b"GET / HTTP/1.1\r\nHost: svc-00000.example.com\r\n\r\n"
# How a contestant is used. `hosts`: virtual hosts asked in turn, None for one.
Lane = collections.namedtuple("Lane", "name port connections close hosts")
LANES = (Lane("http keep-alive", "http_port", 64, False, None), Lane("http, 1 connection", "http_port", 1, False, None),
         Lane("http, connection per request", "http_port", 32, True, None), Lane("tcp", "tcp_port", 64, False, None))
HOSTS = Lane("http, 100 hosts", "http_port", 64, False, 100)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="tools/bench lb", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 rounds of 2 s, and docs/performance.md stays as it is")
    parser.add_argument("--rounds", type=int, help="how often every contestant runs (default 5, quick 2)")
    parser.add_argument("--seconds", type=int, help="length of one run (default 4, quick 2)")
    parser.add_argument("--output", type=pathlib.Path, help="file whose lb section is rewritten")
    parser.add_argument("--no-build", action="store_true", help="take the binary of build/release as it is")
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (2 if options.quick else 4)
    if not options.output and not options.quick:
        options.output = ROOT / "docs/performance.md"
    return options


def lanes_of(contestants):
    """[(contestant, Lane)]: the rivals' lanes, and lb by number of services."""
    plain = [(server, lane) for server in contestants for lane in LANES if not server.name.endswith("services")]
    sized = [(server, HOSTS) for server in contestants if server.name.endswith("services")]
    return plain + sized


def script_of(home, server, lane):
    """A wrk script that spreads its hosts over all services of `server`."""
    if lane.hosts is None:
        return None
    path = home / f"{server.services}.lua"
    path.write_text(lb_load.HOSTS_SCRIPT.format(hosts=lane.hosts, step=server.services // lane.hosts))
    return path


def run_rounds(lanes, home, options):
    """{(contestant, lane): [Run, ...]}, the order turned by one place in every round."""
    runs = {(server.name, lane.name): [] for server, lane in lanes}
    scripts = {(server.name, lane.name): script_of(home, server, lane) for server, lane in lanes}

    def once(server, lane, seconds):
        return lb_load.drive(server.pid, getattr(server, lane.port), lane.connections, seconds, lane.close,
                             scripts[server.name, lane.name])

    for server, lane in lanes:
        once(server, lane, 1)
    for number in range(options.rounds):
        turn = number % len(lanes)
        for server, lane in lanes[turn:] + lanes[:turn]:
            run = once(server, lane, options.seconds)
            runs[server.name, lane.name].append(run)
            print(f"round {number + 1}: {server.name}, {lane.name}: {run.rate:,.0f}/s, {run.cpu_us:.2f} µs CPU, "
                  f"p99 {run.p99_ms:.2f} ms, {run.failed} failed", flush=True)
    return runs


def idle_memory(contestants):
    """{(contestant, kind): bytes per idle connection}"""
    def count(server, kind):
        return min(IDLE[kind], lb_contestants.HAPROXY_MOST) if server.name == "HAProxy" else IDLE[kind]

    return {(server.name, kind): lb_load.idle_bytes(server.pid, getattr(server, port), count(server, kind), talk)
            for server in contestants if not server.name.endswith("services")
            for kind, port, talk in (("HTTP client", "http_port", REQUEST), ("TCP pair", "tcp_port", REQUEST))}


def main():
    options = parse_arguments()
    lb_contestants.require()
    options.load = os.getloadavg()[0]
    if not options.no_build:
        lb_contestants.build()
    with tempfile.TemporaryDirectory(prefix="bench-lb-") as name, contextlib.ExitStack() as stack:
        home = pathlib.Path(name)
        origin = stack.enter_context(contextlib.closing(lb_contestants.Origin(home)))
        contestants = []
        for make in (lb_contestants.Nginx, lb_contestants.Haproxy, lb_contestants.SignpostLb):
            contestants.append(stack.enter_context(contextlib.closing(make(home, origin))))
        for services in (HOSTS.hosts, MANY):
            sized = lb_contestants.SignpostLb(home, origin, services)
            contestants.append(stack.enter_context(contextlib.closing(sized)))
        runs = run_rounds(lanes_of(contestants), home, options)
        idle = idle_memory(contestants)
        result = lb_report.Result(runs, idle, lb_contestants.versions(), options, (HOSTS.hosts, MANY))
    text = result.text()
    print(text)
    if options.output:
        page.write_section(options.output, "lb", text)
        print(f"written: {options.output}")


if __name__ == "__main__":
    main()
