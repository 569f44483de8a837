# Signpost. Apache-2.0; see LICENSE.
"""The ground of these scenarios: one lb whose host web.test leads to the service web, and what can be under way in it."""
import contextlib
import threading

import pytest

from support.faketime import FakeTime
from support.farm import Farm
from support.lb import Lb, service
from support.origin import answer

ROUTES = [{"host": "web.test", "service": "web"}]


@pytest.fixture(scope="session")
def farm():
    with Farm("a", "b", "c") as farm:
        yield farm


@pytest.fixture
def start():
    """start(endpoints, **settings) is an Lb with them; `options`, `routes` and `words`: of the Lb. Closed with the test."""
    with contextlib.ExitStack() as stack:
        def run(endpoints, options=None, routes=None, words=None, **settings):
            options = {"stop-timeout": "300ms", **(options or {})}
            return stack.enter_context(Lb(options, {"web": service(endpoints, **settings)}, routes or ROUTES, **(words or {})))
        yield run


@pytest.fixture
def change():
    """change(lb, endpoints, **settings) gives the service other ones by SIGHUP."""
    def run(lb, endpoints, **settings):
        lb.reload(services={"web": service(endpoints, **settings)})
        assert "refused" not in lb.log(), lb.log()
    return run


class Held:
    """An origin's step: requests to /held wait until `release`, all others are answered at once."""

    def __init__(self):
        self._free, self.inside = threading.Event(), 0

    def __call__(self, exchange):
        if exchange.head.startswith(b"GET /held "):
            self.inside += 1
            self._free.wait(30)
            self.inside -= 1
        answer(b"done")(exchange)

    def release(self):
        self._free.set()


@pytest.fixture
def held():
    step = Held()
    yield step
    step.release()


@pytest.fixture
def clock(tmp_path):
    return FakeTime(tmp_path / "offset", monotonic=True)
