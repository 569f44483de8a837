# Signpost. Apache-2.0; see LICENSE.
"""What a TCP session passes on, and how it ends.

Claims
- T01, T02: a FIN is passed on and the other direction stays open until its own end, whoever finishes first.
- T03, T04: a reset of one side resets the other; nothing that was queued is waited for.
- T05: while one side does not read, the other is not read from: at most --pending bytes and a pipe are in lb.
- T10: a session is ended with FIN after tcp_idle of silence; a byte in either direction begins the time anew.
- T11: once one side has finished, fin_timeout is the limit.
- T13: the endpoint is connected before the client sends anything.
- T23: TCP_NODELAY, keep-alive 60/10/6 and TCP_USER_TIMEOUT are set on both sockets.
- T24: urgent data does not derail the stream.
- T25: bulk flows in both directions at once arrive as they were sent, through a pipe that is given back afterwards.
"""
import ctypes
import os
import random
import socket
import threading
import zlib

import pytest

from support.program import memory_limit
from support.tcp_ends import queues, unread
from support.wait import eventually

BULK = 24 << 20
PENDING, SPLICE = 256 << 10, 256 << 10  # what lb may keep in memory, and in a pipe
_libc = ctypes.CDLL(None, use_errno=True)
_PIDFD_OPEN, _PIDFD_GETFD = 434, 438


def both_ways(first):
    """Names of the sides, the one that acts `first`."""
    return first, "server" if first == "client" else "client"


@pytest.fixture
def ends(line):
    """{"client": ..., "server": ...} of one session."""
    return dict(zip(("client", "server"), line.pair()))


@pytest.mark.parametrize("first", [pytest.param("client", id="T01-client-finishes-first"),
                                   pytest.param("server", id="T02-server-finishes-first")])
def test_a_fin_is_passed_on_and_the_other_direction_stays_open(line, ends, first):
    finished, other = (ends[name] for name in both_ways(first))
    finished.send(b"question")
    finished.fin()
    other.expect(b"question")
    assert other.end() == "fin"
    answer = random.randbytes(10_000)
    for at in range(0, len(answer), 1000):
        other.send(answer[at:at + 1000])
    finished.expect(answer)
    finished.assert_quiet(0.05)
    other.fin()
    assert finished.end() == "fin"
    line.wait_ended(ok=1)


def test_banner_and_fin_at_once(line):
    """T02: the end comes together with the first bytes, before the client has sent any."""
    client, server = line.pair()
    server.send(b"220 ready\r\n")
    server.fin()
    client.expect(b"220 ready\r\n")
    assert client.end() == "fin"
    client.send(b"x" * 10_000)
    client.fin()
    server.expect(b"x" * 10_000)
    assert server.end() == "fin"
    line.wait_ended(ok=1)


@pytest.mark.parametrize("first, reason", [pytest.param("server", "upstream_reset", id="T03-server-resets"),
                                           pytest.param("client", "client_abort", id="T04-client-resets")])
def test_a_reset_is_passed_on(line, ends, first, reason):
    resetting, other = (ends[name] for name in both_ways(first))
    other.send(b"hello")
    resetting.expect(b"hello")
    resetting.reset()
    assert other.end() == "reset"
    line.wait_ended(**{reason: 1, "ok": 0})


@pytest.mark.parametrize("first", [pytest.param("server", id="T03-behind-a-jam"), pytest.param("client", id="T04-behind-a-jam")])
def test_a_reset_overtakes_what_is_queued(line, ends, first):
    resetting, other = (ends[name] for name in both_ways(first))
    assert resetting.stuff() > 1 << 20
    resetting.reset()
    assert other.end() == "reset"
    line.wait_ended()


@pytest.mark.parametrize("first", [pytest.param("server", id="T03-after-fin"), pytest.param("client", id="T04-after-fin")])
def test_a_reset_after_the_fin_is_passed_on(line, ends, first):
    resetting, other = (ends[name] for name in both_ways(first))
    resetting.fin()
    assert other.end() == "fin"
    resetting.reset()
    # It learns by writing: its own side has been closed in order.
    def refused():
        try:
            other.send(b"x")
        except OSError:
            return True
        return False
    eventually(refused, 5, "writes fail")
    line.wait_ended(ok=0)


# --- back-pressure -----------------------------------------------------------------------------------------------------

def inside(line, client, server):
    """Bytes that the server sent and that are in lb itself, in no socket's queue; wrong while they move."""
    to_lb = queues(server.local[1], server.peer[1])[1] + queues(server.peer[1], server.local[1])[0]
    from_lb = queues(line.port, client.local[1])[1] + unread(client.socket)
    return server.sent - to_lb - from_lb


def test_who_does_not_read_stops_the_sender(line):
    """T05"""
    client, server = line.pair(receive_buffer=65536)
    before = line.lb.process.resident_bytes()
    server.sent = server.stuff()
    assert 0 < server.sent < 64 << 20, "the sender was never stopped"
    seen = []

    def settled():
        seen.append(inside(line, client, server))
        return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

    eventually(settled, 10, lambda: f"the queues come to rest: {seen[-5:]}", every=0.1)
    assert 0 <= seen[-1] <= PENDING + SPLICE, f"{seen[-1]} bytes are in lb"
    assert line.lb.process.resident_bytes() - before < memory_limit(4 << 20)
    assert zlib.crc32(client.receive(server.sent)) == zlib.crc32(bytes(server.sent)), "what was held came out changed"
    server.send(b"goes on")
    client.expect(b"goes on")


# --- time --------------------------------------------------------------------------------------------------------------

def test_idle_ends_with_fin(start):
    """T10"""
    line = start(tcp_idle="400ms")
    client, server = line.pair()
    assert (client.end(), server.end()) == ("fin", "fin")
    line.wait_ended(idle=1)


@pytest.mark.parametrize("talker", [pytest.param("client", id="T10-client-talks"), pytest.param("server", id="T10-server-talks")])
def test_a_byte_in_either_direction_begins_the_idle_time_anew(start, talker):
    line = start(tcp_idle="400ms")
    ends = dict(zip(("client", "server"), line.pair()))
    talking, other = (ends[name] for name in both_ways(talker))
    for _ in range(4):  # 0.8 s in all
        talking.send(b".")
        other.expect(b".")
        other.assert_quiet(0.2)
    assert (talking.end(), other.end()) == ("fin", "fin")


@pytest.mark.parametrize("first", [pytest.param("client", id="T11-client-finished"), pytest.param("server", id="T11-server-finished")])
def test_half_closed_and_silent(start, first):
    line = start(fin_timeout="300ms", tcp_idle="1h")
    ends = dict(zip(("client", "server"), line.pair()))
    finished, other = (ends[name] for name in both_ways(first))
    finished.assert_quiet(0.4)  # not before
    finished.fin()
    assert other.end() == "fin"
    for _ in range(3):
        other.send(b"more")
        finished.expect(b"more")
        finished.assert_quiet(0.15)
    assert finished.end() == "fin"
    line.wait_ended(idle=1)


def test_the_server_may_speak_first(line):
    """T13"""
    client = line.client()
    server = line.accept()  # although the client has said nothing
    server.send(b"220 mail.example.com ESMTP\r\n")
    client.expect(b"220 mail.example.com ESMTP\r\n")


# --- sockets -----------------------------------------------------------------------------------------------------------

class Borrowed:
    """lb's own sockets, by duplicates of its descriptors."""

    def __init__(self, pid):
        self._pidfd = _libc.syscall(_PIDFD_OPEN, pid, 0)
        assert self._pidfd >= 0, os.strerror(ctypes.get_errno())
        self._numbers = [int(entry) for entry in os.listdir(f"/proc/{pid}/fd")]
        self._pid = pid

    def between(self, local, peer):
        """The TCP socket with these ports."""
        for number in self._numbers:
            if not os.readlink(f"/proc/{self._pid}/fd/{number}").startswith("socket:"):
                continue
            duplicate = _libc.syscall(_PIDFD_GETFD, self._pidfd, number, 0)
            assert duplicate >= 0, os.strerror(ctypes.get_errno())
            one = socket.socket(fileno=duplicate)
            try:
                if (one.getsockname()[1], one.getpeername()[1]) == (local, peer):
                    return one
            except (OSError, IndexError):  # a listener, or a Unix socket
                pass
            one.close()
        raise AssertionError(f"lb has no socket from {local} to {peer}")


def options_of(one):
    def read(name, level=socket.IPPROTO_TCP):
        return one.getsockopt(level, getattr(socket, name))

    with one:
        return {"nodelay": read("TCP_NODELAY") != 0, "keepalive": read("SO_KEEPALIVE", socket.SOL_SOCKET) != 0,
                "idle": read("TCP_KEEPIDLE"), "interval": read("TCP_KEEPINTVL"), "count": read("TCP_KEEPCNT"),
                "user_timeout": read("TCP_USER_TIMEOUT") > 0}


@pytest.mark.parametrize("side", [pytest.param("client", id="T23-client"), pytest.param("server", id="T23-server")])
def test_socket_options(line, side):
    client, server = line.pair()
    server.send(b"x")
    client.expect(b"x")  # both are connected by now
    borrowed = Borrowed(line.lb.pid)
    end = client if side == "client" else server
    assert options_of(borrowed.between(end.peer[1], end.local[1])) == {
        "nodelay": True, "keepalive": True, "idle": 60, "interval": 10, "count": 6, "user_timeout": True}


@pytest.mark.parametrize("first", [pytest.param("client", id="T24-client"), pytest.param("server", id="T24-server")])
@pytest.mark.parametrize("size", [3, 300_000])
def test_urgent_data_does_not_derail_the_stream(ends, first, size):
    talking, other = (ends[name] for name in both_ways(first))
    before, after = random.randbytes(size), random.randbytes(size)

    def talk():
        talking.send(before)
        talking.send(b"!", socket.MSG_OOB)
        talking.send(after)
        talking.fin()

    sender = threading.Thread(target=talk)
    sender.start()
    assert other.end() == "fin"
    sender.join()
    assert other.got in (before + after, before + b"!" + after), f"{len(other.got)} bytes came of {2 * size}"


# --- bulk --------------------------------------------------------------------------------------------------------------

class Pump:
    """Sends BULK random bytes through one end, then FIN, while it reads the other's to the end."""

    def __init__(self, end, seed):
        self.block = random.Random(seed).randbytes(1 << 20)
        self.end, self.received, self.crc, self.failure = end, 0, 0, None
        self.threads = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in (self._send, self._read)]
        for thread in self.threads:
            thread.start()

    def _guarded(self, work):
        try:
            work()
        except OSError as failure:
            self.failure = failure

    def _send(self):
        for _ in range(BULK >> 20):
            self.end.send(self.block)
        self.end.fin()

    def _read(self):
        while piece := self.end.socket.recv(1 << 18):
            self.received += len(piece)
            self.crc = zlib.crc32(piece, self.crc)

    def join(self):
        for thread in self.threads:
            thread.join(60)
        assert self.failure is None and not any(thread.is_alive() for thread in self.threads), self.failure

    def sent_crc(self):
        crc = 0
        for _ in range(BULK >> 20):
            crc = zlib.crc32(self.block, crc)
        return crc


def pipes(line):
    folder = f"/proc/{line.lb.pid}/fd"
    links = []
    for entry in os.listdir(folder):
        try:
            links.append(os.readlink(f"{folder}/{entry}"))
        except FileNotFoundError:
            pass
    return sum(link.startswith("pipe:") for link in links)


def test_bulk_in_both_directions(line):
    """T25"""
    client, server = line.pair()
    one, two = Pump(client, 1), Pump(server, 2)
    one.join()
    two.join()
    assert (one.received, two.received) == (BULK, BULK)
    assert (one.crc, two.crc) == (two.sent_crc(), one.sent_crc())
    line.wait_ended(ok=1)


def test_the_pipe_of_a_bulk_flow_is_given_back(line):
    """T25"""
    before = pipes(line)
    client, server = line.pair()
    sent = server.stuff(16 << 20)
    assert pipes(line) > before, "no pipe is used"
    client.receive(sent)
    eventually(lambda: pipes(line) == before, 5, "the pipe is given back")
    server.send(b"small again")
    client.expect(b"small again")
