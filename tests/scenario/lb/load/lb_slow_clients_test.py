# Signpost. Apache-2.0; see LICENSE.
"""Clients that are slow on purpose: slowhttptest beside a client that behaves.

Claims
- Heads that are dripped (H137) and bodies that are (H138) end with 408 when their time is over; answers that are read byte
  by byte (H146) cost bounded memory.
- Meanwhile the other client is served without an error and without delay, and afterwards nothing of the slow ones is left.
"""
import re
import subprocess
import time

import pytest

from support.farm import Asking, Farm
from support.gauge import Gauge
from support.lb import Lb, service
from support.origin import Origin, answer
from support.program import memory_limit
from support.wait import eventually

SLOW = 200
SECONDS = 6
LIMIT = 2  # for heads and bodies
BIG = answer(bytes(4 << 20))


class Attack:
    """slowhttptest with SLOW connections, and a good client, on one lb."""

    def __init__(self, farm, origin, *words):
        services = {"slow": service([origin], keepalive_idle="500ms"), "good": service(farm.addresses, keepalive_idle="500ms")}
        routes = [{"host": "good.test", "service": "good"}, {"host": "*", "service": "slow"}]
        self.lb = Lb({"header-timeout": f"{LIMIT}s", "body-rate-time": f"{LIMIT}s", "stop-timeout": "2s"}, services, routes)
        assert self.lb.get("good.test").text == self.lb.get("good.test").text == "a"
        self.gauge = Gauge(self.lb)
        command = ["slowhttptest", *words, "-c", str(SLOW), "-r", str(SLOW), "-i", "1", "-l", str(SECONDS), "-p", "3",
                   "-u", f"http://127.0.0.1:{self.lb.listen_port}/"]
        self.begin = time.monotonic()
        self.good = Asking(self.lb, "good.test", threads=1, batch=1, pace=0.01)
        self.good.__enter__()
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait(self):
        text, _ = self._child.communicate(timeout=60)
        self.text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
        self.end = time.monotonic()
        self.good.__exit__()

    def close(self):
        if self._child.poll() is None:
            self._child.kill()
            self._child.communicate()
        self.lb.close()

    def assert_others_were_served(self):
        assert not self.good.errors and self.good.names() == {"a"}
        for second in range(int(self.end - self.begin) - 1):
            from_then = self.begin + second
            assert self.good.since(from_then, from_then + 2), f"no answer for 2 s from second {second} on"

    def assert_nothing_left(self):
        eventually(lambda: self.lb.metric("signpost_lb_sessions") == 0, 10, "no session is left")
        self.gauge.assert_no_file_left()


@pytest.fixture(scope="module")
def attacks():
    """All at the same time, each on its own lb; over when the first test begins."""
    with Farm("a") as farm, Origin(BIG) as origin:
        started = {}
        try:
            started["heads"] = Attack(farm, origin, "-H")
            started["bodies"] = Attack(farm, origin, "-B", "-s", "1000000")
            started["answers"] = Attack(farm, origin, "-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3")
            for attack in started.values():
                attack.wait()
            yield started
        finally:
            for attack in started.values():
                attack.close()


@pytest.mark.parametrize("kind", [pytest.param("heads", id="H137"), pytest.param("bodies", id="H138")])
def test_slow_requests_get_408(attacks, kind):
    attack = attacks[kind]
    attack.assert_others_were_served()
    assert attack.lb.metric("signpost_lb_terminations_total", reason="client_timeout") == SLOW, attack.text
    assert attack.lb.metric("signpost_lb_responses_total", **{"class": "4xx"}) == SLOW
    attack.assert_nothing_left()
    assert attack.gauge.growth() < memory_limit(4 << 20)


def test_slow_readers_cost_bounded_memory(attacks, note):
    """H146"""
    attack = attacks["answers"]
    attack.assert_others_were_served()
    assert attack.lb.service("slow")["requests"] >= SLOW, attack.text
    attack.assert_nothing_left()
    attack.gauge.assert_flat(f"{SLOW} clients that read 5 bytes a second", note, SLOW * (128 << 10))
