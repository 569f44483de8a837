# Signpost. Apache-2.0; see LICENSE.
"""Which upstream is asked.

Claims
- F67: a zone's names go to its upstreams only, and to no other when those fail. F68: the longest zone wins.
- F82: a reload keeps the cache, but for the names whose upstreams changed; no query is lost meanwhile.
- F49: --resolv-conf is followed: a file written anew, replaced, or behind a link; one that is gone changes nothing.
- F85: an upstream that cannot be reached is left at once for the next.
- F86: 127.0.0.53 may be an upstream, and one over IPv6; the port is 53 unless it is named.
"""
import contextlib
import os
import threading
import time

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns, reply, true_address
from support.private_network import PrivateNetwork
from support.wait import eventually


class Named(MisbehavingDns):
    """It answers every question for TXT with its name."""

    def __init__(self, name, **words):
        super().__init__(lambda asked: reply(asked, [f'@ 300 TXT "{name}"']), **words)
        self.name = name


def who(dnsd, name, **message):
    """The name of the upstream whose answer that is."""
    got = ask(dnsd.dns, name, "TXT", **message)
    return got.of("TXT")[0].strip('"') if got.of("TXT") else got.rcode


@pytest.fixture(scope="module")
def upstreams():
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(Named(name)) for name in ("default", "corp", "deep", "broken")}


@pytest.fixture(scope="module")
def dnsd(upstreams):
    routes = {"corp.example": "corp", "c.corp.example": "deep", "b.c.corp.example": "corp", "broken.example": "broken",
              "10.in-addr.arpa": "corp", "local": "corp"}
    upstreams["broken"].stop()
    options = {"upstream": [upstreams["default"].address],
               "forward": [f"{zone}={upstreams[name].address}" for zone, name in routes.items()]}
    with Dnsd(options=options) as server:
        yield server


@pytest.mark.parametrize("name, wanted", [
    ("corp.example", "corp"), ("www.corp.example", "corp"), ("WWW.Corp.Example", "corp"), ("a.b.corp.example", "corp"),
    ("c.corp.example", "deep"), ("x.c.corp.example", "deep"), ("b.c.corp.example", "corp"), ("x.b.c.corp.example", "corp"),
    ("xcorp.example", "default"), ("corp.example.net", "default"), ("xc.corp.example", "corp"), ("example.net", "default"),
    ("1.2.3.10.in-addr.arpa", "corp"), ("box.local", "corp")])
def test_the_longest_zone_wins(dnsd, name, wanted):
    assert who(dnsd, name) == wanted


def test_a_broken_route_does_not_leak(dnsd, upstreams):
    before = {name: upstream.count() for name, upstream in upstreams.items()}
    for name in ("broken.example", "www.broken.example", "secret.broken.example"):
        began = time.monotonic()
        assert who(dnsd, name) == "SERVFAIL"
        assert time.monotonic() - began < 3.7
    for name, upstream in upstreams.items():
        assert not [one for one in upstream.heard()[before[name]:] if "broken" in one.name]


def test_a_reload_keeps_what_stays(upstreams):
    with MisbehavingDns() as honest, \
            Dnsd(options={"upstream": [honest.address], "forward": [f"corp.example={upstreams['corp'].address}"]}) as dnsd:
        assert who(dnsd, "kept.example.net") == "kept.example.net"
        assert who(dnsd, "moved.corp.example") == "corp"
        stop, seen = threading.Event(), []

        def keep_asking():
            number = 0
            while not stop.is_set():
                number += 1
                name = f"n{number % 50}.example.net"
                seen.append(ask(dnsd.dns, name).of("A") == [true_address(name)])

        asker = threading.Thread(target=keep_asking)
        asker.start()
        try:
            dnsd.reload(forward=[f"corp.example={upstreams['deep'].address}"])
            eventually(lambda: who(dnsd, "moved.corp.example") == "deep")
            assert who(dnsd, "kept.example.net") == "kept.example.net"
            dnsd.reload(forward=[])
            eventually(lambda: who(dnsd, "moved.corp.example") == "moved.corp.example")
        finally:
            stop.set()
            asker.join()
        assert honest.count("kept.example.net") == 1
        assert seen and all(seen)


@pytest.fixture
def alone():
    with PrivateNetwork() as network:
        yield network


def write(path, *servers):
    path.write_text("# written by a test\nsearch example.net\n" + "".join(f"nameserver {server}\n" for server in servers))


def test_resolv_conf_is_followed(alone, tmp_path):
    path, other = tmp_path / "resolv.conf", tmp_path / "stub.conf"
    write(path, "127.0.0.61")
    with contextlib.ExitStack() as stack:
        for number in (61, 62, 63):
            stack.enter_context(Named(str(number), address=f"127.0.0.{number}", port=53))
        dnsd = stack.enter_context(Dnsd(options={"resolv-conf": str(path)}))
        number = iter(range(1000))
        fresh = lambda: who(dnsd, f"f{next(number)}.example.net")
        assert fresh() == "61"
        write(path, "127.0.0.62")
        eventually(lambda: fresh() == "62", 5, "written anew")
        write(other, "127.0.0.63")
        os.replace(other, path)
        eventually(lambda: fresh() == "63", 5, "replaced")
        path.unlink()
        assert fresh() == "63"
        write(other, "127.0.0.61")
        path.symlink_to(other)
        eventually(lambda: fresh() == "61", 5, "a link")
        write(other, "not an address", "127.0.0.62")
        eventually(lambda: fresh() == "62", 5, "behind the link")


def test_an_upstream_out_of_reach(alone):
    with MisbehavingDns() as honest, Dnsd(options={"upstream": ["[2001:db8::53]:53", "192.0.2.53:53", honest.address]}) as dnsd:
        for number in range(20):
            name, began = f"r{number}.example.net", time.monotonic()
            assert ask(dnsd.dns, name).of("A") == [true_address(name)]
            assert time.monotonic() - began < 0.3


def test_an_upstream_of_this_host(alone):
    """F86: port 53 of 127.0.0.53, where a resolver of the host may sit."""
    with MisbehavingDns(address="127.0.0.53", port=53), Dnsd(options={"upstream": ["127.0.0.53"]}) as dnsd:
        assert ask(dnsd.dns, "stub.example.net").of("A") == [true_address("stub.example.net")]


def test_an_upstream_over_ipv6():
    with MisbehavingDns(address="::1") as honest, Dnsd(options={"upstream": [honest.address]}) as dnsd:
        assert ask(dnsd.dns, "six.example.net").of("A") == [true_address("six.example.net")]
