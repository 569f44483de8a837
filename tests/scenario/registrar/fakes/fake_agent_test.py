# Signpost. Apache-2.0; see LICENSE.
"""The fake agent refuses, normalises and keeps what a real one does.

Claims
- Every request of the table, sent to both in the same order, has the same status and leaves the same services and checks.
"""
import pytest
import requests

from support.consul_agent import ConsulAgent

REGISTER, CHECK = "/v1/agent/service/register", {"HTTP": "http://192.0.2.1/", "Interval": "10s"}


def register(**fields):
    return REGISTER, {"ID": "a", "Name": "web", **fields}


REQUESTS = [
    register(), register(Name=""), register(Nonsense=1), register(Address="0.0.0.0"), register(Address="::"),
    register(Tags=["b", "a", "a", ""], Meta={"k": "v"}, Address="192.0.2.1", Port=80),
    register(Address="2001:db8::1", Port=80), register(Address="host.example"), register(Tags=None, Meta=None),
    register(Meta={"a.b": "x"}), register(Meta={"": "x"}), register(Meta={"consul-x": "x"}), register(Meta={"k": "v" * 513}),
    register(Meta={"k" * 129: "v"}), register(Meta={f"k{n}": "v" for n in range(65)}),
    register(Weights={"Passing": 0, "Warning": 1}), register(Weights={"Passing": 65536}), register(Weights={"Passing": 5}),
    register(Check={**CHECK, "Interval": "10"}), register(Check={"HTTP": "http://192.0.2.1/"}),
    register(Check={**CHECK, "Status": "ok"}), register(Check={**CHECK, "H2PING": "x"}), register(Check={}, Checks=None),
    register(Check={"TTL": "90s", "Interval": "10s"}), register(Check={"TTL": "0s"}), register(Check={"Status": "passing"}),
    register(Check={"Args": ["true"], "Interval": "10s"}), register(Check={"TTL": "soon"}),
    register(TaggedAddresses={"lan_ipv6": {"Address": "2001:db8::1", "Port": 81}}, Address="192.0.2.1", Port=80),
    register(Check={"TTL": "90s", "CheckID": "docker:a", "Name": "health", "Status": "warning", "Notes": "n"}),
    ("/v1/agent/check/update/docker:a", {"Status": "passing", "Output": "fine"}),
    ("/v1/agent/check/update/docker:a", {"Status": "ok"}), ("/v1/agent/check/update/nothing", {"Status": "passing"}),
    ("/v1/agent/service/maintenance/a?enable=true&reason=why", None),
    ("/v1/agent/service/maintenance/a?enable=true&reason=other", None), ("/v1/agent/service/maintenance/b?enable=true", None),
    register(Name="renamed", Checks=[{"TTL": "90s", "CheckID": "docker:a", "Status": "critical"}, {"TTL": "60s"}]),
    register(Checks=[{"TTL": "60s"}, {"TTL": "60s"}]),
    (REGISTER + "?replace-existing-checks=true", {"ID": "a", "Name": "web", "Check": {"TTL": "60s", "Status": "passing"}}),
    ("/v1/agent/service/maintenance/a?enable=false", None), ("/v1/agent/service/maintenance/a?enable=true", None),
    ("/v1/agent/check/deregister/nothing", None), ("/v1/agent/service/deregister/nothing", None),
    register(ID="b/c:1", EnableTagOverride=True), ("/v1/agent/service/deregister/a", None),
    ("/v1/agent/service/deregister/b/c:1", None),
]


@pytest.fixture(scope="module")
def real():
    with ConsulAgent() as consul:
        yield consul


def document(url, path):
    documents = requests.get(url + path, timeout=10).json()
    for entry in documents.values():
        entry.pop("Node", None)
    return documents


def test_like_a_real_one(real, agent):
    for path, body in REQUESTS:
        replies = [requests.put(url + path, json=body, timeout=10) for url in (real.url, agent.url)]
        what = f"{path} {body}"
        assert replies[0].status_code == replies[1].status_code, f"{what}: {replies[0].text}, not {replies[1].text}"
        for kind in ("/v1/agent/services", "/v1/agent/checks"):
            assert document(real.url, kind) == document(agent.url, kind), what


READS = {"/v1/agent/service/a": 200, "/v1/agent/service/nothing": 404, "/v1/agent/services?filter=Foo": 500,
         '/v1/agent/services?filter=Meta["k"] == "v"': 200, REGISTER: 405, "/v1/agent/self": 200, "/v1/status/leader": 200}


@pytest.mark.parametrize("path", READS)
def test_reads_like_a_real_one(real, agent, path):
    for url in (real.url, agent.url):
        requests.put(url + REGISTER, json={"ID": "a", "Name": "web", "Meta": {"k": "v"}}, timeout=10)
        assert requests.get(url + path, timeout=10).status_code == READS[path]
