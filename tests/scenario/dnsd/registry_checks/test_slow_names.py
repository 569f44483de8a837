# Signpost. Apache-2.0; see LICENSE.
"""Checks of names whose name server does not answer. Claims:

- D1 Their runs end in their time.
- D2 Nobody else waits meanwhile: the API goes on answering.
- D3 SIGTERM ends dnsd without waiting for the lookups.
"""
import ctypes
import socket
import subprocess
import time

import pytest
from checked_agent import CheckedAgent

from support.dnsd import Dnsd
from support.wait import eventually

_NEW_MOUNTS = 0x20000  # CLONE_NEWNS
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def silent_name_server():
    """An address where queries vanish."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.153", 53))
        yield "127.0.0.153"


@pytest.fixture
def dnsd(silent_name_server, tmp_path):
    """A dnsd that asks that name server: /etc/resolv.conf is another file in its own view of the files."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {silent_name_server}\n")

    def see_another_resolv_conf():
        assert _libc.unshare(_NEW_MOUNTS) == 0, "root is needed"
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "--bind", resolv, "/etc/resolv.conf"], check=True)

    with Dnsd(consul=None, preexec=see_another_resolv_conf) as program:
        yield program


def test_slow_names_delay_nobody(dnsd):
    agent = CheckedAgent(dnsd.url)
    for i in range(5):
        agent.add(f"http-{i}", HTTP=f"http://name-{i}.example/", Timeout="1s")
        agent.add(f"tcp-{i}", TCP=f"name-{i}.example:80", Timeout="1s")
    took = []

    def all_ran():
        begin = time.monotonic()
        checks = agent.checks()
        took.append(time.monotonic() - begin)
        return all(checks[f"{kind}-{i}"]["Output"] for kind in ("http", "tcp") for i in range(5))

    eventually(all_ran, 8, lambda: f"all ran; the API took at most {max(took):.1f} s")  # D1
    assert max(took) < 0.5, "D2"
    assert agent.result("tcp-0") == ("critical", "dial tcp: lookup name-0.example: i/o timeout")
    assert agent.result("http-0") == ("critical", 'Get "http://name-0.example/": context deadline exceeded '
                                      "(Client.Timeout exceeded while awaiting headers)")
    begin = time.monotonic()
    dnsd.stop()
    assert time.monotonic() - begin < 3, "D3"
