# Signpost. Apache-2.0; see LICENSE.
"""From `docker run` to the client: names through a real engine, real registries and dnsd.

Claims
- A container started with `docker run -d -l SERVICE_NAME=httpbackend -p ...` is resolvable within 300 ms at the 95th
  percentile, counted from the container's own start. (Counted from the return of `docker run` as well; both are printed.)
- A container that is stopped is out of every answer before its process has ended; a client that resolves and connects
  all the time sees no failure: neither with `docker stop` nor with `registrar drain`.
The rounds are those of conftest.py; SIGNPOST_LONG=1 runs all that is promised.
"""
import contextlib
import datetime
import json
import time

import pytest
from resolving_client import Client

from support.docker_engine import PAGE
from support.registrar import run_command
from support.registrar_stage import polite_server

NAME = "httpbackend.service.consul"
PROMISED_P95 = 0.300


@pytest.fixture(autouse=True)
def nothing_left(world):
    """Containers of a test end with it, and their services go."""
    yield
    world[0].clear()


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def figures(values):
    return {"n": len(values), "p50_ms": round(percentile(values, 0.5) * 1000, 1),
            "p95_ms": round(percentile(values, 0.95) * 1000, 1), "max_ms": round(max(values) * 1000, 1)}


@contextlib.contextmanager
def clients(servers, **words):
    with contextlib.ExitStack() as stack:
        yield {side: stack.enter_context(Client(server, NAME, PAGE, **words)) for side, server in servers.items()}


def start_backend(stage, name, *options, farewell=0.6):
    """docker run; returns (when it returned, host port)."""
    stage.start(name, "-l", "SERVICE_NAME=httpbackend", "-p", "8081", *options, command=polite_server(8081, farewell))
    returned = time.time()
    return returned, stage.engine.host_port(name, "8081/tcp")


def start_ready_backend(stage, name, farewell):
    """One that is in the answers only when it serves; the host port."""
    probe = ("--health-cmd", "wget -q -O - http://127.0.0.1:8081/", "--health-interval", "300ms")
    return start_backend(stage, name, *probe, farewell=farewell)[1]


def moment(text):
    """RFC 3339 with nanoseconds, as seconds since the epoch."""
    whole, _, rest = text.partition(".")
    seconds = datetime.datetime.fromisoformat(whole + "+00:00").timestamp()
    return seconds + float("0." + rest.rstrip("Z"))


def started_at(stage, name):
    return moment(stage.engine.inspect(name)["State"]["StartedAt"])


def finished_at(stage, name):
    return moment(stage.engine.inspect(name)["State"]["FinishedAt"])


def event_time(stage, name, event, since):
    """Of the container's last such event."""
    lines = stage.docker("events", "--since", f"{since:.6f}", "--until", f"{time.time():.6f}", "--filter", f"container={name}",
                         "--filter", f"event={event}", "--format", "{{json .}}").splitlines()
    assert lines, f"no event {event} of {name}"
    return json.loads(lines[-1])["timeNano"] / 1e9


def test_a_started_container_is_resolvable_at_once(world, rounds, note):
    stage, servers = world
    after_return, after_start = {side: [] for side in servers}, {side: [] for side in servers}
    with clients(servers, only_ask=True) as asking:
        for number in range(rounds[0]):
            name = f"backend-{number}"
            returned, port = start_backend(stage, name)
            began = started_at(stage, name)
            for side, client in asking.items():
                seen = client.wait_for(port)
                after_return[side].append(seen - returned)
                after_start[side].append(seen - began)
            stage.engine.remove(name)
    for side in servers:
        note("registrar, start to answer: " + json.dumps({
            "registry": side, "after_started_at": figures(after_start[side]), "after_docker_run": figures(after_return[side])}))
    for side in servers:
        assert percentile(after_start[side], 0.95) <= PROMISED_P95, f"{side}: {figures(after_start[side])}"
        assert percentile(after_return[side], 0.95) <= PROMISED_P95, f"{side}: {figures(after_return[side])}"


def replace_again_and_again(stage, servers, count, stop, farewell=0.6):
    """Always two containers, or one and one that is being stopped, while clients work; `stop(name)` ends the older
    one, which goes on serving for `farewell` seconds. Returns (seconds from the stop signal to the last answer, by side;
    clients)."""
    delays = {side: [] for side in servers}
    ports = {"backend-0": start_ready_backend(stage, "backend-0", farewell)}
    with clients(servers, only_ask=True) as first:
        for client in first.values():
            client.wait_for(ports["backend-0"])
    with clients(servers) as working:
        for number in range(count):
            older, newer = f"backend-{number}", f"backend-{number + 1}"
            ports[newer] = start_ready_backend(stage, newer, farewell)
            for client in working.values():
                client.wait_for(ports[newer])
            began = time.time()
            stop(older)
            assert stage.engine.inspect(older)["State"]["ExitCode"] == 0, "it did not honour the signal"
            killed, died = event_time(stage, older, "kill", began), finished_at(stage, older)
            for side, client in working.items():
                asked = client.last_seen(ports[older])
                assert asked < died, f"{side}: still in an answer {asked - died:.3f} s after its end"
                delays[side].append(max(0.0, client.gone_at(ports[older]) - killed))
            stage.engine.remove(older)
    lives = ", ".join(f"{name}: port {port}" for name, port in ports.items())
    for client in working.values():
        client.failures = [f"{failure} ({lives})" for failure in client.failures]
    return delays, working


def test_nobody_notices_docker_stop(world, rounds, note):
    stage, servers = world
    delays, working = replace_again_and_again(stage, servers, rounds[1], lambda name: stage.docker("stop", name))
    for side, client in working.items():
        note("registrar, docker stop: " + json.dumps({
            "registry": side, "stops": rounds[1], "requests": len(client.seen), "failures": len(client.failures),
            "signal_to_absence": figures(delays[side])}))
    for side, client in working.items():
        assert not client.failures, f"{side}: {len(client.failures)} failures: {client.failures[:5]}"
        assert len(client.seen) > 20 * rounds[1], f"{side}: the client was asleep"


def test_nobody_notices_a_drain(world, note):
    """`registrar drain`: even a container that ends at once at the signal leaves no trace."""
    stage, servers = world

    def drain(name):
        done = run_command("drain", name, "--wait", "1s", "--docker", stage.engine.url, "--consul",
                           stage.sides[0].agent.url, "--node-id", "node1", "--ip", stage.engine.address)
        assert done.returncode == 0, done.stdout + done.stderr

    only = {"consul": servers["consul"]}
    delays, working = replace_again_and_again(stage, only, 3, drain, farewell=0)
    note("registrar, drain: " + json.dumps({"registry": "consul", "signal_to_absence": figures(delays["consul"])}))
    assert not working["consul"].failures, working["consul"].failures[:5]
