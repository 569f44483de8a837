# Signpost. Apache-2.0; see LICENSE.
"""Registrator's command line goes on working.

Claims
- Its spellings are understood and mean the same; words that it refused are accepted where they make sense.
- What is wrong is said in one sentence, with the exit code of Registrator: 1 for values that do not fit together.
"""
import pytest

from support.fake_agent import FakeAgent
from support.ports import free_port
from support.process import Process
from support.registrar import Registrar, always, binary, clean_environment, run_command
from support.wait import eventually

WEB = "node1:web.1:80"


class Line:
    """`registrar WORDS` with the engine in DOCKER_HOST and the listener on a free port."""

    def __init__(self, tmp_path, engine, *words, env=None):
        environment = clean_environment({"DOCKER_HOST": engine.url, **(env or {})})
        # Options before the words, so that an address may stand last.
        command = ["env", "-i", *(f"{k}={v}" for k, v in environment.items()), binary("registrar"),
                   f"--http=127.0.0.1:{free_port()}", *words]
        self.process = Process(command, tmp_path / "log")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        code = self.process.stop()
        assert kind is not None or code == 0, self.process.log()


def test_case_117_registrators_own_line(tmp_path, engine, agent, run_web):
    agent.register("web", "node1:gone:80", Port=1)
    web = run_web()
    with Line(tmp_path, engine, "-ip", "192.0.2.77", "-resync", "60", "-cleanup", "-deregister", "on-success",
              agent.consul_uri):
        eventually(lambda: agent.ids() == [WEB], 5, agent.ids)
        assert agent.services()[WEB]["Address"] == "192.0.2.77"
        web.die(3)
        eventually(lambda: any(c["Status"] == "critical" for c in agent.checks(WEB).values()), 2)
        assert agent.ids() == [WEB]
        web.start()
        web.die(0)
        eventually(lambda: agent.ids() == [], 2)


LINES = {"double dashes": ["--ip=192.0.2.77", "-internal=false", "URI"], "after the address": ["URI", "-ip", "192.0.2.77"],
         "around it": ["-ip", "192.0.2.77", "URI", "-tags", "x"],
         "retries": ["-retry-attempts", "3", "-retry-interval", "100", "-ip", "192.0.2.77", "URI"],
         "time to live": ["-ttl", "30", "-ttl-refresh", "10", "-ip", "192.0.2.77", "URI"],
         "not explicit": ["-explicit=false", "-useIpFromLabel", "nowhere", "-ip", "192.0.2.77", "URI"]}


@pytest.mark.parametrize("words", LINES.values(), ids=[f"case 118 {name}" for name in LINES])
def test_accepted(tmp_path, engine, agent, run_web, words):
    run_web()
    with Line(tmp_path, engine, *[agent.consul_uri if word == "URI" else word for word in words]):
        eventually(lambda: agent.ids() == [WEB], 5, lambda: (tmp_path / "log").read_text())
        assert agent.services()[WEB]["Address"] == "192.0.2.77"


TTLS = [["-ttl", "10"], ["-ttl", "10", "-ttl-refresh", "10"], ["-ttl", "10", "-ttl-refresh", "11"], ["-ttl-refresh", "5"]]


@pytest.mark.parametrize("words", TTLS, ids=[f"case 119 {' '.join(words)}" for words in TTLS])
def test_times_to_live_that_do_not_fit(engine, agent, words):
    done = run_command(*words, agent.consul_uri, env={"DOCKER_HOST": engine.url})
    assert done.returncode == 1
    assert "-ttl-refresh" in done.stderr and len(done.stderr.splitlines()) == 1
    assert agent.requests == []


def test_case_120_deregister_never(tmp_path, engine, agent, run_web):
    web = run_web()
    with Line(tmp_path, engine, "-ip", "192.0.2.77", "-deregister", "never", agent.consul_uri):
        eventually(lambda: agent.ids() == [WEB], 5)
        web.stop()
        always(lambda: WEB in agent.ids(), 1)


@pytest.mark.parametrize("uri", ["consul://127.0.0.88", "127.0.0.88"], ids=["case 121 uri", "case 121 bare"])
def test_no_port_is_8500(tmp_path, engine, run_web, uri):
    with FakeAgent(host="127.0.0.88", port=8500) as agent:
        run_web()
        with Line(tmp_path, engine, "-ip", "192.0.2.77", uri):
            eventually(lambda: agent.ids() == [WEB], 5, lambda: (tmp_path / "log").read_text())


def test_consul_from_the_environment(engine, agent, run_web, settle):
    run_web()
    with Registrar(engine, None, env={"CONSUL_HTTP_ADDR": agent.url, "CONSUL_HTTP_TOKEN": "secret"}) as registrar:
        eventually(lambda: agent.ids() == [WEB])
        settle()
        assert all(request.headers.get("x-consul-token") == "secret" for request in agent.requests)
        for page in ("/status", "/metrics"):
            assert "secret" not in registrar.get(page).text
        assert "secret" not in registrar.log()


def test_gives_up_when_told_to(engine, agent):
    agent.kill()
    done = run_command("-retry-attempts", "2", "-retry-interval", "50", agent.consul_uri,
                       f"--http=127.0.0.1:{free_port()}", env={"DOCKER_HOST": engine.url})
    assert done.returncode == 1 and f"127.0.0.1:{agent.port}" in done.stderr
