# Signpost. Apache-2.0; see LICENSE.
"""A day of random queries in ten minutes (SIGNPOST_LONG=1), or the first 15 seconds of it.

Claims: names that nobody asked for before and names that everybody asks for, of all types, TTLs and sizes; upstream silence,
failures and truncation among them
- Every question is answered, within 3.5 s and rightly.
- Memory: what dnsd has in use grows by no more than --cache-size and a constant, and not at all once the cache is full.
- Descriptors stay few; the counters balance: received = answered + dropped + waiting.
"""
import math
import os
import pathlib
import re

from burst import Burst
from fast_upstream import FastUpstream
from support.ask import ask
from support.dnsd import Dnsd
from support.gauge import LONG
from support.wait import eventually

SECONDS = 600 if LONG else 15
CACHE = (32 << 20) if LONG else (4 << 20)
SANITIZED = os.environ.get("SIGNPOST_BUILD") in ("asan", "tsan")
# For questions under way, sockets, what the allocator keeps; a sanitizer keeps marks around each piece of memory.
CONSTANT = (192 if SANITIZED else 32) << 20
ROUNDS = 5
# Memory that is given back is used again soon, as it is without sanitizer.
ENVIRONMENT = {"ASAN_OPTIONS": ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=4")))}


def resident(dnsd):
    text = pathlib.Path(f"/proc/{dnsd.pid}/status").read_text()
    return 1024 * int(re.search(r"^VmRSS:\s+(\d+) kB", text, re.M)[1])


def descriptors(dnsd):
    return len(os.listdir(f"/proc/{dnsd.pid}/fd"))


def total(dnsd, name, **labels):
    return dnsd.metric(f"signpost_dns_{name}", **labels)


def test_a_day_of_random_queries(seed, note):
    with FastUpstream() as upstream, Dnsd(options={"upstream": [upstream.address], "cache-size": CACHE}, env=ENVIRONMENT) as dnsd:
        eventually(lambda: ask(dnsd.dns, "first.example.net").rcode != "SERVFAIL", 10)
        before, files = resident(dnsd), descriptors(dnsd)
        received = total(dnsd, "queries_total", transport="udp")
        burst, sizes = Burst(dnsd.dns, seed), []
        for _ in range(ROUNDS):
            burst.run(SECONDS / ROUNDS)
            sizes.append((resident(dnsd) - before) / (1 << 20))
            assert dnsd.metric("signpost_resolver_cache_bytes") <= CACHE
        burst.end()
        asked, lost = burst.asked, burst.lost
        note(f"random queries: {asked} in {SECONDS} s ({asked / SECONDS:.0f}/s), rcodes {dict(burst.seen)}, {len(lost)} lost, "
             f"slowest {burst.slowest:.2f} s; memory grew by {', '.join(f'{size:.1f}' for size in sizes)} MiB, cache {CACHE >> 20} MiB")
        assert not burst.wrong, "\n".join(burst.wrong[:10])
        assert len(lost) <= math.ceil(asked / 20000), f"{len(lost)} of {asked} not answered: {lost[:5]}"
        assert burst.seen[2] <= asked * 0.02 and burst.slowest < 4.5
        assert sizes[-1] * (1 << 20) < (4 if SANITIZED else 2) * CACHE + CONSTANT
        assert sizes[-1] - sizes[1] < CACHE / (1 << 20) + (32 if SANITIZED else 4), "it goes on growing"
        assert_balance(dnsd, asked + received)
        eventually(lambda: descriptors(dnsd) <= files + 80, 30, lambda: f"{descriptors(dnsd)} descriptors, {files} at first")


def assert_balance(dnsd, asked):
    eventually(lambda: total(dnsd, "waiting") == 0, 10)
    received = total(dnsd, "queries_total", transport="udp")
    assert received == total(dnsd, "answers_total", transport="udp") + total(dnsd, "drops_total", transport="udp")
    assert asked * 0.9999 - 2 <= received <= asked, f"{received} of {asked}"
    sums = [total(dnsd, name) for name in ("answers_total", "rcodes_total", "types_total", "latency_seconds_count")]
    assert len(set(sums)) == 1, sums
    assert dnsd.metric("signpost_resolver_in_flight") == 0 and dnsd.metric("signpost_resolver_evicted_total") > 0
