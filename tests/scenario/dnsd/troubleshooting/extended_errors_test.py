# Signpost. Apache-2.0; see LICENSE.
"""Extended errors (RFC 8914) as dnspython, which shares no code with dnsd, reads them.

Claims
- REFUSED says why: 20 where nobody here answers the name or recursion is not asked for, 18 for clients that may not.
- SERVFAIL says why: 22 or 23 where no upstream could be had, 24 for answers that cannot be used.
- An answer past its end says 3, a name that did not exist before its end 19.
- Good answers carry none; without EDNS there is nothing to carry it.
"""
import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from support.misbehaving_dns import reply, soa, truth
from support.wait import eventually


def asked(server, name, kind="A", *, source=None, rd=True, edns=0):
    query = dns.message.make_query(name, kind, use_edns=edns)
    if not rd:
        query.flags &= ~dns.flags.RD
    return dns.query.udp(query, server[0], port=server[1], timeout=6, source=source)


def errors(message):
    return [option.code for option in message.options if isinstance(option, dns.edns.EDEOption)]


def said(*words, **more):
    message = asked(*words, **more)
    return dns.rcode.to_text(message.rcode()), errors(message)


def test_refused(start, upstream):
    dnsd = start(forward=[f"example.net={upstream.address}"], allow_recursion=["127.0.0.1/32"])
    assert said(dnsd.dns, "www.example.org") == ("REFUSED", [20])
    assert said(dnsd.dns, "www.example.net", rd=False) == ("REFUSED", [20])
    assert said(dnsd.dns, "www.example.net", source="127.0.0.2") == ("REFUSED", [18])
    assert upstream.count("www.example.net") == 0


def test_good_answers(start, upstream):
    dnsd = start(upstream=[upstream.address])
    for name in ("www.example.test", "www.example.net", "consul", "localhost"):
        assert said(dnsd.dns, name) == ("NOERROR", []), name
    assert said(dnsd.dns, "none.example.test") == ("NXDOMAIN", [])


@pytest.mark.parametrize("trouble, codes", [("closed", {22, 23}), ("silent", {22, 23}), ("servfail", {22, 23}),
                                            ("circle", {24})])
def test_servfail(start, upstream, trouble, codes):
    dnsd = start(upstream=[upstream.address])
    upstream.behave = {
        "closed": truth,
        "silent": lambda asked: None,
        "servfail": lambda asked: reply(asked, rcode="SERVFAIL"),
        "circle": lambda asked: reply(asked, ["@ 60 CNAME other.example.net.", "other.example.net. 60 CNAME www.example.net."])
        if asked.name.endswith("example.net") else truth(asked),
    }[trouble]
    if trouble == "closed":
        upstream.stop()
    rcode, seen = said(dnsd.dns, "www.example.net")
    assert rcode == "SERVFAIL" and len(seen) == 1 and seen[0] in codes, (rcode, seen)
    message = asked(dnsd.dns, "www.example.net", edns=-1)
    assert message.rcode() == dns.rcode.SERVFAIL and message.edns < 0


def test_stale(start, upstream):
    upstream.behave = lambda asked: (reply(asked, rcode="NXDOMAIN", authority=[soa(asked, 1, 1)])
                                     if asked.name.startswith("none") else truth(asked, ttl=1))
    dnsd = start(upstream=[upstream.address])
    assert said(dnsd.dns, "www.example.net") == ("NOERROR", [])
    assert said(dnsd.dns, "none.example.net") == ("NXDOMAIN", [])
    assert said(dnsd.dns, "out.example.test") == ("NOERROR", [])
    upstream.stop()
    eventually(lambda: said(dnsd.dns, "www.example.net") == ("NOERROR", [3]), 10, every=0.2)
    eventually(lambda: said(dnsd.dns, "none.example.net") == ("NXDOMAIN", [19]), 10, every=0.2)
    assert said(dnsd.dns, "out.example.test") == ("NOERROR", [3]), "a CNAME of the zone leads to it"
    assert dnsd.metric("signpost_dns_stale_total") >= 3
