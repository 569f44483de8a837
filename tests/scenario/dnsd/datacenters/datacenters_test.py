# Signpost. Apache-2.0; see LICENSE.
"""Names of another datacenter, by way of the own agent.

Claims (two real servers, dc1 and dc2, joined over the WAN port; dnsd asks the one of dc1)
- Services, nodes and SRV records of dc2 are answered with targets in dc2; short names mean dc1; letter case is free.
- A prepared query fails over to dc2 and names dc2 in its targets.
- A change in dc2 shows within a second while the name is in use, a new name and a removed one too.
- A datacenter that nobody knows is NXDOMAIN, and stays so without harm to the others.
- dc2 dead: names in use get their last data, others SERVFAIL, never NXDOMAIN; dc1 is not degraded by it; all is well
  again when dc2 is back.
- With translate_wan_addrs the WAN addresses of dc2 are answered for dc2's names, the LAN ones for dc1's.
"""
import time

import pytest

from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.steady_client import SteadyClient
from support.wait import eventually

PROMISED = 1.0  # seconds for a change in another datacenter


class Pair:
    """Both agents and a dnsd at dc1."""

    def __init__(self, dc1, dc2, dnsd):
        self.dc1, self.dc2, self.dnsd = dc1, dc2, dnsd

    def a(self, name):
        return sorted(ask(self.dnsd.dns, name).of("A"))

    def rcode(self, name, kind="A"):
        return ask(self.dnsd.dns, name, kind).rcode


def start_pair(config=None):
    return (ConsulAgent(node="srv1", datacenter="dc1", mode="server", config=config),
            ConsulAgent(node="srv2", datacenter="dc2", mode="server", config=config))


@pytest.fixture(scope="module")
def pair():
    dc1, dc2 = start_pair()
    with dc1, dc2:
        dc1.join_wan(dc2)
        dc1.register_service("web", "n1", "10.1.0.1", port=81)
        dc2.register_service("web", "n2", "10.2.0.1", port=82)
        dc2.register_service("only2", "n2", "10.2.0.1", port=83)
        dc1.prepared_query({"Name": "near", "Service": {"Service": "only2", "Failover": {"Datacenters": ["dc2"]}}})
        with Dnsd(dc1, options={"service-ttl": {"*": "60s"}}) as dnsd:
            yield Pair(dc1, dc2, dnsd)


def test_service_of_each_datacenter(pair):
    assert pair.a("web.service.consul") == pair.a("web.service.dc1.consul") == ["10.1.0.1"]
    assert pair.a("web.service.dc2.consul") == pair.a("WEB.Service.DC2.Consul") == ["10.2.0.1"]


def test_srv_and_node_of_dc2(pair):
    reply = ask(pair.dnsd.dns, "web.service.dc2.consul", "SRV")
    assert reply.of("SRV") == ["1 1 82 n2.node.dc2.consul."]
    assert [(r.owner, r.type, r.text) for r in reply.additional if r.type == "A"] == [("n2.node.dc2.consul.", "A", "10.2.0.1")]
    assert pair.a("n2.node.dc2.consul") == ["10.2.0.1"]
    assert pair.rcode("n2.node.consul") == "NXDOMAIN"
    assert pair.rcode("nope.node.dc2.consul") == "NXDOMAIN"


def test_prepared_query_fails_over(pair):
    reply = ask(pair.dnsd.dns, "near.query.consul", "SRV")
    assert reply.of("SRV") == ["1 1 83 n2.node.dc2.consul."]


def test_unknown_datacenter(pair):
    for name in ("web.service.dc9.consul", "n1.node.dc9.consul", "near.query.dc9.consul"):
        reply = ask(pair.dnsd.dns, name)
        assert reply.rcode == "NXDOMAIN" and [r.type for r in reply.authority] == ["SOA"], f"{name}: {reply}"
    assert pair.a("web.service.dc2.consul") == ["10.2.0.1"]


def test_changes_in_dc2_show_within_a_second(pair):
    def shows(write, name, addresses):
        pair.a(name)  # in use
        write()
        start = time.monotonic()
        eventually(lambda: pair.a(name) == addresses, 5, lambda: f"{name} is {pair.a(name)}, not {addresses}", every=0.005)
        took = time.monotonic() - start
        print(f"\n  {name} -> {addresses}: {took * 1000:.0f} ms")
        assert took <= PROMISED
    register = lambda address: lambda: pair.dc2.register_service("fresh", "n3", address, port=84, status="passing")
    shows(register("10.2.0.3"), "fresh.service.dc2.consul", ["10.2.0.3"])
    shows(register("10.2.0.4"), "fresh.service.dc2.consul", ["10.2.0.4"])
    shows(lambda: pair.dc2.set_check("n3", "10.2.0.4", "fresh", "critical"), "fresh.service.dc2.consul", [])
    shows(lambda: pair.dc2.set_check("n3", "10.2.0.4", "fresh", "passing"), "fresh.service.dc2.consul", ["10.2.0.4"])
    shows(lambda: pair.dc2.deregister("n3", "fresh"), "fresh.service.dc2.consul", [])
    eventually(lambda: pair.rcode("fresh.service.dc2.consul") == "NXDOMAIN", 2, "the removed name")


def test_dc2_dies_and_comes_back(pair):
    pair.a("web.service.dc2.consul")
    names = ("web.service.dc2.consul", "only2.service.dc2.consul", "n2.node.dc2.consul")
    with SteadyClient(pair.dnsd.dns, *names, pace=0.02) as remote, \
            SteadyClient(pair.dnsd.dns, "web.service.dc1.consul") as local:
        pair.dc2.kill()
        remote.ask_all_again(20)
        start = time.monotonic()
        while time.monotonic() < start + 8:  # long enough for the servers' failure detector and for several retries
            remote.ask_all_again(5)
        assert "degraded" not in pair.dnsd.get("/readyz").text
        pair.dc2.start()
        eventually(lambda: pair.dc1.get("/v1/catalog/datacenters") == ["dc1", "dc2"], 30, "joined again")
        pair.dc2.register_service("web", "n2", "10.2.0.9", port=82)
        eventually(lambda: pair.a("web.service.dc2.consul") == ["10.2.0.9"], 60, "dc2's news")
    remote.assert_only("NOERROR", "SERVFAIL")
    local.assert_only("NOERROR")


def test_a_name_of_a_dead_datacenter_that_was_never_asked(pair):
    pair.dc2.kill()
    try:
        for name in ("consul.service.dc2.consul", "srv2.node.dc2.consul"):
            assert pair.rcode(name) in ("NOERROR", "SERVFAIL")
    finally:
        pair.dc2.start()


def test_wan_addresses():
    wan = {"Address": "198.51.100.7", "Port": 8080}
    dc1, dc2 = start_pair({"translate_wan_addrs": True})
    with dc1, dc2:
        dc1.join_wan(dc2)
        dc2.register({"Node": "w", "Address": "10.2.0.7", "TaggedAddresses": {"lan": "10.2.0.7", "wan": "198.51.100.9"},
                      "Service": {"Service": "edge", "Address": "10.2.0.7", "Port": 80, "TaggedAddresses": {"wan": wan}}})
        with Dnsd(dc1) as at1, Dnsd(dc2, options={"datacenter": "dc2"}) as at2:
            for name, kind in (("edge.service.dc2.consul", "A"), ("edge.service.dc2.consul", "SRV"), ("w.node.dc2.consul", "A")):
                for agent, dnsd in ((dc1, at1), (dc2, at2)):
                    assert sorted(ask(dnsd.dns, name, kind).answer) == sorted(ask(agent.dns, name, kind).answer), name
            assert ask(at1.dns, "edge.service.dc2.consul").of("A") == ["198.51.100.7"]
            assert ask(at1.dns, "w.node.dc2.consul").of("A") == ["198.51.100.9"]
            assert ask(at2.dns, "edge.service.consul").of("A") == ["10.2.0.7"]
