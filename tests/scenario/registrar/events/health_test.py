# Signpost. Apache-2.0; see LICENSE.
"""What Docker knows of a container's health, Consul knows.

Claims
- A HEALTHCHECK is a check of the service: critical while starting, passing, critical with the last output.
- A pause is maintenance, not illness, although the engine then calls the container unhealthy.
- SERVICE_REGISTER_WHEN=healthy waits for the first good probe, once.
"""
import pytest

from support.registrar import always
from support.wait import eventually

WEB = "node1:web.1:80"


def health_is(agent, status, output="", deadline=1):
    def so():
        seen = agent.health(WEB)
        return seen and seen[0] == status and output in seen[1]
    eventually(so, deadline, lambda: f"{status} {output}; it is {agent.health(WEB)}")


@pytest.fixture
def healthy(agent, start, run_web):
    """A container with a health check, seen healthy by the agent."""
    web = run_web(health=True)
    start()
    web.health("healthy", "fine")
    health_is(agent, "passing", "fine", 3)
    return web


def test_case_77_pause_is_maintenance(agent, healthy):
    healthy.pause()
    eventually(lambda: "paused" in (agent.maintenance(WEB) or ""), 1, agent.services)
    always(lambda: agent.health(WEB)[0] == "passing", 0.5, lambda: agent.health(WEB))
    healthy.unpause()
    eventually(lambda: agent.maintenance(WEB) is None, 1)
    always(lambda: agent.health(WEB)[0] == "passing", 0.5, lambda: agent.health(WEB))


def test_case_77_stop_while_paused(agent, healthy):
    """The engine unpauses it before the kill: that does not lift the drain."""
    healthy.pause()
    eventually(lambda: agent.maintenance(WEB), 1)
    healthy.begin_stop()
    always(lambda: agent.maintenance(WEB), 1)
    healthy.end_stop(obeys=False)
    eventually(lambda: agent.ids() == [], 1)


def test_case_78_health_is_mirrored(agent, start, run_web):
    web = run_web(health=True)
    start()
    eventually(lambda: agent.ids() == [WEB])
    health_is(agent, "critical", "starting")
    web.health("healthy", "all good")
    health_is(agent, "passing")
    web.health("unhealthy", "no route to the database")
    health_is(agent, "critical", "no route to the database")
    web.health("healthy", "again")
    health_is(agent, "passing", "again")
    assert len(agent.writes("service/register")) == 1
    assert agent.maintenance(WEB) is None


def test_no_health_check_no_opinion(agent, start, run_web):
    run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    assert agent.checks(WEB) == {}


def test_case_79_late_health_after_a_pause(agent, healthy):
    before = len(agent.writes("check/update"))
    healthy.pause()
    healthy.unpause()
    healthy.health("healthy", "late")
    eventually(lambda: agent.maintenance(WEB) is None, 1)
    health_is(agent, "passing")
    always(lambda: agent.health(WEB)[0] == "passing", 0.5)
    assert all(write.json()["Status"] == "passing" for write in agent.writes("check/update")[before:])


def test_illness_after_a_pause(agent, healthy):
    healthy.pause()
    healthy.unpause()
    healthy.health("healthy")
    healthy.health("unhealthy", "really ill")
    health_is(agent, "critical", "really ill")


@pytest.mark.parametrize("how", ["label", "option"])
def test_case_80_registered_when_healthy(agent, start, run_web, settle, how):
    label = {"SERVICE_REGISTER_WHEN": "healthy"} if how == "label" else {}
    web = run_web(health=True, labels=label)
    start(**({"register_when": "healthy"} if how == "option" else {}))
    settle()
    assert WEB not in agent.ids()
    web.health("unhealthy")
    settle()
    assert WEB not in agent.ids()
    web.health("healthy")
    eventually(lambda: agent.ids() == [WEB], 1)
    health_is(agent, "passing")
    web.health("unhealthy", "broken")
    health_is(agent, "critical", "broken")
    settle()
    assert WEB in agent.ids()
