# Signpost. Apache-2.0; see LICENSE.
"""What clients get of a right answer.

Claims
- F58: TTLs count down by the seconds that pass, never rise, and are never 0 before the answer ends.
- F59: DO and CD have answers of their own; CD goes upstream and comes back (W09); AD is not claimed.
- F76: 900 bytes and more for a client without EDNS: TC, of addresses those that fit, of other types none; all over TCP.
- F77: what came over TCP goes to a client with 4,096 bytes in up to 1,232 bytes, with TC when that is too little.
- F89: HTTPS and SVCB arrive as they were, their names not compressed.
- F90: 60 kB of an unknown type arrive over TCP as they were, and are not cached (F45).
- Types nobody knows, and names with odd bytes, are forwarded as they are.
"""
import time

import dns.rdatatype
import pytest

from support.ask import ask, records
from support.misbehaving_dns import record, reply, true_address
from support.wait import eventually

OPTED = {"edns": 1232}


def says(upstream, *answer, **words):
    upstream.behave = lambda asked: reply(asked, list(answer), **words)


def cut_over_udp(*answer):
    """A behaviour: TC over UDP, the answer over TCP."""
    return lambda asked: (reply(asked, list(answer)) if asked.transport == "tcp" else
                          reply(asked, flags=0x8380))


def test_ttls_count_down(dnsd, upstream):
    name = "ttl.example.net"
    began = time.monotonic()
    first = ask(dnsd.dns, name).answer[0].ttl
    assert first in (299, 300)
    seen = []

    def aged():
        before = time.monotonic() - began
        ttl = ask(dnsd.dns, name).answer[0].ttl
        after = time.monotonic() - began
        assert 300 - after - 1 <= ttl <= 300 - before + 1.05, f"TTL {ttl} after {after:.2f} s"
        seen.append(ttl)
        return ttl <= 297

    eventually(aged, 5, every=0.05)
    assert seen == sorted(seen, reverse=True) and upstream.count(name) == 1


def test_ttl_is_never_zero_before_the_end(dnsd, upstream):
    name = "short.example.net"
    says(upstream, "@ 2 A 192.0.2.1")
    seen = []

    def asked_again():
        seen.append(ask(dnsd.dns, name).answer[0].ttl)
        return upstream.count(name) >= 2

    eventually(asked_again, 5, every=0.03)
    assert set(seen) <= {1, 2} and len(seen) > 20, seen
    one, two = upstream.heard(name)[:2]
    assert 0.9 < two.at - one.at < 2.3


def test_variants_have_answers_of_their_own(dnsd, upstream):
    name = "variant.example.net"
    signature = "@ 300 RRSIG A 8 3 300 20380101000000 20200101000000 1 example.net. AAAA"
    upstream.behave = lambda asked: reply(asked, ["@ 300 A 192.0.2.1", *[signature] * asked.do], flags=0x81A0)
    for do in (0, 1, 0, 1):
        for cd in (0, 1):
            got = ask(dnsd.dns, name, edns=1232, do=do, cd=cd)
            assert got.of("A") == ["192.0.2.1"] and len(got.of("RRSIG")) == do
            assert ("CD" in got.flags) == bool(cd) and got.opt.do == bool(do)
            assert "AD" not in got.flags
    asked = sorted((one.do, one.cd) for one in upstream.heard(name))
    assert asked == [(False, False), (False, True), (True, False), (True, True)]


@pytest.mark.parametrize("kind, record_of", [("A", "@ 300 A 192.0.2.{}"), ("AAAA", "@ 300 AAAA 2001:db8::{:x}")])
def test_addresses_for_a_client_without_edns(dnsd, upstream, kind, record_of):
    name = f"many-{kind}.example.net".lower()
    upstream.behave = cut_over_udp(*(record_of.format(number) for number in range(1, 61)))
    whole = ask(dnsd.dns, name, kind, tcp=True)
    assert len(whole.of(kind)) == 60 and "TC" not in whole.flags
    part = ask(dnsd.dns, name, kind)
    assert "TC" in part.flags and part.size <= 512 and 10 <= len(part.of(kind)) < 60
    assert set(part.of(kind)) <= set(whole.of(kind))
    assert upstream.count(name) == 2


def test_text_for_a_client_without_edns(dnsd, upstream):
    name = "text.example.net"
    texts = ['@ 300 TXT "{}"'.format(letter * 220) for letter in "abcd"]
    says(upstream, *texts)
    part = ask(dnsd.dns, name, "TXT")
    assert "TC" in part.flags and not part.answer and part.size <= 512
    assert len(ask(dnsd.dns, name, "TXT", tcp=True).answer) == 4
    assert len(ask(dnsd.dns, name, "TXT", edns=1232).answer) == 4
    assert upstream.count(name) == 1


@pytest.mark.parametrize("count, truncated", [(60, False), (100, True)])
def test_what_came_over_tcp(dnsd, upstream, count, truncated):
    name = f"tcp{count}.example.net"
    upstream.behave = cut_over_udp(*(f"@ 300 A 192.0.2.{number}" for number in range(1, count + 1)))
    got = ask(dnsd.dns, name, edns=4096)
    assert ("TC" in got.flags) == truncated and got.size <= 1232 and len(got.of("A")) >= 60
    assert [one.transport for one in upstream.heard(name)] == ["udp", "tcp"]
    assert len(ask(dnsd.dns, name, tcp=True).of("A")) == count


@pytest.mark.parametrize("kind", ["HTTPS", "SVCB"])
def test_service_bindings(dnsd, upstream, kind):
    name = f"{kind.lower()}.example.net"
    line = f'@ 300 {kind} 1 pool.example.net. alpn="h2,h3" port="8443" ipv4hint="192.0.2.1"'
    says(upstream, line)
    for tcp in (False, True, False):
        got = ask(dnsd.dns, name, kind, edns=1232, tcp=tcp)
        assert len(got.answer) == 1 and record(line)[12:] in got.wire
    assert upstream.count(name) == 1


def test_sixty_kilobytes(dnsd, upstream):
    name, data = "huge.example.net", bytes(range(256)) * 234 + b"end"
    upstream.behave = cut_over_udp(f"@ 300 TYPE65400 \\# {len(data)} {data.hex()}")
    over_udp = ask(dnsd.dns, name, "TYPE65400", edns=1232)
    assert "TC" in over_udp.flags and not over_udp.answer
    before = upstream.count(name)
    over_tcp = ask(dnsd.dns, name, "TYPE65400", tcp=True)
    assert data in over_tcp.wire and len(over_tcp.answer) == 1
    assert upstream.count(name) > before, "60 kB are in the cache"


@pytest.mark.parametrize("kind", ["TYPE731", "CAA", "NAPTR", "LOC", "DS", "DNSKEY", "TLSA", "URI"])
def test_types_pass(dnsd, upstream, kind):
    number, name = dns.rdatatype.from_text(kind), f"type-{kind.lower()}.example.net"
    data = {"TYPE731": "\\# 3 010203", "CAA": '0 issue "ca.example.net"', "NAPTR": '1 1 "s" "a" "" x.example.net.',
            "LOC": "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m", "DS": "1 8 2 " + "ab" * 32,
            "DNSKEY": "256 3 8 AwEAAQ==", "TLSA": "3 1 1 " + "cd" * 32, "URI": '1 1 "https://example.net/"'}[kind]
    says(upstream, f"@ 300 {kind} {data}")
    got = ask(dnsd.dns, name, number, edns=1232)
    assert got.rcode == "NOERROR" and [r.type for r in got.answer] == [kind]
    assert record(f"x. 300 {kind} {data}")[11:] in got.wire
    assert [one.type for one in upstream.heard(name)] == [kind]


def test_additional_addresses_stay_with_their_answer(dnsd, upstream):
    says(upstream, "@ 300 SRV 1 1 80 a.example.net.", additional=["a.example.net 300 A 192.0.2.1"])
    for _ in range(2):
        got = ask(dnsd.dns, "_http._tcp.example.net", "SRV", **OPTED)
        assert [(r.owner, r.text) for r in got.additional] == [("a.example.net.", "192.0.2.1")]


@pytest.mark.parametrize("label", ["under_score", "\\000zero", "sp\\032ace", "\\255high", "star*", "a" * 63])
def test_odd_names(dnsd, upstream, label):
    name = f"{label}.odd.example.net"
    says(upstream, "@ 300 A 192.0.2.7")
    for _ in range(2):
        assert ask(dnsd.dns, name).of("A") == ["192.0.2.7"]
    assert upstream.count() == 1 or len([one for one in upstream.heard() if one.name.endswith("odd.example.net")]) == 1


def test_a_set_is_turned(dnsd, upstream):
    """Answers from the cache do not all begin with the same address."""
    says(upstream, *(f"@ 300 A 192.0.2.{number}" for number in range(1, 5)))
    name = "turned.example.net"
    firsts = {ask(dnsd.dns, name).of("A")[0] for _ in range(60)}
    assert len(firsts) >= 3
    assert sorted(ask(dnsd.dns, name).answer) == records(*(f"{name}. {ask(dnsd.dns, name).answer[0].ttl} A 192.0.2.{number}"
                                                           for number in range(1, 5)))


def test_the_address_is_right_over_both_transports(dnsd, upstream):
    for number in range(20):
        name = f"both{number}.example.net"
        assert ask(dnsd.dns, name, "AAAA", tcp=number % 2).of("AAAA") == [true_address(name, "AAAA")]
