# Signpost. Apache-2.0; see LICENSE.
"""Running dnsd as a service.

Claims
- /healthz is 200 from the start; /readyz is 503 before the first catalog and 200 after it.
- /metrics is Prometheus text; /status is JSON; unknown paths are 404, other methods 405.
- SIGHUP reads the config file again, all or nothing.
- SIGTERM ends with 0 within 5 s although clients are connected; SIGINT too.
- A port that is in use ends the start with 1; the message names --listen and, for port 53, systemd-resolved.
- --check says whether the options are good and starts nothing.
"""
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

from support.ask import Reply, ask, build, read_tcp
from support.dnsd import Dnsd
from support.program import binary
from support.fake_consul import HANG, FakeConsul
from support.ports import free_port
from support.wait import eventually, quiet

METRIC_LINE = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_]\w*="[^"]*",?)*\})? [-+0-9.eE]+(NaN|Inf)?$')


@pytest.fixture
def fake():
    with FakeConsul() as agent:
        agent.register("web", "10.0.0.1", 80)
        yield agent


@pytest.fixture
def dnsd(fake):
    with Dnsd(fake.url, options={"service-ttl": {"*": "60s"}}) as server:
        yield server


def ttl(dnsd):
    return ask(dnsd.dns, "web.service.consul").answer[0].ttl


# --- health ----------------------------------------------------------------------------------------------------

def test_ready_only_with_a_catalog(fake):
    fake.break_with(HANG)
    with Dnsd(fake.url, ready=False) as dnsd:
        eventually(quiet(lambda: dnsd.get("/healthz").status_code == 200), 5, "alive")
        assert dnsd.get("/readyz").status_code == 503
        assert ask(dnsd.dns, "web.service.consul").rcode == "SERVFAIL"
        fake.stop()
        fake.heal()
        fake.start()
        dnsd.wait_ready()
        assert dnsd.get("/readyz").status_code == 200


def test_metrics_are_prometheus_text(dnsd):
    ask(dnsd.dns, "web.service.consul")
    reply = dnsd.get("/metrics")
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    typed, seen = {}, set()
    for line in reply.text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ", 3)
            assert name not in typed, f"{name} has two families"
            typed[name] = kind
        elif line and not line.startswith("#"):
            assert METRIC_LINE.match(line), line
            series = line.rsplit(" ", 1)[0]
            assert series not in seen, f"{series} twice"
            seen.add(series)
            name = series.split("{")[0]
            assert name in typed or re.sub(r"_(bucket|sum|count)$", "", name) in typed, f"{name} has no TYPE"
            assert name.startswith("signpost_"), name
    assert "histogram" in typed.values() and "gauge" in typed.values()
    assert all(name.endswith("_total") for name, kind in typed.items() if kind == "counter")


def test_status_is_json_and_other_paths_are_refused(dnsd):
    reply = dnsd.get("/status")
    assert reply.headers["Content-Type"].startswith("application/json") and isinstance(reply.json(), dict)
    assert dnsd.get("/nothing").status_code == 404
    import requests
    assert requests.post(dnsd.url + "/metrics", timeout=5).status_code == 405


# --- reload ----------------------------------------------------------------------------------------------------

def test_reload_changes_the_answers(dnsd):
    assert ttl(dnsd) == 60
    dnsd.reload(**{"service-ttl": {"web": "7s"}})
    eventually(lambda: ttl(dnsd) == 7, 5, "the new TTL")


@pytest.mark.parametrize("text, named", [
    ('{"service-ttl": {"*": "9s"}, "node-tll": "1s"}', "node-tll"),
    ('{"service-ttl": {"*": "9s"}, "a-record-limit": -1}', "a-record-limit"),
    ('{"service-ttl": {"*": "9s"}', "line"),
    ("", "dnsd.json"),
])
def test_a_bad_file_changes_nothing(dnsd, text, named):
    assert ttl(dnsd) == 60
    dnsd.config_path.write_text(text)
    dnsd.process.send(signal.SIGHUP)
    line = eventually(lambda: next((line for line in dnsd.log().splitlines() if "dnsd.json" in line and named in line), None),
                      5, lambda: f"the reason in the log\n{dnsd.log()}")
    print("\n " + line)
    assert ttl(dnsd) == 60
    dnsd.reload(**{"service-ttl": {"*": "8s"}})
    eventually(lambda: ttl(dnsd) == 8, 5, "the next good file")


def test_what_a_reload_cannot_change_is_said(dnsd):
    dnsd.reload(**{"datacenter": "elsewhere"})
    eventually(lambda: "datacenter" in dnsd.log() and "next start" in dnsd.log(), 5, lambda: f"named in the log\n{dnsd.log()}")
    assert ask(dnsd.dns, "web.service.dc1.consul").of("A") == ["10.0.0.1"]


# --- ending ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_quickly_with_clients_connected(dnsd, number):
    clients = []
    for _ in range(20):
        client = socket.create_connection(dnsd.dns)
        query = build("web.service.consul")
        client.sendall(struct.pack("!H", len(query)) + query)
        assert Reply(read_tcp(client)).rcode == "NOERROR"
        clients.append(client)
    clients[0].sendall(b"\0")  # half a length
    clients[1].sendall(struct.pack("!H", 50) + b"half a query")
    start = time.monotonic()
    dnsd.process.send(number)
    eventually(lambda: dnsd.process.exit_code is not None, 5, "the end")
    assert dnsd.process.exit_code == 0 and time.monotonic() - start < 5
    for client in clients:
        client.close()


def test_a_restart_takes_the_same_port_at_once(dnsd):
    for _ in range(3):
        with socket.create_connection(dnsd.dns):
            dnsd.stop()
        dnsd.start()
        assert ask(dnsd.dns, "web.service.consul", tcp=True).rcode == "NOERROR"


# --- ports in use ----------------------------------------------------------------------------------------------

def run(*arguments, **more):
    return subprocess.run([binary(), *map(str, arguments)], capture_output=True, text=True, timeout=20, **more)


def test_second_dnsd_on_the_same_port(fake, dnsd, tmp_path):
    ended = run("--consul", fake.url, "--listen", f"127.0.0.1:{dnsd.dns_port}", "--http", f"127.0.0.1:{free_port()}",
                "--data-dir", tmp_path)
    assert ended.returncode == 1, ended
    assert "--listen" in ended.stderr and str(dnsd.dns_port) in ended.stderr and "systemd-resolved" in ended.stderr
    assert ask(dnsd.dns, "web.service.consul").rcode == "NOERROR"


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_port_of_another_program(fake, tmp_path, kind):
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        ended = run("--consul", fake.url, "--listen", f"127.0.0.1:{port}", "--http", f"127.0.0.1:{free_port()}", "--data-dir",
                    tmp_path)
    assert ended.returncode == 1 and "--listen" in ended.stderr and str(port) in ended.stderr, ended


def test_operations_port_in_use(fake, dnsd, tmp_path):
    ended = run("--consul", fake.url, "--listen", f"127.0.0.1:{free_port()}", "--http", f"127.0.0.1:{dnsd.http_port}",
                "--data-dir", tmp_path)
    assert ended.returncode == 1 and "--http" in ended.stderr and str(dnsd.http_port) in ended.stderr, ended


# --- the command line ------------------------------------------------------------------------------------------

def test_check_starts_nothing(fake, tmp_path):
    config = tmp_path / "good.json"
    config.write_text('// a comment\n{"node-ttl": "30s", "listen": ["127.0.0.1:1"], }\n')
    ended = run("--check", "--consul", fake.url, "--config", config, "--data-dir", tmp_path / "never")
    assert ended.returncode == 0, ended
    assert not (tmp_path / "never").exists() and not fake.requests


def test_version_and_help():
    assert re.search(r"\d+\.\d+\.\d+", run("--version").stdout)
    text = run("--help").stdout
    for option in ("--listen", "--consul", "--http", "--data-dir", "--config", "--check"):
        assert option in text
