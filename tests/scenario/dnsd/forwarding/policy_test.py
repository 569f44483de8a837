# Signpost. Apache-2.0; see LICENSE.
"""What is forwarded, for whom, and what is not.

Claims
- F52, W62: without RD a foreign name is REFUSED with EDE 20, cached or not.
- A client outside --allow-recursion is REFUSED with EDE 18 and RA=0, cached or not, over UDP and TCP; names of our own it gets.
- F44, F87: UPDATE, NOTIFY and other opcodes, AXFR, IXFR, ANY, and classes other than IN are never forwarded (W44, W50, W58).
- F65: single labels are not forwarded but for NS, SOA and DS; they are never SERVFAIL or REFUSED. F66: ipv4only.arpa is.
- F16, F50: --rebind-protection drops private addresses (EDE 15) but for --rebind-allow.
- F29, F30: nothing that an upstream says about a name of ours reaches a client, and no such name is asked for.
- A client's own options (ECS, cookies) are not passed on; dnsd's EDNS size is.
- Without upstream everything foreign is REFUSED and RA is 0.
"""
import contextlib
import socket
import struct

import pytest

from support.ask import Reply, ask, build, ecs_option, option, read_tcp, send
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.misbehaving_dns import OPTION_EDE, MisbehavingDns, reply, soa, true_address, truth
from support.wait import eventually

EDE_BLOCKED, EDE_PROHIBITED, EDE_NOT_AUTHORITATIVE = 15, 18, 20
PRIVATE = ["10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "0.0.0.0"]
PRIVATE_6 = ["::1", "fe80::1", "fd00::1", "::ffff:10.1.2.3"]


def ede_of(got):
    return struct.unpack_from("!H", got.opt.options[OPTION_EDE])[0] if got.opt and OPTION_EDE in got.opt.options else None


def ask_from(source, server, name, kind="A", tcp=False, **message):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.bind((source, 0))
        link.connect(server)
        wire = build(name, kind, **message)
        if not tcp:
            link.send(wire)
            return Reply(link.recv(65535))
        link.sendall(struct.pack("!H", len(wire)) + wire)
        return Reply(read_tcp(link))


@pytest.mark.parametrize("tcp", [False, True])
def test_no_recursion_desired(dnsd, upstream, tcp):
    ask(dnsd.dns, "cached.example.net")
    for name in ("cached.example.net", "other.example.net", "."):
        got = ask(dnsd.dns, name, rd=0, edns=1232, tcp=tcp)
        assert got.rcode == "REFUSED" and not got.answer and not got.authority and ede_of(got) == EDE_NOT_AUTHORITATIVE
        assert ask(dnsd.dns, name, rd=0, tcp=tcp).opt is None
    assert upstream.count("other.example.net") == 0


@pytest.fixture(scope="module")
def choosy(honest):
    """It has a service of its own, and forwards for 127.0.0.1 only."""
    with FakeConsul() as consul:
        consul.register("web", "10.0.0.1", 80)
        with Dnsd(consul.url, {"upstream": [honest.address], "allow-recursion": ["127.0.0.1/32"]}) as dnsd:
            eventually(lambda: ask(dnsd.dns, "web.service.consul").of("A"))
            yield dnsd


@pytest.mark.parametrize("tcp", [False, True])
def test_who_may_recurse(choosy, upstream, tcp):
    assert ask(choosy.dns, "may.example.net", tcp=tcp).of("A") == [true_address("may.example.net")]
    assert "RA" in ask(choosy.dns, "web.service.consul", tcp=tcp).flags
    for name in ("may.example.net", "maynot.example.net"):
        got = ask_from("127.0.0.2", choosy.dns, name, tcp=tcp, edns=1232)
        assert got.rcode == "REFUSED" and "RA" not in got.flags and ede_of(got) == EDE_PROHIBITED and not got.answer
    own = ask_from("127.0.0.2", choosy.dns, "web.service.consul", tcp=tcp)
    assert own.of("A") == ["10.0.0.1"] and "RA" not in own.flags
    assert upstream.count("maynot.example.net") == 0


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 7, 15])
def test_opcodes_stay_here(dnsd, upstream, opcode):
    before = upstream.count()
    got = Reply(send(dnsd.dns, build("example.net", "SOA", opcode=opcode)))
    assert got.rcode == "NOTIMP"
    assert [one for one in upstream.heard()[before:] if "example.net" in one.name] == []


@pytest.mark.parametrize("kind, rcode", [("AXFR", "REFUSED"), ("IXFR", "REFUSED"), ("MAILB", "NOTIMP"), ("MAILA", "NOTIMP"),
                                         ("OPT", "FORMERR")])
@pytest.mark.parametrize("tcp", [False, True])
def test_types_stay_here(dnsd, upstream, kind, rcode, tcp):
    assert ask(dnsd.dns, "types.example.net", kind, tcp=tcp).rcode == rcode
    assert upstream.count("types.example.net") == 0


@pytest.mark.parametrize("klass", [3, 4, 254, 0, 65280])
def test_classes_stay_here(dnsd, upstream, klass):
    assert Reply(send(dnsd.dns, build("class.example.net", dnsclass=klass))).rcode == "REFUSED"
    assert upstream.count("class.example.net") == 0


def test_any_stays_here(dnsd, upstream):
    got = ask(dnsd.dns, "any.example.net", "ANY")
    assert got.rcode == "NOERROR" and [record.type for record in got.answer] == ["HINFO"]
    assert upstream.count("any.example.net") == 0


@pytest.mark.parametrize("kind", ["A", "AAAA", "MX", "TXT"])
def test_single_labels_stay_here(dnsd, upstream, kind):
    got = ask(dnsd.dns, "printer", kind)
    assert got.rcode == "NXDOMAIN" and "RA" in got.flags
    assert upstream.count("printer") == 0


@pytest.mark.parametrize("kind", ["NS", "SOA", "DS"])
def test_top_level_domains(dnsd, upstream, kind):
    upstream.behave = lambda asked: reply(asked, authority=[soa(asked)])
    assert ask(dnsd.dns, "net", kind).rcode == "NOERROR"
    assert upstream.count("net", kind) == 1


def test_the_root(dnsd, upstream):
    upstream.behave = lambda asked: reply(asked, [". 300 NS ns.example.net"])
    assert ask(dnsd.dns, ".", "NS").of("NS") == ["ns.example.net."]
    assert upstream.count("", "NS") >= 1


def test_the_prefix_of_a_translator(dnsd, upstream):
    assert ask(dnsd.dns, "ipv4only.arpa", "AAAA").of("AAAA") == [true_address("ipv4only.arpa", "AAAA")]
    assert upstream.count("ipv4only.arpa") == 1


def test_options_of_clients_are_not_passed_on(dnsd, upstream):
    sent = ecs_option("192.0.2.0/24") + option(10, b"12345678") + option(3) + option(65001, b"mine")
    assert ask(dnsd.dns, "options.example.net", edns=4096, options=sent).of("A")
    [heard] = upstream.heard("options.example.net")
    assert heard.edns == 1232 and not {8, 10, 3, 65001} & set(heard.options)


@pytest.fixture(scope="module")
def guarded():
    """(dnsd with the rebinding filter, its upstream)."""
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(MisbehavingDns())
        options = {"upstream": [upstream.address], "rebind-protection": True, "rebind-allow": ["intern.example.org"]}
        yield stack.enter_context(Dnsd(options=options)), upstream


@pytest.mark.parametrize("kind, address", [*(("A", one) for one in PRIVATE), *(("AAAA", one) for one in PRIVATE_6)])
def test_private_addresses(guarded, kind, address):
    dnsd, upstream = guarded
    upstream.behave = lambda asked: reply(asked, [f"@ 300 {kind} {address}"])
    place = address.replace(".", "-").replace(":", "c")
    for _ in range(2):
        got = ask(dnsd.dns, f"{place}.rebind.example.org", kind, edns=1232)
        assert not got.answer and ede_of(got) == EDE_BLOCKED
    assert ask(dnsd.dns, f"{place}.intern.example.org", kind).of(kind) == [address]
    assert ask(dnsd.dns, "intern.example.org", kind).of(kind)


def test_private_addresses_among_others(guarded):
    dnsd, upstream = guarded
    upstream.behave = lambda asked: reply(asked, ["@ 300 A 192.168.0.1", "@ 300 A 198.51.100.1"])
    assert ask(dnsd.dns, "mixed.rebind.example.org").of("A") == ["198.51.100.1"]
    upstream.behave = lambda asked: reply(asked, ["@ 300 CNAME x.example.org", "x.example.org 300 A 10.0.0.1"])
    assert not ask(dnsd.dns, "alias.rebind.example.org").of("A")


def test_an_upstream_speaks_about_our_names(choosy, upstream):
    forged = "192.0.2.66"
    upstream.behave = lambda asked: reply(asked, ["@ 300 CNAME web.service.consul", f"web.service.consul 300 A {forged}"])
    assert forged not in ask(choosy.dns, "alias.example.net").of("A")
    assert ask(choosy.dns, "web.service.consul").of("A") == ["10.0.0.1"]
    for name in ("nope.service.consul", "x.consul", "consul"):
        assert ask(choosy.dns, name).rcode in ("NXDOMAIN", "NOERROR")
    assert not [one.name for one in upstream.heard() if one.name.endswith("consul")]


def test_nothing_to_forward_to():
    with Dnsd(options={"upstream": ["none"]}) as dnsd:
        got = ask(dnsd.dns, "www.example.net")
        assert got.rcode == "REFUSED" and "RA" not in got.flags
        assert "RA" not in ask(dnsd.dns, "consul", "SOA").flags


def test_everybody_may_if_told_so(honest):
    with Dnsd(options={"upstream": [honest.address], "allow-recursion": ["0.0.0.0/0"]}) as dnsd:
        honest.behave = truth
        assert ask_from("127.0.0.3", dnsd.dns, "all.example.net").of("A") == [true_address("all.example.net")]
