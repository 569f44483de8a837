# Signpost. Apache-2.0; see LICENSE.
"""dnsd answers every packet of tests/cases/dns_static_zones.cases as it says, with an upstream and without.

- Names, wildcards, CNAMEs, delegations and additional data, and the general rules again; each case over each of its transports.
- W179: of an RRset with two TTLs the log says so.
"""
import pytest

from support import dns_cases
from support.program import ROOT

CASES = dns_cases.load(ROOT / "tests/cases/dns_static_zones.cases")
MODES = {"alone": False, "forwarding": True}
RUNS = [pytest.param(mode, case, transport, id=f"{name}-{mode}") for mode, forwarding in MODES.items()
        for case, transport, name in dns_cases.runs(CASES, forwarding)]


@pytest.mark.parametrize("mode, case, transport", RUNS)
def test_case(servers, mode, case, transport):
    dns_cases.run(servers[mode].dns, case, transport == "tcp", MODES[mode])


def test_two_ttls_are_told(servers):
    lines = [line for line in servers["alone"].log().splitlines() if "twottl" in line]
    assert lines and "example.test.zone:" in lines[0], servers["alone"].log()
