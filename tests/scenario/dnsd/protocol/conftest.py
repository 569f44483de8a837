# Signpost. Apache-2.0; see LICENSE.
import pytest

import protocol_world
from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.wait import eventually


@pytest.fixture(scope="session")
def consul():
    with ConsulAgent() as agent:
        protocol_world.register_all(agent)
        yield agent


@pytest.fixture(scope="session")
def dnsd(consul):
    with Dnsd(consul) as server:
        crowd = lambda: len(ask(server.dns, "crowd.service.consul", "A", tcp=True).answer)
        eventually(lambda: crowd() == 1500, 30, "the catalog is in")
        yield server
