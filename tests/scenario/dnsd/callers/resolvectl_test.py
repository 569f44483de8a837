# Signpost. Apache-2.0; see LICENSE.
"""A browser that dnsd's authors did not write (case W254): resolvectl, over a system bus of its own. It asks a
systemd-resolved that has the recipe of docs/callers.md, and keeps nothing that it has from 127.0.0.1, or validates and
has the negative trust anchor, or keeps what it gets.

Claims
- It finds where to browse, the types, the instances of a type and of a sub-type, by PTR.
- `resolvectl service` resolves an instance to its port, host, addresses and TXT strings, all of them and in order; a
  label may hold blanks, dots and UTF-8. Two instances with one id are found by the labels that tell them apart.
- Of an instance with addresses of both families it shows the IPv6 one.
- A type without an instance's label is resolved to all instances.
- SRV and TXT of an instance can be asked for one by one.
- Lists that no datagram holds are fetched over TCP.
- An instance that never was is "not found". One that is taken away, or critical, cannot be resolved any more, and is
  off the list: at once, or when resolved has forgotten it. So is a new one on it.
"""
import collections
import re

import pytest
from callers_world import MANY, World
from recipes import recipe
from stub_servers import RESOLVED, resolved
from support.system_bus import SystemBus, beside
from support.wait import eventually

WEB12 = "Web 1.2"
BUERO = "Büro"
SHOP = "_shop._tcp.service.consul"
AT_ONCE = 4.0  # seconds: less than the TTL of PTR answers, 5 s
FORGOTTEN = 20.0
MODES = {  # settings of resolved, its negative trust anchors, and how long it shows what was
    "plain": ("DNSSEC=no", "", AT_ONCE),
    "validating": ("DNSSEC=yes", recipe("consul.negative"), AT_ONCE),
    "keeping": ("DNSSEC=no\nCacheFromLocalhost=yes", "", FORGOTTEN),
}
Service = collections.namedtuple("Service", "targets addresses text")


class Resolvectl:
    """`delay`: after how many seconds at most it shows a change."""

    def __init__(self, bus, world, delay):
        self._bus, self.world, self.delay = bus, world, delay

    def records(self, kind, name):
        """Data of the records, as text."""
        done = self._run("query", f"--type={kind}", name)
        assert done.returncode == 0, done
        lines = [line.split(" -- link: ")[0] for line in done.stdout.splitlines()]
        mark = f" IN {kind} "
        assert all(mark in line for line in lines), done
        return [line.split(mark, 1)[1] for line in lines]

    def labels(self, name):
        """The first labels of the PTR records, as they are."""
        return [_unescaped(re.match(r"(?:\\.|[^.\\])*", target)[0]) for target in self.records("PTR", name)]

    def service(self, *words):
        """The Service that `resolvectl service` prints."""
        done = self._run("service", *words)
        assert done.returncode == 0, done
        title = "/".join(words) + ": "
        assert done.stdout.startswith(title), done
        lines = [line.strip() for line in done.stdout.removeprefix(title).splitlines()]
        if len(words) == 1:
            assert lines.pop() == f"({words[0].replace('._tcp.', '._tcp/')})"
        targets = [line.removesuffix("]").replace(" [", " ") for line in lines if "[priority=" in line]
        addresses = [line for line in lines if re.fullmatch(r"[0-9.]+|[0-9a-f:]+:[0-9a-f:]*", line)]
        text = [line for line in lines if "=" in line and "[priority=" not in line]
        assert len(targets) + len(addresses) + len(text) == len(lines), done
        return Service(targets, addresses, text)

    def refused(self, *words):
        """The error text of a call that must fail."""
        done = self._run(*words)
        assert done.returncode != 0 and not done.stdout, done
        return done.stderr

    def resolves(self, *words):
        return self._run("service", *words).returncode == 0

    def _run(self, *words):
        return self._bus.run(RESOLVED / "usr/bin/resolvectl", "--no-pager", "--legend=no", *words)


def _unescaped(label):
    """Text of a label that is printed with \\DDD and \\X."""
    parts = re.findall(rb"\\(\d{3})|\\(.)|([^\\])", label.encode())
    return b"".join(bytes([int(number)]) if number else sign or plain for number, sign, plain in parts).decode()


@pytest.fixture(scope="module")
def world():
    with World(recipe("dnsd-stub")) as there:
        register = there.registry.register_service
        register("shop", "n1", "10.1.0.1", port=8080, id=WEB12, tags=["http", "v1.2"],
                 meta={"version": "blue", "note": "a=b"})
        register("shop", "n2", "10.1.0.2", port=8081, id=BUERO, tags=["http"], weights=(7, 1))
        register("twin", "n1", "10.1.0.1", port=9001)
        register("twin", "n2", "10.1.0.2", port=9002)
        yield there


@pytest.fixture(scope="module", params=MODES)
def client(world, request):
    settings, anchors, delay = MODES[request.param]
    with resolved(recipe("resolved.conf"), settings, anchors) as process, SystemBus(beside(process)) as bus:
        bus.wait_for("org.freedesktop.resolve1")
        yield Resolvectl(bus, world, delay)


def test_W254_browsing(client):
    for label in ("b", "lb"):
        assert client.records("PTR", f"{label}._dns-sd._udp.consul") == ["service.consul"]
    types = client.records("PTR", "_services._dns-sd._udp.service.consul")
    assert {f"_{name}._tcp.service.consul" for name in ("consul", "dual", "many", "shop", "twin", "web")} <= set(types)
    for name in (SHOP, f"_http._sub.{SHOP}"):
        assert sorted(client.labels(name)) == sorted([BUERO, WEB12])
    assert client.labels(rf"_v1\.2._sub.{SHOP}") == [WEB12]
    assert "not found" in client.refused("query", "--type=PTR", f"_none._sub.{SHOP}")


def test_W254_an_instance_is_resolved(client):
    assert client.service(WEB12, "_shop._tcp", "service.consul") == Service(
        ["n1.node.dc1.consul:8080 priority=1, weight=1"], ["10.1.0.1"],
        ["txtvers=1", f"id={WEB12}", "tags=http,v1.2", "version=blue", "dc=dc1", "note=a=b"])
    office = client.service(BUERO, "_shop._tcp", "service.consul")
    assert office.targets == ["n2.node.dc1.consul:8081 priority=1, weight=7"] and office.addresses == ["10.1.0.2"]
    assert office.text[1] == r"id=B\303\274ro", "resolvectl's way to print it"


def test_W254_both_families(client):
    """The target's name is that of the IPv6 address; both are in the additional section only, which it ignores."""
    assert client.service("dual", "_dual._tcp", "service.consul").addresses == ["2001:db8::1"]


def test_W254_one_id_on_two_nodes(client):
    assert sorted(client.labels("_twin._tcp.service.consul")) == ["twin on n1", "twin on n2"]
    found = client.service("twin on n2", "_twin._tcp", "service.consul")
    assert found.targets == ["n2.node.dc1.consul:9002 priority=1, weight=1"]
    assert not client.resolves("twin", "_twin._tcp", "service.consul")


def test_W254_a_type_is_resolved_to_all_instances(client):
    for words in (("_shop._tcp", "service.consul"), (SHOP,)):
        found = client.service(*words)
        assert {target.split()[0] for target in found.targets} == {"n1.node.dc1.consul:8080", "n2.node.dc1.consul:8081"}
        assert set(found.addresses) == {"10.1.0.1", "10.1.0.2"}


def test_W254_one_record_at_a_time(client):
    for name in (rf"Web\0321\.2.{SHOP}", rf"Web 1\.2.{SHOP}"):
        assert client.records("SRV", name) == ["1 1 8080 n1.node.dc1.consul"]
        assert client.records("TXT", name) == [
            f'"txtvers=1" "id={WEB12}" "tags=http,v1.2" "version=blue" "dc=dc1" "note=a=b"']


def test_W254_a_list_that_no_datagram_holds(client):
    before = client.world.queries("tcp")
    every = {f"many on m{number}" for number in range(1, len(MANY) + 1)}
    assert set(client.labels("_many._tcp.service.consul")) == every
    assert client.world.queries("tcp") > before
    assert client.service("many on m100", "_many._tcp", "service.consul").addresses == ["10.2.0.100"]


@pytest.fixture
def node(world):
    """One that the test may fill."""
    yield "n3"
    world.registry.deregister("n3")


@pytest.mark.parametrize("away", ["taken away", "critical"])
def test_W254_an_instance_that_is_gone(client, node, away):
    registry, words = client.world.registry, ("brief", "_shop._tcp", "service.consul")
    assert "not found" in client.refused("service", *words)
    registry.register_service("shop", node, "10.1.0.3", id="brief", status="passing")
    eventually(lambda: "brief" in client.labels(SHOP), client.delay, "it is on the list", every=0.2)
    eventually(lambda: client.resolves(*words), AT_ONCE, "it is found", every=0.2)
    if away == "critical":
        registry.set_check(node, "10.1.0.3", "brief", "critical")
    else:
        registry.deregister(node, "brief")
    eventually(lambda: not client.resolves(*words), AT_ONCE, "it is not found: the TTL of SRV records is 0", every=0.2)
    eventually(lambda: "brief" not in client.labels(SHOP), client.delay, "it is off the list", every=0.2)
    eventually(lambda: "not found" in client.refused("service", *words), client.delay, "nothing is left", every=0.2)
