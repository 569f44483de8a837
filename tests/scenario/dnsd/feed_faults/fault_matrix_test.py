# Signpost. Apache-2.0; see LICENSE.
"""Whatever Consul answers instead of a catalog, clients keep what they had.

Claims, for every fault of the table
- A name in use is answered with the last known data all the time, never with anything else.
- A name that is known but was never asked gets data or SERVFAIL, never NXDOMAIN.
- A fault that dnsd can see makes /readyz say degraded (200) and caps the TTL at 5 s; metrics and /status say so too.
- The log says it once, not once per attempt.
- After the fault, what happened meanwhile is in the answers, the TTL is back and /readyz is plain again.
- No fault makes dnsd busy: at most 200 requests in the fault's first two seconds.
"""
import concurrent.futures
import contextlib
import time

import pytest

from feed import STALE_TTL, TTL, addresses, start_dnsd, ttl, wait_degraded, wait_fresh
from support import fake_consul as fakes
from support.fake_consul import FakeConsul
from support.steady_client import SteadyClient
from support.wait import eventually

HUGE = "9" * 400
HEALTH, SERVICES, EVERYTHING = "/v1/health/service/", "/v1/catalog/services", "/"


def first_service(**changes):
    """A health reply in which the first instance has other fields."""
    return fakes.rewritten(lambda body: [{**i, "Service": {**i["Service"], **(changes if i is body[0] else {})}} for i in body])


# name: (fault, the paths it hits)
SEEN = {
    "403 ACL not found": (fakes.FORBIDDEN, EVERYTHING),
    "500 No cluster leader": (fakes.NO_LEADER, EVERYTHING),
    "429": (fakes.status(429, "Your IP is issuing too many concurrent connections"), EVERYTHING),
    "404 everywhere": (fakes.status(404, ""), EVERYTHING),
    "301": (fakes.Fault(status=301, body=b"", headers={"Location": "/ui/"}), EVERYTHING),
    "leader unknown": (fakes.LEADER_UNKNOWN, EVERYTHING),
    "leader long out of contact": (fakes.Fault(headers={"X-Consul-Lastcontact": "3600000"}), EVERYTHING),
    "connection resets": (fakes.RESET, EVERYTHING),
    "truncated bodies": (fakes.TRUNCATED, EVERYTHING),
    "HTML": (fakes.garbage("<html><body>Bad gateway</body></html>"), EVERYTHING),
    "empty body": (fakes.garbage(""), EVERYTHING),
    "malformed JSON": (fakes.garbage('{"web": ['), EVERYTHING),
    "JSON null": (fakes.garbage("null"), EVERYTHING),
    "JSON of another type": (fakes.garbage('"web"'), EVERYTHING),
    "deep nesting": (fakes.garbage("[" * 100_000), EVERYTHING),
    "missing index": (fakes.NO_INDEX, EVERYTHING),
    "index 0": (fakes.INDEX_ZERO, EVERYTHING),
    "index is text": (fakes.Fault(headers={"X-Consul-Index": "many"}, never_block=True), EVERYTHING),
    "services list empty": (fakes.garbage("{}"), SERVICES),
    "services list without consul": (fakes.rewritten(lambda body: {}), EVERYTHING),
}

# Faults of one service's reply: only what that reply brings is lost, so the feed as a whole need not be degraded.
OF_ONE_SERVICE = {
    "port as text": first_service(Port="80"),
    "huge port": first_service(Port=70_000),
    "negative port": first_service(Port=-1),
    "number beyond 64 bits": fakes.Fault(rewrite=lambda body: body.replace(b'"Port":80', b'"Port":' + HUGE.encode())),
    "tags as a map": first_service(Tags={"a": 1}),
    "service missing": fakes.rewritten(lambda body: [{"Node": i["Node"]} for i in body]),
    "instance null": fakes.rewritten(lambda body: [None]),
    "an object instead of the list": fakes.garbage("{}"),
    "no UTF-8": fakes.Fault(rewrite=lambda body: body.replace(b"web", b"\xff\xfe\xfd")),
    "500": fakes.NO_LEADER,
    "HTML": fakes.garbage("<html>"),
}


@pytest.fixture
def fake():
    with started_fake() as agent:
        yield agent


@contextlib.contextmanager
def started_fake():
    with FakeConsul() as agent:
        agent.register("web", "10.0.0.1", 80)
        agent.register("db", "10.0.0.2", 5432)
        agent.register("cold", "10.0.0.3", 1)
        yield agent


@pytest.fixture(scope="module")
def outcomes():
    """The faults are waited for side by side: name -> future."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        yield {name: pool.submit(live_through, *SEEN[name]) for name in SEEN}


@pytest.mark.parametrize("name", SEEN)
def test_fault_of_the_agent(outcomes, name):
    outcomes[name].result(120)


def live_through(fault, path):
    with started_fake() as fake, start_dnsd(fake.url) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul", "db.service.consul", pace=0.02) as known, \
                SteadyClient(dnsd.dns, "cold.service.consul", pace=0.05) as cold:
            assert ttl(dnsd, "web") == TTL
            broken = time.monotonic()
            fake.break_with(fault, path)
            wait_degraded(dnsd)
            known.ask_all_again()
            assert 0 < ttl(dnsd, "web") <= STALE_TTL
            assert dnsd.status()["catalog"]["state"] == "stale"
            assert dnsd.metric("signpost_catalog_fresh") == 0
            lines = len(dnsd.log().splitlines())
            eventually(lambda: time.monotonic() > broken + 2, 5, "two seconds of the fault")
            assert fake.count_requests(since=broken) <= 200
            assert len(dnsd.log().splitlines()) - lines <= 3, dnsd.log()[-3000:]
            fake.register("web", "10.0.0.9", 80)
            fake.heal()
            wait_fresh(dnsd)
            eventually(lambda: addresses(dnsd, "web") == ["10.0.0.1", "10.0.0.9"], 5, "the missed change")
            assert ttl(dnsd, "web") == TTL
        known.assert_only("NOERROR")
        assert all("10.0.0.1" in s.answer or "10.0.0.2" in s.answer for s in known.since(0)), "an answer lost its data"
        cold.assert_only("NOERROR", "SERVFAIL")


def test_a_name_never_asked_before_the_fault(fake):
    """Known from the list only: there are no data to answer from, and that is no proof of absence."""
    with start_dnsd(fake.url) as dnsd:
        fake.stop()
        wait_degraded(dnsd)
        with SteadyClient(dnsd.dns, "cold.service.consul", "_cold._tcp.service.consul", "cold.service.dc1.consul") as client:
            client.ask_all_again()
            fake.start()
            wait_fresh(dnsd)
            eventually(lambda: addresses(dnsd, "cold") == ["10.0.0.3"], 10, "the cold name's data")
        client.assert_only("NOERROR", "SERVFAIL")


@pytest.mark.parametrize("name", OF_ONE_SERVICE)
def test_fault_of_one_service(fake, name):
    with start_dnsd(fake.url) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul") as client:
            fake.break_with(OF_ONE_SERVICE[name], HEALTH + "web")
            broken = time.monotonic()
            fake.register("web", "10.0.0.9", 80, instance_id="second")
            eventually(lambda: fake.count_requests("health/service/web", since=broken) > 0, 5, "web fetched again")
            client.ask_all_again()
            fake.heal()
            fake.register("web", "10.0.0.8", 80, instance_id="third")
            eventually(lambda: "10.0.0.8" in addresses(dnsd, "web"), 15, lambda: f"recovered\n{dnsd.log()[-2000:]}")
            assert fake.count_requests(since=broken) <= 200
        client.assert_only("NOERROR")
        assert all("10.0.0.1" in s.answer for s in client.since(0)), "web lost its first instance meanwhile"


def test_connections_that_hang(fake):
    """A black hole: the agent accepts and says nothing."""
    with start_dnsd(fake.url) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul") as client:
            eventually(lambda: fake.count_requests("/catalog/services.*wait="), 5, "a watch that breaks")
            fake.stop()
            fake.break_with(fakes.HANG)
            fake.start()
            wait_degraded(dnsd)
            assert 0 < ttl(dnsd, "web") <= STALE_TTL
            fake.heal()
            fake.register("web", "10.0.0.9", 80)
            wait_fresh(dnsd, 40)
            eventually(lambda: "10.0.0.9" in addresses(dnsd, "web"), 40, "the missed change")
        client.assert_only("NOERROR")


def test_slow_agent_is_no_fault(fake):
    """Half a second for every reply: late, but not lost."""
    with start_dnsd(fake.url) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul") as client:
            fake.break_with(fakes.Fault(delay=0.5))
            fake.register("web", "10.0.0.9", 80)
            eventually(lambda: "10.0.0.9" in addresses(dnsd, "web"), 10, "the change")
            fake.heal()
        client.assert_only("NOERROR")
        wait_fresh(dnsd)
