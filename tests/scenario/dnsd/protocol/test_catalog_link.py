# Signpost. Apache-2.0; see LICENSE.
"""What the answers say about the link to Consul.

- W199: a datacenter that cannot be reached: SERVFAIL with extended error 23, as long as nothing of it is known.
- W204: the link is lost: known names are answered on with a TTL of at most 5 s and extended error 3 (19 with NXDOMAIN); after
  max-stale SERVFAIL with 14.
- W205: no catalog was ever seen: SERVFAIL with 14, so that the client asks its next server; never NXDOMAIN.
- While the link is there no answer has an extended error, and without EDNS none has one.
"""
import struct

import pytest

from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually

OPTION_EDE = 15
NAMES = ("web.service.consul", "absent.service.consul")
STALE, NOT_READY, STALE_NXDOMAIN, NETWORK_ERROR = 3, 14, 19, 23


@pytest.fixture
def consul():
    with FakeConsul() as fake:
        fake.register("web", "10.63.0.1", 80)
        yield fake


def test_the_link_is_lost(consul):
    with Dnsd(consul.url, {"service-ttl": {"*": "60s"}, "max-stale": "5s"}) as dnsd:
        eventually(lambda: [r.ttl for r in ask(dnsd.dns, "web.service.consul").answer] == [60], 10, "fresh answers")
        assert [reason(dnsd, name) for name in NAMES] == [None] * 2
        consul.stop()
        stale = eventually(lambda: _stale_answer(dnsd), 20, "short TTLs")
        assert 0 <= stale.answer[0].ttl <= 5
        assert [reason(dnsd, name) for name in NAMES] == [STALE, STALE_NXDOMAIN]
        assert ask(dnsd.dns, NAMES[0]).opt is None
        assert dnsd.metric("signpost_dns_stale_total") == 0, "those are forwarded answers"
        eventually(lambda: ask(dnsd.dns, NAMES[0]).rcode == "SERVFAIL", 30, "too old to be told")
        assert [ask(dnsd.dns, name).rcode for name in NAMES] == ["SERVFAIL"] * 2
        assert [reason(dnsd, name) for name in NAMES] == [NOT_READY] * 2


def _stale_answer(dnsd):
    reply = ask(dnsd.dns, NAMES[0])
    return reply if reply.answer and reply.answer[0].ttl <= 5 else None


@pytest.mark.parametrize("name", [*NAMES, "n1.node.consul"])
def test_nothing_was_ever_known(consul, name):
    consul.stop()
    with Dnsd(consul.url, ready=False) as dnsd:
        reply = eventually(lambda: _reply_or_none(dnsd, name), 10, "it answers")
        assert reply.rcode == "SERVFAIL" and not reply.answer
        assert reason(dnsd, name) == NOT_READY


def _reply_or_none(dnsd, name):
    try:
        return ask(dnsd.dns, name)
    except (OSError, NoReply):  # not listening yet
        return None


def test_a_datacenter_that_cannot_be_reached(consul):
    """The agent knows of dc2, and gets no word from it."""
    consul.datacenters.append("dc2")
    with Dnsd(consul.url) as dnsd:
        eventually(lambda: ask(dnsd.dns, "web.service.consul").of("A") == ["10.63.0.1"], 10, "the own datacenter")
        far = lambda: ask(dnsd.dns, "web.service.dc2.consul", edns=1232)
        reply = eventually(lambda: far() if far().rcode == "SERVFAIL" else None, 10, lambda: str(far()))
        assert not reply.answer and reason(dnsd, "web.service.dc2.consul") == NETWORK_ERROR, reply
        assert reason(dnsd, "web.service.consul") is None
        consul.register("web", "10.64.0.1", 80, datacenter="dc2")
        eventually(lambda: far().of("A") == ["10.64.0.1"], 40, lambda: str(far()))
        assert reason(dnsd, "web.service.dc2.consul") is None


def reason(dnsd, name):
    """The extended error's code, or None."""
    data = ask(dnsd.dns, name, edns=1232).opt.options.get(OPTION_EDE)
    return struct.unpack_from("!H", data)[0] if data else None
