# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually

SIZES = {"web": 3, "wide": 600, "crowd": 1500}


@pytest.fixture(scope="session")
def consul():
    """web, wide and crowd: 3, 600 and 1,500 instances with addresses of their own."""
    with FakeConsul() as fake:
        for service, count in SIZES.items():
            for number in range(count):
                fake.register(service, f"10.{60 + len(service)}.{number // 250}.{number % 250 + 1}", 80)
        yield fake


@pytest.fixture
def start(consul):
    """start(**options) gives a dnsd of one thread with these options, its catalog loaded."""
    with contextlib.ExitStack() as stack:
        def start_one(preexec=None, **options):
            options = {key.replace("_", "-"): value for key, value in options.items()}
            server = stack.enter_context(Dnsd(consul.url, {"threads": 1, **options}, preexec=preexec))
            for service, count in SIZES.items():
                eventually(lambda: len(ask(server.dns, f"{service}.service.consul", "A", tcp=True).answer) == count, 20,
                           f"{service} is loaded")
            return server
        yield start_one


@pytest.fixture(scope="module")
def dnsd(consul):
    """One server with default options for the tests that leave it as it was."""
    with Dnsd(consul.url) as server:
        for service, count in SIZES.items():
            eventually(lambda: len(ask(server.dns, f"{service}.service.consul", "A", tcp=True).answer) == count, 20,
                       f"{service} is loaded")
        yield server
