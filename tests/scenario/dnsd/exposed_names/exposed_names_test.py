# Signpost. Apache-2.0; see LICENSE.
"""Services that lb shows to the world, by name: <service>.<public domain> has the addresses of the balancer.

Claims
- A service with an instance tagged http, usable or not, has the addresses of the usable instances of --public-service, with that
  service's TTL; other types are NODATA of the public domain.
- Names come and go with the tag; what is not exposed goes the way of any other name.
- Underscores of a service's name are dashes, as lb has it. Without a usable balancer there is no data.
- With a Consul agent neither service need be in use before.
"""
import contextlib

import pytest

from support.ask import ask, records
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.embedded import Embedded
from support.wait import eventually

OPTIONS = {"public-domain": "example.com", "public-service": "edge", "service-ttl": {"edge": "20s"}}


@pytest.fixture(params=["embedded", "consul"])
def ground(request):
    """(catalog, address of the DNS server)."""
    with contextlib.ExitStack() as stack:
        if request.param == "embedded":
            catalog = stack.enter_context(Embedded(options=OPTIONS))
            server = catalog
        else:
            catalog = stack.enter_context(ConsulAgent())
            server = stack.enter_context(Dnsd(consul=catalog, options=OPTIONS))
        catalog.register_service("edge", "e1", "10.9.0.1", 80)
        catalog.register_service("edge", "e2", "10.9.0.2", 80, status="warning")
        catalog.register_service("edge", "e3", "10.9.0.3", 80, status="critical")
        catalog.register_service("web", "n1", "10.0.0.1", 80, id="w1", tags=["http"])
        catalog.register_service("web", "n2", "10.0.0.2", 80, id="w2")
        catalog.register_service("my_app", "n1", "10.0.0.1", 81, tags=["http"], status="critical")
        catalog.register_service("db", "n1", "10.0.0.1", 82, tags=["tcp"])
        eventually(lambda: ask(server.dns, "db.service.consul").answer, 10, "the catalog is known")
        yield catalog, server.dns


def test_the_balancers_addresses(ground):
    _, dns = ground
    for name in ("web.example.com", "my-app.example.com"):
        reply = ask(dns, name)
        assert sorted(reply.answer) == records(f"{name}. 20 A 10.9.0.1", f"{name}. 20 A 10.9.0.2"), reply
        assert ask(dns, name, "AAAA").nodata
        assert [soa.owner for soa in ask(dns, name, "MX").authority] == ["example.com."]


def test_others_are_not_exposed(ground):
    _, dns = ground
    for name in ("db.example.com", "none.example.com", "edge.example.com", "example.com", "x.web.example.com"):
        assert ask(dns, name).rcode == "REFUSED", name


def test_names_follow_the_tag(ground):
    catalog, dns = ground
    assert ask(dns, "web.example.com").answer
    catalog.register_service("web", "n1", "10.0.0.1", 80, id="w1")
    eventually(lambda: ask(dns, "web.example.com").rcode == "REFUSED", 10, "the tag is gone")
    catalog.register_service("web", "n2", "10.0.0.2", 80, id="w2", tags=["HTTP"])
    eventually(lambda: len(ask(dns, "web.example.com").answer) == 2, 10, "another instance has it")


def test_the_balancer_goes(ground):
    catalog, dns = ground
    catalog.register_service("edge", "e1", "10.9.0.1", 80, status="critical")
    catalog.register_service("edge", "e2", "10.9.0.2", 80, status="critical")
    eventually(lambda: ask(dns, "web.example.com").nodata, 10, "no balancer is usable")
    for node in ("e1", "e2", "e3"):
        catalog.deregister(node)
    eventually(lambda: ask(dns, "edge.service.consul").rcode == "NXDOMAIN", 10, "there is no balancer")
    assert ask(dns, "web.example.com").nodata
