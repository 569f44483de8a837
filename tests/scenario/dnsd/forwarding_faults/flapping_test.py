# Signpost. Apache-2.0; see LICENSE.
"""Two upstreams that do something else with each datagram, and go away and come back meanwhile.

Claims
- Each client gets the right answer, or SERVFAIL, within 3.5 s (or is sent to TCP, and gets it there); none gets anything that
  an upstream said wrongly.
- Most get the right answer all the same.
- When the upstreams are well again, all do, within seconds.
"""
import collections
import concurrent.futures
import random
import struct
import threading
import time

from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.misbehaving_dns import Act, MisbehavingDns, question_bytes, reply, true_address, truth
from support.wait import eventually

SECONDS, CLIENTS = 6, 24
WRONG = ["@ 300 A 192.0.2.66"]


def misdeeds(dice):
    """What may happen to a datagram; each entry gets the question."""
    return [
        lambda asked: None, lambda asked: None,
        lambda asked: reply(asked, rcode="SERVFAIL"), lambda asked: reply(asked, rcode="REFUSED"),
        lambda asked: reply(asked, WRONG, id=asked.id ^ 1 << dice.randrange(16)),
        lambda asked: reply(asked, ["other.example.net 300 A 192.0.2.66"], question=question_bytes("other.example.net")),
        lambda asked: Act(reply(asked, WRONG), other_port=True),
        lambda asked: reply(asked, ["other.example.net 300 A 192.0.2.66"]),
        lambda asked: reply(asked, flags=0x8380),
        lambda asked: reply(asked, rcode="FORMERR", opt=False),
        lambda asked: reply(asked, WRONG, cut=3, opt=False),
        lambda asked: reply(asked, ["@ 300 A \\# 3 c00002"]),
        lambda asked: dice.randbytes(dice.randrange(64)),
        lambda asked: struct.pack("!H", asked.id) + dice.randbytes(dice.randrange(100)),
        lambda asked: Act(truth(asked), after=dice.random() * 2),
        *[truth] * 6]


def test_flapping(seed, note):
    dice = random.Random(seed)
    choices = misdeeds(random.Random(seed + 1))

    def behave(asked):
        return dice.choice(choices)(asked)

    with MisbehavingDns(behave) as first, MisbehavingDns(behave) as second:
        with Dnsd(options={"upstream": [first.address, second.address]}) as dnsd:
            seen, slowest, wrong, stop = collections.Counter(), [0.0], [], threading.Event()

            def client(number):
                count = 0
                while not stop.is_set():
                    count += 1
                    name, began = f"f{number}-{count // 2}.example.net", time.monotonic()
                    try:
                        got = ask(dnsd.dns, name, tcp=count % 7 == 0, edns=1232)
                        if "TC" in got.flags and not got.answer:  # cut upstream, and no TCP there: the client is sent to TCP
                            slowest[0] = max(slowest[0], time.monotonic() - began)
                            seen["TC"] += 1
                            began = time.monotonic()
                            got = ask(dnsd.dns, name, tcp=True, edns=1232)
                    except (NoReply, AssertionError) as error:
                        wrong.append(f"{name}: {error!r}")
                        continue
                    took = time.monotonic() - began
                    slowest[0] = max(slowest[0], took)
                    right = got.rcode == "NOERROR" and got.of("A") == [true_address(name)]
                    seen["right" if right else got.rcode] += 1
                    if not right and (got.rcode != "SERVFAIL" or got.answer) or took > 3.75:
                        wrong.append(f"{name} after {took:.2f} s: {got}")

            with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
                clients = [pool.submit(client, number) for number in range(CLIENTS)]
                end, number = time.monotonic() + SECONDS, 0
                while time.monotonic() < end:
                    number += 1
                    flapping = (first, second)[number % 2]
                    flapping.stop()
                    _after(0.3)
                    flapping.start()
                    _after(0.7)
                stop.set()
                concurrent.futures.wait(clients)
            note(f"forwarding: flapping upstreams: {dict(seen)}, slowest {slowest[0]:.2f} s")
            assert not wrong, "\n".join(wrong[:10])
            assert seen["right"] > 20 and seen["right"] > seen["SERVFAIL"]
            first.behave = second.behave = truth
            fresh = lambda: f"well{time.monotonic()}.example.net"
            eventually(lambda: all(ask(dnsd.dns, fresh()).of("A") for _ in range(10)), 10)


def _after(seconds):
    """Lets the clients go on for so long."""
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= end, seconds + 1)
