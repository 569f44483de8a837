# Signpost. Apache-2.0; see LICENSE.
"""TCP to an upstream.

Claims
- F78: 100 questions at once, answered in any order: each client gets its own answer; a reply with a foreign id or question
  between them harms nobody; at most a few connections are used.
- F42: an upstream that closes idle connections, or one with a question on it, costs no client its answer; one that closes
  after each answer, with a hundred questions on the connection, costs no client more than SERVFAIL or TC.
- Replies that come in pieces are put together.
"""
import random

from many_clients import ask_at_once
from support.ask import build
from support.dnsd import Dnsd
from support.misbehaving_dns import Act, MisbehavingDns, question_bytes, reply, true_address, truth
from support.ask import ask

COUNT = 100


def cut(asked):
    return reply(asked, flags=0x8380)


def names(word):
    return [f"{word}{number}.example.net" for number in range(COUNT)]


def assert_all_right(answers, asked):
    wrong = [f"{name}: {got.reply}" for name, got in zip(asked, answers)
             if not got.reply or got.reply.of("A") != [true_address(name)]]
    assert not wrong, "\n".join(wrong)


def test_answers_in_any_order(note):
    dice = random.Random(3)

    def behave(asked):
        if asked.transport == "udp":
            return cut(asked)
        return [Act(reply(asked, ["@ 300 A 192.0.2.66"], id=asked.id ^ 0x8001)),
                Act(reply(asked, ["other.example.net 300 A 192.0.2.66"], question=question_bytes("other.example.net"))),
                Act(truth(asked), after=0.1 + dice.random() * 0.5)]

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        asked = names("order")
        assert_all_right(ask_at_once(dnsd.dns, [build(name) for name in asked]), asked)
        note(f"forwarding: {COUNT} questions over TCP at once: {upstream.connections} connections to the upstream")
        assert upstream.count(transport="tcp") <= COUNT * 1.5
        assert upstream.connections <= 20


def test_connections_that_close():
    def behave(asked):
        if asked.transport == "udp":
            return cut(asked)
        return Act(truth(asked), close=True)

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        for name in names("idle")[:10]:
            assert ask(dnsd.dns, name).of("A") == [true_address(name)]
        asked = names("closed")
        answers = ask_at_once(dnsd.dns, [build(name) for name in asked])
        for name, got in zip(asked, answers):
            assert got.reply, name
            failed = got.reply.rcode == "SERVFAIL" or "TC" in got.reply.flags  # it may come by TCP itself
            assert got.reply.of("A") == ([] if failed else [true_address(name)]), str(got.reply)


def test_a_connection_closes_with_questions_on_it():
    def behave(asked):
        if asked.transport == "udp":
            return cut(asked)
        return Act(truth(asked), after=0.05) if asked.number > 2 else Act(close=True)

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        name = "again.example.net"
        assert ask(dnsd.dns, name).of("A") == [true_address(name)]
        assert upstream.count(name, transport="tcp") == 2
