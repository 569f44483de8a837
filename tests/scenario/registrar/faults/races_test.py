# Signpost. Apache-2.0; see LICENSE.
"""Two things at once: a slow agent, a slow engine, a change in the middle of a write.

Claims
- What is registered when healthy, and ill when registrar starts, stays registered and turns critical.
- --on-exit deregister leaves nothing, also of what is being registered at the signal; it touches nothing unread.
- A renamed container is never without a service, whatever happens to the new registration.
- The entry that a stranger made just now is not overwritten.
- Tags that others may edit survive every change of the rest.
- A dry run says and counts each intended write once.
"""
import time

import pytest

from support.fake_consul import Fault, status
from support.registrar import always
from support.wait import eventually

WEB, RENAMED = "node1:web.1:80", "node1:web.2:80"
READINGS = "GET /v1/agent/services"
SLOW = Fault(delay=1.0)


def test_ill_at_the_start_and_a_slow_agent(agent, start, run_web):
    """The container is inspected before the agent says that it is registered."""
    web = run_web(health=True, labels={"SERVICE_REGISTER_WHEN": "healthy"})
    registrar = start()
    web.health("healthy")
    eventually(lambda: agent.ids() == [WEB], 2)
    registrar.kill()
    web.health("unhealthy", "no database")
    agent.break_with(SLOW, "GET /v1/agent/")
    registrar.start()
    eventually(lambda: agent.health(WEB)[0] == "critical", 4, agent.services)
    always(lambda: agent.ids() == [WEB], 1)
    assert agent.writes("deregister") == []


def test_exit_in_the_middle_of_registrations(engine, agent, start):
    registrar = start(on_exit="deregister")
    agent.break_with(Fault(delay=0.3), "service/register")
    engine.run_many(10)
    eventually(lambda: agent.open_requests("service/register"), 2)
    registrar.terminate()
    assert registrar.wait_end(5) == 0
    always(lambda: agent.ids() == [], 0.7, agent.ids)


def test_exit_before_the_agent_was_read(engine, agent, start):
    """Whose the entries are is not known yet: they stay, and registrar says so."""
    engine.run_many(3)
    registrar = start(on_exit="deregister")
    eventually(lambda: len(agent.ids()) == 3)
    registrar.kill()
    agent.break_with(SLOW, READINGS)
    seen = len(agent.seen(READINGS))
    registrar.start(ready=False)
    eventually(lambda: len(agent.seen(READINGS)) > seen, 3)
    registrar.terminate()
    assert registrar.wait_end(5) == 0
    assert len(agent.ids()) == 3 and "stops before it could read" in registrar.log()


def test_case_81_the_new_name_is_refused(agent, start, run_web):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    agent.break_with(status(500, "busy"), "service/register")
    web.rename("web.2")
    eventually(lambda: len(agent.writes("register.*web.2")) >= 2, 3)
    always(lambda: agent.ids() == [WEB], 0.5, "no gap")
    agent.heal()

    def only_the_new_one():
        assert agent.ids(), "a gap"
        return agent.ids() == [RENAMED]

    eventually(only_the_new_one, 5, agent.ids, every=0.005)


def test_a_stranger_came_just_before(agent, start, run_web, settle):
    """The agent's list has not told it yet."""
    registrar = start()
    settle()
    agent.break_with(SLOW, READINGS)
    agent.register("stranger", WEB, Port=1)
    run_web()
    eventually(lambda: registrar.status()["conflicts"], 4)
    assert agent.services()[WEB]["Service"] == "stranger" and agent.writes("register.*web.1") == []


@pytest.mark.parametrize("change", ["address", "port"])
def test_case_104_edited_tags_survive_other_changes(agent, start, run_web, settle, change):
    web = run_web(ports=["80"], labels={"SERVICE_TAGS": "a,b", "SERVICE_ENABLE_TAG_OVERRIDE": "true"})
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    edited = time.monotonic()
    agent.edit(WEB, Tags=["edited"])
    eventually(lambda: agent.seen(READINGS, edited) and agent.seen("GET /v1/agent/checks", edited), 3, "the edit read")
    settle()
    if change == "address":
        registrar.reload(ip="192.0.2.11")
        eventually(lambda: agent.services()[WEB]["Address"] == "192.0.2.11", 2)
    else:
        agent.edit(WEB, Port=1)
        eventually(lambda: agent.services()[WEB]["Port"] == web.port, 2)
    settle()
    assert agent.services()[WEB]["Tags"] == ["edited"]


def test_case_123_each_intended_write_once(engine, agent, start):
    engine.run_many(3, health=True)
    registrar = start(dry_run=True, resync="1s", refresh="1s")
    eventually(lambda: registrar.metric("signpost_registrar_writes_total", action="add") == 3, 3)
    readings = len(agent.seen(READINGS))
    eventually(lambda: len(agent.seen(READINGS)) >= readings + 3, 6)
    assert registrar.metric("signpost_registrar_writes_total") == 3, registrar.metrics()
    assert registrar.log().count("would add") == 3 and agent.writes() == []
    engine.run("web9", ports=["8099:80"])
    eventually(lambda: registrar.metric("signpost_registrar_writes_total") == 4, 3)
    assert agent.writes() == []
