# Signpost. Apache-2.0; see LICENSE.
"""SRV records become endpoints: priorities are tiers, weights are shares, targets are addresses (RFC 2782).

Claims
- Weights share out requests exactly; weight 0 waits until nothing else of its tier is usable; a tiny weight never starves.
- A tier is used only while no tier before it can be used, and without an error in between.
- A target's addresses come from the additional section, or are asked for once; several of them share their record's weight,
  in either family unless --dns-ipv6=false. One target with two ports is two endpoints, the same record twice is one.
- Target "." says that the service does not exist.
"""
import contextlib

import pytest

from support.farm import Farm, shares
from support.origin import Origin, name as named
from support.ports import free_port
from support.wait import eventually

CASES = {case: {} for case in ("d01", "d05", "d07", "d08", "d25a", "d25b", "d26", "d27a", "d27b", "d28", "d29")}
CASES.update({case: {"fail_timeout": "500ms"} for case in ("d02", "d03", "d04", "d06")})


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c") as origins:
        yield origins


@pytest.fixture
def origins():
    """origins("a", "b"): an Origin for each, which answers with its name."""
    with contextlib.ExitStack() as stack:
        yield lambda *names, **words: [stack.enter_context(Origin(named(text), **words)) for text in names]


def back(origin, text):
    """Another origin where one was closed."""
    return Origin(named(text), port=origin.port)


# --- shares ------------------------------------------------------------------------------------------------------------

def test_D01_weights_are_shares(stage, farm):
    stage.teach("d01", (10, 10, farm["a"]), (10, 20, farm["b"]), (10, 30, farm["c"]))
    got = shares(stage.ask("d01", 6000))
    assert all(abs(got[each] - wanted) <= 3 for each, wanted in zip("abc", (1000, 2000, 3000))), got


def test_D05_zero_among_zeros_is_even(stage, farm):
    stage.teach("d05", (10, 0, farm["a"]), (10, 0, farm["b"]))
    assert shares(stage.ask("d05", 100)) == {"a": 50, "b": 50}


def test_D06_zero_waits_for_the_others_to_fail(stage, origins):
    zero, ten = origins("zero", "ten")
    stage.teach("d06", (10, 0, zero), (10, 10, ten))
    assert shares(stage.ask("d06", 50)) == {"ten": 50}
    ten.close()
    assert shares(stage.ask("d06", 50)) == {"zero": 50}
    with back(ten, "ten"):
        eventually(lambda: set(stage.ask("d06", 5)) == {"ten"}, 5, "weight 0 stands by again")


def test_D07_a_tiny_weight_never_starves(stage, farm):
    stage.teach("d07", (10, 1, farm["a"]), (10, 65535, farm["b"]))
    light = 0
    for asked in range(0, 65536, 4096):
        light += shares(stage.ask("d07", 4096))["a"]
        if light:
            break
    assert light == 1, f"{light} of {asked + 4096}"


# --- tiers -------------------------------------------------------------------------------------------------------------

def test_D02_the_second_tier_waits(stage, origins):
    a, b, c = origins("a", "b", "c")
    stage.teach("d02", (10, 1, a), (10, 1, b), (20, 9, c))
    assert shares(stage.ask("d02", 100)) == {"a": 50, "b": 50}
    a.close()
    assert shares(stage.ask("d02", 100)) == {"b": 100}, "one usable endpoint keeps the tier"


def test_D03_the_second_tier_steps_in(stage, origins):
    a, b, c = origins("a", "b", "c")
    stage.teach("d03", (10, 1, a), (10, 1, b), (20, 1, c))
    a.close()
    b.close()
    assert stage.ask("d03", 100) == ["c"] * 100
    with back(a, "a"), back(b, "b"):
        eventually(lambda: set(stage.ask("d03", 10)) == {"a", "b"}, 5, "the first tier is used again")


def test_D04_three_tiers_in_their_order(stage, origins):
    a, b, c = origins("a", "b", "c")
    stage.teach("d04", (3, 1, c), (1, 1, a), (2, 1, b))
    assert stage.ask("d04", 20) == ["a"] * 20
    a.close()
    assert stage.ask("d04", 20) == ["b"] * 20, "the third tier is not merged with the second"
    b.close()
    assert stage.ask("d04", 20) == ["c"] * 20
    with back(b, "b"):
        eventually(lambda: set(stage.ask("d04", 5)) == {"b"}, 5, "the second tier is used again")


# --- targets -----------------------------------------------------------------------------------------------------------

def test_D08_declared_absent(stage, farm):
    stage.teach("d08", (1, 1, farm["a"]))
    stage.dns.set("d08.example", "SRV", ["0 0 0 ."])
    eventually(lambda: stage.state("d08") == "declared_absent", 5, "the word is taken without hold or confirmation")
    answer = stage.get("d08")
    assert answer.status_code == 503 and "Retry-After" in answer.headers
    stage.teach("d08", (1, 1, farm["b"]))
    assert stage.get("d08").text == "b"


@pytest.mark.parametrize("case, along, questions", [
    pytest.param("d25a", True, 0, id="D25 additional section"), pytest.param("d25b", False, 1, id="D25 without")])
def test_addresses_of_targets(stage, case, along, questions):
    net = {"d25a": "127.0.25", "d25b": "127.0.26"}[case]
    endpoints = [f"{net}.{number}:{port}" for number in (1, 2, 3) for port in (81, 82)]
    stage.teach(case, *((1, 1, endpoint) for endpoint in endpoints), ttl=60, along=along)
    hosts = [f"{net}.{number}".replace(".", "-") + ".node.consul" for number in (1, 2, 3)]
    assert [stage.dns.count(host, "A") for host in hosts] == [questions] * 3


def test_D26_addresses_of_one_target_share_its_weight(stage):
    port = free_port()
    hosts = [f"127.0.27.{number}" for number in (1, 2, 3, 4)]
    with contextlib.ExitStack() as stack:
        for host in hosts:
            stack.enter_context(Origin(named(host), port=port, address=host))
        stage.dns.set("many.example", "A", hosts[:3])
        stage.dns.set("one.example", "A", hosts[3:])
        stage.dns.set("d26.example", "SRV", [f"10 30 {port} many.example.", f"10 30 {port} one.example."])
        stage.lb.wait_endpoints("d26", *(f"{host}:{port}" for host in hosts))
        assert [stage.lb.endpoint("d26", f"{host}:{port}")["weight"] for host in hosts] == [10, 10, 10, 30]
        assert shares(stage.ask("d26", 60)) == dict(zip(hosts, (10, 10, 10, 30)))


def test_D27_both_families(stage, farm):
    port = farm.ports["a"]
    stage.dns.set("six.example", "AAAA", ["::1"])
    stage.dns.set("both.example", "AAAA", ["::1"])
    stage.dns.set("both.example", "A", ["127.0.0.1"])
    stage.dns.set("d27b.example", "SRV", [f"1 1 {port} both.example."])
    with Origin(named("six"), port=port, address="::1"):
        stage.dns.set("d27a.example", "SRV", [f"1 1 {port} six.example."])
        stage.lb.wait_endpoints("d27a", f"[::1]:{port}")
        assert stage.ask("d27a", 3) == ["six"] * 3
        stage.lb.wait_endpoints("d27b", f"[::1]:{port}", farm["a"])
        assert shares(stage.ask("d27b", 20)) == {"six": 10, "a": 10}


def test_D27_without_ipv6(start, farm):
    port = farm.ports["a"]
    stage = start("six", "both", options={"dns-ipv6": False}, start=False)
    stage.dns.set("host6.example", "AAAA", ["::1"])
    stage.dns.set("host.example", "AAAA", ["::1"])
    stage.dns.set("host.example", "A", ["127.0.0.1"])
    stage.dns.set("six.example", "SRV", [f"1 1 {port} host6.example."])
    stage.dns.set("both.example", "SRV", [f"1 1 {port} host.example."])
    stage.start()
    assert (stage.known("six"), stage.known("both")) == ([], [farm["a"]])
    assert stage.get("six").status_code == 503 and stage.get("both").text == "a"
    assert stage.dns.count(None, "AAAA") == 0


def test_D28_one_target_with_two_ports(stage, farm):
    stage.dns.set("host28.example", "A", ["127.0.0.1"])
    stage.dns.set("d28.example", "SRV", [f"1 1 {farm.ports[each]} host28.example." for each in "ab"])
    stage.lb.wait_endpoints("d28", farm["a"], farm["b"])
    assert shares(stage.ask("d28", 10)) == {"a": 5, "b": 5}


def test_D29_the_same_record_twice_is_one_of_both_weights(stage, farm):
    stage.dns.double("d29.example")
    stage.teach("d29", (1, 10, farm["a"]), (1, 30, farm["b"]), (1, 10, farm["b"]))
    assert [stage.lb.endpoint("d29", farm[each])["weight"] for each in "ab"] == [20, 80]
    assert shares(stage.ask("d29", 100)) == {"a": 20, "b": 80}
