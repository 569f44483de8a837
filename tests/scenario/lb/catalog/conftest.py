# Signpost. Apache-2.0; see LICENSE.
"""A catalog, and an lb that follows it. Each test registers services of its own."""
import contextlib

import pytest

from support.consul_agent import ConsulAgent
from support.embedded import Embedded
from support.fake_consul import FakeConsul
from support.lb import Lb
from support.origin import Origin, name

OPTIONS = {"public-domain": "example.com", "linger": "2s", "deny-port": ["80"]}


@pytest.fixture(scope="package", params=["consul", "embedded"])
def running_catalog(request):
    with {"consul": ConsulAgent, "embedded": Embedded}[request.param]() as running:
        yield running


@pytest.fixture
def catalog(running_catalog):
    """A real Consul agent; the same with dnsd's embedded registry. Each test finds it without services of the agent."""
    yield running_catalog
    for service_id in running_catalog.get("/v1/agent/services"):
        running_catalog.agent_deregister(service_id)


@pytest.fixture
def start():
    """start(source, **options) is an Lb that follows it. Closed with the test."""
    with contextlib.ExitStack() as stack:
        def run(source, data_dir=None, **options):
            given = {**OPTIONS, **{key.replace("_", "-"): value for key, value in options.items()}}
            return stack.enter_context(Lb(given, consul=source, data_dir=data_dir))
        yield run


@pytest.fixture
def lb(start, catalog):
    return start(catalog)


@pytest.fixture
def origins():
    """origins("a", "b"): an Origin each that answers with its name."""
    with contextlib.ExitStack() as stack:
        yield lambda *names: [stack.enter_context(Origin(name(text))) for text in names]


@pytest.fixture
def fake():
    with FakeConsul() as running:
        yield running
