# Signpost. Apache-2.0; see LICENSE.
"""The ground of these scenarios: one lb whose host web.test leads to the service web."""
import contextlib

import pytest

from support.lb import Lb, service

ROUTES = [{"host": "web.test", "service": "web"}]


@pytest.fixture
def start():
    """start(endpoints, **settings) is an Lb with them; `options`, `preexec`, `env`: of the Lb. Closed with the test."""
    with contextlib.ExitStack() as stack:
        def run(endpoints, options=None, preexec=None, env=None, **settings):
            words = {"stop-timeout": "300ms", **(options or {})}
            return stack.enter_context(Lb(words, {"web": service(endpoints, **settings)}, ROUTES, preexec=preexec, env=env))
        yield run


@pytest.fixture
def change():
    """change(lb, endpoints, **settings) gives the service other ones by SIGHUP."""
    def run(lb, endpoints, **settings):
        lb.reload(services={"web": service(endpoints, **settings)})
        assert "refused" not in lb.log(), lb.log()
    return run
