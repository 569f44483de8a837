# Signpost. Apache-2.0; see LICENSE.
"""`registrar drain` stops no container whose services may still be in the answers.

Claims
- A token that may not read the services is refused with exit 1 and a sentence; the container goes on.
- Without any service at the agent the container is stopped, and a --wait that was given is kept.
- A mark that registrar has set before is replaced, so that it lasts until the container is gone.
- A first signal while the engine stops the container is answered, a second one ends registrar at once, exit 1.
"""
import signal
import subprocess

from support.program import binary
from support.registrar import clean_environment, run_command
from support.wait import eventually

WEB = "node1:web.1:80"


def words(engine, agent, *more):
    return ["drain", "web.1", *more, "--docker", engine.url, "--consul", agent.url, "--node-id", "node1", "--ip",
            "192.0.2.10"]


def test_a_token_that_sees_nothing(engine, agent, start, run_web):
    run_web()
    agent.set_acl({"good": {"service", "agent", "node"}, "weak": set()})
    start(env={"CONSUL_HTTP_TOKEN": "good"})
    eventually(lambda: agent.ids() == [WEB])
    done = run_command(*words(engine, agent, "--wait", "0s"), env={"CONSUL_HTTP_TOKEN": "weak"})
    assert done.returncode == 1 and WEB in done.stderr and "was not stopped" in done.stderr, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert engine.running() == ["web.1"] and agent.writes("maintenance") == []


def test_without_services_it_waits_all_the_same(engine, agent, run_web):
    run_web()
    done = run_command(*words(engine, agent, "--wait", "300ms"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["the agent has no service of web.1 to take out", "waits 300ms", "stops web.1",
                                        "web.1 has stopped"]
    assert engine.running() == []


def test_an_earlier_mark_is_replaced(engine, agent, start, run_web):
    web = run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    registrar.kill()
    web.pause()
    start()
    eventually(lambda: agent.maintenance(WEB) == "registrar: paused", 3)
    before = len(agent.writes())
    assert run_command(*words(engine, agent, "--wait", "0s")).returncode == 0
    marks = [write.line for write in agent.writes()[before:] if "maintenance" in write.line][:2]
    assert "enable=false" in marks[0] and "enable=true" in marks[1] and "drain" in marks[1], marks


def test_a_second_signal_ends_it(engine, agent, run_web):
    run_web().touch(stop_takes=15)
    drain = subprocess.Popen([binary("registrar"), *words(engine, agent)], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        assert "no service" in drain.stdout.readline()
        assert drain.stdout.readline() == "stops web.1\n"
        drain.send_signal(signal.SIGTERM)
        assert "another signal" in drain.stdout.readline()
        drain.send_signal(signal.SIGINT)
        assert drain.wait(2) == 1
        assert "second signal" in drain.stderr.read()
    finally:
        drain.kill()
        drain.communicate()
