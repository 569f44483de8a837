# Signpost. Apache-2.0; see LICENSE.
"""Answers outlive their upstreams.

Claims
- F71: both upstreams fall silent: a question whose answer has ended is answered stale at 1.8 s, later ones at once, for 8 s
  here and for 50 s with SIGNPOST_LONG=1; the upstreams get about a question a second, however many clients ask.
- F72: a stale answer has TTL 30 and EDE 3; an NXDOMAIN is not stale forever: EDE 19, or SERVFAIL (F31).
- F73: SERVFAIL on refresh keeps the stale answer (F32); NXDOMAIN, and another address, replace it.
- --max-stale-answer bounds it; 0s turns it off. When the upstreams are back, the answer is fresh within seconds.
"""
import struct
import time

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.gauge import LONG
from support.misbehaving_dns import OPTION_EDE, Act, MisbehavingDns, reply, soa, true_address, truth
from support.wait import eventually

STALE, STALE_NXDOMAIN = 3, 19
NAMES = [f"s{number}.example.net" for number in range(10)]


def short(asked):
    """The truth, for a second."""
    return truth(asked, ttl=1)


def silence(_):
    return None


def ede_of(got):
    return struct.unpack_from("!H", got.opt.options[OPTION_EDE])[0] if got.opt and OPTION_EDE in got.opt.options else None


def timed(dnsd, name, **words):
    began = time.monotonic()
    return ask(dnsd.dns, name, edns=1232, **words), time.monotonic() - began


def assert_stale(got, name):
    assert got.rcode == "NOERROR" and got.of("A") == [true_address(name)], str(got)
    assert got.answer[0].ttl == 30 and ede_of(got) == STALE, str(got)


def pass_time(seconds):
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= end, seconds + 1)


def test_dead_upstreams(note):
    seconds = 50 if LONG else 8
    with MisbehavingDns(short) as first, MisbehavingDns(short) as second:
        with Dnsd(options={"upstream": [first.address, second.address]}) as dnsd:
            for name in NAMES:
                assert ask(dnsd.dns, name).of("A")
            for upstream in (first, second):
                upstream.behave = silence
            pass_time(2)
            got, took = timed(dnsd, NAMES[0])
            assert_stale(got, NAMES[0])
            note(f"forwarding: first stale answer after {took:.2f} s")
            assert 1.2 < took < 2.2
            before, began = first.count() + second.count(), time.monotonic()
            longest, count = {name: 0.0 for name in NAMES}, 0
            while time.monotonic() - began < seconds:
                for name in NAMES:
                    got, took = timed(dnsd, name, tcp=count % 5 == 0)
                    assert_stale(got, name)
                    longest[name] = max(longest[name], took)
                    count += 1
                pass_time(0.1)
            assert max(longest.values()) < 2.2 and longest[NAMES[0]] < 0.3, longest
            sent = first.count() + second.count() - before
            note(f"forwarding: {seconds} s without upstream: {count} stale answers, {sent} questions upstream")
            assert sent <= 6 * len(NAMES) + 4 * seconds
            for upstream in (first, second):
                upstream.behave = truth
            back = time.monotonic()
            eventually(lambda: all(ask(dnsd.dns, name).answer[0].ttl > 250 for name in NAMES * 6), 6, "fresh in every thread")
            note(f"forwarding: fresh answers {time.monotonic() - back:.2f} s after the upstreams' return")


@pytest.fixture(scope="module")
def pair():
    """(dnsd, its upstream), for what needs a name of its own only."""
    with MisbehavingDns(short) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        yield dnsd, upstream


def ended(dnsd, upstream, name, first=short):
    """`name` is known, and its answer has ended."""
    upstream.behave = first
    assert ask(dnsd.dns, name).rcode != "SERVFAIL"
    pass_time(1.3)


def test_a_failing_refresh_keeps_the_stale_answer(pair):
    dnsd, upstream = pair
    ended(dnsd, upstream, "kept.example.net")
    upstream.behave = lambda asked: reply(asked, rcode="SERVFAIL")
    for _ in range(3):
        got, took = timed(dnsd, "kept.example.net")
        assert_stale(got, "kept.example.net")
        assert took < 2.2
    upstream.behave = lambda asked: reply(asked, rcode="REFUSED")
    assert_stale(timed(dnsd, "kept.example.net")[0], "kept.example.net")


def test_a_refresh_replaces_it(pair):
    dnsd, upstream = pair
    ended(dnsd, upstream, "gone.example.net")
    upstream.behave = lambda asked: reply(asked, rcode="NXDOMAIN", authority=[soa(asked, 5, 5)])
    assert timed(dnsd, "gone.example.net")[0].rcode == "NXDOMAIN"
    upstream.behave = lambda asked: reply(asked, rcode="SERVFAIL")
    assert timed(dnsd, "gone.example.net")[0].rcode == "NXDOMAIN"
    ended(dnsd, upstream, "moved.example.net")
    upstream.behave = lambda asked: reply(asked, ["@ 300 A 192.0.2.9"])
    got, _ = timed(dnsd, "moved.example.net")
    assert got.of("A") == ["192.0.2.9"] and ede_of(got) is None


def test_a_slow_refresh_gives_the_stale_answer_and_is_kept(pair):
    """The client is not kept waiting, and the next has the fresh answer."""
    dnsd, upstream = pair
    ended(dnsd, upstream, "slow.example.net")
    upstream.behave = lambda asked: Act(truth(asked), after=2.5)
    got, took = timed(dnsd, "slow.example.net")
    assert_stale(got, "slow.example.net")
    assert 1.2 < took < 2.2
    eventually(lambda: ede_of(timed(dnsd, "slow.example.net")[0]) is None, 5)


def test_stale_nodata_and_nxdomain(pair):
    dnsd, upstream = pair
    ended(dnsd, upstream, "none.example.net", lambda asked: reply(asked, authority=[soa(asked, 1, 1)]))
    ended(dnsd, upstream, "nx.example.net", lambda asked: reply(asked, rcode="NXDOMAIN", authority=[soa(asked, 1, 1)]))
    upstream.behave = lambda asked: reply(asked, rcode="SERVFAIL")
    got, _ = timed(dnsd, "none.example.net")
    assert got.nodata and ede_of(got) == STALE and got.authority[0].ttl == 30
    got, _ = timed(dnsd, "nx.example.net")
    assert got.rcode == "SERVFAIL" or (got.rcode == "NXDOMAIN" and ede_of(got) == STALE_NXDOMAIN), str(got)


def test_the_bound():
    name = "bound.example.net"
    with MisbehavingDns(short) as upstream:
        options = {"upstream": [upstream.address], "max-stale-answer": "0s"}
        with Dnsd(options=options) as never, Dnsd(options={**options, "max-stale-answer": "2s"}) as briefly:
            assert ask(never.dns, name).of("A")
            ended(briefly, upstream, name)
            upstream.behave = lambda asked: reply(asked, rcode="SERVFAIL")
            assert ask(never.dns, name).rcode == "SERVFAIL"
            assert_stale(timed(briefly, name)[0], name)
            pass_time(2.2)
            eventually(lambda: ask(briefly.dns, name).rcode == "SERVFAIL", 3, "too old")
