# Signpost. Apache-2.0; see LICENSE.
"""What happens to a container, and what becomes of its service: the numbered event cases on a real Docker Engine.

Claims
- A service is registered while its container really runs, and at no other time; never with a port that is not published.
- The stop signal sets maintenance while the container still works; a container that survives gets it lifted.
- Pause, rename, restart, restart policies and networks are followed.
"""
import pytest

from support.docker_engine import ended
from support.registrar_stage import Stage, patient, polite_server
from support.wait import eventually

STUBBORN = ["sh", "-c", "trap '' TERM HUP USR1; while :; do sleep 0.1; done"]


def always_published(stage, watcher, name):
    """Whatever was seen of the container's port 80 is no container port."""
    ports = {port for reading in watcher.readings for id, (port, _) in reading.items() if f":{name}:" in id}
    assert ports and 80 not in ports, f"{name} was registered with ports {ports}"
    return ports


def test_case_65_registered_at_the_start_and_not_before(stage):
    stage.docker("create", "--name", "web.1", "-p", "80", stage.engine.IMAGE, "sleep", "100000")
    stage.witness()
    stage.shows()
    stage.docker("start", "web.1")
    stage.shows_only("node1:web.1:80")


def test_case_66_a_container_that_cannot_start(stage):
    with stage.history() as watchers:
        done = stage.engine.attempt("run", "-d", "--name", "web.1", "-p", "80", stage.engine.IMAGE, "/no/such/command")
        assert done.returncode != 0
        stage.witness()
    assert not any("web.1" in id for watcher in watchers for reading in watcher.readings for id in reading)


def test_case_67_removed_at_the_end(stage):
    stage.start("web.1", "-p", "80", command=patient())
    stage.shows_only("node1:web.1:80")
    stage.docker("kill", "-s", "KILL", "web.1")
    stage.shows()


def test_case_68_short_lives(stage):
    for number in range(6):
        stage.start(f"brief-{number}", "--rm", "-p", "80", command=["true"])
    stage.witness()
    stage.shows()


def test_case_70_maintenance_at_the_stop_signal(stage):
    service = stage.start_service("web.1")
    pid = stage.engine.process_of("web.1")
    stage.docker("kill", "-s", "TERM", "web.1")  # ends a little later
    stage.maintained(service, "registrar: ")
    assert not ended(pid), "maintenance came after the container's end"
    stage.shows()


def test_case_71_the_container_survives(stage):
    service = stage.start_service("web.1")
    stage.start("web.2", "-p", "80", "--stop-timeout", "0", command=STUBBORN)
    survivor = "node1:web.2:80"
    stage.shows_only(service, survivor)
    stage.docker("kill", "-s", "TERM", "web.2")
    stage.maintained(survivor)
    stage.until(lambda side: side.maintenance(survivor) is None, "the drain given up", within=10)
    stage.shows_only(service, survivor)


@pytest.mark.parametrize("signal", ["HUP", "USR1"])
def test_case_72_other_signals_mean_nothing(stage, signal):
    stage.start("web.1", "-p", "80", command=STUBBORN)
    stage.shows_only("node1:web.1:80")
    with stage.history() as watchers:
        stage.docker("kill", "-s", signal, "web.1")
        stage.witness()
    drained = [reading for watcher in watchers for reading in watcher.readings if reading["node1:web.1:80"][1]]
    assert not drained, f"{signal} set maintenance"


def test_case_73_a_stop_signal_of_its_own(stage):
    stage.start("web.1", "-p", "80", "--stop-signal", "SIGINT", command=patient("INT", "sleep 0.6; exit 0"))
    stage.shows_only("node1:web.1:80")
    stage.docker("kill", "-s", "INT", "web.1")
    stage.maintained("node1:web.1:80")
    stage.shows()


def test_case_74_restart_with_a_new_port(stage):
    service = stage.start_service("web.1", "-p", "127.0.0.1::81", "-l", "SERVICE_81_IGNORE=true")
    before = stage.engine.host_port("web.1")
    stage.docker("restart", "web.1")
    after = stage.engine.host_port("web.1")
    assert after != before, "the engine gave the same port again: this test shows nothing"
    stage.until(lambda side: side.own().get(service, {}).get("Port") == after and side.maintenance(service) is None,
                f"port {after}")


def test_case_75_restart_policy(stage):
    with stage.history() as watchers:
        stage.start("web.1", "-p", "80", "--restart", "always", command=["sh", "-c", "sleep 0.3; exit 1"])
        eventually(lambda: stage.engine.inspect("web.1")["RestartCount"] >= 3, 20, "three restarts", every=0.1)
        stage.docker("rm", "-f", "web.1")
        stage.shows()
    for watcher in watchers:
        always_published(stage, watcher, "web.1")
        there = ["node1:web.1:80" in reading for reading in watcher.readings]
        assert there.count(True) >= 2 and there[-1] is False, f"{there}: removed in back-off, back when it runs"


def test_case_76_found_in_back_off(stage, engine, agents):
    """A registrar that starts while the container waits for its next start."""
    stage.start("web.1", "-p", "80", "--restart", "always", command=["false"])
    eventually(lambda: engine.inspect("web.1")["RestartCount"] >= 5, 60, "a long back-off", every=0.1)
    for side in stage.sides:
        side.registrar.stop()
        side.registrar.start()
    stage.witness()
    assert engine.inspect("web.1")["State"]["Restarting"], "the back-off is over: this test shows nothing"
    stage.shows()


def test_case_77_pause(stage):
    service = stage.start_service("web.1")
    stage.docker("pause", "web.1")
    stage.maintained(service, "paused")
    stage.docker("unpause", "web.1")
    stage.in_service(service)


def test_case_77_stop_while_paused(stage):
    service = stage.start_service("web.1")
    stage.docker("pause", "web.1")
    stage.maintained(service, "paused")
    with stage.history() as watchers:
        stage.docker("stop", "-t", "1", "web.1")
        stage.shows()
    back = [reading for watcher in watchers for reading in watcher.readings if reading.get(service) and not reading[service][1]]
    assert not back, "the unpause inside the stop put it back into service"


def test_case_81_rename(stage):
    stage.start_service("web.1")
    with stage.history() as watchers:
        stage.docker("rename", "web.1", "web.2")
        stage.shows_only("node1:web.2:80")
    assert all(reading for watcher in watchers for reading in watcher.readings), "a moment without either"


def test_case_83_out_of_memory(stage):
    eater = ["sh", "-c", "sleep 0.5; x=a; while :; do x=$x$x; done"]
    stage.start("web.1", "-p", "80", "--memory", "8m", command=eater)
    stage.shows_only("node1:web.1:80")
    eventually(lambda: stage.engine.inspect("web.1")["State"]["OOMKilled"], 20, "out of memory")
    stage.shows()


def test_case_84_killed_from_outside(stage):
    stage.start_service("web.1")
    stage.engine.kill_process("web.1")
    stage.shows()


def test_case_85_removed_by_force(stage):
    service = stage.start_service("web.1")
    with stage.history() as watchers:
        stage.docker("rm", "-f", "web.1")
        stage.shows()
    assert not any(reading.get(service, (0, False))[1] for watcher in watchers for reading in watcher.readings)


def test_many_at_once(stage):
    """As many as this machine starts in a few seconds."""
    names = [f"many-{number}" for number in range(8)]
    for name in names:
        stage.start(name, "-l", "SERVICE_PORT=0")
    stage.shows_only(*(f"node1:{name}:0" for name in names))


@pytest.mark.parametrize("stage", [{"internal": True}], indirect=True)
def test_case_82_networks_are_followed(stage):
    address = lambda network: stage.engine.inspect("web.1")["NetworkSettings"]["Networks"][network]["IPAddress"]  # noqa: E731
    stage.start("web.1", "--expose", "80", "--network", "net1")
    stage.shows(f"node1:web.1:80 | signpost-test | {address('net1')}:80")
    with stage.history() as watchers:
        stage.docker("network", "connect", "shut", "web.1")  # not the one it is registered with
        stage.witness()
    assert all("node1:web.1:80" in reading for watcher in watchers for reading in watcher.readings)
    stage.shows(f"node1:web.1:80 | signpost-test | {address('net1')}:80")
    stage.docker("network", "connect", "net2", "web.1")
    stage.docker("network", "disconnect", "net1", "web.1")
    stage.docker("network", "disconnect", "shut", "web.1")
    stage.shows(f"node1:web.1:80 | signpost-test | {address('net2')}:80")


class TestOnSuccess:
    """--deregister on-success."""

    pytestmark = pytest.mark.parametrize("stage", [{"deregister": "on-success"}], indirect=True)

    @pytest.mark.parametrize("code", [0, 3])
    def test_case_86_exit_code(self, stage, code):
        stage.start("web.1", "-p", "80", command=["sh", "-c", f"trap 'exit {code}' TERM; while :; do sleep 0.1; done"])
        stage.shows_only("node1:web.1:80")
        stage.docker("stop", "web.1")
        if code:
            stage.witness()
            stage.maintained("node1:web.1:80", "registrar: ")
        else:
            stage.shows()

    def test_case_86_killed(self, stage):
        stage.start("web.1", "-p", "80")
        stage.shows_only("node1:web.1:80")
        stage.docker("kill", "web.1")
        stage.shows()

    def test_case_87_kept_until_it_is_removed(self, stage):
        stage.start("web.1", "-p", "80", command=["sh", "-c", "sleep 0.5; exit 3"])
        stage.maintained("node1:web.1:80", "registrar: ")
        stage.docker("rm", "web.1")
        stage.shows()


def test_ends_and_starts_in_quick_succession(stage):
    """The last state counts, whatever was heard of the others."""
    service = stage.start_service("web.1")
    for _ in range(3):
        stage.docker("kill", "web.1")
        stage.docker("start", "web.1")
    port = stage.engine.host_port("web.1")
    stage.until(lambda side: side.own().get(service, {}).get("Port") == port and side.maintenance(service) is None,
                f"{service} in service at port {port}")
    stage.docker("kill", "web.1")
    stage.shows()


def test_polite_server_is_what_the_tests_take_it_for(engine, agents):
    """It serves, goes on serving at SIGTERM, and ends well."""
    with Stage(engine, {}, ip=engine.address) as bare:
        bare.start("web.1", "-p", "80", command=polite_server())
        bare.docker("stop", "web.1")
        assert engine.inspect("web.1")["State"]["ExitCode"] == 0
