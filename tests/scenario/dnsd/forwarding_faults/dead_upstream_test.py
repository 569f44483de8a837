# Signpost. Apache-2.0; see LICENSE.
"""An upstream dies and comes back.

Claims
- F69: one of two is dead from the start, silent or with its port closed: the first answer comes within 1.2 tries, later ones
  as fast as from the good one alone; no question pays for the dead one again and again.
- F70: an upstream that comes back is used again within a second of its first answer to a probe.
- While all are dead the probes are about one a second, however much is asked; the failure of a question is remembered for
  1 s, then longer, and forgotten when the upstream answers again (F39, RFC 9520).
- F79: an upstream that has shown that it does not know EDNS is asked without it, and with it again after 15 minutes.
"""
import concurrent.futures
import contextlib
import time

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.faketime import FakeTime
from support.misbehaving_dns import MisbehavingDns, reply, true_address, truth
from support.wait import eventually

TRY = 0.4       # seconds for an upstream nobody knows yet
PROBED = 3.5    # seconds from an upstream's return to its use, at most: probes are a second apart, a client's try comes on top


def silence(_):
    return None


def timed(dnsd, name):
    """(reply, seconds)"""
    began = time.monotonic()
    return ask(dnsd.dns, name), time.monotonic() - began


@pytest.mark.parametrize("closed", [False, True], ids=["silent", "closed"])
@pytest.mark.parametrize("dead_first", [False, True], ids=["second", "first"])
def test_one_of_two_is_dead(dead_first, closed, note):
    with MisbehavingDns() as good, MisbehavingDns(silence) as dead:
        if closed:
            dead.stop()
        order = [dead, good] if dead_first else [good, dead]
        with Dnsd(options={"upstream": [upstream.address for upstream in order]}) as dnsd:
            times = []
            for number in range(150):
                name = f"n{number}.example.net"
                got, took = timed(dnsd, name)
                assert got.of("A") == [true_address(name)]
                times.append(took)
            first, later = times[0], sorted(times[1:])
            note(f"forwarding: one of two upstreams {'closed' if closed else 'silent'}: first answer after "
                 f"{first * 1000:.0f} ms, then median {later[len(later) // 2] * 1000:.2f} ms, longest {later[-1] * 1000:.0f} ms")
            assert first < 1.2 * TRY + 0.1
            assert later[int(len(later) * 0.9)] < 0.05
            assert later[-1] < 1.2 * TRY + 0.1


def test_all_die_and_come_back(note):
    with MisbehavingDns() as first, MisbehavingDns() as second:
        with Dnsd(options={"upstream": [first.address, second.address]}) as dnsd:
            assert ask(dnsd.dns, "before.example.net").of("A")
            first.behave = second.behave = silence
            assert ask(dnsd.dns, "dead.example.net").rcode == "SERVFAIL"
            before, began = first.count() + second.count(), time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                asked = list(pool.map(lambda number: timed(dnsd, f"dead{number % 200}.example.net"), range(400)))
            seconds, sent = time.monotonic() - began, first.count() + second.count() - before
            times = sorted(took for _, took in asked)
            note(f"forwarding: all dead: {len(asked)} questions of clients in {seconds:.1f} s, the median after "
                 f"{times[200] * 1000:.1f} ms; {sent} upstream")
            assert {got.rcode for got, _ in asked} == {"SERVFAIL"} and times[-1] < 3.7
            assert times[360] < 0.1 and sent <= 6 * (seconds + 3)
            first.behave, came = truth, time.monotonic()
            answered = right_again(dnsd)
            eventually(answered, 10)
            took = time.monotonic() - came
            note(f"forwarding: used again {took:.2f} s after the upstream's return")
            assert took < PROBED
            second.behave, first.behave, came = truth, silence, time.monotonic()
            eventually(answered, 10)
            assert time.monotonic() - came < PROBED + 0.5


def right_again(dnsd):
    """A condition: a question nobody asked before is answered."""
    number = iter(range(100000))

    def answered():
        name = f"back{next(number)}.example.net"
        return ask(dnsd.dns, name).of("A") == [true_address(name)]

    return answered


def test_failures_are_remembered():
    with MisbehavingDns(lambda asked: reply(asked, rcode="SERVFAIL")) as upstream:
        with Dnsd(options={"upstream": [upstream.address]}) as dnsd:
            began, asked = time.monotonic(), 0
            while time.monotonic() - began < 5:
                got, took = timed(dnsd, "bad.example.net")
                assert got.rcode == "SERVFAIL" and took < 1
                asked += 1
            moments = [one.at for one in upstream.heard("bad.example.net")]
            rounds = [after - before for before, after in zip(moments, moments[1:]) if after - before > 0.5]
            assert asked > 100 and 1 <= len(rounds) <= 4, f"{asked} questions, pauses {rounds}"
            assert rounds[0] > 0.9 and rounds == sorted(rounds), rounds
            upstream.behave = truth
            eventually(lambda: ask(dnsd.dns, "bad.example.net").of("A"), 35)


def test_an_upstream_without_edns(tmp_path):
    """F79: with a clock that the test moves."""
    clock = FakeTime(tmp_path / "offset", monotonic=True)

    def no_edns(asked):
        return reply(asked, rcode="FORMERR", opt=False) if asked.edns else truth(asked)

    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(MisbehavingDns(no_edns))
        dnsd = stack.enter_context(Dnsd(options={"upstream": [upstream.address]}, env=clock.environment))
        for name, transports in (("one", [True, False]), ("two", [False]), ("three", [False])):
            assert ask(dnsd.dns, f"{name}.example.net").of("A")
            assert [bool(asked.edns) for asked in upstream.heard(f"{name}.example.net")] == transports
        clock.move(16 * 60)
        upstream.behave = truth
        eventually(lambda: ask(dnsd.dns, "four.example.net").of("A"))
        assert upstream.heard("four.example.net")[0].edns
