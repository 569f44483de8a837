# Signpost. Apache-2.0; see LICENSE.
"""One lb after the other, without a gap.

Claims
- A new process gets the listening sockets of the running one, which finishes what it has and ends: at full load no connection is
  refused or reset, whatever the number of threads; ten times in a row.
- What is under way stays with the old one, which waits for it.
- Ports that the new one does not want are closed, ports that it wants more are opened.
- A new one that cannot start leaves the old one as it was; strangers get no sockets.
"""
import os
import socket
import subprocess

import pytest

from lb_life_load import assert_no_failure, load, wait_busy
from support.lb import Lb, run_command, service
from support.origin import Origin
from support.ports import free_port
from support.process import Process
from support.wait import eventually

GET = b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "takeover")


@pytest.mark.parametrize("threads", [pytest.param([2] * 11, id="R08 ten times"),
                                     pytest.param([1, 4, 2, 3], id="R08 other numbers of threads")])
def test_under_load(start, farm, path, threads):
    lb = start(farm.addresses, {"takeover": path, "threads": threads[0], "stop-timeout": "20s"})
    with load(lb) as keep, load(lb, connections=8, close=True) as churn:
        for number in threads[1:]:
            wait_busy(lb, requests=50)
            lb.take_over(threads=number)
            assert len(lb.status()["workers"]) == number
        wait_busy(lb, requests=50)
        eventually(lambda: all(worker["requests"] > 0 for worker in lb.status()["workers"]), 5, "each thread serves")
    assert_no_failure(keep, 500)
    assert_no_failure(churn, 200)


def test_R08_what_is_under_way_stays(start, path, held):
    with Origin(held) as origin:
        lb = start([origin], {"takeover": path, "stop-timeout": "20s"})
        old = lb.process
        with lb.wire() as slow, lb.wire() as keep:
            assert keep.request(GET).status == 200
            slow.send(GET.replace(b"/ ", b"/held "))
            eventually(lambda: held.inside == 1, 5)
            new = Process(lb.command(), lb.home / "other.log", lb.env)
            try:
                eventually(lambda: "has taken over" in new.log(), 10, new.log)
                assert lb.fetch("web.test").text == "done"
                assert keep.request(GET).field("connection") == "close", "on an old connection: the old one, at its end"
                assert old.exit_code is None
                held.release()
                assert slow.response().body == b"done"
                eventually(lambda: old.exit_code == 0, 10, old.log)
                eventually(lambda: lb.get("/readyz").status_code == 200, 5)
            finally:
                assert new.stop() == 0


def test_R08_other_ports(farm, path):
    kept, given_up, opened = (free_port() for _ in range(3))

    def routes(*ports):
        return [{"tcp": port, "service": "web"} for port in ports]

    def is_open(port):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    with Lb({"takeover": path, "stop-timeout": "300ms"}, {"web": service(farm.addresses)}, routes(kept, given_up)) as lb:
        assert is_open(kept) and is_open(given_up) and not is_open(opened)
        lb.take_over(routes=routes(kept, opened))
        assert is_open(kept) and is_open(opened) and not is_open(given_up)
        lb.stop()
        assert not is_open(kept) and not os.path.exists(path)


def test_R08_a_new_one_that_cannot_start(start, farm, path):
    lb = start(farm.addresses, {"takeover": path})
    broken = lb.home / "broken.json"
    broken.write_text(lb.config_path.read_text().replace('"web"', '"web", "maximum": 1', 1))
    refused = run_command("--config", broken, "--http", f"127.0.0.1:{lb.http_port}")
    assert refused.returncode == 2
    for number in range(3):  # killed while it takes over, or before
        child = Process(lb.command(), lb.home / f"killed{number}", lb.env)
        child.kill()
        assert lb.process.exit_code is None and lb.get("web.test").status_code == 200
    lb.take_over()
    assert lb.get("web.test").status_code == 200


def test_R08_strangers(start, farm, path):
    """Words that are not lb's, and another user."""
    lb = start(farm.addresses, {"takeover": path})
    for words in (b"", b"hello"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stranger:
            stranger.connect(path)
            if words:
                stranger.send(words)
    other = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c",
                            "import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); s.connect(sys.argv[1]); "
                            "print(s.recv(100))", path], capture_output=True, text=True, check=False)
    assert "signpost" not in other.stdout and "Error" in other.stderr, other
    assert lb.get("web.test").status_code == 200 and lb.process.exit_code is None
    assert oct(os.stat(path).st_mode)[-3:] == "600"
    lb.take_over()


def test_R08_of_a_file_that_is_no_socket(start, farm, tmp_path):
    """A mistyped path costs no file."""
    precious = tmp_path / "precious"
    precious.write_text("data")
    lb = start(farm.addresses, {"takeover": str(precious)}, words={"ready": False})
    eventually(lambda: "lb serves" in lb.log() or lb.process.exit_code is not None, 10)
    assert precious.read_text() == "data" and str(precious) in lb.log()
    if lb.process.exit_code is not None:
        assert lb.process.exit_code == 1
