# Signpost. Apache-2.0; see LICENSE.
"""Two hosts with dnsd in one /etc/resolv.conf: the recipe of docs/callers.md.

Claims
- Both give the same answers: one has the registry, the other follows it.
- When the first is dead, lookups succeed at once; when it is silent, after the time-out of the recipe. musl never waits.
- When the one with the registry is dead, the other goes on answering the services it knows.
"""
import contextlib
import signal
import time

import pytest
from callers_world import UPSTREAM, WEB, World
from recipes import recipe
from support.ask import ask
from support.callers import look
from support.dnsd import Dnsd
from support.private_network import PrivateNetwork
from support.wait import eventually

FIRST, SECOND = "10.0.0.11", "10.0.0.12"
BOTH = ["glibc", "musl", "go", "node", "python", "dnspython"]
AT_ONCE, AFTER_TIMEOUTS = 0.9, 4.0  # the start of node included


@pytest.fixture(scope="module")
def servers():
    """The first follows the second, so that the first can be killed and started again."""
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(PrivateNetwork())
        for address in (FIRST, SECOND):
            network.add_address(address)
        world = stack.enter_context(World(recipe("dnsd-host", {"127.0.0.1": SECOND}), network=network))
        first = Dnsd(consul=world.registry.url, listen=FIRST, arguments=["--upstream", UPSTREAM], start=False)
        stack.enter_context(first)
        first.dns_port = 53
        first.start()
        eventually(lambda: len(ask(first.dns, "web.service.consul").answer) == len(WEB), 10, "the first knows web")
        yield first, world.registry


def timed(caller, name="web.service.consul"):
    """Seconds until the answer is there."""
    began = time.monotonic()
    seen = look(caller, "any", name, recipe("resolv.conf-two"))
    assert seen.addresses == WEB, seen
    return time.monotonic() - began


def at_once(caller):
    """Whether one of three lookups does not wait: the machine may be busy."""
    return any(timed(caller) < AT_ONCE for _ in range(3))


@pytest.mark.parametrize("caller", BOTH)
def test_both_live(servers, caller):
    assert at_once(caller)


@pytest.mark.parametrize("caller", BOTH)
def test_the_first_is_silent(servers, caller):
    first, _ = servers
    first.process.send(signal.SIGSTOP)
    try:
        assert at_once(caller) if caller == "musl" else timed(caller) < AFTER_TIMEOUTS
    finally:
        first.process.send(signal.SIGCONT)


@pytest.mark.parametrize("caller", BOTH)
def test_the_first_is_dead(servers, caller):
    first, _ = servers
    first.kill()
    try:
        # dnspython does not hear that the port is closed.
        assert timed(caller) < AFTER_TIMEOUTS if caller == "dnspython" else at_once(caller)
    finally:
        first.start()


@pytest.mark.parametrize("caller", BOTH)
def test_the_registry_is_dead(servers, caller):
    first, registry = servers
    registry.kill()
    try:
        assert at_once(caller)
    finally:
        registry.start()
        eventually(lambda: first.get("/readyz").text.startswith("ready"), 20, "the first follows again")
