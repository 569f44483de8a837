# Signpost. Apache-2.0; see LICENSE.
"""Health checks of containers, run by a real Consul agent and by the embedded registry, and the mirrored HEALTHCHECK.

Claims
- Each declared check reaches the container: its result says what was asked.
- A definition that Consul would refuse is put right, and never costs the registration.
- Docker's HEALTHCHECK is a check of its own, with the probe's output, and follows the container through a pause.
"""
import pytest

from support.registrar import always
from support.registrar_stage import Stage, polite_server

WEB = "node1:web.1:80"
CHECK = f"service:{WEB}"
HEALTH = f"docker:{WEB}"
# A probe that a test turns to and fro.
HEALTHCHECK = ("--health-cmd", "cat /tmp/state && test ! -e /tmp/bad", "--health-interval", "300ms", "--health-retries", "1")


def start_with(stage, *labels, options=()):
    """web.1, which serves on port 80, with these SERVICE_ labels."""
    words = [word for label in labels for word in ("-l", f"SERVICE_{label}")]
    stage.start("web.1", "-p", "80", *words, *options, command=polite_server(farewell=0.1))
    return stage.engine.host_port("web.1")


def test_case_47_http(stage):
    port = start_with(stage, "CHECK_HTTP=/index.html", "CHECK_INTERVAL=1s", "CHECK_TIMEOUT=2s", "CHECK_HTTP_METHOD=HEAD")
    stage.check_becomes(CHECK, "passing", f"HTTP HEAD http://{stage.engine.address}:{port}/index.html: 200")


def test_case_47_http_that_fails(stage):
    start_with(stage, "CHECK_HTTP=/nothing", "CHECK_INTERVAL=1s", "CHECK_INITIAL_STATUS=passing")
    stage.check_becomes(CHECK, "critical", "/nothing: 404")


def test_case_48_http_without_a_slash(stage):
    start_with(stage, "CHECK_HTTP=index.html", "CHECK_INTERVAL=1s")
    stage.check_becomes(CHECK, "passing", "/index.html: 200")


def test_case_50_tcp(stage):
    port = start_with(stage, "CHECK_TCP=true", "CHECK_INTERVAL=1s")
    stage.check_becomes(CHECK, "passing", f"TCP connect {stage.engine.address}:{port}: Success")


@pytest.mark.parametrize("stage", [{"internal": True, "family": "6"}], indirect=True)
def test_case_50_tcp_at_an_ipv6_address(stage):
    start_with(stage, "CHECK_TCP=true", "CHECK_INTERVAL=1s", options=("--network", "net6", "--expose", "80"))
    address = stage.engine.inspect("web.1")["NetworkSettings"]["Networks"]["net6"]["GlobalIPv6Address"]
    stage.check_becomes(CHECK, "passing", f"TCP connect [{address}]:80: Success")


def test_case_52_script(stage):
    port = start_with(stage, "CHECK_SCRIPT=echo at $SERVICE_IP $SERVICE_PORT", "CHECK_INTERVAL=1s")
    stage.check_becomes(CHECK, "passing", f"at {stage.engine.address} {port}")


def test_case_53_inside_the_container(stage):
    start_with(stage, "CHECK_DOCKER=cat /www/index.html", "CHECK_DOCKER_SHELL=/bin/sh", "CHECK_INTERVAL=1s")
    stage.check_becomes(CHECK, "passing", "served")


def test_case_54_ttl_is_passed_by_registrar(stage):
    start_with(stage, "CHECK_TTL=2s")
    stage.check_becomes(CHECK, "passing")
    # Without heartbeats the agent would call it off within this time.
    always(lambda: all(side.check(CHECK)[0] == "passing" for side in stage.sides), 3, "not passing any more")


def test_case_55_interval_without_a_unit(stage):
    start_with(stage, "CHECK_TCP=true", "CHECK_INTERVAL=1")
    stage.check_becomes(CHECK, "passing", "Success")


def test_case_56_unknown_first_status(stage):
    start_with(stage, "CHECK_TCP=true", "CHECK_INTERVAL=1s", "CHECK_INITIAL_STATUS=ok")
    stage.check_becomes(CHECK, "passing", "Success")


def test_case_57_declared_and_mirrored(stage):
    start_with(stage, "CHECK_TCP=true", "CHECK_INTERVAL=1s", "CHECK_DEREGISTER_AFTER=10m",
               options=("--health-cmd", "echo fine", "--health-interval", "300ms"))
    stage.check_becomes(CHECK, "passing", "Success")
    stage.check_becomes(HEALTH, "passing", "fine")
    stage.until(lambda side: side.checks_of(WEB) == {CHECK, HEALTH}, "these two checks and no other")


def test_case_78_health_is_mirrored(stage):
    start_with(stage, options=(*HEALTHCHECK, "--health-start-period", "30s"))
    stage.check_becomes(HEALTH, "critical", "starting")
    stage.docker("exec", "web.1", "sh", "-c", "echo all well >/tmp/state")
    stage.check_becomes(HEALTH, "passing", "all well")
    stage.docker("exec", "web.1", "sh", "-c", "echo no disk >/tmp/state; touch /tmp/bad")
    stage.check_becomes(HEALTH, "critical", "no disk")
    stage.docker("exec", "web.1", "sh", "-c", "echo disk is back >/tmp/state; rm /tmp/bad")
    stage.check_becomes(HEALTH, "passing", "disk is back")


def test_case_79_a_pause_is_no_illness(stage):
    start_with(stage, options=("--health-cmd", "echo fine", "--health-interval", "300ms"))
    stage.check_becomes(HEALTH, "passing", "fine")
    stage.docker("pause", "web.1")
    stage.maintained(WEB, "paused")
    stage.until(lambda side: side.check(HEALTH)[0] == "passing", "health as before the pause", within=0)
    stage.docker("unpause", "web.1")
    stage.in_service(WEB)
    stage.check_becomes(HEALTH, "passing", "fine")


def test_case_80_registered_when_healthy(stage):
    start_with(stage, "REGISTER_WHEN=healthy", options=(*HEALTHCHECK, "--health-start-period", "30s"))
    stage.witness()
    stage.shows()
    stage.docker("exec", "web.1", "touch", "/tmp/state")
    stage.shows_only(WEB)
    stage.docker("exec", "web.1", "touch", "/tmp/bad")
    stage.check_becomes(HEALTH, "critical")
    stage.shows_only(WEB)


def test_case_108_agent_that_runs_no_scripts(engine, without_scripts):
    """Strict: not registered, and the others are. Lenient: registered without that check."""
    with Stage(engine, without_scripts, ip=engine.address) as strict:
        start_with(strict, "CHECK_SCRIPT=true")
        strict.witness()
        strict.shows()
    with Stage(engine, without_scripts, ip=engine.address, lenient_checks=True) as lenient:
        start_with(lenient, "CHECK_SCRIPT=true")
        lenient.shows_only(WEB)
        lenient.until(lambda side: not side.checks_of(WEB), "no check")
