# Signpost. Apache-2.0; see LICENSE.
"""Failures of endpoints: who is left alone for how long, what is tried again, and what never is.

Claims
- max_fails failures take an endpoint out for fail_timeout, counted nginx's way or within a sliding window; then one request is
  its probe. A single endpoint, or the last usable one, is never taken out: nobody is refused without a real attempt.
- A failed connect is tried elsewhere whatever the method; what was sent is sent again for GET only, to other endpoints only,
  never after a byte of the answer has left, never when its body is gone, and not beyond the budget.
"""
import contextlib
import threading
import time

import pytest

from support.farm import ask
from support.lb import Lb, service
from support.origin import Origin, answer, close, hang, name, raw, reset
from support.tcp_ends import Refusing
from support.wait import eventually

POST = {"method": "POST", "data": b"x" * 100}


def is_past(moment):
    return lambda: time.monotonic() >= moment


@pytest.fixture
def origins():
    """origins(script, ...): an Origin for each."""
    with contextlib.ExitStack() as stack:
        yield lambda *scripts: [stack.enter_context(Origin(script)) for script in scripts]


def seen(*all_origins):
    return [len(origin.requests) for origin in all_origins]


# --- max_fails and fail_timeout --------------------------------------------------------------------------------------

def test_F01_a_dead_one_is_left_alone(start, origins):
    dead, good = origins(reset(), name("good"))
    lb = start([dead, good], max_fails=1, fail_timeout="1s")
    began = time.monotonic()
    assert {lb.get("web.test").text for _ in range(20)} == {"good"}
    if time.monotonic() < began + 0.9:
        assert seen(dead) == [1] and lb.endpoint("web", dead)["state"] == "failed"
    eventually(is_past(began + 1.1), 3)
    assert {lb.get("web.test").text for _ in range(10)} == {"good"}
    assert seen(dead) == [2], "exactly one probe"
    dead.script = name("dead")
    eventually(lambda: lb.get("web.test").text == "dead", 5, "it is used again")
    assert lb.service("web")["retries"] == 2


class Failing:
    """Two services, of which the first endpoint fails on demand: one in each mode of counting."""

    def __init__(self, origins, **settings):
        self.bad, self.good = dict(zip(("gap", "sliding"), origins(name("bad"), name("bad")))), origins(name("good"))[0]
        services = {mode: service([self.bad[mode], self.good], fail_window=mode, keepalive=0, **settings) for mode in self.bad}
        routes = [{"host": f"{mode}.test", "service": mode} for mode in self.bad]
        self.lb = Lb(services=services, routes=routes)

    def ask(self, *modes):
        """Until the bad one of each mode was asked."""
        for mode in modes:
            before = len(self.bad[mode].requests)
            eventually(lambda: self.lb.get(f"{mode}.test").status_code == 200 and len(self.bad[mode].requests) > before, 5,
                       f"the bad one of {mode} is used", every=0)

    def fail(self, *modes):
        for mode in modes:
            self.bad[mode].script = [reset(), name("bad")]
        self.ask(*modes)

    def state(self, mode):
        return self.lb.endpoint(mode, self.bad[mode])["state"]


def test_F02_F03_the_window(origins):
    """Failures 1.1 s apart with fail_timeout=1.5s: three within 2.2 s."""
    stage = Failing(origins, max_fails=3, fail_timeout="1500ms")
    with stage.lb:
        began = time.monotonic()
        for failure in range(3):
            eventually(is_past(began + 1.1 * failure), 3)
            assert [stage.state(mode) for mode in stage.bad] == ["usable", "usable"]
            stage.fail("gap", "sliding")
            if failure < 2:
                stage.ask("gap", "sliding")  # F03: a success in the same period forgives nothing
        assert stage.state("gap") == "failed", "F02: each is near enough to the one before"
        assert stage.state("sliding") == "usable"
        stage.fail("sliding")
        assert stage.state("sliding") == "failed", "three within 1.5 s"


def test_F03_a_success_in_a_later_period_forgives(origins):
    stage = Failing(origins, max_fails=2, fail_timeout="300ms")
    with stage.lb:
        stage.fail("gap")
        failed = time.monotonic()
        eventually(is_past(failed + 0.4), 3)
        stage.ask("gap")
        stage.ask("gap")
        stage.fail("gap")
        assert stage.state("gap") == "usable" and stage.lb.endpoint("gap", stage.bad["gap"])["fails"] == 1


def test_F04_a_single_endpoint_is_never_left_alone(start, origins):
    [only] = origins([reset(), reset(), reset(), answer()])
    lb = start([only], max_fails=1, fail_timeout="1h")
    assert [lb.get("web.test").status_code for _ in range(4)] == [502, 502, 502, 200]
    assert seen(only) == [4]


def test_F05_when_all_fail_all_are_tried(start, origins):
    both = origins(reset(), reset())
    lb = start(both, max_fails=1, fail_timeout="1h", attempts=1)
    assert [lb.get("web.test").status_code for _ in range(20)] == [502] * 20
    assert sum(seen(*both)) == 20 and min(seen(*both)) >= 8, "by turns"
    assert lb.service("web")["panics"] >= 18
    for origin in both:
        origin.script = answer()
    assert lb.get("web.test").status_code == 200, "no blackout"


# --- what is tried again ---------------------------------------------------------------------------------------------

def test_F07_a_refused_connect_whatever_the_method(start, origins):
    [good] = origins(name("good"))
    with Refusing() as dead:
        lb = start([dead, good], fail_timeout="1ms")
        for method in ("POST", "GET", "DELETE", "FROB"):
            before = lb.endpoint("web", dead)["failures"]
            eventually(lambda: lb.fetch("web.test", method=method).text == "good"
                       and lb.endpoint("web", dead)["failures"] > before, 5)
        assert good.requests and {endpoint["state"] for endpoint in lb.service("web")["endpoints"]} <= {"usable", "failed"}


def test_F08_what_was_sent_is_not_sent_again(start, origins):
    both = origins(reset(), reset())
    lb = start(both)
    assert lb.fetch("web.test", **POST).status_code == 502
    assert sorted(seen(*both)) == [0, 1] and lb.service("web")["retries"] == 0


@pytest.mark.parametrize("step", [pytest.param(reset(), id="F09 reset"), pytest.param(close(), id="F09 closed"),
                                  pytest.param(raw(b"HTTP/1.1 200 O", "reset"), id="F09 within the head")])
def test_a_get_is_sent_again(start, origins, step):
    origin_list = origins(step, step, step)
    lb = start(origin_list, max_fails=0)
    assert lb.get("web.test").status_code == 502
    assert seen(*origin_list) == [1, 1, 1], "three attempts, each at another one"
    for origin in origin_list:
        origin.forget()
    for origin in origin_list[:2]:
        origin.script = name("good")
    assert [lb.get("web.test").text for _ in range(9)] == ["good"] * 9
    assert lb.endpoint("web", origin_list[2])["state"] == "usable", "max_fails=0"


def test_F10_never_after_the_answer_has_begun(start, origins):
    goes_on = threading.Event()

    def half(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12345")
        goes_on.wait(10)
        exchange.reset()

    both = origins(half, half)
    lb = start(both)
    with lb.wire() as wire:
        wire.send(b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n")
        eventually(lambda: wire.end(0.05) == "open" and wire.unread.endswith(b"\r\n\r\n12345"), 5, wire.unread)
        goes_on.set()
        assert wire.end() in ("fin", "reset")
        assert wire.unread.endswith(b"\r\n\r\n12345")
    assert sorted(seen(*both)) == [0, 1]
    assert lb.service("web")["retries"] == 0 and sum(e["failures"] for e in lb.service("web")["endpoints"]) == 1


@pytest.mark.parametrize("settings, tries", [
    pytest.param({"attempts_timeout": "10s"}, 3, id="F11 attempts"),
    pytest.param({"attempts_timeout": "450ms"}, 2, id="F11 time of all"),
    pytest.param({"retry_on": "error"}, 1, id="F11 not on timeout")])
def test_silence(start, origins, settings, tries):
    silent = origins(hang(), hang(), hang())
    lb = start(silent, read_timeout="300ms", **settings)
    began = time.monotonic()
    assert lb.get("web.test").status_code == 504
    took = time.monotonic() - began
    assert sum(seen(*silent)) == tries and max(seen(*silent)) == 1
    assert took >= 0.29 * tries


@pytest.mark.parametrize("retry_on, wanted, failures", [
    pytest.param("error,timeout", {500, 200}, 0, id="F12 by default"),
    pytest.param("error,http_500", {200}, 1, id="F12 listed")])
def test_status_500(start, origins, retry_on, wanted, failures):
    broken, good = origins(answer(b"broken", "500 Internal Server Error"), name("good"))
    lb = start([broken, good], retry_on=retry_on, fail_timeout="1h")
    answers = [lb.get("web.test") for _ in range(8)]
    assert {each.status_code for each in answers} == wanted
    assert all(each.text == "broken" for each in answers if each.status_code == 500)
    endpoint = lb.endpoint("web", broken)
    assert (endpoint["fails"], endpoint["state"]) == (failures, "failed" if failures else "usable")


def test_F13_the_budget(start, origins):
    """Ten retries a second are always allowed."""
    broken = origins(close(), close(), close())
    lb = start(broken, max_fails=0, retry_budget=20)
    began = time.monotonic()
    assert set(ask(lb, "web.test", 600)) == {"502"}
    seconds = time.monotonic() - began
    attempts = sum(origin.connections for origin in broken)
    assert 600 < attempts <= 600 * 1.2 + 10 * (seconds + 1), attempts
    assert lb.service("web")["retry_budget_exhausted"] > 0


def dies_within_the_body(size):
    """Reads at least so much of a body, then resets."""
    def step(exchange):
        exchange.read_some(size)
        exchange.reset()
    return step


@pytest.mark.parametrize("size, status, tries", [
    pytest.param(1 << 20, 502, [1, 0], id="F14 1 MiB"), pytest.param(60_000, 200, [1, 1], id="F14 60 kB")])
def test_a_body_is_replayed_while_it_is_kept(start, origins, size, status, tries):
    dying, good = origins(dies_within_the_body(min(size // 2, 200_000)), name("good"))
    dying.read_bodies = False
    body = bytes(range(256)) * (size // 256)
    # The first request goes to either; a second endpoint of a later tier makes it the dying one.
    lb = start([dying, {"address": good.address, "priority": 1}], retry_on="error,nginx")
    assert lb.fetch("web.test", method="PUT", data=body).status_code == status
    assert seen(dying, good) == tries
    if status == 200:
        assert good.requests[0].partition(b"\r\n\r\n")[2] == body


# --- idle connections ------------------------------------------------------------------------------------------------

def test_F21_bytes_that_nobody_asked_for(start, origins):
    speak = threading.Event()

    def chatty(exchange):
        answer(b"first")(exchange)
        speak.wait(10)
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")

    [origin] = origins([chatty, answer(b"second")])
    lb = start([origin])
    assert lb.get("web.test").text == "first"
    eventually(lambda: lb.metric("signpost_lb_idle_events_total", event="kept") == 1, 5)
    speak.set()
    eventually(lambda: lb.metric("signpost_lb_idle_events_total", event="unsolicited") == 1, 5)
    eventually(lambda: origin.open_connections == 0, 5, "it is closed")
    assert lb.get("web.test").text == "second"
    assert origin.connections == 2 and lb.endpoint("web", origin)["fails"] == 0
