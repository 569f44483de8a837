# Signpost. Apache-2.0; see LICENSE.
"""Connections stay open and nothing passes any more: a dead path, a stopped machine.

Claims, for the engine by unix socket and by TCP, and for the agent, all at the same time
- It is found within 30 s; meanwhile nothing is removed.
- When new connections work again, everything is right within seconds: the old ones, which stay dead, are not used.
"""
import time

import pytest

from support.fake_agent import FakeAgent
from support.fake_engine import FakeEngine
from support.wait import eventually

FOUND_WITHIN = 30
RIGHT_WITHIN = 12  # one more try that began in the dark may have to time out


def ids(*numbers):
    return [f"node1:web{number}:80" for number in numbers]


@pytest.fixture
def places():
    """Two engines and three agents."""
    with FakeEngine() as dark, FakeEngine() as well, FakeAgent() as near, FakeAgent() as far, FakeAgent() as deaf:
        yield dark, well, near, far, deaf


def test_case_95_black_holes(places, start):
    dark, well, near, far, deaf = places
    containers = [engine.run_many(4)[0] for engine in (dark, well)]
    by_socket, by_tcp = start(engine=dark, agent=near), start(engine=dark.tcp_url, agent=far)
    to_agent = start(engine=well, agent=deaf, resync="1s")
    for agent in (near, far, deaf):
        eventually(lambda agent=agent: agent.ids() == ids(0, 1, 2, 3), 5)
    dark.stall()
    deaf.stall()
    begin = time.monotonic()
    for container in containers:
        container.stop()
    eventually(lambda: not to_agent.status()["agent"]["reachable"], FOUND_WITHIN, "the agent's loss noticed")
    for registrar in (by_socket, by_tcp):
        eventually(lambda r=registrar: not r.status()["engine"]["connected"], FOUND_WITHIN, "the engine's loss noticed")
    assert time.monotonic() - begin < FOUND_WITHIN
    for agent in (near, far):
        assert agent.ids() == ids(0, 1, 2, 3), "unknown is no reason to remove"
    dark.resume()
    deaf.resume()
    for agent in (near, far, deaf):
        eventually(lambda agent=agent: agent.ids() == ids(1, 2, 3), RIGHT_WITHIN, agent.ids)
