# Signpost. Apache-2.0; see LICENSE.
"""The first minutes of a new user, typed as they would type.

Claims (a real agent with three instances of httpfront, one of weight 2)
- `dig ... SRV` shows three SRV records with ports and weights, targets with addresses, NOERROR, and no warning.
- `dig` with the options people use, `nslookup`, `host`, `drill` and `kdig` work as with any name server.
- A name that does not exist is NXDOMAIN for all of them.
"""
import re
import shutil
import subprocess

import pytest

from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd

NAME = "httpfront.service.dc1.consul"
BACKENDS = ["10.0.0.1", "10.0.0.2", "10.0.0.3"]


@pytest.fixture(scope="module")
def port():
    with ConsulAgent() as consul:
        for number, address in enumerate(BACKENDS, 1):
            consul.register_service("httpfront", f"host{number}", address, port=8000 + number,
                                    weights=(2 if number == 3 else 1, 1), tags=["v1"])
        with Dnsd(consul) as dnsd:
            yield dnsd.dns_port


def typed(line):
    """Standard output of a shell command line; it must succeed and complain about nothing."""
    ended = subprocess.run(line, shell=True, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 0 and not ended.stderr, f"{line}\n{ended}"
    return ended.stdout


def test_dig_srv(port):
    out = typed(f"dig @127.0.0.1 -p {port} {NAME} SRV")
    warnings = [line for line in out.splitlines() if "WARNING" in line and "recursion requested" not in line]
    assert "status: NOERROR" in out and not warnings
    answers = re.findall(rf"^{re.escape(NAME)}\.\s+0\s+IN\s+SRV\s+(.*)$", out, re.M)
    assert sorted(answers) == ["1 1 8001 host1.node.dc1.consul.", "1 1 8002 host2.node.dc1.consul.",
                               "1 2 8003 host3.node.dc1.consul."]
    for number, address in enumerate(BACKENDS, 1):
        assert re.search(rf"^host{number}\.node\.dc1\.consul\.\s+0\s+IN\s+A\s+{re.escape(address)}$", out, re.M), out


@pytest.mark.parametrize("more", ["", "+tcp", "+noedns", "+ignore +notcp", "+dnssec", "+bufsize=4096", "+cookie", "+nsid",
                                  "+subnet=192.0.2.0/24", "+noadflag", "+cd", "+norecurse"])
def test_dig_short(port, more):
    out = typed(f"dig @127.0.0.1 -p {port} {NAME} +short {more}")
    assert sorted(out.split()) == BACKENDS


def test_dig_other_names(port):
    at = f"dig @127.0.0.1 -p {port}"
    assert typed(f"{at} +short _httpfront._tcp.service.consul SRV").count("\n") == 3
    assert sorted(typed(f"{at} +short v1.httpfront.service.consul").split()) == BACKENDS
    assert typed(f"{at} +short host2.node.consul").split() == ["10.0.0.2"]
    assert typed(f"{at} +short -x 10.0.0.2").split() == ["host2.node.dc1.consul."]
    assert "status: NXDOMAIN" in typed(f"{at} nope.service.consul")
    assert "status: REFUSED" in typed(f"{at} www.example.com +norecurse")


def test_nslookup(port):
    out = typed(f"nslookup -port={port} {NAME} 127.0.0.1")
    assert sorted(re.findall(r"^Address: (\S+)$", out, re.M)) == BACKENDS
    assert "can't find" not in out
    out = typed(f"nslookup -port={port} -type=SRV {NAME} 127.0.0.1")
    assert out.count("service = ") == 3


def test_nslookup_says_nxdomain(port):
    ended = subprocess.run(["nslookup", f"-port={port}", "nope.service.consul", "127.0.0.1"], capture_output=True, text=True,
                           timeout=20)
    assert "NXDOMAIN" in ended.stdout and ended.returncode == 1


@pytest.mark.parametrize("line", [f"host -p {{port}} {NAME} 127.0.0.1", f"drill -p {{port}} @127.0.0.1 {NAME}",
                                  f"kdig -p {{port}} @127.0.0.1 {NAME}"])
def test_other_tools(port, line):
    assert shutil.which(line.split()[0]), f"{line.split()[0]} is missing: run tools/setup"
    out = typed(line.format(port=port))
    assert all(address in out for address in BACKENDS)
