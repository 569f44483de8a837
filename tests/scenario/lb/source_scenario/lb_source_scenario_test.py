# Signpost. Apache-2.0; see LICENSE.
"""What lb exists for: services come and go in a catalog, and no client notices.

Claims, with two Consul agents and with dnsd's registry
- Three HTTP backends `httpfront` with tag http share the requests for httpfront.example.com, three TCP echo backends
  `echo-PORT` with tag tcp the connections to that port. Nothing but the catalog says so.
- While backends are stopped with a time of grace, added, warned of, maintained, alone and with their node, one change a second,
  no HTTP request and no TCP session fails at full load.
- Backends that are killed cost no GET, before the catalog knows of it and after; even two of three at once.

SIGNPOST_LONG=1 makes 60 s of the 8 s of changes, and runs nginx with reloads beside it.
"""
import collections
import os
import subprocess

import pytest

from lb_source_ground import FRONT, HOST, EchoClients, Ground, echo_once
from lb_source_rival import ReloadedNginx
from support.lb import Lb
from support.wait import eventually
from support.wrk import Wrk

LONG = os.environ.get("SIGNPOST_LONG") == "1"
SECONDS = 60 if LONG else 8
CLIENTS = 32
CATALOGS = pytest.mark.parametrize("kind", ["consul", "embedded"])


def start_lb(ground):
    return Lb({"public-domain": "example.com", "threads": 2}, consul=ground.catalog)


def wait_known(lb, ground):
    for service in ground.members:
        lb.wait_endpoints(service, *ground.addresses(service), deadline=20)


def curl(lb):
    done = subprocess.run(["curl", "-s", "-H", f"Host: {HOST}", f"http://127.0.0.1:{lb.listen_port}/"], capture_output=True,
                          text=True, timeout=10, check=True)
    return done.stdout


def is_even(counts):
    return len(counts) == 3 and max(counts.values()) - min(counts.values()) <= 2  # a turn of each of two threads


@CATALOGS
def test_three_share_the_requests(kind):
    with Ground(kind) as ground, start_lb(ground) as lb:
        wait_known(lb, ground)
        counts = collections.Counter(curl(lb) for _ in range(30))
        assert set(counts) == {"http1", "http2", "http3"} and is_even(counts), counts
        sessions = collections.Counter(echo_once(ground.echo_port) for _ in range(30))
        assert set(sessions) == {"echo1", "echo2", "echo3"} and is_even(sessions), sessions


class Figures:
    """What became of the clients during the changes."""

    def __init__(self, changes, wrk, echoes):
        self.changes, self.http, self.echoed, self.echo_failures = changes, wrk.result, len(echoes.answers), echoes.failures

    @property
    def failed(self):
        return self.http.failed + len(self.echo_failures)

    def __str__(self):
        return f"{self.changes} changes: {self.http}; {self.echoed} echo sessions, {len(self.echo_failures)} failed"


def run_changes(ground, front, tcp_port):
    with Wrk(front, HOST, connections=CLIENTS) as wrk, EchoClients(tcp_port) as echoes:
        changes = ground.run_changes(SECONDS)
    return Figures(changes, wrk, echoes)


@CATALOGS
def test_changes_cost_nothing(kind, note):
    with Ground(kind) as ground, start_lb(ground) as lb:
        wait_known(lb, ground)
        descriptors = len(os.listdir(f"/proc/{lb.pid}/fd"))
        figures = run_changes(ground, lb, ground.echo_port)
        note(f"source scenario, lb, {kind}: {figures}")
        assert figures.changes >= SECONDS and figures.http.requests > 100 * SECONDS and figures.echoed > SECONDS
        assert figures.failed == 0, (str(figures), figures.echo_failures[:5], lb.status()["services"])
        wait_known(lb, ground)
        assert {curl(lb) for _ in range(12)} == {backend.name for backend in ground.members[FRONT]}
        idle = 3 * CLIENTS  # connections to the three that are left, which wait for a next request
        eventually(lambda: len(os.listdir(f"/proc/{lb.pid}/fd")) <= descriptors + idle + 20, 10, "the others are closed")


@CATALOGS
def test_killed_backends_cost_nothing(kind, note):
    with Ground(kind, checked=True) as ground, start_lb(ground) as lb:
        wait_known(lb, ground)
        with Wrk(lb, HOST, connections=16) as wrk:
            for count in (1, 2) * (5 if LONG else 1):
                victims = ground.here(FRONT)[:count]
                for victim in victims:
                    victim.kill()
                for victim in victims:
                    eventually(lambda: lb.endpoints(FRONT).get(victim.address) == "removed", 15, "the catalog knows")
                    ground.forget(FRONT, victim)
                    ground.add(FRONT)
                wait_known(lb, ground)
        note(f"killed backends, {kind}: {wrk.result}, {lb.service(FRONT)['retries']} tried again")
        assert wrk.result.failed == 0 and wrk.result.requests > 1000, wrk.result


if LONG:
    @CATALOGS
    def test_the_rival(kind, note):
        """The same changes and the same load; its figures are shown, not judged."""
        with Ground(kind) as ground, ReloadedNginx(ground.catalog, [FRONT, ground.echo]) as nginx:
            figures = run_changes(ground, nginx, nginx.tcp_port)
            note(f"source scenario, nginx, {kind}: {figures}; {nginx.reloads} reloads, {nginx.workers()} workers at the end")
            assert nginx.reloads > figures.changes / 2
