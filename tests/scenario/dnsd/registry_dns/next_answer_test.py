# Signpost. Apache-2.0; see LICENSE.
"""A change is in the next DNS answer when the reply to its write has been sent.

- Services registered, moved and deregistered; checks that pass, warn and fail; maintenance of a service and of the node:
  the first question after the reply finds the new state, on every worker thread.
- So do the other names that a change makes or ends: nodes, proxies (connect), prepared queries, reverse names.
- Writes that change no service change no answer.
- The serial of the SOA is the registry's index.
"""
import ipaddress
import itertools
import random

import pytest

from support.ask import ask
from support.embedded import Embedded

THREADS = 4
ASKERS = 8  # each from a port of its own: the kernel spreads them over the threads


@pytest.fixture(scope="module")
def registry():
    with Embedded(options={"threads": THREADS}) as registry:
        yield registry


@pytest.fixture
def name():
    return f"s{next(_names)}"


_names = itertools.count(1)


def answers(registry, name, kind="A"):
    """What each asker finds at once: (rcode, sorted data)."""
    replies = [ask(registry.dns, name, kind) for _ in range(ASKERS)]
    return {(reply.rcode, tuple(sorted(reply.of(kind)))) for reply in replies}


def found(*data):
    return {("NOERROR", tuple(sorted(data)))}


GONE = {("NXDOMAIN", ())}
NONE = {("NOERROR", ())}


def put(registry, path, body=None):
    registry.put("/v1/agent/" + path, body)


def register(registry, name, address="10.1.0.1", **more):
    put(registry, "service/register", {"Name": name, "Address": address, "Port": 80, **more})


def test_a_service_comes_moves_and_goes(registry, name):
    asked = f"{name}.service.consul"
    assert answers(registry, asked) == GONE
    register(registry, name)
    assert answers(registry, asked) == found("10.1.0.1")
    register(registry, name, "10.1.0.2")
    assert answers(registry, asked) == found("10.1.0.2")
    register(registry, name, "10.1.0.3", ID=f"{name}-2", Tags=["blue"])
    assert answers(registry, asked) == found("10.1.0.2", "10.1.0.3")
    assert answers(registry, f"blue.{asked}") == found("10.1.0.3")
    put(registry, f"service/deregister/{name}")
    assert answers(registry, asked) == found("10.1.0.3")
    put(registry, f"service/deregister/{name}-2")
    assert answers(registry, asked) == GONE


def test_checks_decide(registry, name):
    asked = f"{name}.service.consul"
    register(registry, name, Check={"TTL": "1h"})
    assert answers(registry, asked) == NONE, "critical until the first sign of life"
    for verb, expected in (("pass", found("10.1.0.1")), ("fail", NONE), ("warn", found("10.1.0.1")), ("fail", NONE)):
        put(registry, f"check/{verb}/service:{name}")
        assert answers(registry, asked) == expected, verb
    put(registry, f"check/update/service:{name}", {"Status": "passing"})
    assert answers(registry, asked) == found("10.1.0.1")
    put(registry, f"check/deregister/service:{name}")
    put(registry, "check/register", {"Name": f"{name}-late", "ServiceID": name, "TTL": "1h"})
    assert answers(registry, asked) == NONE


def test_maintenance_of_a_service(registry, name):
    asked = f"{name}.service.consul"
    register(registry, name)
    registry.service_maintenance(name, True)
    assert answers(registry, asked) == NONE
    registry.service_maintenance(name, False)
    assert answers(registry, asked) == found("10.1.0.1")


def test_maintenance_of_the_node(registry, name):
    asked = f"{name}.service.consul"
    register(registry, name)
    registry.node_maintenance(True)
    assert answers(registry, asked) == NONE
    registry.node_maintenance(False)
    assert answers(registry, asked) == found("10.1.0.1")


def test_nodes_and_reverse_names(registry, name):
    reverse = ipaddress.ip_address("10.9.8.7").reverse_pointer
    assert answers(registry, f"{name}.node.consul") == GONE and answers(registry, reverse, "PTR") == GONE
    registry.register({"Node": name, "Address": "10.9.8.7"})
    assert answers(registry, f"{name}.node.consul") == found("10.9.8.7")
    assert answers(registry, reverse, "PTR") == found(f"{name}.node.dc1.consul.")
    registry.register({"Node": name, "Address": "10.9.8.6"})
    assert answers(registry, f"{name}.node.consul") == found("10.9.8.6")
    assert answers(registry, reverse, "PTR") == GONE
    registry.deregister(name)
    assert answers(registry, f"{name}.node.consul") == GONE


def test_services_of_other_nodes_follow_their_node(registry, name):
    asked = f"{name}.service.consul"
    registry.register_service(name, f"{name}-node", "10.2.0.1", status="passing")
    assert answers(registry, asked) == found("10.2.0.1")
    registry.set_check(f"{name}-node", "10.2.0.1", name, "critical")
    assert answers(registry, asked) == NONE
    registry.set_check(f"{name}-node", "10.2.0.1", name, "passing")
    registry.register({"Node": f"{name}-node", "Address": "10.2.0.2"})
    assert answers(registry, asked) == found("10.2.0.2")
    registry.deregister(f"{name}-node")
    assert answers(registry, asked) == GONE


def test_proxies(registry, name):
    asked = f"{name}.connect.consul"
    proxy = {"Kind": "connect-proxy", "Proxy": {"DestinationServiceName": name}}
    assert answers(registry, asked) == GONE
    register(registry, f"{name}-proxy", "10.3.0.1", **proxy)
    assert answers(registry, asked) == found("10.3.0.1")
    register(registry, f"{name}-proxy", "10.3.0.2", **proxy)
    assert answers(registry, asked) == found("10.3.0.2")
    put(registry, f"service/deregister/{name}-proxy")
    assert answers(registry, asked) == GONE


def test_prepared_queries(registry, name):
    asked = f"{name}-q.query.consul"
    assert answers(registry, asked) == GONE
    register(registry, name)
    query = registry.prepared_query({"Name": f"{name}-q", "Service": {"Service": name}})
    assert answers(registry, asked) == found("10.1.0.1")
    register(registry, name, "10.1.0.2")
    assert answers(registry, asked) == found("10.1.0.2")
    registry.put(f"/v1/query/{query}", {"Name": f"{name}-q", "Service": {"Service": "absent"}})
    assert answers(registry, asked) == NONE
    registry.delete(f"/v1/query/{query}")
    assert answers(registry, asked) == GONE


def test_keys_and_sessions_change_nothing(registry, name):
    register(registry, name)
    before = answers(registry, f"{name}.service.consul")
    registry.put(f"/v1/kv/{name}", "a value")
    registry.put("/v1/session/create", {"Name": name})
    assert answers(registry, f"{name}.service.consul") == before


def test_the_serial_is_the_index(registry, name):
    for _ in range(20):
        register(registry, name, f"10.4.0.{random.randrange(1, 255)}")
        serials = {int(ask(registry.dns, "consul", "SOA").of("SOA")[0].split()[2]) for _ in range(ASKERS)}
        assert serials == {registry.index(f"/v1/catalog/service/{name}")}


def test_hundreds_of_changes(registry, seed):
    """Each change of one of a few services, by any of the ways to change it, is followed at once by questions."""
    rng = random.Random(seed)
    names = [f"many{i}" for i in range(5)]
    state = {}  # name: (address, status), absent when not registered

    def expected(name):
        if name not in state:
            return GONE
        address, status = state[name]
        return found(address) if status != "fail" else NONE

    for number in range(400):
        name = rng.choice(names)
        if name not in state or rng.random() < 0.3:
            address = f"10.5.{number // 250}.{number % 250 + 1}"
            register(registry, name, address, Check={"TTL": "1h"})
            state[name] = (address, state.get(name, (None, "fail"))[1])
        elif rng.random() < 0.2:
            put(registry, f"service/deregister/{name}")
            del state[name]
        else:
            status = rng.choice(("pass", "warn", "fail"))
            put(registry, f"check/{status}/service:{name}")
            state[name] = (state[name][0], status)
        assert answers(registry, f"{name}.service.consul") == expected(name), f"change {number} of {name}: {state}"
