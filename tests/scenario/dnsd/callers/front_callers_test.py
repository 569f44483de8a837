# Signpost. Apache-2.0; see LICENSE.
"""dnsd in front of another resolver, as docs/callers.md says.

Claims
- Through a dnsd that forwards to Unbound or to dnsmasq programs find names outside, aliases, and sets that no datagram holds.
- Services are answered by dnsd itself: the other resolver's upstream never hears of them.
"""
import pytest
from callers_world import LARGE, WEB, World
from recipes import recipe
from stub_servers import dnsmasq, unbound
from support.callers import look

WWW = {"93.184.215.80", "2606:2800:21f::80"}
BEHIND = {"unbound": unbound, "dnsmasq": dnsmasq}


@pytest.fixture(scope="module", params=BEHIND)
def front(request):
    with World(recipe("dnsd-front")) as there, BEHIND[request.param]("", port=5335):
        yield there


@pytest.mark.parametrize("caller", ["glibc", "musl", "go", "c-ares", "python"])
def test_in_front_of_another_resolver(front, caller):
    assert look(caller, "any", "www.example.com").addresses == WWW
    assert look(caller, "any", "alias.example.com").addresses == WWW
    assert look(caller, "any", "web.service.consul").addresses == WEB
    large = look(caller, "a", "large.example.com")
    assert len(large.addresses) >= 20 if caller == "musl" else large.addresses == LARGE, large
    assert not look(caller, "any", "nothing.example.com").lines
    assert not [question for question in front.upstream.heard() if "consul" in question.name]
