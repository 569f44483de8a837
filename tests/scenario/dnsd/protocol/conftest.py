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
def upstream():
    with protocol_world.Upstream() as server:
        yield server


@pytest.fixture(scope="session")
def dnsd(consul):
    """It forwards nothing."""
    with Dnsd(consul, {"upstream": ["none"]}) as server:
        _wait_for_catalog(server)
        yield server


@pytest.fixture(scope="session")
def forwarder(consul, upstream):
    with Dnsd(consul, {"upstream": [upstream.address]}) as server:
        _wait_for_catalog(server)
        yield server


@pytest.fixture(scope="session")
def servers(dnsd, forwarder):
    return {"alone": dnsd, "forwarding": forwarder}


def _wait_for_catalog(server):
    crowd = lambda: len(ask(server.dns, "crowd.service.consul", "A", tcp=True).answer)
    eventually(lambda: crowd() == 1500, 30, "the catalog is in")
