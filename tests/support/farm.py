# Signpost. Apache-2.0; see LICENSE.
"""Many fast origins in one process of their own, for shares and rates; and a client that asks as fast.

    with Farm("a", "b") as farm, Lb(services={"web": farm.addresses}, routes=[{"host": "web.test", "service": "web"}]) as lb:
        assert ask(lb, "web.test", 4) == ["a", "b", "a", "b"]

An origin answers with its name: to HTTP requests without body; in the kind "fickle" the same, but it closes each connection
after one to seven answers; in the kind "parting" it asks the client to close after each; in the kind "banner" it answers as
soon as it is connected to, and ends the connection then; in the kind "silent" never. In the kind "echo" it sends back what
comes, and the FIN.
"""
import collections
import itertools
import pathlib
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time

from support.process import _PR_SET_PDEATHSIG, _libc
from support.wait import eventually

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: (\d+)")
_MOST = 5000  # requests on one connection, far from --client-requests


class Farm:
    def __init__(self, *names, kind="http"):
        self.names = list(names)
        listeners = [socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in names]
        self.ports = {name: listener.getsockname()[1] for name, listener in zip(names, listeners)}
        words = [f"{listener.fileno()}={name}" for name, listener in zip(names, listeners)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "support.farm", kind, *words], stdin=subprocess.DEVNULL,
            cwd=pathlib.Path(__file__).resolve().parents[1], pass_fds=[listener.fileno() for listener in listeners],
            preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        for listener in listeners:
            listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._child.kill()
        self._child.wait()

    def __getitem__(self, name):
        """Its address and port."""
        return f"127.0.0.1:{self.ports[name]}"

    @property
    def addresses(self):
        return [self[name] for name in self.names]


def ask(lb, host, count, connections=1, fields=None, batch=100):
    """The names of who answered `count` GETs, or their status where that is not 200, in the order in which they were sent.
    They are pipelined, `batch` at a time, on each of at least so many connections, one connection after the other.
    `fields(number)`: more field lines of that request.
    """
    answers = []
    connections = max(connections, -(-count // _MOST))
    for part in range(connections):
        with socket.create_connection(lb.http, timeout=30) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            numbers = range(count * part // connections, count * (part + 1) // connections)
            for at in range(0, len(numbers), batch):
                answers += _batch(client, host, numbers[at:at + batch], fields)
    return answers


def shares(answers):
    """How often each came."""
    return collections.Counter(answers)


def _batch(client, host, numbers, fields):
    line = f"GET / HTTP/1.1\r\nHost: {host}\r\n"
    client.sendall("".join(f"{line}{fields(number) if fields else ''}\r\n" for number in numbers).encode())
    answers, buffer, at = [], b"", 0
    while len(answers) < len(numbers):
        end = buffer.find(b"\r\n\r\n", at)
        if end >= 0:
            body = end + 4
            size = int(_LENGTH.search(buffer, at, end + 2)[1])
            if len(buffer) >= body + size:
                status = buffer[at + 9:at + 12]
                answers.append((buffer[body:body + size] if status == b"200" else status).decode())
                at = body + size
                continue
        piece = client.recv(65536)
        assert piece, f"closed after {len(answers)} of {len(numbers)} answers, {buffer[at:]!r}"
        buffer, at = buffer[at:] + piece, 0
    return answers


class Asking:
    """Asks all the time, on `threads` threads with one connection each, until the block ends; with a pause of `pace` seconds
    after each batch.

    with Asking(lb, "web.test") as asking:
        ...                         # change something
    assert asking.names() <= {"a", "b"}
    """

    def __init__(self, lb, host, threads=4, batch=10, pace=0.0):
        self._words, self._batch, self._pace = (lb, host), batch, pace
        self._seen, self._end, self.errors = [], threading.Event(), []
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        try:
            while not self._end.is_set():
                self._run_on_one_connection(*self._words)
        except (OSError, AssertionError) as error:
            self.errors.append(error)

    def _run_on_one_connection(self, lb, host):
        with socket.create_connection(lb.http, timeout=30) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(_MOST // self._batch):
                for name in _batch(client, host, range(self._batch), None):
                    self._seen.append((time.monotonic(), name))
                if self._pace:
                    self._end.wait(self._pace)
                if self._end.is_set():
                    return

    def since(self, moment=0.0, until=float("inf")):
        """The answers that came then, in order."""
        return [name for when, name in list(self._seen) if moment <= when < until]

    def names(self, since=0.0):
        return set(self.since(since))

    def wait(self, count, deadline=20):
        """Until `count` more answers have come; returns them."""
        already = len(self._seen)
        eventually(lambda: len(self._seen) >= already + count or self.errors, deadline, f"{count} answers")
        assert not self.errors, self.errors
        return [name for _, name in self._seen[already:already + count]]


# --- the child -------------------------------------------------------------------------------------------------------

def _serve(kind, listeners):
    poll, origins, known = select.epoll(), {}, {}
    for number, name in listeners:
        listener, text = socket.socket(fileno=number), name.encode()
        listener.setblocking(False)
        http = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
        parting = http.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        replies = {"http": http, "fickle": http, "parting": parting, "banner": text, "silent": b"", "echo": None}
        origins[number] = (listener, replies[kind])
        poll.register(number, select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number in origins:
                _accept(*origins[number], kind, poll, known)
            elif not known[number].answer():
                known.pop(number).socket.close()


def _accept(listener, answer, kind, poll, known):
    try:
        accepted, _ = listener.accept()
    except BlockingIOError:
        return
    if kind == "banner":
        accepted.sendall(answer)
        accepted.close()
        return
    accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    known[accepted.fileno()] = _Connection(accepted, answer, next(_LIVES) if kind == "fickle" else None)
    poll.register(accepted.fileno(), select.EPOLLIN)


_LIVES = itertools.cycle(range(1, 8))


class _Connection:
    """`reply`: to each request, or None for what came; `life`: how many requests are answered, or None."""

    def __init__(self, accepted, reply, life):
        self.socket, self._reply, self._life = accepted, reply, life

    def answer(self):
        """False when the connection is over."""
        try:
            data = self.socket.recv(65536)
            requests = data.count(b"\r\n\r\n")
            self.socket.sendall(data if self._reply is None else self._reply * requests)
        except OSError:
            return False
        if self._life is not None:
            self._life -= requests
        return bool(data) and self._life != 0


if __name__ == "__main__":
    _serve(sys.argv[1], [(int(word.split("=")[0]), word.split("=")[1]) for word in sys.argv[2:]])
