# Signpost. Apache-2.0; see LICENSE.
"""Cookies for upstreams, --upstream-cookies (F05, RFC 7873).

Claims
- Without the option questions carry none. With it each upstream gets one of its own, and its own part back.
- A forged reply with the right port and id, but without the cookie, is not believed: the truth arrives, over UDP or TCP.
- An upstream that loses its cookies says so over TCP, and is believed from then on; the log says it once. Without TCP it is not
  believed, and the log says so too.
- TCP that was asked for another reason does not end the protection.
- An upstream that sends back other cookies is asked by TCP, and keeps its EDNS.
- BADCOOKIE is followed once over UDP, then over TCP.
- An upstream that wants no EDNS gets none, and one that knows no cookies is believed without.
- dnsd as its own upstream: it takes part in cookies, and nothing has to be asked twice.
"""
import concurrent.futures
import contextlib

from forger import Forger
from support.ask import ask, option
from support.dnsd import Dnsd
from support.misbehaving_dns import QR, RA, RD, TC, MisbehavingDns, reply, true_address, truth
from support.private_network import PrivateNetwork
from support.wait import eventually

COOKIE, BADCOOKIE = 10, 23
FORGED = "192.0.2.66"
SERVER, NEW_SERVER = b"server's", b"another of the server's own....."
WARNING = "replied without our cookie"
SENT, NO_COOKIE = "signpost_resolver_sent_total", "signpost_resolver_no_cookie_total"


def cookie(asked, server=SERVER):
    return option(COOKIE, asked.options[COOKIE][:8] + server)


def with_cookie(asked):
    """The truth, from an upstream that knows cookies."""
    return reply(asked, [f"@ 300 A {true_address(asked.name)}"], options=cookie(asked) if COOKIE in asked.options else b"")


def forgery(asked, **words):
    return reply(asked, [f"@ 86400 A {FORGED}"], **words)


@contextlib.contextmanager
def forwarding(behave, on=True):
    options = {"upstream-cookies": True} if on else {}
    with MisbehavingDns(behave) as upstream, \
         Dnsd(options={"upstream": [upstream.address], "prefetch": False, **options}) as dnsd:
        yield upstream, dnsd


def ask_many(dnsd, *numbers):
    for number in numbers:
        assert ask(dnsd.dns, f"n{number}.example.net").of("A") == [true_address(f"n{number}.example.net")]


def cookies(upstream, transport=None):
    """What came of clients' questions, in order."""
    return [one.options.get(COOKIE) for one in upstream.heard(transport=transport) if one.name.endswith("example.net")]


def test_without_the_option():
    with forwarding(truth, on=False) as (upstream, dnsd):
        ask_many(dnsd, *range(5))
        assert cookies(upstream) == [None] * 5


def test_each_upstream_has_its_own():
    with MisbehavingDns(with_cookie) as one, MisbehavingDns(with_cookie) as two, \
         Dnsd(options={"forward": [f"one.example.net={one.address}", f"two.example.net={two.address}"],
                       "upstream-cookies": True}) as dnsd:
        for name in ("a.one", "b.one", "a.two", "b.two"):
            assert ask(dnsd.dns, f"{name}.example.net").of("A")
        first, second = cookies(one), cookies(two)
        assert len(first[0]) == len(second[0]) == 8 and first[0] != second[0]
        assert first[1] == first[0] + SERVER and second[1] == second[0] + SERVER
        assert dnsd.metric(SENT, transport="tcp") == 0


def test_another_process_has_another():
    seen = set()
    for _ in range(2):
        with forwarding(with_cookie) as (upstream, dnsd):
            ask_many(dnsd, 1)
            seen.add(cookies(upstream)[0])
    assert len(seen) == 2


def test_a_forged_reply():
    """The upstream keeps silent over UDP until the forger has spoken, and takes no TCP."""
    def behave(asked):
        return None if asked.name.startswith("target") else with_cookie(asked)

    with PrivateNetwork(), forwarding(behave) as (upstream, dnsd), Forger(upstream.host, upstream.port) as forger, \
         concurrent.futures.ThreadPoolExecutor(1) as pool:
        upstream.close_tcp()
        ask_many(dnsd, 1)
        for number in range(5):
            name = f"target{number}.example.net"
            client = pool.submit(ask, dnsd.dns, name)
            first = eventually(lambda: upstream.heard(name), 2, every=0.001)[0]
            before = dnsd.metric("signpost_resolver_mismatched_total")
            guessed = option(COOKIE, bytes(8) + SERVER)
            for words in ({}, {"opt": False}, {"options": guessed}, {"rcode": "FORMERR"}):
                forged = forgery(first, **words)
                forger.send(forged, first.port, [first.id])
            eventually(lambda: dnsd.metric("signpost_resolver_mismatched_total") - before >= 4, 2)
            upstream.send(with_cookie(first), first.port)
            assert client.result().of("A") == [true_address(name)]
            assert ask(dnsd.dns, name).of("A") == [true_address(name)]
        assert dnsd.metric(NO_COOKIE) == 20


def test_with_the_cookie_the_forger_would_win():
    """The tool works, so the test above can fail."""
    name = "target.example.net"
    with PrivateNetwork(), forwarding(lambda asked: None if asked.name == name else with_cookie(asked)) as (upstream, dnsd), \
         Forger(upstream.host, upstream.port) as forger, concurrent.futures.ThreadPoolExecutor(1) as pool:
        ask_many(dnsd, 1)
        client = pool.submit(ask, dnsd.dns, name)
        first = eventually(lambda: upstream.heard(name), 2, every=0.001)[0]
        forger.send(forgery(first, options=cookie(first)), first.port, [first.id])
        assert client.result().of("A") == [FORGED]


def test_an_upstream_that_loses_its_cookies():
    with forwarding(with_cookie) as (upstream, dnsd):
        ask_many(dnsd, 1, 2)
        upstream.behave = truth
        ask_many(dnsd, *range(3, 9))
        assert len(cookies(upstream, "tcp")) == 1 and dnsd.metric(NO_COOKIE) == 1
        assert dnsd.log().count(WARNING) == 1
        assert [len(one) for one in cookies(upstream, "udp")[-5:]] == [8] * 5
        upstream.behave = with_cookie
        ask_many(dnsd, 10, 11)
        assert cookies(upstream)[-1].endswith(SERVER)


def test_an_upstream_that_loses_its_cookies_and_takes_no_tcp():
    with forwarding(with_cookie) as (upstream, dnsd):
        ask_many(dnsd, 1)
        upstream.close_tcp()
        upstream.behave = truth
        for number in (2, 3):
            assert ask(dnsd.dns, f"n{number}.example.net", timeout=5).rcode == "SERVFAIL"
        assert dnsd.log().count(WARNING) == 1


def test_tcp_for_another_reason():
    def truncating(asked):
        if asked.transport == "tcp":
            return truth(asked)
        return reply(asked, flags=QR | RD | RA | TC, options=cookie(asked) if COOKIE in asked.options else b"")

    with forwarding(with_cookie) as (upstream, dnsd):
        ask_many(dnsd, 1)
        upstream.behave = truncating
        ask_many(dnsd, 2)
        upstream.behave = lambda asked: with_cookie(asked) if asked.transport == "tcp" else forgery(asked)
        ask_many(dnsd, 3, 4)
        assert len(cookies(upstream, "tcp")) == 3 and dnsd.metric(NO_COOKIE) == 2


def test_an_upstream_with_other_cookies():
    def mixed_up(asked):
        return reply(asked, [f"@ 300 A {true_address(asked.name)}"], options=option(COOKIE, b"not ours" + SERVER))

    with forwarding(mixed_up) as (upstream, dnsd):
        ask_many(dnsd, *range(5))
        assert [len(one) for one in cookies(upstream)] == [8] * 10 and len(cookies(upstream, "tcp")) == 5


def test_bad_cookie():
    def behave(asked):
        if COOKIE not in asked.options:  # a probe
            return truth(asked)
        if asked.transport == "tcp" or asked.options[COOKIE].endswith(NEW_SERVER) and not asked.name.startswith("n9"):
            return with_cookie(asked)
        return reply(asked, rcode=BADCOOKIE, options=cookie(asked, NEW_SERVER))

    with forwarding(behave) as (upstream, dnsd):
        ask_many(dnsd, 1)
        assert [one[8:] for one in cookies(upstream)] == [b"", NEW_SERVER]
        ask_many(dnsd, 9)
        assert [one.transport for one in upstream.heard("n9.example.net")] == ["udp", "udp", "tcp"]


def test_an_upstream_without_edns():
    with forwarding(lambda asked: reply(asked, rcode="FORMERR", opt=False) if asked.edns else truth(asked)) as (upstream, dnsd):
        ask_many(dnsd, *range(5))
        assert cookies(upstream)[1:] == [None] * 5 and not cookies(upstream, "tcp")


def test_an_upstream_without_cookies():
    with forwarding(truth) as (upstream, dnsd):
        ask_many(dnsd, *range(5))
        assert [len(one) for one in cookies(upstream)] == [8] * 5 and not cookies(upstream, "tcp")


def test_dnsd_in_front_of_dnsd():
    with MisbehavingDns() as behind, Dnsd(options={"upstream": [behind.address]}) as middle, \
         Dnsd(options={"upstream": [f"127.0.0.1:{middle.dns_port}"], "upstream-cookies": True, "upstream-0x20": True,
                       "prefetch": False}) as front:
        ask_many(front, *range(30))
        assert front.metric(SENT, transport="udp") == 30 and front.metric(SENT, transport="tcp") == 0
        assert front.metric("signpost_resolver_mismatched_total") == 0
