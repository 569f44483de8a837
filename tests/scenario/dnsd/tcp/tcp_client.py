# Signpost. Apache-2.0; see LICENSE.
"""A DNS client over TCP that does one thing at a time, so that a test can do them in the wrong order."""
import contextlib
import select
import socket
import struct
import time

from support.ask import NoReply, Reply, build, read_tcp

# Offset of tcpi_data_segs_in in the kernel's struct tcp_info.
_DATA_SEGMENTS_IN = 152


def framed(wire):
    return struct.pack("!H", len(wire)) + wire


def question(name="web.service.consul", kind="A", **message):
    return framed(build(name, kind, **message))


class Client:
    """One connection. `receive_buffer` (bytes) makes the server feel a slow reader early."""

    def __init__(self, server, source=None, receive_buffer=None):
        family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(10)
        if source:
            self.socket.bind((source, 0))
        self.socket.connect(server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        return Reply(read_tcp(self.socket))

    def ask(self, name="web.service.consul", kind="A", **message):
        self.send(question(name, kind, **message))
        return self.reply()

    def served(self):
        """True if a question sent now is answered, False if the server has closed or resets."""
        try:
            return self.ask().rcode == "NOERROR"
        except (OSError, NoReply):
            return False

    def end(self, deadline=10.0):
        """Bytes that still come until the server closes (FIN or RST); fails if it does not within `deadline`."""
        got, limit = b"", time.monotonic() + deadline
        while True:
            self.socket.settimeout(max(0.01, limit - time.monotonic()))
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return got
            except socket.timeout:
                raise AssertionError(f"still open after {deadline} s") from None
            if not piece:
                return got
            got += piece

    def open(self):
        """True as long as the server has neither closed nor reset, without reading anything."""
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return not poll.poll(0)

    def reset(self):
        """Ends the connection with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def data_segments(self):
        """How many segments with data have arrived."""
        info = self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return struct.unpack_from("=I", info, _DATA_SEGMENTS_IN)[0]


@contextlib.contextmanager
def clients(server, count, **options):
    """`count` connections, each proven open by one answer."""
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            client = stack.enter_context(Client(server, **options))
            assert client.served()
            made.append(client)
        yield made
