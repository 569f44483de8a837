# Signpost. Apache-2.0; see LICENSE.
"""Active checks.

Claims
- An endpoint is down after `fall` failed checks in a row and up after `rise` passed ones; checks come at their interval, give or
  take a tenth, one at a time.
- A passing check does not put back who failed in traffic. When all checks fail, all endpoints are used all the same.
"""
import time

import pytest

from support.origin import Origin, answer, hang, name, reset
from support.tcp_ends import Refusing
from support.wait import eventually


class Checked:
    """An origin's step: checks get what `check` says, and their times are kept; all else gets a name."""

    def __init__(self, text, check=None):
        self.check, self.traffic, self.times = check or answer(), name(text), []

    def __call__(self, exchange):
        if b"signpost-lb-check" not in exchange.head:
            return self.traffic(exchange)
        self.times.append(time.monotonic())
        return self.check(exchange)

    def then(self, check):
        """From now on; forgets the times."""
        self.check, self.times = check, []


BROKEN = answer(b"", "500 Internal Server Error")
SETTINGS = {"check": "http:/health", "check_interval": "100ms", "check_timeout": "1s", "fall": 3, "rise": 2}


@pytest.fixture
def pair(start):
    """(lb, first origin, its step, second origin, its step)"""
    steps = Checked("a"), Checked("b")
    with Origin(steps[0]) as first, Origin(steps[1]) as second:
        lb = start([first, second], **SETTINGS)
        eventually(lambda: all(len(step.times) >= 2 for step in steps), 10, "the checks begin")
        yield lb, first, steps[0], second, steps[1]


def test_F17_fall_and_rise(pair):
    lb, first, step, _, _ = pair
    assert b"GET /health HTTP/1.1\r\n" in first.requests[0]
    states = []

    def state_is(wanted):
        states.append(lb.endpoint("web", first)["state"])
        return states[-1] == wanted

    failures = [BROKEN, BROKEN]
    step.then(lambda exchange: (failures.pop(0) if failures else answer())(exchange))
    eventually(lambda: len(step.times) >= 5, 10)
    assert state_is("usable"), "two failures are not three"
    step.then(BROKEN)
    eventually(lambda: state_is("check_failed"), 10, every=0.005)
    assert 3 <= len(step.times) <= 4
    assert [lb.get("web.test").text for _ in range(4)] == ["b"] * 4
    step.then(answer())
    eventually(lambda: state_is("usable"), 10, every=0.005)
    assert 2 <= len(step.times) <= 3
    assert {lb.get("web.test").text for _ in range(4)} == {"a", "b"}
    assert lb.log().count(f"{first.address} fails its check: status 500") == 1
    assert lb.log().count(f"{first.address} passes its check again") == 1


def test_F17_one_at_a_time_and_not_in_step(pair):
    _, first, step, _, other = pair
    step.then(answer())
    other.then(answer())
    eventually(lambda: min(len(step.times), len(other.times)) > 12, 20)
    gaps = [later - earlier for earlier, later in zip(step.times, step.times[1:])]
    assert min(gaps) > 0.08 and 0.085 < sum(gaps) / len(gaps) < 0.2, gaps
    assert max(gaps) - min(gaps) > 0.003, "all the same"
    step.then(hang())
    eventually(lambda: step.times, 5)
    began, already = time.monotonic(), len(first.requests)
    eventually(lambda: time.monotonic() > began + 0.5, 2)
    assert len(step.times) == 1 and len(first.requests) <= already + 1


def test_F17_connects(start):
    """A check by TCP, and one that is silent."""
    with Origin(name("a")) as origin, Refusing() as dead:
        lb = start([origin, dead], **{**SETTINGS, "check": "tcp"})
        eventually(lambda: lb.endpoint("web", dead)["state"] == "check_failed", 10)
        assert lb.endpoint("web", dead)["requests"] == 0 and [lb.get("web.test").text for _ in range(4)] == ["a"] * 4


def test_F18_traffic_fails_while_the_check_passes(start):
    step = Checked("a")
    step.traffic = reset()
    with Origin(step) as bad, Origin(Checked("b")) as good:
        lb = start([bad, good], **SETTINGS, fail_timeout="1s")
        eventually(lambda: len(step.times) >= 2, 10)
        began = time.monotonic()
        assert {lb.get("web.test").text for _ in range(4)} == {"b"}
        step.then(answer())
        eventually(lambda: len(step.times) >= 3, 10, "checks that pass")
        if time.monotonic() < began + 0.9:
            assert lb.endpoint("web", bad)["state"] == "failed"
        step.traffic = name("a")
        eventually(lambda: lb.get("web.test").text == "a", 10)
        assert time.monotonic() > began + 1.0, "not before fail_timeout is over"


def test_F19_all_checks_fail(pair):
    lb, first, step, second, other = pair
    for each in (step, other):
        each.then(BROKEN)
    eventually(lambda: set(lb.endpoints("web").values()) == {"check_failed"}, 10)
    assert {lb.get("web.test").text for _ in range(10)} == {"a", "b"}
    assert lb.service("web")["panics"] >= 10
    other.then(answer())
    eventually(lambda: lb.endpoint("web", second)["state"] == "usable", 10)
    # Half of them are not fewer than half.
    assert [lb.get("web.test").text for _ in range(4)] == ["b"] * 4


def test_checks_that_are_taken_back(pair, change):
    """Who is not checked any more is not kept out by what was seen last."""
    lb, first, step, second, _ = pair
    step.then(BROKEN)
    eventually(lambda: lb.endpoint("web", first)["state"] == "check_failed", 10)
    change(lb, [first, second], check="none")
    eventually(lambda: lb.endpoint("web", first)["state"] == "usable", 5)
