# Signpost. Apache-2.0; see LICENSE.
"""Docker Engine -> registrar -> registry -> dnsd, twice: with a Consul agent, and with dnsd's embedded registry."""
import os

import pytest

from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.docker_engine import DockerEngine
from support.embedded import Embedded
from support.registrar_stage import Stage

LONG = os.environ.get("SIGNPOST_LONG") == "1"  # as many rounds as are promised


@pytest.fixture(scope="package")
def world():
    """(stage, {side name: address of the dnsd that answers for it})."""
    with DockerEngine(networks=True) as engine, ConsulAgent() as consul, Embedded() as registry, Dnsd(consul) as dnsd:
        with Stage(engine, {"consul": consul, "embedded": registry}, ip=engine.address) as stage:
            yield stage, {"consul": dnsd.dns, "embedded": registry.dns}


@pytest.fixture(scope="session")
def rounds():
    """(containers to start, containers to stop)."""
    return (100, 50) if LONG else (20, 10)
