# Signpost. Apache-2.0; see LICENSE.
"""The catalog browsed by DNS-SD (RFC 6763), from dnsd's registry and from a Consul agent: cases W245 to W253.

Claims
- The types list, instances with what is asked for next, sub-types, SRV and TXT of an instance: a client that knows nothing but the
  domain finds every service, by PTR questions alone.
- Labels hold dots, blanks and UTF-8; ids that two nodes share get the node's name.
- What is not usable is gone from the list and has no SRV record; what opts out cannot be browsed but resolved as ever.
- A large set is cut over UDP (TC) and as much of it as fits comes over TCP, the same part each time.
- --dns-sd=false takes all of it away.
"""
import contextlib

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest

from support.ask import ask, records
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.embedded import Embedded
from support.wait import eventually

TYPES = "_services._dns-sd._udp.service.consul"
SERVICES = {
    "web": [dict(id="web1", tags=["http", "v1.2"], meta={"version": "blue", "lb_max_fails": "3"}),
            dict(id="Web 2. Büro", tags=["http"]),
            dict(id="web3", tags=["http", "beta"], status="critical")],
    "ntp": [dict(id="ntp", port=123, meta={"proto": "udp"})],
    "twin": [dict(id="twin", node="n1"), dict(id="twin", node="n2")],
    "secret": [dict(id="secret", meta={"dns-sd": "no"})],
}


class Ground:
    """A catalog with SERVICES, and the dnsd that answers from it."""

    def __init__(self, kind, **options):
        self._ends = contextlib.ExitStack()
        catalog = Embedded(options=options) if kind == "embedded" else ConsulAgent()
        self.catalog = self._ends.enter_context(catalog)
        self.dns = catalog.dns if kind == "embedded" else self._ends.enter_context(Dnsd(consul=catalog, options=options)).dns
        for service, instances in SERVICES.items():
            for number, instance in enumerate(instances, 1):
                words = {"node": f"n{number}", "port": 80, **instance}
                node = words.pop("node")
                self.catalog.register_service(service, node, f"10.0.0.{node[1:]}", **words)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self._ends.__exit__(*failure)

    def ask(self, name, kind="PTR", **words):
        return ask(self.dns, name, kind, edns=1232, **words)

    def list(self, name):
        """The first labels of the PTR records, as they are."""
        answer = dns.query.tcp(dns.message.make_query(name, "PTR"), self.dns[0], port=self.dns[1], timeout=5)
        return [record.target.labels[0].decode() for rrset in answer.answer for record in rrset]


@pytest.fixture(scope="module", params=["embedded", "consul"])
def ground(request):
    with Ground(request.param) as ground:
        eventually(lambda: len(ground.list("_twin._tcp.service.consul")) == 2, 10, "the catalog is known")
        yield ground


def test_W245_types(ground):
    reply = ground.ask(TYPES)
    assert reply.rcode == "NOERROR" and reply.flags >= {"AA"}
    listed = reply.of("PTR")
    assert listed == sorted(listed), "in a stable order"
    for name in ("ntp", "secret"):
        assert ground.ask(f"{name}.service.consul", "A").answer, "asked for, its instances are known, and so is what they say"
    eventually(lambda: "_ntp._udp.service.consul." in ground.ask(TYPES).of("PTR"), 10, "its protocol is known")
    assert "_secret._tcp.service.consul." not in ground.ask(TYPES).of("PTR")
    assert set(ground.ask(TYPES).of("PTR")) >= {f"_{name}.service.consul." for name in ("web._tcp", "twin._tcp", "consul._tcp")}
    assert {record.ttl for record in reply.answer} == {5}
    assert ground.ask(TYPES, "A").nodata


def test_W246_instances_bring_what_is_asked_for_next(ground):
    reply = ground.ask("_web._tcp.service.consul")
    own = "web1._web._tcp.service.consul."
    assert own in reply.of("PTR") and len(reply.answer) == 2
    along = {(record.owner, record.type): record for record in reply.additional}
    assert along[own, "SRV"].text == "1 1 80 n1.node.dc1.consul." and along[own, "SRV"].ttl == 0
    assert along["n1.node.dc1.consul.", "A"].text == "10.0.0.1"
    assert along[own, "TXT"].text.split()[:4] == ['"txtvers=1"', '"id=web1"', '"tags=http,v1.2"', '"version=blue"']
    assert '"lb_max_fails=3"' in along[own, "TXT"].text and '"dc=dc1"' in along[own, "TXT"].text


def test_the_types_srv_records_stay(ground):
    reply = ground.ask("_web._tcp.service.consul", "SRV")
    assert sorted(reply.of("SRV")) == ["1 1 80 n1.node.dc1.consul.", "1 1 80 n2.node.dc1.consul."]


def test_W247_sub_types(ground):
    assert ground.list("_http._sub._web._tcp.service.consul") == ground.list("_web._tcp.service.consul")
    assert ground.list("_V1\\.2._sub._web._tcp.service.consul") == ["web1"]
    assert ground.ask("_beta._sub._web._tcp.service.consul").nodata, "the one that has it is critical"
    assert ground.ask("_none._sub._web._tcp.service.consul").rcode == "NXDOMAIN"


def test_W248_an_instance_has_one_srv_and_one_txt(ground):
    name = "ntp._ntp._udp.service.consul"
    assert ground.ask(name, "SRV").of("SRV") == ["1 1 123 n1.node.dc1.consul."]
    reply = ground.ask("twin\\032on\\032n1._twin._tcp.service.consul", "TXT")
    assert reply.of("TXT") == ['"txtvers=1" "id=twin" "tags=" "dc=dc1"'], "nothing more is said of it"
    assert ground.ask(name, "A").nodata


def test_W249_any_label(ground):
    assert ground.list("_web._tcp.service.consul") == ["Web 2. Büro", "web1"]
    name = dns.name.Name(["Web 2. Büro".encode(), b"_web", b"_tcp", b"service", b"consul", b""])
    answer = dns.query.udp(dns.message.make_query(name, "SRV"), ground.dns[0], port=ground.dns[1], timeout=5)
    assert answer.answer[0][0].to_text() == "1 1 80 n2.node.dc1.consul."


def test_W249_clashing_ids_get_their_nodes(ground):
    assert ground.list("_twin._tcp.service.consul") == ["twin on n1", "twin on n2"]
    assert ground.ask("twin._twin._tcp.service.consul", "SRV").rcode == "NXDOMAIN"


def test_W250_unknown_and_hidden(ground):
    assert ground.ask("_none._tcp.service.consul").rcode == "NXDOMAIN"
    assert ground.ask("_secret._tcp.service.consul").nodata
    assert ground.ask("secret._secret._tcp.service.consul", "SRV").rcode == "NXDOMAIN"
    assert ground.ask("_secret._tcp.service.consul", "SRV").of("SRV") == ["1 1 80 n1.node.dc1.consul."]


def test_W251_what_is_not_usable_is_gone(ground):
    assert "web3" not in ground.list("_web._tcp.service.consul")
    assert ground.ask("web3._web._tcp.service.consul", "SRV").rcode == "NXDOMAIN"
    ground.catalog.set_check("n3", "10.0.0.3", "web3", "passing")
    eventually(lambda: "web3" in ground.list("_web._tcp.service.consul"), 10, "it is back")
    assert ground.ask("web3._web._tcp.service.consul", "SRV").of("SRV") == ["1 1 80 n3.node.dc1.consul."]
    ground.catalog.set_check("n3", "10.0.0.3", "web3", "critical")
    eventually(lambda: "web3" not in ground.list("_web._tcp.service.consul"), 10, "it is gone")


def test_W252_where_to_browse(ground):
    for label in ("b", "db", "r", "dr", "lb"):
        for domain in ("consul", "service.consul"):
            name = f"{label}._dns-sd._udp.{domain}"
            assert ground.ask(name).answer == records(f"{name}. 5 PTR service.consul.")
    assert ground.ask("_dns-sd._udp.consul").nodata


def test_other_domains_are_browsed_alike():
    with Ground("embedded", **{"alt-domain": "alt.example"}) as ground:
        for domain in ("service.dc1.consul", "service.alt.example", "service.dc1.alt.example"):
            assert f"_web._tcp.{domain}." in ground.ask(f"_services._dns-sd._udp.{domain}").of("PTR")
            assert f"web1._web._tcp.{domain}." in ground.ask(f"_web._tcp.{domain}").of("PTR")
            assert ground.ask(f"web1._web._tcp.{domain}", "SRV").of("SRV") == ["1 1 80 n1.node.dc1.consul."]


def test_W253_a_large_set():
    with Embedded() as registry:
        registry.register_at_once([{"Node": f"n{number}", "Address": f"10.1.{number // 250}.{number % 250}", "Service": {
            "ID": f"big{number:04}", "Service": "big", "Port": 80}} for number in range(5000)])
        udp = ask(registry.dns, "_big._tcp.service.consul", "PTR", edns=1232)
        assert "TC" in udp.flags and not udp.answer
        tcp = ask(registry.dns, "_big._tcp.service.consul", "PTR", tcp=True)
        assert "TC" not in tcp.flags and len(tcp.answer) > 2000 and 65000 < tcp.size <= 65535
        labels = [name.split(".")[0] for name in tcp.of("PTR")]
        assert labels == [f"big{number:04}" for number in range(len(labels))]
        own = ask(registry.dns, "big4999._big._tcp.service.consul", "SRV", edns=1232)
        assert own.of("SRV") == ["1 1 80 n4999.node.dc1.consul."], "each can be resolved"


def test_switched_off():
    with Ground("embedded", **{"dns-sd": False}) as ground:
        assert ground.ask("_web._tcp.service.consul").nodata
        assert ground.ask("_web._tcp.service.consul", "SRV").of("SRV")
        for name in (TYPES, "b._dns-sd._udp.consul", "web1._web._tcp.service.consul", "_http._sub._web._tcp.service.consul"):
            assert ground.ask(name).rcode == "NXDOMAIN"
