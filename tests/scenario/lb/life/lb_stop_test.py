# Signpost. Apache-2.0; see LICENSE.
"""The end of lb, asked for or not.

Claims
- On SIGTERM /readyz says 503 first, while everybody is still served, with Connection: close; after pre-stop no more connections
  are accepted; what is under way finishes; after stop-timeout the rest is cut off. Exit code 0.
- A second signal ends it at once.
- Its workers are threads of one process: one cannot be killed alone (R16). The whole, killed, leaves nothing behind that
  keeps the next one from serving at once.
"""
import os
import pathlib
import signal
import time

import pytest

from support.origin import Origin, answer, hang
from support.wait import eventually, quiet

GET = b"GET / HTTP/1.1\r\nHost: web.test\r\n\r\n"
HELD = GET.replace(b"/ ", b"/held ")


def is_refused(lb):
    try:
        lb.wire().close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, id="R06 SIGTERM"), pytest.param(signal.SIGINT, id="R06 SIGINT")])
def test_the_order_of_the_end(start, held, number):
    with Origin(held) as origin:
        lb = start([origin], {"pre-stop": "1s", "stop-timeout": "20s", "threads": 2})
        with lb.wire() as keep, lb.wire() as idle, lb.wire() as slow:
            for wire in (keep, idle):
                assert wire.request(GET).field("connection") != "close"
            slow.send(HELD)
            eventually(lambda: held.inside == 1, 5)
            assert lb.get("/readyz").status_code == 200
            began = time.monotonic()
            lb.process.send(number)
            eventually(lambda: lb.get("/readyz").status_code == 503, 5)
            if time.monotonic() < began + 0.8:
                assert lb.get("/healthz").status_code == 200
                assert lb.get("web.test").headers["Connection"] == "close"
                assert keep.request(GET).field("connection") == "close" and keep.end() == "fin"
                assert not is_refused(lb)
            eventually(lambda: is_refused(lb), 10)
            assert time.monotonic() > began + 0.95, "not before pre-stop is over"
            assert lb.get("/readyz").status_code == 503 and lb.process.exit_code is None
            assert idle.end(10) == "fin" and idle.unread == b"", "who asks nothing is sent away"
            held.release()
            response = slow.response()
            assert (response.status, response.body, response.field("connection")) == (200, b"done", "close")
        assert lb.wait_end(10) == 0


def test_R06_what_does_not_finish_is_cut_off(start):
    with Origin(hang()) as origin:
        lb = start([origin], {"stop-timeout": "500ms"})
        with lb.wire() as wire:
            wire.send(GET)
            origin.wait_requests(1)
            began = time.monotonic()
            lb.terminate()
            assert wire.end(10) in ("reset", "fin") and wire.unread == b""
            assert time.monotonic() - began > 0.45
        assert lb.wait_end(5) == 0


def test_R06_a_request_that_crosses_the_end(start):
    """Whoever sends one on an idle connection at that moment is answered."""
    with Origin() as origin:
        for _ in range(5):
            lb = start([origin], {"stop-timeout": "10s"})
            with lb.wire() as wire:
                assert wire.request(GET).status == 200
                lb.terminate()
                eventually(lambda: is_refused(lb), 5, every=0.001)
                assert wire.request(GET).field("connection") == "close"
            assert lb.wait_end(5) == 0


@pytest.mark.parametrize("when", [pytest.param("1h", id="R07 within pre-stop"), pytest.param("0s", id="R07 while it drains")])
def test_a_second_signal(start, when):
    with Origin(hang()) as origin:
        lb = start([origin], {"pre-stop": when, "stop-timeout": "1h"})
        with lb.wire() as wire:
            wire.send(GET)
            origin.wait_requests(1)
            lb.terminate()
            eventually(lambda: "stopping" in lb.log(), 5)
            assert wire.end(0.2) == "open"
            lb.terminate()
            assert lb.wait_end(5) == 0
            assert wire.end() in ("reset", "fin")


def test_R16_killed_and_started_again(start, tmp_path):
    with Origin(answer(b"here")) as origin:
        lb = start([origin], {"threads": 4, "data-dir": str(tmp_path), "takeover": str(tmp_path / "socket")})
        names = {task.joinpath("comm").read_text() for task in pathlib.Path(f"/proc/{lb.pid}/task").iterdir()}
        assert len(os.listdir(f"/proc/{lb.pid}/task")) >= 5, names
        with lb.wire() as wire:
            assert wire.request(GET).body == b"here"
            lb.kill()
            assert wire.end() in ("reset", "fin")
        lb.start(ready=False)
        eventually(quiet(lambda: lb.get("web.test").text == "here", OSError), 5)
        lb.wait_ready()
