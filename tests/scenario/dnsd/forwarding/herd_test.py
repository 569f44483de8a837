# Signpost. Apache-2.0; see LICENSE.
"""Many clients ask the same at the same time.

Claims
- F56: 1,000 clients, nothing cached: one question upstream; each client gets its own id, letter case, CD and OPT back. Clients
  with DO and with CD share one question with their like (F59, F22). An answer with TTL 0 is for all who wait, and for no other.
- F57: the same with a silent upstream: all get SERVFAIL by the deadline, at most 6 sends, nobody is left waiting.
- F37: 3,000 different questions for a silent upstream do not slow those for another down, and all end by the deadline.
- F40: --max-waiting-per-client: one client's questions above it get SERVFAIL at once, the others' wait.
- F75: a client that leaves does not stop its question: the answer is cached.
- F83: of the questions under way, no two have the same id on the same port; each has RD, and no client's id is passed on.
- F84: with few descriptors, hundreds of questions under way end in SERVFAIL or an answer, and dnsd lives.
- 200 questions on one TCP connection are answered as their answers come, each under its id.
- F91: 1,024 at once from the cache: all answered, at the 99th percentile within 5 ms on a machine that is free.
"""
import collections
import concurrent.futures
import random
import resource
import socket
import struct
import time

import pytest

from many_clients import ask_at_once, share
from support.ask import Reply, ask, build, read_tcp
from support.dnsd import Dnsd
from support.misbehaving_dns import Act, MisbehavingDns, true_address, truth
from support.wait import eventually


def mixed_case(name, seed):
    dice = random.Random(seed)
    return "".join(letter.upper() if dice.random() < 0.5 else letter for letter in name)


def crowd(name, count, **variant):
    """Questions of `count` clients that differ in id, letter case and EDNS."""
    wires = []
    for number in range(count):
        edns = {} if number % 3 == 0 and not variant.get("do") else {"edns": 512 + number % 1500}
        wires.append(build(mixed_case(name, number), "A", id=(number * 77 + 1) & 0xFFFF, **edns, **variant))
    return wires


def assert_own(got, name):
    """The reply belongs to its question and to nobody else's."""
    assert got.reply, f"{got.wire.hex()} was not answered"
    question_end = 12 + len(name) + 2 + 4
    assert got.reply.wire[:2] == got.wire[:2] and got.reply.wire[12:question_end] == got.wire[12:question_end]
    assert bool(got.reply.opt) == (got.wire[11] == 1)
    assert ("CD" in got.reply.flags) == bool(got.wire[3] & 0x10) and {"RD", "RA"} <= got.reply.flags
    assert not got.reply.opt or got.reply.opt.do == bool(got.wire[question_end + 7] & 0x80)


def slowly(seconds):
    return lambda asked: Act(truth(asked), after=seconds)


def test_a_cold_herd(dnsd, upstream):
    name = "herd.example.net"
    upstream.behave = slowly(0.3)
    answers = ask_at_once(dnsd.dns, crowd(name, 1000))
    for got in answers:
        assert_own(got, name)
        assert got.reply.rcode == "NOERROR" and got.reply.of("A") == [true_address(name)], str(got.reply)
    assert upstream.count(name) == 1


def test_a_herd_for_what_is_not_kept(dnsd, upstream):
    name = "zero.herd.example.net"
    upstream.behave = lambda asked: Act(truth(asked, ttl=0), after=0.3)
    for got in ask_at_once(dnsd.dns, crowd(name, 200)):
        assert_own(got, name)
        assert got.reply.of("A") == [true_address(name)] and got.reply.answer[0].ttl == 0
    assert upstream.count(name) == 1
    assert ask(dnsd.dns, name).of("A") and upstream.count(name) == 2


def test_a_herd_of_every_kind(dnsd, upstream):
    name = "zoo.example.net"
    upstream.behave = slowly(0.3)
    variants = [dict(do=do, cd=cd) for do in (0, 1) for cd in (0, 1)]
    wires = [wire for variant in variants for wire in crowd(name, 200, **variant)]
    random.Random(5).shuffle(wires)
    for got in ask_at_once(dnsd.dns, wires):
        assert_own(got, name)
        assert got.reply.of("A") == [true_address(name)]
    asked = [(one.do, one.cd) for one in upstream.heard(name)]
    assert sorted(asked) == sorted((bool(one["do"]), bool(one["cd"])) for one in variants)


def test_a_herd_before_a_silent_upstream(dnsd, upstream, note):
    name = "silent.herd.example.net"
    upstream.behave = lambda asked: None
    answers = ask_at_once(dnsd.dns, crowd(name, 1000))
    for got in answers:
        assert_own(got, name)
        assert got.reply.rcode == "SERVFAIL"
    slowest = max(got.took for got in answers)
    note(f"forwarding: 1,000 clients of a silent upstream: the last has its SERVFAIL after {slowest:.2f} s")
    assert slowest < 3.7
    assert 1 <= upstream.count(name) <= 6
    assert dnsd.metric("signpost_dns_waiting") == 0 and dnsd.metric("signpost_resolver_in_flight") == 0
    upstream.behave = truth
    eventually(lambda: ask(dnsd.dns, "awake.example.net").of("A"), what="the upstream is used again")


def test_a_silent_upstream_beside_a_good_one(upstream):
    with MisbehavingDns(lambda asked: None) as silent:
        options = {"upstream": [upstream.address], "forward": [f"silent.example={silent.address}"], "max-waiting-per-client": 0}
        with Dnsd(options=options) as dnsd, concurrent.futures.ThreadPoolExecutor(1) as pool:
            drowned = pool.submit(ask_at_once, dnsd.dns, [build(f"w{number}.silent.example") for number in range(3000)])
            eventually(lambda: silent.count() > 100, every=0.01)
            times = []
            while not drowned.done():
                name, began = f"good{len(times)}.example.net", time.monotonic()
                assert ask(dnsd.dns, name).of("A") == [true_address(name)]
                times.append(time.monotonic() - began)
            assert share(times, 0.95) < 0.3, f"{len(times)} questions, the slowest {max(times):.2f} s"
            answers = drowned.result()
            assert {got.reply.rcode for got in answers} == {"SERVFAIL"}
            assert max(got.took for got in answers) < 4
            eventually(lambda: dnsd.metric("signpost_dns_waiting") == 0, 3)


def test_waiting_per_client(upstream):
    with Dnsd(options={"upstream": [upstream.address], "max-waiting-per-client": 20, "threads": 1}) as dnsd:
        upstream.behave = slowly(0.3)
        answers = ask_at_once(dnsd.dns, [build(f"mine{number}.example.net") for number in range(100)])
        rcodes = collections.Counter(got.reply.rcode for got in answers)
        assert rcodes == {"NOERROR": 20, "SERVFAIL": 80}, rcodes
        assert max(got.took for got in answers if got.reply.rcode == "SERVFAIL") < 0.2


def test_a_client_that_leaves(dnsd, upstream):
    name = "gone.example.net"
    upstream.behave = slowly(0.3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.sendto(build(name), dnsd.dns)
        eventually(lambda: upstream.count(name) == 1)
    eventually(lambda: ask(dnsd.dns, name).of("A") == [true_address(name)])
    assert upstream.count(name) == 1
    upstream.behave = lambda asked: None
    assert ask(dnsd.dns, name, timeout=0.5).of("A") == [true_address(name)]


def test_ids_under_way(dnsd, upstream):
    names = [f"id{number}.example.net" for number in range(500)]
    upstream.behave = slowly(0.3)
    wires = [build(name, id=7) for name in names]
    answers = ask_at_once(dnsd.dns, wires)
    assert all(got.reply and got.reply.of("A") == [true_address(name)] for name, got in zip(names, answers))
    asked = [one for one in upstream.heard() if one.name.startswith("id")]
    together = collections.defaultdict(list)
    for one in asked:
        together[one.port].append(one.id)
        assert one.rd
    assert not [port for port, ids in together.items() if len(set(ids)) != len(ids)]
    assert sum(one.id == 7 for one in asked) < 5


def few_descriptors():
    resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))


def test_few_descriptors(upstream):
    with Dnsd(options={"upstream": [upstream.address], "threads": 1}, preexec=few_descriptors) as dnsd:
        upstream.behave = slowly(0.5)
        names = [f"few{number}.example.net" for number in range(600)]
        answers = ask_at_once(dnsd.dns, [build(name) for name in names])
        for name, got in zip(names, answers):
            assert got.reply, name
            assert got.reply.rcode == "SERVFAIL" or got.reply.of("A") == [true_address(name)], str(got.reply)
        upstream.behave = truth
        eventually(lambda: ask(dnsd.dns, "after.example.net").of("A"), 10)


def test_a_container_full_of_clients(dnsd, upstream, note):
    name = "hot.example.net"
    assert ask(dnsd.dns, name).of("A")
    rounds = []
    for attempt in range(3):
        wires = [build(name, id=attempt * 1024 + number) for number in range(1024)]
        answers = ask_at_once(dnsd.dns, wires)
        assert all(got.reply and got.reply.of("A") == [true_address(name)] for got in answers)
        rounds.append(share([got.took for got in answers], 0.99))
    note(f"forwarding: 1,024 clients at once, from the cache: p99 {min(rounds) * 1000:.2f} ms")
    assert min(rounds) < 0.025
    assert upstream.count(name) == 1


def test_many_questions_on_one_connection(dnsd, upstream):
    """RFC 7766 6.2.1.1: none waits for the one before."""
    dice = random.Random(1)
    upstream.behave = lambda asked: Act(truth(asked), after=0.3 if "-0." in asked.name else dice.random() * 0.2)
    with socket.create_connection(dnsd.dns, 5) as link:
        for number in range(200):
            wire = build(f"line-{number}.example.net", id=number)
            link.sendall(struct.pack("!H", len(wire)) + wire)
        replies = [Reply(read_tcp(link)) for _ in range(200)]
    assert sorted(got.id for got in replies) == list(range(200)) and replies[0].id != 0
    for got in replies:
        assert got.of("A") == [true_address(f"line-{got.id}.example.net")]


@pytest.mark.parametrize("tcp", [False, True])
def test_the_same_question_with_its_own_case(dnsd, upstream, tcp):
    for name in ("Case.Example.NET", "cASE.eXAMPLE.net"):
        reply = ask(dnsd.dns, name, edns=1232, tcp=tcp)
        assert reply.answer[0].owner == name + "." and struct.unpack_from("!H", reply.wire, 6)[0] == 1
    assert upstream.count("case.example.net") <= 1
