# Signpost. Apache-2.0; see LICENSE.
"""registrar's commands, its dry run and its end, with a real engine and real registries.

Claims
- `plan` names what would be added and removed, and changes nothing; its exit code tells whether there is a difference.
- `--dry-run` writes nothing. `--on-exit` does what it names.
- Whoever else is registered at the same agent is left as he is.
- A changed address of the host reaches every service.
"""
import contextlib
import subprocess
import time

import pytest

from support.docker_engine import DockerEngine
from support.registrar import Registrar, run_command
from support.registrar_stage import Stage
from support.wait import eventually

WEB = "node1:web.1:80"


@pytest.fixture
def plain(engine, agents):
    """A stage of the test's own, whose registrars it may stop."""
    with Stage(engine, agents, ip=engine.address) as made:
        yield made


def plan(stage, side, *words):
    return run_command("plan", "--docker", stage.engine.url, "--consul", side.agent.url, "--node-id", "node1", "--ip",
                       stage.engine.address, *words)


def stop_all(stage):
    for side in stage.sides:
        side.registrar.stop()


def start_all(stage):
    for side in stage.sides:
        side.registrar.start()


def test_case_122_plan(plain):
    plain.start_service("web.1")
    for side in plain.sides:
        same = plan(plain, side)
        assert same.returncode == 0, f"{side.name}: {same.stdout}{same.stderr}"
    stop_all(plain)
    plain.start("web.2", "-p", "80")
    plain.engine.remove("web.1")
    for side in plain.sides:
        before = side.services()
        differs = plan(plain, side)
        assert differs.returncode == 2, f"{side.name}: {differs.stdout}{differs.stderr}"
        lines = differs.stdout.splitlines()
        assert any("add" in line and "node1:web.2:80" in line for line in lines), differs.stdout
        assert any("remove" in line and WEB in line for line in lines), differs.stdout
        assert side.services() == before, "plan wrote something"
    start_all(plain)
    plain.shows_only("node1:web.2:80")


def test_case_123_dry_run(engine, agents):
    with Stage(engine, agents, ip=engine.address, dry_run=True) as dry:
        dry.start("web.1", "-p", "80")
        dry.until(lambda side: any(entry["id"] == WEB for entry in side.registrar.status()["services"]), f"{WEB} known")
        dry.shows()


@pytest.mark.parametrize("mode", ["keep", "deregister", "maintenance"])
def test_case_116_on_exit(engine, agents, mode):
    with Stage(engine, agents, ip=engine.address, on_exit=mode) as stage:
        stage.start_service("web.1")
        began = time.monotonic()
        stop_all(stage)
        assert time.monotonic() - began < 10, "each within five seconds"
        for side in stage.sides:
            assert set(side.own()) == (set() if mode == "deregister" else {WEB}), f"{side.name} after {mode}"
            assert (side.maintenance(WEB) is not None) == (mode == "maintenance"), f"{side.name} after {mode}"
        start_all(stage)
        stage.in_service(WEB)


def strangers():
    """What others have at the agent: one that looks like Registrator's, one of another registrar, and a bare one."""
    return [{"ID": "node1:web.1:81", "Name": "web", "Port": 81, "Address": "198.51.100.1"},
            {"ID": "node1:web.9:80", "Name": "web", "Port": 80, "Address": "198.51.100.2",
             "Meta": {"registrar-owner": "somebody", "registrar-container": "f" * 64, "registrar-spec": "0-0"}},
            {"ID": "db", "Name": "db", "Port": 5432, "Check": {"CheckID": "db-life", "TTL": "1h", "Status": "passing"}}]


@contextlib.contextmanager
def with_strangers(agents):
    for agent in agents.values():
        for body in strangers():
            agent.agent_register(body)
    try:
        yield {body["ID"] for body in strangers()}
    finally:
        for agent in agents.values():
            for body in strangers():
                agent.agent_deregister(body["ID"])


def without_times(entry):
    return {key: value for key, value in entry.items() if key not in ("CreateIndex", "ModifyIndex")}


def test_case_91_strangers_are_left_alone(engine, agents):
    with with_strangers(agents) as ids:
        def seen():
            return {name: {id: without_times(agent.get("/v1/agent/services")[id]) for id in ids}
                    for name, agent in agents.items()}

        before = seen()
        with Stage(engine, agents, ip=engine.address) as stage:
            service = stage.start("web.1", "-p", "80") and WEB
            stage.until(lambda side: service in side.services(), "registered beside the strangers")
            stage.docker("stop", "-t", "0", "web.1")
            stage.until(lambda side: service not in side.services(), "removed")
            for side in stage.sides:
                side.registrar.stop()
                side.registrar.start()
            assert seen() == before
            for agent in agents.values():  # the stage ends with nothing that has an owner
                agent.agent_deregister("node1:web.9:80")
                assert agent.get("/v1/agent/checks")["db-life"]["Status"] == "passing"


def test_case_93_what_registrator_left(engine, agents):
    """Taken over when the container is there, removed when it is not; only on request."""
    for agent in agents.values():
        agent.agent_register({"ID": WEB, "Name": "old-name", "Port": 1, "Address": "198.51.100.1"})
        agent.agent_register({"ID": "node1:gone:80", "Name": "gone", "Port": 1, "Address": "198.51.100.1"})
        agent.agent_register({"ID": "node2:gone:80", "Name": "gone", "Port": 1, "Address": "198.51.100.1"})
    engine.start_container("web.1", "-p", "80")
    with Stage(engine, agents, ip=engine.address, adopt_prefix="node1:") as stage:
        stage.until(lambda side: set(side.own()) == {WEB} and "node1:gone:80" not in side.services(), "adopted")
        for side in stage.sides:
            assert "node2:gone:80" in side.services(), "another host's"
            side.agent.agent_deregister("node2:gone:80")


def test_case_92_two_engines_at_one_agent(engine, agents):
    """Both engines run on one machine, where they share their engine ID: here the owner has to be named."""
    with DockerEngine(networks=True) as other, Stage(engine, agents, ip=engine.address) as stage:
        with Stage(other, agents, ip=other.address, node_id="node2", owner_id="the-second") as second:
            stage.start("web.1", "-p", "80")
            second.start("web.1", "-p", "80")
            stage.shows_only(WEB, "node2:web.1:80")
            engine.remove("web.1")
            stage.shows_only("node2:web.1:80")
            stop_all(stage)
            start_all(stage)
            stage.shows_only("node2:web.1:80")


def test_case_112_the_host_gets_another_address(engine, agents):
    def ip(*words):
        subprocess.run(["ip", *words], check=True, timeout=20)

    ip("link", "add", "sphost", "type", "bridge")
    try:
        ip("address", "add", "192.0.2.77/32", "dev", "sphost")
        ip("link", "set", "sphost", "up")
        with Stage(engine, agents, ip="iface:sphost") as stage:
            stage.start("web.1", "-p", "80")
            port = engine.host_port("web.1")
            stage.shows(f"{WEB} | signpost-test | 192.0.2.77:{port}")
            ip("address", "add", "192.0.2.78/32", "dev", "sphost")
            ip("address", "delete", "192.0.2.77/32", "dev", "sphost")
            stage.shows(f"{WEB} | signpost-test | 192.0.2.78:{port}", within=20)
    finally:
        ip("link", "delete", "sphost")


def test_case_117_registrators_own_command_line(engine, agents):
    """Run with nothing but words that Registrator knows."""
    address = agents["consul"].url.removeprefix("http://")
    words = ["-ip", engine.address, "-resync", "60", "-cleanup", "-deregister", "on-success", f"consul://{address}"]
    engine.start_container("web.1", "-p", "80")
    try:
        with Registrar(engine, None, {"ip": None}, arguments=words) as registrar:
            found = eventually(lambda: agents["consul"].get("/v1/agent/services").get(WEB), 8, registrar.log)
            assert found["Address"] == engine.address, registrar.log()
            engine.remove("web.1")
            Stage(engine, {"consul": agents["consul"]}).shows()
    finally:
        engine.remove(*engine.names())
