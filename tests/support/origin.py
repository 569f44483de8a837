# Signpost. Apache-2.0; see LICENSE.
"""A scriptable origin: what stands behind lb in tests. It keeps every byte it gets and does what its script says.

    with Origin(answer(b"hello")) as origin: ...           # the same for every request
    with Origin([reset(), answer(b"hello")]) as origin:    # one after the other, the last one for ever
    origin.script = hang()                                 # from the next request on

A step is a function of (Exchange). It gets the request's head and body as they came, and writes, waits, closes or resets.
"""
import select
import socket
import struct
import threading

from support.wait import eventually

_LINGER_RESET = struct.pack("ii", 1, 0)


class Exchange:
    """One request on one connection, as a step sees it."""

    def __init__(self, connection, head, body, number):
        self.socket, self.head, self.body, self.number = connection.socket, head, body, number
        self.connection, self.origin = connection, connection.origin
        self.keep = True  # whether the connection waits for another request afterwards

    def send(self, data):
        self.socket.sendall(data)

    def fin(self):
        self.keep = False
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.keep = False
        self.socket.close()

    def reset(self):
        self.keep = False
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)
        self.socket.close()

    def read_body(self):
        """With `read_bodies` false: the body, framed as it came; the connection can serve another request then."""
        self.body = self.connection.read_body(self.head)
        return self.body

    def read_some(self, size):
        """With `read_bodies` false: at least so many of the bytes behind the head, framing included."""
        self.connection.fill(size)

    def receive(self, most):
        """Of the body: what is there, at least one byte."""
        return self.connection.receive(most)

    def read_ahead(self):
        """With `read_bodies` false: what came together with the head, for steps that read on from the socket itself."""
        return self.connection.take_rest()

    def until_closed(self):
        """Reads on until the other side closes; returns what came."""
        self.keep = False
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except OSError:
            pass
        return data


# --- steps -----------------------------------------------------------------------------------------------------------

def raw(data, then=None):
    """Sends exactly `data`; `then` is "close", "fin" or "reset"."""
    def step(exchange):
        exchange.send(data)
        if then:
            getattr(exchange, then)()
    return step


def answer(body=b"ok\n", status="200 OK", headers=()):
    """A whole response with Content-Length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return raw("\r\n".join(lines).encode() + body)


def reset():
    return lambda exchange: exchange.reset()


def close():
    return lambda exchange: exchange.close()


def hang():
    """No answer; the connection stays until the other side closes it, or the origin ends."""
    return lambda exchange: exchange.until_closed()


def late(seconds, step):
    """Another step after so long, unless the other side closes before."""
    def waiting(exchange):
        if select.select([exchange.socket], [], [], seconds)[0]:
            return exchange.close()
        return step(exchange)
    return waiting


def echo():
    """Answers with the request's own bytes."""
    return lambda exchange: answer(exchange.head + exchange.body)(exchange)


def name(text):
    """Answers with a name, to see which origin it was."""
    return answer(text.encode())


# --- the origin ------------------------------------------------------------------------------------------------------

class _Ended(Exception):
    """The other side sent its FIN within a request, or before one."""


class _Connection:
    def __init__(self, origin, accepted):
        self.origin, self.socket = origin, accepted
        self._buffer = bytearray()
        self._taken = b""  # of it, for the present request

    def serve(self):
        try:
            number = 0
            while request := self._read_request():
                number += 1
                exchange = Exchange(self, *request, number)
                self.origin._take(exchange)(exchange)
                if not exchange.keep:
                    return
        except (_Ended, OSError) as error:
            self.origin.errors.append(error)
        finally:
            if self.socket.fileno() >= 0:
                self.socket.close()
            self.origin._gone(self.socket)

    def read_body(self, head):
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return self._chunked()
        return self._exactly(int(fields.get(b"content-length", b"0")))

    def fill(self, size):
        while len(self._buffer) < size:
            self._receive()

    def receive(self, most):
        if not self._buffer:
            self._receive()
        return self._take(min(most, len(self._buffer)))

    def _read_request(self):
        """(head, body), or None when the connection ends. What came of a broken request is kept in `origin.partial`."""
        self._taken = b""
        try:
            head = self._until(b"\r\n\r\n")
            return head, self.read_body(head) if self.origin.read_bodies else b""
        except (_Ended, ConnectionResetError) as error:
            if self._taken or self._buffer:
                self.origin.partial.append(self._taken + bytes(self._buffer))
            if isinstance(error, ConnectionResetError):
                self.origin.errors.append(error)
            return None

    def _chunked(self):
        body = b""
        while True:
            line = self._until(b"\r\n")
            body += line
            size = int(line.split(b";")[0], 16)
            if size > 0:
                body += self._exactly(size + 2)
                continue
            while (line := self._until(b"\r\n")) != b"\r\n":
                body += line
            return body + b"\r\n"

    def _until(self, end):
        while end not in self._buffer:
            self._receive()
        return self._take(self._buffer.index(end) + len(end))

    def _exactly(self, size):
        self.fill(size)
        return self._take(size)

    def take_rest(self):
        return self._take(len(self._buffer))

    def _take(self, size):
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._taken += taken
        return taken

    def _receive(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise _Ended
        self._buffer += piece
        with self.origin._lock:
            self.origin._received += piece


class Origin:
    """Listens on a loopback port of its own. With `read_bodies` false, a step is called as soon as a head is there.

    `requests`: head and body of each as they came, in the order in which they were complete. `partial`: requests that
    broke off. `received`: all bytes. `connections`: accepted so far; `open_connections`: of them, those not over.
    """

    def __init__(self, script=None, port=0, read_bodies=True, address="127.0.0.1"):
        self._steps, self.read_bodies = script or answer(), read_bodies
        self._lock = threading.Lock()
        self.requests, self._received, self.partial, self.errors = [], bytearray(), [], []
        self.connections = 0
        self._open = []
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=1024)
        self.port = self._listener.getsockname()[1]
        self.address = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def script(self):
        return self._steps

    @script.setter
    def script(self, steps):
        with self._lock:
            self._steps = steps

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Stops listening (connects are refused from now on) and resets what is open."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accept
        except OSError:
            pass
        self._listener.close()
        self._thread.join(5)
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait_requests(self, count, deadline=5.0):
        eventually(lambda: len(self.requests) >= count, deadline, lambda: f"{count} requests; got {self.requests}")
        return self.requests

    @property
    def received(self):
        with self._lock:
            return bytes(self._received)

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    def forget(self):
        """Of what came so far; the script begins anew only when it is set."""
        with self._lock:
            self.requests, self._received, self.partial, self.errors = [], bytearray(), [], []

    def _gone(self, accepted):
        with self._lock:
            self._open.remove(accepted)

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self.connections += 1
                self._open.append(accepted)
            threading.Thread(target=_Connection(self, accepted).serve, daemon=True).start()

    def _take(self, exchange):
        with self._lock:
            self.requests.append(exchange.head + exchange.body)
            if callable(self._steps):
                return self._steps
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
