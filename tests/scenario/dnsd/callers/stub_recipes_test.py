# Signpost. Apache-2.0; see LICENSE.
"""Resolvers that stay in front of dnsd, told so by the recipes of docs/callers.md.

Claims, for Unbound with a stub zone and with a forward zone, dnsmasq with and without strict order, and systemd-resolved
- Programs that ask them find services: addresses of both families, SRV, sets larger than a datagram, and over TCP.
- A service that does not exist is "no such name". Reverse names are found.
- Names outside go where they went before, and not to dnsd; the catalog's do not go there.
- Unbound does so with QNAME minimisation, strict, with validation on and private addresses filtered; dnsmasq with its
  rebinding filter; systemd-resolved with DNSSEC=yes and the negative trust anchor.
- A change in the catalog is seen through them at once, since the TTL is 0.
- Each line of the recipes is needed: without it the symptom is the one that the page names. Each block of the page is tried.
"""
import pathlib

import pytest
from callers_world import MANY, WEB, World
from recipes import names, recipe
from stub_servers import STUB, ask_resolved, dnsmasq, resolved, unbound
from support.ask import ask
from support.callers import look, run

SERVICES = {(f"n{number}.node.dc1.consul", 8000 + number) for number in (1, 2, 3)}
IN_FRONT = {
    "unbound": lambda: unbound(recipe("unbound.conf")),
    "unbound, forward zone": lambda: unbound(recipe("unbound-forward.conf")),
    "dnsmasq": lambda: dnsmasq(recipe("dnsmasq.conf")),
    "dnsmasq, strict order": lambda: dnsmasq(recipe("dnsmasq.conf"), "--strict-order"),
    "resolved": lambda: resolved(recipe("resolved.conf"), "DNSSEC=no"),
    "resolved, DNSSEC=yes": lambda: resolved(
        recipe("resolved.conf"), "DNSSEC=yes", recipe("consul.negative") + "example.com\n", "~."),
}


class Front:
    """A resolver in front, and the /etc/resolv.conf that names it."""

    def __init__(self, name, address):
        self.name, self.dns = name, (address, 53)
        self.resolv = f"nameserver {address}\n"

    def look(self, caller, kind, name, options=""):
        return look(caller, kind, name, self.resolv + options)


@pytest.fixture(scope="module")
def world():
    with World(recipe("dnsd-stub")) as there:
        yield there


@pytest.fixture(scope="module", params=IN_FRONT)
def front(world, request):
    with IN_FRONT[request.param]():
        yield Front(request.param, STUB if "resolved" in request.param else "127.0.0.1")


@pytest.mark.parametrize("caller", ["glibc", "musl", "go", "dnspython"])
def test_services_are_found(front, caller):
    assert front.look(caller, "any", "web.service.consul").addresses == WEB
    assert front.look(caller, "srv", "web.service.consul").services == SERVICES
    assert front.look(caller, "any", "dual.service.consul").addresses == {"10.3.0.1", "2001:db8::1"}
    missing = front.look(caller, "any", "nothing.service.consul")
    assert missing.error and not missing.lines


def test_over_tcp_and_large(front):
    assert front.look("glibc", "any", "web.service.consul", "options use-vc\n").addresses == WEB
    assert front.look("glibc", "a", "many.service.consul").addresses == MANY
    assert len(front.look("glibc", "srv", "many.service.consul").services) == len(MANY)


def test_rcodes(front):
    assert ask(front.dns, "nothing.service.consul").rcode == "NXDOMAIN"
    for name, kind in (("web.service.consul", "AAAA"), ("service.consul", "A")):
        reply = ask(front.dns, name, kind)
        assert reply.rcode == "NOERROR" and not reply.answer, f"{name} {kind}: {reply}"


def test_other_names_go_where_they_went(front, world):
    def asked():
        return world.queries("udp") + world.queries("tcp")

    before = asked()
    assert front.look("glibc", "any", "www.example.com").addresses == {"93.184.215.80", "2606:2800:21f::80"}
    # Unless the interface says that all others are its own, systemd-resolved asks both and takes the good answer.
    assert asked() == before or front.name == "resolved", "asked dnsd"
    assert not [question for question in world.upstream.heard() if "consul" in question.name], "asked the upstream"


def test_reverse_names(front):
    assert "n1.node.dc1.consul" in run(["getent", "hosts", "10.1.0.1"], front.resolv).stdout


def test_a_change_is_seen_at_once(front, world):
    number = sorted(IN_FRONT).index(front.name)
    name = f"moving{number}"
    for address in ("10.4.0.1", "10.4.0.2"):
        world.registry.register_service(name, name, address)
        assert front.look("glibc", "any", f"{name}.service.consul").addresses == {address}


WITHOUT = {  # a line of Unbound's recipe: what a client sees without it
    "do-not-query-localhost: no": ("web.service.consul", "SERVFAIL"),
    'domain-insecure: "consul"': ("web.service.consul", "SERVFAIL"),
    'private-domain: "consul"': ("web.service.consul", "NOERROR, empty"),
    'local-zone: "10.in-addr.arpa." nodefault': ("1.0.1.10.in-addr.arpa", "NXDOMAIN"),
    'domain-insecure: "10.in-addr.arpa"': ("1.0.1.10.in-addr.arpa", "SERVFAIL"),
}


def seen(reply):
    return reply.rcode if reply.answer or reply.rcode != "NOERROR" else "NOERROR, empty"


@pytest.mark.parametrize("line", WITHOUT)
def test_unbound_needs_each_line(world, line):
    text = recipe("unbound.conf")
    assert text.count(f"  {line}\n") == 1
    name, symptom = WITHOUT[line]
    with unbound(text.replace(f"  {line}\n", "")):
        reply = ask(("127.0.0.1", 53), name, "PTR" if name.endswith("arpa") else "A", timeout=10)
        assert seen(reply) == symptom, reply


@pytest.mark.parametrize("without, name, kind, symptom", [
    ("rebind-domain-ok=/consul/\n", "web.service.consul", "A", "NOERROR, empty"),
    ("rev-server=10.0.0.0/8,127.0.0.1#8600\n", "1.0.1.10.in-addr.arpa", "PTR", "NXDOMAIN"),
    ("server=/consul/127.0.0.1#8600\n", "web.service.consul", "A", "NXDOMAIN"),
])
def test_dnsmasq_needs_each_line(world, without, name, kind, symptom):
    text = recipe("dnsmasq.conf")
    assert without in text
    with dnsmasq(text.replace(without, "")):
        assert seen(ask(("127.0.0.1", 53), name, kind)) == symptom


@pytest.mark.parametrize("anchored, error", [(True, None), (False, "io.systemd.Resolve.DNSSECValidationFailed")])
def test_resolved_needs_the_negative_anchor(world, anchored, error):
    with resolved(recipe("resolved.conf"), "DNSSEC=yes", recipe("consul.negative") if anchored else "") as process:
        reply = ask_resolved(process, "web.service.consul")
        assert reply.get("error") == error, reply
        addresses = {".".join(map(str, entry["address"])) for entry in reply["parameters"].get("addresses", ())}
        assert addresses == (set() if error else WEB)


def test_each_block_is_tried():
    folder = pathlib.Path(__file__).parent
    sources = "".join(path.read_text() for path in folder.glob("*.py"))
    blocks = names()
    assert len(blocks) > 10
    assert not [name for name in blocks if f'"{name}"' not in sources]
