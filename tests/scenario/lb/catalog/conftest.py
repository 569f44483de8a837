# Signpost. Apache-2.0; see LICENSE.
"""Catalogs that tests share: each of them registers services of its own, and takes them out again."""
import contextlib

import pytest

from support.consul_agent import ConsulAgent
from support.embedded import Embedded
from support.fake_consul import FakeConsul
from support.lb import Lb
from support.origin import Origin, name

from lb_catalog_stage import OPTIONS


@pytest.fixture(scope="package")
def catalogs():
    """A real Consul agent, and the same with dnsd's embedded registry."""
    with ConsulAgent() as consul, Embedded() as registry:
        yield {"consul": consul, "embedded": registry}


@pytest.fixture
def start():
    """start(source, **options) is an Lb that follows it. Closed with the test."""
    with contextlib.ExitStack() as stack:
        def run(source, data_dir=None, **options):
            given = {**OPTIONS, **{key.replace("_", "-"): value for key, value in options.items()}}
            return stack.enter_context(Lb(given, consul=source, data_dir=data_dir))
        yield run


@pytest.fixture
def origins():
    """origins("a", "b"): an Origin each that answers with its name."""
    with contextlib.ExitStack() as stack:
        yield lambda *names: [stack.enter_context(Origin(name(text))) for text in names]


@pytest.fixture
def fake():
    with FakeConsul() as running:
        yield running
