# Signpost. Apache-2.0; see LICENSE.
"""A change in Consul reaches the next answer.

Claims
- A registration, a change of weight, a health flip, maintenance on and off and a deregistration show in the answers
  to names in use.
- The delay, from Consul's reply to the write until the first answer that shows it, is at most 250 ms at the 99th
  percentile over 500 changes. The percentiles are printed.
"""
import time

import pytest

from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd

CHANGES = 500
SERVICES = 20
PROMISED_P99 = 0.250


@pytest.fixture(scope="module")
def consul():
    with ConsulAgent() as agent:
        yield agent


@pytest.fixture(scope="module")
def dnsd(consul):
    with Dnsd(consul) as server:
        yield server


class Service:
    """One service with a TTL check, registered with the agent as users do it."""

    def __init__(self, consul, dnsd, name):
        self.consul, self.dnsd, self.name = consul, dnsd, name

    def register(self, weight=1, warning=1):
        self.consul.agent_register({
            "Name": self.name, "Address": "10.1.0.1", "Port": 80, "Weights": {"Passing": weight, "Warning": warning},
            "Check": {"TTL": "1h", "Status": "passing"}})

    def deregister(self):
        self.consul.agent_deregister(self.name)

    def report(self, verb):
        self.consul.put(f"/v1/agent/check/{verb}/service:{self.name}")

    def maintain(self, enable):
        self.consul.service_maintenance(self.name, enable)

    def weights(self):
        """Weights of the instances that are answered now."""
        return [int(text.split()[1]) for text in ask(self.dnsd.dns, f"{self.name}.service.consul", "SRV").of("SRV")]

    def delay_of(self, write, shows):
        """Seconds from the reply to the write until the answer is `shows`."""
        write()
        start = time.monotonic()
        while (now := self.weights()) != shows:
            waited = time.monotonic() - start
            assert waited < 5, f"{self.name}: still {now} instead of {shows} after {waited:.1f} s\n{self.dnsd.log()[-2000:]}"
        return time.monotonic() - start

    def life(self):
        """(what, write, the weights answered then), a whole life of one instance; it begins and ends unregistered."""
        return [
            ("registration", lambda: self.register(3, 2), [3]),
            ("weight", lambda: self.register(7, 2), [7]),
            ("warning", lambda: self.report("warn"), [2]),
            ("critical", lambda: self.report("fail"), []),
            ("passing", lambda: self.report("pass"), [7]),
            ("maintenance on", lambda: self.maintain(True), []),
            ("maintenance off", lambda: self.maintain(False), [7]),
            ("deregistration", self.deregister, []),
        ]


def test_each_kind_of_change_is_in_the_next_answer(consul, dnsd):
    service = Service(consul, dnsd, "one")
    assert service.weights() == []
    delays = {what: service.delay_of(write, shows) for what, write, shows in service.life()}
    print("".join(f"\n  {what}: {delay * 1000:.1f} ms" for what, delay in delays.items()))
    assert max(delays.values()) < 1
    assert ask(dnsd.dns, "one.service.consul", "SRV").rcode == "NXDOMAIN"


def test_p99_of_500_changes(consul, dnsd):
    services = [Service(consul, dnsd, f"many{number}") for number in range(SERVICES)]
    for service in services:
        service.weights()  # in use from here on
    delays = {}
    while sum(map(len, delays.values())) < CHANGES:
        for steps in zip(*(service.life() for service in services)):
            for service, (what, write, shows) in zip(services, steps):
                delays.setdefault(what, []).append(service.delay_of(write, shows))
    for what, some in delays.items():
        print(f"\n  {what}: {in_words(some)}", end="")
    every = [delay for some in delays.values() for delay in some]
    print(f"\nfreshness: {in_words(every)}")
    assert percentile(every, 0.99) <= PROMISED_P99


def percentile(delays, share):
    ordered = sorted(delays)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def in_words(delays):
    shown = ", ".join(f"p{int(share * 100)} {percentile(delays, share) * 1000:.1f} ms" for share in (0.5, 0.9, 0.99))
    return f"{len(delays)} changes, {shown}, max {max(delays) * 1000:.1f} ms"
