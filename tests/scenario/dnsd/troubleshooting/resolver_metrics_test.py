# Signpost. Apache-2.0; see LICENSE.
"""The resolver on /metrics and /status.

Claims
- Every series is there from the start, with a type and a help text, whatever has happened; each upstream has its own.
- Questions add up: those of the threads = what the resolver was asked; asked = shared + cached + failed at once + sent or
  joined; replies by source add up to all replies.
- Timeouts, failures, stale answers and evictions are counted where they happen.
- /status shows routes, upstreams and the operator's zones.
"""
import collections

from support.ask import ask
from support.exposition import read_families
from support.misbehaving_dns import MisbehavingDns, truth
from support.wait import eventually

COUNTERS = ["questions", "shared", "cached", "mismatched", "other_case", "no_cookie", "bad_replies", "timeouts", "stale",
            "failures", "prefetches", "shed", "sent", "evicted", "upstream_tries"]
GAUGES = ["in_flight", "cache_bytes", "cache_entries", "upstream_up", "upstream_rtt_seconds"]


def families(dnsd):
    return {name: family for name, family in read_families(dnsd.get("/metrics").text).items()
            if name.startswith("signpost_resolver_")}


def value(dnsd, name, **labels):
    return int(dnsd.metric(f"signpost_resolver_{name}", **labels))


def test_all_series_from_the_start(start, upstream):
    dnsd = start(upstream=[upstream.address, "127.0.0.1:9"], forward=[f"corp.test={upstream.address}"])
    got = families(dnsd)
    expected = {f"signpost_resolver_{name}_total": "counter" for name in COUNTERS} | {
        f"signpost_resolver_{name}": "gauge" for name in GAUGES}
    assert {name: family.kind[0] for name, family in got.items()} == expected
    labels = collections.Counter(labels["upstream"] for _, labels, _ in got["signpost_resolver_upstream_up"].samples)
    assert labels == {upstream.address: 1, "127.0.0.1:9": 1}, "an upstream of two routes is one"
    outcomes = {labels["outcome"] for _, labels, _ in got["signpost_resolver_upstream_tries_total"].samples}
    assert outcomes == {"answered", "timed_out", "failed"}


def test_none_without_upstreams(start):
    got = families(start())
    assert "signpost_resolver_upstream_up" not in got
    assert got["signpost_resolver_questions_total"].samples[0][2] == 0


def test_questions_add_up(start, upstream):
    dnsd = start(upstream=[upstream.address], threads=4)
    names = [f"n{number % 25}.example.net" for number in range(200)]
    for name in names:
        assert ask(dnsd.dns, name).of("A")
    asked, cached, shared = (value(dnsd, f"{name}_total") for name in ("questions", "cached", "shared"))
    assert asked - cached - shared == upstream.count(kind="A") == 25
    assert asked == dnsd.metric("signpost_dns_parked_total")
    assert dnsd.metric("signpost_dns_sources_total", source="forwarded") == 200
    assert dnsd.metric("signpost_dns_sources_total") == dnsd.metric("signpost_dns_answers_total") == dnsd.metric(
        "signpost_dns_latency_seconds_count")
    assert value(dnsd, "cache_entries") == 25 and value(dnsd, "in_flight") == 0 and value(dnsd, "cache_bytes") > 25 * 64
    assert value(dnsd, "sent_total", transport="udp") >= 25 and value(dnsd, "sent_total", transport="tcp") == 0
    eventually(lambda: value(dnsd, "upstream_tries_total", outcome="answered") >= 25, 5, "the page follows")
    dnsd.get("/metrics")
    assert value(dnsd, "failures_total") == value(dnsd, "timeouts_total") == value(dnsd, "shed_total") == 0


def test_trouble_is_counted(start):
    with MisbehavingDns(lambda asked: truth(asked, ttl=1)) as upstream:
        dnsd = start(upstream=[upstream.address])
        assert ask(dnsd.dns, "www.example.net").of("A")
        upstream.behave = lambda asked: None
        assert ask(dnsd.dns, "silent.example.net").rcode == "SERVFAIL"
        assert value(dnsd, "failures_total") == 1
        assert value(dnsd, "timeouts_total") >= 1
        assert value(dnsd, "upstream_tries_total", outcome="timed_out") >= 1
        eventually(lambda: ask(dnsd.dns, "www.example.net").answer[0].ttl == 30, 10)
        assert value(dnsd, "stale_total") >= 1 and dnsd.metric("signpost_dns_stale_total") >= 1
        eventually(lambda: value(dnsd, "upstream_up") == 0, 10)
        status = dnsd.status()["resolver"]
        assert not status["upstreams"][0]["up"] and status["upstreams"][0]["trouble"]


def test_the_status(start, upstream):
    dnsd = start(upstream=[upstream.address], forward=["corp.test=192.0.2.53", "corp.test=192.0.2.54"])
    status = dnsd.status()["resolver"]
    assert status["routes"] == [{"zone": "corp.test.", "upstreams": ["192.0.2.53:53", "192.0.2.54:53"]},
                                {"zone": ".", "upstreams": [upstream.address]}]
    assert {one["address"] for one in status["upstreams"]} == {upstream.address, "192.0.2.53:53", "192.0.2.54:53"}
    assert status["zones"] == ["example.test."]
