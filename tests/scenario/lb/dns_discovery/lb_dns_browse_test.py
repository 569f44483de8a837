# Signpost. Apache-2.0; see LICENSE.
"""Services that nobody named: lb enumerates a domain by DNS-SD (RFC 6763).

Claims
- Every TCP type below the domain is a service, its PTR records are instances with SRV and TXT records of their own, which are
  taken from the additional section or asked for.
- Tags come from TXT (tags=a,b) or, without that, from the sub-types _http and _tcp. http makes a virtual host, tcp a listener.
- New types and instances appear by themselves; what is not listed any more goes, but not because a server fails.
"""
import contextlib

import pytest

from support.fake_dns import FakeDns
from support.farm import Asking, Farm, ask, shares
from support.lb import Lb
from support.ports import free_port
from support.tcp_ends import connect, ending
from support.wait import eventually

DOMAIN = "svc.example"
OPTIONS = {"dns-browse": DOMAIN, "dns-browse-interval": "200ms", "dns-min-interval": "100ms", "dns-timeout": "200ms",
           "dns-hold-empty": "400ms", "dns-confirm-loss": "300ms", "public-domain": "public.test", "linger": "300ms"}


class Zone:
    """What the DNS server says below DOMAIN."""

    def __init__(self, dns):
        self.dns, self._types, self._instances, self._tagged = dns, [], {}, {}

    def add(self, service, address, label=None, tag=None, txt=("",), along=False, transport="tcp"):
        """An instance; `tag` is told by a sub-type. With `along` SRV, TXT and A come with the list of instances."""
        host, port = address.split(":")
        kind = f"_{service}._{transport}.{DOMAIN}."
        instances = self._instances.setdefault(kind, {})
        own = f"{label or f'i{len(instances)}'}.{kind}"
        target = f"{host.replace('.', '-')}.{DOMAIN}."
        text = " ".join(f'"{part}"' for part in txt)
        self.dns.set(own, "SRV", [f"0 1 {port} {target}"])
        self.dns.set(own, "TXT", [text])
        self.dns.set(target, "A", [host])
        instances[own] = [(own, "SRV", f"0 1 {port} {target}"), (own, "TXT", text), (target, "A", host)] if along else []
        if tag:
            self._tagged.setdefault(f"_{tag}._sub.{kind}", set()).add(own)
        if kind not in self._types:
            self._types.append(kind)
        self._say()

    def remove(self, service):
        kind = f"_{service}._tcp.{DOMAIN}."
        self._types.remove(kind)
        self._tagged = {name: owners for name, owners in self._tagged.items() if not name.endswith("." + kind)}
        for name in (kind, *(f"_{tag}._sub.{kind}" for tag in ("http", "tcp"))):
            self.dns.remove(name)
        for own in self._instances.pop(kind):
            self.dns.remove(own)
        self._say()

    def _say(self):
        for kind, instances in self._instances.items():
            self.dns.set(kind, "PTR", list(instances), additional=sum(instances.values(), []))
        for name, owners in self._tagged.items():
            self.dns.set(name, "PTR", sorted(owners))
        self.dns.set(f"_services._dns-sd._udp.{DOMAIN}", "PTR", self._types)


@pytest.fixture(scope="module")
def farm():
    with Farm("a", "b", "c") as origins:
        yield origins


@pytest.fixture(scope="module")
def dns():
    with FakeDns() as server:
        yield server


@pytest.fixture(scope="module")
def zone(dns, farm):
    one = Zone(dns)
    one.add("time", "127.0.0.1:123", transport="udp", tag="http")
    one.add("quiet", farm["a"])
    return one


@pytest.fixture(scope="module")
def lb(zone):
    with Lb(OPTIONS, dns=(zone.dns.host, zone.dns.port)) as one:
        yield one


def hosts(lb):
    return {route["host"] for route in lb.status()["routes"]}


@pytest.mark.parametrize("along", [pytest.param(True, id="along"), pytest.param(False, id="asked for")])
@pytest.mark.parametrize("how", ["sub-type", "TXT"])
def test_tag_http_makes_a_host(lb, zone, farm, how, along):
    service = f"web-{how.lower()}-{'along' if along else 'asked'}"
    words = {"sub-type": {"tag": "http"}, "TXT": {"txt": ("tags=HTTP,other",)}}[how]
    for each in "abc":
        zone.add(service, farm[each], along=along, **words)
    host = f"{service}.public.test"
    eventually(lambda: host in hosts(lb), 5, lambda: f"{hosts(lb)}")
    lb.wait_endpoints(service, *farm.addresses)
    assert shares(ask(lb, host, 9)) == {"a": 3, "b": 3, "c": 3}
    assert (zone.dns.count(f"i0._{service}._tcp.{DOMAIN}", "SRV") == 0) == along


def test_only_tcp_types_with_tags_are_exposed(lb, zone):
    """There is no host for the service without a tag, nor for a type of UDP."""
    eventually(lambda: zone.dns.count(f"_quiet._tcp.{DOMAIN}", "PTR") >= 2, 5)
    assert not {"quiet.public.test", "time.public.test"} & hosts(lb)
    assert zone.dns.count(f"_time._udp.{DOMAIN}") == 0
    assert lb.get("quiet.public.test").status_code == 404


def test_tag_tcp_makes_a_listener(lb, zone):
    port = free_port()
    with Farm("db", kind="banner") as banner:
        zone.add(f"redis-{port}", banner["db"], tag="tcp")
        eventually(lambda: lb.listener(port) == "bound", 5, lambda: f"{lb.status()['listeners']}")
        with connect(port) as client:
            client.expect(b"db")
        zone.remove(f"redis-{port}")
        eventually(lambda: lb.listener(port) is None, 10, lambda: f"{lb.status()['listeners']}")
        with pytest.raises(ConnectionRefusedError):
            ending(port)


def test_what_an_instance_says_of_itself(lb, zone, farm):
    """Its label, with what a name must escape, or the id that TXT gives; versions and settings."""
    split = ("lb.split=v1:25,v2:75", "lb.split_key=none")
    zone.add("said", farm["a"], r"Web\032One\.a", tag="http", txt=("version=v1", *split))
    zone.add("said", farm["b"], "two", tag="http", txt=("id=number-2", "version=v2", *split))
    lb.wait_endpoints("said", farm["a"], farm["b"])
    found = {entry["address"]: (entry["id"], entry["version"]) for entry in lb.service("said")["endpoints"]}
    assert found == {farm["a"]: ("Web One.a", "v1"), farm["b"]: ("number-2", "v2")}
    assert shares(ask(lb, "said.public.test", 40)) == {"a": 10, "b": 30}


def test_services_come_and_go(lb, zone, farm):
    with contextlib.ExitStack() as stack:
        zone.add("guest", farm["a"], tag="http")
        eventually(lambda: "guest.public.test" in hosts(lb), 5)
        asking = stack.enter_context(Asking(lb, "guest.public.test", threads=1, batch=1, pace=0.005))
        zone.add("guest", farm["b"], tag="http")
        lb.wait_endpoints("guest", farm["a"], farm["b"])
        asking.wait(20)
        for mode in ("drop", "servfail"):
            zone.dns.mode(mode)
            eventually(lambda: lb.status()["sources"][0]["failing"], 5)
            asking.wait(20)
            assert lb.service("guest")["state"] == "held"
            zone.dns.mode("answer")
            eventually(lambda: lb.service("guest")["state"] == "known", 5)
    assert asking.names() == {"a", "b"} and not asking.errors
    zone.remove("guest")
    eventually(lambda: "guest.public.test" not in hosts(lb), 10, lambda: f"{lb.service('guest')}")
    eventually(lambda: set(lb.endpoints("guest").values()) <= {"removed"}, 5, lambda: f"{lb.service('guest')}")
