# Signpost. Apache-2.0; see LICENSE.
"""Forwarding that leads back to dnsd.

Claims
- F33: --resolv-conf names dnsd's own address, directly or behind a wildcard listener: it is not asked, names of our own are
  served, foreign ones end quickly, and the good server beside it is used.
- F33: dnsd is its own upstream by way of something that passes packets on: found out, SERVFAIL quickly, no storm.
- F34: two dnsd that forward to each other: SERVFAIL quickly, no storm, both healthy; when one of them is given a good upstream,
  both answer; when one has one beside, it answers.
"""
import contextlib
import threading
import time

import pytest

from support.ask import NoReply, ask, send
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns, true_address
from support.private_network import PrivateNetwork
from support.wait import eventually

QUICK = 3.7
STORM = 60  # questions that one question may become, probes included


def received(dnsd):
    return dnsd.metric("signpost_dns_queries_total", transport="udp")


def assert_quick_failure(dnsd, name):
    began = time.monotonic()
    got = ask(dnsd.dns, name)
    assert got.rcode in ("SERVFAIL", "REFUSED"), str(got)
    assert time.monotonic() - began < QUICK
    return got


def assert_healthy(dnsd):
    assert ask(dnsd.dns, "localhost").of("A") == ["127.0.0.1"]
    assert ask(dnsd.dns, "consul", "SOA").of("SOA")
    assert dnsd.process.exit_code is None and dnsd.get("/readyz").status_code == 200


def assert_no_storm(dnsd, others=()):
    """What comes in while nobody asks."""
    everyone = [dnsd, *others]
    before = [received(one) for one in everyone]
    end = time.monotonic() + 1
    eventually(lambda: time.monotonic() >= end, 3)
    grown = [received(one) - number for one, number in zip(everyone, before)]
    assert max(grown) <= STORM, f"{grown} queries in 1 s"


@pytest.fixture
def alone():
    with PrivateNetwork() as network:
        yield network


class Resolver(Dnsd):
    """At port 53 of `listen`, asked at 127.0.0.1; its upstreams are in the file `path`."""

    def __init__(self, listen, path):
        super().__init__(options={"resolv-conf": str(path)}, listen=listen, start=False)
        self.dns_port = 53
        self.start()

    @property
    def dns(self):
        return ("127.0.0.1", 53)


@pytest.mark.parametrize("listen, named", [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.9")])
def test_resolv_conf_names_dnsd(alone, tmp_path, listen, named):
    path = tmp_path / "resolv.conf"
    path.write_text(f"nameserver {named}\n")
    with Resolver(listen, path) as dnsd:
        assert_quick_failure(dnsd, "www.example.net")
        assert_healthy(dnsd)
        assert_no_storm(dnsd)
        # A good server beside it: not port 53 of this dnsd, which has all of 127/8 when it listens on the wildcard.
        if listen != "0.0.0.0":
            with MisbehavingDns(address="127.0.0.53", port=53):
                path.write_text(f"nameserver {named}\nnameserver 127.0.0.53\n")
                number = iter(range(1000))
                eventually(lambda: ask(dnsd.dns, f"f{next(number)}.example.net").rcode == "NOERROR")
                for count in range(30):
                    name = f"good{count}.example.net"
                    assert ask(dnsd.dns, name).of("A") == [true_address(name)]


def pair():
    """Two dnsd that forward to each other, not started."""
    first = Dnsd(start=False)
    second = Dnsd(options={"upstream": [f"127.0.0.1:{first.dns_port}"]}, start=False)
    first.options["upstream"] = [f"127.0.0.1:{second.dns_port}"]
    return first, second


def test_two_that_forward_to_each_other():
    first, second = pair()
    with contextlib.ExitStack() as stack:
        for one in (stack.enter_context(first), stack.enter_context(second)):
            one.start()
        for number in range(5):
            assert_quick_failure(first, f"loop{number}.example.net")
            assert_quick_failure(second, f"pool{number}.example.net")
        total = received(first) + received(second)
        assert total < 10 * STORM, f"{total} queries for 10"
        assert_healthy(first)
        assert_healthy(second)
        assert_no_storm(first, [second])
        with MisbehavingDns() as honest:
            second.reload(upstream=[honest.address])
            number = iter(range(1000))
            for one in (second, first):
                eventually(lambda: ask(one.dns, f"after{next(number)}.example.net").rcode == "NOERROR", 40)


def test_one_of_two_has_a_good_upstream_beside():
    """It answers; the other may find that its only upstream leads back to it, which is true of some questions."""
    first, second = pair()
    with contextlib.ExitStack() as stack:
        honest = stack.enter_context(MisbehavingDns())
        first.options["upstream"].append(honest.address)
        for one in (stack.enter_context(first), stack.enter_context(second)):
            one.start()
        for number in range(20):
            name, began = f"beside{number}.example.net", time.monotonic()
            assert ask(first.dns, name).of("A") == [true_address(name)]
            got = ask(second.dns, f"other{number}.example.net")
            assert got.rcode == "SERVFAIL" or got.of("A") == [true_address(f"other{number}.example.net")], str(got)
            assert time.monotonic() - began < QUICK
        assert_no_storm(first, [second])


def test_something_that_passes_its_own_queries_back():
    """An upstream that sends each question to dnsd again and gives back what dnsd says, as a resolver on this host does."""
    passed = []

    def pass_on(asked):
        passed.append(asked.name)
        if len(passed) < 2000:
            threading.Thread(target=ask_again, args=(asked,), daemon=True).start()

    def ask_again(asked):
        with contextlib.suppress(NoReply):
            mirror.send(send(dnsd.dns, asked.wire, timeout=4), asked.port)

    with MisbehavingDns(pass_on) as mirror:
        with Dnsd(options={"upstream": [mirror.address]}, start=False) as dnsd:
            dnsd.start()
            for number in range(5):
                assert_quick_failure(dnsd, f"mirror{number}.example.net")
            assert_healthy(dnsd)
            assert len(passed) < 5 * STORM, f"{len(passed)} questions passed on for 5"
            assert_no_storm(dnsd)
