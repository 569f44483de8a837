# Signpost. Apache-2.0; see LICENSE.
"""One Docker Engine, one Consul server and one embedded registry, both of which keep their data through a restart; and
entries of others in both, which every test finds again as they were."""
import os
import signal

import pytest

from support.consul_agent import ConsulAgent
from support.docker_engine import DockerEngine
from support.embedded import Embedded
from support.registrar_stage import Stage

STRANGERS = [
    {"ID": "node1:web.1:81", "Name": "web", "Port": 81, "Address": "198.51.100.1"},  # looks like Registrator's
    {"ID": "node9:web.9:80", "Name": "web", "Port": 80, "Address": "198.51.100.2", "Meta": {"owner": "somebody"}},
    {"ID": "db", "Name": "db", "Port": 5432, "Tags": ["primary"], "Check": {"TTL": "10h", "Status": "passing"}},
]


@pytest.fixture(scope="package")
def engine():
    with DockerEngine(networks=True) as docker:
        yield docker


@pytest.fixture(scope="package")
def agents():
    with ConsulAgent(mode="server") as consul, Embedded() as registry:
        for agent in (consul, registry):
            for body in STRANGERS:
                agent.agent_register(body)
            agent.put("/v1/agent/check/pass/service:db")  # a reported status outlives the agent, a first one does not
        yield {"consul": consul, "embedded": registry}


@pytest.fixture
def stage(engine, agents):
    """Registrars of the test's own. Whatever it did to whom, nothing of the strangers may have changed."""
    with Stage(engine, agents, ip=engine.address) as made:
        before = [side.strangers() for side in made.sides]
        assert all(len(found) == len(STRANGERS) for found in before)
        yield made
        assert [side.strangers() for side in made.sides] == before
        for side in made.sides:
            assert side.check("service:db")[0] == "passing"


@pytest.fixture
def forgetful(engine):
    """A stage whose registries forget everything when they end."""
    with ConsulAgent() as consul, Embedded(arguments=["--dev"]) as registry:
        with Stage(engine, {"consul": consul, "embedded": registry}, ip=engine.address) as made:
            yield made


@pytest.fixture(autouse=True)
def neighbours_are_well(engine, agents):
    """A test that failed half-way leaves no dead or stopped neighbour to the next one."""
    yield
    for agent in agents.values():
        if not agent.running:
            agent.start()
        os.kill(agent.pid, signal.SIGCONT)
    if not engine.running:
        engine.start()
    engine.resume()
