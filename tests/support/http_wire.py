# Signpost. Apache-2.0; see LICENSE.
"""A client that speaks HTTP/1.x byte by byte, so that tests can say what no library would send and see what came back.

    with Wire(port) as wire:
        wire.send(b"GET / HTTP/1.1\\r\\nHost: a.example\\r\\n\\r\\n")
        response = wire.response()          # .status, .fields, .body, .raw
        assert wire.closed_by("fin")
"""
import socket
import struct
import time


class Response:
    """`raw` is head and body as they came; `framing` is "length", "chunked", "close" or "none"."""

    def __init__(self, head, body, framing, trailers=b""):
        self.head, self.body, self.framing, self.trailers = head, body, framing, trailers
        line, *rest = head.rstrip(b"\r\n").split(b"\r\n")
        self.version, self.status = line.split(b" ")[0].decode(), int(line.split(b" ")[1])
        self.lines = rest

    def fields(self, name):
        """All values of that name, in order."""
        pairs = (line.split(b":", 1) for line in self.lines)
        return [value.strip().decode("latin-1") for key, value in pairs if key.lower() == name.lower().encode()]

    def field(self, name):
        """The one value of that name, or None."""
        found = self.fields(name)
        assert len(found) <= 1, f"{name} came {len(found)} times: {self.head}"
        return found[0] if found else None

    def __repr__(self):
        return f"<{self.head!r} {self.body[:200]!r}>"


class Wire:
    def __init__(self, port, address="127.0.0.1", timeout=5.0, receive_buffer=None):
        self.socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect((address, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def fin(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.socket.sendall(data)

    def request(self, data, head_request=False):
        """Sends and returns the response."""
        self.send(data)
        return self.response(head_request)

    def response(self, head_request=False):
        """The next response, a 1xx included; TimeoutError or ConnectionError when none comes."""
        head = self._until(b"\r\n\r\n")
        plain = Response(head, b"", "none")
        if head_request or plain.status < 200 or plain.status in (204, 304):
            return plain
        if (plain.field("transfer-encoding") or "").lower() == "chunked":
            return self._chunked(head)
        if plain.field("content-length") is not None:
            return Response(head, self._exactly(int(plain.field("content-length"))), "length")
        return Response(head, self._rest(), "close")

    def _chunked(self, head):
        body, trailers = b"", b""
        while size := int(self._until(b"\r\n").split(b";")[0], 16):
            body += self._exactly(size)
            assert self._exactly(2) == b"\r\n"
        while (line := self._until(b"\r\n")) != b"\r\n":
            trailers += line
        return Response(head, body, "chunked", trailers)

    # Of an answer that is too large for `response`:

    def head(self):
        return self._until(b"\r\n\r\n")

    def line(self):
        """The next line, without its end."""
        return self._until(b"\r\n")[:-2]

    def exactly(self, size):
        return self._exactly(size)

    def everything(self):
        """All bytes until the other side closes (or resets: what came before it)."""
        return self._rest(quiet=True)

    def end(self, deadline=5.0):
        """How the connection ended: "fin", "reset", or "open" when it still is after `deadline`. Bytes that come before
        are kept for `response`."""
        until = time.monotonic() + deadline
        while (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                return "reset"
            except TimeoutError:
                return "open"
            if not piece:
                return "fin"
            self._buffer += piece
        return "open"

    @property
    def unread(self):
        return self._buffer

    def _until(self, end):
        while end not in self._buffer:
            self._receive()
        cut = self._buffer.index(end) + len(end)
        taken, self._buffer = self._buffer[:cut], self._buffer[cut:]
        return taken

    def _exactly(self, size):
        while len(self._buffer) < size:
            self._receive()
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken

    def _receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError(f"closed after {self._buffer!r}")
        self._buffer += piece

    def _rest(self, quiet=False):
        try:
            while piece := self.socket.recv(65536):
                self._buffer += piece
        except ConnectionResetError:
            if not quiet:
                raise
        taken, self._buffer = self._buffer, b""
        return taken
