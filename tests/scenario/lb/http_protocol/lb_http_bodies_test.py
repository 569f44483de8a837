# Signpost. Apache-2.0; see LICENSE.
"""Bodies on their way: nothing is held back, nothing is lost, nothing is collected without limit.

- H128 to H131: each piece of an answer goes on when it comes, framed for its client.
- H81: each piece of a request does too.
- H89, H143: an origin that refuses a body while it still comes is heard at once; the client is not read much further.
- H146: a client that does not read stops its origin, and costs lb no memory.
- Many megabytes arrive as they were sent, whatever their framing, both ways at once.
"""
import hashlib
import random
import threading
import time

import pytest

from lb_http_stage import HOST, get, post, split_chunks
from support.origin import answer
from support.program import memory_limit
from support.wait import eventually

MEGABYTE = 1 << 20
DATA = random.Random(146).randbytes(5 * MEGABYTE + 12345)
HEAD = b"HTTP/1.1 200 OK\r\n"


def until_received(wire, text):
    eventually(lambda: wire.end(0.005) and wire.unread.endswith(text), 5, lambda: f"{text}; got {wire.unread[-200:]}")


# --- pieces ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("version, fields, piece, last, seen, end", [
    pytest.param("HTTP/1.1", b"", b"%s", b"", b"5\r\n%s\r\n", b"0\r\n\r\n", id="H128"),
    pytest.param("HTTP/1.0", b"", b"%s", b"", b"%s", b"", id="H129"),
    pytest.param("HTTP/1.0", b"Transfer-Encoding: chunked\r\n", b"5\r\n%s\r\n", b"0\r\nX-T: 1\r\n\r\n", b"%s", b"", id="H130"),
    pytest.param("HTTP/1.1", b"Transfer-Encoding: chunked\r\n", b"5\r\n%s\r\n", b"0\r\nX-T: 1\r\n\r\n", b"5\r\n%s\r\n",
                 b"0\r\nX-T: 1\r\n\r\n", id="H131"),
    pytest.param("HTTP/1.1", b"Content-Length: 15\r\n", b"%s", b"", b"%s", b"", id="H131.length"),
])
def test_answers_go_on_as_they_come(stage, version, fields, piece, last, seen, end):
    more = threading.Semaphore(0)
    pieces = [b"first", b"\0\r\n\r\n", b"third"]

    def step(exchange):
        exchange.send(HEAD + fields + b"\r\n")
        for part in pieces:
            assert more.acquire(timeout=5)
            exchange.send(piece % part)
        assert more.acquire(timeout=5)
        exchange.send(last)
        if not fields:
            exchange.fin()

    stage.origin.script = step
    with stage.wire() as wire:
        wire.send(get("/x", "TE: trailers", "Connection: TE", version=version))
        until_received(wire, b"\r\n\r\n")
        expected = wire.unread
        for part in pieces:
            more.release()
            expected += seen % part
            until_received(wire, seen % part)
            assert wire.unread == expected
        more.release()
        if version == "HTTP/1.0":
            assert wire.end() == "fin"
        else:
            until_received(wire, end)
            assert wire.end(0.02) == "open"
        assert wire.unread == expected + end


@pytest.mark.parametrize("request_head, piece, last", [
    pytest.param(post(b"0" * 15)[:-15], b"%s", b"", id="H81"),
    pytest.param(post([])[:-5], b"5\r\n%s\r\n", b"0\r\nX-T: 1\r\n\r\n", id="H81.chunked"),
])
def test_requests_go_on_as_they_come(stage, request_head, piece, last):
    with stage.wire() as wire:
        wire.send(request_head)
        eventually(lambda: stage.origin.received.endswith(b"\r\n\r\n"), 5, "the head")
        for part in (b"first", b"\0\r\n\r\n", b"third"):
            wire.send(piece % part)
            eventually(lambda data=piece % part: stage.origin.received.endswith(data), 5, f"{part} at the origin")
        wire.send(last)
        assert wire.response().status == 200
    assert stage.origin.received.endswith(last)


# --- many megabytes --------------------------------------------------------------------------------------------------

def digest(data):
    return hashlib.sha256(data).hexdigest().encode()


def chunks_of(data, seed):
    sizes, at, out = random.Random(seed), 0, []
    while at < len(data):
        size = sizes.choice([1, 7, 100, 1460, 16384, 70000, 300000])
        out.append(data[at:at + size])
        at += size
    return out


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_large_requests(stage, framing):
    def step(exchange):
        body = exchange.read_body()
        answer(digest(body if framing == "length" else split_chunks(body)[0]))(exchange)

    stage.origin.read_bodies, stage.origin.script = False, [step, answer(b"probe")]
    with stage.wire(timeout=20) as wire:
        wire.send(post(DATA if framing == "length" else chunks_of(DATA, 1)))
        assert wire.response().body == digest(DATA)
        assert stage.probe(wire).body == b"probe"


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_large_answers(stage, framing):
    def step(exchange):
        if framing == "chunked":
            body = post(chunks_of(DATA, 2))
            exchange.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body[body.index(b"\r\n\r\n") + 4:])
            return
        exchange.send(HEAD + (b"Content-Length: %d\r\n" % len(DATA) if framing == "length" else b"") + b"\r\n" + DATA)
        if framing == "close":
            exchange.fin()

    stage.origin.script = [step, answer(b"probe")]
    with stage.wire(timeout=20) as wire:
        response = wire.request(get())
        assert response.framing == ("length" if framing == "length" else "chunked")
        assert digest(response.body) == digest(DATA)
        assert stage.probe(wire).body == b"probe"


def test_both_ways_at_once(stage):
    """The origin answers with each piece of the body while more of it comes (an echo that never waits for the end)."""
    def step(exchange):
        exchange.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(DATA))
        sent = 0
        while sent < len(DATA):
            piece = exchange.receive(len(DATA) - sent)
            exchange.send(piece)
            sent += len(piece)

    stage.origin.read_bodies, stage.origin.script = False, [step, answer(b"probe")]
    with stage.wire(timeout=20) as wire:
        sender = threading.Thread(target=wire.send, args=[post(DATA)])
        sender.start()
        response = wire.response()
        sender.join()
        assert digest(response.body) == digest(DATA)


# --- refused bodies --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fields", [pytest.param([], id="H143"), pytest.param(["Connection: close"], id="H143.close")])
def test_413_while_the_body_comes(stage, fields):
    """The client sends on and on; it gets the answer, in full, and is stopped."""
    stage.origin.read_bodies = False
    stage.origin.script = [lambda exchange: (answer(b"too large\n", "413 Content Too Large", fields)(exchange),
                                             fields and exchange.close()), answer(b"probe")]
    size = 400 * MEGABYTE
    with stage.wire(timeout=10) as wire:
        wire.send(f"POST /x HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {size}\r\n\r\n".encode())
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < size:
                wire.send(DATA[:MEGABYTE])
                sent += MEGABYTE
        assert sent < size / 4, "buffers of the kernel and little more"
        response = wire.response()
        assert (response.status, response.body, response.field("connection")) == (413, b"too large\n", "close")
    assert stage.probe().body == b"probe"


@pytest.mark.parametrize("expect, burst, least", [
    pytest.param([], 4096, 0, id="H143.amount"),
    pytest.param(["Expect: 100-continue"], 1, 1.8, id="H89"),
])
def test_413_before_the_body_comes(stage, expect, burst, least):
    """At once, not when the body is there, and no 100. A body that comes then is read for 64 KiB or two seconds."""
    stage.origin.read_bodies = False
    stage.origin.script = [answer(b"no", "413 Content Too Large"), answer(b"probe")]
    with stage.wire() as wire:
        wire.send(get("/x", "Content-Length: 10000000", *expect, method="POST"))
        begin = time.monotonic()
        response = wire.response()
        assert (response.status, response.body, response.field("connection")) == (413, b"no", "close")
        assert (wire.end(), wire.unread) == ("fin", b"")

        def refused():
            try:
                wire.send(b"x" * burst)
            except ConnectionError:
                return True

        eventually(refused, 10, "the end of the connection")
        assert time.monotonic() - begin >= least
    assert stage.probe().body == b"probe"


# --- slow readers ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("head, end", [
    pytest.param(b"Content-Length: 134217728\r\n\r\n", None, id="H146"), pytest.param(b"\r\n", "fin", id="H146.close")])
def test_slow_reader(stage, head, end):
    """128 MiB for a client that takes nothing for a while: only what the kernel's buffers take leaves the origin."""
    size = 128 * MEGABYTE
    sent = []

    def step(exchange):
        exchange.send(HEAD + head)
        for _ in range(size // MEGABYTE):
            exchange.send(DATA[:MEGABYTE])
            sent.append(time.monotonic())
        if end:
            exchange.fin()

    stage.origin.script = [step, answer(b"probe")]
    before = stage.lb.process.resident_bytes()
    with stage.wire(receive_buffer=65536, timeout=20) as wire:
        wire.send(get())
        eventually(lambda: sent and time.monotonic() - sent[-1] > 0.3, 20, "the origin is stopped")
        assert len(sent) < size // MEGABYTE // 2
        assert stage.lb.process.resident_bytes() - before < memory_limit(3 * MEGABYTE)
        with stage.wire() as other:
            assert stage.probe(other).body == b"probe", "others are served"
        taken, chunk = hashlib.sha256(), hashlib.sha256()
        body = read_body(wire, size, bool(end))
        for piece in body:
            taken.update(piece)
        for _ in range(size // MEGABYTE):
            chunk.update(DATA[:MEGABYTE])
        assert taken.hexdigest() == chunk.hexdigest()
        assert stage.probe(wire).body == b"probe"


def read_body(wire, size, is_chunked):
    """The pieces of an answer too large to be kept."""
    head = wire.head()
    assert (b"chunked" in head) == is_chunked
    while size > 0:
        length = int(wire.line(), 16) if is_chunked else min(size, MEGABYTE)
        yield wire.exactly(length)
        size -= length
        if is_chunked:
            assert wire.line() == b""
    if is_chunked:
        assert (wire.line(), wire.line()) == (b"0", b"")
