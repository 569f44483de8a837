# Signpost. Apache-2.0; see LICENSE.
"""dnsd is a gentle client of Consul, whatever Consul does.

Claims
- 10,000 services of which 400 are in use: never more than 150 connections, every name is answered, changes of names
  in use arrive.
- Blocking queries that return at once without a change do not make a busy loop.
- While Consul refuses everything, attempts back off.
- Retries are jittered: two dnsds that lost the same agent at the same moment do not come back in step.
"""
import time

from feed import addresses, start_dnsd, wait_degraded, wait_fresh
from support import fake_consul as fakes
from support.ask import ask
from support.fake_consul import FakeConsul
from support.steady_client import SteadyClient
from support.wait import eventually

LIMIT = 150


def test_ten_thousand_services_on_150_connections():
    with FakeConsul() as fake:
        fake.register_many(10_000, instances=1)
        with start_dnsd(fake.url) as dnsd:
            names = [f"svc{number * 25}" for number in range(400)]
            for round_number in range(3):
                for name in names:
                    reply = ask(dnsd.dns, f"{name}.service.consul")
                    assert reply.rcode == "NOERROR" and len(reply.answer) == 1, f"{name}: {reply}"
            for name in names[::40]:
                fake.register(name, "10.99.0.1", 80, instance_id="new")
                eventually(lambda: "10.99.0.1" in addresses(dnsd, name), 2, f"the change of {name}")
            connections = fake.connections()
            print(f"\n{fake.max_connections} connections at most, {connections} at the end")
            assert 0 < fake.max_connections <= LIMIT


def test_reconnect_with_400_names_in_use_stays_below_the_limit():
    with FakeConsul() as fake:
        fake.register_many(1000, instances=1)
        with start_dnsd(fake.url) as dnsd:
            names = [f"svc{number}.service.consul" for number in range(400)]
            with SteadyClient(dnsd.dns, *names, pace=0) as client:
                fake.stop()
                wait_degraded(dnsd)
                client.ask_all_again(1)
                fake.start()
                back = time.monotonic()
                wait_fresh(dnsd)
                client.ask_all_again(1)
            client.assert_only("NOERROR")
            assert fake.max_connections <= LIMIT
            first_tenth = sum(1 for when in fake.connects if back <= when < back + 0.1)
            assert first_tenth <= LIMIT


def test_replies_that_never_block_make_no_busy_loop():
    with FakeConsul() as fake:
        for number in range(20):
            fake.register(f"web{number}", "10.0.0.1", 80)
        with start_dnsd(fake.url) as dnsd:
            for number in range(20):
                addresses(dnsd, f"web{number}")
            fake.break_with(fakes.NEVER_BLOCKS)
            cpu, start = dnsd.process.cpu_seconds(), time.monotonic()
            eventually(lambda: time.monotonic() > start + 3, 5, "three seconds")
            for path in ("/v1/catalog/services", "/v1/health/service/web0"):
                assert fake.count_requests(path + r"(\?|$)", since=start) <= 3 * 20 + 20, path
            assert dnsd.process.cpu_seconds() - cpu < 1.5
            fake.heal()
            fake.register("web0", "10.0.0.9", 80)
            eventually(lambda: "10.0.0.9" in addresses(dnsd, "web0"), 5, "a change is still seen")


def test_attempts_back_off():
    with FakeConsul() as fake:
        fake.register("web", "10.0.0.1", 80)
        with start_dnsd(fake.url) as dnsd:
            addresses(dnsd, "web")
            fake.break_with(fakes.NO_LEADER)
            start = time.monotonic()
            eventually(lambda: time.monotonic() > start + 6, 8, "six seconds")
            early = fake.count_requests("catalog/services", since=start) - fake.count_requests(
                "catalog/services", since=start + 3)
            late = fake.count_requests("catalog/services", since=start + 3)
            assert 2 <= early <= 12 and late <= early, (early, late)


def test_two_dnsds_do_not_retry_in_step():
    with FakeConsul() as one, FakeConsul() as two:
        fakes_by_dnsd = (one, two)
        for fake in fakes_by_dnsd:
            fake.register("web", "10.0.0.1", 80)
        with start_dnsd(one.url) as first, start_dnsd(two.url) as second:
            start = time.monotonic()
            for fake in fakes_by_dnsd:
                fake.break_with(fakes.NO_LEADER)
            attempts = lambda fake: [when - start for when, path in list(fake.requests)
                                     if when >= start and path.startswith("/v1/catalog/services")]
            eventually(lambda: min(len(attempts(one)), len(attempts(two))) >= 4, 20, "four attempts of both")
            apart = [abs(a - b) for a, b in zip(attempts(one), attempts(two))]
            assert max(apart[1:4]) > 0.05, f"in step: {attempts(one)[:4]} and {attempts(two)[:4]}"
            assert first.process.exit_code is None and second.process.exit_code is None
