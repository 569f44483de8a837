# Signpost. Apache-2.0; see LICENSE.
"""Names that are answered here and never leak to an upstream.

Claims
- F60, RFC 6761: localhost and what lies below it is 127.0.0.1 and ::1, NODATA for other types. F61: both addresses back.
- F62, RFC 6303, RFC 7793: the reverse zones of private and special addresses are empty: NXDOMAIN with a SOA, NODATA at their
  apex, whose SOA and NS can be asked for; the catalog's addresses in them are known all the same.
- F63: invalid, onion, local and home.arpa do not exist (RFC 6761, 7686, 6762, 8375). F64: resolver.arpa is empty (RFC 9462).
- F65: single labels stay here. Neighbours of all these are forwarded, and use-application-dns.net, which is for
  the operator to decide.
- All that also without RD, over TCP, in any letter case, and when nothing is forwarded.
- --local-zones=false forwards them; a route for one of them beats it.
"""
import ipaddress

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.misbehaving_dns import MisbehavingDns, true_address
from support.wait import eventually

REVERSE = [
    "0.in-addr.arpa", "10.in-addr.arpa", "127.in-addr.arpa", "254.169.in-addr.arpa", "2.0.192.in-addr.arpa",
    "100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa", "255.255.255.255.in-addr.arpa", "168.192.in-addr.arpa",
    *(f"{number}.172.in-addr.arpa" for number in range(16, 32)), *(f"{number}.100.in-addr.arpa" for number in range(64, 128)),
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa", "d.f.ip6.arpa", "8.e.f.ip6.arpa",
    "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa", "8.b.d.0.1.0.0.2.ip6.arpa"]
PRIVATE = ["10.1.2.3", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.0.1", "169.254.1.1", "127.0.0.2", "0.0.0.0",
           "192.0.2.1", "198.51.100.7", "203.0.113.9", "255.255.255.255", "100.64.0.1", "100.127.255.255", "fd00::1",
           "fe80::1", "febf::1", "2001:db8::1", "::"]
PUBLIC = ["11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "192.169.0.1", "169.253.1.1", "100.63.255.255", "100.128.0.1",
          "198.51.101.1", "2001:db9::1", "fec0::1", "2606:4700::1"]
NOWHERE = ["invalid", "x.invalid", "a.b.invalid", "onion", "x.onion", "local", "box.local", "a.box.local", "x.home.arpa",
           "printer.home.arpa"]
NEIGHBOURS = ["notlocal.example.net", "x.localhost.example.net", "local.example.net", "xinvalid.net", "homex.arpa.example.net",
              "use-application-dns.net"]


def reverse(address):
    return ipaddress.ip_address(address).reverse_pointer


@pytest.fixture(scope="module")
def upstream():
    with MisbehavingDns() as server:
        yield server


@pytest.fixture(scope="module")
def dnsd(upstream):
    with FakeConsul() as consul:
        consul.register("web", "10.20.30.40", 80)
        with Dnsd(consul.url, {"upstream": [upstream.address]}) as server:
            eventually(lambda: ask(server.dns, "web.service.consul").of("A"))
            yield server


@pytest.fixture(scope="module")
def alone():
    """It forwards nothing, and its node has a public address, so that none of the private zones is the catalog's."""
    with Dnsd(options={"upstream": ["none"], "advertise": "11.0.0.2"}) as server:
        yield server


def answered_here(upstream, dnsd, name, kind="A", **message):
    """The reply; and no question went upstream."""
    got = ask(dnsd.dns, name, kind, **message)
    assert upstream.count(name) == 0, f"{name} leaked"
    return got


def assert_nowhere(got):
    assert got.rcode == "NXDOMAIN" and not got.answer and [record.type for record in got.authority] == ["SOA"], str(got)


@pytest.fixture(params=["forwarding", "alone"])
def either(request, dnsd, alone):
    return dnsd if request.param == "forwarding" else alone


@pytest.mark.parametrize("name", ["localhost", "LocalHost", "x.localhost", "a.b.localhost"])
def test_localhost(either, upstream, name):
    for words in ({}, {"tcp": True}, {"rd": 0}, {"edns": 1232, "do": 1, "cd": 1}):
        assert answered_here(upstream, either, name, "A", **words).of("A") == ["127.0.0.1"]
        assert answered_here(upstream, either, name, "AAAA", **words).of("AAAA") == ["::1"]
    for kind in ("MX", "TXT", "HTTPS", "SRV"):
        assert answered_here(upstream, either, name, kind).nodata


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_the_way_back(alone, dnsd, upstream, address):
    """The catalog's node has 127.0.0.1, which goes first."""
    assert ask(alone.dns, reverse(address), "PTR").of("PTR") == ["localhost."]
    assert ask(alone.dns, reverse(address), "TXT").nodata
    wanted = ["srv1.node.dc1.consul."] if address == "127.0.0.1" else ["localhost."]
    assert answered_here(upstream, dnsd, reverse(address), "PTR").of("PTR") == wanted


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_nobody_else_knows(either, upstream, address):
    assert address == "::" or ipaddress.ip_address(address) != ipaddress.ip_address("127.0.0.1")
    for words in ({}, {"tcp": True}, {"rd": 0}):
        got = answered_here(upstream, either, reverse(address), "PTR", **words)
        if address in ("::", "255.255.255.255"):  # the name is the zone's apex
            assert got.nodata, str(got)
        else:
            assert_nowhere(got)


@pytest.mark.parametrize("zone", REVERSE)
def test_apexes(alone, dnsd, upstream, zone):
    """Of the forwarding one some are parents of the catalog's addresses, too."""
    assert len(ask(alone.dns, zone, "SOA").of("SOA")) == 1
    assert len(ask(alone.dns, zone, "NS").of("NS")) == 1
    assert ask(alone.dns, zone, "A").nodata and answered_here(upstream, dnsd, zone, "A").nodata
    assert_nowhere(answered_here(upstream, dnsd, f"x.{zone}", "A"))


def test_the_catalog_is_known_all_the_same(dnsd, upstream):
    assert answered_here(upstream, dnsd, reverse("10.20.30.40"), "PTR").of("PTR")
    assert_nowhere(answered_here(upstream, dnsd, reverse("10.20.30.41"), "PTR"))


@pytest.mark.parametrize("name", NOWHERE)
def test_names_that_are_nowhere(either, upstream, name):
    for asked in (name, name.upper()):
        for kind in ("A", "AAAA", "TXT"):
            got = answered_here(upstream, either, asked, kind)
            if "." in name:
                assert_nowhere(got)
            else:
                assert got.rcode == "NXDOMAIN" or got.nodata, str(got)


def test_resolver_arpa(either, upstream):
    for name, kind in (("resolver.arpa", "A"), ("_dns.resolver.arpa", "SVCB"), ("_dns.resolver.arpa", "TYPE64")):
        got = answered_here(upstream, either, name, kind)
        assert not got.answer and got.rcode in ("NOERROR", "NXDOMAIN") and [r.type for r in got.authority] == ["SOA"], str(got)


@pytest.mark.parametrize("name", ["printer", "PRINTER", "wpad", "com", "xn--p1ai"])
@pytest.mark.parametrize("kind", ["A", "AAAA", "MX"])
def test_single_labels(dnsd, upstream, name, kind):
    assert answered_here(upstream, dnsd, name, kind).rcode == "NXDOMAIN"


@pytest.mark.parametrize("address", PUBLIC)
def test_other_addresses_are_asked_for(dnsd, upstream, address):
    assert ask(dnsd.dns, reverse(address), "TXT").of("TXT")
    assert upstream.count(reverse(address)) == 1


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_neighbours_are_asked_for(dnsd, upstream, name):
    assert ask(dnsd.dns, name).of("A") == [true_address(name)]


@pytest.fixture(scope="module")
def open_door():
    """(dnsd without local zones, its upstream)"""
    with MisbehavingDns() as upstream, Dnsd(options={"upstream": [upstream.address], "local-zones": False}) as dnsd:
        yield dnsd, upstream


@pytest.mark.parametrize("name", ["x.invalid", "x.onion", "box.local", "printer.home.arpa", reverse("10.1.2.3"),
                                  reverse("fd00::1"), "x.localhost"])
def test_without_local_zones(open_door, name):
    dnsd, upstream = open_door
    assert ask(dnsd.dns, name, "TXT").of("TXT")
    assert upstream.count(name) == 1


def test_a_route_beats_a_local_zone():
    with MisbehavingDns() as upstream:
        routes = [f"{zone}={upstream.address}" for zone in ("local", "10.in-addr.arpa", "home.arpa")]
        with Dnsd(options={"upstream": ["none"], "forward": routes}) as dnsd:
            for name in ("box.local", "local.home.arpa", reverse("10.1.2.3")):
                assert ask(dnsd.dns, name, "TXT").of("TXT"), name
            assert_nowhere(ask(dnsd.dns, reverse("192.168.1.1"), "PTR"))
            assert_nowhere(ask(dnsd.dns, "x.onion"))
            assert ask(dnsd.dns, "www.example.net").rcode == "REFUSED"
