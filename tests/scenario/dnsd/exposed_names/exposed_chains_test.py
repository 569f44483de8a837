# Signpost. Apache-2.0; see LICENSE.
"""CNAMEs that lead to the names of exposed services, wherever they stand.

Claims
- From a static zone, by a wildcard or a DNAME, from the catalog, and from within the zone of the public domain itself: the CNAME,
  and the balancer's addresses under the exposed name. RD, EDNS and transport make no difference; UDP cuts with TC.
- From an upstream: what it says about the exposed name is dropped, denial or data; not so with --rebind-protection.
- Names of the public domain that are not exposed are forwarded as ever, and one that comes or goes is followed at once.
- Where the upstream fails for the exposed name, the catalog answers all the same; where nothing is exposed, it is the failure.
- A chain with two pieces of an upstream asks for each once, though neither may be kept.
- Sets behind a CNAME within the zone of the public domain turn.
- Circles of a zone and the balancer's host name end. `dnsd explain` names each source on the way.
"""
import pytest
import requests

from support.ask import ask, records
from support.embedded import Embedded
from support.misbehaving_dns import MisbehavingDns, reply, soa, truth, true_address
from support.wait import eventually

HEAD = "$TTL 60\n@ IN SOA ns.corp.test. host.corp.test. 1 3600 600 86400 30\n@ IN NS ns.corp.test.\n"
ZONES = {
    "corp.test": "www CNAME Web.example.com.\n*.wild CNAME web.example.com.\nold DNAME example.com.\nbare CNAME db.example.com.\n"
                 "far CNAME www.partner.test.\nring CNAME round.example.com.\nlate CNAME later.example.com.\n",
    "shop.test": "web CNAME inner\ninner CNAME web.example.com.\n"}
UPSTREAM = {  # by name: what it says, and what has to be seen
    "www.partner.test": ["@ 50 CNAME cdn.partner.test.", "cdn.partner.test. 40 CNAME web.example.com.",
                         "web.example.com. 30 A 203.0.113.1"],
    "plain.partner.test": ["@ 50 CNAME db.example.com.", "db.example.com. 30 A 203.0.113.2"]}
BARE = {"bare.partner.test": "50 CNAME web.example.com.", "twice.partner.test": "50 CNAME bare.partner.test.",
        "broken.partner.test": "50 CNAME db.broken.test.", "brief.partner.test": "0 CNAME web.example.com.",
        "edge.cloud.test": "0 A 203.0.113.9"}
EDGE = records("web.example.com. 20 A 10.9.0.1", "web.example.com. 20 A 10.9.0.2")


def behave(asked):
    if asked.name in UPSTREAM and asked.type == "A":
        return reply(asked, UPSTREAM[asked.name])
    if asked.name == "denied.partner.test":
        return reply(asked, ["@ 50 CNAME web.example.com."], [soa(asked, owner="example.com.")], rcode="NXDOMAIN")
    if asked.name in BARE:
        return reply(asked, [f"@ {BARE[asked.name]}"])
    if asked.name in ("web.example.com", "db.broken.test"):
        return reply(asked, rcode="SERVFAIL")
    return truth(asked)


@pytest.fixture(scope="module")
def upstream():
    with MisbehavingDns(behave) as server:
        yield server


@pytest.fixture(scope="module")
def start(tmp_path_factory, upstream):
    """start(**options): a registry with the services."""
    running = []

    def begin(zones=None, **options):
        folder = tmp_path_factory.mktemp("zones")
        for origin, text in (zones or ZONES).items():
            (folder / origin).write_text(HEAD + text)
        options = {"public-domain": "example.com", "public-service": "edge", "service-ttl": {"edge": "20s"},
                   "upstream": [upstream.address], "zone": [f"{origin}={folder / origin}" for origin in zones or ZONES], **options}
        registry = Embedded(options=options)
        running.append(registry)
        registry.__enter__()
        registry.register_service("edge", "e1", "10.9.0.1", 80)
        registry.register_service("edge", "e2", "10.9.0.2", 80)
        registry.register_service("web", "n1", "10.0.0.1", 80, tags=["http"])
        registry.register_service("db", "n1", "10.0.0.1", 82, tags=["tcp"])
        eventually(lambda: len(ask(registry.dns, "web.example.com").answer) == 2, 10, "the catalog is known")
        return registry

    yield begin
    for registry in running:
        registry.__exit__(None, None, None)


@pytest.fixture(scope="module")
def registry(start):
    return start()


@pytest.mark.parametrize("words", [{}, {"rd": 0}, {"tcp": True}, {"edns": 1232, "do": 1}])
@pytest.mark.parametrize("name, links", [
    ("www.corp.test", ["www.corp.test. 60 CNAME Web.example.com."]),
    ("a.b.wild.corp.test", ["a.b.wild.corp.test. 60 CNAME web.example.com."]),
    ("web.old.corp.test", ["old.corp.test. 60 DNAME example.com.", "web.old.corp.test. 60 CNAME web.example.com."]),
    ("web.shop.test", ["web.shop.test. 60 CNAME inner.shop.test.", "inner.shop.test. 60 CNAME web.example.com."]),
])
def test_from_static_zones(registry, upstream, name, links, words):
    got = ask(registry.dns, name, **words)
    assert got.rcode == "NOERROR" and not got.authority, str(got)
    assert sorted(got.answer) == sorted(records(*links) + EDGE), str(got)
    assert [str(record) for record in got.answer[:len(links)]] == links, "the links come first"
    denied = ask(registry.dns, name, "AAAA", **words)
    assert denied.rcode == "NOERROR" and sorted(denied.answer) == records(*links), str(denied)
    assert [record.owner for record in denied.authority] == ["example.com."]
    assert upstream.count("web.example.com") == 0


def test_from_the_catalog(registry):
    registry.register_service("ext", "x1", "web.example.com", 80)
    eventually(lambda: sorted(ask(registry.dns, "ext.service.consul").answer) ==
               sorted(records("ext.service.consul. 0 CNAME web.example.com.") + EDGE), 10)


def test_within_the_zone_of_the_public_domain(start):
    registry = start({"example.com": "www CNAME web\nmail CNAME host\nhost A 192.0.2.8\n*.any CNAME web\nnone CNAME nowhere\n"})
    for name in ("www.example.com", "x.any.example.com"):
        assert sorted(ask(registry.dns, name).answer) == sorted(records(f"{name}. 60 CNAME web.example.com.") + EDGE)
    assert ask(registry.dns, "mail.example.com").of("A") == ["192.0.2.8"]
    assert ask(registry.dns, "none.example.com").rcode == "NXDOMAIN"


def test_from_an_upstream(registry, upstream):
    for _ in range(2):  # the second from the cache
        got = ask(registry.dns, "www.partner.test")
        assert [str(record) for record in got.answer[:2]] == ["www.partner.test. 50 CNAME cdn.partner.test.",
                                                              "cdn.partner.test. 40 CNAME web.example.com."], str(got)
        assert sorted(got.answer[2:]) == EDGE, str(got)
        got = ask(registry.dns, "denied.partner.test")
        assert got.rcode == "NOERROR" and sorted(got.answer[1:]) == EDGE and not got.authority, str(got)
        assert sorted(ask(registry.dns, "far.corp.test").answer[3:]) == EDGE
    assert ask(registry.dns, "plain.partner.test").of("A") == ["203.0.113.2"]
    assert upstream.count("web.example.com") == 0


def test_an_upstream_fails_for_an_exposed_name(registry, upstream):
    for name, links in (("bare.partner.test", 1), ("twice.partner.test", 2)):
        for _ in range(2):
            got = ask(registry.dns, name)
            assert got.rcode == "NOERROR" and sorted(got.answer[links:]) == EDGE and not got.opt, str(got)
            assert got.answer[0].owner == f"{name}."
    for _ in range(2):
        got = ask(registry.dns, "broken.partner.test", edns=1232)
        assert got.rcode == "SERVFAIL" and not got.answer and 15 in got.opt.options, str(got)


def test_two_pieces_that_may_not_be_kept(start, upstream):
    registry = start()
    for node in ("e1", "e2"):
        registry.deregister(node)
    registry.register_service("edge", "x1", "edge.cloud.test", 80)
    eventually(lambda: ask(registry.dns, "web.example.com", rd=0).of("CNAME"), 10, "the balancer has a host name")
    upstream.forget()
    got = ask(registry.dns, "brief.partner.test")
    assert sorted(got.answer) == records(
        "brief.partner.test. 0 CNAME web.example.com.", "web.example.com. 20 CNAME edge.cloud.test.",
        "edge.cloud.test. 0 A 203.0.113.9"), str(got)
    assert upstream.count("edge.cloud.test", "A") == upstream.count("brief.partner.test", "A") == 1


def test_sets_turn_in_the_zone_of_the_public_domain(start):
    registry = start({"example.com": "www CNAME host\nhost A 192.0.2.8\nhost A 192.0.2.9\n"})
    first = {ask(registry.dns, "www.example.com").of("A")[0] for _ in range(60)}  # some of them by one loop
    assert len(first) == 2, first


def test_rebind_protection_has_the_upstreams_word(start):
    registry = start(**{"rebind-protection": True})
    assert ask(registry.dns, "www.partner.test").of("A") == ["203.0.113.1"]
    assert ask(registry.dns, "www.corp.test").of("A"), "a zone may lead to whom it likes"


def test_what_is_not_exposed_is_forwarded(registry, upstream):
    got = ask(registry.dns, "bare.corp.test")
    assert [str(record) for record in got.answer] == ["bare.corp.test. 60 CNAME db.example.com.",
                                                      f"db.example.com. 300 A {true_address('db.example.com')}"], str(got)
    assert ask(registry.dns, "bare.corp.test", rd=0).answer == records("bare.corp.test. 60 CNAME db.example.com.")


def test_a_service_that_comes_and_goes(registry):
    outside = true_address("later.example.com")
    assert ask(registry.dns, "late.corp.test").of("A") == [outside]
    registry.register_service("later", "n1", "10.0.0.1", 83, tags=["http"])
    eventually(lambda: sorted(ask(registry.dns, "late.corp.test").of("A")) == ["10.9.0.1", "10.9.0.2"], 10)
    registry.register_service("later", "n1", "10.0.0.1", 83, tags=[])
    eventually(lambda: ask(registry.dns, "late.corp.test").of("A") == [outside], 10)


def test_too_many_addresses_for_udp(start):
    registry = start()
    for number in range(3, 60):
        registry.register_service("edge", f"e{number}", f"10.9.0.{number}", 80)
    eventually(lambda: len(ask(registry.dns, "www.corp.test", tcp=True).answer) == 60, 10)
    got = ask(registry.dns, "www.corp.test")
    assert "TC" in got.flags and got.answer[0].type == "CNAME" and 1 < len(got.answer) < 60, str(got)


def test_circles_end(start):
    registry = start()
    registry.register_service("round", "n1", "10.0.0.1", 84, tags=["http"])
    for node in ("e1", "e2"):
        registry.deregister(node)
    registry.register_service("edge", "x1", "ring.corp.test", 80)
    eventually(lambda: ask(registry.dns, "web.example.com").of("CNAME"), 10, "the balancer has a host name")
    for name in ("ring.corp.test", "round.example.com", "www.corp.test"):
        got = ask(registry.dns, name)
        assert got.rcode == "NOERROR" and {record.type for record in got.answer} == {"CNAME"} and len(got.answer) <= 4, str(got)


def test_explain(registry):
    def lines(name):
        return requests.get(f"{registry.url}/explain?name={name}&type=A", timeout=5).text.splitlines()
    exposed = "exposed service; the addresses are those of service edge"
    assert f"CNAME to web.example.com.: {exposed}" in lines("www.corp.test")
    ask(registry.dns, "www.partner.test")
    assert f"CNAME to web.example.com.: {exposed}" in lines("www.partner.test")
