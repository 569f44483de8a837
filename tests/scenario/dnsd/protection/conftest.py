# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from support.dnsd import Dnsd
from support.fake_dns import FakeDns

ZONE = """\
$ORIGIN example.test.
$TTL 3600
@    IN SOA ns hostmaster 1 7200 900 1209600 300
@    IN NS  ns
ns   IN A   192.0.2.53
www  IN A   192.0.2.80
www  IN A   192.0.2.81
www  IN TXT "text"
out  IN CNAME www.foreign.test.
"""


@pytest.fixture(scope="session")
def zone(tmp_path_factory):
    """--zone of example.test."""
    path = tmp_path_factory.mktemp("protection") / "example.test.zone"
    path.write_text(ZONE)
    return f"example.test={path}"


@pytest.fixture
def upstream():
    """It knows www.foreign.test."""
    with FakeDns() as server:
        server.set("www.foreign.test", "A", ["203.0.113.80"], ttl=60)
        yield server


@pytest.fixture
def start(zone):
    """start(option=value, ..., env=...) gives a ready dnsd of one thread with example.test; without an upstream unless told."""
    with contextlib.ExitStack() as stack:
        def start_one(env=None, listen="127.0.0.1", **options):
            options = {"upstream": ["none"], "zone": [zone], "threads": 1} | {k.replace("_", "-"): v for k, v in options.items()}
            return stack.enter_context(Dnsd(options=options, env=env, listen=listen))
        yield start_one
