# Signpost. Apache-2.0; see LICENSE.
"""Versions of a service by shares.

Claims
- Shares do not depend on how many endpoints a version has; without a key they are exact, with one they keep a client on its
  version while shares are unchanged, and a larger canary only gains clients.
- A version that has nothing usable leaves its share to the others without an error, unless it is told to be strict.
- A version that is not listed gets nothing; only trusted addresses may ask for a version by name.
- A policy that cannot be read changes nothing; without one all versions are one pool.
"""
import contextlib
import socket

import pytest

from support.farm import Asking, ask, shares
from support.origin import Origin, name
from support.tcp_ends import Refusing
from support.wait import eventually

USERS = 10_000


def as_user(number):
    return f"Cookie: lbv=user{number}\r\n"


def canaries(answers):
    """The numbers of those whom v2 answered."""
    return {number for number, who in enumerate(answers) if who.startswith("v2")}


# --- shares ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("threads", [pytest.param(1, id="K01 one thread"), pytest.param(2, id="K01 two threads")])
def test_shares_without_a_key(start, threads):
    requests = 100_000 if threads == 1 else 10_000
    origins = {"v1": [f"v1-{number}" for number in range(99)], "v2": ["v2"]}
    stage = start(origins, split="v1:95,v2:5", split_key="none", options={"threads": threads})
    counts = shares(ask(stage.lb, "web.test", requests, connections=20))
    assert abs(counts["v2"] - requests * 0.05) <= threads, counts
    each = requests * 0.95 / 99
    assert all(abs(counts[one] - each) <= 2 * threads for one in origins["v1"]), counts


def test_K02_a_larger_share_only_adds_clients(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:95,v2:5")
    before = canaries(ask(stage.lb, "web.test", USERS, fields=as_user))
    assert before == canaries(ask(stage.lb, "web.test", USERS, connections=7, fields=as_user)), "the same again"
    assert abs(len(before) - USERS * 0.05) < 0.01 * USERS
    stage.change(split="v1:90,v2:10")
    after = canaries(ask(stage.lb, "web.test", USERS, fields=as_user))
    assert before < after and abs(len(after) - USERS * 0.1) < 0.012 * USERS
    stage.change(split="v2:100")
    assert canaries(ask(stage.lb, "web.test", 500, fields=as_user)) == set(range(500))


def test_the_cookie_is_set_and_kept(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:50,v2:50", options={"served-version": True})
    seen = set()
    for _ in range(20):  # that all are of one version is a chance of 1 in 2^19
        first = stage.lb.get("web.test")
        assert first.headers["X-Served-Version"] == first.text
        again = [stage.lb.get("web.test", cookies={"lbv": first.cookies["lbv"]}) for _ in range(4)]
        assert {answer.text for answer in again} == {first.text} and not any(answer.cookies for answer in again)
        seen.add(first.text)
    assert seen == {"v1", "v2"}


@pytest.mark.parametrize("key", ["header:X-User", "client"])
def test_other_keys(start, key):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:50,v2:50", split_key=key)
    answers = ask(stage.lb, "web.test", 300, fields=lambda number: f"X-User: {number}\r\n")
    assert answers == ask(stage.lb, "web.test", 300, fields=lambda number: f"X-User: {number}\r\n")
    assert len(set(answers)) == (2 if key.startswith("header") else 1), shares(answers)


# --- an empty version ------------------------------------------------------------------------------------------------

def test_K03_a_dead_canary_costs_nobody_anything(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:80,v2:20", fail_timeout="1h")
    assert shares(ask(stage.lb, "web.test", 1000, fields=as_user))["v2"] > 100
    with Refusing() as dead:
        endpoints = [{"address": stage.farm["v1"], "version": "v1"}, {"address": dead.address, "version": "v2"}]
        stage.lb.reload(services={"web": {"endpoints": endpoints, "split": "v1:80,v2:20", "fail_timeout": "1h"}})
        assert set(ask(stage.lb, "web.test", 1000, fields=as_user)) == {"v1"}
        assert stage.lb.service("web")["spills"] > 100
        assert stage.lb.metric("signpost_lb_service_spills_total", service="web") == stage.lb.service("web")["spills"]
    stage.change(only=["v1"], split="v1:80,v2:20")
    assert set(ask(stage.lb, "web.test", 1000, fields=as_user)) == {"v1"}, "nor does one that is gone"


def test_K03_what_spills_is_shared_by_the_others(start):
    stage = start({"v1": ["v1"], "v2": ["v2"], "v3": ["v3"]}, split="v1:60,v2:10,v3:30", split_key="none")
    stage.change(only=["v1", "v3"], split="v1:60,v2:10,v3:30", split_key="none")
    counts = shares(ask(stage.lb, "web.test", 900))
    assert abs(counts["v1"] - 600) <= 3 and counts["v1"] + counts["v3"] == 900, counts


def test_K04_strict(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:80,v2:20", split_strict=True)
    before = canaries(ask(stage.lb, "web.test", 1000, fields=as_user))
    assert 100 < len(before) < 300
    stage.change(only=["v1"], split="v1:80,v2:20", split_strict=True)
    answers = ask(stage.lb, "web.test", 1000, fields=as_user)
    assert {number for number, who in enumerate(answers) if who == "503"} == before
    assert shares(answers)["v1"] == 1000 - len(before) and stage.lb.service("web")["spills"] == 0


# --- who may choose --------------------------------------------------------------------------------------------------

def chosen(version):
    return lambda number: f"Cookie: lbv=user{number}\r\nX-LB-Version: {version}\r\n"


def test_K05_an_unlisted_version_is_dark(start):
    stage = start({"v1": ["v1"], "v2": ["v2"], "v3": ["v3"]}, split="v1:90,v2:10", options={"trusted-proxy": ["127.0.0.1"]})
    assert set(ask(stage.lb, "web.test", 2000, fields=as_user)) == {"v1", "v2"}
    assert set(ask(stage.lb, "web.test", 50, fields=chosen("v3"))) == {"v3"}
    assert set(ask(stage.lb, "web.test", 50, fields=chosen("v2"))) == {"v2"}
    assert set(ask(stage.lb, "web.test", 500, fields=chosen("v9"))) == {"v1", "v2"}, "an unknown one is no choice"


def test_K05_when_strict_an_unknown_version_is_not_found(start):
    stage = start({"v1": ["v1"], "v3": ["v3"]}, split="v1:100", split_strict=True, options={"trusted-proxy": ["127.0.0.1"]})
    assert set(ask(stage.lb, "web.test", 5, fields=chosen("v3"))) == {"v3"}
    assert set(ask(stage.lb, "web.test", 5, fields=chosen("v9"))) == {"404"}
    stage.change(only=["v1"], split="v1:99,v3:1", split_strict=True)
    assert set(ask(stage.lb, "web.test", 5, fields=chosen("v3"))) == {"503"}, "known, and empty"


def test_K06_strangers_do_not_choose(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:100,v2:0", options={"trusted-proxy": ["192.0.2.0/24"]})
    assert set(ask(stage.lb, "web.test", 200, fields=chosen("v2"))) == {"v1"}


# --- changes of the policy -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("split", ["v1:95,v2", "v1:50;v2:50", "v1:-5,v2:105", "v1:50,v1:50", "{}"])
def test_K07_a_policy_that_cannot_be_read(start, split):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, split="v1:50,v2:50", split_key="none")
    assert shares(ask(stage.lb, "web.test", 100)) == {"v1": 50, "v2": 50}
    stage.change(split=split, split_key="none", max_fails=7)
    refusals = [line for line in stage.lb.log().splitlines() if "reload refused" in line]
    assert len(refusals) == 1 and "services.web" in refusals[0] and "split" in refusals[0], stage.lb.log()
    assert shares(ask(stage.lb, "web.test", 100)) == {"v1": 50, "v2": 50}
    stage.change(split="v1:25,v2:75", split_key="none")
    counts = shares(ask(stage.lb, "web.test", 100))
    assert abs(counts["v1"] - 25) <= 1, "a good one counts again"


def test_K10_without_a_policy_all_are_one_pool(start):
    stage = start({"v1": ["v1-1", "v1-2", "v1-3"], "v2": ["v2"]}, split="v1:95,v2:5", split_key="none")
    with Asking(stage.lb, "web.test") as asking:
        assert abs(shares(asking.wait(400))["v2"] - 20) <= 4
        stage.change()
        eventually(lambda: abs(shares(asking.wait(400))["v2"] - 100) <= 4, 10, "a quarter of the endpoints")
        stage.change(split="v1:95,v2:5", split_key="none")
        eventually(lambda: abs(shares(asking.wait(400))["v2"] - 20) <= 4, 10, "and back")
    assert not asking.errors and asking.names() == {"v1-1", "v1-2", "v1-3", "v2"}


# --- TCP, metrics ----------------------------------------------------------------------------------------------------

def test_K09_tcp_by_the_clients_address(start):
    stage = start({"v1": ["v1"], "v2": ["v2"]}, kind="banner", split="v1:80,v2:20", split_key="client")

    def banner(number):
        with socket.socket() as client:
            client.setsockopt(socket.SOL_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            client.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
            client.connect(("127.0.0.1", stage.port))
            return client.recv(10)

    counts = shares(banners := [banner(number) for number in range(5000)])
    assert abs(counts[b"v2"] - 1000) <= 100, counts  # 2 % of all
    assert [banner(number) for number in range(0, 5000, 25)] == banners[::25], "the same again"


def test_K01_many_versions_have_few_labels(start):
    """Eight versions have a name of their own in the metrics, the rest is "other"."""
    with contextlib.ExitStack() as stack:
        origins = [stack.enter_context(Origin(name("x"))) for _ in range(12)]
        stage = start({"v1": ["v1"]})
        stage.lb.reload(services={"web": {"endpoints": [{"address": origin.address, "version": f"v{number}"}
                                                        for number, origin in enumerate(origins)]}})
        ask(stage.lb, "web.test", 24)
        series = [key for key in stage.lb.metrics() if key.startswith("signpost_lb_endpoint_requests_total")
                  and stage.farm["v1"] not in key]
        assert len(series) == 12 and sum('version="other"' in key for key in series) == 4, series
