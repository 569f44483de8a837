# Signpost. Apache-2.0; see LICENSE.
"""SRV records of real servers: dnsd with its registry, and Consul's own DNS port.

Claims
- Weights, health, tags and instances that come and go reach lb within its interval; versions are names of their own.
- Consul cuts UDP answers without a sign: lb knows all instances none the less (case D21).
- dnsd and Consul die and come back under load without an error.
"""
import pytest

from support.ask import ask as ask_dns
from support.consul_agent import ConsulAgent
from support.embedded import Embedded
from support.farm import Asking, Farm, ask, shares
from support.lb import Lb
from support.wait import eventually

NAMES = {"plain": {"dns": "web.service.consul"}, "rfc2782": {"dns": "_web._tcp.service.consul"},
         "tagged": {"dns": "http.web.service.consul"}, "many": {"dns": "many.service.consul"},
         "split": {"dns": "web.service.consul", "versions": {"v2": "v2.web.service.consul"}, "split": "v2:25,default:75",
                   "split_key": "none"}}
ROUTES = [{"host": f"{service}.test", "service": service} for service in NAMES]
QUICK = {"dns-min-interval": "100ms", "dns-max-interval": "1s", "dns-timeout": "500ms", "dns-confirm-loss": "300ms",
         "dns-hold-empty": "500ms"}


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c") as origins:
        yield origins


@pytest.fixture(scope="module", params=[Embedded, ConsulAgent], ids=["dnsd", "Consul"])
def registry(request):
    with request.param() as one:
        yield one


@pytest.fixture(scope="module")
def lb(registry):
    with Lb(QUICK, NAMES, ROUTES, dns=registry.dns) as one:
        yield one


def fill(registry, farm):
    """web: a of weight 1, b of 2, c of 3; b is version v2, c is not tagged http."""
    for weight, (each, tags) in enumerate((("a", ["http"]), ("b", ["http", "v2"]), ("c", [])), 1):
        registry.register_service("web", f"node-{each}", "127.0.0.1", port=farm.ports[each], tags=tags, weights=(weight, 1),
                                  status="passing")


def test_records(registry, lb, farm):
    fill(registry, farm)
    for service in ("plain", "rfc2782", "split"):
        lb.wait_endpoints(service, *farm.addresses)
    lb.wait_endpoints("tagged", farm["a"], farm["b"])
    assert shares(ask(lb, "plain.test", 60)) == {"a": 10, "b": 20, "c": 30}
    assert shares(ask(lb, "tagged.test", 60)) == {"a": 20, "b": 40}
    split = shares(ask(lb, "split.test", 80))
    assert all(abs(split[each] - wanted) <= 2 for each, wanted in zip("abc", (15, 20, 45))), split


def test_changes(registry, lb, farm):
    fill(registry, farm)
    lb.wait_endpoints("plain", *farm.addresses)
    with Asking(lb, "plain.test", threads=1, batch=1, pace=0.005) as asking:
        registry.set_check("node-a", "127.0.0.1", "web", "critical")
        lb.wait_endpoints("plain", farm["b"], farm["c"])
        registry.set_check("node-a", "127.0.0.1", "web", "passing")
        lb.wait_endpoints("plain", *farm.addresses)
        registry.deregister("node-c")
        lb.wait_endpoints("plain", farm["a"], farm["b"])
        asking.wait(20)
    assert asking.names() <= {"a", "b", "c"} and not asking.errors


@pytest.mark.parametrize("count", [pytest.param(60, id="D21")])
def test_many_instances(registry, lb, count):
    for number in range(1, count + 1):
        registry.register_service("many", f"many-{number}", f"127.2.0.{number}")
    lb.wait_endpoints("many", *(f"127.2.0.{number}:80" for number in range(1, count + 1)))
    assert lb.service("many")["state"] == "known"
    reply = ask_dns(registry.dns, "many.service.consul", "SRV")
    assert len(reply.answer) < count, "UDP would not have told them all"


def test_the_server_dies(registry, lb, farm):
    fill(registry, farm)
    lb.wait_endpoints("plain", *farm.addresses)
    with Asking(lb, "plain.test", threads=1, batch=1, pace=0.005) as asking:
        registry.kill()
        eventually(lambda: lb.status()["sources"][0]["failing"], 10)
        asking.wait(50)
        assert lb.endpoints("plain").keys() == set(farm.addresses)
        registry.start()
        fill(registry, farm)
        eventually(lambda: lb.service("plain")["state"] == "known", 20, lambda: f"{lb.service('plain')}")
        asking.wait(20)
    assert asking.names() <= {"a", "b", "c"} and not asking.errors
