# Signpost. Apache-2.0; see LICENSE.
"""The Docker Engine stumbles.

Claims
- Whatever the engine fails to say is found by the next list; what it says wrongly is skipped and asked again.
- While the engine is away nothing is deregistered.
- A stream that went silent costs no more than a list period.
"""
import os
import time

import pytest

from support.fake_consul import HANG, RESET, Fault, garbage, rewritten, status
from support.fake_engine import FakeEngine
from support.registrar import Registrar, always
from support.wait import eventually

WEB = "node1:web.1:80"
EVENTS, LIST, INSPECT = "GET .*/events", "GET .*/containers/json", r"GET .*/containers/[^/]+/json"


def ids_of(engine):
    return sorted(f"node1:{name}:80" for name in engine.running())


def in_step(engine, agent, deadline=5):
    eventually(lambda: agent.ids() == ids_of(engine), deadline,
               lambda: f"{len(agent.ids())} services of {len(ids_of(engine))} containers")


def test_case_94_a_thousand_events_missed(engine, agent, start):
    containers = engine.run_many(100)
    start()
    in_step(engine, agent)
    engine.break_with(status(500, "no events"), EVENTS)
    engine.cut_events()
    fresh = engine.run_many(150, first_port=30000, prefix="new")
    for container in containers[:60] + fresh[:50]:
        container.stop()
    for container in containers[60:] + fresh[100:]:
        container.restart()
    engine.heal()
    in_step(engine, agent, 15)
    always(lambda: agent.ids() == ids_of(engine), 0.5)


def test_case_95_only_the_stream_is_dead(engine, agent, start):
    """Other requests are answered: the next list tells."""
    containers = engine.run_many(4)
    start(resync="1s")
    in_step(engine, agent)
    engine.stall(EVENTS)
    containers[0].stop()
    in_step(engine, agent, 4)


def test_case_96_engine_away(engine, agent, start):
    containers = engine.run_many(5)
    registrar = start(resync="1s")
    in_step(engine, agent)
    engine.stop()
    before = len(agent.writes())
    containers[0].stop()
    containers[1].restart()
    eventually(lambda: not registrar.status()["engine"]["connected"], 3)
    assert registrar.get("/readyz").status_code == 503
    always(lambda: len(agent.writes()) == before, float(os.environ.get("SIGNPOST_SOAK", "3")) / 10 + 3)
    engine.start()
    in_step(engine, agent, 15)
    eventually(lambda: registrar.get("/readyz").status_code == 200, 3)


def test_case_96_engine_grace(engine, agent, start):
    """When asked for, services of an engine that stays away are taken out of the answers, not out of the catalog."""
    engine.run_many(2)
    start(engine_grace="1s")
    in_step(engine, agent)
    engine.stop()
    eventually(lambda: all(agent.maintenance(name) for name in agent.ids()), 4)
    assert len(agent.ids()) == 2
    engine.start()
    eventually(lambda: not any(agent.maintenance(name) for name in agent.ids()), 15)


def test_case_97_an_empty_list_once(engine, agent, start):
    engine.run_many(8)
    registrar = start()
    in_step(engine, agent)
    before = len(agent.writes())
    engine.break_with(garbage("[]"), LIST, times=1)
    engine.cut_events()
    eventually(lambda: registrar.metric("signpost_registrar_guarded_lists_total") == 1, 3)
    always(lambda: len(agent.writes()) == before, 3, "a single answer is no reason to remove all")


def test_case_97_an_empty_list_at_the_start(engine, agent, start):
    """Nothing is known yet but what the agent has."""
    engine.run_many(8)
    registrar = start(resync="1s")
    in_step(engine, agent)
    registrar.kill()
    before = len(agent.writes())
    engine.break_with(garbage("[]"), LIST, times=1)
    registrar.start(ready=False)
    always(lambda: len(agent.writes()) == before, 3, lambda: [w.line[:100] for w in agent.writes()[before:]])


def test_case_97_really_all_gone(engine, agent, start):
    containers = engine.run_many(8)
    start()
    in_step(engine, agent)
    with engine.lost_events():
        for container in containers:
            container.remove()
    engine.cut_events()
    eventually(lambda: agent.ids() == [], 6, agent.ids)


WRONG_TYPES = {"Id": 7, "Name": [], "State": "running", "Config": 1, "NetworkSettings": [], "HostConfig": "x"}
BAD_INSPECTS = {"404": status(404, '{"message":"No such container"}'), "500": status(500, '{"message":"broken"}'),
                "not JSON": garbage("<html>"), "cut JSON": Fault(rewrite=lambda body: body[:len(body) // 2]),
                "cut reply": Fault(cut_body_at=0.5), "empty": garbage(""), "null": garbage("null"),
                "a list": rewritten(lambda value: [value]), "no members": garbage("{}"),
                "wrong types": rewritten(lambda value: {**value, **WRONG_TYPES}), "reset": RESET,
                "deep": garbage("[" * 100_000)}


@pytest.mark.parametrize("fault", BAD_INSPECTS.values(), ids=[f"case 98 {name}" for name in BAD_INSPECTS])
def test_bad_inspect(engine, agent, start, fault):
    """The container is asked for again; others do not notice."""
    start(resync="1s")
    web = engine.create("web.1", ports=["8080:80"])
    engine.break_with(fault, f"containers/{web.id}/json", times=2)
    web.start()
    engine.run("web.2", ports=["8082:80"])
    eventually(lambda: "node1:web.2:80" in agent.ids(), 2)
    in_step(engine, agent, 8)


BAD_LISTS = {"500": status(500, "x"), "not JSON": garbage("<"), "an object": garbage("{}"), "null": garbage("null"),
             "wrong entries": garbage('[1,null,"x",[],{"Id":5},{"Names":7}]'), "cut": Fault(cut_body_at=0.5)}


@pytest.mark.parametrize("fault", BAD_LISTS.values(), ids=[f"case 98 list {name}" for name in BAD_LISTS])
def test_bad_list(engine, agent, start, fault):
    engine.run_many(5)
    start(resync="1s")
    in_step(engine, agent)
    before = len(agent.writes())
    engine.break_with(fault, LIST, times=2)
    engine.cut_events()
    eventually(lambda: len(engine.seen(LIST)) >= 4, 15, "asked again")
    assert len(agent.writes()) == before
    engine.run("web.9", ports=["8099:80"])
    in_step(engine, agent, 5)


def test_case_99_a_line_in_many_pieces(engine, agent, start, run_web):
    start()
    engine.slice = lambda line: [line[at:at + 7] for at in range(0, len(line), 7)]
    web = run_web()
    eventually(lambda: agent.ids() == [WEB], 2)
    web.stop()
    eventually(lambda: agent.ids() == [], 2)


def test_case_99_many_lines_in_one_piece(engine, agent, start):
    start()
    with engine.late_events(glued=True):
        containers = engine.run_many(30)
    in_step(engine, agent, 3)
    with engine.late_events(glued=True):
        for container in containers:
            container.stop()
    in_step(engine, agent, 3)


def test_case_99_lines_that_are_no_events(engine, agent, start, run_web):
    registrar = start()
    engine.send_raw(b'{"Type":"container","Action":"start","Actor":{"ID":"' + b"x" * 1_500_000 + b'"}}\n')
    engine.send_raw(b"not json\n[]\n\n7\n{\"Type\":7}\n\xff\xfe\n" + b"[" * 50_000 + b"\n")
    run_web()
    eventually(lambda: agent.ids() == [WEB], 3)
    assert engine.streams() == 1, "the stream was kept"
    assert registrar.metric("signpost_registrar_bad_events_total", reason="too_long") == 1
    assert registrar.metric("signpost_registrar_bad_events_total", reason="malformed") >= 4


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_case_113_the_engine_has_another_time(start, agent, offset):
    with FakeEngine(clock_offset=offset) as engine:
        containers = engine.run_many(3)
        start(engine=engine)
        in_step(engine, agent)
        engine.cut_events()
        containers[0].stop()
        in_step(engine, agent, 3)
        since = [float(request.params["since"]) for request in engine.seen(EVENTS)]
        assert len(since) >= 2 and all(abs(stamp - (time.time() + offset)) < 60 for stamp in since), since


def test_case_113_the_clock_steps_back(engine, agent, start):
    containers = engine.run_many(3)
    start()
    in_step(engine, agent)
    engine.step_clock(-600)
    containers[0].stop()
    in_step(engine, agent, 3)
    engine.cut_events()
    containers[1].stop()
    in_step(engine, agent, 3)


def test_case_114_an_engine_without_legacy_fields(agent, start):
    with FakeEngine(api="1.53", min_api="1.44") as engine:
        start(engine=engine)
        web = engine.run("web.1", ports=["8080:80"])
        eventually(lambda: agent.ids() == [WEB], 2)
        web.begin_stop()
        eventually(lambda: agent.maintenance(WEB), 1)
        web.end_stop()
        eventually(lambda: agent.ids() == [], 2)
        assert not engine.seen(r"GET /v1\.(53|12)/"), "one version that both know"


def test_case_114_an_engine_that_is_too_new(agent):
    with FakeEngine(api="9.9", min_api="9.5") as engine:
        registrar = Registrar(engine, agent, ready=False)
        eventually(lambda: "9.5" in registrar.log(), 3, "a clear word about versions")
        registrar.close(check=False)
        assert agent.writes() == []


def test_case_114_an_old_engine(agent, start):
    with FakeEngine(api="1.30", min_api="1.12") as engine:
        start(engine=engine)
        engine.run("web.1", ports=["8080:80"])
        eventually(lambda: agent.ids() == [WEB], 2)
        assert engine.seen(r"GET /v1\.30/")


def test_requests_that_hang(engine, agent, start):
    """Inspects of one container get no answer: others do not wait for them."""
    start()
    web = engine.create("web.1", ports=["8080:80"])
    engine.break_with(HANG, f"containers/{web.id}/json")
    web.start()
    engine.run("web.2", ports=["8082:80"])
    eventually(lambda: agent.ids() == ["node1:web.2:80"], 2, agent.ids)
    engine.heal()
    in_step(engine, agent, 5)


def test_podman(agent, start):
    """Its ID changes with every request; its health and removal events have other names."""
    with FakeEngine(podman=True, api="1.41") as engine:
        web = engine.run("web.1", ports=["8080:80"], health=True)
        registrar = start(engine=engine)
        eventually(lambda: agent.ids() == [WEB], 2)
        web.health("healthy", "fine")
        eventually(lambda: agent.health(WEB)[0] == "passing", 1)
        engine.cut_events()
        registrar.kill()
        before = len(agent.writes("register"))
        registrar.start()
        eventually(lambda: registrar.status()["agent"]["waiting"] == 0)
        assert len(agent.writes("register")) == before, "still known as its own"
        web.remove()
        eventually(lambda: agent.ids() == [], 2)
