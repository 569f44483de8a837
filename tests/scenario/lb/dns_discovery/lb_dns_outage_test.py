# Signpost. Apache-2.0; see LICENSE.
"""The DNS server dies, moves, is not there at the start; backends die; the catalog is there as well.

Claims
- While no server answers, lb serves from the last answer without an error, for ever unless --dns-max-stale says else.
- A dead server costs the first question a moment and later ones nothing. One that is back is noticed within two seconds,
  at the same address or at a new one given by SIGHUP, over UDP and over TCP.
- Without DNS at the start, lb serves from a snapshot, or listens and answers 503 until the first answer.
- When all backends die, their return is noticed with the next request.
- A service that the catalog and DNS both know is the catalog's, until that has been silent for --dns-after.
"""
import contextlib
import json
import statistics
import time

import pytest
import requests

from support.embedded import Embedded
from support.fake_dns import FakeDns
from support.farm import Asking, Farm
from support.origin import Origin, name as named
from support.wait import eventually, quiet

QUIET = {"threads": 1, "batch": 1, "pace": 0.005}  # nearly 200 requests a second
HOUR = 3600


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c") as origins:
        yield origins


def passed(seconds):
    """A condition that comes true so many seconds from now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


# --- the server is silent ------------------------------------------------------------------------------------------------

def test_D13_silence(start, farm):
    """Twelve intervals for the six hundred of ten minutes."""
    stage = start("web")
    stage.teach_all("web", farm.addresses)
    with Asking(stage.lb, "web.test", **QUIET) as asking:
        stage.dns.mode("drop")
        began = time.monotonic()
        asking.wait(100)
        eventually(passed(1.2), 5)
        age = stage.lb.metric("signpost_lb_source_age_seconds", source="dns")
        assert 1.0 <= age <= time.monotonic() - began + 0.5
        assert stage.known("web") == sorted(farm.addresses) and stage.state("web") == "held"
        assert stage.source()["failing"] and stage.errors("timeout") >= 3
        assert stage.lb.get("/readyz").status_code == 200
        assert "is failing" in stage.lb.log()
        stage.dns.mode("answer")
        eventually(lambda: stage.state("web") == "known" and not stage.source()["failing"], 5)
        assert stage.lb.metric("signpost_lb_source_age_seconds", source="dns") < 1.0
    assert asking.names() == {"a", "b", "c"} and not asking.errors


def test_D13_only_so_stale(start, farm):
    stage = start("web", options={"dns-max-stale": "500ms"})
    stage.teach_all("web", farm.addresses)
    began = time.monotonic()
    stage.dns.mode("drop")
    stage.lb.wait_endpoints("web")
    assert time.monotonic() - began >= 0.4 and stage.get("web").status_code == 503
    stage.dns.mode("answer")
    stage.lb.wait_endpoints("web", *farm.addresses)


@pytest.mark.parametrize("refusing", [pytest.param(False, id="D30 silent"), pytest.param(True, id="D30 nobody listens")])
def test_a_dead_server_before_a_good_one(start, farm, refusing):
    with FakeDns() as dead:
        dead.mode("drop")
        if refusing:
            dead.stop()
        stage = start("web", options={"dns-timeout": "1s"}, servers=[dead.address], start=False)
        stage.say_all("web", farm.addresses)
        began = time.monotonic()
        stage.start()
        assert stage.dns.questions()[0].at - began <= 1 + 1
        stage.wait_questions("web", 2)
        dead.forget()
        before = len(stage.questions("web"))
        stage.wait_questions("web", 5)
        times = [question.at for question in stage.questions("web")[before:]]
        assert statistics.median(later - earlier for earlier, later in zip(times, times[1:])) < 0.3, "of 0.1 to 0.11 s"
        assert dead.count() == 0


# --- the server is away --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tcp", [pytest.param(False, id="D31 UDP"), pytest.param(True, id="D31 TCP")])
def test_a_server_that_is_restarted(start, farm, tcp):
    stage = start("web", options={"dns-tcp-domain": "example" if tcp else ""}, start=False)
    stage.dns.authoritative = True
    stage.say_all("web", [farm["a"]])
    stage.start()
    transport = "tcp" if tcp else "udp"
    eventually(lambda: len(stage.questions("web", transport=transport)) >= 5, 10)
    stage.dns.stop()
    stage.say_all("web", [farm["b"]])
    eventually(lambda: stage.source()["failing"], 5)
    assert stage.ask("web", 3) == ["a"] * 3
    before = [question.port for question in stage.questions("web", transport=transport)]
    stage.dns.start()
    back = time.monotonic()
    stage.lb.wait_endpoints("web", farm["b"])
    assert time.monotonic() - back <= 2 + 1
    after = [question.port for question in stage.questions("web", transport=transport)][len(before):]
    if tcp:
        assert len(set(after)) == 1 and not set(after) & set(before), "a new connection"
    else:
        assert len(set(before)) >= 4, f"a new socket for each question: {before}"


def test_D31_a_server_that_moves(start, farm):
    stage = start("web")
    stage.teach_all("web", [farm["a"]])
    with Asking(stage.lb, "web.test", **QUIET) as asking, FakeDns() as other:
        stage.dns.stop()
        eventually(lambda: stage.source()["failing"], 5)
        other.srv("web.example", [(1, 1, farm.ports["b"], "127.0.0.1")])
        stage.lb.reload(dns=[other.address])
        moved = time.monotonic()
        stage.lb.wait_endpoints("web", farm["b"])
        assert time.monotonic() - moved <= 2 + 1
        asking.wait(10)
        eventually(lambda: stage.known("web") == [farm["b"]] and asking.since(moved)[-1] == "b", 5)
    assert asking.names() == {"a", "b"} and not asking.errors


# --- the start -----------------------------------------------------------------------------------------------------------

def snapshot_of(data_dir, age):
    """Makes the snapshot there so old."""
    path = data_dir / "lb-snapshot.json"
    content = json.loads(path.read_text())
    text = path.read_text().replace(str(content["saved_ms"]), str(content["saved_ms"] - int(age * 1000)), 1)
    path.write_text(text)


def test_D33_the_snapshot_is_an_hour_old(start, farm, tmp_path):
    stage = start("web", data_dir=tmp_path)
    stage.teach_all("web", farm.addresses)
    stage.lb.stop()
    snapshot_of(tmp_path, HOUR)
    stage.dns.mode("drop")
    stage.lb.start()
    assert set(stage.ask("web", 9)) == {"a", "b", "c"}
    ready = stage.lb.get("/readyz")
    assert ready.status_code == 200 and "snapshot 1h" in ready.text, ready.text
    assert stage.state("web") == "held" and stage.lb.status()["snapshot_age"].startswith("1h")
    stage.dns.mode("answer")
    stage.say_all("web", farm.addresses[:2])
    stage.lb.wait_endpoints("web", *farm.addresses[:2])
    eventually(lambda: stage.state("web") == "known", 5)
    stage.lb.stop()
    snapshot_of(tmp_path, 25 * HOUR)
    stage.dns.mode("drop")
    stage.lb.start(ready=False)
    eventually(lambda: "not used" in stage.lb.log(), 5)
    eventually(quiet(lambda: stage.get("web").status_code == 503, requests.RequestException), 5)


def test_D34_nothing_at_the_start(start, farm):
    stage = start("web", start=False)
    stage.dns.mode("drop")
    stage.say_all("web", farm.addresses)
    stage.start(ready=False)
    eventually(quiet(lambda: stage.errors("timeout") >= 2, requests.RequestException), 10)
    answer = stage.get("web")
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    waits = stage.lb.get("/readyz")
    assert waits.status_code == 503 and stage.dns.address in waits.text and "timeout" in waits.text, waits.text
    stage.dns.mode("answer")
    answered = time.monotonic()
    eventually(lambda: stage.lb.get("/readyz").status_code == 200, 10, every=0.005)
    ready = time.monotonic()
    first = min(question.at for question in stage.questions("web") if question.at > answered)
    assert ready - first <= 0.1 + 1
    assert set(stage.ask("web", 6)) == {"a", "b", "c"}


# --- one after the other -------------------------------------------------------------------------------------------------

def test_everything_fails_in_turn(start):
    stage = start("web", start=False)
    stage.lb.options["services"]["web"].update(attempts=5, fail_timeout="1s")
    with contextlib.ExitStack() as stack:
        origins = [stack.enter_context(Origin(named(text))) for text in "abcdef"]
        stage.say_all("web", origins)
        stage.start()
        with Asking(stage.lb, "web.test", threads=2, batch=1, pace=0.005) as asking:
            stage.dns.stop()
            eventually(lambda: stage.source()["failing"], 5)
            asking.wait(50)
            stage.dns.start()
            eventually(lambda: not stage.source()["failing"], 5)

            for origin in origins[3:]:  # half of them die, and the answer knows it at once
                origin.close()
            stage.say_all("web", origins[:3])
            stage.lb.wait_endpoints("web", *origins[:3])
            asking.wait(50)
            stage.say_all("web", origins[:1])  # most of the rest vanish, but live: it is not believed at once
            eventually(lambda: stage.state("web") == "known" and stage.known("web") == [origins[0].address], 5)
            assert asking.names() <= set("abcdef"), "nobody noticed so far"

            stage.say_all("web", origins[:3])
            stage.lb.wait_endpoints("web", *origins[:3])
            for origin in origins[:3]:
                origin.close()
            eventually(lambda: asking.since(time.monotonic() - 0.2) and set(asking.since(time.monotonic() - 0.1)) <= {"502"}, 5)
            stage.dns.stop()  # and DNS dies as well
            eventually(lambda: stage.source()["failing"], 5)
            for origin, text in zip(origins[:3], "abc"):
                stack.enter_context(Origin(named(text), port=origin.port))
            returned = [stage.get("web").text for _ in range(20)]
            assert set(returned) <= set("abc"), f"no black-out after the return: {returned}"
        assert not asking.errors


# --- two sources ---------------------------------------------------------------------------------------------------------

def test_C27_the_catalog_before_dns(start, farm):
    with Embedded() as registry:
        registry.register_service("web", "n1", "127.0.0.1", port=farm.ports["a"], tags=["http"])
        stage = start("web", consul=registry, options={"dns-after": "500ms"}, start=False)
        stage.say_all("web", [farm["b"]])
        stage.start()
        stage.lb.wait_endpoints("web", farm["a"])
        registry.register_service("web", "n1", "127.0.0.1", port=farm.ports["c"], tags=["http"])
        stage.lb.wait_endpoints("web", farm["c"])
        stage.wait_questions("web", 2)
        with Asking(stage.lb, "web.test", **QUIET) as asking:
            asking.wait(10)
            assert asking.names() == {"c"}, "the catalog wins while it is healthy"
            killed = time.monotonic()
            registry.kill()
            stage.lb.wait_endpoints("web", farm["b"])
            assert time.monotonic() - killed >= 0.45 and "b" not in asking.since(until=killed + 0.45)
            registry.start()
            stage.lb.wait_endpoints("web", farm["c"], deadline=40)
            back = time.monotonic()
            asking.wait(10)
        assert asking.names() == {"b", "c"} and not asking.errors
        assert set(asking.since(back + 0.1)) <= {"c"}
