# Signpost. Apache-2.0; see LICENSE.
"""What stands behind lb fails, one thing after the other, and what clients are promised then.

Claims
- The agent is killed for 5 s at full load: no request fails, and lb knows of it and says so. What changed meanwhile is known
  afterwards.
- lb that starts while there is no agent serves what it knew last, and says how old that is; without that it listens, and waits.
- Most of a service's instances vanish at once: nothing is believed for the first moment, and no request fails. If they come back
  meanwhile, nothing has happened.
- All endpoints are dead: a refusal comes at once, after real attempts; the first one that is back gets the requests at once.
"""
import time

import pytest

from lb_catalog_stage import asked, host, known, past, source, wait_service, wait_status, with_each_catalog
from support.consul_agent import ConsulAgent
from support.embedded import Embedded
from support.farm import Farm
from support.lb import Lb
from support.origin import Origin, name
from support.wait import eventually
from support.wrk import Wrk


@pytest.fixture
def catalogs():
    """Of this test's own; they keep what they knew through a restart."""
    with ConsulAgent(mode="server") as consul, Embedded() as registry:
        yield {"consul": consul, "embedded": registry}
        # The test's threads started them anew, and a process ends with the thread that started it: now, or in a moment.
        consul.kill()
        registry.kill()


def enlist(catalog, service, *origins, node="origins"):
    for origin in origins:
        address, port = origin.address.split(":")
        catalog.register_service(service, node, address, int(port), id=f"{service}-{port}", tags=["http"])


class At:
    """An address of a farm, in the words of an origin."""

    def __init__(self, address):
        self.address = address


@with_each_catalog
def test_C20_agent_killed_at_full_load(stage):
    """And then most instances of a service are forgotten at once, though they live on: as when a server has lost its data."""
    catalog = stage.catalog
    with Farm(*"abcde") as farm:
        *known_ones, late = all_five = [At(address) for address in farm.addresses]
        enlist(catalog, "web", *known_ones)
        lb = stage.start(threads=2)
        wait_service(lb, "web", *known_ones)
        with Wrk(lb, host("web"), connections=8) as wrk:
            catalog.kill()
            killed = time.monotonic()
            eventually(lambda: source(lb)["failing"], 10, "lb has noticed")
            assert "last known services" in lb.get("/readyz").text
            past(killed + 5)
            assert lb.service("web")["state"] == "held" and known(lb, "web") == sorted(one.address for one in known_ones)
            catalog.start()
            enlist(catalog, "web", late, node="another")
            wait_service(lb, "web", *all_five, deadline=31)
            eventually(lambda: not source(lb)["failing"], 15, lambda: f"{source(lb)}")
            lost = time.monotonic()
            catalog.deregister("origins")
            eventually(lambda: lb.service("web")["state"] == "held", 10, "it is held")
            assert "lost 4 of 5" in lb.service("web")["reason"] and len(known(lb, "web")) == 5
            wait_service(lb, "web", late, deadline=20)
            assert time.monotonic() - lost > 4
        stage.note(f"C20: {wrk.result}")
        assert wrk.result.failed == 0 and wrk.result.requests > 1000, wrk.result


def test_start_without_an_agent(fake, origins, tmp_path):
    one, other = all_two = origins("one", "other")
    for origin in all_two:
        fake.register("web", "127.0.0.1", origin.port, tags=["http"])
    options = {"public-domain": "example.com"}
    with Lb(options, consul=fake, data_dir=tmp_path) as lb:
        wait_service(lb, "web", one, other)
        eventually((tmp_path / "lb-snapshot.json").exists, 10)
    fake.stop()
    with Lb(options, consul=fake, data_dir=tmp_path) as lb:
        assert asked(lb, "web") == {"one": 3, "other": 3}
        assert "from a snapshot" in lb.get("/readyz").text and lb.service("web")["state"] == "held"
        fake.start()
        eventually(lambda: lb.get("/readyz").text.strip() == "ready", 31)
        assert lb.service("web")["state"] == "known"
    fake.stop()
    with Lb(options, consul=fake, ready=False) as lb:
        eventually(lambda: "listens on" in lb.log(), 10)
        answer = lb.get(host("web"))
        assert answer.status_code in (404, 503)
        assert lb.get("/readyz").status_code == 503 and "waiting for consul" in lb.get("/readyz").text
        fake.start()
        lb.wait_ready(31)
        assert asked(lb, "web") == {"one": 3, "other": 3}


def test_a_blink_of_the_catalog_is_not_seen(fake, origins, start):
    all_four = origins(*"abcd")
    for origin in all_four:
        fake.register("web", "127.0.0.1", origin.port, tags=["http"])
    fake.register("api", "127.0.0.1", all_four[0].port, tags=["http"])
    lb = start(fake)
    wait_service(lb, "web", *all_four)
    world = fake.worlds["dc1"]

    def lose():
        for origin in all_four[:3]:
            world.drop_instance("web", fake.server_node, f"web-127.0.0.1-{origin.port}")
        world.drop_service("api")

    fake.change(lose)
    eventually(lambda: "held" in (lb.service("web")["state"], lb.service("api")["state"]), 5)
    for service, members in (("web", all_four[:3]), ("api", all_four[:1])):
        for origin in members:
            fake.register(service, "127.0.0.1", origin.port, tags=["http"])
    eventually(lambda: lb.service("web")["state"] == lb.service("api")["state"] == "known", 15)
    assert all("removed" not in lb.endpoints(service).values() for service in ("web", "api"))
    assert asked(lb, "web", 8) == dict.fromkeys("abcd", 2)


@with_each_catalog
def test_all_endpoints_dead_and_one_back(stage):
    dead = stage.origins("a", "b", "c")
    enlist(stage.catalog, "web99", *dead, node="doomed")
    lb = stage.lb
    wait_service(lb, "web99", *dead)
    for origin in dead:
        origin.close()
    for _ in range(2):
        began = time.monotonic()
        answer = lb.get(host("web99"))
        assert answer.status_code == 502 and time.monotonic() - began < 3, answer
    assert sum(lb.endpoint("web99", origin)["failures"] for origin in dead) == 6, "they were really tried"
    with Origin(name("back"), port=dead[1].port):
        assert asked(lb, "web99", 20) == {"back": 20}, "from its first success on it is the only one that is used"
    stage.catalog.deregister("doomed")
    assert wait_status(lb, "web99", 503).headers["Retry-After"] == "1"
