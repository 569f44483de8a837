# Signpost. Apache-2.0; see LICENSE.
"""Every message that arrives is counted once at its end.

Claims, after a run of good, bad and dropped messages over UDP and TCP
- received = answered + dropped + waiting, for each transport.
- The sum of answered = the sum over rcodes = the sum over types = the count of the latency histogram.
- What was sent is what was counted: no message is missing and none is counted twice.
"""
import socket
import struct

import pytest

from support.ask import NoReply, build, send
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually

GOOD = [("web.service.consul", "A"), ("web.service.consul", "SRV"), ("WEB.service.dc1.consul", "AAAA"),
        ("web.service.consul", "ANY"), ("srv1.node.consul", "TXT"), ("nope.service.consul", "A"), ("consul", "SOA"),
        ("consul", "NS"), ("1.0.0.10.in-addr.arpa", "PTR"), ("example.com", "A"), ("web.service.consul", "TYPE65280")]
BAD_BUT_ANSWERED = [
    build("web.service.consul", questions=0), build("web.service.consul", questions=2), build("web.service.consul", opcode=4),
    build("web.service.consul", edns=1232, edns_version=1), build("web.service.consul", edns=1232, opts=2),
    build("web.service.consul", dnsclass=3), build("web.service.consul")[:-3]]
DROPPED = [b"", b"\0", b"\x12\x34" + b"\0" * 9, build("web.service.consul", qr=1)]


@pytest.fixture(scope="module")
def dnsd():
    with FakeConsul() as fake:
        fake.register("web", "10.0.0.1", 80)
        with Dnsd(fake.url) as server:
            yield server


def total(dnsd, name, **labels):
    return int(dnsd.metric(f"signpost_dns_{name}", **labels))


def assert_algebra(dnsd, transport):
    received = total(dnsd, "queries_total", transport=transport)
    ended = (total(dnsd, "answers_total", transport=transport) + total(dnsd, "drops_total", transport=transport)
             + total(dnsd, "waiting", transport=transport))
    assert received == ended, f"{transport}: {received} received, {ended} ended\n{dnsd.get('/metrics').text}"
    return received


def assert_sums(dnsd):
    answered = total(dnsd, "answers_total")
    assert answered == total(dnsd, "rcodes_total") == total(dnsd, "types_total") == total(dnsd, "latency_seconds_count")


def test_udp(dnsd):
    before = assert_algebra(dnsd, "udp")
    dropped = total(dnsd, "drops_total", transport="udp")
    for name, kind in GOOD:
        send(dnsd.dns, build(name, kind))
    for wire in BAD_BUT_ANSWERED:
        send(dnsd.dns, wire)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        for wire in DROPPED:
            link.sendto(wire, dnsd.dns)
    sent = len(GOOD) + len(BAD_BUT_ANSWERED) + len(DROPPED)
    eventually(lambda: total(dnsd, "queries_total", transport="udp") == before + sent, 5,
               lambda: f"{sent} more than {before}: {total(dnsd, 'queries_total', transport='udp')}")
    assert assert_algebra(dnsd, "udp") == before + sent
    assert total(dnsd, "drops_total", transport="udp") == dropped + len(DROPPED)
    assert_sums(dnsd)


def test_tcp(dnsd):
    before = assert_algebra(dnsd, "tcp")
    for name, kind in GOOD:
        send(dnsd.dns, build(name, kind), tcp=True)
    for wire in BAD_BUT_ANSWERED:
        send(dnsd.dns, wire, tcp=True)
    for wire in DROPPED:
        with pytest.raises(NoReply):
            send(dnsd.dns, wire, tcp=True, timeout=0.3)
    with socket.create_connection(dnsd.dns) as link:  # a pipeline, and half a message that never counts
        wire = build("web.service.consul")
        link.sendall((struct.pack("!H", len(wire)) + wire) * 50 + b"\0\x30half")
        eventually(lambda: total(dnsd, "queries_total", transport="tcp") >= before + len(GOOD) + 50, 5, "the pipeline")
    sent = len(GOOD) + len(BAD_BUT_ANSWERED) + len(DROPPED) + 50
    eventually(lambda: total(dnsd, "queries_total", transport="tcp") == before + sent, 5,
               lambda: f"{sent} more than {before}: {total(dnsd, 'queries_total', transport='tcp')}")
    eventually(lambda: total(dnsd, "waiting", transport="tcp") == 0, 5, "nobody waits")
    assert assert_algebra(dnsd, "tcp") == before + sent
    assert_sums(dnsd)


def test_each_rcode_and_type_by_name(dnsd):
    before = {label: total(dnsd, "rcodes_total", rcode=label) for label in ("NXDOMAIN", "REFUSED")}
    srv = total(dnsd, "types_total", type="SRV")
    send(dnsd.dns, build("nope.service.consul", "SRV"))
    send(dnsd.dns, build("example.com", "A", rd=0))
    assert total(dnsd, "rcodes_total", rcode="NXDOMAIN") == before["NXDOMAIN"] + 1
    assert total(dnsd, "rcodes_total", rcode="REFUSED") == before["REFUSED"] + 1
    assert total(dnsd, "types_total", type="SRV") == srv + 1
