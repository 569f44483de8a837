# Signpost. Apache-2.0; see LICENSE.
"""An agent that fails, lies, or says too much: nothing of it reaches the clients, and lb knows afterwards what it missed.

Claims
- Whatever a read fails with, the last good endpoints serve on; /readyz says so, /status says why, and a refused token is named.
- An index that goes back, is 0 or is missing neither loses a change nor makes a busy loop. Neither do wake-ups without news.
- What the agent filtered, what an old server says and what cannot be read takes nothing away.
- A reply of 100 MB costs no more memory than lb allows itself.
"""
import time

import pytest

from lb_catalog_stage import asked, host, known, source, wait_service
from support.fake_consul import (FORBIDDEN, HANG, INDEX_ZERO, LEADER_UNKNOWN, NEVER_BLOCKS, NO_INDEX, NO_LEADER, RESET, TRUNCATED,
                                 Fault, garbage, rewritten)
from support.program import memory_limit
from support.wait import eventually

FILTERED = {"X-Consul-Results-Filtered-By-ACLs": "true"}
OLD = {"X-Consul-Lastcontact": "60000"}
READS = r"/v1/(catalog/services|health/service/web)"


class Ground:
    """lb with the service web of two origins, all learnt."""

    def __init__(self, fake, start, origins, **options):
        self.fake = fake
        self.one, self.other, self.third = origins("one", "other", "third")
        for origin in (self.one, self.other):
            self.add(origin)
        self.lb = start(fake, **options)
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

    def wait_recovered(self, deadline=31):
        """After `heal`: what changes now is learnt."""
        self.add(self.third)
        wait_service(self.lb, "web", self.one, self.other, self.third, deadline=deadline)
        eventually(lambda: not source(self.lb)["failing"], 15, lambda: f"no complaint: {source(self.lb)}")


@pytest.fixture
def ground(fake, start, origins):
    return Ground(fake, start, origins)


# --- reads that fail -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fault, reason", [
    pytest.param(NO_LEADER, "no cluster leader", id="C19-no-leader"),
    pytest.param(LEADER_UNKNOWN, "no cluster leader", id="C19-leader-unknown"),
    pytest.param(FORBIDDEN, "token", id="C21-403"),
    pytest.param(RESET, "", id="C20-reset"),
    pytest.param(TRUNCATED, "", id="C23-truncated"),
    pytest.param(garbage("<html>"), "", id="C23-html"),
    pytest.param(garbage("null"), "", id="C23-null"),
    pytest.param(garbage('{"web": {"http": [' + "[" * 5000), "", id="C23-deep"),
    pytest.param(NO_INDEX, "index", id="C17-no-index"),
    pytest.param(INDEX_ZERO, "index", id="C17-index-0"),
])
def test_failures_take_nothing_away(ground, fault, reason):
    ground.fake.break_with(fault)
    ground.wait_failing(reason)
    ready = ground.lb.get("/readyz")
    assert ready.status_code == 200 and "last known services" in ready.text and reason in ready.text
    assert ground.lb.service("web")["state"] == "held"
    assert ground.lb.metric("signpost_lb_source_failing") == 1 and sum(source(ground.lb)["errors"].values()) >= 1
    began, before = time.monotonic(), ground.fake.count_requests(READS)
    eventually(lambda: time.monotonic() > began + 1.5, 3)
    assert ground.is_kept()
    elapsed = time.monotonic() - began
    assert ground.fake.count_requests(READS) - before <= 2 * (3 + elapsed), "a busy loop"
    ground.fake.heal()
    ground.wait_recovered()
    assert ground.lb.get("/readyz").text.strip() == "ready"


def test_C19_rests_are_longer_each_time(ground):
    began = time.monotonic()
    ground.fake.break_with(NO_LEADER)
    reads = lambda: [when for when, path in list(ground.fake.requests) if when > began and "/catalog/services" in path]
    eventually(lambda: time.monotonic() > began + 6, 10)
    assert 2 <= len(reads()) <= 9, "back-off from 0.25 s on"
    assert ground.is_kept()
    ground.fake.heal()
    ground.wait_recovered()


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
    ground.fake.restore_to(5)
    ground.add(ground.third)
    wait_service(ground.lb, "web", ground.one, ground.other, ground.third)
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
    services = [f"web{number}" for number in range(200)]
    for service in services:
        fake.register(service, "127.0.0.1", origin.port, tags=["http"])
    lb = start(fake)
    eventually(lambda: known(lb, services[-1]), 10)
    fake.break_with(NEVER_BLOCKS)
    began = time.monotonic()
    cycles = lambda: fake.count_requests("/v1/health/service/.*index=", began)
    eventually(lambda: cycles() >= 400, 20, lambda: f"400 cycles, so far {cycles()}")
    connections, files = fake.connections(), len(list((lb.home.parent / f"/proc/{lb.pid}/fd").iterdir()))
    eventually(lambda: cycles() >= 1000, 30, lambda: f"1000 cycles, so far {cycles()}")
    assert fake.connections() <= connections + 4 <= len(services) + 12
    assert len(list((lb.home.parent / f"/proc/{lb.pid}/fd").iterdir())) <= files + 4
    fake.heal()
    assert lb.get(host("web7")).text == "web"


# --- replies that lie ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("path", ["/v1/health/service/web", "/v1/catalog/services", "/v1/"])
def test_C22_what_the_agent_filtered(ground, path):
    def nothing(value):
        return type(value)()

    began = time.monotonic()
    ground.fake.break_with(Fault(rewrite=rewritten(nothing).rewrite, headers=FILTERED), path)
    eventually(lambda: ground.fake.count_requests(path, began) >= 3, 10, "it was read again and again")
    assert ground.is_kept()
    if "health" not in path:
        ground.wait_failing("token")
    ground.fake.heal()
    ground.wait_recovered()


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
    ground.wait_recovered()


def test_C23_a_slow_drip(ground):
    began = time.monotonic()
    ground.add(ground.third, "late")
    wait_service(ground.lb, "late", ground.third)
    ground.fake.break_with(Fault(drip=0.05), "/v1/health/")
    ground.drop(ground.other)
    eventually(lambda: time.monotonic() > began + 2, 5)
    assert ground.is_kept() and asked(ground.lb, "late", 2) == {"third": 2}
    ground.fake.heal()
    wait_service(ground.lb, "web", ground.one, deadline=15)


def test_C23_a_hanging_agent(ground):
    ground.fake.break_with(HANG)
    ground.drop(ground.other)
    began = time.monotonic()
    eventually(lambda: time.monotonic() > began + 1, 5)
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
