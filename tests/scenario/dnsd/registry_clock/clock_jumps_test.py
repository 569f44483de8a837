# Signpost. Apache-2.0; see LICENSE.
"""The host's wall clock jumps, a day ahead and a day back (the monotonic clock does not, as in a real jump).

- A TTL check stays passing as long as it is refreshed, and expires when it is not, in its own time.
- A session with a TTL outlives the jumps; a key whose lock it lost rests for its lock delay all the same.
- A query that blocks waits for its time, not for the clock's.
- DNS answers on, and no index goes back.
"""
import json
import time

import pytest

from support.ask import ask
from support.embedded import Embedded
from support.faketime import FakeTime
from support.wait import eventually

DAY = 86400


@pytest.fixture
def clock(tmp_path):
    return FakeTime(tmp_path / "offset")


@pytest.fixture
def registry(clock):
    with Embedded(env=clock.environment) as registry:
        yield registry


def put(registry, path, body=""):
    answer = registry.request("PUT", path, body)
    assert answer.status_code == 200, answer.text
    return answer.text


def status_of(registry, check):
    return registry.request("GET", "/v1/agent/checks").json()[check]["Status"]


def is_answered(registry, name):
    return bool(ask(registry.dns, f"{name}.service.consul").of("A"))


def index(registry):
    return int(registry.request("GET", "/v1/health/state/any").headers["X-Consul-Index"])


def day_of(registry):
    """The date that the program itself believes in."""
    return registry.request("GET", "/v1/status/leader").headers["Date"]


def jumps(registry, clock):
    """The clock jumps; yields after each jump that the program has seen."""
    for seconds in (DAY, -DAY, 0):
        before = day_of(registry)[:16]
        clock.move(seconds)
        eventually(lambda: day_of(registry)[:16] != before, 5, "the program sees another day")
        yield


def test_ttl_checks(registry, clock):
    put(registry, "/v1/agent/service/register", json.dumps({"Name": "web", "Port": 1, "Check": {"TTL": "2s"}}))
    put(registry, "/v1/agent/check/pass/service:web")
    seen = index(registry)
    for _ in jumps(registry, clock):
        put(registry, "/v1/agent/check/pass/service:web")
        assert status_of(registry, "service:web") == "passing"
        assert is_answered(registry, "web")
        assert index(registry) >= seen
        seen = index(registry)
    start = time.monotonic()
    eventually(lambda: status_of(registry, "service:web") == "critical", 5, "the check expires")
    assert 1 < time.monotonic() - start < 4
    assert not is_answered(registry, "web")


def test_sessions_and_lock_delays(registry, clock):
    def create(**fields):
        return json.loads(put(registry, "/v1/session/create", json.dumps(fields)))["ID"]

    def acquire(session):
        return put(registry, f"/v1/kv/lock?acquire={session}", "x") == "true"

    lived, lost, other = create(TTL="10s"), create(LockDelay="60s"), create()
    assert acquire(lost)
    put(registry, f"/v1/session/destroy/{lost}")
    for _ in jumps(registry, clock):
        assert registry.request("GET", f"/v1/session/info/{lived}").json(), "the session lives"
        assert not acquire(other), "the key rests"


def test_blocking_queries(registry, clock):
    clock.move(DAY)
    start = time.monotonic()
    answer = registry.request("GET", f"/v1/health/state/any?index={index(registry)}&wait=500ms")
    assert answer.status_code == 200
    assert 0.5 <= time.monotonic() - start < 5
