# Signpost. Apache-2.0; see LICENSE.
"""dnsd answers as Consul does.

- Every case of tests/cases/consul_dns.json holds for a real Consul agent: the table is no invention.
- Every case holds for a dnsd connected to the very same agent, with the deviations that the case names and no other.
- Every deviation that the table uses stands in docs/dns.md.
- A datacenter whose servers are gone: Consul fails, dnsd keeps what it knew and fails for what it never saw.
- Short and reply-like datagrams get no answer from either.
"""
import pytest

from support import case_table, fixtures
from support.ask import NoReply, ask, silent
from support.dnsd import Dnsd
from support.program import ROOT
from support.upstream import Upstream

TABLE = case_table.load("consul_dns")
FIXTURES = case_table.load("consul_dns_fixtures")
CASES = [case for group in TABLE["groups"] for case in group["cases"]]
SERVERS = ("consul", "dnsd")


def place(case):
    """Where a case is asked: agent and setup. Cases of one place run together, so that each is set up once."""
    return case.get("agent", "main"), case.get("setup", "")


def table_rows():
    order = list(FIXTURES)
    rows = [(case, server) for case in CASES for server in SERVERS if server == "consul" or "later" not in case]
    rows.sort(key=lambda row: (order.index(place(row[0])[0]), place(row[0])[1], row[0]["id"]))
    return [pytest.param(*row, id=f"{row[0]['id']}-{row[1]}-{row[0]['name'][:40]}-{row[0]['type']}") for row in rows]


class World:
    """The agents of the fixtures, started when first asked for, and one dnsd for the place in use."""

    def __init__(self):
        self.agents, self.upstreams = {}, []
        self._setups = {}
        self._dnsd, self._dnsd_place = None, None

    def consul(self, agent, setup=""):
        """The agent, with the options of `setup`."""
        if agent not in self.agents:
            fixture = FIXTURES[agent]
            self.agents[agent] = fixtures.start_agent(fixture)
            if "join" in fixture:
                self.agents[agent].join_wan(self.consul(fixture["join"]))
        if self._setups.get(agent, "") != setup:
            self.agents[agent].reload(**self._options(setup))
            self._setups[agent] = setup
        return self.agents[agent]

    def _options(self, setup):
        options = {"dns_config": {}, "recursors": [], **(TABLE["setups"][setup]["consul"] if setup else {})}
        if options["recursors"] and not self.upstreams:
            self.upstreams = [Upstream("r1"), Upstream("r2")]
        if options["recursors"]:
            options["recursors"] = [upstream.address for upstream in self.upstreams]
        return options

    def dnsd(self, agent, setup=""):
        """A dnsd with the options of `setup`, fed by the agent; stopping the one before asserts a clean end."""
        if self._dnsd_place != (agent, setup):
            self.stop_dnsd()
            options = dict(FIXTURES[agent]["dnsd"])
            options.update(TABLE["setups"][setup]["dnsd"] if setup else {})
            self._dnsd = Dnsd(consul=self.consul(agent, setup), options={"local-zones": False, **(options or {})})
            self._dnsd_place = (agent, setup)
        return self._dnsd

    def stop_dnsd(self):
        dnsd, self._dnsd, self._dnsd_place = self._dnsd, None, None
        if dnsd:
            dnsd.close()

    def close(self):
        try:
            self.stop_dnsd()
        finally:
            for thing in [*self.agents.values(), *self.upstreams]:
                thing.close()


@pytest.fixture(scope="module")
def world():
    """Two datacenters joined from the start: names of the other one are part of the table."""
    world = World()
    try:
        world.consul("dc2")
        yield world
    finally:
        world.close()


@pytest.mark.parametrize("case, server", table_rows())
def test_case(world, case, server):
    asked = getattr(world, server)(*place(case))
    expect = case_table.expectation(case, server)
    silence = expect["rcode"] == "silence"
    try:
        reply = ask(asked.dns, case["name"], case["type"], timeout=0.4 if silence else 5.0, **case.get("with", {}))
    except NoReply:
        assert silence, "no reply"
        return
    assert not silence, f"a reply:\n{reply}"
    found = case_table.differences(case, expect, reply, server, case_table.soa_line(TABLE, case, server))
    assert not found, "\n".join([*found, f"reply: {reply}"])


def test_every_deviation_is_documented():
    documented = (ROOT / "docs/dns.md").read_text()
    used = {case["deviation"] for case in CASES if "deviation" in case}
    missing = [TABLE["deviations"][key] for key in sorted(used) if f"| {TABLE['deviations'][key]} |" not in documented]
    assert not missing, f"docs/dns.md has no row for {missing}"


def test_deviations_are_named_exactly_where_they_are():
    for case in CASES:
        assert ("deviation" in case) == ("dnsd" in case), case
        assert "later" not in case or "dnsd" not in case, case


@pytest.mark.parametrize("server", SERVERS)
def test_datagrams_without_a_reply(world, server):
    asked = getattr(world, server)("main").dns
    for wire in (b"", b"\0", bytes(11)):
        assert silent(asked, wire, timeout=0.3), f"{len(wire)} bytes were answered"
    assert ask(asked, "foo.node.consul").of("A") == ["10.0.0.1"]


def test_datacenter_without_servers(world):
    """Last in this file: it ends the servers of dc2."""
    dnsd, consul = world.dnsd("main"), world.consul("main")
    assert ask(dnsd.dns, "wan.service.dc2.consul").of("A") == ["10.0.8.1"]
    world.agents.pop("dc2").close()
    assert ask(consul.dns, "wan.service.dc2.consul", timeout=20).rcode == "SERVFAIL"
    kept = ask(dnsd.dns, "wan.service.dc2.consul", timeout=20)
    assert kept.rcode == "NOERROR" and kept.of("A") == ["10.0.8.1"], str(kept)
    assert ask(dnsd.dns, "never-asked.service.dc2.consul", timeout=20).rcode == "SERVFAIL"
