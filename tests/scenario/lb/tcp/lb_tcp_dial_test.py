# Signpost. Apache-2.0; see LICENSE.
"""How a TCP session gets its endpoint.

Claims
- T07: a refused connect is tried at the next endpoint at once, at `attempts` of them at most; then the client is reset.
- T08: a connect that nothing answers has connect_timeout, all attempts together attempts_timeout and never above 5 s.
- T09: IPv6 and IPv4 addresses are endpoints of their own.
- T12: what the client sends meanwhile is held up to 64 KiB, the rest is left to the kernel; it comes first and in order.
- T14: a client that leaves before the connect has succeeded leaves nothing behind.
- T20: PROXY headers go out before the first byte, once per connection, to the endpoint that took it in the end.
- Sessions are spread over the endpoints by weight, one that refuses is left alone for fail_timeout, max_conns queues.
"""
import random
import socket
import struct
import time

import pytest

from support.tcp_ends import Host, Refusing, connecting, ending, queues
from support.wait import eventually

EARLY = 64 << 10  # bytes of the client that are held


def numbers(line):
    """(attempts, failures) over all endpoints."""
    endpoints = line.lb.service("db")["endpoints"]
    return sum(entry["connects"] for entry in endpoints), sum(entry["failures"] for entry in endpoints)


@pytest.fixture
def refusing():
    """Five addresses."""
    all_of_them = [Refusing() for _ in range(5)]
    yield all_of_them
    for one in all_of_them:
        one.__exit__()


@pytest.fixture
def silent():
    """Three hosts where connects hang."""
    hosts = [Host(backlog=0) for _ in range(3)]
    for one in hosts:
        one.fill()
    yield hosts
    for one in hosts:
        one.close()


# --- refused -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dead", [pytest.param(1, id="T07-one-refuses"), pytest.param(2, id="T07-two-refuse")])
def test_a_refused_connect_goes_to_the_next_endpoint(start, host, refusing, dead):
    line = start(*refusing[:dead], host, max_fails=0)
    for _ in range(6):  # wherever the turn is
        client, server = line.client(), line.accept(dead)
        client.send(b"ping")
        server.expect(b"ping")
        server.send(b"pong")
        client.expect(b"pong")
    assert numbers(line)[1] >= 3


@pytest.mark.parametrize("dead, attempts, tried", [pytest.param(1, 3, 1, id="T07-single"), pytest.param(5, 3, 3, id="T07-default"),
                                                   pytest.param(5, 5, 5, id="T07-five"), pytest.param(2, 1, 1, id="T07-one-try")])
def test_attempts_end_and_the_client_is_reset(start, refusing, dead, attempts, tried):
    line = start(*refusing[:dead], attempts=attempts)
    assert ending(line.port) == "reset"
    line.wait_ended(connect_failed=1)
    assert numbers(line) == (tried, tried)


def test_a_single_endpoint_is_never_given_up(start, refusing):
    """T07, F04: nothing is tried again in vain, but every client gets its attempt."""
    line = start(refusing[0])
    for count in (1, 2, 3):
        assert ending(line.port) == "reset"
        assert numbers(line) == (count, count)


def test_no_endpoints(line):
    line.lb.reload(services={"db": {"endpoints": []}})
    line.lb.wait_endpoints("db")
    assert ending(line.port) == "reset"
    line.wait_ended(no_endpoint=1)


def test_an_endpoint_that_refused_is_left_alone(start, host, refusing):
    """F01 for TCP: one failure, then nothing for fail_timeout, then one probe."""
    line = start(refusing[0], host, max_fails=1, fail_timeout="1s")
    attempts = []
    for _ in range(6):
        line.client()
        line.accept(1)
        attempts.append(line.lb.endpoint("db", refusing[0])["connects"])
    assert attempts[-1] == 1
    before = time.monotonic()

    def probed():
        line.client()
        line.accept(1)
        return line.lb.endpoint("db", refusing[0])["connects"] == 2

    eventually(probed, 10, "it is tried again", every=0.1)
    assert time.monotonic() - before > 0.5


# --- no answer ---------------------------------------------------------------------------------------------------------

def test_a_connect_that_hangs_goes_to_the_next_endpoint(start, silent, host):
    """T08"""
    line = start(silent[0], host, connect_timeout="300ms", max_fails=0)
    for _ in range(2):  # of which one begins at the silent one
        line.client().send(b"ping")
        line.accept(1, timeout=10).expect(b"ping")
    assert numbers(line) == (3, 1)


def test_all_connects_hang(start, silent):
    """T08: connect_timeout each"""
    line = start(*silent, connect_timeout="300ms")
    before = time.monotonic()
    assert ending(line.port) == "reset"
    assert time.monotonic() - before >= 0.85
    assert numbers(line) == (3, 3)
    eventually(lambda: all(connecting(one.port) == 2 for one in silent), 5, "only the fillers connect")


def test_attempts_have_a_time_together(start, silent):
    """T08: although each would have longer"""
    line = start(*silent, connect_timeout="20s", attempts_timeout="1s")
    before = time.monotonic()
    assert ending(line.port) == "reset"
    assert 0.7 <= time.monotonic() - before <= 10
    line.wait_ended(connect_failed=1)


# --- addresses ---------------------------------------------------------------------------------------------------------

def test_ipv6_and_ipv4_are_endpoints_of_their_own(start, host):
    """T09"""
    with Host("::1") as six:
        line = start(six, host)
        for _ in range(4):
            line.client()
        accepted = [line.accept(number) for number in (0, 0, 1, 1)]
        assert [end.local[0] for end in accepted] == ["::1"] * 2 + ["127.0.0.1"] * 2
        six.close()
        for _ in range(2):
            line.client()
            line.accept(1)


def test_sessions_are_spread_by_weight(start, host):
    with Host() as heavy:
        line = start({"address": heavy.address, "weight": 3}, {"address": host.address, "weight": 1})
        line.hosts = (heavy, host)
        for _ in range(8):
            line.client()
        for number in (0, 0, 0, 0, 0, 0, 1, 1):
            line.accept(number)


def test_max_conns_makes_sessions_wait(start, host):
    """F15, F16 for TCP: first come, first served, and who left meanwhile takes no slot."""
    line = start(max_conns=1, queue_timeout="20s")
    first, _ = line.pair()
    second, third, fourth = (line.client() for _ in range(3))
    for waiting, name in ((second, b"second"), (third, b"third"), (fourth, b"fourth")):
        waiting.send(name)
    eventually(lambda: line.lb.service("db")["waiting"] == 3, 5, "three wait")
    host.assert_nobody()
    third.reset()
    eventually(lambda: line.lb.service("db")["waiting"] == 2, 5, "two wait")
    first.reset()
    line.accept().expect(b"second")
    second.reset()
    line.accept().expect(b"fourth")


def test_waiting_ends(start):
    line = start(max_conns=1, queue_timeout="300ms", queue=1)
    line.pair()
    waiting = line.client()
    eventually(lambda: line.lb.service("db")["waiting"] == 1, 5, "one waits")
    assert ending(line.port) == "reset"
    assert waiting.end() == "reset"
    assert (line.ended("queue_full"), line.ended("queue_timeout")) == (1, 1)


# --- before there is a connection --------------------------------------------------------------------------------------

def test_early_bytes_are_held_up_to_a_limit(start, silent):
    """T12"""
    line = start(silent[0], connect_timeout="20s")
    client = line.client()
    early = random.randbytes(EARLY + (192 << 10))
    client.send(early)

    def taken():
        return len(early) - queues(client.local[1], line.port)[1] - queues(line.port, client.local[1])[0]

    eventually(lambda: taken() == EARLY, 5, lambda: f"{EARLY} bytes are taken, not {taken()}")
    silent[0].unfill()
    server = line.accept(0, timeout=10)
    client.send(b"the rest")
    server.expect(early + b"the rest")


def test_an_early_fin_is_passed_on(start, silent):
    """T12, T01"""
    line = start(silent[0], connect_timeout="20s")
    client = line.client()
    client.send(b"question")
    client.fin()
    eventually(lambda: queues(line.port, client.local[1])[0] == 0, 5, "lb has read it")
    silent[0].unfill()
    server = line.accept(0, timeout=10)
    server.expect(b"question")
    assert server.end() == "fin"
    server.send(b"answer")
    server.fin()
    client.expect(b"answer")
    assert client.end() == "fin"


def test_a_client_that_leaves_cancels_the_connect(start, silent):
    """T14"""
    line = start(silent[0], connect_timeout="20s")
    client = line.client()
    client.send(b"never mind")
    eventually(lambda: connecting(silent[0].port) == 3, 5, "lb connects, besides two fillers")
    client.reset()
    eventually(lambda: connecting(silent[0].port) == 2, 2, "lb has stopped connecting")
    line.wait_ended(client_abort=1)
    silent[0].unfill()
    silent[0].assert_nobody(1.5)
    assert line.lb.endpoint("db", silent[0])["in_use"] == 0


# --- PROXY headers -----------------------------------------------------------------------------------------------------

def header(version, client, port):
    """The PROXY header for `client`'s connection to 127.0.0.1:`port`."""
    (ip, source), to = client.local, "127.0.0.1"
    if version == "v1":
        return f"PROXY TCP4 {ip} {to} {source} {port}\r\n".encode()
    addresses = socket.inet_aton(ip) + socket.inet_aton(to) + struct.pack("!HH", source, port)
    return b"\r\n\r\n\0\r\nQUIT\n\x21\x11" + struct.pack("!H", len(addresses)) + addresses


@pytest.mark.parametrize("version", [pytest.param("v1", id="T20-v1"), pytest.param("v2", id="T20-v2")])
def test_the_proxy_header_goes_first(start, version):
    line = start(send_proxy=version)
    client, server = line.pair()
    server.expect(header(version, client, line.port))  # before the client has said anything
    client.send(b"hello")
    server.expect(b"hello")
    client.fin()
    assert (server.end(), server.got) == ("fin", b"")


@pytest.mark.parametrize("version", [pytest.param("v1", id="T20-retry-v1"), pytest.param("v2", id="T20-retry-v2")])
def test_one_proxy_header_whatever_was_tried_before(start, host, refusing, version):
    line = start(*refusing[:2], host, send_proxy=version, max_fails=0)
    client = line.client()
    client.send(b"hello")
    server = line.accept(2)
    server.expect(header(version, client, line.port) + b"hello")
    client.fin()
    assert (server.end(), server.got) == ("fin", b"")
