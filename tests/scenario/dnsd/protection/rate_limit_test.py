# Signpost. Apache-2.0; see LICENSE.
"""Response rate limiting and the cookies that lift it. Networks are of 24 bits; trusted is who may recurse. Needs root, for
strangers of a network of its own.

- Over the rate every second UDP answer is an empty one with TC, the others are not sent, and both are counted; over TCP there is
  no limit. Other networks, and trusted clients, notice nothing. After a pause answers come again.
- Clients on loopback are never limited, trusted or not: they are the host itself.
- W115: a cookie of this server for this address lifts the limit.
- W114: one that is not ours, of another address, or only the client's part, does not.
- W119: nor does one older than an hour or more than five minutes in the future.
- `--cookies=false` gives none and believes none; `--rate-limit 0` limits nobody; a reload changes both.
"""
import functools
import os

import pytest

from protection_client import CLIENT_COOKIE, COOKIE, Client
from support.ask import build, option
from support.faketime import FakeTime
from support.private_network import PrivateNetwork
from support.wait import eventually

NAME = "www.example.test"
SERVER, LOOPBACK = "198.18.0.1", "127.0.0.2"
STRANGER, NEIGHBOUR, ELSEWHERE, TRUSTED = CLIENTS = [*map(Client, ("198.18.0.2", "198.18.0.3", "198.18.9.2", "198.18.7.1"))]
RATE, BURST, FLOOD = 5, 10, 200
SETTINGS = {"allow_recursion": [f"{TRUSTED.address}/32"], "rate_limit": RATE}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")


@pytest.fixture
def network():
    with PrivateNetwork() as network:
        for address in (SERVER, *(client.address for client in CLIENTS)):
            network.add_address(address)
        yield network


@pytest.fixture
def start(network, start):
    return functools.partial(start, listen=SERVER)


def whole(replies):
    return [reply for reply in replies if "TC" not in reply.flags]


def is_limited(replies):
    """A flood got what the rate allows and not much more, which time may have added."""
    return BURST // 2 <= len(whole(replies)) <= FLOOD // 2


def is_unlimited(replies):
    return len(whole(replies)) == FLOOD


def test_a_flood(start):
    dnsd = start(**SETTINGS)
    replies = STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232)
    assert is_limited(replies), len(whole(replies))
    slipped = [reply for reply in replies if "TC" in reply.flags]
    over = FLOOD - len(whole(replies))
    assert abs(len(slipped) - over / 2) <= 3, f"{len(slipped)} of {over} have TC"
    for reply in slipped:
        assert not reply.answer and not reply.authority and reply.rcode == "NOERROR" and reply.opt, reply
        assert reply.size <= len(build(NAME, edns=1232)), "it makes no flood larger"
    assert dnsd.metric("signpost_dns_drops_total", reason="rate", transport="udp") == FLOOD - len(replies)
    assert dnsd.metric("signpost_dns_slipped_total") == len(slipped)
    received, answered, dropped = (dnsd.metric(f"signpost_dns_{name}_total", transport="udp")
                                   for name in ("queries", "answers", "drops"))
    assert received == answered + dropped >= FLOOD


def test_who_is_not_limited(start):
    dnsd = start(**SETTINGS)
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME))
    assert len(STRANGER.ask(dnsd.dns, NAME, tcp=True).answer) == 2
    assert len(whole(NEIGHBOUR.flood(dnsd.dns, FLOOD, NAME))) < BURST, "of the same network"
    assert ELSEWHERE.flood(dnsd.dns, 1, NAME)[0].answer
    assert is_unlimited(TRUSTED.flood(dnsd.dns, FLOOD, NAME))


@pytest.mark.parametrize("address, listen", [("127.0.0.1", SERVER), (LOOPBACK, SERVER), (LOOPBACK, "127.0.0.1"), ("::1", "::1")])
def test_loopback_is_never_limited(start, address, listen):
    """Nobody else can send from there; a flood of the host's own programs is not reflected to anybody."""
    dnsd = start(listen=listen, **SETTINGS)
    assert is_unlimited(Client(address).flood(dnsd.dns, FLOOD, NAME))
    assert dnsd.metric("signpost_dns_drops_total", reason="rate", transport="udp") == 0
    if listen == SERVER:
        assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME)), "the limit is on"


def test_it_ends(start):
    dnsd = start(**SETTINGS)
    STRANGER.flood(dnsd.dns, FLOOD, NAME)
    eventually(lambda: len(whole(STRANGER.flood(dnsd.dns, 5, NAME))) == 5, 10, "answers come again", every=1.0)


@pytest.mark.parametrize("name, kind", [("nope.example.test", "A"), ("www.foreign.test", "A"), ("consul", "SOA"), ("id.server", "A")])
def test_whatever_the_answer(start, name, kind):
    dnsd = start(**SETTINGS)
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, name, kind))


def test_a_cookie_lifts_the_limit(start):
    dnsd = start(**SETTINGS)
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=option(COOKIE, CLIENT_COOKIE)))
    cookie = STRANGER.cookie(dnsd.dns)
    assert is_unlimited(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=cookie))
    assert len(whole(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232))) < BURST, "without it the limit still holds"


def test_every_thread_knows_the_cookie(start):
    """A cookie of one thread is good at all of them: each socket is served by one."""
    dnsd = start(**SETTINGS | {"threads": 4})
    cookie = STRANGER.cookie(dnsd.dns)
    for _ in range(8):
        asked = [STRANGER.ask(dnsd.dns, NAME, edns=1232, options=cookie) for _ in range(3 * BURST)]
        assert not any("TC" in reply.flags for reply in asked)


@pytest.mark.parametrize("wrong", ["another server's", "another client's", "another address's", "an old layout"])
def test_a_wrong_cookie_lifts_nothing(start, wrong):
    dnsd = start(**SETTINGS)
    good = STRANGER.cookie(dnsd.dns)
    cookie = {"another server's": good[:-1] + bytes([good[-1] ^ 1]),
              "another client's": good[:4] + bytes(8) + good[12:],
              "another address's": NEIGHBOUR.cookie(dnsd.dns),
              "an old layout": option(COOKIE, good[4:12] + good[-8:])}[wrong]
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=cookie))


@pytest.mark.parametrize("seconds, good", [(3500, True), (3700, False), (-200, True), (-400, False)])
def test_the_age_of_a_cookie(start, tmp_path, seconds, good):
    clock = FakeTime(tmp_path / "clock")
    dnsd = start(env=clock.environment, **SETTINGS)
    cookie = STRANGER.cookie(dnsd.dns)
    clock.move(seconds)
    replies = STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=cookie)
    assert is_unlimited(replies) if good else is_limited(replies), len(whole(replies))


def test_switched_off_and_on(start):
    dnsd = start(**SETTINGS | {"rate_limit": 0, "cookies": False})
    assert is_unlimited(STRANGER.flood(dnsd.dns, FLOOD, NAME))
    reply = STRANGER.ask(dnsd.dns, NAME, edns=1232, options=option(COOKIE, CLIENT_COOKIE))
    assert reply.answer and not reply.opt.options, reply
    dnsd.reload(**{"rate-limit": RATE, "cookies": True})
    given = lambda: TRUSTED.ask(dnsd.dns, NAME, edns=1232, options=option(COOKIE, CLIENT_COOKIE)).opt.options
    eventually(given, 10, "cookies are given")
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME))
    assert is_unlimited(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=STRANGER.cookie(dnsd.dns)))


def test_without_cookies_none_is_believed(start):
    dnsd = start(**SETTINGS)
    cookie = STRANGER.cookie(dnsd.dns)
    dnsd.reload(cookies=False)
    given = lambda: TRUSTED.ask(dnsd.dns, NAME, edns=1232, options=option(COOKIE, CLIENT_COOKIE)).opt.options
    eventually(lambda: not given(), 10, "no cookies are given")
    assert is_limited(STRANGER.flood(dnsd.dns, FLOOD, NAME, edns=1232, options=cookie))
