# Signpost. Apache-2.0; see LICENSE.
"""What the answers say about the link to Consul.

- W204: the link is lost: known names are answered on with a TTL of at most 5 s, and SERVFAIL after max-stale.
- W205: no catalog was ever seen: SERVFAIL, so that the client asks its next server; never NXDOMAIN.
"""
import pytest

from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually


@pytest.fixture
def consul():
    with FakeConsul() as fake:
        fake.register("web", "10.63.0.1", 80)
        yield fake


def test_the_link_is_lost(consul):
    with Dnsd(consul.url, {"service-ttl": {"*": "60s"}, "max-stale": "5s"}) as dnsd:
        eventually(lambda: [r.ttl for r in ask(dnsd.dns, "web.service.consul").answer] == [60], 10, "fresh answers")
        consul.stop()
        stale = eventually(lambda: _stale_answer(dnsd), 20, "short TTLs or SERVFAIL")
        assert stale.rcode == "SERVFAIL" or 0 <= stale.answer[0].ttl <= 5
        eventually(lambda: ask(dnsd.dns, "web.service.consul").rcode == "SERVFAIL", 30, "too old to be told")
        assert ask(dnsd.dns, "absent.service.consul").rcode == "SERVFAIL"


def _stale_answer(dnsd):
    reply = ask(dnsd.dns, "web.service.consul")
    return reply if reply.rcode == "SERVFAIL" or reply.answer[0].ttl <= 5 else None


@pytest.mark.parametrize("name", ["web.service.consul", "absent.service.consul", "n1.node.consul"])
def test_nothing_was_ever_known(consul, name):
    consul.stop()
    with Dnsd(consul.url, ready=False) as dnsd:
        reply = eventually(lambda: _reply_or_none(dnsd, name), 10, "it answers")
        assert reply.rcode == "SERVFAIL" and not reply.answer


def _reply_or_none(dnsd, name):
    try:
        return ask(dnsd.dns, name)
    except (OSError, NoReply):  # not listening yet
        return None
