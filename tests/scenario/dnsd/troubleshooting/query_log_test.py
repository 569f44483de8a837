# Signpost. Apache-2.0; see LICENSE.
"""The query log: a sample of the questions, or all of a name.

Claims
- --query-log N notes every n-th question, --query-log-name all questions about a name and those below it; neither by default.
- A line says name, type, client, transport, rcode and who answered; questions that had to wait are noted with their answer.
- Whatever bytes a name has, a question is one line of printable ASCII, and no part of the name passes for another of the line.
- A reload changes both.
"""
import json
import re
import socket

import pytest

from support.ask import ask, build
from support.wait import eventually

LABELS = [b"a\nb", b"\x1b[31mred\x1b[0m\r\n\0x\x7f", b"\n[info] query forged. A from 192.0.2.1 over udp", b"\xff\xfe\xc3\x28\x80",
          b"\xe2\x80\xa8\xc2\x9b1\xe2\x80\xae", b'"}\n{"a":"b', b"a.b\\c", b"\t%s%n"]
HOSTILE = [bytes([len(label)]) + label + b"\x07example\x03net\0" for label in LABELS]


def noted(dnsd):
    return [line for line in dnsd.log().splitlines() if "query " in line and " from " in line]


def test_off_by_default(start):
    dnsd = start(threads=1)
    for _ in range(5):
        ask(dnsd.dns, "www.example.test")
    dnsd.reload(**{"query-log-name": ["marker.test"]})
    eventually(lambda: "options reloaded" in dnsd.log())
    ask(dnsd.dns, "marker.test")
    eventually(lambda: noted(dnsd))
    assert len(noted(dnsd)) == 1


def test_a_sample(start):
    dnsd = start(threads=1, query_log=7)
    for _ in range(70):
        ask(dnsd.dns, "www.example.test")
    eventually(lambda: len(noted(dnsd)) >= 10)
    assert len(noted(dnsd)) == 10
    assert all("query www.example.test. A from 127.0.0.1 over udp: NOERROR, from static_zone" in line for line in noted(dnsd))
    dnsd.reload(**{"query-log": 1})
    eventually(lambda: "options reloaded" in dnsd.log())
    for _ in range(5):
        ask(dnsd.dns, "www.example.test", tcp=True)
    eventually(lambda: len(noted(dnsd)) >= 15)
    assert len(noted(dnsd)) == 15 and "over tcp" in noted(dnsd)[-1]


def test_by_name(start, upstream):
    dnsd = start(upstream=[upstream.address], query_log_name=["example.net", "ns.example.test"], threads=2)
    for name in ("www.example.net", "Example.NET", "example.org", "xexample.net", "ns.example.test", "www.example.test"):
        for _ in range(3):
            ask(dnsd.dns, name, edns=1232)
    eventually(lambda: len(noted(dnsd)) >= 9)
    names = [line.split("query ")[1].split(" ")[0] for line in noted(dnsd)]
    assert sorted(names) == ["example.net."] * 3 + ["ns.example.test."] * 3 + ["www.example.net."] * 3
    assert sum("from forwarded" in line for line in noted(dnsd)) == 6


def test_a_question_that_waits_is_noted_with_its_answer(start, upstream):
    dnsd = start(upstream=[upstream.address], query_log=1, threads=1)
    assert ask(dnsd.dns, "www.example.net").of("A")
    eventually(lambda: noted(dnsd), 3, "no other question is needed for the line")
    assert len(noted(dnsd)) == 1 and "NOERROR, from forwarded" in noted(dnsd)[0]


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_names(start, form):
    dnsd = start(query_log=1, threads=1, log_format=form)
    before = len(dnsd.log().splitlines())
    for name in HOSTILE:
        assert ask(dnsd.dns, name).rcode == "REFUSED"
    eventually(lambda: len(noted(dnsd)) >= len(HOSTILE), 5, dnsd.log)
    text = (dnsd.home / "log").read_bytes().decode("ascii")
    assert not any(ord(character) < 32 and character != "\n" or ord(character) > 126 for character in text)
    lines = text.splitlines()[before:]
    assert len(lines) == len(HOSTILE)
    assert all(re.search(r"query [^ ]+\.example\.net\. A from 127\.0\.0\.1 over udp: REFUSED, from none", line) for line in lines)
    if form == "json":
        assert all(isinstance(json.loads(line), dict) for line in lines)


def test_more_than_it_holds(start):
    """What does not fit between two drains is counted, and the log never holds an answer up."""
    dnsd = start(query_log=1, threads=1)
    wire = build("www.example.test")
    sent = 0
    while "more questions were not noted" not in dnsd.log() and sent < 20000:
        _flood(dnsd.dns, wire, 1000)
        sent += 1000
        ask(dnsd.dns, "www.example.test")
    eventually(lambda: "more questions were not noted" in dnsd.log(), 5)


def _flood(server, wire, count):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        for _ in range(count):
            link.sendto(wire, server)
