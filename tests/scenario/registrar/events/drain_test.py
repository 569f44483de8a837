# Signpost. Apache-2.0; see LICENSE.
"""A service is out of every answer before its container ends.

Claims
- The stop signal, and no other, puts the services of a container into maintenance, at once; they go when it dies.
- A container that survives its stop signal serves again 5 s after its stop timeout.
- `registrar drain` marks, waits and stops.
"""
import pytest

from support.registrar import always, run_command
from support.wait import eventually

WEB = "node1:web.1:80"


def test_case_70_maintenance_at_the_stop_signal(agent, start, run_web):
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 0.5)
    always(lambda: agent.ids() == [WEB] and agent.maintenance(WEB), 1, agent.ids)
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)
    assert [write.path.split("/")[4] for write in agent.writes()] == ["register", "maintenance", "deregister"]
    assert registrar.metric("signpost_registrar_drains_total") == 1


def test_case_71_survives_its_stop_signal(agent, start, run_web):
    web = run_web(stop_timeout=1)
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 0.5)
    always(lambda: agent.maintenance(WEB), 5)
    eventually(lambda: agent.maintenance(WEB) is None, 3)
    assert agent.ids() == [WEB] and len(agent.writes("register")) == 1
    assert registrar.metric("signpost_registrar_drains_lifted_total") == 1


@pytest.mark.parametrize("signal", [1, 10, 9])
def test_case_72_other_signals(agent, start, run_web, settle, signal):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.kill(signal)
    settle()
    assert agent.ids() == [WEB] and len(agent.writes(WEB)) == 1


def test_case_73_a_stop_signal_of_its_own(agent, start, run_web, settle):
    web = run_web(stop_signal="SIGINT")
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.kill(15)
    settle()
    assert agent.maintenance(WEB) is None
    web.begin_stop()
    eventually(lambda: agent.maintenance(WEB), 0.5)
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)


def test_no_drain_where_a_label_says_so(agent, start, run_web, settle):
    web = run_web(labels={"SERVICE_DRAIN": "0"})
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.begin_stop()
    settle()
    assert agent.writes("maintenance/" + WEB) == []
    web.end_stop()
    eventually(lambda: agent.ids() == [], 1)


def test_a_label_hides_the_signal(agent, start, run_web, settle):
    """The engine then shows the label's value; it means nothing."""
    web = run_web(labels={"signal": "15", "exitCode": "0"})
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.kill(10)
    settle()
    assert agent.maintenance(WEB) is None
    web.stop()
    eventually(lambda: agent.ids() == [], 1)


def test_drain_command(engine, agent, start, run_web):
    web = run_web()
    web.touch(stop_takes=0.2)
    start()
    eventually(lambda: agent.ids() == [WEB])
    done = run_command("drain", "web.1", "--wait", "1s", "--docker", engine.url, "--consul", agent.url, "--node-id", "node1")
    assert done.returncode == 0, done.stderr
    marked = agent.writes("maintenance")[0]
    stopped = engine.seen("POST .*/stop")
    assert len(stopped) == 1 and 0.9 < stopped[0].at - marked.at < 3
    assert engine.running() == []
    eventually(lambda: agent.ids() == [], 1)


def test_drain_command_without_such_a_container(engine, agent, start):
    start()
    done = run_command("drain", "nobody", "--wait", "0s", "--docker", engine.url, "--consul", agent.url)
    assert done.returncode == 1 and "nobody" in done.stderr
    assert agent.writes() == []
