# Signpost. Apache-2.0; see LICENSE.
"""The programs of a host whose /etc/resolv.conf names dnsd.

Claims
- getent, glibc, musl, Go, c-ares (Node), Node's lookup, dnspython and Python find A and AAAA of services, and the SRV records
  where they can ask for them; a name with IPv4 addresses only is found by programs that ask for both families.
- Those that can be told to use TCP find the same over TCP, and ask nothing over UDP.
- Sets too large for a datagram: whoever can repeat over TCP sees all of it; musl before 1.2.4 sees what fits.
- A name that does not exist and a name without the family asked for are errors at once, not after a time-out.
- Search domains make short names work, and names with a dot when ndots says so.
- curl fetches from a service by its short name.
- glibc sorts instances of the host's own subnet, so that their rotation is lost; with --answer-limit it is not.
"""
import subprocess
import time

import pytest
from callers_world import MANY, WEB, World
from recipes import recipe
from support.callers import CALLERS, OVER_TCP, PLAIN, look, run
from support.origin import Origin, answer

SEARCHING = recipe("resolv.conf")
SERVICES = {(f"n{number}.node.dc1.consul", 8000 + number) for number in (1, 2, 3)}
ASKS_SRV = [name for name, (_, kinds) in CALLERS.items() if "srv" in kinds]
# musl knows no such option, and c-ares got it late.
USES_TCP = ["getent", "glibc", "go", "node", "dnspython", "python"]
# musl repeats over TCP since 1.2.4; of addresses it takes 48 at most.
NO_RETRY = "musl"
SEARCHES = [name for name in CALLERS if name != "c-ares"]  # dns.resolve* of Node looks up what it is given


@pytest.mark.parametrize("caller", CALLERS)
def test_a_name_with_one_family_or_two(world, caller):
    four = look(caller, "a", "web.service.consul")
    assert four.addresses == WEB, four
    both = look(caller, "any", "web.service.consul")
    assert both.addresses == WEB and not both.error, both
    dual = look(caller, "any", "dual.service.consul")
    assert dual.addresses == {"10.3.0.1", "2001:db8::1"}, dual
    six = look(caller, "aaaa", "dual.service.consul")
    assert six.addresses == {"2001:db8::1"}, six
    assert look(caller, "any", "n1.node.consul").addresses == {"10.1.0.1"}


@pytest.mark.parametrize("caller", ASKS_SRV)
def test_srv_records(world, caller):
    for name in ("web.service.consul", "_web._tcp.service.consul"):
        seen = look(caller, "srv", name)
        assert seen.services == SERVICES, seen
        assert {line[1:3] for line in seen.lines} == {("1", "1")}


@pytest.mark.parametrize("caller", USES_TCP)
def test_over_tcp(world, caller):
    before = {transport: world.queries(transport) for transport in ("udp", "tcp")}
    seen = look(caller, "any", "web.service.consul", OVER_TCP)
    assert seen.addresses == WEB, seen
    if caller in ASKS_SRV:
        assert look(caller, "srv", "web.service.consul", OVER_TCP).services == SERVICES
    assert world.queries("tcp") >= before["tcp"] + 2 and world.queries("udp") == before["udp"]


@pytest.mark.parametrize("caller", CALLERS)
def test_more_addresses_than_a_datagram_holds(world, caller):
    seen = look(caller, "a", "many.service.consul")
    if caller == NO_RETRY:
        assert 20 <= len(seen.addresses) <= 48 and seen.addresses <= MANY, seen
    else:
        assert seen.addresses == MANY, seen


@pytest.mark.parametrize("caller", [name for name in ASKS_SRV if name != NO_RETRY])
def test_more_instances_than_a_datagram_holds(world, caller):
    targets = {(f"m{address.rsplit('.', 1)[1]}.node.dc1.consul", 80) for address in MANY}
    assert look(caller, "srv", "many.service.consul").services == targets


@pytest.mark.parametrize("caller", CALLERS)
def test_what_is_not_there(world, caller):
    began = time.monotonic()
    for kind, name in (("any", "nothing.service.consul"), ("aaaa", "web.service.consul")):
        if caller == "getent" and kind == "aaaa":
            continue  # it maps IPv4 addresses into IPv6 ones
        seen = look(caller, kind, name)
        assert not seen.lines and seen.error, seen
    assert time.monotonic() - began < 4, "a stub waits 5 s for a lost answer"


@pytest.mark.parametrize("caller", SEARCHES)
def test_search_domains(world, caller):
    seen = look(caller, "any", "web", SEARCHING)
    assert seen.addresses == WEB, seen
    with_dot = PLAIN + "search consul\noptions ndots:2\n"
    seen = look(caller, "any", "web.service", with_dot)
    assert seen.addresses == WEB, seen
    full = look(caller, "any", "web.service.consul.", with_dot)
    assert full.addresses == WEB, full


def test_curl_by_a_short_name(world):
    with Origin(answer(b"served"), address="127.0.0.1") as origin:
        world.registry.register_service("here", "here", "127.0.0.1", port=origin.port)
        done = run(["curl", "-sS", "--max-time", "5", f"http://here:{origin.port}/"], SEARCHING)
        assert done.stdout == "served", done


@pytest.fixture
def subnet_world():
    """Another network, in which the host has an address in the subnet of its containers."""
    with World(options={"answer-limit": {"web": 1}}) as there:
        for words in (("link", "add", "br0", "type", "bridge"), ("address", "add", "10.1.0.101/24", "dev", "br0"),
                      ("address", "add", "10.2.0.101/24", "dev", "br0"), ("link", "set", "br0", "up")):
            subprocess.run(["ip", *words], check=True, timeout=10)
        yield there


def test_rule_9_of_glibc_and_the_answer_limit(subnet_world):
    """Twelve lookups: by chance alone the same address would come first each time in 1 of 100^11, or in 1 of 3^11."""
    def firsts(name):
        return {look("glibc", "a", f"{name}.service.consul").in_order[0] for _ in range(12)}

    assert firsts("many") == {"10.2.0.100"}, "the nearest to 10.2.0.101"
    assert len(firsts("web")) > 1
