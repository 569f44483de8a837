# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from compliance_probes import OWN_ZONE, UPSTREAM_ZONE
from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

ZONE = """\
$ORIGIN {zone}
$TTL 3600
@    IN SOA ns hostmaster 1 7200 900 1209600 300
@    IN NS  ns
@    IN A   192.0.2.1
@    IN MX  10 ns
@    IN TXT "an ordinary zone"
ns   IN A   192.0.2.53
"""
KNOT_CONFIG = """\
server:
    rundir: "{home}"
    listen: 127.0.0.1@{port}
log:
  - target: stderr
    any: warning
database:
    storage: "{home}"
zone:
  - domain: {zone}
    file: "{file}"
    zonefile-load: whole
    journal-content: none
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("compliance")


def _zone_file(home, zone):
    path = home / f"{zone}zone"
    path.write_text(ZONE.format(zone=zone))
    return path


@pytest.fixture(scope="session")
def knot(home):
    """(address, port) of an authoritative server for UPSTREAM_ZONE that others have found compliant."""
    port, config = free_port(), home / "knot.conf"
    config.write_text(KNOT_CONFIG.format(home=home, port=port, zone=UPSTREAM_ZONE, file=_zone_file(home, UPSTREAM_ZONE)))
    server, process = ("127.0.0.1", port), Process(["/usr/sbin/knotd", "-c", config], home / "knot.log")
    with contextlib.ExitStack() as stack:
        stack.callback(process.kill)
        answers = quiet(lambda: ask(server, UPSTREAM_ZONE, "SOA", timeout=0.5).answer, OSError, NoReply)
        eventually(answers, 20, process.log_tail)
        yield server


@pytest.fixture(scope="session")
def forwarder(home, knot):
    """It answers for consul. and OWN_ZONE and forwards all else to Knot."""
    options = {"upstream": [f"127.0.0.1:{knot[1]}"], "zone": [f"{OWN_ZONE}={_zone_file(home, OWN_ZONE)}"]}
    with Dnsd(options=options) as dnsd:
        yield dnsd


@pytest.fixture(scope="session")
def alone(home):
    """It answers for consul. and OWN_ZONE and refuses all else."""
    with Dnsd(options={"upstream": ["none"], "zone": [f"{OWN_ZONE}={_zone_file(home, OWN_ZONE)}"]}) as dnsd:
        yield dnsd
