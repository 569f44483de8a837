# Signpost. Apache-2.0; see LICENSE.
"""CNAMEs among reverse names, as classless delegation has them (RFC 2317), and what the catalog knows of addresses.

Claims
- A static reverse zone may lead to names for parts of a network, in itself or below a delegation, and from one address to another.
- Where a CNAME leads to an address of the catalog, PTR comes from the catalog, whether the CNAME stands in a zone, in that very
  zone, or came from an upstream; other types of that name are the zone's, and not denied.
- An address that the catalog knows is the catalog's though the zone has a CNAME for it.
"""
import pytest

from support.ask import ask, records
from support.embedded import Embedded
from support.misbehaving_dns import MisbehavingDns, reply
from support.wait import eventually

ZONE = """$TTL 60
@ IN SOA ns.corp.test. host.corp.test. 1 3600 600 86400 30
@ IN NS ns.corp.test.
1 CNAME 1.0-25
1.0-25 PTR host.corp.test.
129 CNAME 129.128-25
128-25 NS ns.partner.test.
9 CNAME 40.30.20.10.in-addr.arpa.
6 CNAME 5
5 CNAME nowhere.corp.test.
7 CNAME 8
"""
ELSEWHERE = "4.0-25.4.0.192.in-addr.arpa"


def behave(asked):
    if asked.name == "129.128-25.2.0.192.in-addr.arpa":
        return reply(asked, ["@ 50 PTR far.partner.test."])
    if asked.name == ELSEWHERE:
        return reply(asked, ["@ 50 CNAME 4.4.0.192.in-addr.arpa.", "4.4.0.192.in-addr.arpa. 40 PTR foreign.partner.test."])
    return reply(asked, rcode="NXDOMAIN", authority=["partner.test. 60 SOA ns.partner.test. host.partner.test. 1 1 1 1 60"])


@pytest.fixture(scope="module")
def dns(tmp_path_factory):
    path = tmp_path_factory.mktemp("zones") / "reverse.zone"
    path.write_text(ZONE)
    with MisbehavingDns(behave) as upstream:
        with Embedded(options={"upstream": [upstream.address], "zone": [f"2.0.192.in-addr.arpa={path}"]}) as registry:
            for number, address in enumerate(("10.20.30.40", "192.0.2.5", "192.0.4.4")):
                registry.register({"Node": f"n{number}", "Address": address})
            eventually(lambda: ask(registry.dns, "4.4.0.192.in-addr.arpa", "PTR").of("PTR") == ["n2.node.dc1.consul."])
            yield registry.dns


@pytest.mark.parametrize("name, data", [
    ("1.2.0.192.in-addr.arpa", ["1.0-25.2.0.192.in-addr.arpa. 60 PTR host.corp.test."]),
    ("129.2.0.192.in-addr.arpa", ["129.128-25.2.0.192.in-addr.arpa. 50 PTR far.partner.test."]),
    ("9.2.0.192.in-addr.arpa", ["40.30.20.10.in-addr.arpa. 0 PTR n0.node.dc1.consul."]),
    ("6.2.0.192.in-addr.arpa", ["5.2.0.192.in-addr.arpa. 0 PTR n1.node.dc1.consul."]),
    (ELSEWHERE, ["4.4.0.192.in-addr.arpa. 0 PTR n2.node.dc1.consul."]),
])
@pytest.mark.parametrize("tcp", [False, True])
def test_chains(dns, name, data, tcp):
    got = ask(dns, name, "PTR", tcp=tcp)
    assert got.rcode == "NOERROR" and got.answer[0].type == "CNAME" and got.answer[1:] == records(*data), str(got)


def test_the_catalogs_own_word(dns):
    assert ask(dns, "5.2.0.192.in-addr.arpa", "PTR").answer == records("5.2.0.192.in-addr.arpa. 0 PTR n1.node.dc1.consul.")
    assert ask(dns, "5.2.0.192.in-addr.arpa", "TXT").rcode == "NXDOMAIN", "the target of the zone's CNAME is nowhere"


def test_nobody_has_the_target(dns):
    got = ask(dns, "7.2.0.192.in-addr.arpa", "PTR")
    assert got.rcode == "NXDOMAIN" and [record.type for record in got.answer] == ["CNAME"], str(got)
    assert [record.owner for record in got.authority] == ["2.0.192.in-addr.arpa."]
    got = ask(dns, "9.2.0.192.in-addr.arpa", "TXT")
    assert got.rcode == "NOERROR" and [record.type for record in got.answer] == ["CNAME"], str(got)
