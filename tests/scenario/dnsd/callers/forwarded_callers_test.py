# Signpost. Apache-2.0; see LICENSE.
"""The same programs and names outside the catalog, which dnsd forwards.

Claims
- All of them find addresses of both families, through an alias too, and a name with IPv4 addresses only; SRV where they can.
- Over TCP, and sets that no datagram holds.
- A name that does not exist, and a family that a name does not have, are errors at once.
- With a short name and a search domain that is outside, and with ndots that sends outside names through the search list.
- Reverse names: of the catalog's addresses by dnsd, others by the upstream.
- What a program asks twice is asked of the upstream once.
"""
import time

import pytest
from callers_world import LARGE, WEB
from support.callers import CALLERS, OVER_TCP, PLAIN, look, run

WWW = {"93.184.215.80", "2606:2800:21f::80"}
ASKS_SRV = [name for name, (_, kinds) in CALLERS.items() if "srv" in kinds]


@pytest.mark.parametrize("caller", CALLERS)
def test_addresses(world, caller):
    for name in ("www.example.com", "alias.example.com"):
        seen = look(caller, "any", name)
        assert seen.addresses == WWW, seen
    seen = look(caller, "any", "four.example.com")
    assert seen.addresses == {"93.184.215.44"} and not seen.error, seen


@pytest.mark.parametrize("caller", ASKS_SRV)
def test_srv(world, caller):
    seen = look(caller, "srv", "_sip._tcp.example.com")
    assert seen.services == {("www.example.com", 5060)}, seen


@pytest.mark.parametrize("caller", ["glibc", "go", "dnspython", "python"])
def test_over_tcp(world, caller):
    before = world.queries("udp")
    seen = look(caller, "any", "www.example.com", OVER_TCP)
    assert seen.addresses == WWW, seen
    assert world.queries("udp") == before


@pytest.mark.parametrize("caller", CALLERS)
def test_more_addresses_than_a_datagram_holds(world, caller):
    seen = look(caller, "a", "large.example.com")
    if caller == "musl":
        assert 20 <= len(seen.addresses) <= 48 and seen.addresses <= LARGE, seen
    else:
        assert seen.addresses == LARGE, seen


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_not_there(world, caller):
    began = time.monotonic()
    for kind, name in (("any", "nothing.example.com"), ("aaaa", "four.example.com")):
        if caller == "getent" and kind == "aaaa":
            continue  # it maps IPv4 addresses into IPv6 ones
        seen = look(caller, kind, name)
        assert not seen.lines and seen.error, seen
    assert time.monotonic() - began < 4, "a stub waits 5 s for a lost answer"


@pytest.mark.parametrize("caller", [name for name in CALLERS if name != "c-ares"])
def test_search_and_ndots(world, caller):
    short = look(caller, "any", "www", PLAIN + "search service.consul example.com\n")
    assert short.addresses == WWW, short
    dots = PLAIN + "search consul service.consul\noptions ndots:3\n"
    assert look(caller, "any", "www.example.com", dots).addresses == WWW
    assert look(caller, "any", "web", dots).addresses == WEB


def test_reverse_names(world):
    world.upstream.set("80.215.184.93.in-addr.arpa", "PTR", ["www.example.com."], ttl=5)
    assert "www.example.com" in run(["getent", "hosts", "93.184.215.80"]).stdout
    assert "n1.node.dc1.consul" in run(["getent", "hosts", "10.1.0.1"]).stdout


def test_asked_twice_is_forwarded_once(world):
    world.upstream.set("twice.example.com", "A", ["93.184.215.2"], ttl=60)
    for caller in ("glibc", "go", "musl"):
        assert look(caller, "any", "twice.example.com").addresses == {"93.184.215.2"}
    assert world.upstream.count("twice.example.com", "A") == 1
