# Signpost. Apache-2.0; see LICENSE.
"""Load by wrk beside a test: what it saw is the evidence that no change reached the clients.

    with Wrk(lb, "web.test") as load:
        ...                      # change something
    load.assert_no_failure()
"""
import collections
import re
import signal
import subprocess

from support.wait import eventually


# Answers; those of them with another status than 2xx or 3xx; connects, reads and writes that failed or took too long.
class Result(collections.namedtuple("Result", "requests bad broken rate")):
    @property
    def failed(self):
        return self.bad + self.broken

    def __str__(self):
        return f"{self.requests} requests, {self.rate:.0f}/s, {self.bad} with a bad status, {self.broken} broken"


class Wrk:
    """Runs until the block ends, `seconds` at most, against a port of 127.0.0.1, or whatever has `http`, an address and a
    port. With `close` every request has a connection of its own."""

    def __init__(self, lb, host, connections=16, close=False, seconds=120, path="/"):
        fields = ["-H", f"Host: {host}"] + (["-H", "Connection: close"] if close else [])
        address, port = ("127.0.0.1", lb) if isinstance(lb, int) else lb.http
        self._command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", *fields,
                         f"http://{address}:{port}{path}"]
        self._lb, self.text = lb, ""

    def __enter__(self):
        self._child = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self._child.send_signal(signal.SIGINT)  # it reports and ends
        self.text, _ = self._child.communicate(timeout=40)

    @property
    def result(self):
        """What it counted, a Result; known after the block."""
        def numbers(pattern):
            found = re.search(pattern, self.text)
            return list(map(float, found.groups())) if found else [0]

        errors = numbers(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
        bad = numbers(r"Non-2xx or 3xx responses: (\d+)")
        return Result(self.requests, int(bad[0]), int(sum(errors)), numbers(r"Requests/sec:\s+([\d.]+)")[0])

    @property
    def requests(self):
        """Answered; known after the block."""
        return int(re.search(r"(\d+) requests in", self.text)[1])

    def assert_no_failure(self, at_least=100):
        """No connect, read, write or time-out failed, no status was above 399, and there was something to see."""
        assert "Socket errors" not in self.text and "Non-2xx" not in self.text, self.text
        assert self.requests >= at_least, self.text


def wait_busy(lb, service, requests=200, deadline=20):
    """Until the service has got so many more requests."""
    before = lb.service(service)["requests"]
    eventually(lambda: lb.service(service)["requests"] >= before + requests, deadline, "load arrives")
