# Signpost. Apache-2.0; see LICENSE.
"""Who may have names forwarded (`--allow-recursion`), and what the others are told.

- To others: REFUSED with extended error 18 for a foreign name, whatever the cache holds; the own zones as usual; RA never. The
  upstream is not asked.
- To those who may: RA in every answer to a query, if anything can be forwarded.
- RD=0 for a foreign name: REFUSED with extended error 20, to everybody (W62).
- A CNAME out of a zone is followed for those who may only.
"""
import pytest

from protection_client import Client, ede
from support.wait import eventually

STRANGER, TRUSTED = Client("127.0.0.2"), Client("127.0.0.1")
FOREIGN = "www.foreign.test"
OWN = [("www.example.test", "A"), ("nope.example.test", "A"), ("consul", "SOA"), ("example.test", "AXFR"), ("localhost", "A")]
PROHIBITED, NOT_AUTHORITATIVE = 18, 20


@pytest.fixture
def dnsd(start, upstream):
    return start(upstream=[upstream.address], allow_recursion=["127.0.0.1/32"])


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_a_stranger_gets_nothing_forwarded(dnsd, upstream, tcp):
    for _ in range(2):  # then it is in the cache
        reply = STRANGER.ask(dnsd.dns, FOREIGN, tcp=tcp, edns=1232)
        assert (reply.rcode, ede(reply), reply.answer) == ("REFUSED", PROHIBITED, []), reply
        assert reply.flags == {"RD"}, reply
        assert upstream.count(FOREIGN) == 0
        assert TRUSTED.ask(dnsd.dns, FOREIGN, tcp=tcp).of("A") == ["203.0.113.80"]
        upstream.forget()


@pytest.mark.parametrize("kind", ["ANY", "TXT", "NS"])
def test_whatever_the_type(dnsd, upstream, kind):
    assert STRANGER.ask(dnsd.dns, FOREIGN, kind).rcode == "REFUSED"
    assert upstream.count(FOREIGN) == 0


@pytest.mark.parametrize("name, kind", OWN)
def test_recursion_is_promised_to_those_who_may(dnsd, name, kind):
    for rd in (0, 1):
        trusted, stranger = (client.ask(dnsd.dns, name, kind, rd=rd) for client in (TRUSTED, STRANGER))
        assert trusted.flags == stranger.flags | {"RA"} and "RA" not in stranger.flags, (trusted, stranger)
        assert sorted(trusted.answer) == sorted(stranger.answer) and trusted.rcode == stranger.rcode


def test_nothing_is_promised_without_an_upstream(start):
    dnsd = start(allow_recursion=["127.0.0.1/32"])
    for name, kind in [*OWN, (FOREIGN, "A")]:
        assert "RA" not in TRUSTED.ask(dnsd.dns, name, kind).flags


def test_a_route_is_enough_for_the_promise(start, upstream):
    dnsd = start(forward=[f"foreign.test={upstream.address}"])
    assert "RA" in TRUSTED.ask(dnsd.dns, "www.example.test").flags
    assert TRUSTED.ask(dnsd.dns, FOREIGN).of("A") == ["203.0.113.80"]
    reply = TRUSTED.ask(dnsd.dns, "www.elsewhere.test", edns=1232)
    assert (reply.rcode, ede(reply)) == ("REFUSED", NOT_AUTHORITATIVE), reply


def test_recursion_not_desired(dnsd, upstream):
    assert TRUSTED.ask(dnsd.dns, FOREIGN).answer, "it is in the cache"
    for client in (TRUSTED, STRANGER):
        reply = client.ask(dnsd.dns, FOREIGN, rd=0, edns=1232)
        assert (reply.rcode, reply.answer) == ("REFUSED", []), reply
        assert ede(reply) == NOT_AUTHORITATIVE or client is STRANGER and ede(reply) == PROHIBITED
    assert upstream.count(FOREIGN, "A") == 1


def test_a_cname_out_of_the_zone(dnsd):
    assert TRUSTED.ask(dnsd.dns, "out.example.test").of("A") == ["203.0.113.80"]
    for client, rd in ((STRANGER, 1), (TRUSTED, 0), (STRANGER, 0)):
        reply = client.ask(dnsd.dns, "out.example.test", rd=rd)
        assert (reply.rcode, [r.type for r in reply.answer]) == ("NOERROR", ["CNAME"]), reply


@pytest.mark.parametrize("allowed, who", [
    (["127.0.0.0/8"], {"127.0.0.1", "127.0.0.2", "127.9.9.9"}),
    (["127.0.0.0/31", "127.9.0.0/16"], {"127.0.0.1", "127.9.9.9"}),
    (["any"], {"127.0.0.1", "127.0.0.2", "127.9.9.9"}),
    (["local"], {"127.0.0.1", "127.0.0.2", "127.9.9.9"}),
    (["10.0.0.0/8", "::/0"], set()),
])
def test_prefixes(start, upstream, allowed, who):
    dnsd = start(upstream=[upstream.address], allow_recursion=allowed)
    clients = ("127.0.0.1", "127.0.0.2", "127.9.9.9")
    assert {client for client in clients if Client(client).ask(dnsd.dns, FOREIGN).rcode == "NOERROR"} == who


def test_ipv6_clients(start, upstream):
    dnsd = start(upstream=[upstream.address], allow_recursion=["::1"], listen="::1")
    assert Client("::1").ask(dnsd.dns, FOREIGN).of("A") == ["203.0.113.80"]
    dnsd.reload(**{"allow-recursion": ["127.0.0.1", "2001:db8::/32"]})
    eventually(lambda: Client("::1").ask(dnsd.dns, FOREIGN).rcode == "REFUSED", 10, "the new set")


def test_a_reload_changes_who_may(dnsd):
    assert STRANGER.ask(dnsd.dns, FOREIGN).rcode == "REFUSED"
    dnsd.reload(**{"allow-recursion": ["127.0.0.2"]})
    eventually(lambda: STRANGER.ask(dnsd.dns, FOREIGN).of("A") == ["203.0.113.80"], 10, "the new set")
    assert TRUSTED.ask(dnsd.dns, FOREIGN).rcode == "REFUSED"
