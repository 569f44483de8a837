# Signpost. Apache-2.0; see LICENSE.
"""The ground of these scenarios: clients, one lb with one TCP port, and hosts behind it."""
import contextlib

import pytest

from support.lb import Lb, service
from support.ports import free_port
from support.tcp_ends import Host, connect
from support.wait import eventually


class Line:
    """A running lb whose port `port` leads to the service db of `hosts`. Clients and servers are closed with it."""

    def __init__(self, hosts, settings, route, lb_words):
        self.hosts, self.port = hosts, free_port()
        self.lb = Lb(services={"db": service(hosts, **settings)}, routes=[{"tcp": self.port, "service": "db", **route}], **lb_words)
        self._ends = contextlib.ExitStack()

    def __enter__(self):
        self.lb.__enter__()
        return self

    def __exit__(self, *failure):
        self._ends.close()
        self.lb.__exit__(*failure)

    def client(self, **words):
        return self._ends.enter_context(connect(self.port, **words))

    def accept(self, host=0, **words):
        """The next connection of lb to that host."""
        return self._ends.enter_context(self.hosts[host].accept(**words))

    def pair(self, **words):
        """(client, server): both ends of a new session."""
        client = self.client(**words)
        return client, self.accept()

    def wait_ended(self, **terminations):
        """Until no session is left and these were counted: ok=1, client_abort=2."""
        eventually(lambda: self.sessions() == 0, 10, lambda: f"no session; {self.sessions()} are left")
        for reason, count in terminations.items():
            assert self.ended(reason) == count, f"{reason}: {self.lb.metrics()}"

    def sessions(self):
        return self.lb.metric("signpost_lb_sessions")

    def ended(self, reason):
        return self.lb.metric("signpost_lb_terminations_total", reason=reason)


@pytest.fixture
def host():
    with Host() as one:
        yield one


@pytest.fixture
def start(host):
    """start(*hosts, **settings) is a Line to them, or to the fixture `host`. `route`: more keys of the route; `options`,
    `preexec`: of the Lb."""
    with contextlib.ExitStack() as stack:
        def run(*hosts, route=None, options=None, preexec=None, **settings):
            words = {"options": {"stop-timeout": "2s", **(options or {})}, "preexec": preexec}
            return stack.enter_context(Line(hosts or (host,), settings, route or {}, words))
        yield run


@pytest.fixture
def line(start):
    """With default settings."""
    return start()
