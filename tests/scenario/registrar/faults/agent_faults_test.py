# Signpost. Apache-2.0; see LICENSE.
"""The Consul agent dies, forgets, is slow, or turns the token away.

Claims
- registrar starts without the agent and waits for it.
- An agent that forgot everything is noticed and filled again within 2 s; one that kept its data is not written to.
- What others break is repaired at once; what they may change is left.
- A list that a lost right has emptied is not believed.
- One slow or failing service does not delay the others.
"""
import pytest

from support.fake_consul import HANG, RESET, Fault, status
from support.registrar import always
from support.wait import eventually

WEB = "node1:web.1:80"
READINGS = "GET /v1/agent/services"
ALL_RIGHTS = {"service", "agent", "node"}


def ids(*numbers):
    return [f"node1:web{number}:80" for number in numbers]


def read_again(agent, since):
    eventually(lambda: len(agent.seen(READINGS)) > since, 5, "the agent read again")


def test_case_100_agent_down_at_the_start(engine, agent, start):
    agent.kill()
    engine.run_many(3)
    registrar = start(ready=False)
    eventually(lambda: "agent is away" in quiet_readiness(registrar), 5)
    assert registrar.get("/healthz").status_code == 200
    agent.restart()
    eventually(lambda: agent.ids() == ids(0, 1, 2), 5)


def quiet_readiness(registrar):
    try:
        return registrar.get("/readyz").text
    except OSError:
        return ""


def test_case_101_agent_restarts_empty(engine, agent, start):
    web = engine.run("web.1", ports=["8080:80"], health=True)
    engine.run_many(30)
    registrar = start()
    web.health("healthy")
    eventually(lambda: len(agent.ids()) == 31 and agent.health(WEB)[0] == "passing", 5)
    agent.kill()
    eventually(lambda: not registrar.status()["agent"]["reachable"], 2, "the loss noticed")
    agent.restart(keep_data=False)
    eventually(lambda: len(agent.ids()) == 31, 2, agent.ids)
    eventually(lambda: agent.health(WEB)[0] == "passing", 2)
    assert registrar.metric("signpost_registrar_agent_restarts_total") == 1


def test_case_101_agent_restarts_empty_in_a_moment(engine, agent, start):
    """Nobody sees it away: the held request breaks, and the NodeID is another."""
    engine.run_many(30)
    start()
    eventually(lambda: len(agent.ids()) == 30)
    agent.kill()
    agent.restart(keep_data=False)
    eventually(lambda: len(agent.ids()) == 30, 2, agent.ids)


def test_case_102_agent_restarts_with_its_data(engine, agent, start):
    web = engine.run("web.1", ports=["8080:80"], health=True)
    engine.run_many(30)
    start(refresh="1s")
    web.health("healthy")
    eventually(lambda: len(agent.ids()) == 31 and agent.health(WEB)[0] == "passing", 5)
    before, readings = len(agent.writes("/agent/service/")), len(agent.seen(READINGS))
    beats = len(agent.writes("check/update"))
    agent.kill()
    agent.restart()
    read_again(agent, readings)
    eventually(lambda: len(agent.writes("check/update")) > beats, 3, "the TTL check is reported on")
    always(lambda: len(agent.writes("/agent/service/")) == before, 0.5)
    assert len(agent.ids()) == 31 and agent.health(WEB)[0] == "passing"


def test_case_103_somebody_deregisters(agent, start, run_web):
    run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    before = agent.services()
    for _ in range(3):
        agent.deregister(WEB)
        eventually(lambda: agent.services() == before, 1, agent.services)


EDITS = {"tags": {"Tags": ["edited"]}, "port": {"Port": 1}, "address": {"Address": "198.51.100.1"},
         "weights": {"Weights": {"Passing": 5, "Warning": 1}}}


@pytest.mark.parametrize("edit", EDITS.values(), ids=[f"case 104 {name}" for name in EDITS])
def test_somebody_edits(agent, start, run_web, edit):
    run_web(labels={"SERVICE_TAGS": "a,b"})
    start()
    eventually(lambda: agent.ids() == [WEB])
    before = agent.services()
    agent.edit(WEB, **edit)
    eventually(lambda: agent.services() == before, 1, agent.services)


def test_case_104_tags_that_others_may_edit(agent, start, run_web, settle):
    run_web(labels={"SERVICE_TAGS": "a,b", "SERVICE_ENABLE_TAG_OVERRIDE": "true"})
    start(resync="1s")
    eventually(lambda: agent.ids() == [WEB])
    agent.edit(WEB, Tags=["edited"])
    settle()
    always(lambda: agent.services()[WEB]["Tags"] == ["edited"], 1.5)
    agent.edit(WEB, Port=1)
    eventually(lambda: agent.services()[WEB]["Port"] == 8080, 2)


def test_the_operators_maintenance_stays(agent, start, run_web, settle):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    agent.maintain(WEB)
    settle()
    web.pause()
    web.unpause()
    settle()
    assert agent.maintenance(WEB) == "by hand"


def test_case_105_a_registration_is_refused(engine, agent, start, run_web):
    agent.break_with(status(400, "Invalid Service Meta"), "service/register.*web.1")
    web = run_web(ports=["80"])
    registrar = start(resync="1s")
    engine.run("web.2", ports=["8082:80"])
    eventually(lambda: agent.ids() == ["node1:web.2:80"])
    always(lambda: len(agent.writes(WEB)) == 1, 2.5, "the same request is not sent again")
    assert registrar.status()["agent"]["parked"] == 1
    assert registrar.log().count("Invalid Service Meta") == 1, registrar.log()
    agent.heal()
    web.restart()  # another port: another request
    eventually(lambda: WEB in agent.ids(), 3)
    assert registrar.status()["agent"]["parked"] == 0


def test_case_106_token_file_replaced(engine, agent, start, tmp_path):
    agent.set_acl({"new": ALL_RIGHTS})
    token = tmp_path / "token"
    token.write_text("old\n")
    engine.run_many(3)
    registrar = start(ready=False, consul_token_file=str(token))
    eventually(lambda: "403" in registrar.log() or "denied" in registrar.log(), 5, registrar.log)
    assert agent.ids() == []
    token.write_text("new\n")
    eventually(lambda: agent.ids() == ids(0, 1, 2), 12, registrar.log)
    assert "new" not in registrar.log().split()


def test_case_106_token_expires(engine, agent, start, tmp_path):
    agent.set_acl({"old": ALL_RIGHTS})
    token = tmp_path / "token"
    token.write_text("old\n")
    engine.run_many(2)
    start(consul_token_file=str(token))
    eventually(lambda: agent.ids() == ids(0, 1))
    agent.set_acl({"new": ALL_RIGHTS})
    engine.run("web2", ports=["8082:80"])
    always(lambda: agent.ids() == ids(0, 1), 0.5)
    token.write_text("new\n")
    eventually(lambda: agent.ids() == ids(0, 1, 2), 12)


def test_a_token_for_services_only(engine, agent, start):
    """403 on /v1/agent/self and nothing to see of the node: no reason to stop."""
    agent.set_acl({"narrow": {"service"}})
    engine.run_many(3)
    start(ready=False, env={"CONSUL_HTTP_TOKEN": "narrow"}, resync="1s")
    eventually(lambda: agent.ids() == ids(0, 1, 2), 5)
    agent.deregister("node1:web0:80")
    eventually(lambda: agent.ids() == ids(0, 1, 2), 4)


def test_case_107_a_token_that_lost_its_right(engine, agent, start):
    agent.set_acl({"token": ALL_RIGHTS})
    engine.run_many(10)
    start(env={"CONSUL_HTTP_TOKEN": "token"}, resync="1s")
    eventually(lambda: len(agent.ids()) == 10)
    before, readings = len(agent.writes()), len(agent.seen(READINGS))
    agent.set_acl({"token": {"agent", "node"}})
    read_again(agent, readings + 1)
    always(lambda: len(agent.writes()) == before, 1, lambda: [w.line[:80] for w in agent.writes()[before:]])
    agent.set_acl({"token": ALL_RIGHTS})
    engine.run("web10", ports=["8090:80"])
    eventually(lambda: len(agent.ids()) == 11, 12)
    assert len(agent.writes()) == before + 1


@pytest.mark.parametrize("lenient", [True, False], ids=["case 108 lenient", "case 108 strict"])
def test_scripts_are_disabled(engine, agent, start, run_web, settle, lenient):
    run_web(labels={"SERVICE_CHECK_SCRIPT": "true now"})
    registrar = start(lenient_checks=lenient)
    engine.run("web.2", ports=["8082:80"], labels={"SERVICE_CHECK_TTL": "30s"})
    eventually(lambda: "node1:web.2:80" in agent.ids(), 2)
    settle()
    if lenient:
        eventually(lambda: WEB in agent.ids(), 2)
        assert agent.checks(WEB) == {}
    else:
        always(lambda: WEB not in agent.ids(), 1)
        assert registrar.status()["agent"]["parked"] == 1
    assert WEB in registrar.log() and "script" in registrar.log().lower()


BAD_DEREGISTERS = {"500": status(500, "busy"), "reset": RESET, "slow": Fault(delay=1.0)}


@pytest.mark.parametrize("fault", BAD_DEREGISTERS.values(), ids=[f"case 109 {name}" for name in BAD_DEREGISTERS])
def test_deregister_fails_and_the_container_starts_again(agent, start, run_web, fault):
    web = run_web(ports=["80"])
    start()
    eventually(lambda: agent.ids() == [WEB])
    agent.break_with(fault, "deregister")
    web.stop()
    eventually(lambda: agent.writes("deregister"), 2)
    web.start()
    eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 5, agent.services)
    agent.heal()
    always(lambda: agent.ids() == [WEB] and agent.services()[WEB]["Port"] == web.port, 2, agent.services)
    assert agent.maintenance(WEB) is None


def test_case_109_removed_once_the_agent_can(agent, start, run_web):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    agent.break_with(status(500, "busy"), "deregister", times=4)
    web.stop()
    eventually(lambda: agent.ids() == [], 8)


def test_case_110_answers_after_half_a_minute(engine, agent, start):
    agent.break_with(Fault(delay=30), "service/register.*slow")
    start()
    for number in range(6):
        engine.run(f"slow{number}", ports=[f"{7000 + number}:80"])
    eventually(lambda: len(agent.writes("slow")) == 6, 2)
    engine.run_many(50)
    eventually(lambda: len([name for name in agent.ids() if "web" in name]) == 50, 3)


def test_case_111_checks_replaced_during_a_drain(agent, start, run_web):
    """The call that replaces checks deletes the maintenance mark as well."""
    web = run_web(labels={"SERVICE_CHECK_HTTP": "/health"})
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 1)
    registrar.reload(ip="192.0.2.11")
    eventually(lambda: agent.services()[WEB]["Address"] == "192.0.2.11", 2)
    assert agent.definition(f"service:{WEB}")["HTTP"] == "http://192.0.2.11:8080/health"
    eventually(lambda: agent.maintenance(WEB), 1, "the mark set again")
    always(lambda: agent.maintenance(WEB), 0.5)
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)


@pytest.mark.parametrize("fault", [HANG, status(500, "no"), RESET], ids=["hangs", "500", "reset"])
def test_reads_fail(engine, agent, start, fault):
    """Services can be written when lists cannot be read, or at the latest afterwards."""
    engine.run_many(2)
    start(resync="1s")
    eventually(lambda: agent.ids() == ids(0, 1))
    agent.break_with(fault, READINGS)
    engine.run("web2", ports=["8082:80"])
    always(lambda: set(agent.ids()) >= set(ids(0, 1)), 1)
    agent.heal()
    eventually(lambda: agent.ids() == ids(0, 1, 2), 12)
