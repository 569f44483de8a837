# Signpost. Apache-2.0; see LICENSE.
"""Thousands of blocking queries, each on a connection of its own, in one thread."""
import contextlib
import json
import resource
import selectors
import socket
import time


@contextlib.contextmanager
def many_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[1], 20000), max(before[1], 20000)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Answer:
    def __init__(self, text, seconds):
        head, _, body = text.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        self.body, self.seconds = body, seconds

    @property
    def whole(self):
        return len(self.body) == int(self.headers["content-length"])

    @property
    def index(self):
        return int(self.headers["x-consul-index"])

    def json(self):
        return json.loads(self.body)


class Watchers:
    """`count` clients that send `path` at once. `answers`: what has come back; `ended`: connections that ended without
    an answer."""

    def __init__(self, port, path, count):
        self._selector = selectors.DefaultSelector()
        self._text, self.answers, self.ended = {}, [], 0
        self._since = time.monotonic()
        for _ in range(count):
            link = socket.create_connection(("127.0.0.1", port))
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            link.setblocking(False)
            self._text[link] = b""
            self._selector.register(link, selectors.EVENT_READ)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for link in self._text:
            link.close()
        self._selector.close()

    @property
    def asleep(self):
        return len(self._text)

    def from_now(self):
        """Seconds of the answers count from here."""
        self._since = time.monotonic()

    def collect(self, seconds):
        """Takes what comes until nobody is asleep any more, or the time is over; returns how many answers there are."""
        end = time.monotonic() + seconds
        while self._text and time.monotonic() < end:
            for key, _ in self._selector.select(max(0.0, end - time.monotonic())):
                self._read(key.fileobj)
        return len(self.answers)

    def _read(self, link):
        try:
            data = link.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        self._text[link] += data
        text = self._text[link]
        if data and not (b"\r\n\r\n" in text and Answer(text, 0).whole):
            return
        if data:
            self.answers.append(Answer(text, time.monotonic() - self._since))
        else:
            self.ended += 1
        self._selector.unregister(link)
        del self._text[link]
        link.close()
