# Signpost. Apache-2.0; see LICENSE.
"""SIGHUP and --check: all or nothing.

Claims
- Good options count at once, for connections that are open too; what only a restart can change is named in the log.
- Of bad ones nothing counts, the log says in one sentence what is wrong, and traffic goes on; `lb --check` says the same and
  ends with 2.
- A listening address that is taken is tried again until it is free; a reload opens and closes listeners.
"""
import json
import socket
import time

import pytest

from support.farm import Asking
from support.lb import Lb, run_command, service
from support.ports import free_port
from support.wait import eventually

GET = b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"

# (what changes in the config file, words that the sentence has)
BAD = {
    "an unknown option": ({"max-haed": 1}, ["max-haed", "max-head"]),
    "a bad time": ({"idle-timeout": "soon"}, ["idle-timeout", "soon"]),
    "an unknown setting": ({"services": {"web": {"endpoints": [], "max_fials": 1}}}, ["services.web", "max_fials", "max_fails"]),
    "a bad setting": ({"services": {"web": {"endpoints": [], "algorithm": "best"}}}, ["services.web", "algorithm", "best"]),
    "a bad endpoint": ({"services": {"web": {"endpoints": ["127.0.0.1:99999"]}}}, ["services.web.endpoints[0]"]),
    "a bad split": ({"services": {"web": {"endpoints": [], "split": "v1"}}}, ["services.web", "split"]),
    "a route to nothing": ({"routes": [{"host": "web.test"}]}, ["routes[0]"]),
    "a port for two": ({"routes": [{"tcp": 9, "service": "a"}, {"tcp": 9, "service": "b"}]}, ["routes", "9"]),
    "services that are none": ({"services": ["web"]}, ["services"]),
    "a bad default": ({"default": {"max_fails": "-1"}}, ["default", "max_fails"]),
    "a token file that is not there": ({"admin-token-file": "/nonexistent/token"}, ["/nonexistent/token"]),
}


@pytest.fixture(scope="module")
def lb(farm):
    with Lb({"stop-timeout": "300ms"}, {"web": service(farm.addresses)}, [{"host": "web.test", "service": "web"}]) as lb:
        yield lb


def refusals(lb):
    return [line for line in lb.log().splitlines() if "reload refused" in line]


# --- good and bad ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options, words", BAD.values(), ids=[f"R09 {what}" for what in BAD])
def test_bad_options(lb, options, words):
    good, count, generation = dict(lb.options), len(refusals(lb)), lb.status()["generation"]
    with lb.wire() as wire:
        assert wire.request(GET).status == 200
        # Beside what is bad something good, which must not count either.
        lb.reload(**{**options, "via": "other"})
        assert len(refusals(lb)) == count + 1
        assert all(word in refusals(lb)[-1] for word in words), refusals(lb)[-1]
        assert wire.request(GET).field("via") == "1.1 signpost"
    assert lb.get("web.test").status_code == 200 and lb.get("/readyz").status_code == 200
    assert lb.status()["generation"] == generation
    checked = run_command("--config", lb.config_path, "--check")
    assert checked.returncode == 2 and checked.stdout == ""
    assert len(checked.stderr.splitlines()) == 1 and all(word in checked.stderr for word in words), checked.stderr
    lb.options = good
    lb.reload()
    assert len(refusals(lb)) == count + 1


def test_R09_a_file_that_is_no_json(lb):
    text = lb.config_path.read_text()
    lb.config_path.write_text(text[:-5])
    count = len(refusals(lb))
    lb.process.send(1)
    eventually(lambda: len(refusals(lb)) == count + 1, 5)
    assert str(lb.config_path) in refusals(lb)[-1]
    assert run_command("--config", lb.config_path, "--check").returncode == 2
    lb.config_path.write_text(text)
    good = run_command("--config", lb.config_path, "--check")
    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert lb.get("web.test").status_code == 200


def test_R09_good_options(lb):
    with lb.wire() as wire, Asking(lb, "web.test", threads=2) as asking:
        assert wire.request(GET).field("via") == "1.1 signpost"
        for name in ("one", "two", "signpost"):
            lb.reload(via=name, idle_timeout="70s")
            eventually(lambda: wire.request(GET).field("via") == f"1.1 {name}", 5)
        asking.wait(100)
    assert not asking.errors and asking.names() == {"a", "b", "c"}


def test_R09_what_only_a_restart_changes(lb):
    lb.reload(threads=3, via="next")
    assert "--threads changes with the next start only" in lb.log()
    assert len(lb.status()["workers"]) == 1 and "reload refused" not in lb.log().splitlines()[-1]
    with lb.wire() as wire:
        eventually(lambda: wire.request(GET).field("via") == "1.1 next", 5)
    lb.reload(threads=1, via="signpost")


def test_services_and_routes_come_and_go(lb, farm):
    before = dict(lb.options)
    lb.reload(services={"web": service([farm["a"]]), "new": service([farm["b"]])},
              routes=[{"host": "web.test", "service": "web"}, {"host": "new.test", "service": "new"}])
    eventually(lambda: lb.get("new.test").text == "b", 5)
    assert lb.get("web.test").text == "a"
    lb.reload(services={"web": service([farm["a"]])}, routes=[{"host": "web.test", "service": "web"}])
    eventually(lambda: lb.get("new.test").status_code == 404, 5)
    assert lb.service("new") is None
    lb.options = before
    lb.reload()


# --- listeners -------------------------------------------------------------------------------------------------------

def is_open(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_listeners_come_and_go(farm):
    ports = [free_port() for _ in range(3)]
    addresses = [f"127.0.0.1:{port}" for port in ports]
    with Lb({"http-listen": addresses[:2], "stop-timeout": "300ms"}, {"web": service(farm.addresses)},
            [{"host": "web.test", "service": "web"}]) as lb, lb.wire(ports[0]) as kept, lb.wire(ports[1]) as left:
        for wire in (kept, left):
            assert wire.request(GET).status == 200
        lb.reload(http_listen=[addresses[0], addresses[2]])
        eventually(lambda: not is_open(ports[1]) and is_open(ports[2]), 5)
        for wire in (kept, left):
            assert wire.request(GET).status == 200, "who is there stays"


@pytest.mark.parametrize("kind", [pytest.param("tcp", id="C13 a TCP port"), pytest.param("http", id="C13 the HTTP listener")])
def test_a_port_that_is_taken(farm, kind):
    port = free_port()
    routes = [{"host": "web.test", "service": "web"}] + ([{"tcp": port, "service": "web"}] if kind == "tcp" else [])
    options = {"stop-timeout": "300ms"} if kind == "tcp" else {"stop-timeout": "300ms", "http-listen": [f"127.0.0.1:{port}"]}
    with socket.create_server(("127.0.0.1", port)) as other:
        with Lb(options, {"web": service(farm.addresses)}, routes, ready=False) as lb:
            eventually(lambda: "lb serves" in lb.log(), 10, lb.log)
            eventually(lambda: lb.listener(port) == "retrying", 5, lambda: lb.status()["listeners"])
            [row] = [row for row in lb.status()["listeners"] if row["address"].endswith(f":{port}")]
            assert str(port) in row["reason"]
            unready = lb.get("/readyz")
            assert unready.status_code == 503 and str(port) in unready.text
            assert lb.metric("signpost_lb_listeners", state="retrying") == 1
            if kind == "tcp":
                assert lb.get("web.test").status_code == 200, "the rest is served"
            other.close()
            freed = time.monotonic()
            eventually(lambda: lb.listener(port) == "bound", 20)
            assert is_open(port) and time.monotonic() - freed < 15
            lb.wait_ready()
            warnings = [line for line in lb.log().splitlines() if f":{port}" in line and " warn" in line]
            assert len(warnings) == 1, "said once, however often it is tried"


def test_the_operations_port_is_taken(farm):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run_command("--http", f"127.0.0.1:{port}", "--http-listen", f"127.0.0.1:{free_port()}", "--data-dir", "")
        assert done.returncode == 1 and f"127.0.0.1:{port}" in done.stderr and "--http" in done.stderr, done.stderr
        assert json.dumps(done.stdout) == '""'
