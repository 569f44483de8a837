# Signpost. Apache-2.0; see LICENSE.
"""Maintenance marks outlast everything but their cause.

Claims
- The mark of an operator or of the drain command survives a new registration with other checks or another address, and
  a takeover.
- The mark of a stop signal survives the end of registrar. A mark with a time limit is lifted by itself when that is
  over, however long the list period.
- A refused change hides neither a stop signal nor the end of a container.
- A stop signal that the engine tells twice drains once.
- Nothing is lifted while the engine is away, and afterwards only what is seen to run again.
- A pause is no illness, whenever registrar starts.
"""
import time

import pytest

from support.fake_consul import status
from support.registrar import always
from support.wait import eventually

WEB, OTHER = "node1:web.1:80", "node1:web.2:80"
OPERATOR = "by hand"
REASONS = {"operator": OPERATOR, "drain command": "registrar: drain command until {}"}
LASTING = list(REASONS.values())


def reason_of(pattern, seconds=600):
    return pattern.format(int(time.time()) + seconds)


# A container that lives on is thought to have survived so soon after its stop signal: 1 s and 5 s to spare.
SHORT_DRAIN = {"stop_timeout": 0, "labels": {"SERVICE_DRAIN": "1s"}}


def worked_off(registrar):
    eventually(lambda: registrar.status()["agent"]["waiting"] == 0, 3, "nothing left to write")


CHANGES = {"checks and address": {"SERVICE_CHECK_TCP": "true"}, "address": {}}


@pytest.mark.parametrize("pattern", LASTING, ids=list(REASONS))
@pytest.mark.parametrize("labels", CHANGES.values(), ids=list(CHANGES))
def test_a_mark_survives_a_change(agent, start, run_web, settle, pattern, labels):
    run_web(labels=labels)
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    reason = reason_of(pattern)
    agent.maintain(WEB, reason=reason)
    settle()
    registrar.reload(ip="192.0.2.11")
    eventually(lambda: agent.services()[WEB]["Address"] == "192.0.2.11", 2)
    settle()
    worked_off(registrar)
    assert agent.maintenance(WEB) == reason


@pytest.mark.parametrize("pattern", LASTING, ids=list(REASONS))
def test_a_mark_survives_a_takeover(agent, start, run_web, pattern):
    agent.register("web", WEB, Port=8080, Address="192.0.2.10", Check={"TCP": "192.0.2.10:8080", "Interval": "10s"})
    reason = reason_of(pattern)
    agent.maintain(WEB, reason=reason)
    web = run_web()
    registrar = start(cleanup=True)
    eventually(lambda: agent.services()[WEB]["Meta"].get("registrar-container") == web.id, 3)
    worked_off(registrar)
    assert agent.maintenance(WEB) == reason


def test_a_stop_signal_outlives_registrar(agent, start, run_web, settle):
    web = run_web(stop_timeout=60)
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 1)
    registrar.kill()
    registrar.start()
    settle()
    worked_off(registrar)
    always(lambda: agent.maintenance(WEB), 0.3, "still about to end")
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)


@pytest.mark.parametrize("cause", ["drain command", "stop signal"])
def test_a_mark_expires_by_itself(agent, start, run_web, cause):
    """Nothing else happens, and the next list is far away."""
    run_web()
    registrar = start(resync="1h")
    eventually(lambda: agent.ids() == [WEB])
    registrar.kill()
    until = int(time.time()) + 2
    agent.maintain(WEB, reason=f"registrar: {cause} until {until}")
    registrar.start()
    eventually(lambda: agent.maintenance(WEB) is None, until + 2 - time.time(), lambda: agent.maintenance(WEB))
    assert time.time() >= until


def test_a_refused_change_does_not_hide_the_stop_signal(agent, start, run_web):
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    agent.break_with(status(400, "Invalid check"), "service/register")
    registrar.reload(ip="192.0.2.11")
    eventually(lambda: registrar.status()["agent"]["parked"] == 1, 3)
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 1)
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)


def test_a_refused_definition_does_not_keep_the_dead(agent, start, run_web):
    """web.1 is another container now, with another port: the old entry leads nowhere."""
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    registrar.kill()
    web.remove()
    web = run_web(ports=["8081:80"])
    agent.break_with(status(400, "Invalid check"), "service/register")
    registrar.start()
    eventually(lambda: agent.ids() == [], 3, agent.services)
    agent.heal()
    web.rename("web.2")
    eventually(lambda: agent.services().get("node1:web.2:80", {}).get("Port") == 8081, 3)


def test_a_replayed_stop_signal(engine, agent, start, run_web, settle):
    """The signal is the last event before the stream breaks: the engine tells it again."""
    web = run_web(**SHORT_DRAIN)
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 1)
    eventually(lambda: agent.maintenance(WEB) is None, 8, "the container survived")
    streams = len(engine.seen("GET .*/events"))
    engine.cut_events()
    eventually(lambda: len(engine.seen("GET .*/events")) > streams, 5)
    settle()
    assert agent.maintenance(WEB) is None
    assert registrar.metric("signpost_registrar_drains_total") == 1


def test_nothing_is_lifted_while_the_engine_is_away(engine, agent, start, run_web, settle):
    """Who could say that the containers survived? Afterwards only that of the one that did is."""
    web = run_web(**SHORT_DRAIN)
    engine.run("web.2", ports=["8082:80"])
    start()
    eventually(lambda: agent.ids() == [WEB, OTHER])
    agent.maintain(OTHER, reason=reason_of(REASONS["drain command"], 3))
    settle()
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 1)
    engine.stop()
    web.die()
    always(lambda: agent.maintenance(WEB) and agent.maintenance(OTHER), 6.5, "a mark was lifted")
    engine.start()
    eventually(lambda: agent.ids() == [OTHER] and agent.maintenance(OTHER) is None, 8)
    assert [lift.path.split("/")[-1] for lift in agent.writes("enable=false")] == [OTHER]


def test_after_the_grace_only_survivors_serve_again(engine, agent, start):
    containers = engine.run_many(6)
    start(engine_grace="1s")
    eventually(lambda: len(agent.ids()) == 6)
    engine.stop()
    eventually(lambda: all(agent.maintenance(name) for name in agent.ids()), 4)
    for container in containers[:3]:
        container.die(137)
    engine.start()
    survivors = [f"node1:web{number}:80" for number in (3, 4, 5)]
    eventually(lambda: agent.ids() == survivors, 8, agent.ids)
    eventually(lambda: not any(agent.maintenance(name) for name in survivors), 3)
    assert {lift.path.split("/")[-1] for lift in agent.writes("enable=false")} == set(survivors)


def test_started_while_a_container_is_paused(agent, start, run_web, settle):
    """The engine calls a paused container unhealthy, and for a while afterwards."""
    web = run_web(health=True)
    registrar = start()
    web.health("healthy", "fine")
    eventually(lambda: agent.ids() == [WEB] and agent.health(WEB)[0] == "passing", 3)
    web.pause()
    eventually(lambda: agent.maintenance(WEB), 1)
    registrar.kill()
    registrar.start()
    settle()
    assert agent.health(WEB)[0] == "passing" and agent.maintenance(WEB)
    web.unpause()
    eventually(lambda: agent.maintenance(WEB) is None, 1)
    settle()
    assert agent.health(WEB)[0] == "passing"
    web.health("healthy", "again")
    settle()
    assert agent.health(WEB)[0] == "passing"
