# Signpost. Apache-2.0; see LICENSE.
"""Ports below 1024 without root (R19).

Claims
- With CAP_NET_BIND_SERVICE and nothing else it opens one, serves, reloads and opens another.
- Without it the log and /readyz say what is missing, it goes on trying, and the rest is served.
"""
import os
import pathlib
import socket

import pytest

from support.lb import Lb, service
from support.ports import free_port
from support.wait import eventually

ROUTES = [{"host": "web.test", "service": "web"}]
NOBODY = 65534
_START = pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or int(_START.read_text()) < 1024,
                                reason="needs root to give its rights away, on a host where low ports need them")


def low_port(above=600):
    for port in range(above, 1024):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise AssertionError("no low port is free")


class UnprivilegedLb(Lb):
    """As the user nobody, with no capability but `kept`."""

    kept = "-all"

    def command(self):
        os.chmod(self.home, 0o755)
        capabilities = [f"--{kind}={self.kept}" for kind in ("bounding-set", "inh-caps", "ambient-caps")]
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs", *capabilities,
                *super().command()]

    def rights(self):
        """Its user IDs, and its capabilities."""
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
        return set(fields["Uid"].split()), int(fields["CapEff"], 16)


class BindingLb(UnprivilegedLb):
    kept = "-all,+net_bind_service"


def test_R19_with_the_capability(farm):
    first, second = low_port(), low_port(800)
    options = {"http-listen": [f"127.0.0.1:{first}"], "stop-timeout": "300ms"}
    with BindingLb(options, {"web": service(farm.addresses)}, ROUTES) as lb:
        lb.listen_port = first
        assert lb.rights() == ({str(NOBODY)}, 1 << 10), "CAP_NET_BIND_SERVICE"
        assert lb.get("web.test").status_code == 200
        lb.reload(http_listen=[f"127.0.0.1:{first}", f"127.0.0.1:{second}"])
        eventually(lambda: lb.listener(second) == "bound", 10)
        lb.listen_port = second
        assert lb.get("web.test").status_code == 200


def test_R19_without_it(farm):
    low, high = low_port(), free_port()
    options = {"http-listen": [f"127.0.0.1:{low}", f"127.0.0.1:{high}"], "stop-timeout": "300ms"}
    with UnprivilegedLb(options, {"web": service(farm.addresses)}, ROUTES, ready=False) as lb:
        lb.listen_port = high
        eventually(lambda: "lb serves" in lb.log(), 10, lb.log)
        assert lb.rights() == ({str(NOBODY)}, 0)
        eventually(lambda: lb.listener(low) == "retrying", 10)
        unready = lb.get("/readyz")
        assert unready.status_code == 503 and str(low) in unready.text and "ermission" in unready.text
        assert "CAP_NET_BIND_SERVICE" in lb.log(), lb.log()
        assert lb.get("web.test").status_code == 200
