# Signpost. Apache-2.0; see LICENSE.
"""dnsd answers from its own registry as it answers from a Consul agent's catalog.

- Every case of tests/cases/consul_dns.json holds for a dnsd that was given the fixtures through its own HTTP API, with
  the same named deviations from Consul as with an agent.
- The cases that are left out need what a registry of its own has not, and are named here with the reason.
"""
import pytest

from support import case_table, fixtures
from support.ask import NoReply, ask
from support.embedded import Embedded

TABLE = case_table.load("consul_dns")
FIXTURES = case_table.load("consul_dns_fixtures")
CASES = [case for group in TABLE["groups"] for case in group["cases"] if "later" not in case]

# {agent of the fixtures: reason}
OTHER_WORLDS = {"dc2": "is another datacenter that translates its addresses for this one"}
# {case: reason}
LEFT_OUT = {case: "asks for another datacenter" for case in (279, 280, 281, 282)}


def place(case):
    return case.get("agent", "main"), case.get("setup", "")


def rows():
    asked = [case for case in CASES if place(case)[0] not in OTHER_WORLDS and case["id"] not in LEFT_OUT]
    order = list(FIXTURES)
    asked.sort(key=lambda case: (order.index(place(case)[0]), place(case)[1], case["id"]))
    return [pytest.param(case, id=f"{case['id']}-{case['name'][:40]}-{case['type']}") for case in asked]


class World:
    """One registry for each world, started anew with other options on the same data for each setup."""

    def __init__(self, home):
        self._home, self._filled = home, set()
        self._registry, self._place = None, None

    def registry(self, agent, setup):
        if self._place != (agent, setup):
            self.stop()
            options = {**FIXTURES[agent]["dnsd"], **(TABLE["setups"][setup]["dnsd"] if setup else {})}
            self._registry = Embedded(FIXTURES[agent]["consul"]["node"], options={"local-zones": False, **(options or {})}, data_dir=self._home / agent)
            self._place = (agent, setup)
            if agent not in self._filled:
                self._filled.add(agent)
                self._fill(FIXTURES[agent])
        return self._registry

    def _fill(self, fixture):
        entries = list(fixtures.expand(fixture["catalog"]))
        if len(entries) < 1000:
            return fixtures.register_all(self._registry, fixture)
        return self._registry.register_at_once(entries)

    def stop(self):
        registry, self._registry, self._place = self._registry, None, None
        if registry:
            registry.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("registry"))
    yield world
    world.stop()


@pytest.mark.parametrize("case", rows())
def test_case(world, case):
    registry = world.registry(*place(case))
    expect = case_table.expectation(case, "dnsd")
    silence = expect["rcode"] == "silence"
    try:
        reply = ask(registry.dns, case["name"], case["type"], timeout=0.4 if silence else 5.0, **case.get("with", {}))
    except NoReply:
        assert silence, "no reply"
        return
    assert not silence, f"a reply:\n{reply}"
    found = case_table.differences(case, expect, reply, "dnsd", case_table.soa_line(TABLE, case, "dnsd"))
    assert not found, "\n".join([*found, f"reply: {reply}"])


def test_what_is_left_out_is_in_the_table():
    ids = {case["id"] for case in CASES}
    assert set(LEFT_OUT) <= ids
    assert set(OTHER_WORLDS) < {place(case)[0] for case in CASES}
    assert len(rows()) > 300
