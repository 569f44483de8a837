# Signpost. Apache-2.0; see LICENSE.
"""F74: what is asked for often is asked upstream again before it ends.

Claims
- At 90 % of the TTL, one question, and no client waits; the TTL starts anew.
- Not for a TTL under 10 s, not for a name that was asked once, not with --prefetch=false.
"""
import time

from support.ask import ask
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns, Act, truth
from support.wait import eventually

TTL = 10


def until(moment):
    eventually(lambda: time.monotonic() >= moment, 15)


def behave(asked):
    """A refresh takes its time: nobody may notice."""
    return Act(truth(asked, ttl=8 if asked.name.startswith("brief") else TTL), after=0.3 if asked.number > 1 else 0)


def test_prefetch():
    with MisbehavingDns(behave) as upstream:
        options = {"upstream": [upstream.address], "threads": 2}  # of six lookups one thread has three at least
        with Dnsd(options=options) as dnsd, Dnsd(options={**options, "prefetch": False}) as without:
            began = time.monotonic()
            for name, times in (("often", 12), ("once", 1), ("brief", 12)):
                for _ in range(times):
                    assert ask(dnsd.dns, f"{name}.example.net").of("A")
            for _ in range(12):
                assert ask(without.dns, "without.example.net").of("A")
            until(began + 7.4)
            assert ask(dnsd.dns, "brief.example.net").of("A")
            until(began + 9.2)
            for server, name, times in ((dnsd, "often", 6), (dnsd, "once", 1), (without, "without", 6)):
                for _ in range(times):
                    asked = time.monotonic()
                    assert ask(server.dns, f"{name}.example.net").of("A")
                    assert time.monotonic() - asked < 0.2
            eventually(lambda: upstream.count("often.example.net") == 2, 1)
            until(began + 9.75)
            assert upstream.count("brief.example.net") == upstream.count("once.example.net") == 1
            assert upstream.count("without.example.net") == 1
            until(began + 10.3)
            asked = time.monotonic()
            got = ask(dnsd.dns, "often.example.net")
            assert time.monotonic() - asked < 0.2 and 7 <= got.answer[0].ttl <= TTL
            assert upstream.count("often.example.net") == 2
