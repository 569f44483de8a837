# Signpost. Apache-2.0; see LICENSE.
"""lb that knows a DNS server and nothing else: dnsd's catalog, browsed by DNS-SD.

Claims
- Services tagged http are served by their host name, services tagged tcp on their port. No HTTP of a catalog can be reached.
- While backends are stopped with a time of grace, added, warned of, maintained, alone and with their node, one change a second,
  no HTTP request and no TCP session fails at full load.
- Versions (metadata or a tag) arrive by TXT records, and so does a split.
- When the DNS server dies, everything stays as it is.
"""
import collections
import importlib.util
import pathlib
import sys

import pytest

from support.embedded import Embedded
from support.farm import Farm, ask, shares
from support.lb import Lb
from support.wait import eventually
from support.wrk import Wrk

SECONDS = 8
CLIENTS = 32
DOMAIN = "service.consul"


def _ground():
    """The ground of the source scenario, which lies in a folder of its own."""
    path = pathlib.Path(__file__).parents[1] / "source_scenario" / "lb_source_ground.py"
    if path.stem not in sys.modules:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
    return sys.modules[path.stem]


source = _ground()


def start_lb(dns, **options):
    return Lb({"dns-browse-interval": "1s", "public-domain": "example.com", "threads": 2, **options}, dns=dns)


def wait_known(lb, ground):
    for service in ground.members:
        lb.wait_endpoints(service, *ground.addresses(service), deadline=20)


@pytest.fixture
def ground():
    with source.Ground("embedded") as ground:
        yield ground


def test_services_are_found_by_dns_alone(ground):
    with start_lb(ground.catalog.dns) as lb:
        wait_known(lb, ground)
        assert [one["kind"] for one in lb.status()["sources"]] == ["dns"]
        counts = collections.Counter(lb.get(source.HOST).text for _ in range(30))
        assert set(counts) == {"http1", "http2", "http3"} and max(counts.values()) - min(counts.values()) <= 2, counts
        sessions = collections.Counter(source.echo_once(ground.echo_port) for _ in range(30))
        assert set(sessions) == {"echo1", "echo2", "echo3"}, sessions


def test_changes_cost_nothing(ground, note):
    with start_lb(ground.catalog.dns) as lb:
        wait_known(lb, ground)
        with Wrk(lb, source.HOST, connections=CLIENTS) as wrk, source.EchoClients(ground.echo_port) as echoes:
            changes = ground.run_changes(SECONDS)
        note(f"source scenario by DNS alone: {changes} changes: {wrk.result}; {len(echoes.answers)} echo sessions, "
             f"{len(echoes.failures)} failed")
        assert wrk.result.requests > 100 * SECONDS and len(echoes.answers) > SECONDS
        assert wrk.result.failed == 0 and not echoes.failures, (str(wrk.result), echoes.failures[:5], lb.status()["services"])
        wait_known(lb, ground)


def test_all_stays_when_the_server_dies(ground):
    with start_lb(ground.catalog.dns) as lb:
        wait_known(lb, ground)
        ground.catalog.kill()
        eventually(lambda: lb.status()["sources"][0]["errors"], 10, "the server is missed")
        wait_known(lb, ground)
        assert {lb.get(source.HOST).text for _ in range(12)} == {"http1", "http2", "http3"}
        ground.catalog.start()


def test_an_instance_that_is_ill_leaves(ground):
    with start_lb(ground.catalog.dns) as lb:
        wait_known(lb, ground)
        ill = ground.here(source.FRONT)[0]
        ill.at.set_check(ill, "fail")
        eventually(lambda: lb.endpoints(source.FRONT).get(ill.address) == "removed", 10, "it leaves")
        ill.at.set_check(ill, "pass")
        wait_known(lb, ground)


def test_versions_come_by_txt_records():
    names = ["blue1", "blue2", "green1"]
    with Farm(*names) as farm, Embedded() as registry:
        for name in names:
            blue = name.startswith("blue")
            meta = {"lb_split": "blue:75,green:25", "lb_split_key": "none", **({"version": "blue"} if blue else {})}
            registry.register_service("shop", f"node-{name}", "127.0.0.1", farm.ports[name], id=name, meta=meta,
                                      tags=["http"] if blue else ["http", "version=green"])
        with start_lb(registry.dns) as lb:
            lb.wait_endpoints("shop", *(f"127.0.0.1:{port}" for port in farm.ports.values()))
            counts = shares(ask(lb, "shop.example.com", 400, connections=4))
            assert abs(counts["green1"] - 100) <= 4 and abs(counts["blue1"] - counts["blue2"]) <= 8, counts
