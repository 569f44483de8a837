# Signpost. Apache-2.0; see LICENSE.
"""Large bodies pass through memory that does not grow with them.

Claims
- A body of 1 GiB (256 MiB without SIGNPOST_LONG=1) arrives as it was sent, up and down, with Content-Length, in chunks and
  as a TCP stream (T06, T25, H146), while the memory that lb has in use grows by less than 20 MiB.
- A client that does not read an answer of 1 GiB, and an endpoint that does not read a body, hold up the sender: lb keeps
  64 KiB of an answer and no more than that of a body; 100 such clients at once need less than 20 MiB.
"""
import itertools
import random
import socket
import threading
import time
import zlib

import pytest

from support.gauge import LONG, Gauge
from support.lb import Lb, service
from support.origin import Origin
from support.ports import free_port
from support.tcp_ends import Host, connect
from support.wait import eventually

SIZE = 1 << 30 if LONG else 256 << 20
PIECE = 1 << 20
BLOCK = random.Random(146).randbytes(PIECE)
SLOW = 100


def expected_crc(size=SIZE):
    crc = 0
    for _ in range(size // PIECE):
        crc = zlib.crc32(BLOCK, crc)
    return crc


def send_plain(connected):
    for _ in range(SIZE // PIECE):
        connected.sendall(BLOCK)


def send_chunked(connected):
    """In chunks of 1 MiB less some bytes, so that they end anywhere."""
    sizes = itertools.cycle((PIECE - 7, 3, PIECE // 2, PIECE // 2 + 4))
    view, at, left = memoryview(BLOCK + BLOCK), 0, SIZE
    while left:
        size = min(next(sizes), left)
        connected.sendall(b"%x\r\n" % size)
        connected.sendall(view[at:at + size])
        connected.sendall(b"\r\n")
        at, left = (at + size) % PIECE, left - size
    connected.sendall(b"0\r\n\r\n")


class Reader:
    """The rest of a stream, of which `begun` was read already: sizes and sums in pieces, never the whole."""

    def __init__(self, connected, begun=b""):
        self.socket, self.buffer, self.room = connected, begun, bytearray(PIECE)
        self.size = self.crc = 0

    def plain(self, size=SIZE):
        """Exactly `size` bytes."""
        self._count(self.buffer[:size])
        left, self.buffer = size - min(size, len(self.buffer)), self.buffer[size:]
        while left:
            got = self.socket.recv_into(self.room, min(left, PIECE))
            if not got:
                raise ConnectionError(f"ended {left} bytes too early")
            self._count(memoryview(self.room)[:got])
            left -= got
        return self

    def chunked(self):
        while size := int(self._line(), 16):
            self.plain(size)
            assert self._line() == b""
        assert self._line() == b""
        return self

    def _line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(4096)
            if not more:
                raise ConnectionError(f"ended after {self.buffer!r}")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _count(self, data):
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)

    def assert_whole(self):
        assert (self.size, self.crc) == (SIZE, expected_crc())


def head(connected):
    """(head, what came behind it)"""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connected.recv(4096)
        assert more, f"ended after {data!r}"
        data += more
    end = data.index(b"\r\n\r\n") + 4
    return data[:end], data[end:]


FRAMING = {"length": (f"Content-Length: {SIZE}\r\n\r\n".encode(), send_plain, Reader.plain),
           "chunked": (b"Transfer-Encoding: chunked\r\n\r\n", send_chunked, Reader.chunked)}


@pytest.fixture(scope="module")
def origin():
    with Origin(read_bodies=False) as one:
        yield one


@pytest.fixture(scope="module")
def lb(origin):
    with Lb({"stop-timeout": "2s"}, {"web": service([origin], keepalive_idle="500ms")}, [{"host": "*", "service": "web"}]) as one:
        yield one


@pytest.fixture
def gauge(lb):
    return Gauge(lb)


def rate(begin):
    return f"{SIZE / (1 << 20) / (time.monotonic() - begin):.0f} MiB/s"


@pytest.mark.parametrize("framing", FRAMING)
def test_download(lb, origin, gauge, note, framing):
    field, send, read = FRAMING[framing]

    def answer(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\n" + field)
        send(exchange.socket)

    origin.script = answer
    with lb.wire(timeout=30) as wire:
        begin = time.monotonic()
        wire.send(b"GET /big HTTP/1.1\r\nHost: a.example\r\n\r\n")
        got, begun = head(wire.socket)
        assert got.startswith(b"HTTP/1.1 200 OK\r\n")
        read(Reader(wire.socket, begun)).assert_whole()
        note(f"lb load: {SIZE >> 20} MiB down, {framing}: {rate(begin)}")
    gauge.assert_flat(f"{SIZE >> 20} MiB down, {framing}", note)


@pytest.mark.parametrize("framing", FRAMING)
def test_upload(lb, origin, gauge, note, framing):
    field, send, read = FRAMING[framing]
    readers = []

    def take(exchange):
        readers.append(read(Reader(exchange.socket, exchange.read_ahead())))
        exchange.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        exchange.close()

    origin.script = take
    with lb.wire(timeout=30) as wire:
        begin = time.monotonic()
        wire.send(b"POST /big HTTP/1.1\r\nHost: a.example\r\n" + field)
        send(wire.socket)
        assert wire.response().status == 204
        note(f"lb load: {SIZE >> 20} MiB up, {framing}: {rate(begin)}")
    readers[0].assert_whole()
    gauge.assert_flat(f"{SIZE >> 20} MiB up, {framing}", note)


@pytest.mark.parametrize("direction", [pytest.param("up", id="T06-T25-up"), pytest.param("down", id="T06-T25-down")])
def test_tcp(note, direction):
    port = free_port()
    with Host() as host, Lb({"stop-timeout": "2s"}, {"db": [host]}, [{"tcp": port, "service": "db"}]) as lb:
        gauge = Gauge(lb)
        with connect(port, timeout=30) as client, host.accept() as server:
            sender, receiver = (client, server) if direction == "up" else (server, client)
            begin = time.monotonic()
            sending = threading.Thread(target=lambda: (send_plain(sender.socket), sender.fin()), daemon=True)
            sending.start()
            receiver.socket.settimeout(30)
            Reader(receiver.socket).plain().assert_whole()
            assert receiver.end() == "fin"
            sending.join()
            note(f"lb load: {SIZE >> 20} MiB {direction}, TCP: {rate(begin)}")
        gauge.assert_flat(f"{SIZE >> 20} MiB {direction}, TCP", note)


# --- who does not read -------------------------------------------------------------------------------------------------

def endless_answer(exchange):
    """1 GiB, or as much as is taken before the client goes."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    try:
        for _ in range(1024):
            exchange.send(BLOCK)
    except OSError:
        exchange.close()


def slow_wires(lb, request):
    wires = [lb.wire(receive_buffer=8192) for _ in range(SLOW)]
    for wire in wires:
        wire.send(request)
    return wires


def test_clients_that_do_not_read(lb, origin, gauge, note):
    """H146, T06"""
    origin.script = endless_answer
    sent_before = lb.metric("signpost_lb_endpoint_received_bytes_total")
    wires = slow_wires(lb, b"GET /big HTTP/1.1\r\nHost: a.example\r\n\r\n")
    eventually(lambda: len(origin.requests) >= SLOW, 10, "all have asked")
    for wire in wires:
        wire.socket.recv(1)  # its answer has begun
    steady(lambda: lb.process.cpu_seconds(), "lb has come to rest")
    with lb.wire() as normal:
        origin.script = small_answer
        assert normal.request(b"GET /small HTTP/1.1\r\nHost: a.example\r\n\r\n").body == b"ok"
    for wire in wires[:5]:  # who reads on gets on
        Reader(wire.socket).plain(4 << 20)
    for wire in wires:
        wire.close()
    gauge.assert_flat(f"{SLOW} clients that do not read 1 GiB", note)
    eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 10, "all are gone")
    assert lb.metric("signpost_lb_endpoint_received_bytes_total") - sent_before < SLOW * (16 << 20)
    gauge.assert_no_file_left()


def small_answer(exchange):
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def steady(value, what, seconds=0.5):
    """Until `value()` has been the same for so long."""
    seen = [(time.monotonic(), value())]

    def unchanged():
        now = value()
        if now != seen[-1][1]:
            seen.append((time.monotonic(), now))
        return time.monotonic() - seen[-1][0] >= seconds

    eventually(unchanged, 20, what, every=0.05)


def test_endpoints_that_do_not_read(lb, origin, gauge, note):
    origin.script = lambda exchange: exchange.origin.gate.wait(60)
    origin.gate = threading.Event()
    wires = [lb.wire() for _ in range(6)]
    for wire in wires:
        wire.send(b"POST /big HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1073741824\r\n\r\n")
        wire.socket.settimeout(0.2)
        try:
            for _ in range(64):
                wire.send(BLOCK)
            raise AssertionError("64 MiB were taken although nobody reads them")
        except TimeoutError:
            pass
    gauge.assert_flat("6 bodies that no endpoint reads", note)
    for wire in wires:
        wire.close()
    origin.gate.set()
    eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 10, "all are gone")
    gauge.assert_no_file_left()
