# Signpost. Apache-2.0; see LICENSE.
"""How checks live in time. Claims:

- L1 TTL: critical when nobody refreshes it, with what was said last; a refresh or registering it again winds the timer.
- L2 Thresholds keep results back until there are enough in a row.
- L3 An alias check follows the service it names.
- L4 The initial status is the one given, critical otherwise.
- L5 Runs go on at their interval and end with the check.
- L6 Of many checks registered at once the first runs are spread over the interval.
- L7 A service that stays critical is removed, after a minute at the earliest; others are not.
"""
import time

import pytest

from support.wait import eventually


def test_l1_ttl_expires(agent):
    agent.add("ttl", TTL="1s")
    assert agent.becomes("ttl", "critical", "TTL") == "TTL expired"
    agent.put("/v1/agent/check/pass/ttl?note=all+fine")
    assert agent.result("ttl") == ("passing", "all fine")
    assert (agent.becomes("ttl", "critical", "TTL expired")
            == "TTL expired (last output before timeout follows): all fine")
    agent.put("/v1/agent/check/update/ttl", {"Status": "warning", "Output": "slow"})
    assert agent.result("ttl") == ("warning", "slow")


def test_l1_long_notes_are_cut(agent):
    agent.add("ttl-cut", TTL="60s", OutputMaxSize=10)
    agent.put("/v1/agent/check/update/ttl-cut", {"Status": "warning", "Output": "0123456789abcdefghij"})
    assert agent.result("ttl-cut") == ("warning", "0123456789 ... (captured 10 of 20 bytes)")


@pytest.mark.parametrize("refresh", ["pass", "register"])
def test_l1_refreshing_keeps_it_alive(agent, refresh):
    name = f"ttl-{refresh}"
    agent.add(name, TTL="1500ms", Status="passing")
    end = time.monotonic() + 4
    expired = []

    def refreshed():
        expired.append(agent.result(name)[0] == "critical")
        agent.put(f"/v1/agent/check/pass/{name}") if refresh == "pass" else agent.add(name, TTL="1500ms", Status="passing")
        return time.monotonic() > end

    eventually(refreshed, 10, every=0.3)
    assert not any(expired)
    agent.becomes(name, "critical", "TTL expired")


def test_l2_thresholds(agent, web):
    web.answer_flap_with(200)
    agent.add("flap", HTTP=f"{web.url}/flap?thresholds", SuccessBeforePassing=3, FailuresBeforeCritical=2)
    seen = lambda: len(web.requests("/flap?thresholds"))

    def runs_until(status, code):
        """How many runs with that answer it takes, give or take one at the change."""
        before = seen()
        web.answer_flap_with(code)
        eventually(lambda: agent.result("flap")[0] == status, 15, lambda: f"flap {status}: {agent.result('flap')}", 0.01)
        return seen() - before

    agent.becomes("flap", "passing", "200 OK")
    assert 2 <= runs_until("critical", 500) <= 3
    assert 3 <= runs_until("passing", 200) <= 4
    assert 2 <= runs_until("critical", 500) <= 3
    assert 3 <= runs_until("warning", 429) <= 4


def test_l3_alias(agent):
    for name in [name for name, check in agent.checks().items() if not check["ServiceID"]]:
        agent.remove(name)  # the node's own checks, which other tests left, count too
    agent.put("/v1/agent/service/register", {"Name": "base", "Check": {"CheckID": "base", "TTL": "60s"}})
    agent.put("/v1/agent/service/register", {"Name": "follower", "Check": {"CheckID": "alias", "AliasService": "base"}})
    agent.becomes("alias", "critical", "Aliased check \"Service 'base' check\" failing: ")
    for verb, status, output in (
            ("pass", "passing", "All checks passing."), ("warn", "warning", "Aliased check \"Service 'base' check\" failing: so"),
            ("fail", "critical", "failing: so"), ("pass", "passing", "All checks passing.")):
        agent.put(f"/v1/agent/check/{verb}/base?note=so")
        agent.becomes("alias", status, output)
    agent.put("/v1/agent/service/deregister/base")
    agent.becomes("alias", "critical", "Service base could not be found on node ")


def test_l4_initial_status(agent, closed):
    for status in ("passing", "warning", "critical"):
        agent.add(f"first-{status}", TCP=f"127.0.0.1:{closed}", Interval="10m", Status=status)
        assert agent.result(f"first-{status}") == (status, "")
    agent.add("first", TCP=f"127.0.0.1:{closed}", Interval="10m")
    assert agent.result("first") == ("critical", "")


def test_l5_interval(agent, web):
    agent.add("often", HTTP=f"{web.url}/200?often")
    start = time.monotonic()
    eventually(lambda: len(web.requests("/200?often")) >= 5, 15)
    assert time.monotonic() - start > 3, "the first at once at best, then one a second"
    agent.remove("often")
    last = len(web.requests("/200?often"))
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: len(web.requests("/200?often")) > last + 1, 2.5)  # one may have been on its way


def test_l6_first_runs_are_spread(agent, web):
    for i in range(60):
        agent.add(f"many-{i}", HTTP=f"{web.url}/200?many", Interval="3s")
    arrivals = []

    def all_arrived():
        arrivals.extend([time.monotonic()] * (len(web.requests("/200?many")) - len(arrivals)))
        return len(arrivals) >= 60

    eventually(all_arrived, 10, every=0.005)
    fullest = max(sum(1 for other in arrivals[:60] if 0 <= other - arrival < 0.5) for arrival in arrivals[:60])
    assert fullest < 30, "half of them in a sixth of the interval is no spread"
    for i in range(60):
        agent.remove(f"many-{i}")


def test_l7_services_critical_for_too_long(agent):
    eventually(lambda: "doomed" not in agent.services(), 120, "doomed is removed", every=0.5)
    assert time.monotonic() - agent.doomed_at > 59, "a minute is the least, whatever was asked for"
    assert "service:doomed" not in agent.checks()
    assert "spared" in agent.services()
