# Signpost. Apache-2.0; see LICENSE.
"""One Docker Engine, one Consul agent and one embedded registry for all tests of this folder; a stage for each set of
options."""
import pytest

from support.consul_agent import ConsulAgent
from support.docker_engine import DockerEngine
from support.embedded import Embedded
from support.registrar_stage import Stage


@pytest.fixture(scope="package")
def engine():
    with DockerEngine(networks=True) as docker:
        docker.command("network", "create", "net1")
        docker.command("network", "create", "net2")
        docker.command("network", "create", "--ipv6", "--subnet", "2001:db8:6::/64", "net6")
        docker.command("network", "create", "--internal", "shut")
        for name in ("team/api:1.2", "reg:5000/a/b/api:2"):
            docker.command("tag", docker.IMAGE, name)
        yield docker


@pytest.fixture(scope="package")
def agents(engine):
    environment = {"DOCKER_HOST": engine.url}  # for checks inside containers
    with ConsulAgent(config={"enable_script_checks": True}, env=environment) as consul:
        with Embedded(arguments=["--enable-script-checks"], env=environment) as registry:
            yield {"consul": consul, "embedded": registry}


@pytest.fixture(scope="module")
def stage(engine, agents, request):
    """With the options of the test's parameter; published ports can be reached unless they say otherwise."""
    options = getattr(request, "param", {"ip": engine.address})
    with Stage(engine, agents, **{"ip": "192.0.2.10", **options}) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_left(request):
    """Containers of a test end with it, and their services go."""
    yield
    made = request.node.funcargs.get("stage")
    if made:
        made.clear()


@pytest.fixture(scope="module")
def without_scripts():
    """Registries that refuse script checks."""
    with ConsulAgent() as consul, Embedded() as registry:
        yield {"consul": consul, "embedded": registry}
