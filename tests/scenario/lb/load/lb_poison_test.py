# Signpost. Apache-2.0; see LICENSE.
"""F06: a request that makes every endpoint reset its connection, again and again, while others ask 200 times a second.

Claims
- Each poison request touches three endpoints at most, and its client gets 502.
- The other clients see errors in at most one of a hundred requests, although each endpoint that is touched counts a failure
  and max_fails is 1: the panic floor keeps the rest in use.
"""
import collections
import threading
import time

import pytest

from support.lb import Lb, service
from support.origin import Origin, name, reset

ENDPOINTS = 5
SECONDS = 2
PACE = 1 / 200


@pytest.fixture(scope="module")
def origins():
    good, poison = name("a"), reset()

    def script(exchange):
        (poison if exchange.head.startswith(b"GET /poison") else good)(exchange)

    all_of_them = [Origin(script) for _ in range(ENDPOINTS)]
    yield all_of_them
    for one in all_of_them:
        one.close()


class QuietLoad:
    """Others: a request every 5 ms, on one connection; what came back is in `seen`."""

    def __init__(self, lb):
        self.lb, self.seen, self._end = lb, collections.Counter(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        wire, due = self.lb.wire(), time.monotonic()
        while not self._end.is_set():
            try:
                response = wire.request(b"GET /good HTTP/1.1\r\nHost: a.test\r\n\r\n")
                self.seen[response.status] += 1
            except OSError as error:
                self.seen[repr(error)] += 1
                wire = self.lb.wire()
            due += PACE
            self._end.wait(max(0, due - time.monotonic()))


def poisoned(origins):
    """How often each got it."""
    return [sum(request.startswith(b"GET /poison") for request in one.requests) for one in origins]


@pytest.mark.parametrize("settings", [pytest.param({}, id="F06-default"),
                                      pytest.param({"fail_timeout": "1s"}, id="F06-short-fail-timeout")])
def test_poison(origins, settings, note):
    with Lb({"stop-timeout": "2s"}, {"web": service(origins, **settings)}, [{"host": "*", "service": "web"}]) as lb:
        poisonings = 0
        with QuietLoad(lb) as others:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                before = poisoned(origins)
                status = lb.get("a.test", "/poison").status_code
                assert status in (502, 503), status
                times = [now - then for now, then in zip(poisoned(origins), before)]
                # A reset of a pooled connection may be no answer to the request: it is sent to that endpoint once more.
                assert sum(count > 0 for count in times) <= 3 and sum(times) <= 4, times
                poisonings += 1
                others._end.wait(0.1)
        good, total = others.seen[200], others.seen.total()
        note(f"lb load: {poisonings} poison requests came to endpoints {sum(poisoned(origins))} times; "
             f"{total - good} of {total} others failed")
        assert total > SECONDS * 200 / 4, "that was no load"
        assert total - good <= total / 100, others.seen
        for one in origins:
            one.requests.clear()
