# Signpost. Apache-2.0; see LICENSE.
import pytest

from support.dnsd import Dnsd
from support.fake_dns import FakeDns
from support.program import ROOT

ZONES = ROOT / "tests/cases/dns_static_zones"
FOREIGN = {"www.elsewhere.test": "203.0.113.80", "host.sub.example.test": "203.0.113.7", "xexample.test": "203.0.113.9"}


def zone_options():
    """Values of --zone for the zones of the cases."""
    return [f"{path.stem}={path}" for path in sorted(ZONES.glob("*.zone"))]


@pytest.fixture(scope="session")
def servers():
    """{mode: dnsd}, each with the zones of the cases."""
    with FakeDns() as upstream:
        for name, address in FOREIGN.items():
            upstream.set(name, "A", [address], ttl=60)
        with Dnsd(options={"upstream": ["none"], "zone": zone_options()}) as alone, \
             Dnsd(options={"upstream": [upstream.address], "zone": zone_options()}) as forwarding:
            yield {"alone": alone, "forwarding": forwarding}


@pytest.fixture
def zone_file(tmp_path):
    """zone_file(text) writes the master file of changing.test and returns its --zone value."""
    path = tmp_path / "changing.test.zone"

    def write(text):
        path.write_text(text)
        return f"changing.test={path}"

    return write
