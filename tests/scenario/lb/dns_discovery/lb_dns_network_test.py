# Signpost. Apache-2.0; see LICENSE.
"""The network between lb, its DNS server and the endpoints is bad.

Claims
- When a fifth of all packets is lost, no request fails, as long as there are other endpoints to try. Changes still arrive,
  over UDP and over TCP, and nothing vanishes by mistake.
- An address of a DNS server that cannot be reached any more is no news; when it is back, that is noticed within two seconds.
"""
import contextlib
import time

from lb_dns_stage import Stage
from support.farm import Asking
from support.origin import Origin, name as named
from support.private_network import PrivateNetwork
from support.wait import eventually

# A connect fails in one of 60 cases: four SYNs in 4 s, of which each meets its answer with 64 %. Five in a row never do.
PATIENT = {"attempts": 5, "connect_timeout": "4s", "attempts_timeout": "30s", "max_fails": 3, "fail_timeout": "2s"}
SERVER, HOSTS = "127.0.2.53", "127.0.2.0/24"


def test_a_fifth_of_the_packets_is_lost(note):
    """One service is read over UDP, one over TCP."""
    cases = {"udp": {**PATIENT, "dns": "udp.other"}, "tcp": PATIENT}
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(PrivateNetwork())
        origins = [stack.enter_context(Origin(named(text), address=f"127.0.2.{number}"))
                   for number, text in enumerate("abcdef", 1)]
        options = {"dns-tcp-domain": "example", "dns-timeout": "500ms"}
        stage = stack.enter_context(Stage(cases, options, start=False, address=SERVER))
        stage.dns.authoritative = True

        def say(endpoints):
            for case in cases:
                stage.say_all(case, endpoints)

        say(origins[:5])
        stage.start()
        network.lose(20, HOSTS)
        seen = set()
        asking = {case: stack.enter_context(Asking(stage.lb, f"{case}.test", threads=4, batch=1)) for case in cases}
        began = time.monotonic()
        replies = stage.source()["replies"]

        def look():
            seen.update(tuple(stage.known(case)) for case in cases)
            return time.monotonic() >= began + 1.3 and stage.source()["replies"] >= replies + 10

        eventually(look, 30)
        assert seen == {tuple(sorted(origin.address for origin in origins[:5]))}
        say(origins[1:])
        for case in cases:
            stage.lb.wait_endpoints(case, *origins[1:], deadline=30)
        changed = time.monotonic()
        eventually(lambda: all("f" in asking[case].names(changed) for case in cases), 30, "the new one is used")
        eventually(lambda: all(len(asking[case].since()) > 10 for case in cases), 30, "requests beside the loss")
        lost = network.lost()
        network.lose_nothing()
        for case in cases:
            answers = asking[case].since()
            note(f"loss, DNS over {case}: {len(answers)} requests in {changed - began:.1f} s")
            assert len(answers) > 10 and set(answers) <= set("abcdef") and not asking[case].errors
            assert len(stage.questions(case, transport=case)) >= 3
        assert lost > 20, f"only {lost} packets were lost"


def test_D31_the_address_goes_and_comes_back():
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(PrivateNetwork())
        network.add_address("10.53.0.1")
        origins = [stack.enter_context(Origin(named(text))) for text in "ab"]
        stage = stack.enter_context(Stage({"web": {}}, address="10.53.0.1"))
        stage.teach_all("web", origins[:1])
        network.remove_address("10.53.0.1")
        eventually(lambda: "unreachable" in stage.source()["reason"], 5, lambda: f"{stage.source()}")
        assert stage.ask("web", 3) == ["a"] * 3 and stage.state("web") == "held"
        stage.say_all("web", origins)
        network.add_address("10.53.0.1")
        back = time.monotonic()
        stage.lb.wait_endpoints("web", *origins)
        assert time.monotonic() - back <= 2 + 1
