# Signpost. Apache-2.0; see LICENSE.
"""tools/up, the first command of a newcomer.

Claims
- It comes up, shows command lines with their answers, and each of them works when typed.
- HTTP requests by the service's name are spread over the backends by weight, and the echo answers on its port.
- The maintenance line that it proposes takes a backend out of the answers, and out of what serves HTTP.
- Where a Docker Engine answers, its containers are services.
- SIGTERM and Ctrl-C end it with 0 and leave no process and no file behind.
- A word that it does not know gets the usage, exit 2.
"""
import glob
import os
import signal
import subprocess

import pytest

from support.program import ROOT
from support.docker_engine import DockerEngine
from support.process import Process
from support.wait import eventually


def own_session():
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a run of tests in the background ignores it, and so would its children


class Up(Process):
    """tools/up in a session of its own, so that whatever it leaves behind can be found."""

    def __init__(self, log_path, env=None):
        super().__init__([ROOT / "tools" / "up"], log_path, env=env, preexec=own_session)
        self.session = self.pid
        eventually(self._is_up, 300, lambda: f"tools/up shows its last line\n{self.log_tail()}", every=0.2)

    def _is_up(self):
        assert self.exit_code is None, self.log()
        return "Ctrl-C stops" in self.log()

    def lines(self, start):
        """The command lines it proposes."""
        return [line[2:] for line in self.log().splitlines() if line.startswith(f"$ {start}")]

    def left_behind(self):
        listed = subprocess.run(["ps", "-s", str(self.session), "-o", "pid=,args="], capture_output=True, text=True)
        return listed.stdout.splitlines()


def typed(line):
    return subprocess.run(line, shell=True, capture_output=True, text=True, timeout=20).stdout


def served(line):
    """The numbers of the backends that answered, sorted."""
    return sorted(answer.split()[-1] for answer in typed(line).splitlines())


@pytest.fixture
def up(tmp_path):
    running = Up(tmp_path / "log")
    yield running
    if running.exit_code is None:
        running.stop(30)


def test_what_it_shows_works(up):
    digs = up.lines("dig")
    assert len(digs) >= 3 and up.lines("curl -s")
    for line in digs + up.lines("curl -s"):
        assert typed(line).strip(), line
    assert sum("SRV" in line.split() for line in typed(digs[0]).splitlines()) == 3
    addresses = next(line for line in digs if " A " in line)
    requests, = up.lines("for i in 1 2 3 4;")
    assert served(requests) == ["1", "2", "3", "3"]
    assert typed(up.lines("echo hello")[0]) == "hello\n"
    out, back = up.lines("curl -X PUT")
    typed(out)
    eventually(lambda: len(typed(addresses).split()) == 2, 5, "one backend is out")
    eventually(lambda: "1" not in served(requests), 5, "and gets no requests")
    typed(back)
    eventually(lambda: len(typed(addresses).split()) == 3, 5, "it is back")
    eventually(lambda: served(requests) == ["1", "2", "3", "3"], 5, "and gets its share")


def test_containers_are_services(tmp_path):
    with DockerEngine(networks=True) as docker:
        up = Up(tmp_path / "log", env={"DOCKER_HOST": docker.url})
        docker.start_container("web1", "-l", "SERVICE_NAME=httpbackend", "-p", "80", command=("httpd", "-f", "-p", "80"))
        line = next(line for line in up.lines("dig") if " SRV" in line)
        asked = line.replace("httpfront", "httpbackend")
        eventually(lambda: "SRV" in typed(asked), 10, lambda: f"{asked}\n{up.log_tail()}")
        assert '"httpbackend"' in typed(up.lines("curl -s")[-1]), "the line that shows registrar's state"
        assert up.stop(30) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_leaves_nothing_behind(up, number):
    assert up.left_behind()
    before = set(glob.glob("/tmp/signpost-up.*"))
    assert before
    up.send(number)
    eventually(lambda: up.exit_code is not None, 30, "the end")
    assert up.exit_code == 0, up.log_tail()
    assert not up.left_behind()
    assert set(glob.glob("/tmp/signpost-up.*")) < before


def test_unknown_word():
    ended = subprocess.run([ROOT / "tools" / "up", "--sytem"], capture_output=True, text=True, timeout=10)
    assert ended.returncode == 2 and "usage: tools/up" in ended.stderr
