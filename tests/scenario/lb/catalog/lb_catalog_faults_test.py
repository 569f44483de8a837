# Signpost. Apache-2.0; see LICENSE.
"""An agent that fails, lies, or says too much: nothing of it reaches the clients, and lb knows afterwards what it missed.

Claims
- Whatever a read fails with, the last good endpoints serve on; /readyz says so, /status says why, and a refused token is named.
- An index that goes back, is 0 or is missing neither loses a change nor makes a busy loop. Neither do wake-ups without news.
- What the agent filtered, what an old server says and what cannot be read takes nothing away.
- A reply of 100 MB costs no more memory than lb allows itself.
"""
import contextlib
import os
import re
import time

import pytest

from lb_catalog_stage import OPTIONS, asked, host, known, past, source, wait_service
from support.fake_consul import (FORBIDDEN, HANG, INDEX_ZERO, LEADER_UNKNOWN, NEVER_BLOCKS, NO_INDEX, NO_LEADER, RESET, TRUNCATED,
                                 FakeConsul, Fault, garbage, rewritten)
from support.lb import Lb
from support.origin import Origin, name
from support.program import memory_limit
from support.wait import eventually

FILTERED = {"X-Consul-Results-Filtered-By-ACLs": "true"}
OLD = {"X-Consul-Lastcontact": "60000"}


class Ground:
    """lb with the service web of two origins, all learnt."""

    def __init__(self, fake, start, origins):
        self.fake = fake
        self.one, self.other, self.third = origins("one", "other", "third")
        for origin in (self.one, self.other):
            self.add(origin)
        self.lb = start(fake)
        wait_service(self.lb, "web", self.one, self.other)

    def add(self, origin, service="web"):
        self.fake.register(service, "127.0.0.1", origin.port, tags=["http"])

    def drop(self, origin, service="web"):
        self.fake.deregister(service, f"{service}-127.0.0.1-{origin.port}")

    def is_kept(self):
        """The set is the old one, and served."""
        return known(self.lb, "web") == sorted(o.address for o in (self.one, self.other)) and set(
            asked(self.lb, "web", 2)) == {"one", "other"}

    def wait_failing(self, reason=""):
        eventually(lambda: source(self.lb)["failing"] and reason in source(self.lb)["reason"], 10,
                   lambda: f"failing because of {reason}: {source(self.lb)}")

    def wait_waiting(self):
        """Until lb waits for what comes after the present index."""
        world = self.fake.worlds["dc1"]
        wanted = f"/health/service/web?stale&index={world.service_index['web']}&"
        eventually(lambda: self.fake.count_requests(re.escape(wanted)), 10, lambda: f"{wanted}: {self.fake.requests[-5:]}")


@pytest.fixture
def ground(fake, start, origins):
    return Ground(fake, start, origins)


# --- reads that fail -------------------------------------------------------------------------------------------------

FAULTS = {
    "C19-no-leader": (NO_LEADER, "No cluster leader"),
    "C19-leader-unknown": (LEADER_UNKNOWN, "no cluster leader"),
    "C21-403": (FORBIDDEN, "the Consul token is refused"),
    "C20-reset": (RESET, ""),
    "C23-truncated": (TRUNCATED, ""),
    "C23-html": (garbage("<html>"), ""),
    "C23-null": (garbage("null"), ""),
    "C23-deep": (garbage('{"web": {"http": [' + "[" * 5000), ""),
    "C17-no-index": (NO_INDEX, "index"),
    "C17-index-0": (INDEX_ZERO, "index"),
}
CASES = pytest.mark.parametrize("case", FAULTS)


@pytest.fixture(scope="module")
def broken():
    """For each fault a Ground that has it, and `broken_at`, for at least 2 s now. Together they cost no more time than one."""
    with contextlib.ExitStack() as stack:
        def start(fake):
            return stack.enter_context(Lb(OPTIONS, consul=fake))

        def origins(*names):
            return [stack.enter_context(Origin(name(text))) for text in names]

        grounds = {case: Ground(stack.enter_context(FakeConsul()), start, origins) for case in FAULTS}
        for case, ground in grounds.items():
            ground.broken_at = time.monotonic()
            ground.fake.break_with(FAULTS[case][0])
        past(time.monotonic() + 2)
        yield grounds


@pytest.fixture(scope="module")
def healed(broken):
    for ground in broken.values():
        ground.fake.heal()
        ground.add(ground.third)  # what has changed meanwhile
    yield broken


@CASES
def test_failures_take_nothing_away(broken, case):
    ground, reason = broken[case], FAULTS[case][1]
    ground.wait_failing(reason)
    ready = ground.lb.get("/readyz")
    assert ready.status_code == 200 and "last known services" in ready.text and reason in ready.text
    assert ground.lb.service("web")["state"] == "held" and ground.is_kept()
    assert ground.lb.metric("signpost_lb_source_failing") == 1 and sum(source(ground.lb)["errors"].values()) >= 1
    asked_for = ground.fake.count_requests("/catalog/services", ground.broken_at)
    assert asked_for <= 4 + (time.monotonic() - ground.broken_at), "no busy loop"


@CASES
def test_what_was_missed_is_known_afterwards(healed, case):
    ground = healed[case]
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third, deadline=31)
    eventually(lambda: not source(ground.lb)["failing"], 15, lambda: f"no complaint: {source(ground.lb)}")
    assert ground.lb.get("/readyz").text.strip() == "ready"


def test_C19_rests_are_longer_each_time(ground):
    began = time.monotonic()
    ground.fake.break_with(NO_LEADER)
    past(began + 4)
    reads = [when for when, path in list(ground.fake.requests) if when > began and "/catalog/services" in path]
    assert 2 <= len(reads) <= 7, "back-off from 0.25 s on"
    assert ground.is_kept()


def test_C21_the_token_is_named(ground):
    ground.fake.break_with(FORBIDDEN)
    ground.wait_failing("service:read and node:read")
    eventually(lambda: "ACL not found" in ground.lb.log(), 5)
    assert ground.is_kept()
    assert ground.lb.metric("signpost_lb_source_errors_total", reason="denied") >= 1


def test_C21_one_service_may_not_be_read(ground, origins):
    hidden, = origins("hidden")
    ground.add(hidden, "secret")
    wait_service(ground.lb, "secret", hidden)
    ground.fake.break_with(FORBIDDEN, "/v1/health/service/secret")
    ground.wait_failing("secret")
    assert asked(ground.lb, "secret", 2) == {"hidden": 2}
    ground.add(ground.third)
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third)
    ground.fake.heal()
    eventually(lambda: not source(ground.lb)["failing"], 15)


# --- indexes ---------------------------------------------------------------------------------------------------------

def test_C16_the_index_goes_back(ground):
    ground.wait_waiting()
    ground.fake.restore_to(5)
    ground.add(ground.third)
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third)
    ground.wait_waiting()
    ground.fake.restore_to(3)
    ground.drop(ground.one)
    wait_service(ground.lb, "web", ground.other, ground.third)
    assert asked(ground.lb, "web") == {"other": 3, "third": 3}


def test_C18_wake_ups_without_news(ground):
    generation = ground.lb.status()["generation"]
    began = time.monotonic()
    wake_ups = 0
    while time.monotonic() < began + 3:
        ground.fake.wake_up()
        wake_ups += 1
    elapsed = time.monotonic() - began
    for path in ("/v1/catalog/services", "/v1/health/service/web"):
        assert ground.fake.count_requests(path, began) <= 3 + 2 * elapsed, path
    assert wake_ups >= 100
    assert ground.lb.status()["generation"] == generation
    ground.add(ground.third)
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third)


def test_C26_waits_that_end_without_news(fake, start, origins):
    origin, = origins("web")
    services = [f"web{number}" for number in range(500)]
    for service in services:
        fake.register(service, "127.0.0.1", origin.port, tags=["http"])
    lb = start(fake, consul_watches=len(services))
    eventually(lambda: known(lb, services[-1]), 10)
    fake.break_with(NEVER_BLOCKS)
    began = time.monotonic()

    def wait_cycles(count):
        done = lambda: fake.count_requests("/v1/health/service/.*index=", began)
        eventually(lambda: done() >= count, 30, lambda: f"{count} cycles, so far {done()}")
        return fake.connections(), len(os.listdir(f"/proc/{lb.pid}/fd"))

    connections, files = wait_cycles(400)
    more_connections, more_files = wait_cycles(1000)
    assert more_connections <= connections + 4 <= len(services) + 12 and more_files <= files + 4
    fake.heal()
    assert lb.get(host("web7")).text == "web"


# --- replies that lie ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", [pytest.param("/v1/health/service/web", id="C22-health"),
                                  pytest.param("/v1/catalog/services", id="C22-list"), pytest.param("/v1/", id="C22-all")])
def test_C22_what_the_agent_filtered(ground, path):
    def nothing(value):
        return type(value)()

    began = time.monotonic()
    ground.fake.break_with(Fault(rewrite=rewritten(nothing).rewrite, headers=FILTERED), path)
    eventually(lambda: ground.fake.count_requests(path, began) >= 3, 10, "it was read again and again")
    assert ground.is_kept()
    if "health" not in path:
        ground.wait_failing("token")


def test_an_empty_list_is_a_lost_right(ground):
    ground.fake.blind()
    ground.wait_failing("token")
    assert ground.is_kept()


def test_C23_a_hundred_megabytes(ground):
    before = ground.lb.process.resident_bytes()
    for path in ("/v1/catalog/services", "/v1/health/service/web"):
        ground.fake.break_with(garbage("[" + " " * (100 << 20)), path)
        ground.wait_failing() if "catalog" in path else eventually(lambda: ground.lb.service("web")["state"] == "held", 10)
        ground.fake.heal()
        peak = int(next(line.split()[1] for line in open(f"/proc/{ground.lb.pid}/status") if line.startswith("VmHWM"))) << 10
        assert peak - before <= memory_limit(64 << 20), f"{path}: {(peak - before) >> 20} MiB more"
    assert ground.is_kept()


def test_C23_a_slow_drip(ground):
    ground.add(ground.third, "late")
    wait_service(ground.lb, "late", ground.third)
    ground.fake.break_with(Fault(drip=0.05), "/v1/health/")
    ground.drop(ground.other)
    past(time.monotonic() + 1)
    assert ground.is_kept() and asked(ground.lb, "late", 2) == {"third": 2}
    ground.fake.heal()
    wait_service(ground.lb, "web", ground.one, deadline=15)


def test_C23_a_hanging_agent(ground):
    ground.fake.break_with(HANG)
    ground.drop(ground.other)
    past(time.monotonic() + 1)
    assert ground.is_kept()
    ground.fake.heal()
    wait_service(ground.lb, "web", ground.one, deadline=15)


def test_C24_an_old_server_only_adds(ground):
    ground.fake.break_with(Fault(headers=OLD), kick=False)
    ground.drop(ground.one)
    ground.add(ground.third)
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third)
    assert "leader" in ground.lb.service("web")["reason"]
    assert asked(ground.lb, "web") == {"one": 2, "other": 2, "third": 2}
    ground.fake.heal()
    wait_service(ground.lb, "web", ground.other, ground.third, deadline=15)
    assert ground.lb.service("web")["state"] == "known"
