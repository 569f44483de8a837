# Signpost. Apache-2.0; see LICENSE.
"""Limits: of connections per endpoint, of file descriptors; and the clock, which is none.

Claims
- At max_conns requests wait in line, first come first served, for queue_timeout at most and for as many as the queue holds; who
  leaves the line takes no slot.
- Without file descriptors what is there goes on, nothing spins, and accepting resumes by itself.
- The wall clock may jump by an hour: nothing ends, fails or comes back by it.
"""
import collections
import resource
import threading
import time

import pytest

from support.faketime import FakeTime
from support.origin import Origin, answer, reset
from support.wait import eventually


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: web.test\r\n\r\n".encode()


class Gate:
    """A step that answers a request when its path is let through, and counts how many are inside at a time."""

    def __init__(self):
        self._open, self._lock = collections.defaultdict(threading.Event), threading.Lock()
        self.came, self._inside, self.most = [], 0, 0

    def __call__(self, exchange):
        path = exchange.head.split(b" ")[1].decode()
        with self._lock:
            self.came.append(path)
            self._inside += 1
            self.most = max(self.most, self._inside)
        self._open[path].wait(20)
        with self._lock:
            self._inside -= 1
        answer(path.encode())(exchange)

    def let(self, path):
        self._open[path].set()


class Line:
    """One endpoint with room for one request."""

    def __init__(self, start, endpoints=1, options=None, **settings):
        self.gate, self.wires = Gate(), {}
        self.origins = [Origin(self.gate) for _ in range(endpoints)]
        self.lb = start(self.origins, options=options, max_conns=1, **settings)

    def come(self, path):
        """Sends the request; returns when it is inside or in line."""
        before = len(self.gate.came) + self.waiting()
        self.wires[path] = self.lb.wire()
        self.wires[path].send(get(path))
        eventually(lambda: len(self.gate.came) + self.waiting() > before, 5, f"{path} has come")

    def leave(self, path):
        """By a reset: a FIN alone may come from a client that still waits for its answer (H141)."""
        self.wires[path].reset()

    def finish(self, path):
        """Lets it through; its client gets the answer."""
        self.gate.let(path)
        response = self.wires[path].response()
        assert (response.status, response.body) == (200, path.encode())

    def waiting(self):
        return self.lb.service("web")["waiting"]


@pytest.mark.parametrize("endpoints", [pytest.param(1, id="F15 one endpoint"), pytest.param(2, id="F15 two endpoints")])
def test_first_come_first_served(start, endpoints):
    line = Line(start, endpoints, queue_timeout="20s")
    paths = [f"/{number}" for number in range(6)]
    for path in paths:
        line.come(path)
    assert line.gate.came == paths[:endpoints] and line.waiting() == len(paths) - endpoints
    for number, path in enumerate(paths):
        line.finish(path)
        inside = min(len(paths), number + 1 + endpoints)
        eventually(lambda: line.gate.came == paths[:inside], 5, line.gate.came)
    assert line.gate.most == endpoints and line.lb.service("web")["queued"] == len(paths) - endpoints


def test_F15_across_threads(start):
    """A slot that is freed on one thread serves who waits on another."""
    line = Line(start, options={"threads": 4}, queue_timeout="20s")
    paths = [f"/{number}" for number in range(12)]
    for path in paths:
        line.come(path)
    for served in range(len(paths)):
        eventually(lambda: len(line.gate.came) == served + 1, 5, "the next is inside")
        line.finish(line.gate.came[-1])
    assert sorted(line.gate.came) == sorted(paths) and line.gate.most == 1


def test_F15_not_for_ever(start):
    line = Line(start, queue_timeout="300ms")
    line.come("/first")
    began = time.monotonic()
    refused = line.lb.get("web.test", "/late")
    assert refused.status_code == 503 and time.monotonic() - began >= 0.29
    assert line.lb.service("web")["queue_timeouts"] == 1 and line.waiting() == 0
    line.finish("/first")
    assert line.gate.came == ["/first"]


def test_F15_not_without_limit(start):
    line = Line(start, queue=2, queue_timeout="20s")
    for path in ("/1", "/2", "/3"):
        line.come(path)
    began = time.monotonic()
    assert line.lb.get("web.test", "/4").status_code == 503
    assert time.monotonic() - began < 15
    for path in ("/1", "/2", "/3"):
        line.finish(path)


def test_F16_who_leaves_takes_no_slot(start):
    line = Line(start, queue_timeout="20s")
    for path in ("/1", "/gone", "/3"):
        line.come(path)
    line.leave("/gone")
    eventually(lambda: line.waiting() == 1, 5, "it left the line")
    line.finish("/1")
    line.finish("/3")
    assert line.gate.came == ["/1", "/3"]


# --- file descriptors ------------------------------------------------------------------------------------------------

def test_F23_out_of_file_descriptors(start):
    with Origin() as origin:
        most = 64
        lb = start([origin], preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
        with lb.wire() as wire:
            assert wire.request(get("/before")).status == 200
            crowd = [lb.wire() for _ in range(most + 30)]
            spent = lb.process.cpu_seconds()
            began = time.monotonic()
            eventually(lambda: wire.request(get("/during")).status == 200 and time.monotonic() > began + 0.5, 10)
            assert lb.process.cpu_seconds() - spent < 0.4, "it does not spin"
        for each in crowd:
            each.close()
        eventually(lambda: lb.get("web.test").status_code == 200, 10)
        assert lb.metric("signpost_lb_out_of_descriptors_total") > 0


# --- the wall clock --------------------------------------------------------------------------------------------------

def test_F22_the_clock_jumps(start, tmp_path):
    clock, gate = FakeTime(tmp_path / "offset"), Gate()
    with Origin(reset()) as dead, Origin(gate) as good:
        lb = start([dead, good], env=clock.environment, fail_timeout="30s", read_timeout="30s",
                   options={"idle-timeout": "30s", "access-log": str(tmp_path / "access")})
        gate.let("/")
        assert [lb.get("web.test").text for _ in range(2)] == ["/", "/"] and len(dead.requests) == 1
        with lb.wire() as idle, lb.wire() as waiting:
            assert idle.request(get("/")).status == 200
            waiting.send(get("/held"))
            eventually(lambda: "/held" in gate.came, 5)
            for jump in (3600, -3600):
                clock.move(jump)
                assert [lb.get("web.test").text for _ in range(10)] == ["/"] * 10
                assert idle.request(get("/")).body == b"/"
                assert waiting.end(0.2) == "open" and waiting.unread == b""
            gate.let("/held")
            assert waiting.response().body == b"/held"
        assert len(dead.requests) == 1 and lb.endpoint("web", dead)["state"] == "failed"
        assert lb.status()["uptime_s"] < 1800
        hours = {line[:40] for line in (tmp_path / "access").read_text().splitlines()}
        assert len(hours) > 1, "the log shows the wall clock, which did jump"
