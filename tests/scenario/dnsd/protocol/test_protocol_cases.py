# Signpost. Apache-2.0; see LICENSE.
"""dnsd answers every packet of tests/cases/dns_protocol.cases as it says.

- Each case runs over each of its transports; replies are compared to the byte where the case says so.
- Silence means that a good question, sent behind the packet on the same socket, is answered first.
- Every number from W01 to W142 and W183 to W244 is in the file, in a scenario's docstring, or marked `later`.
"""
import pathlib
import re
import socket
import struct

import pytest

import protocol_checks
import protocol_notation
from support.ask import Reply, build, read_tcp, send
from support.program import ROOT

CASES_FILE = ROOT / "tests/cases/dns_protocol.cases"
CASES, LATER = protocol_notation.load(CASES_FILE)
BY_ID = {case.id: case for case in CASES}
RUNS = [pytest.param(case, transport, id=f"{case.id}-{transport}") for case in CASES for transport in case.transports]
FIRST_ID = 0x5100


def exchange(server, query, tcp, message_id=FIRST_ID):
    reply = Reply(send(server, query.wire(message_id), tcp))
    assert reply.id == message_id, f"id {reply.id:04x}"
    return reply


@pytest.mark.parametrize("case, transport", RUNS)
def test_case(dnsd, case, transport):
    tcp = transport == "tcp"
    if "silence" in case.want:
        assert not tcp, "silence over TCP is a matter of the tcp scenarios"
        for query in case.asks:
            assert_silence(dnsd.dns, query)
        return
    like = exchange(dnsd.dns, BY_ID[case.want["like"]].asks[0], tcp) if "like" in case.want else None
    for query in case.asks:
        protocol_checks.check(case, query, exchange(dnsd.dns, query, tcp), like)


def assert_silence(server, query):
    """Sends the packet and then a good question over one socket; only the good one may be answered."""
    probe = build("web.service.consul", "A", id=0x7777)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect(server)
        link.send(query.wire(FIRST_ID))
        link.send(probe)
        first = link.recv(65535)
    assert first[:2] == probe[:2], f"answered: {first.hex()}"


def test_a_question_asked_twice_is_answered_twice(dnsd):
    """W29: no memory of earlier datagrams, not even of the same id from the same port."""
    wire = build("web.service.consul", "A", id=FIRST_ID)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect(dnsd.dns)
        link.send(wire)
        link.send(wire)
        replies = [Reply(link.recv(65535)) for _ in range(2)]
    assert [reply.id for reply in replies] == [FIRST_ID, FIRST_ID]


def test_the_connection_survives_a_refused_transfer(dnsd):
    """W43: REFUSED in one message, then business as usual."""
    with socket.create_connection(dnsd.dns, 5) as link:
        for name, kind, rcode in (("consul", "AXFR", "REFUSED"), ("web.service.consul", "A", "NOERROR")):
            wire = build(name, kind)
            link.sendall(struct.pack("!H", len(wire)) + wire)
            assert Reply(read_tcp(link)).rcode == rcode


def test_no_number_is_forgotten():
    """Each case number appears in the data file or in a scenario's docstring."""
    wanted = {*range(1, 143), *range(183, 245)}
    seen = {int(re.match(r"W(\d+)", name)[1]) for name in [*BY_ID, *LATER]}
    for script in pathlib.Path(ROOT / "tests/scenario/dnsd").glob("*/test_*.py"):
        for first, last in re.findall(r"\bW(\d+)(?:-W?(\d+))?\b", script.read_text()):
            if script != pathlib.Path(__file__) or first in ("29", "43"):
                seen |= set(range(int(first), int(last or first) + 1))
    assert sorted(wanted - seen) == []
