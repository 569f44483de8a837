# Signpost. Apache-2.0; see LICENSE.
"""registrar dies, and it is not alone at its agent.

Claims
- After kill -9 the agent is brought in step with the containers by the fewest writes; nothing is written for what is
  right already, whatever host name or container registrar runs in now.
- What another registrar, an operator or nobody registered is never touched, whatever its ID looks like.
- Registrator's leftovers are taken over once, when asked for, and the plan shows it first.
"""
import ctypes
import socket

import pytest

from support.fake_agent import FakeAgent
from support.fake_engine import FakeEngine
from support.registrar import Registrar, always, run_command
from support.wait import eventually

WEB = "node1:web.1:80"
_CLONE_NEWUTS = 0x04000000


def ids(*numbers):
    return [f"node1:web{number}:80" for number in numbers]


def test_case_89_killed_while_containers_stop(engine, agent, start, settle):
    containers = engine.run_many(6)
    registrar = start()
    eventually(lambda: agent.ids() == ids(*range(6)))
    registrar.kill()
    before = len(agent.writes())
    for container in containers[:3]:
        container.stop()
    registrar.start()
    eventually(lambda: agent.ids() == ids(3, 4, 5), 5, agent.ids)
    settle()
    ours = [write.path.split("/")[4:] for write in agent.writes()[before:] if "mark" not in write.line]
    assert sorted(ours) == [["deregister", name] for name in ids(0, 1, 2)]


def other_host_name():
    """The program sees another machine name, as in a new container."""
    ctypes.CDLL(None).unshare(_CLONE_NEWUTS)
    socket.sethostname("f00dcafe1234")


def test_case_90_a_new_host_name(engine, agent, start, settle):
    containers = engine.run_many(4)
    first = start(node_id=None)
    eventually(lambda: agent.ids() == ids(*range(4)))
    first.kill()
    before = len(agent.writes())
    containers[0].stop()
    start(node_id=None, preexec=other_host_name, env={"HOSTNAME": "f00dcafe1234"})
    eventually(lambda: agent.ids() == ids(1, 2, 3), 5, agent.ids)
    settle()
    assert len([write for write in agent.writes()[before:] if "mark" not in write.line]) == 1


def test_case_91_strangers(agent, start, run_web, settle):
    agent.register("x", "node1:x:80", Port=80, Meta={"registrar-container": "0" * 64})
    agent.register("y", "node1:y:80", Port=80, Meta={"registrar-owner": "somebody", "registrar-container": "1" * 64})
    agent.register("bare")
    before = agent.services()
    web = run_web()
    registrar = start(resync="1s")
    eventually(lambda: WEB in agent.ids())
    web.stop()
    eventually(lambda: agent.services() == before, 2, agent.ids)
    registrar.kill()
    registrar.start()
    settle()
    registrar.stop()
    assert agent.services() == before
    assert [w for w in agent.writes() if "web.1" not in w.line and "mark" not in w.line] == []


def test_case_91_a_stranger_has_our_id(engine, agent, start, run_web, settle):
    agent.register("other", WEB, Port=1)
    before = agent.services()[WEB]
    web = run_web()
    engine.run("web.2", ports=["8082:80"])
    registrar = start(resync="1s")
    eventually(lambda: "node1:web.2:80" in agent.ids())
    settle()
    assert agent.services()[WEB] == before and agent.writes(WEB) == []
    assert WEB in registrar.status()["conflicts"][0]
    agent.deregister(WEB)
    eventually(lambda: agent.services().get(WEB, {}).get("Port") == web.port, 3, "registered when the ID is free")


def test_case_92_two_registrars_one_agent(engine, agent, start):
    with FakeEngine(name="node2") as engine2:
        ours, theirs = engine.run_many(3), engine2.run_many(3, prefix="api")
        first, second = start(node_id=None), start(engine=engine2, node_id=None)
        eventually(lambda: len(agent.ids()) == 6, 5, agent.ids)
        ours[0].stop()
        eventually(lambda: len(agent.ids()) == 5, 2, agent.ids)
        second.kill()
        for container in theirs:
            container.stop()
        first.kill()
        first.start()
        always(lambda: len(agent.ids()) == 5, 1, agent.ids)
        second.start()
        eventually(lambda: agent.ids() == ids(1, 2), 5, agent.ids)


LEFTOVERS = {"node1:web.1:80": "taken over", "node1:gone:80": "removed", "node1:gone:53:udp": "removed",
             "node2:web.1:80": "stays", "node1:word": "stays", "bare": "stays"}


@pytest.mark.parametrize("words", [["--adopt-prefix", "node1:"], ["--cleanup"]], ids=["--adopt-prefix", "--cleanup"])
def test_case_93_leftovers_of_registrator(engine, agent, run_web, words):
    for service_id in LEFTOVERS:
        agent.register("web", service_id, Port=8080, Address="192.0.2.10")
    web = run_web()
    places = ["--docker", engine.url, "--consul", agent.url, "--node-id", "node1", "--ip", "192.0.2.10"]
    plan = run_command("plan", *places, *words)
    assert plan.returncode == 2, plan.stderr
    for service_id, fate in LEFTOVERS.items():
        assert any(service_id in line.split() for line in plan.stdout.splitlines()) == (fate != "stays"), plan.stdout
    assert agent.writes() == []
    untouched = {k: v for k, v in agent.services().items() if LEFTOVERS[k] == "stays"}
    with Registrar(engine, agent, arguments=words) as registrar:
        eventually(lambda: agent.ids() == sorted(k for k, fate in LEFTOVERS.items() if fate != "removed"), 3, agent.ids)
        eventually(lambda: agent.services()[WEB]["Meta"].get("registrar-container") == web.id, 2)
        assert {k: v for k, v in agent.services().items() if LEFTOVERS[k] == "stays"} == untouched
        eventually(lambda: registrar.status()["agent"]["waiting"] == 0)
        before = len(agent.writes())
        registrar.stop()
        registrar.start()
        always(lambda: len(agent.writes()) == before, 0.5, "taken over once")


def test_case_93_not_unasked(agent, start, run_web, settle):
    for service_id in LEFTOVERS:
        agent.register("old", service_id, Port=1)
    before = agent.services()
    run_web()
    start()
    settle()
    assert agent.services() == before


def test_an_agent_of_its_own_each(engine, start):
    """The same engine, two agents: both are complete."""
    engine.run_many(3)
    with FakeAgent() as one, FakeAgent() as two:
        registrars = [start(agent=one), start(agent=two)]
        for fake in (one, two):
            eventually(lambda fake=fake: fake.ids() == ids(0, 1, 2), 3)
        for registrar in registrars:
            registrar.stop()
