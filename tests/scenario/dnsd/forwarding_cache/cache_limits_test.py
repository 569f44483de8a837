# Signpost. Apache-2.0; see LICENSE.
"""What bounds the life of an answer.

Claims
- --cache-min-ttl keeps short answers longer, --cache-max-ttl and --cache-max-negative-ttl cut long ones; what clients see is
  what is kept.
- F80, F45: --cache-size bounds what is kept, answers of more than 16 kB are not, and what is often asked for stays.
- F47: what is cached does not care when somebody sets the clock.
- F88: a chain of too many CNAMEs is SERVFAIL with EDE 24, for a while.
"""
import struct

from support.ask import ask
from support.dnsd import Dnsd
from support.faketime import FakeTime
from support.misbehaving_dns import OPTION_EDE, MisbehavingDns, reply, soa, truth
from support.wait import eventually


def ttl_of(got):
    return (got.answer or got.authority)[0].ttl


def test_ttl_bounds():
    def behave(asked):
        if asked.name.startswith("short"):
            return truth(asked, ttl=1)
        if asked.name.startswith("long"):
            return truth(asked, ttl=7200)
        return reply(asked, rcode="NXDOMAIN", authority=[soa(asked, 600, 600)])

    options = {"cache-min-ttl": "5s", "cache-max-ttl": "60s", "cache-max-negative-ttl": "20s"}
    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address], **options}) as dnsd:
        assert ttl_of(ask(dnsd.dns, "long.example.net")) in (59, 60)
        assert ttl_of(ask(dnsd.dns, "none.example.net")) in (19, 20)
        assert ttl_of(ask(dnsd.dns, "short.example.net")) in (4, 5)
        seen = set()
        eventually(lambda: (seen.add(ttl_of(ask(dnsd.dns, "short.example.net"))) or min(seen) <= 2), 5)
        assert upstream.count("short.example.net") == 1


def test_the_clock_is_set(tmp_path):
    clock = FakeTime(tmp_path / "offset")
    with MisbehavingDns() as upstream, Dnsd(options={"upstream": [upstream.address]}, env=clock.environment) as dnsd:
        assert ask(dnsd.dns, "clock.example.net").of("A")
        for seconds in (86400, -86400, 0):
            clock.move(seconds)
            for _ in range(6):
                assert 290 <= ttl_of(ask(dnsd.dns, "clock.example.net")) <= 300
            assert ask(dnsd.dns, f"clock{seconds}.example.net".replace("-", "m")).of("A")
        assert upstream.count("clock.example.net") == 1


def test_big_answers_are_not_kept():
    texts = [f'@ 300 TXT "{letter * 250}"' for letter in "abcdefghijklmnopqrstuvwxyz"]

    def behave(asked):
        if asked.transport == "udp":
            return reply(asked, flags=0x8380)
        return reply(asked, [f"{line} {line[10:]} {line[10:]}" for line in texts] if asked.name.startswith("big") else texts)

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        for name, times in (("big.example.net", 2), ("small.example.net", 1)):
            for _ in range(2):
                assert len(ask(dnsd.dns, name, "TXT", tcp=True).answer) >= 26
            assert upstream.count(name, transport="tcp") == times


def test_the_cache_is_bounded_and_keeps_what_is_used():
    with MisbehavingDns() as upstream:
        with Dnsd(options={"upstream": [upstream.address], "cache-size": 1 << 20, "threads": 1}) as dnsd:
            popular = [f"popular{number}.example.net" for number in range(20)]
            for turn in range(100):
                for name in popular:
                    assert ask(dnsd.dns, name).of("A")
                for number in range(40):
                    assert ask(dnsd.dns, f"r{turn}-{number}.example.net", "TXT").of("TXT")
            asked = [upstream.count(name) for name in popular]
            assert sum(asked) <= 3 * len(popular), asked
            again = [f"r{turn}-{number}.example.net" for turn in range(0, 100, 10) for number in range(40)]
            before = upstream.count()
            for name in again:
                ask(dnsd.dns, name, "TXT")
            assert upstream.count() - before > 100, "4,000 answers are in 1 MiB"


def test_too_many_aliases():
    def behave(asked):
        number = int(asked.name.split(".")[0][1:]) if asked.name.endswith("example.net") else 0
        return reply(asked, [f"@ 300 CNAME c{number + 1}.example.net"])

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        got = ask(dnsd.dns, "c0.example.net", edns=1232)
        assert got.rcode == "SERVFAIL" and struct.unpack_from("!H", got.opt.options[OPTION_EDE])[0] == 24, str(got)
        sent = upstream.count()
        assert sent <= 20
        assert ask(dnsd.dns, "c0.example.net").rcode == "SERVFAIL" and upstream.count("c0.example.net") == 1
