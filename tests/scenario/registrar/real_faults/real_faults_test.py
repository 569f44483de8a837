# Signpost. Apache-2.0; see LICENSE.
"""registrar, the registry and the Docker Engine are killed, stopped in their tracks and started again.

Claims
- Each fault ends with a catalog equal to the containers, and nobody else's entry is touched.
- While the engine is away nothing is removed. While the registry is away registrar keeps running.
- What has not changed is not written again.
- What others do to registrar's entries is repaired.
"""
import ctypes
import os
import signal
import socket

import pytest

from support.docker_engine import ended
from support.registrar import Registrar, always
from support.registrar_stage import polite_server
from support.wait import eventually

CLONE_NEWUTS = 0x04000000
REPAIRED_WITHIN = 3.0
# How long a black hole lasts: in the long run longer than any patience.
HELD = 45 if os.environ.get("SIGNPOST_LONG") == "1" else 1


def kill_registrars(stage):
    for side in stage.sides:
        side.registrar.kill()


def start_registrars(stage):
    for side in stage.sides:
        side.registrar.start()


def start_three(stage):
    return [stage.start_service(f"web.{number}") for number in (1, 2, 3)]


def entry_index(side, service_id):
    """When this entry was last written, as Consul counts."""
    entry = side.services()[service_id]
    found = side.agent.get(f"/v1/health/service/{entry['Service']}")
    return next(one["Service"]["ModifyIndex"] for one in found if one["Service"]["ID"] == service_id)


def signal_agents(stage, number):
    for side in stage.sides:
        os.kill(side.agent.pid, number)


def restart_agents(stage):
    for side in stage.sides:
        side.agent.kill()
    for side in stage.sides:
        side.agent.start()


# --- registrar --------------------------------------------------------------------------------------------------------

def test_case_89_registrar_killed(stage):
    stays, *_ = start_three(stage)
    stage.start_service("web.4")
    before = [entry_index(side, stays) for side in stage.sides]
    kill_registrars(stage)
    for name in ("web.2", "web.3", "web.4"):
        stage.docker("stop", "-t", "0", name)
    stage.start_service("web.5", wait=False)
    start_registrars(stage)
    stage.equals_containers()
    assert [entry_index(side, stays) for side in stage.sides] == before, "an unchanged entry was written again"


def test_case_90_registrar_in_another_container(stage):
    """It comes back on what it takes for another machine; its entries are still its own."""
    options = {"node-id": None, "ip": stage.engine.address}
    kill_registrars(stage)
    stage.start("web.1", "-p", "80")
    for side in stage.sides:
        with Registrar(stage.engine, side.agent, options) as first:
            before = eventually(side.own, 8, "registered")
            first.kill()
        with Registrar(stage.engine, side.agent, options, preexec=lambda: in_host_named("somewhere-else")):
            always(lambda: side.own() == before, 1, "the entries are still its own")
    stage.engine.remove("web.1")
    start_registrars(stage)


def in_host_named(name):
    """The calling process, and it alone, finds itself on a host of that name."""
    assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUTS) == 0, os.strerror(ctypes.get_errno())
    socket.sethostname(name)


def test_registrar_killed_over_and_over(stage):
    """At any moment of its work."""
    for number in range(6):
        stage.start(f"web.{number}", "-p", "80", command=polite_server())
        kill_registrars(stage)
        if number % 2:
            stage.docker("rm", "-f", f"web.{number - 1}")
        for side in stage.sides:
            side.registrar.start(ready=False)
    stage.equals_containers()


# --- the registry -----------------------------------------------------------------------------------------------------

def test_case_101_agent_comes_back_empty(forgetful):
    services = start_three(forgetful)
    for side in forgetful.sides:
        side.agent.kill()
    for side in forgetful.sides:
        side.agent.start()
        eventually(lambda: set(side.own()) == set(services), REPAIRED_WITHIN,
                   lambda: f"{side.name}: all back\n{side.log_tail()}")
    forgetful.equals_containers()


def test_case_102_agent_comes_back_with_its_data(stage):
    services = start_three(stage)
    stage.start("web.4", "-p", "80", "-l", "SERVICE_CHECK_TTL=5s")
    stage.check_becomes("service:node1:web.4:80", "passing")
    before = {side.name: {id: entry_index(side, id) for id in services} for side in stage.sides}
    restart_agents(stage)
    stage.witness()
    stage.equals_containers()
    after = {side.name: {id: entry_index(side, id) for id in services} for side in stage.sides}
    assert after == before, "an unchanged entry was written again"
    stage.check_becomes("service:node1:web.4:80", "passing")


def test_agent_killed_while_containers_change(stage):
    start_three(stage)
    for side in stage.sides:
        side.agent.kill()
    stage.docker("stop", "-t", "0", "web.1")
    stage.docker("rm", "-f", "web.2")
    stage.start_service("web.4", wait=False)
    for side in stage.sides:
        assert side.registrar.process.exit_code is None
        side.agent.start()
    stage.equals_containers(within=15)


def test_agent_in_a_black_hole(stage):
    """It takes connections and answers nothing."""
    start_three(stage)
    signal_agents(stage, signal.SIGSTOP)
    try:
        stage.docker("stop", "-t", "0", "web.1")
        stage.docker("rename", "web.2", "web.6")
        stage.start_service("web.4", wait=False)
        always(lambda: all(side.registrar.process.exit_code is None for side in stage.sides), HELD, "registrar ended")
    finally:
        signal_agents(stage, signal.SIGCONT)
    stage.equals_containers(within=20)


def test_case_109_removal_that_hangs_and_is_overtaken(stage):
    stage.start_service("web.1")
    signal_agents(stage, signal.SIGSTOP)
    try:
        stage.docker("stop", "-t", "0", "web.1")
        stage.docker("start", "web.1")
    finally:
        signal_agents(stage, signal.SIGCONT)
    stage.equals_containers(within=20)


def test_case_100_agent_away_at_the_start(stage):
    kill_registrars(stage)
    stage.start_service("web.1", wait=False)
    for side in stage.sides:
        side.agent.kill()
        side.registrar.start(ready=False)
    for side in stage.sides:
        eventually(lambda: "onsul" in side.registrar.log(), 10, "it says that the agent is away")
        assert side.registrar.process.exit_code is None
        side.agent.start()
    stage.equals_containers(within=15)


# --- the engine -------------------------------------------------------------------------------------------------------

def test_case_96_engine_killed(stage):
    services = start_three(stage)
    stage.start_service("web.4", "--restart", "always")
    process = stage.engine.process_of("web.1")
    stage.engine.kill()
    try:
        for side in stage.sides:
            eventually(lambda: side.registrar.status()["engine"]["connected"] is False, 10, "noticed")
        assert not ended(process), "the containers outlive the engine"
        everything = {*services, "node1:web.4:80"}
        always(lambda: all(set(side.own()) == everything for side in stage.sides), 1, "removed while the engine is away")
    finally:
        stage.engine.start()  # which ends the containers, and starts the fourth again
    eventually(lambda: stage.engine.inspect("web.4")["State"]["Running"], 10, "the fourth runs")
    stage.equals_containers(within=20)
    assert all(set(side.own()) == {"node1:web.4:80"} for side in stage.sides)


def test_case_96_engine_stopped_in_order(stage):
    start_three(stage)
    stage.engine.stop()
    stage.engine.start()
    stage.docker("start", "web.2")
    stage.equals_containers(within=20)


def test_engine_in_a_black_hole(stage):
    """It takes connections and answers nothing; a container ends meanwhile."""
    services = start_three(stage)
    process = stage.engine.process_of("web.1")
    stage.engine.pause()
    try:
        os.kill(process, signal.SIGKILL)
        eventually(lambda: ended(process), 10, "the container's process gone")
        always(lambda: all(set(side.own()) == set(services) for side in stage.sides), HELD, "removed by guess")
        if HELD > 30:
            assert not any(side.registrar.status()["engine"]["connected"] for side in stage.sides), "not noticed"
    finally:
        stage.engine.resume()
    eventually(lambda: not stage.engine.inspect("web.1")["State"]["Running"], 10, "the engine knows")
    stage.equals_containers()


# --- others -----------------------------------------------------------------------------------------------------------

def test_case_103_deregistered_by_somebody(stage):
    service = stage.start_service("web.1")
    for side in stage.sides:
        side.agent.agent_deregister(service)
        eventually(lambda: service in side.own(), REPAIRED_WITHIN, lambda: f"{side.name}: restored\n{side.log_tail()}")


@pytest.mark.parametrize("override", [False, True])
def test_case_104_tags_edited_by_somebody(stage, override):
    service = stage.start_service("web.1", "-l", "SERVICE_TAGS=mine", "-l",
                                  f"SERVICE_ENABLE_TAG_OVERRIDE={str(override).lower()}")
    for side in stage.sides:
        entry = side.own()[service]
        side.agent.agent_register({
            "ID": service, "Name": entry["Service"], "Port": entry["Port"], "Address": entry["Address"],
            "Tags": ["theirs"], "Meta": entry["Meta"], "EnableTagOverride": override})
    stage.witness()
    wanted = ["theirs"] if override else ["mine"]
    stage.until(lambda side: side.own()[service]["Tags"] == wanted, f"tags {wanted}")
