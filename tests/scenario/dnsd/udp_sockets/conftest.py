# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually


@pytest.fixture(scope="session")
def consul():
    with FakeConsul() as fake:
        for number in range(1, 4):
            fake.register("web", f"10.63.0.{number}", 80)
        yield fake


@pytest.fixture
def start(consul):
    """start(listen=..., more=[addresses]) gives a ready dnsd of one thread on one port of all these addresses."""
    with contextlib.ExitStack() as stack:
        def start_one(listen="127.0.0.1", more=(), ask_at="127.0.0.1"):
            server = Dnsd(consul.url, {"threads": 1}, listen=listen, start=False)
            for address in more:
                server.arguments += ["--listen", f"{address}:{server.dns_port}"]
            stack.enter_context(server)
            server.start()
            if ask_at:
                eventually(lambda: ask((ask_at, server.dns_port), "web.service.consul").answer, 10, "web is loaded")
            return server
        yield start_one
