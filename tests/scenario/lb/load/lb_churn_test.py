# Signpost. Apache-2.0; see LICENSE.
"""Connections that come and go by the thousand.

Claims
- 100,000 short connections (20,000 without SIGNPOST_LONG=1), HTTP and TCP, are all served, and leave no descriptor and no
  session behind; memory does not grow with their number.
- T22: more TCP sessions to one endpoint than there are source ports do not run out of them.
- 10,000 idle HTTP connections and thousands of idle TCP sessions need little memory each, and none afterwards.
- F20: an endpoint that closes its connections whenever it likes costs no client an error in 10,000 requests.
"""
import collections
import contextlib
import pathlib
import socket

import pytest

from support.farm import Farm, ask
from support.gauge import LONG, Gauge
from support.lb import Lb, service
from support.ports import free_port
from support.program import memory_limit
from support.wait import eventually
from support.wrk import Wrk

COUNT = 100_000 if LONG else 20_000
IDLE_HTTP = 10_000
IDLE_TCP = 5000 if LONG else 2000
REQUESTS = 10_000


@pytest.fixture(scope="module")
def farm():
    with Farm("a") as http:
        yield http


@pytest.fixture(scope="module")
def lb(farm):
    with Lb({"stop-timeout": "2s"}, {"web": service(farm.addresses, keepalive_idle="500ms")}, [{"host": "*", "service": "web"}]) as one:
        assert one.get("a.test").text == "a"
        eventually(lambda: one.metric("signpost_lb_idle_connections") == 0, 5, "no pooled connection")
        yield one


def test_http_connections_leave_nothing_behind(lb, note):
    gauge, before = Gauge(lb), lb.metric("signpost_lb_requests_total")
    accepted = lb.metric("signpost_lb_accepted_total")
    with Wrk(lb.listen_port, "a.test", connections=32, close=True) as load:
        eventually(lambda: lb.metric("signpost_lb_accepted_total") - accepted >= COUNT, 300, f"{COUNT} connections", every=0.1)
    assert load.result.failed == 0, load.text
    assert lb.metric("signpost_lb_requests_total") - before >= COUNT
    eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 10, "no session is left")
    gauge.assert_flat(f"{load.result.requests} HTTP connections", note, 8 << 20)
    gauge.assert_no_file_left()


def source_ports():
    first, last = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return last - first + 1


def test_tcp_connections_leave_nothing_behind(note):
    """T22"""
    port, count = free_port(), max(COUNT, source_ports() * 11 // 10)
    # The client closes first, and lb towards the endpoint: there the ports rest for a while.
    with Farm("db", kind="parting") as farm, Lb({"stop-timeout": "2s"}, {"db": farm.addresses}, [{"tcp": port, "service": "db"}]) as lb:
        gauge = Gauge(lb)
        with Wrk(port, "a.test", connections=32) as load:
            eventually(lambda: lb.metric("signpost_lb_accepted_total") >= count, 300, f"{count} connections", every=0.1)
        assert load.result.failed == 0, load.text
        eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 10, "no session is left")
        assert lb.metric("signpost_lb_terminations_total", reason="connect_failed") == 0
        assert lb.metric("signpost_lb_terminations_total", reason="ok") >= count - 100
        assert lb.endpoint("db", farm["db"])["failures"] == 0
        gauge.assert_flat(f"{load.result.requests} TCP connections", note, 8 << 20)
        gauge.assert_no_file_left()


# --- idle --------------------------------------------------------------------------------------------------------------

def private_bytes(lb):
    """Memory of its own, in use."""
    lines = pathlib.Path(f"/proc/{lb.pid}/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


def hold(ends, port, count, talk, answer):
    """`count` connections, each of which has got an answer."""
    for _ in range(count):
        client = ends.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        client.sendall(talk)
        got = b""
        while len(got) < len(answer):
            piece = client.recv(1000)
            assert piece, f"closed after {got}"
            got += piece
        assert got.endswith(answer)


def assert_cheap(lb, note, what, port, count, most, talk, answer):
    gauge, before = Gauge(lb), private_bytes(lb)
    with contextlib.ExitStack() as ends:
        hold(ends, port, count, talk, answer)
        eventually(lambda: lb.metric("signpost_lb_sessions") == count, 10, f"{count} sessions")
        each = (private_bytes(lb) - before) / count
        note(f"lb load: {count} {what}: {each:.0f} bytes each")
        assert each < memory_limit(most), f"{each} bytes each"
    eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 10, "no session is left")
    gauge.assert_no_file_left()


def test_idle_http_connections(lb, note, many_files):
    count = min(IDLE_HTTP, many_files * 3 // 4)
    assert_cheap(lb, note, "idle HTTP connections", lb.listen_port, count, 3 << 10, b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", b"\r\n\r\na")


def test_idle_tcp_sessions(note, many_files):
    count, port = min(IDLE_TCP, many_files * 3 // 8), free_port()
    with Farm("db", kind="echo") as farm, Lb({"stop-timeout": "2s"}, {"db": farm.addresses}, [{"tcp": port, "service": "db"}]) as lb:
        assert_cheap(lb, note, "idle TCP sessions", port, count, 6 << 10, b"ping", b"ping")


# --- endpoints that close ------------------------------------------------------------------------------------------------

def test_endpoints_that_close_pooled_connections(note):
    """F20"""
    with Farm("a", "b", kind="fickle") as farm, \
            Lb({"stop-timeout": "2s"}, {"web": farm.addresses}, [{"host": "*", "service": "web"}]) as lb:
        answers = collections.Counter(ask(lb, "a.test", REQUESTS, connections=8, batch=1))
        assert set(answers) == {"a", "b"} and answers.total() == REQUESTS, answers
        with Wrk(lb.listen_port, "a.test", connections=16) as load:
            eventually(lambda: lb.metric("signpost_lb_requests_total") >= 2 * REQUESTS, 60, f"{REQUESTS} more requests", every=0.1)
        assert load.result.failed == 0, load.text
        connects = sum(lb.endpoint("web", farm[name])["connects"] for name in farm.names)
        total = REQUESTS + load.result.requests
        note(f"lb load: {total} requests over {connects:.0f} connections of fickle endpoints, "
             f"{lb.metric('signpost_lb_idle_events_total', event='lost'):.0f} closed while idle")
        assert connects < total, "no connection was used again"
        assert connects > total / 10, "the endpoints did not close"
