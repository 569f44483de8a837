# Signpost. Apache-2.0; see LICENSE.
"""What a client and an upstream see of one another.

- W09: CD is sent upstream and copied back; a question with CD never shares an answer with one without.
- W50: ANY about a foreign name is answered here and reaches no upstream.
- W44, W58, W62: transfers, other classes and questions without RD reach no upstream either.
- Every question about a foreign name is counted once at its end, however it came to its answer.
- W212: over TCP a question that waits for an upstream does not hold back a local one behind it.
"""
import socket
import struct

import pytest

from support.ask import Reply, ask, build, read_tcp
from support.wait import eventually


def test_checking_disabled_goes_up_and_comes_back(forwarder, upstream):
    for cd in (1, 0, 1):
        reply = ask(forwarder.dns, "plain.foreign.test", "AAAA", cd=cd)
        assert ("CD" in reply.flags) == bool(cd) and reply.of("AAAA") == ["2001:db8::80"], reply
    flags = upstream.asked_with("plain.foreign.test")
    assert sum("CD" in asked for asked in flags) == 1, "once with CD, and then from the cache"


@pytest.mark.parametrize("message", [
    {"kind": "ANY"}, {"kind": "AXFR"}, {"kind": "IXFR"}, {"kind": "A", "dnsclass": 3}, {"kind": "A", "dnsclass": 4},
    {"kind": "MAILB"}, {"kind": "A", "rd": 0}, {"kind": "A", "opcode": 5}, {"kind": "A", "edns": 1232, "edns_version": 1},
], ids=str)
def test_what_never_reaches_an_upstream(forwarder, upstream, message):
    for tcp in (False, True):
        reply = ask(forwarder.dns, "kept-here.foreign.test", tcp=tcp, **message)
        assert not reply.of("A"), reply
    assert upstream.count("kept-here.foreign.test") == 0


def test_a_slow_upstream_holds_nobody_back(forwarder, upstream):
    upstream.mode("drop", "slow.foreign.test")
    slow, fast = build("slow.foreign.test", id=1), build("web.service.consul", id=2)
    with socket.create_connection(forwarder.dns, 10) as link:
        link.settimeout(10)
        link.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in (slow, fast)))
        first, second = Reply(read_tcp(link)), Reply(read_tcp(link))
    assert (first.id, first.rcode, len(first.answer)) == (2, "NOERROR", 3)
    assert (second.id, second.rcode) == (1, "SERVFAIL")


def test_every_question_is_counted_once(forwarder, upstream):
    upstream.set("counted.foreign.test", "A", ["192.0.2.82"], ttl=60)
    count = lambda name: forwarder.metric(f"signpost_dns_{name}")
    before = count("answers_total")
    for _ in range(3):  # one waits, the others come from the cache
        ask(forwarder.dns, "counted.foreign.test")
        ask(forwarder.dns, "missing.foreign.test", tcp=True)
    eventually(lambda: count("waiting") == 0, 10, "nobody waits")
    assert count("answers_total") == before + 6
    assert count("queries_total") == count("answers_total") + count("drops_total")
    assert count("answers_total") == count("rcodes_total") == count("types_total") == count("latency_seconds_count")
