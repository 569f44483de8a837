# Signpost. Apache-2.0; see LICENSE.
"""Containers come and go.

Claims
- A service is registered once, after the start of its container, and removed when the container has ended, however it
  ended; what never ran is never registered.
- The order in which events and inspect replies arrive does not matter: the container's last state counts.
- A restart brings the new host port; in restart back-off nothing is registered.
"""
import pytest

from support.fake_consul import Fault
from support.registrar import always
from support.wait import eventually

WEB = "node1:web.1:80"
INSPECT = r"GET .*/containers/[^/]+/json"


def test_case_65_registered_once_after_start(engine, agent, start, settle):
    start()
    web = engine.create("web.1", ports=["8080:80"])
    settle()
    assert agent.writes(WEB) == []
    web.start()
    eventually(lambda: agent.ids() == [WEB], 2, agent.ids)
    service = agent.services()[WEB]
    assert (service["Service"], service["Address"], service["Port"]) == ("web", "192.0.2.10", 8080)
    settle()
    assert len(agent.writes(WEB)) == 1


def test_case_66_a_command_that_does_not_exist(engine, agent, start, settle):
    start()
    engine.run_badly("web.1", ports=["8080:80"])
    settle()
    assert agent.writes(WEB) == []


def test_case_67_removed_at_die(agent, start, run_web):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.die(0)
    eventually(lambda: agent.ids() == [], 1)
    assert len(agent.writes("deregister")) == 1


@pytest.mark.parametrize("delay", [0, 0.03, 0.2])
def test_case_68_gone_within_moments(engine, agent, start, delay):
    """The inspect replies tell of a running container when it has long gone."""
    start()
    if delay:
        engine.break_with(Fault(delay=delay), INSPECT)
    for number in range(10):
        short = engine.run(f"short{number}", ports=[f"{9000 + number}:80"], auto_remove=True)
        short.die(0)
    eventually(lambda: engine.in_flight["inspect"] == 0, 5, "all inspects answered")
    eventually(lambda: agent.ids() == [], 2, agent.ids)
    always(lambda: agent.ids() == [], 0.5 + delay, agent.ids)


def stopped(web):
    web.die(0)


def started(web):
    web.start()


# (what happens; told backwards), the service is there at the end
SEQUENCES = {"ends and starts": ([stopped, started], True), "starts and ends": ([stopped, started, stopped], False)}


@pytest.mark.parametrize("happens, there", SEQUENCES.values(), ids=SEQUENCES)
@pytest.mark.parametrize("delay", [0, 0.1])
def test_case_69_events_in_reverse_order(engine, agent, start, run_web, settle, happens, there, delay):
    web = run_web(ports=["80"])
    start()
    eventually(lambda: agent.ids() == [WEB])
    if delay:
        engine.break_with(Fault(delay=delay), INSPECT)
    with engine.late_events(order=reversed):
        for step in happens:
            step(web)
    if there:
        eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 2, agent.services)
    else:
        eventually(lambda: agent.ids() == [], 2, agent.ids)
    settle()
    assert (WEB in agent.ids()) == there


def test_case_74_restart_brings_the_new_port(agent, start, run_web):
    web = run_web(ports=["80"])
    start()
    eventually(lambda: agent.ids() == [WEB])
    first = web.port
    web.stop()
    eventually(lambda: agent.ids() == [], 1)
    web.start()
    assert web.port != first
    eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 1, agent.services)


def test_case_74_restart_at_once(agent, start, run_web, settle):
    """All events of a restart come together."""
    web = run_web(ports=["80"])
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.restart()
    eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 2, agent.services)
    eventually(lambda: agent.maintenance(WEB) is None, 2, "no drain of the run before")
    settle()
    assert agent.maintenance(WEB) is None and agent.services()[WEB]["Port"] == web.port


def test_case_75_restart_policy(agent, start, run_web, settle):
    web = run_web(ports=["80"], restart="always")
    registrar = start()
    ports = set()
    for _ in range(3):
        eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 2, agent.services)
        ports.add(web.port)
        web.crash()
        eventually(lambda: agent.ids() == [], 1, agent.ids)
        settle()
        assert WEB not in agent.ids()
        web.start()
    eventually(lambda: agent.ids() == [WEB], 2)
    ports.add(web.port)
    registered = [write.json()["Port"] for write in agent.writes("service/register") if write.json()["ID"] == WEB]
    assert set(registered) == ports and len(ports) == 4
    assert registrar.metric("signpost_registrar_container_restarts_total") >= 3


def test_case_76_the_list_shows_restarting(agent, start, run_web, settle):
    web = run_web(restart="always")
    web.crash()
    start()
    settle()
    assert agent.writes(WEB) == []
    web.start()
    eventually(lambda: agent.ids() == [WEB], 2)


def test_case_83_out_of_memory(agent, start, run_web):
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.oom()
    eventually(lambda: agent.ids() == [], 1)
    assert registrar.metric("signpost_registrar_container_ends_total", result="oom") == 1


def test_case_84_killed_from_outside(agent, start, run_web):
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.die(137)
    eventually(lambda: agent.ids() == [], 1)
    assert agent.writes("maintenance") == []
    assert registrar.metric("signpost_registrar_container_ends_total") == 1


def test_case_85_removed_by_force(agent, start, run_web):
    """kill(9) is no stop signal: no drain."""
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.remove()
    eventually(lambda: agent.ids() == [], 1)
    assert agent.writes("maintenance") == []
