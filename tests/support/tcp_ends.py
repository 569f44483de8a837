# Signpost. Apache-2.0; see LICENSE.
"""Both ends of what a balancer joins: a client and a host that do byte by byte what a test says.

    with Host() as host, Lb(services={"db": [host]}, routes=[{"tcp": port, "service": "db"}]):
        with connect(port) as client, host.accept() as server:
            client.send(b"ping")
            server.expect(b"ping")
            server.reset()
            assert client.end() == "reset"
"""
import fcntl
import re
import socket
import struct
import subprocess
import time

from support.wait import eventually


class End:
    """One end of a connection."""

    def __init__(self, connected, timeout=10.0):
        self.socket = connected
        self.socket.settimeout(timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.timeout, self.got = timeout, b""  # what came and was not expected yet

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def local(self):
        """(address, port)."""
        return self.socket.getsockname()[:2]

    @property
    def peer(self):
        return self.socket.getpeername()[:2]

    def close(self):
        self.socket.close()

    def fin(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data, flags=0):
        """All of it."""
        if flags:
            assert self.socket.send(data, flags) == len(data)
        else:
            self.socket.sendall(data)

    def send_pieces(self, data, size=1):
        """In segments of `size` bytes, each acknowledged before the next leaves."""
        for at in range(0, len(data), size):
            self.send(data[at:at + size])
            eventually(lambda: unacknowledged(self.socket) == 0, 5, "a piece is acknowledged", every=0.0005)

    def stuff(self, most=64 << 20):
        """Sends zeros until the kernel has taken none for 0.3 s, or `most`; returns how many."""
        sent, block = 0, bytes(65536)
        self.socket.settimeout(0.3)
        try:
            while sent < most:
                sent += self.socket.send(block[:most - sent])
        except TimeoutError:
            pass
        self.socket.settimeout(self.timeout)
        return sent

    def receive(self, size):
        """Exactly `size` bytes; ConnectionError when the stream ends before."""
        while len(self.got) < size:
            piece = self.socket.recv(1 << 16)
            if not piece:
                raise ConnectionError(f"ended after {self.got[:200]!r}, {size} bytes expected")
            self.got += piece
        taken, self.got = self.got[:size], self.got[size:]
        return taken

    def expect(self, data):
        """The next bytes are these."""
        got = self.receive(len(data))
        assert got == data, f"{got[:200]!r} came for {data[:200]!r}"

    def end(self, deadline=10.0):
        """How the stream ends: "fin" or "reset"; "open" when it has not after `deadline`. Bytes before it are in `got`."""
        until = time.monotonic() + deadline
        try:
            while (left := until - time.monotonic()) > 0:
                self.socket.settimeout(left)
                piece = self.socket.recv(1 << 16)
                if not piece:
                    return "fin"
                self.got += piece
        except TimeoutError:
            pass
        except ConnectionResetError:
            return "reset"
        finally:
            self.socket.settimeout(self.timeout)
        return "open"

    def assert_quiet(self, seconds=0.3):
        """Nothing comes and it stays open for so long."""
        assert (self.end(seconds), self.got) == ("open", b"")


def connect(port, address="127.0.0.1", receive_buffer=None, **keywords):
    """A client's End."""
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(5)
    client.connect((address, port))
    return End(client, **keywords)


def ending(port, **words):
    """How a new connection ends, which may be before the client knows that there was one."""
    try:
        with connect(port, **words) as client:
            return client.end()
    except ConnectionResetError:
        return "reset"


class Host:
    """Listens on a loopback port of its own; each connection is an End that the test accepts."""

    def __init__(self, address="127.0.0.1", backlog=128):
        self._ip, self._fillers = address, []
        self._listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, 0))
        self._listener.listen(backlog)
        self.port = self._listener.getsockname()[1]
        self.address = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """From now on connections are refused."""
        self._listener.close()
        for filler in self._fillers:
            filler.close()

    def accept(self, timeout=5.0):
        self._listener.settimeout(timeout)
        return End(self._listener.accept()[0])

    def assert_nobody(self, seconds=0.2):
        """No connection comes for so long."""
        try:
            self.accept(seconds).close()
        except TimeoutError:
            return
        raise AssertionError("a connection came")

    def fill(self):
        """From now on connections hang, until `unfill`: the queue is full. For backlog 0."""
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((self._ip, self.port))
            self._fillers.append(filler)

    def unfill(self):
        """Takes what `fill` queued; hanging connects succeed with their next SYN, within 2 s or so."""
        self._fillers.pop(0).close()
        self.accept().close()
        while self._fillers:
            self._fillers.pop().close()


class Refusing:
    """An address that nobody listens at, and nobody will while it is held."""

    def __init__(self):
        self._held = socket.socket()
        self._held.bind(("127.0.0.1", 0))
        self.port = self._held.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._held.close()


# --- what the kernel holds ---------------------------------------------------------------------------------------------

def unacknowledged(connected):
    """Bytes sent that the peer's kernel has not acknowledged."""
    return struct.unpack("i", _ioctl(connected, 0x5411))[0]  # SIOCOUTQ


def unread(connected):
    """Bytes that came and were not read."""
    return struct.unpack("i", _ioctl(connected, 0x541B))[0]  # FIONREAD


def _ioctl(connected, number):
    return fcntl.ioctl(connected.fileno(), number, bytes(4))


def queues(local_port, peer_port):
    """(unread, unacknowledged) of the socket between these ports, by ss; None when there is none."""
    text = subprocess.run(["ss", "-tnH", f"sport = :{local_port} and dport = :{peer_port}"], capture_output=True, text=True,
                          check=True).stdout
    found = re.search(r"^\S+\s+(\d+)\s+(\d+)", text)
    return tuple(map(int, found.groups())) if found else None


def connecting(port):
    """How many sockets of this host are connecting to `port`."""
    return len(subprocess.run(["ss", "-tnH", "state", "syn-sent", f"dport = :{port}"], capture_output=True, text=True,
                              check=True).stdout.splitlines())
