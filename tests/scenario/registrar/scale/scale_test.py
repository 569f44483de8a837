# Signpost. Apache-2.0; see LICENSE.
"""Many containers.

Claims
- 500 containers are registered from nothing in under 3 s, with bounded parallelism.
- Nothing is written when nothing changed: after a restart, after a resync.
- A storm of 1,000 events ends in the right state.
"""
import os
import random
import time

from support.fake_consul import Fault
from support.registrar import always
from support.wait import eventually

SLOW_BUILD = 5 if os.environ.get("SIGNPOST_BUILD") in ("asan", "tsan") else 1
MANY = 500


def names(prefix="web", count=MANY):
    return sorted(f"node1:{prefix}{number}:80" for number in range(count))


def in_step(engine, agent, deadline):
    wanted = sorted(f"node1:{name}:80" for name in engine.running())
    eventually(lambda: agent.ids() == wanted, deadline, lambda: f"{len(agent.ids())} of {len(wanted)}", every=0.05)


def test_500_containers_from_nothing(engine, agent, start, note):
    engine.run_many(MANY)
    begin = time.monotonic()
    start(ready=False)
    in_step(engine, agent, 3 * SLOW_BUILD)
    taken = agent.writes("service/register")[-1].at - begin
    note(f"registrar: {MANY} containers registered {taken:.2f} s after the start of the process")
    assert taken < 3 * SLOW_BUILD
    assert len(agent.writes()) == MANY, "each once"
    assert len(engine.seen(r"GET .*/containers/[^/]+/json")) == MANY


def test_zero_writes_when_nothing_changed(engine, agent, start):
    engine.run_many(MANY)
    registrar = start(resync="1s")
    in_step(engine, agent, 5 * SLOW_BUILD)
    eventually(lambda: registrar.status()["agent"]["waiting"] == 0)
    registrar.stop()
    before, lists = len(agent.writes()), len(engine.seen("GET .*/containers/json"))
    registrar.start()
    eventually(lambda: len(engine.seen("GET .*/containers/json")) >= lists + 3, 10, "lists of the resync")
    always(lambda: len(agent.writes()) == before, 0.5)
    status = registrar.status()["agent"]
    assert (status["desired"], status["registered"], status["waiting"]) == (MANY, MANY, 0)


def test_case_88_500_starts(engine, agent, start):
    """While it watches: one inspect each and at most one more, not too many at once."""
    engine.break_with(Fault(delay=0.005), r"GET .*/containers/[^/]+/json")
    start()
    for number in range(MANY):
        engine.run(f"web{number}", ports=[f"{20000 + number}:80"])
    in_step(engine, agent, 10 * SLOW_BUILD)
    assert agent.ids() == names()
    inspects = len(engine.seen(r"GET .*/containers/[^/]+/json"))
    assert MANY <= inspects <= 2 * MANY
    assert 1 < engine.max_in_flight["inspect"] <= 16
    assert len(agent.writes("service/register")) == MANY


def test_a_storm_of_events(engine, agent, start, seed):
    chance = random.Random(seed)
    containers = engine.run_many(60)
    start()
    in_step(engine, agent, 5)

    def step(container):
        if container.state.running:
            chance.choice([container.stop, container.restart, container.crash, lambda: container.die(1)])()
        else:
            container.start()

    with engine.late_events(order=lambda events: events):
        for _ in range(150):
            step(chance.choice(containers))
    for _ in range(150):
        step(chance.choice(containers))
    assert len(engine._buffer) == 256, "more than the engine can replay"
    in_step(engine, agent, 10 * SLOW_BUILD)
    always(lambda: agent.ids() == sorted(f"node1:{name}:80" for name in engine.running()), 0.5)
