# Signpost. Apache-2.0; see LICENSE.
"""An engine that sends anything at all.

Claims
- For every reply: no crash, a clear word in the log or a counter, nothing is deregistered, and everything is right once
  the engine is well again.
"""
import random

import pytest

from support.fake_consul import Fault, garbage, rewritten, status
from support.registrar import always
from support.wait import eventually

LIST = "GET .*/containers/json"
PATHS = {"ping": "GET .*/_ping", "version": "GET .*/version", "info": "GET .*/info", "list": LIST,
         "events": "GET .*/events"}
REPLIES = {"html": garbage("<html>404</html>"), "empty": garbage(""), "null": garbage("null"), "number": garbage("1e999"),
           "deep": garbage('{"a":' * 100_000), "bytes": Fault(body=bytes(range(256)) * 64), "cut": Fault(cut_body_at=0.3),
           "403": status(403, '{"message":"no"}'), "301": status(301, ""), "no code": status(999, "x"),
           "wrong types": rewritten(lambda value: {key: [1] for key in value} if isinstance(value, dict) else [[1]])}


def names(count):
    return [f"node1:web{number}:80" for number in range(count)]


@pytest.mark.parametrize("path", PATHS)
def test_every_bad_reply_in_turn(engine, agent, start, path):
    containers = engine.run_many(5)
    registrar = start(resync="1s")
    eventually(lambda: agent.ids() == names(5))
    before = len(agent.writes())
    for name, fault in REPLIES.items():
        if path in ("ping", "events") and fault.rewrite:
            continue
        engine.break_with(fault, PATHS[path])
        seen = len(engine.seen(PATHS[path]))
        engine.cut_events()
        eventually(lambda seen=seen: len(engine.seen(PATHS[path])) > seen, 12, f"{path} asked while it answers {name}")
        assert len(agent.writes()) == before, name
        assert registrar.process.exit_code is None, name
        engine.heal()
        eventually(lambda: registrar.status()["engine"]["connected"], 12, f"well again after {name}")
    containers[0].stop()
    eventually(lambda: agent.ids() == names(5)[1:], 15, agent.ids)


def test_random_bytes_in_the_stream(engine, agent, start, seed):
    chance = random.Random(seed)
    registrar = start()
    engine.run_many(3)
    eventually(lambda: agent.ids() == names(3))
    line = b'{"Type":"container","Action":"die","Actor":{"ID":"abc","Attributes":{"exitCode":"1"}},"timeNano":1}\n'
    for _ in range(300):
        broken = bytearray(line)
        for _ in range(chance.randrange(1, 8)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        engine.send_raw(bytes(broken))
    engine.send_raw(b"\n")
    engine.run("web3", ports=["8083:80"])
    eventually(lambda: agent.ids() == names(4), 5, agent.ids)
    assert registrar.metric("signpost_registrar_bad_events_total") > 0


def test_an_endless_line(engine, agent, start):
    """100 MB without a line end are not kept."""
    registrar = start()
    engine.run_many(2)
    eventually(lambda: agent.ids() == names(2))
    memory = registrar.process.resident_bytes()
    for _ in range(25):
        engine.send_raw(b"x" * (4 << 20))
    engine.send_raw(b"\n")
    engine.run("web2", ports=["8082:80"])
    eventually(lambda: agent.ids() == names(3), 15)
    assert registrar.process.resident_bytes() < memory + (24 << 20)


def test_a_stream_that_breaks_in_a_line(engine, agent, start):
    containers = engine.run_many(3)
    start()
    eventually(lambda: agent.ids() == names(3))
    for _ in range(3):
        engine.send_raw(b'{"Type":"container","Action":"die","Actor":{"ID":"')
        engine.cut_events()
        eventually(lambda: engine.streams() == 1, 5, "reconnected")
    containers[0].stop()
    eventually(lambda: agent.ids() == names(3)[1:], 3)


BAD_AGENT = {"html": garbage("<html>"), "null": garbage("null"), "list": garbage("[]"), "deep": garbage("[" * 100_000),
             "wrong types": rewritten(lambda value: {key: 7 for key in value}), "cut": Fault(cut_body_at=0.5)}


@pytest.mark.parametrize("fault", BAD_AGENT.values(), ids=BAD_AGENT)
def test_an_agent_that_answers_anything(engine, agent, start, fault):
    engine.run_many(3)
    registrar = start(resync="1s")
    eventually(lambda: agent.ids() == names(3))
    before = len(agent.writes())
    agent.break_with(fault, "GET")
    seen = len(agent.seen("GET"))
    agent.drop()
    eventually(lambda: len(agent.seen("GET")) > seen, 5)
    always(lambda: len(agent.writes()) == before, 1, lambda: [w.line[:200] for w in agent.writes()[before:]])
    assert registrar.process.exit_code is None
    agent.heal()
    engine.run("web3", ports=["8083:80"])
    eventually(lambda: agent.ids() == names(4), 12)
