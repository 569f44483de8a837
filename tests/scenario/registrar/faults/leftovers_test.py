# Signpost. Apache-2.0; see LICENSE.
"""What is found at the agent at the start.

Claims
- Leftovers go although the engine is slow and busy.
- Of two containers with one service ID the holder keeps it, whatever order the engine lists them in; a plan agrees.
- A takeover believes no single empty list, and happens once: strangers of that form that come later stay.
"""
import itertools

import pytest

from support.fake_consul import Fault, garbage
from support.registrar import always, run_command
from support.wait import eventually

LIST, INSPECT = "GET .*/containers/json", r"GET .*/containers/[0-9a-f]+/json"


def ids(numbers, prefix="web"):
    return {f"node1:{prefix}{number}:80" for number in numbers}


def test_leftovers_of_a_busy_engine(engine, agent, start):
    """An inspect takes 300 ms, and containers start faster than that."""
    containers = engine.run_many(60)
    registrar = start()
    eventually(lambda: len(agent.ids()) == 60)
    registrar.kill()
    for container in containers[:30]:
        container.remove()
    engine.break_with(Fault(delay=0.3), INSPECT)
    registrar.start(ready=False)
    numbers = itertools.count()

    def leftovers_gone():
        number = next(numbers)
        engine.run(f"new{number}", ports=[f"{30000 + number}:80"])
        return not ids(range(30)) & set(agent.ids())

    eventually(leftovers_gone, 10, lambda: f"{len(ids(range(30)) & set(agent.ids()))} left", every=0.1)
    assert ids(range(30, 60)) <= set(agent.ids())


def reverse_list(engine):
    """The engine lists its containers the other way round."""
    engine.act(lambda: engine.states.update({name: engine.states.pop(name) for name in list(engine.states)[::-1]}))


def plan(engine, agent):
    return run_command("plan", "--docker", engine.url, "--node-id", "node1", "--ip", "192.0.2.10", agent.url)


@pytest.mark.parametrize("holder", [0, 1], ids=["the smaller ID", "the larger ID"])
def test_one_service_id_twice(engine, agent, start, settle, holder):
    label = {"SERVICE_ID": "x"}
    pair = [engine.create("a", ports=["8101:80"], labels=label), engine.create("b", ports=["8102:80"], labels=label)]
    pair.sort(key=lambda container: container.id)
    first, second = pair[holder], pair[1 - holder]
    registrar = start()
    first.start()
    eventually(lambda: agent.ids() == ["x"])
    second.start()
    settle()
    held = agent.services()["x"]
    assert held["Port"] == first.port
    for _ in range(2):
        done = plan(engine, agent)
        assert done.returncode == 0 and "change" not in done.stdout.split(), done.stdout
        reverse_list(engine)
        registrar.kill()
        registrar.start()
        settle()
        assert agent.services()["x"] == held and len(agent.writes("register.*\"x\"")) == 1
    first.stop()
    eventually(lambda: agent.services().get("x", {}).get("Port") == second.port, 2, "the other one follows")


def test_case_93_takeover_and_one_wrong_list(engine, agent, start):
    for number, container in enumerate(engine.run_many(8)):
        agent.register("web", f"node1:web{number}:80", Port=container.port, Address="192.0.2.10")
    engine.break_with(garbage("[]"), LIST, times=1)
    start(ready=False, cleanup=True, resync="1s")
    eventually(lambda: all("registrar-owner" in service["Meta"] for service in agent.services().values()), 6)
    assert set(agent.ids()) == ids(range(8)) and agent.writes("deregister") == []


@pytest.mark.parametrize("words", [["--cleanup"], ["--adopt-prefix", "node1:"]], ids=["--cleanup", "--adopt-prefix"])
def test_case_93_taken_over_once(agent, start, run_web, settle, words):
    agent.register("gone", "node1:gone:80", Port=80)
    run_web()
    start(arguments=words, resync="1s")
    eventually(lambda: agent.ids() == ["node1:web.1:80"], 3, agent.ids)
    settle()
    agent.register("other", "node1:other:80", Port=80)
    stranger = agent.services()["node1:other:80"]
    settle()
    always(lambda: agent.services().get("node1:other:80") == stranger, 1.5, "a stranger came later, and stays")
