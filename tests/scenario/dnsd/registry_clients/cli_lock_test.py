# Signpost. Apache-2.0; see LICENSE.
"""Consul's command line tool: `lock`, as mutual exclusion and as a semaphore.

Claims
- The command runs while the lock is held; afterwards lock, key and session are gone; its exit code is handed on
  if asked.
- Of two contenders one runs, the other waits, and runs as soon as the first one ends.
- A contender that may wait a second only gives up after it, and its command never runs.
- Of three contenders for a semaphore of two, two run at once, and the third one when one of them ends.
- Whose session is destroyed loses the lock: its command is ended.
- A lock with another limit on the same prefix is refused.
"""
import os

import pytest
from support.wait import eventually


class Contender:
    """`consul lock` around a command that writes a line and holds the lock until `let_go`."""

    def __init__(self, cli, home, name, words):
        self.name = name
        self._gate, self._log = home / f"{name}.gate", home / "log"
        os.mkfifo(self._gate)
        command = f"echo {name} in $CONSUL_LOCK_HELD >> {self._log}; cat {self._gate}; echo {name} out >> {self._log}"
        self.process = cli.start("lock", f"-name={name}", "-verbose", *words, command)

    def let_go(self):
        with open(self._gate, "w"):  # the reader at the other end comes to its end of file
            pass

    def clear(self):
        """Ends it, and what its command may have left reading at the gate."""
        self.process.stop()
        os.close(os.open(self._gate, os.O_RDWR))

    def ended(self):
        """Its exit code, when it has ended."""
        eventually(lambda: self.process.exit_code is not None, 10, lambda: f"{self.name} ends\n{self.process.log()}")
        return self.process.exit_code


@pytest.fixture
def contend(cli, tmp_path):
    started = []

    def start(name, *words):
        started.append(Contender(cli, tmp_path, name, words))
        return started[-1]

    yield start
    for contender in started:
        contender.clear()


@pytest.fixture
def log(tmp_path):
    """What the commands wrote so far."""
    path = tmp_path / "log"
    path.write_text("")
    return lambda: path.read_text().splitlines()


def waiting(registry, name):
    """A session by that name exists: the contender is past its start."""
    return name in [session["Name"] for session in registry.sessions()]


def test_command_runs_under_the_lock(registry, cli):
    assert cli.says("lock", "locks/once", "echo held=$CONSUL_LOCK_HELD") == "held=true\n"
    assert registry.send("GET", "/v1/kv/locks/once?keys").status == 404
    assert registry.sessions() == []


def test_exit_code_of_the_command(cli):
    assert cli.run("lock", "locks/exit", "false").returncode == 0
    assert cli.run("lock", "-child-exit-code", "locks/exit", "false").returncode == 2


def test_second_contender_waits(registry, contend, log):
    first = contend("first", "locks/two")
    eventually(lambda: log() == ["first in true"], 5, log)
    pair, = registry.read("/v1/kv/locks/two/.lock")
    holder, = registry.sessions()
    assert pair["Session"] == holder["ID"] and pair["LockIndex"] == 1
    second = contend("second", "locks/two")
    eventually(lambda: waiting(registry, "second") and "Attempting lock acquisition" in second.process.log(), 5,
               "the second one waits")
    assert log() == ["first in true"]
    first.let_go()
    eventually(lambda: log() == ["first in true", "first out", "second in true"], 5, log)
    second.let_go()
    assert (first.ended(), second.ended()) == (0, 0)
    assert registry.sessions() == []


def test_contender_gives_up(registry, contend, log, cli):
    holder = contend("holder", "locks/busy")
    eventually(lambda: log() == ["holder in true"], 5, log)
    error = cli.refuses("lock", "-timeout=1s", "locks/busy", "echo never")
    assert "timeout during lock acquisition" in error
    holder.let_go()
    assert holder.ended() == 0
    assert log() == ["holder in true", "holder out"]


def test_semaphore_of_two(registry, contend, log):
    words = ("-n=2", "locks/many")
    one, two = contend("one", *words), contend("two", *words)
    eventually(lambda: sorted(log()) == ["one in true", "two in true"], 5, log)
    three = contend("three", *words)
    eventually(lambda: len(registry.read("/v1/kv/locks/many/?keys")) == 4, 5, "three contenders and the lock itself")
    assert len(log()) == 2
    one.let_go()
    eventually(lambda: log()[2:] == ["one out", "three in true"], 5, log)
    two.let_go()
    three.let_go()
    assert (one.ended(), two.ended(), three.ended()) == (0, 0, 0)
    assert registry.send("GET", "/v1/kv/locks/many?keys").status == 404


def test_lost_session_ends_the_command(registry, contend, log):
    holder = contend("loser", "-monitor-retry=0", "locks/lost")
    eventually(lambda: log() == ["loser in true"], 5, log)
    session, = registry.sessions()
    registry.write("PUT", f"/v1/session/destroy/{session['ID']}")
    holder.ended()
    assert "Lock lost, killing child" in holder.process.log()
    assert log() == ["loser in true"]
    assert registry.sessions() == []


def test_another_limit_is_refused(registry, contend, log, cli):
    holder = contend("holder", "-n=2", "locks/limit")
    eventually(lambda: log() == ["holder in true"], 5, log)
    assert "semaphore limit conflict" in cli.refuses("lock", "-n=3", "locks/limit", "echo never")
    holder.let_go()
    assert holder.ended() == 0
