# Signpost. Apache-2.0; see LICENSE.
"""Programs while the only upstream is away; SIGNPOST_LONG=1 keeps it away for the 50 s that are promised.

Claims
- Names that were asked before are found by glibc, musl, Go and Python all the time, whether the upstream is silent or its
  port is closed. The first of them waits 1.8 s at most, each later one does not wait.
- A name that was never asked is an error before any of them would give up, and the catalog's names are not touched by it.
- When the upstream is back, its present answer is found again.
"""
import os
import threading
import time

import pytest
from callers_world import WEB
from support.ask import ask
from support.callers import look
from support.wait import eventually

AWAY = 50.0 if os.environ.get("SIGNPOST_LONG") == "1" else 8.0
CLIENT_TIMER = 1.8   # RFC 8767, section 5
GIVE_UP = 4.0        # Docker's patience; glibc has 5 s
OLD, NEW = {"93.184.215.7"}, {"93.184.215.8"}
PROGRAMS = ("getent", "glibc", "musl", "go", "python")


class Caller(threading.Thread):
    """One program, started again and again; `slowest` and `wrong` tell how it went."""

    def __init__(self, caller, name, end):
        super().__init__()
        self.caller, self._name, self._end = caller, name, end
        self.wrong, self.seconds = [], []

    def run(self):
        while time.monotonic() < self._end:
            began = time.monotonic()
            seen = look(self.caller, "any", self._name)
            self.seconds.append(time.monotonic() - began)
            if seen.addresses != OLD:
                self.wrong.append(seen)


@pytest.mark.parametrize("how", ["silent", "closed"])
def test_old_answers_while_the_upstream_is_away(world, note, how):
    names = {caller: f"{caller}.{how}.example.com" for caller in PROGRAMS}
    for caller, name in names.items():
        world.upstream.set(name, "A", OLD, ttl=1)
        assert look(caller, "any", name).addresses == OLD
    if how == "silent":
        world.upstream.silent = True
    else:
        world.upstream.stop()
    end = time.monotonic() + AWAY
    callers = [Caller(caller, name, end) for caller, name in names.items()]
    try:
        for thread in callers:
            thread.start()
        began = time.monotonic()
        reply = ask(world.registry.dns, f"new.{how}.example.com", timeout=GIVE_UP + 2)
        assert reply.rcode == "SERVFAIL" and time.monotonic() - began < GIVE_UP
        assert look("glibc", "any", "web.service.consul").addresses == WEB
    finally:
        for thread in callers:
            thread.join()
        world.upstream.silent = False
        if how == "closed":
            world.upstream.start()
    for thread in callers:
        count = len(thread.seconds)
        note(f"{how} upstream, {thread.caller}: {count} lookups, slowest {max(thread.seconds):.2f} s")
        assert count > 2 and not thread.wrong, thread.wrong[:3]
        # A and AAAA of one name each may meet the timer once, and Go may ask them one after the other.
        late = [seconds for seconds in thread.seconds if seconds > CLIENT_TIMER * 0.9]
        assert len(late) <= count / 4 + 2 and max(thread.seconds) < GIVE_UP, thread.seconds
    for caller, name in names.items():
        world.upstream.set(name, "A", NEW, ttl=1)
        eventually(lambda: look(caller, "any", name).addresses == NEW, 40, f"{caller} finds the new address", every=0.5)
