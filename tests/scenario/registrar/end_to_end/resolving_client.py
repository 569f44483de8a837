# Signpost. Apache-2.0; see LICENSE.
"""A client of a service: resolves its name through dnsd and talks to what it is told, again and again."""
import collections
import socket
import threading
import time

from support.ask import BadReply, NoReply, ask
from support.wait import eventually

Seen = collections.namedtuple("Seen", "asked answered ports")  # times as of time.time(); ports of one answer
REQUEST = b"GET / HTTP/1.0\r\n\r\n"


class Client:
    """Every `pace` seconds one question for SRV records and, unless `only_ask`, one HTTP request to the first target.
    `seen`: every answer. `failures`: texts, one for each answer without a target and each request without the page.
    """

    def __init__(self, server, name, page, only_ask=False, pace=0.003):
        self.server, self.name, self.page, self.only_ask, self.pace = server, name, page, only_ask, pace
        self.seen, self.failures = [], []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        while not self._end.wait(self.pace):
            asked = time.time()
            try:
                target, ports = self._resolve()
                self.seen.append(Seen(asked, time.time(), ports))
                if not self.only_ask:
                    self._request(target)
            except (NoReply, BadReply, OSError, AssertionError) as problem:
                self.failures.append(f"{time.time():.3f} {type(problem).__name__} {problem}")

    def _resolve(self):
        """((address, port) of the first target, all ports)."""
        reply = ask(self.server, self.name, "SRV", timeout=2)
        targets = [record.text.split() for record in reply.answer if record.type == "SRV"]
        if not targets:
            assert self.only_ask, f"empty answer {reply.rcode}"
            return None, frozenset()
        port, host = int(targets[0][2]), targets[0][3]
        address = next(record.text for record in reply.additional if record.owner == host and record.type == "A")
        return (address, port), frozenset(int(target[2]) for target in targets)

    def _request(self, target):
        try:
            with socket.create_connection(target, timeout=2) as connection:
                connection.sendall(REQUEST)
                answer = b"".join(iter(lambda: connection.recv(4096), b""))
        except OSError as problem:
            raise AssertionError(f"{target}: {problem}") from problem
        assert answer.endswith(self.page), f"{target} answered {answer!r}"

    # --- what was seen -------------------------------------------------------------------------------------------

    def wait_for(self, port, within=10):
        """Returns when an answer names the port: the time at which it came."""
        def first():
            return next((seen.answered for seen in reversed(list(self.seen)) if port in seen.ports), None)

        eventually(first, within, lambda: f"port {port} in an answer for {self.name}; the last one was {self.seen[-1:]}")
        return self.first_seen(port)

    def first_seen(self, port):
        """When the first answer with that port came."""
        return next(seen.answered for seen in list(self.seen) if port in seen.ports)

    def last_seen(self, port):
        """When the question was asked whose answer was the last one with that port."""
        return next(seen.asked for seen in reversed(list(self.seen)) if port in seen.ports)

    def gone_at(self, port):
        """When the first answer without that port came, after which none had it again."""
        rest = None
        for seen in reversed(list(self.seen)):
            if port in seen.ports:
                return rest
            rest = seen.answered
        return rest
