# Signpost. Apache-2.0; see LICENSE.
"""registrar is stopped.

Claims
- --on-exit does as it is named, to own services only, within 5 s, whatever state the agent is in; exit 0.
- A second signal ends it at once.
- The next start puts everything right again.
"""
import time

import pytest

from support.fake_consul import HANG
from support.registrar import always
from support.wait import eventually

POLICIES = ["keep", "deregister", "maintenance"]


def ids(count):
    return [f"node1:web{number}:80" for number in range(count)]


def in_maintenance(agent):
    return sorted(name for name in agent.ids() if agent.maintenance(name))


@pytest.mark.parametrize("policy", POLICIES, ids=[f"case 116 {policy}" for policy in POLICIES])
def test_on_exit(engine, agent, start, policy):
    agent.register("stranger")
    engine.run_many(40)
    registrar = start(on_exit=policy)
    eventually(lambda: len(agent.ids()) == 41)
    before = len(agent.writes())
    registrar.terminate()
    assert registrar.wait_end(5) == 0
    if policy == "keep":
        assert len(agent.writes()) == before
    if policy == "deregister":
        assert agent.ids() == ["stranger"]
    if policy == "maintenance":
        assert in_maintenance(agent) == sorted(ids(40))
    registrar.start()
    eventually(lambda: len(agent.ids()) == 41 and in_maintenance(agent) == [], 5, in_maintenance(agent))


def test_case_116_default_is_keep(engine, agent, start):
    engine.run_many(3)
    registrar = start()
    eventually(lambda: agent.ids() == ids(3))
    before = len(agent.writes())
    registrar.stop()
    assert agent.ids() == ids(3) and len(agent.writes()) == before


@pytest.mark.parametrize("policy", POLICIES[1:])
def test_case_116_agent_does_not_answer(engine, agent, start, policy):
    engine.run_many(40)
    registrar = start(on_exit=policy)
    eventually(lambda: len(agent.ids()) == 40)
    agent.break_with(HANG, "PUT")
    begin = time.monotonic()
    registrar.terminate()
    assert registrar.wait_end(6) == 0
    assert time.monotonic() - begin < 5.2


def test_case_116_a_second_signal(engine, agent, start):
    engine.run_many(3)
    registrar = start(on_exit="deregister")
    eventually(lambda: agent.ids() == ids(3))
    agent.break_with(HANG, "PUT")
    registrar.terminate()
    eventually(lambda: agent.writes("deregister"), 2)
    always(lambda: registrar.process.exit_code is None, 0.3, "it waits for the agent")
    registrar.terminate()
    registrar.wait_end(0.5)


def test_case_116_before_anything_works(engine, agent, start):
    """Neither engine nor agent: it still ends at once."""
    engine.stop()
    agent.kill()
    registrar = start(ready=False, on_exit="deregister")
    eventually(lambda: "writes to" in registrar.log(), 3)
    registrar.terminate()
    assert registrar.wait_end(5) == 0
