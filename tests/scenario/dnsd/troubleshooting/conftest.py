# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from explain_run import run_explain
from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns

ZONE = """\
$ORIGIN example.test.
$TTL 3600
@    IN SOA ns hostmaster 1 7200 900 1209600 300
@    IN NS  ns
ns   IN A   192.0.2.53
www  IN A   192.0.2.80
www  IN A   192.0.2.81
out  IN CNAME www.example.net.
"""


@pytest.fixture
def upstream():
    with MisbehavingDns() as server:
        yield server


@pytest.fixture
def start(tmp_path):
    """start(option=value, ...) gives a ready dnsd that serves example.test; without an upstream unless told."""
    zone = tmp_path / "example.test.zone"
    zone.write_text(ZONE)
    with contextlib.ExitStack() as stack:
        def start_one(consul=None, **options):
            options = {"zone": [f"example.test={zone}"]} | {name.replace("_", "-"): value for name, value in options.items()}
            return stack.enter_context(Dnsd(consul, options))
        yield start_one


@pytest.fixture
def explain():
    """explain(dnsd, name, type): the lines that it prints."""
    def lines(dnsd, *words):
        ran = run_explain(*words, "--http", f"127.0.0.1:{dnsd.http_port}")
        assert (ran.returncode, ran.stderr) == (0, ""), ran
        assert ran.stdout.endswith("\n")
        return ran.stdout.splitlines()
    return lines
