# Signpost. Apache-2.0; see LICENSE.
"""dnsd without --consul answers Consul's HTTP API as Consul does.

- Every request of tests/cases/registry_api, bad ones included, goes to a real Consul agent and to dnsd; status, headers and
  bodies are equal, apart from ids, indexes, times and the servers' own ports.
- Where dnsd deviates on purpose, the case names the deviation with its reason and dnsd answers exactly what is written there.
- A request that waits is woken by the changes that wake Consul and not by others.
- The table is large enough, asks every endpoint that well-known clients use, and every deviation it lists is in use.

SIGNPOST_API_SELF=consul puts a second real Consul in the place of dnsd: the table holds no invention, and the comparison
hides what must differ.
"""
import os

import pytest

from support import api_case
from support.api_runner import Runner
from support.api_side import Side
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd

NODE = "srv1"
CASES = api_case.load_all()
ENDPOINTS = """agent/self agent/members agent/services agent/service/ agent/service/register agent/service/deregister/
    agent/service/maintenance/ agent/maintenance agent/checks agent/check/register agent/check/deregister/ agent/check/pass/
    agent/check/warn/ agent/check/fail/ agent/check/update/ agent/health/service/name/ agent/health/service/id/ catalog/register
    catalog/deregister catalog/datacenters catalog/nodes catalog/services catalog/service/ catalog/node/ catalog/node-services/
    catalog/connect/ health/service/ health/node/ health/checks/ health/state/ health/connect/ kv/ session/create
    session/destroy/ session/renew/ session/info/ session/list session/node/ txn status/leader status/peers query event/fire/
    event/list internal/ui/nodes internal/ui/services internal/ui/node/ coordinate/nodes coordinate/datacenters""".split()


def consul_side(agent):
    return Side("consul", agent.http_port, {
        agent.http_port: "<http port>", agent.server_port: "<server port>", agent.serf_port: "<serf port>",
        agent.wan_port: "<wan port>", agent.dns_port: "<dns port>"}, NODE)


def dnsd_side(dnsd):
    # What it tells as the ports of its gossip and its servers, which it does not have, are Consul's defaults.
    return Side("dnsd", dnsd.http_port, {
        dnsd.http_port: "<http port>", 8300: "<server port>", 8301: "<serf port>", 8302: "<wan port>",
        dnsd.dns_port: "<dns port>"}, NODE)


@pytest.fixture(scope="module")
def servers():
    """The two servers: Consul as it runs in production, so neither -dev nor Connect, and the one that is tested."""
    first = ConsulAgent(node=NODE, mode="server", start=False)
    if os.environ.get("SIGNPOST_API_SELF") == "consul":
        second = ConsulAgent(node=NODE, mode="server", start=False)
    else:
        second = Dnsd(consul=None, options={"node": NODE, "advertise": "127.0.0.1"}, start=False)
    try:
        first.start(wait=False)
        second.start()
        first.wait_ready()
        yield first, second
    finally:
        first.close()
        second.close()


@pytest.fixture(scope="module")
def sides(servers):
    made = [consul_side(server) if isinstance(server, ConsulAgent) else dnsd_side(server) for server in servers]
    yield made
    for side in made:
        side.close()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_answers_are_equal(sides, case):
    found = Runner(sides).differences(case)
    assert not found, f"A is {sides[0].program}, B is {sides[1].program}:\n" + "\n".join(found)


def test_the_table_is_large_enough():
    requests = [step for case in CASES for step in case.requests]
    assert len(requests) >= 300, len(requests)
    assert sum("bad" in case.title or "wrong" in case.title or "not" in case.title for case in CASES) >= 10


def test_every_endpoint_is_asked():
    asked = [step.path.removeprefix("/v1/").split("?")[0] for case in CASES for step in case.requests]
    missing = [name for name in ENDPOINTS
               if not any(path.startswith(name) and path != name if name.endswith("/") else path == name for path in asked)]
    assert not missing, missing


def test_every_deviation_is_used():
    listed = {(case.area, name) for case in CASES for name in case.deviations}
    used = {(case.area, words.split(":")[0])
            for case in CASES for words in (*case.everywhere, *(w for step in case.requests for w in step.all("dnsd")))}
    assert listed == used
