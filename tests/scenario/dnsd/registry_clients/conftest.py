# Signpost. Apache-2.0; see LICENSE.
"""One API for all tests of this folder, emptied after each of them, and the clients pointed at it."""
import os

import consul
import pytest
from support.consul_cli import ConsulCli
from support.registry_side import open_registry


@pytest.fixture(scope="session")
def served():
    with open_registry() as registry:
        registry.clean()
        yield registry


@pytest.fixture
def registry(served):
    """The API under test, empty."""
    served.begin()
    yield served
    served.clean()


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    """No client takes an address or a token from whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("CONSUL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def cli(registry, tmp_path):
    client = ConsulCli(registry.address, tmp_path)
    yield client
    client.end()


@pytest.fixture
def client(registry):
    """python-consul."""
    return consul.Consul(host=registry.host, port=registry.port)
