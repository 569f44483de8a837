# Signpost. Apache-2.0; see LICENSE.
"""The common part of servers that lie on demand: HTTP/1.1 over TCP and unix sockets on a thread of its own.

A subclass answers requests (`answer`); this file keeps the connections, records what was asked and when, and breaks
what the test says. Every public method may be called from the test's thread and returns when the change is in force.

    server.break_with(status(500, "broken"), "GET /v1/agent/services", times=1)
    server.heal()
    server.stall()   # a black hole: connections stay open, nothing passes any more
    server.resume()  # new connections work; the old ones stay dead
"""
import asyncio
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from support.fake_consul import Fault
from support.loop_server import LoopServer

_REASONS = {100: "Continue", 200: "OK", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 403: "Forbidden",
            404: "Not Found", 405: "Method Not Allowed", 500: "Internal Server Error"}


@dataclass
class Request:
    method: str
    target: str  # as it came
    headers: dict
    body: bytes
    at: float  # monotonic time of its arrival

    def __post_init__(self):
        parts = urlsplit(self.target)
        self.path = unquote(parts.path)
        self.params = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}

    @property
    def line(self):
        """"PUT /path?query body", as patterns see it."""
        return f"{self.method} {unquote(self.target)} {self.body.decode(errors='replace')}"

    def json(self):
        return json.loads(self.body)


@dataclass
class Reply:
    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)
    stream: object = None  # async callable(connection): writes chunks until it returns


def json_reply(value, status=200, **headers):
    return Reply(json.dumps(value, separators=(",", ":")).encode(), status,
                 {"Content-Type": "application/json", **{k.replace("_", "-"): str(v) for k, v in headers.items()}})


def text_reply(status, text):
    return Reply(text.encode(), status, {"Content-Type": "text/plain; charset=utf-8"})


@dataclass
class _Broken:
    pattern: re.Pattern
    fault: Fault
    times: int | None  # how often it still applies; None = until healed


class FakeServer(LoopServer):
    """Not started by the constructor; a subclass says where it listens (`listen`) and what it answers (`answer`)."""

    def __init__(self):
        super().__init__()
        self._servers = []
        self._connections = set()
        self._faults = []
        self._stalled = False
        self._changed = asyncio.Event()
        self.requests = []
        self.in_flight, self.max_in_flight = Counter(), Counter()  # by `kind`

    # --- life

    async def _start(self):
        self._stalled = False
        self._servers = await self.listen(self._loop, lambda: Connection(self))

    async def _stop(self):
        for server in self._servers:
            server.close()
        self._servers = []
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    # --- for the subclass

    async def listen(self, loop, make_connection):
        """The listening servers."""
        raise NotImplementedError

    async def answer(self, request):
        """The Reply of the healthy server, when it is due."""
        raise NotImplementedError

    def kind(self, request):
        """A word for requests of the same kind, for counting those under way; None = not counted."""
        return None

    def act(self, function, *arguments):
        """Runs `function` on the serving thread and wakes every waiting request; returns its result."""
        async def run():
            try:
                return function(*arguments)
            finally:
                self.wake()
        if threading.current_thread() is self._thread:
            return function(*arguments)
        return self._run(run())

    def wake(self):
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def until(self, condition, deadline):
        """Waits for a change that makes `condition()` true, at most until `deadline` (loop time)."""
        while not condition() and self._loop.time() < deadline:
            changed = self._changed
            try:
                await asyncio.wait_for(changed.wait(), max(0.0, deadline - self._loop.time()))
            except asyncio.TimeoutError:
                return

    # --- faults

    def break_with(self, fault, pattern=".", times=None):
        """From now on requests whose line ("PUT /path?query body") matches the regular expression meet `fault`: what
        says status, body, hang or reset is not applied at all; what delays, rewrites or cuts is."""
        self.act(self._faults.insert, 0, _Broken(re.compile(pattern, re.S), fault, times))

    def heal(self):
        """No fault any more; whoever hangs is let go with a closed connection."""
        def forget():
            self._faults.clear()
            for connection in list(self._connections):
                if connection.hanging:
                    connection.transport.abort()
        self.act(forget)

    def drop(self, pattern="."):
        """Closes the connections on which a matching request is being answered now; how many."""
        def close():
            found = [c for c in self._connections if c.request and re.search(pattern, c.request.line)]
            for connection in found:
                connection.transport.abort()
            return len(found)
        return self.act(close)

    def stall(self, pattern=None):
        """A black hole: connections stay open, nothing passes. With `pattern` only those that answer such a request."""
        def sink():
            self._stalled = self._stalled or pattern is None
            for connection in self._connections:
                if pattern is None or (connection.request and re.search(pattern, connection.request.line)):
                    connection.dead = True
        self.act(sink)

    def resume(self):
        self.act(lambda: setattr(self, "_stalled", False))

    def fault_for(self, request):
        for broken in self._faults:
            if broken.times != 0 and broken.pattern.search(request.line):
                if broken.times is not None:
                    broken.times -= 1
                return broken.fault
        return Fault()

    # --- what was seen

    def seen(self, pattern=".", since=0.0):
        """The requests whose line matches the regular expression, from the monotonic time `since` on."""
        return [request for request in list(self.requests)
                if request.at >= since and re.search(pattern, request.line)]

    def open_requests(self, pattern="."):
        """How many matching requests are being answered now."""
        return self.act(lambda: sum(1 for c in self._connections
                                    if c.request and not c.dead and re.search(pattern, c.request.line)))

    def connections(self):
        return len(self._connections)


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection: requests are answered in order, one at a time."""

    def __init__(self, server):
        self.server = server
        self.request = None  # being answered
        self.hanging = False
        self.dead = server._stalled  # swallowed by the black hole
        self._buffer = b""
        self._task = None
        self._continued = False

    def connection_made(self, transport):
        self.transport = transport
        self.server._connections.add(self)

    def connection_lost(self, _):
        self.server._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data):
        self._buffer += data
        if not self.dead:
            self._next()

    def _next(self):
        if self._task is not None or b"\r\n\r\n" not in self._buffer:
            return
        head, rest = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        size = int(headers.get("content-length", "0"))
        if "expect" in headers and not self._continued:
            self._continued = True
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(rest) < size:
            return
        self._continued = False
        body, self._buffer = rest[:size], rest[size:]
        method, target = lines[0].split(" ")[:2]
        self.request = Request(method, target, headers, body, time.monotonic())
        self.server.requests.append(self.request)
        self._task = self.server._loop.create_task(self._answer(self.request))

    async def _answer(self, request):
        server, kind = self.server, self.server.kind(request)
        server.in_flight[kind] += 1
        server.max_in_flight[kind] = max(server.max_in_flight[kind], server.in_flight[kind])
        try:
            await self._answer_with(request, server.fault_for(request))
        finally:
            server.in_flight[kind] -= 1
        if not self.hanging:
            self._task = self.request = None
            if not self.dead:
                self._next()

    async def _answer_with(self, request, fault):
        if fault.hang:
            self.hanging = True
            return
        if fault.reset:
            self._reset()
            return
        if fault.status is not None or fault.body is not None:
            reply = Reply(fault.body or b"", fault.status or 200, {})
        else:
            reply = await self.server.answer(request)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.rewrite is not None and reply.status == 200:
            reply.body = fault.rewrite(reply.body)
        for name, value in fault.headers.items():
            reply.headers.pop(name, None)
            if value is not None:
                reply.headers[name] = value
        if reply.stream:
            await self._write_stream(reply)
        else:
            self._write(request, reply, fault.cut_body_at)

    def _write(self, request, reply, cut_body_at):
        body = b"" if request.method == "HEAD" else reply.body
        self._send(self._head(reply, f"Content-Length: {len(reply.body)}")
                   + (body if cut_body_at is None else body[:int(len(body) * cut_body_at)]))
        if cut_body_at is not None:
            self.transport.close()

    async def _write_stream(self, reply):
        self._send(self._head(reply, "Transfer-Encoding: chunked"))
        await reply.stream(self)
        self._send(b"0\r\n\r\n")

    def chunk(self, data):
        """One chunk of a streamed reply."""
        self._send(b"%x\r\n%s\r\n" % (len(data), data))

    @staticmethod
    def _head(reply, framing):
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Other')}", framing]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def _send(self, data):
        if not self.dead:
            self.transport.write(data)

    def _reset(self):
        sock = self.transport.get_extra_info("socket")
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()
