# Signpost. Apache-2.0; see LICENSE.
"""A forger who does not see the questions, but knows them, and sends in the upstream's name (RFC 5452).

Claims (in a network of its own)
- F21: 2^16 forged replies per question, with every id to guessed ports, and with every id but the right one to the right port,
  do not enter the cache; the client gets the truth, or SERVFAIL, and then the cache holds the truth.
- F22: while many clients ask the same, there is one question that can be answered, not many.
- F28: forged data beside the question's name do not enter either.
- F23: replies from the right port of another address are not even looked at.
"""
import concurrent.futures
import contextlib
import random
import threading
import time

import pytest

from forger import Forger
from support.ask import ask
from support.dnsd import Dnsd
from support.misbehaving_dns import Act, MisbehavingDns, reply, true_address, truth
from support.private_network import PrivateNetwork
from support.wait import eventually

ALL_IDS = 65536
PIECE = 1024
FORGED = "192.0.2.66"
EPHEMERAL = range(1024, 65536)


class Scene:
    """dnsd, its upstream, which keeps silent about names that begin with "target" until the truth is let out (over TCP:
    takes its time), and a forger."""

    def __init__(self, stack):
        stack.enter_context(PrivateNetwork())
        self._open = threading.Event()
        self.upstream = stack.enter_context(MisbehavingDns(self._behave))
        self.dnsd = stack.enter_context(Dnsd(options={"upstream": [self.upstream.address], "prefetch": False}))
        self.forger = stack.enter_context(Forger(self.upstream.host, self.upstream.port))
        self.stranger = stack.enter_context(Forger("127.0.0.9", self.upstream.port))
        self.pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(64))
        ask(self.dnsd.dns, "warm.example.net")

    def _behave(self, asked):
        if self._open.is_set() or not asked.name.startswith("target"):
            return truth(asked)
        return Act(truth(asked), after=1.2) if asked.transport == "tcp" else None

    def mismatched(self):
        return self.dnsd.metric("signpost_resolver_mismatched_total")

    def sent(self, name):
        return self.upstream.heard(name, transport="udp")

    @contextlib.contextmanager
    def asked(self, name, clients=1):
        """Within, the question is under way; gives its client's future replies. On leaving the truth is let out."""
        self._open.clear()
        futures = [self.pool.submit(ask, self.dnsd.dns, name) for _ in range(clients)]
        eventually(lambda: self.sent(name), 2, every=0.001)
        yield futures
        self._open.set()
        for one in self.sent(name):
            self.upstream.send(truth(one), one.port)

    def flood_right_port(self, name, forged):
        """Every id but the right ones to the ports that the question left from, as they become known."""
        count = 0
        for first in range(0, ALL_IDS, PIECE):
            outstanding = self.sent(name)
            port = outstanding[0].port
            right = {one.id for one in outstanding if one.port == port}
            count += self.forger.send(forged, port, (id for id in range(first, first + PIECE) if id not in right))
        return count

    def flood_guessed_ports(self, name, forged, dice):
        count, ids = 0, list(range(ALL_IDS))
        dice.shuffle(ids)
        for first in range(0, ALL_IDS, 64):
            right = {(one.port, one.id) for one in self.sent(name)}
            port = dice.choice(EPHEMERAL)
            count += self.forger.send(forged, port, [id for id in ids[first:first + 64] if (port, id) not in right])
        return count


@pytest.fixture(scope="module")
def scene():
    with contextlib.ExitStack() as stack:
        yield Scene(stack)


def assert_truth(scene, name, futures):
    for future in futures:
        got = future.result()
        assert got.rcode == "SERVFAIL" or got.of("A") == [true_address(name)], str(got)
    eventually(lambda: ask(scene.dnsd.dns, name).of("A") == [true_address(name)], 35)
    for _ in range(8):
        assert ask(scene.dnsd.dns, name).of("A") == [true_address(name)]


def forgery(asked, **words):
    return reply(asked, [f"@ 86400 A {FORGED}"], **words)


@pytest.mark.parametrize("number", range(3))
def test_the_right_port(scene, note, number):
    name, before = f"target{number}.example.net", scene.mismatched()
    with scene.asked(name) as futures:
        began = time.monotonic()
        count = scene.flood_right_port(name, forgery(scene.sent(name)[0]))
        took = time.monotonic() - began
    seen = scene.mismatched() - before
    note(f"spoofing: {count} forged replies to the right port in {took:.2f} s, {seen:.0f} of them looked at; then over "
         f"{' and '.join(one.transport for one in scene.upstream.heard(name))}")
    assert count >= ALL_IDS - 6 and seen >= 16
    assert_truth(scene, name, futures)


@pytest.mark.parametrize("number", range(2))
def test_guessed_ports(scene, seed, number):
    name = f"target.ports{number}.example.net"
    with scene.asked(name) as futures:
        count = scene.flood_guessed_ports(name, forgery(scene.sent(name)[0]), random.Random(seed + number))
    assert count >= ALL_IDS - 6
    assert_truth(scene, name, futures)


def test_many_clients_make_no_birthday(scene):
    name = "target.birthday.example.net"
    with scene.asked(name, clients=60) as futures:
        early = scene.sent(name)
        scene.flood_right_port(name, forgery(scene.sent(name)[0]))
    assert len(early) == 1 and scene.upstream.count(name) <= 6
    assert_truth(scene, name, futures)


def test_the_right_id_from_elsewhere(scene):
    """Somebody sees the question, but cannot send in the upstream's name."""
    name = "target.elsewhere.example.net"
    with scene.asked(name) as futures:
        [first, *_] = scene.sent(name)
        scene.stranger.send(forgery(first), first.port, [first.id])
        wrong_port = Forger(scene.upstream.host, scene.upstream.port + 1)
        with wrong_port:
            wrong_port.send(forgery(first), first.port, [first.id])
    assert_truth(scene, name, futures)


def test_a_reply_from_the_upstream_itself_would_count(scene):
    """The forger's tool works: with the right id, port and address its word is taken, so the tests above can fail."""
    name = "target.control.example.net"
    with scene.asked(name) as futures:
        [first, *_] = scene.sent(name)
        scene.forger.send(forgery(first), first.port, [first.id])
        assert futures[0].result().of("A") == [FORGED]


def test_names_beside_the_question(scene):
    """Kaminsky's way: a question for a random name, a forged reply with the address of the bank."""
    name, bank = "target.random.example.net", "bank.example.net"
    with scene.asked(name) as futures:
        [first, *_] = scene.sent(name)
        wire = reply(first, [f"@ 300 A {FORGED}", f"{bank} 86400 A {FORGED}"], [f"example.net 86400 NS {bank}"],
                     [f"{bank} 86400 A {FORGED}"])
        scene.forger.send(wire, first.port, [first.id])
        assert futures[0].result().of("A") == [FORGED]
    assert ask(scene.dnsd.dns, bank).of("A") == [true_address(bank)]
    assert ask(scene.dnsd.dns, "other.example.net").of("A") == [true_address("other.example.net")]
