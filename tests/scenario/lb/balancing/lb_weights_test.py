# Signpost. Apache-2.0; see LICENSE.
"""Weights and priorities of endpoints, and what becomes of them when the set changes.

Claims
- Shares are those of the weights, exactly on one thread and within a few requests on four; from any start the sequence is that
  of smooth weighted round robin.
- Priorities are tiers in strict order; a later one serves only while the earlier ones cannot, and without an error in between.
- Weight 0 is for when nothing else of its tier can serve.
- A change of weights counts within one cycle; who joins under load gets no more than a fair share, and with slow_start a
  share that grows in a straight line.
"""
import time

import pytest

from support.farm import Asking, Farm, ask, shares
from support.origin import Origin, name
from support.tcp_ends import Refusing
from support.wait import eventually


def at(address, weight=1, priority=0):
    return {"address": getattr(address, "address", address), "weight": weight, "priority": priority}


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c", "d") as farm:
        yield farm


def assert_counts(answers, within, **wanted):
    counts = shares(answers)
    assert set(counts) <= set(wanted), counts
    assert all(abs(counts[name] - count) <= within for name, count in wanted.items()), counts


# --- shares ----------------------------------------------------------------------------------------------------------

def test_B01_the_sequence(start, farm):
    lb = start([at(farm["a"], 5), at(farm["b"]), at(farm["c"])])
    assert "".join(ask(lb, "web.test", 700)) in "aabacaa" * 101


def test_B02_no_herd_at_the_start(start, farm):
    """Of twelve starts, not all begin with the same endpoint."""
    firsts = set()
    for _ in range(12):
        firsts.update(ask(start([farm["a"], farm["b"], farm["c"]]), "web.test", 1))
        if len(firsts) > 1:
            return
    raise AssertionError(f"all begin with {firsts}")


def test_B02_four_threads(start, farm):
    lb = start([farm["a"], farm["b"], farm["c"]], options={"threads": 4})
    assert_counts(ask(lb, "web.test", 3000, connections=75), 12, a=1000, b=1000, c=1000)
    assert sum(worker["requests"] > 0 for worker in lb.status()["workers"]) == 4


def test_D01_shares_by_weight(start, farm):
    lb = start([at(farm["a"], 10), at(farm["b"], 20), at(farm["c"], 30)])
    assert_counts(ask(lb, "web.test", 6000), 3, a=1000, b=2000, c=3000)


@pytest.mark.parametrize("weights, wanted", [
    pytest.param((0, 0), {"a": 500, "b": 500}, id="D05 all are zero"),
    pytest.param((0, 10), {"a": 0, "b": 1000}, id="D06 one is zero")])
def test_weight_zero(start, farm, weights, wanted):
    lb = start([at(farm["a"], weights[0]), at(farm["b"], weights[1])])
    assert_counts(ask(lb, "web.test", 1000), 0, **wanted)


def test_D06_zero_serves_when_the_other_cannot(start, farm):
    with Refusing() as dead:
        lb = start([at(farm["a"], 0), at(dead, 10)], fail_timeout="1h")
        assert_counts(ask(lb, "web.test", 100), 0, a=100)
        assert lb.endpoint("web", dead)["requests"] == 1, "it failed once and was left alone"


def test_D06_zero_as_one(start, farm):
    lb = start([at(farm["a"], 0), at(farm["b"], 9)], zero_weight="one")
    assert_counts(ask(lb, "web.test", 1000), 1, a=100, b=900)


def test_D07_the_lightest_is_not_starved(start, farm):
    lb = start([at(farm["a"], 1), at(farm["b"], 65535)])
    assert_counts(ask(lb, "web.test", 65536), 0, a=1, b=65535)


# --- tiers -----------------------------------------------------------------------------------------------------------

def test_D02_the_second_tier_rests(start, farm):
    """While one endpoint of the first can serve."""
    with Refusing() as dead:
        lb = start([at(farm["a"], priority=10), at(dead, priority=10), at(farm["c"], priority=20)], fail_timeout="1h")
        assert_counts(ask(lb, "web.test", 500), 0, a=500)


def test_D03_the_second_tier_serves_and_rests_again(start, farm):
    first = [Origin(name("a")), Origin(name("b"))]
    lb = start([*(at(origin, priority=10) for origin in first), at(farm["c"], priority=20)], fail_timeout="1s")
    assert_counts(ask(lb, "web.test", 100), 0, a=50, b=50)
    for origin in first:
        origin.close()
    assert_counts(ask(lb, "web.test", 100), 0, c=100)
    again = [Origin(name("a"), port=first[0].port), Origin(name("b"), port=first[1].port)]
    answered = []
    eventually(lambda: answered.extend(ask(lb, "web.test", 1)) or {"a", "b"} <= set(answered), 6, answered)
    assert set(answered) <= {"a", "b", "c"}
    assert_counts(ask(lb, "web.test", 100), 2, a=50, b=50, c=0)
    for origin in again:
        origin.close()


def test_D04_three_tiers(start):
    origins = {priority: Origin(name(str(priority))) for priority in (1, 2, 3)}
    lb = start([at(origins[priority], priority=priority) for priority in (3, 1, 2)], fail_timeout="1h")
    for priority in (1, 2, 3):
        assert set(ask(lb, "web.test", 50)) == {str(priority)}
        origins[priority].close()
    assert set(ask(lb, "web.test", 5)) == {"502"}


# --- changes ---------------------------------------------------------------------------------------------------------

def test_B07_new_weights(start, change, farm):
    lb = start([at(farm["a"], 5), at(farm["b"]), at(farm["c"])])
    ask(lb, "web.test", 73)
    change(lb, [at(farm["a"]), at(farm["b"]), at(farm["c"], 5)])
    assert_counts(ask(lb, "web.test", 7), 1, a=1, b=1, c=5)
    assert_counts(ask(lb, "web.test", 70), 1, a=10, b=10, c=50)


@pytest.mark.parametrize("algorithm", ["round_robin", "least_conn", "random_two"])
def test_B06_who_joins_gets_a_fair_share(start, change, farm, algorithm):
    lb = start([farm["a"], farm["b"], farm["c"]], algorithm=algorithm, options={"threads": 2})
    with Asking(lb, "web.test") as asking:
        asking.wait(500)
        change(lb, farm.addresses, algorithm=algorithm)
        eventually(lambda: "d" in asking.wait(20), 5, "the new one is used")
        counts = shares(asking.wait(1000))
    assert not asking.errors and max(counts.values()) <= 1.5 * 250 and counts["d"] >= 100, counts


def test_B06_slow_start(start, change, farm):
    window = 2.0
    lb = start([farm["a"], farm["b"], farm["c"]], slow_start="2s")
    with Asking(lb, "web.test", threads=2) as asking:
        assert_counts(asking.wait(300), 6, a=100, b=100, c=100)  # a whole new set is not slow
        began = time.monotonic()
        change(lb, farm.addresses, slow_start="2s")
        assert lb.endpoint("web", farm["d"])["state"] == "slow_start"
        eventually(lambda: time.monotonic() > began + window, 5)
        eventually(lambda: lb.endpoint("web", farm["d"])["state"] == "usable", 5)
        full = shares(asking.wait(400))
    parts = [shares(asking.since(began + window * k / 4, began + window * (k + 1) / 4)) for k in range(4)]
    grown = [3 * part["d"] / (part["a"] + part["b"] + part["c"]) for part in parts]
    assert all(abs(share - (k + 0.5) / 4) < 0.15 for k, share in enumerate(grown)), grown
    assert abs(full["d"] - 100) <= 8 and not asking.errors, full
