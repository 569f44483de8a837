# Signpost. Apache-2.0; see LICENSE.
"""Random letter case in questions to upstreams, --upstream-0x20 (F04, 3.1 of the reference).

Claims
- Without the option questions are lower case, over UDP and TCP. With it letters over UDP are random, over TCP they are not.
- A forged reply with the right port and id, but other letters or no question, is not believed: the truth arrives, over UDP or TCP.
- An upstream that changes letters is found out, said once in the log, and asked without; its clients get the truth all along.
- Clients get their own letters back, from the upstream and from the cache, and never ours, in names of data neither.
- Behind dnsd Unbound and dnsmasq keep letters: nothing has to be asked twice.
"""
import concurrent.futures
import contextlib

import pytest

from forger import Forger
from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.misbehaving_dns import QR, RA, RD, TC, MisbehavingDns, reply, soa, true_address, truth
from support.ports import free_port
from support.private_network import PrivateNetwork
from support.process import Process
from support.wait import eventually, quiet

FORGED = "192.0.2.66"
MISMATCHED, OTHER_CASE = "signpost_resolver_mismatched_total", "signpost_resolver_other_case_total"
CHANGES = "changes the letter case of questions"
UNBOUND = """
server:
  chroot: ""
  username: ""
  directory: "."
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  interface: 127.0.0.1
  port: {port}
  module-config: "iterator"
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream}
"""


def letters(asked):
    """The question's name as it was sent, dots for the lengths of labels."""
    return "".join(chr(byte) if byte > 63 else "." for byte in asked.question[:-4])


def lowered(asked):
    return asked.question[:-4].lower() + asked.question[-4:]


def lower_casing(asked):
    """What an upstream does that knows no better."""
    return reply(asked, [f"@ 300 A {true_address(asked.name)}"], question=lowered(asked))


@contextlib.contextmanager
def forwarding(behave=truth, on=True):
    options = {"upstream-0x20": True} if on else {}
    with MisbehavingDns(behave) as upstream, \
         Dnsd(options={"upstream": [upstream.address], "prefetch": False, **options}) as dnsd:
        yield upstream, dnsd


def ask_many(dnsd, count):
    for number in range(count):
        name = f"name-with-letters-{number}.example.net"
        assert ask(dnsd.dns, name).of("A") == [true_address(name)]


def heard(upstream, transport=None):
    return [letters(one) for one in upstream.heard(transport=transport) if one.name.endswith("example.net")]


def truncating(asked):
    return truth(asked) if asked.transport == "tcp" else reply(asked, flags=QR | RD | RA | TC)


def test_without_the_option_letters_are_lower():
    with forwarding(truncating, on=False) as (upstream, dnsd):
        ask_many(dnsd, 20)
        assert len(heard(upstream)) == 40 and all(name.islower() for name in heard(upstream))


def test_letters_are_random_over_udp(note):
    with forwarding(truncating) as (upstream, dnsd):
        ask_many(dnsd, 200)
        sent = heard(upstream, "udp")
        upper = sum(letter.isupper() for name in sent for letter in name)
        all_letters = sum(letter.isalpha() for name in sent for letter in name)
        note(f"spoofing: {len({name[-12:] for name in sent})} ways to write example.net in {len(sent)} questions")
        assert len(sent) == 200 and 0.45 < upper / all_letters < 0.55
        assert len({name[-12:] for name in sent}) > 150  # of 1,024
        assert all(name.islower() for name in heard(upstream, "tcp"))
        assert dnsd.metric(MISMATCHED) == 0


def test_a_forged_reply_with_other_letters():
    """The upstream keeps silent over UDP until the forger has spoken, and takes no TCP."""
    def behave(asked):
        return None if asked.name.startswith("target") else truth(asked)

    with PrivateNetwork(), forwarding(behave) as (upstream, dnsd), \
         Forger(upstream.host, upstream.port) as forger, contextlib.ExitStack() as stack:
        upstream.close_tcp()
        ask_many(dnsd, 1)
        for number in range(5):
            name = f"target-with-letters-{number}.example.net"
            client = stack.enter_context(asking(dnsd, name))
            first = eventually(lambda: upstream.heard(name), 2, every=0.001)[0]
            forged = reply(first, [f"@ 86400 A {FORGED}"], question=lowered(first))
            before = dnsd.metric(OTHER_CASE)
            forger.send(reply(first, rcode="FORMERR", question=b"", opt=False), first.port, [first.id])
            forger.send(forged, first.port, [first.id] * 3)
            eventually(lambda: dnsd.metric(OTHER_CASE) - before >= 3, 2)
            upstream.send(truth(first), first.port)
            assert client().of("A") == [true_address(name)]
            assert ask(dnsd.dns, name).of("A") == [true_address(name)]
        assert CHANGES not in dnsd.log()


def test_with_the_right_letters_the_forger_would_win():
    """The tool works, so the test above can fail."""
    with PrivateNetwork(), forwarding(lambda asked: None) as (upstream, dnsd), \
         Forger(upstream.host, upstream.port) as forger, asking(dnsd, "target-with-letters.example.net") as client:
        first = eventually(lambda: upstream.heard("target-with-letters.example.net"), 2, every=0.001)[0]
        forger.send(reply(first, [f"@ 300 A {FORGED}"]), first.port, [first.id])
        assert client().of("A") == [FORGED]


def test_a_forged_reply_leads_to_tcp():
    """The upstream never answers over UDP."""
    def behave(asked):
        if asked.transport == "udp":
            return reply(asked, [f"@ 86400 A {FORGED}"], question=lowered(asked))
        return truth(asked)

    with forwarding(behave) as (upstream, dnsd):
        ask_many(dnsd, 2)
        assert len(heard(upstream, "tcp")) == 2 and dnsd.metric(OTHER_CASE) == 2


@pytest.mark.parametrize("tcp", [True, False], ids=["tcp", "no tcp"])
def test_an_upstream_that_changes_letters(tcp):
    with forwarding(lower_casing) as (upstream, dnsd):
        if not tcp:
            upstream.close_tcp()
        ask_many(dnsd, 20)
        assert len(heard(upstream, "tcp")) == (2 if tcp else 0)
        assert all(name.islower() for name in heard(upstream, "udp")[3:])
        assert dnsd.metric(OTHER_CASE) == 2
        assert dnsd.log().count(CHANGES) == 1


def test_clients_see_their_own_letters():
    def behave(asked):
        """The alias' target ends in a pointer into the question."""
        return reply(asked, ["@ 300 CNAME \\# 12 096c6574746572696e67c012", f"lettering.example.net 300 A {FORGED}"])

    with forwarding(behave) as (_, dnsd):
        for name in ("aLiAs.ExAmPlE.nEt.", "ALIAS.example.NET.", "alias.example.net."):
            got = ask(dnsd.dns, name)
            assert got.question[0][0] == name and got.answer[0].owner == name
            target = got.answer[0].text
            assert target in ("lettering.example.net.", "lettering" + name[5:]), "never letters of ours"


@contextlib.contextmanager
def asking(dnsd, name):
    """The question is under way within; gives what waits for its reply."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        yield pool.submit(ask, dnsd.dns, name).result


@contextlib.contextmanager
def unbound(upstream, home):
    port = free_port()
    (home / "unbound.conf").write_text(UNBOUND.format(port=port, upstream=upstream.port))
    with running(["/usr/sbin/unbound", "-d", "-p", "-c", home / "unbound.conf"], home, port) as address:
        yield address


@contextlib.contextmanager
def dnsmasq(upstream, home):
    port = free_port()
    words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--log-facility=-", "--user=root", "--pid-file=",
             "--conf-file=", "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
             f"--server=127.0.0.1#{upstream.port}"]
    with running(["/usr/sbin/dnsmasq", *words], home, port) as address:
        yield address


@contextlib.contextmanager
def running(command, home, port):
    process = Process(command, home / "log")
    try:
        eventually(quiet(lambda: ask(("127.0.0.1", port), "ready.example.net", timeout=0.3), NoReply, OSError), 15,
                   lambda: process.log_tail())
        yield f"127.0.0.1:{port}"
    finally:
        process.stop()


@pytest.mark.parametrize("server", [unbound, dnsmasq])
def test_a_real_resolver_keeps_letters(server, tmp_path):
    def behave(asked):
        if asked.name.startswith("alias"):
            target = f"target.{asked.name}"
            return reply(asked, [f"@ 300 CNAME {target}", f"{target} 300 A {true_address(target)}"])
        if asked.name.startswith("nothing"):
            return reply(asked, authority=[soa(asked)], rcode="NXDOMAIN")
        return truth(asked)

    with MisbehavingDns(behave) as behind, server(behind, tmp_path) as address, \
         Dnsd(options={"upstream": [address], "upstream-0x20": True, "prefetch": False}) as dnsd:
        ask_many(dnsd, 30)
        for number in range(30):
            assert ask(dnsd.dns, f"alias-{number}.example.net").of("A") == [true_address(f"target.alias-{number}.example.net")]
            assert ask(dnsd.dns, f"nothing-{number}.example.net").rcode == "NXDOMAIN"
        assert ask(dnsd.dns, "wRitten.Example.neT").question[0][0] == "wRitten.Example.neT."
        assert dnsd.metric(OTHER_CASE) == 0 and dnsd.metric("signpost_resolver_sent_total", transport="tcp") == 0
        assert CHANGES not in dnsd.log()
