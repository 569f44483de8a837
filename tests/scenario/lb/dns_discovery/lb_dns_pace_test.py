# Signpost. Apache-2.0; see LICENSE.
"""How often names are asked for: by their TTL, within bounds, give or take a tenth, and not all at once.

Claims
- The next question comes when the TTL ends, but not sooner than --dns-min-interval and not later than --dns-max-interval.
- The least TTL of a chain counts, CNAMEs included.
- What is new in an answer is used at once.
- Thousands of names cost one question each and TTL, spread over time, and next to no CPU.
"""
import time

import pytest

from lb_dns_stage import Stage
from support.dns_crowd import DnsCrowd
from support.lb import Lb
from support.program import binary
from support.wait import eventually

# 3 s stand for the minute beyond which no TTL counts.
PACE = {"dns-min-interval": "1s", "dns-max-interval": "3s", "dns-timeout": "1s"}
EARLY, LATE = 0.15, 1.0  # a busy host
NAMES = 2000


@pytest.fixture(scope="module")
def paced():
    """All names are there before lb starts; the cases read what was asked since."""
    cases = {"d09": {}, "d10": {}, "d11": {}, "d12a": {}, "d12b": {"port": 80}}
    with Stage(cases, PACE, start=False) as stage:
        dns = stage.dns
        stage.say("d09", (1, 1, "127.0.0.9:80"), ttl=2)
        stage.say("d10", (1, 1, "127.0.0.10:80"), ttl=0)
        stage.say("d11", (1, 1, "127.0.0.11:80"), ttl=86400)
        dns.set("end.example", "A", ["127.0.0.12"], ttl=86400)
        dns.set("alias.example", "CNAME", ["end.example."], ttl=2)
        dns.set("d12a.example", "SRV", ["1 1 80 alias.example."], ttl=86400)
        dns.set("d12b.example", "CNAME", ["end.example."], ttl=2)
        stage.start()
        yield stage


@pytest.mark.usefixtures("paced")  # whose times pass meanwhile
def test_D32_thousands_of_names(note):
    names = {f"s{number}": {"dns": f"s{number}.many.example"} for number in range(NAMES)}
    # An answer that a busy server owes for 2 s is not asked for again.
    with DnsCrowd() as crowd, Lb({"dns-timeout": "5s"}, names, dns=(crowd.host, crowd.port)) as lb:
        crowd.take()
        settled, deadline = time.monotonic() + 1.2, 20  # the first intervals are random
        eventually(lambda: time.monotonic() >= settled, deadline)
        crowd.take()
        began, cpu = time.monotonic(), lb.process.cpu_seconds()
        eventually(lambda: time.monotonic() >= began + 2.3, deadline)
        cpu = lb.process.cpu_seconds() - cpu
        seen = [entry for entry in crowd.take() if entry[0] >= began]
        seconds = time.monotonic() - began
    assert len({number for _, number in seen}) >= 0.98 * NAMES, "every name within 2.3 s, but for those whose answer was lost"
    rate = len(seen) / seconds
    # In questions that came together: all at once would leave nine of ten such slices of a second empty.
    slices = [0] * int(seconds * 10)
    for when, _ in seen:
        slices[min(int((when - began) * 10), len(slices) - 1)] += 1
    note(f"D32 {NAMES} names with TTL 1: {rate:.0f} questions/s, {100 * cpu / seconds:.1f} % of a core, "
         f"{min(slices)} to {max(slices)} in a tenth of a second")
    assert rate <= 2200
    assert sum(count >= NAMES / 40 for count in slices) >= len(slices) * 2 / 3, slices
    assert cpu / seconds < 0.5 or binary("lb").parts[-3] != "release"


@pytest.mark.parametrize("asked, rdtype, seconds, count", [
    pytest.param("d09.example", "SRV", 2, 2, id="D09 TTL"), pytest.param("d10.example", "SRV", 1, 4, id="D10 none"),
    pytest.param("d11.example", "SRV", 3, 1, id="D11 a day"), pytest.param("alias.example", "A", 2, 2, id="D12 target"),
    pytest.param("d12b.example", "A", 2, 2, id="D12 name")])
def test_intervals(paced, asked, rdtype, seconds, count):
    eventually(lambda: paced.dns.count(asked, rdtype) > count, 30, lambda: f"{paced.dns.questions(asked, rdtype)}")
    times = [question.at for question in paced.dns.questions(asked, rdtype)][:count + 1]
    least = seconds * (0.9 if asked != "d10.example" else 1)  # the shortest interval is never cut
    assert count * least - EARLY <= times[-1] - times[0] <= count * (seconds * 1.1 + LATE), times


def test_D09_news_are_used_with_the_answer_that_has_them(paced):
    paced.say_all("d09", ["127.0.0.9:80", "127.0.0.9:81"], ttl=2)
    said = time.monotonic()
    paced.lb.wait_endpoints("d09", "127.0.0.9:80", "127.0.0.9:81")
    assert time.monotonic() - said <= 2 * 1.1 + LATE
    assert len([question for question in paced.questions("d09") if question.at >= said]) <= 1
