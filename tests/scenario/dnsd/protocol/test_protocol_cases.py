# Signpost. Apache-2.0; see LICENSE.
"""dnsd answers every packet of tests/cases/dns_protocol.cases as it says.

- Each case runs over each of its transports; replies are compared to the byte where the case says so.
- Each case runs twice: with `--upstream none`, and forwarding to an upstream, where every reply to a query promises recursion.
- Silence means that a good question, sent behind the packet on the same socket, is answered first.
- Every number from W01 to W244 is in a file of cases or in a scenario's docstring.
"""
import pathlib
import re
import socket
import struct

import pytest

from support import dns_cases
from support.ask import Reply, build, read_tcp
from support.program import ROOT

CASES_FILE = ROOT / "tests/cases/dns_protocol.cases"
CASES = dns_cases.load(CASES_FILE)
BY_ID = {case.id: case for case in CASES}
MODES = {"alone": False, "forwarding": True}
RUNS = [pytest.param(mode, case, transport, id=f"{name}-{mode}") for mode, forwarding in MODES.items()
        for case, transport, name in dns_cases.runs(CASES, forwarding)]


@pytest.mark.parametrize("mode, case, transport", RUNS)
def test_case(servers, mode, case, transport):
    server, tcp = servers[mode].dns, transport == "tcp"
    if "silence" in case.want:
        assert not tcp, "silence over TCP is a matter of the tcp scenarios"
        for query in case.asks:
            assert_silence(server, query)
        return
    dns_cases.run(server, case, tcp, MODES[mode], BY_ID.get(case.want.get("like")))


def assert_silence(server, query):
    """Sends the packet and then a good question over one socket; only the good one may be answered."""
    probe = build("web.service.consul", "A", id=0x7777)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect(server)
        link.send(query.wire(dns_cases.FIRST_ID))
        link.send(probe)
        first = link.recv(65535)
    assert first[:2] == probe[:2], f"answered: {first.hex()}"


def test_a_question_asked_twice_is_answered_twice(dnsd):
    """W29: no memory of earlier datagrams, not even of the same id from the same port."""
    wire = build("web.service.consul", "A", id=dns_cases.FIRST_ID)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect(dnsd.dns)
        link.send(wire)
        link.send(wire)
        replies = [Reply(link.recv(65535)) for _ in range(2)]
    assert [reply.id for reply in replies] == [dns_cases.FIRST_ID, dns_cases.FIRST_ID]


def test_the_connection_survives_a_refused_transfer(dnsd):
    """W43: REFUSED in one message, then business as usual."""
    with socket.create_connection(dnsd.dns, 5) as link:
        for name, kind, rcode in (("consul", "AXFR", "REFUSED"), ("web.service.consul", "A", "NOERROR")):
            wire = build(name, kind)
            link.sendall(struct.pack("!H", len(wire)) + wire)
            assert Reply(read_tcp(link)).rcode == rcode


def test_no_number_is_forgotten():
    """Each case number appears in a data file or in a scenario's docstring."""
    files = [CASES_FILE, ROOT / "tests/cases/dns_static_zones.cases"]
    seen = {int(re.match(r"W(\d+)", case.id)[1]) for path in files for case in dns_cases.load(path)}
    for script in pathlib.Path(ROOT / "tests/scenario/dnsd").glob("*/*test*.py"):
        for first, last in re.findall(r"\bW(\d+)(?:-W?(\d+))?\b", script.read_text()):
            if script != pathlib.Path(__file__) or first in ("29", "43"):
                seen |= set(range(int(first), int(last or first) + 1))
    assert sorted({*range(1, 245)} - seen) == []
