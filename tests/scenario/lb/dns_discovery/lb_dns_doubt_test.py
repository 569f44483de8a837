# Signpost. Apache-2.0; see LICENSE.
"""What a DNS server says is doubted before endpoints are taken away.

Claims
- Errors and rubbish change nothing, and are counted by reason.
- That a name is gone must be said for --dns-hold-empty; then its service answers 503 until records return.
- More than half of an answer that vanishes at once is kept until a second equal answer; what is new counts at once, and so
  do smaller losses.
- Cut answers are asked for again over TCP, and take nothing away when that fails.
- Rotating subsets are joined. A server that rejects EDNS is asked without, from then on.
"""
import time

import pytest

from support.farm import Farm
from support.wait import eventually

# What the server does, and the reason that lb counts.
WRONG = {"servfail": "servfail", "refused": "refused", "formerr": "formerr", "garbage": "no DNS message",
         "wrong_id": "another id", "wrong_question": "another question"}
CASES = {f"d14{mode}": {} for mode in WRONG}
CASES.update({case: {} for case in ("d15", "d16", "d17", "d18", "d18b", "d18c", "d19", "d20", "d22", "d22b", "d23")})


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c") as origins:
        yield origins


def fictions(count, first=1):
    """Addresses that nobody asks for anything."""
    return [f"127.1.0.{number}:80" for number in range(first, first + count)]


def watched(stage, case, until, deadline=10):
    """All sets of endpoints that the service had, in order, until one satisfies `until`."""
    sets = []

    def look():
        now = stage.known(case)
        if not sets or now != sets[-1]:
            sets.append(now)
        return until(now)

    eventually(look, deadline, lambda: f"{case} was {sets[-3:]}")
    return sets


# --- errors and emptiness ------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module", autouse=True)
def rotation(stage):
    """The endpoints of D23, whose answers rotate while the other cases run."""
    everyone = fictions(50)
    stage.dns.rotate("d23.example", 8)
    stage.say_all("d23", everyone)
    return everyone


@pytest.fixture(scope="module")
def wrong(stage, farm):
    """Every service of D14 knows its endpoints, then its server begins to do wrong, to all at the same time."""
    for mode in WRONG:
        stage.say_all(f"d14{mode}", farm.addresses)
    for mode in WRONG:
        stage.lb.wait_endpoints(f"d14{mode}", *farm.addresses)
    before = stage.source()["errors"]
    for mode in WRONG:
        stage.dns.mode(mode, f"d14{mode}.example")
    return before


@pytest.mark.parametrize("mode", [pytest.param(mode, id=f"D14 {mode}") for mode in WRONG])
def test_errors_change_nothing(stage, farm, wrong, mode):
    case = f"d14{mode}"
    reason = WRONG[mode]
    eventually(lambda: stage.errors(reason) >= wrong.get(reason, 0) + 3, 10, lambda: f"{mode}: {stage.source()}")
    eventually(lambda: stage.state(case) == "held", 5, "the service says so")
    assert stage.known(case) == sorted(farm.addresses) and set(stage.ask(case, 6)) == {"a", "b", "c"}
    stage.dns.mode("answer", f"{case}.example")
    eventually(lambda: stage.state(case) == "known", 5, "it is over")


def test_D15_gone_for_a_while(stage, farm):
    stage.teach_all("d15", farm.addresses)
    stage.dns.mode("nx", "d15.example")
    eventually(lambda: stage.state("d15") == "held", 5, "the answer is doubted")
    stage.wait_questions("d15", 4)
    stage.dns.mode("answer", "d15.example")
    sets = watched(stage, "d15", lambda _: stage.state("d15") == "known")
    assert sets == [sorted(farm.addresses)] and set(stage.ask("d15", 6)) == {"a", "b", "c"}


def test_D16_D17_gone_for_longer(stage, farm):
    modes = {"d16": "nx", "d17": "empty"}
    for case in modes:
        stage.teach_all(case, farm.addresses)
    began = time.monotonic()
    for case, mode in modes.items():
        stage.dns.mode(mode, f"{case}.example")
    for case in modes:
        assert watched(stage, case, lambda now: not now) in ([sorted(farm.addresses), []], [[]])
        assert 1.0 <= time.monotonic() - began < 5 and stage.state(case) == "empty"
        answer = stage.get(case)
        assert answer.status_code == 503 and "Retry-After" in answer.headers
    back = time.monotonic()
    for case in modes:
        stage.dns.mode("answer", f"{case}.example")
        stage.lb.wait_endpoints(case, *farm.addresses)
        assert time.monotonic() - back <= 1.5 + 1
        assert set(stage.ask(case, 6)) == {"a", "b", "c"}


# --- loss ----------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("case, before, after", [
    pytest.param("d18", fictions(20), fictions(4) + fictions(1, 50), id="D18"),
    pytest.param("d18b", fictions(5), fictions(2), id="D18 three of five")])
def test_mass_loss_is_confirmed(stage, case, before, after):
    stage.teach_all(case, before)
    began = time.monotonic()
    stage.say_all(case, after)
    sets = watched(stage, case, lambda now: now == sorted(after))
    assert time.monotonic() - began >= 0.5
    union = sorted({*before, *after})
    assert sets in ([sorted(before), union, sorted(after)], [union, sorted(after)]), sets
    eventually(lambda: stage.state(case) == "known", 5)


def test_D18_a_loss_that_is_taken_back(stage):
    """Half a second of nonsense, as of a server that restarts."""
    before = fictions(20)
    stage.teach_all("d18c", before)
    stage.say_all("d18c", before[:5])
    eventually(lambda: stage.state("d18c") == "held", 5, "the loss is seen", every=0.01)
    stage.say_all("d18c", before)
    assert watched(stage, "d18c", lambda _: stage.state("d18c") == "known") == [sorted(before)]


def test_D19_a_small_loss_is_taken_at_once(stage):
    stage.teach_all("d19", fictions(20), ttl=1)
    stage.say_all("d19", fictions(18), ttl=1)
    said = time.monotonic()
    sets = watched(stage, "d19", lambda now: len(now) == 18)
    asked = [question for question in stage.questions("d19") if question.at >= said]
    assert len(asked) <= 1 and sets[-1] == sorted(fictions(18)) and stage.state("d19") == "known"


# --- cut answers and parts -------------------------------------------------------------------------------------------------

def test_D20_a_cut_answer_is_asked_for_over_tcp(stage):
    everyone = [f"127.1.{net}.{number}:80" for net in (1, 2) for number in range(1, 51)]
    stage.dns.mode("tc", "d20.example")
    stage.teach_all("d20", everyone)
    assert stage.state("d20") == "known" and stage.questions("d20", transport="tcp")


def test_D22_a_cut_answer_without_tcp(stage):
    stage.teach_all("d22", fictions(10))
    stage.dns.close_tcp()
    try:
        stage.say_all("d22", fictions(1, 99) + fictions(9))
        stage.dns.mode("tc", "d22.example")
        eventually(lambda: stage.state("d22") == "held", 5)
        stage.lb.wait_endpoints("d22", *fictions(10), *fictions(1, 99))  # what is new is added
        stage.wait_questions("d22", 3)
        assert stage.known("d22") == sorted(fictions(10) + fictions(1, 99)), "nothing is taken away"
        eventually(lambda: "truncated, and tcp failed" in stage.lb.service("d22")["reason"], 5)
        assert stage.source()["failing"] and "truncated" in stage.source()["reason"]
        assert stage.lb.metric("signpost_lb_source_errors_total", source="dns", reason="truncated") > 0
        assert "dns over tcp" in stage.lb.log()
    finally:
        stage.dns.open_tcp()
    stage.lb.wait_endpoints("d22", *fictions(1, 99), *fictions(9))
    eventually(lambda: not stage.source()["failing"], 5, lambda: f"{stage.source()}")


def test_D22_a_service_of_which_only_cut_answers_are_known(stage, farm):
    """Two of the three records at a time, any two: better than none."""
    stage.dns.refuse_tcp = True
    try:
        stage.dns.mode("tc", "d22b.example")
        stage.teach_all("d22b", farm.addresses)
        assert stage.state("d22b") == "held" and set(stage.ask("d22b", 6)) == {"a", "b", "c"}
    finally:
        stage.dns.refuse_tcp = False
    eventually(lambda: stage.state("d22b") == "known", 5)


def test_D23_rotating_subsets_are_joined(stage, rotation):
    everyone = rotation
    sets = watched(stage, "d23", lambda now: len(now) == 50, 20)
    assert sets[-1] == sorted(everyone)
    asked = len(stage.questions("d23"))
    after = watched(stage, "d23", lambda _: len(stage.questions("d23")) >= asked + 16, 20)
    assert after == [sorted(everyone)], "none flaps"


def test_D24_edns_is_rejected(start, farm):
    stage = start("first", "second", start=False)
    stage.dns.mode("no_edns")
    for case in ("first", "second"):
        stage.say_all(case, farm.addresses)
    stage.start()
    for case in ("first", "second"):
        stage.lb.wait_endpoints(case, *farm.addresses)
    rejected = [question for question in stage.dns.questions() if question.edns]
    assert 1 <= len(rejected) <= 2, "only what was under way together"
    stage.wait_questions("first", 1)
    stage.wait_questions("second", 1)
    assert [question for question in stage.dns.questions() if question.edns] == rejected, "it is remembered"
