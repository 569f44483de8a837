# Signpost. Apache-2.0; see LICENSE.
"""Clients and origins that are slow.

- H137: a head has header-timeout in all, however it drips; then 408.
- H138: a body that comes slower than body-rate is cut off with 408; a faster one may take any time.
- H139, H140: without a request there is no answer either, just a FIN.
- H144: an origin that says nothing for read_timeout: 504, or another one where that may be asked too.
"""
import threading
import time

import pytest

from lb_http_stage import get, post
from support.lb import Lb
from support.origin import Origin, answer, hang
from support.wait import eventually

OPTIONS = {"header_timeout": "400ms", "idle_timeout": "300ms", "body_rate": 1000, "body_rate_time": "400ms"}


@pytest.fixture
def hasty(stages):
    """A stage of little patience."""
    return stages(settings={"read_timeout": "300ms"}, **OPTIONS)


def drip(wire, data, every=0.05):
    """Sends `data` byte by byte until the other side says or ends something; returns how long that took."""
    begin = time.monotonic()
    for at in range(len(data)):
        wire.send(data[at:at + 1])
        if wire.end(every) != "open" or wire.unread:
            return time.monotonic() - begin
    raise AssertionError(f"all of it was taken in {time.monotonic() - begin} s")


def assert_late(wire):
    response = wire.response()
    assert (response.status, response.field("connection"), response.framing) == (408, "close", "length")
    assert (wire.end(), wire.unread) == ("fin", b"")


# --- heads -----------------------------------------------------------------------------------------------------------

def test_dripping_head(hasty):
    """H137: counted from its first byte, not from its last."""
    before = hasty.ended("client_timeout")
    with hasty.wire() as wire:
        assert drip(wire, get("/" + "x" * 100)) >= 0.35
        assert_late(wire)
    assert hasty.ended("client_timeout") == before + 1
    hasty.assert_untouched()


def test_dripping_head_of_a_later_request(hasty):
    """H137: the time between requests does not count."""
    with hasty.wire() as wire:
        hasty.probe(wire)
        assert wire.end(0.2) == "open"
        assert drip(wire, get("/" + "x" * 100)) >= 0.35
        assert_late(wire)


def test_head_that_stops(hasty):
    """H137: half a head, then silence."""
    with hasty.wire() as wire:
        wire.send(get()[:-2])
        assert_late(wire)
    hasty.assert_untouched()


def test_slow_heads_in_time(hasty):
    """H137: three of them, each within its time, together longer."""
    with hasty.wire() as wire:
        for _ in range(3):
            for piece in (b"GET /probe HT", b"TP/1.1\r\nHost: a.", b"example\r\n"):
                wire.send(piece)
                assert wire.end(0.06) == "open" and wire.unread == b""
            assert wire.request(b"\r\n").status == 200


# --- bodies ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("request_bytes", [pytest.param(post(b"x" * 100), id="H138"),
                                           pytest.param(post([b"x"] * 20), id="H138.chunked")])
def test_dripping_body(hasty, request_bytes):
    head, body = request_bytes.split(b"\r\n\r\n")[0] + b"\r\n\r\n", request_bytes.split(b"\r\n\r\n", 1)[1]
    with hasty.wire() as wire:
        wire.send(head)
        assert drip(wire, body) >= 0.35
        assert_late(wire)
    hasty.wait_upstream_closed()
    assert hasty.origin.requests == [] and len(hasty.origin.partial) == 1, "the origin sees it break off"
    hasty.origin.forget()
    hasty.probe()


def test_body_that_never_comes(hasty):
    """H138"""
    with hasty.wire() as wire:
        wire.send(post(b"abc")[:-3])
        assert_late(wire)


def test_slow_body_that_is_fast_enough(hasty):
    """H138: 9,000 bytes a second for longer than the rate's period."""
    with hasty.wire() as wire:
        wire.send(post(b"x" * 9000)[:-9000])
        for _ in range(15):
            wire.send(b"x" * 600)
            assert wire.end(0.07) == "open"
        assert wire.response().status == 200
    assert hasty.origin.requests[0].endswith(b"\r\n\r\n" + b"x" * 9000)


def test_slow_origin_is_not_the_clients_fault(hasty):
    """H138: the origin does not read the body for longer than the rate's period; the client could not send more."""
    go_on = threading.Event()
    size = 32 << 20

    def step(exchange):
        assert go_on.wait(10)
        exchange.read_body()
        answer(b"ok")(exchange)

    hasty.origin.read_bodies, hasty.origin.script = False, step
    with hasty.wire(timeout=10) as wire:
        wire.send(post(b"")[:-21] + b"Content-Length: %d\r\n\r\n" % size)
        sender = threading.Thread(target=wire.send, args=[bytes(size)])
        sender.start()
        assert wire.end(1.0) == "open" and wire.unread == b""
        assert sender.is_alive(), "it could not send all"
        go_on.set()
        assert wire.response().status == 200
        sender.join()


# --- connections without a request -----------------------------------------------------------------------------------

@pytest.mark.parametrize("data", [pytest.param(b"", id="H139"), pytest.param(b"\r\n", id="H139.line")])
def test_nothing_is_sent(hasty, data):
    with hasty.wire() as wire:
        begin = time.monotonic()
        wire.send(data)
        assert (wire.end(), wire.unread) == ("fin", b"")
        assert time.monotonic() - begin >= 0.35


def test_idle_connection(hasty):
    """H140: counted anew from each answer."""
    with hasty.wire() as wire:
        for _ in range(3):
            hasty.probe(wire)
            assert wire.end(0.15) == "open"
        hasty.probe(wire)
        begin = time.monotonic()
        assert (wire.end(), wire.unread) == ("fin", b"")
        assert time.monotonic() - begin >= 0.25


# --- origins ---------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def pair():
    """(lb, first, second): origins that are never taken out."""
    with Origin() as first, Origin() as second:
        entry = {"endpoints": [first.address, second.address], "max_fails": 0, "read_timeout": "300ms", "keepalive": 0}
        with Lb(services={"web": entry}, routes=[{"host": "a.example", "service": "web"}]) as lb:
            yield lb, first, second


@pytest.mark.parametrize("method, tries", [pytest.param("GET", 2, id="H144"), pytest.param("POST", 1, id="H144.post")])
def test_silent_origins(pair, method, tries):
    lb, first, second = pair
    for origin in (first, second):
        origin.forget()
        origin.script = hang()
    with lb.wire() as wire:
        begin = time.monotonic()
        response = wire.request(get(method=method))
        assert time.monotonic() - begin >= 0.25 * tries
        assert (response.status, response.field("connection")) == (504, None)
        assert len(first.requests) + len(second.requests) == tries
        eventually(lambda: first.open_connections + second.open_connections == 0, 5, "what was asked in vain is closed")
        first.script = second.script = answer(b"ok")
        assert wire.request(get()).status == 200


def test_one_silent_origin(pair):
    """H144: GET uses its remaining attempts."""
    lb, silent, good = pair
    silent.forget()
    silent.script, good.script = hang(), answer(b"ok")
    with lb.wire() as wire:
        assert [wire.request(get()).status for _ in range(3)] == [200] * 3
    assert silent.requests, "it had its turn"


def test_origin_that_stops_within_its_answer(hasty):
    """H144, H110: too late for 504; the answer is seen to break off."""
    hasty.origin.script = lambda exchange: (exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), hang()(exchange))
    with hasty.wire() as wire:
        begin = time.monotonic()
        wire.send(get())
        assert wire.everything().endswith(b"\r\n\r\nabc")
        assert time.monotonic() - begin >= 0.25


def test_origin_that_pauses_within_its_answer(hasty):
    """H144: read_timeout counts from each piece."""
    more = threading.Semaphore(0)

    def step(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        for _ in range(5):
            assert more.acquire(timeout=5)
            exchange.send(b"x")

    hasty.origin.script = step
    with hasty.wire() as wire:
        wire.send(get())
        for _ in range(5):
            assert wire.end(0.1) == "open"
            more.release()
        assert wire.response().body == b"xxxxx"
