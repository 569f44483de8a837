# Signpost. Apache-2.0; see LICENSE.
"""F81: what is cached is dropped on demand, at once, in every thread: one name, a tree of names, all.

Claims
- POST /cache/flush?name=N drops the answers about N of every type and variant, and no others; letter case does not matter.
- With tree=true also those about the names below N; without name all of them.
- What was flushed is not served stale either.
- Nonsense is refused with 400 and changes nothing; GET does not flush.
"""
import pytest
import requests

from support.ask import ask
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns, reply, truth

NAMES = ["a.example.net", "x.a.example.net", "y.x.a.example.net", "xa.example.net", "example.net", "b.example.org"]


@pytest.fixture(scope="module")
def upstream():
    with MisbehavingDns() as server:
        yield server


@pytest.fixture(scope="module")
def dnsd(upstream):
    with Dnsd(options={"upstream": [upstream.address], "threads": 2}) as server:
        yield server


def fill(dnsd):
    """Each name is in the cache of each thread: which of them answers follows from the client's port."""
    for name in NAMES:
        for _ in range(12):
            for kind in ("A", "AAAA"):
                ask(dnsd.dns, name, kind)
        ask(dnsd.dns, name, edns=1232, do=1)


def flush(dnsd, query, method="POST"):
    return requests.request(method, f"{dnsd.url}/cache/flush{query}", timeout=5)


def asked_again(dnsd, upstream):
    """The names that dnsd asks for anew."""
    upstream.forget()
    fill(dnsd)
    counts = {name: upstream.count(name) for name in NAMES}
    assert set(counts.values()) <= {0, 3}, counts  # A, AAAA, A with DO
    return [name for name in NAMES if counts[name]]


@pytest.mark.parametrize("query, gone", [
    ("?name=a.example.net", NAMES[:1]),
    ("?name=A.Example.NET.", NAMES[:1]),
    ("?name=a.example.net&tree=true", NAMES[:3]),
    ("?name=example.net&tree=true", NAMES[:5]),
    ("?name=nothing.example.net", []),
    ("", NAMES)])
def test_flush(dnsd, upstream, query, gone):
    upstream.behave = truth
    fill(dnsd)
    answer = flush(dnsd, query)
    assert answer.status_code in (200, 204), answer.text
    assert asked_again(dnsd, upstream) == gone


def test_flushed_is_not_stale(dnsd, upstream):
    upstream.behave = truth
    fill(dnsd)
    flush(dnsd, "?name=a.example.net")
    upstream.behave = lambda asked: reply(asked, rcode="SERVFAIL")
    assert ask(dnsd.dns, "a.example.net").rcode == "SERVFAIL"
    upstream.behave = truth
    flush(dnsd, "?name=a.example.net")
    assert ask(dnsd.dns, "a.example.net").of("A")


@pytest.mark.parametrize("query", ["?name=" + "a" * 64 + ".net", "?name=a..b"])
def test_nonsense(dnsd, upstream, query):
    upstream.behave = truth
    fill(dnsd)
    assert flush(dnsd, query).status_code == 400
    assert asked_again(dnsd, upstream) == []


def test_reading_does_not_flush(dnsd, upstream):
    upstream.behave = truth
    fill(dnsd)
    assert flush(dnsd, "", "GET").status_code in (404, 405)
    assert asked_again(dnsd, upstream) == []
