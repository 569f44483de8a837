# Signpost. Apache-2.0; see LICENSE.
"""What a catalog says of instances, by Consul and by dnsd's registry, is what lb does.

Claims
- A service with tag http is a virtual host as soon as it is registered; an instance without the tag gets nothing.
- A failed check or maintenance takes an instance out, and what is under way there goes on; a warning leaves it in, with its
  weight for that, or takes it out with --only-passing.
- Weights are shares; to change one forgets nothing of the instance. Without an address of its own an instance has its node's.
"""
import threading
import time

from lb_catalog_stage import asked, enlist, host, set_check, wait_service, wait_status, with_each_catalog
from support.wait import eventually


@with_each_catalog
def test_C01_tag_http_is_a_virtual_host(stage):
    catalog, lb = stage.catalog, stage.lb
    origin, = stage.origins("web")
    assert lb.get(host("web01")).status_code == 404
    began = time.monotonic()
    enlist(catalog, "web01", origin)
    assert wait_status(lb, "web01", 200).text == "web"
    stage.note(f"C01: answered {1000 * (time.monotonic() - began):.0f} ms after its registration")
    assert lb.get("WEB01.Example.COM").text == "web"
    assert lb.get("web01").status_code == 404, "the bare name needs --short-names"


@with_each_catalog
def test_C02_tag_taken_from_one_instance(stage):
    catalog, lb = stage.catalog, stage.lb
    all_three = stage.origins("a", "b", "c")
    for origin in all_three:
        enlist(catalog, "web02", origin)
    wait_service(lb, "web02", *all_three)
    enlist(catalog, "web02", all_three[2], tags=["other"])
    wait_service(lb, "web02", *all_three[:2])
    assert asked(lb, "web02") == {"a": 3, "b": 3}


@with_each_catalog
def test_C03_checks_take_out_and_put_in(stage):
    catalog, lb = stage.catalog, stage.lb
    staying, going = stage.origins("staying", "going")
    ids = [enlist(catalog, "web03", origin) for origin in (staying, going)]
    wait_service(lb, "web03", staying, going)
    go_on, plain = threading.Event(), going.script
    going.script = lambda exchange: go_on.wait(20) and plain(exchange)
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(lb.get(host("web03"), timeout=30).text)) for _ in range(2)]
    for client in clients:
        client.start()
    going.wait_requests(1)
    began = time.monotonic()
    set_check(catalog, ids[1], "fail")
    wait_service(lb, "web03", staying)
    stage.note(f"C03: out {1000 * (time.monotonic() - began):.0f} ms after its check failed")
    assert asked(lb, "web03") == {"staying": 6}
    go_on.set()
    for client in clients:
        client.join()
    assert sorted(answers) == ["going", "staying"]
    set_check(catalog, ids[1], "pass")
    wait_service(lb, "web03", staying, going)
    assert asked(lb, "web03") == {"staying": 3, "going": 3}


@with_each_catalog
def test_C04_warning_has_a_weight(stage):
    catalog, lb = stage.catalog, stage.lb
    good, doubtful = stage.origins("good", "doubtful")
    enlist(catalog, "web04", good, Weights={"Passing": 5, "Warning": 1})
    warned = enlist(catalog, "web04", doubtful, Weights={"Passing": 5, "Warning": 1})
    wait_service(lb, "web04", good, doubtful)
    set_check(catalog, warned, "warn")
    eventually(lambda: lb.endpoint("web04", doubtful)["weight"] == 1, 10, "the warning")
    assert asked(lb, "web04", 12) == {"good": 10, "doubtful": 2}
    strict = stage.start(only_passing=True)
    wait_service(strict, "web04", good)
    assert asked(strict, "web04") == {"good": 6}


def on_node(catalog, service, node, origin, check=None):
    """An instance on a node of its own; `check` fails there."""
    body = {"Node": node, "Address": "127.0.0.1", "Service": {
        "ID": service, "Service": service, "Port": origin.port, "Tags": ["http"]}}
    if check:
        body["Check"] = {"Node": node, "CheckID": check, "Name": check, "Status": "critical",
                         "ServiceID": service if "service" in check else ""}
    catalog.register(body)


@with_each_catalog
def test_C05_checks_of_nodes_and_maintenance_exclude(stage):
    catalog, lb = stage.catalog, stage.lb
    checks = dict(zip(("maintained", "service-maintained", "lost"), (
        "_node_maintenance", "_service_maintenance:web05", "serfHealth")))
    all_four = dict(zip(("well", *checks), stage.origins("well", *checks)))
    try:
        for node, origin in all_four.items():
            on_node(catalog, "web05", node, origin)
        wait_service(lb, "web05", *all_four.values())
        for node, check in checks.items():
            on_node(catalog, "web05", node, all_four[node], check)
        wait_service(lb, "web05", all_four["well"])
        assert asked(lb, "web05") == {"well": 6}
        for node, check in checks.items():
            catalog.deregister(node, check_id=check)
        wait_service(lb, "web05", *all_four.values())
    finally:
        for node in all_four:
            catalog.deregister(node)


@with_each_catalog
def test_C05_maintenance_by_the_agent(stage):
    catalog, lb = stage.catalog, stage.lb
    one, other = stage.origins("one", "other")
    ids = [enlist(catalog, "web05b", origin) for origin in (one, other)]
    wait_service(lb, "web05b", one, other)
    catalog.service_maintenance(ids[0], True)
    wait_service(lb, "web05b", other)
    catalog.node_maintenance(True)
    try:
        answer = wait_status(lb, "web05b", 503)
        assert answer.headers["Retry-After"] == "1"
        assert "checks fail" in lb.service("web05b")["reason"]
    finally:
        catalog.node_maintenance(False)
        catalog.service_maintenance(ids[0], False)
    wait_service(lb, "web05b", one, other)


@with_each_catalog
def test_C06_weights_are_shares(stage):
    catalog, lb = stage.catalog, stage.lb
    def weigh(origin, weight):
        enlist(catalog, "web06", origin, Weights={"Passing": weight, "Warning": 1})

    ten, twenty, thirty = all_three = stage.origins("ten", "twenty", "thirty")
    for origin, weight in zip(all_three, (10, 20, 30)):
        weigh(origin, weight)
    wait_service(lb, "web06", *all_three)
    assert asked(lb, "web06", 60) == {"ten": 10, "twenty": 20, "thirty": 30}
    twenty.close()
    eventually(lambda: asked(lb, "web06", 3) and lb.endpoint("web06", twenty)["state"] == "failed", 5, "a failure is seen")
    before = lb.endpoint("web06", thirty)
    weigh(thirty, 10)
    eventually(lambda: lb.endpoint("web06", thirty)["weight"] == 10, 10, "the new weight")
    after = lb.endpoint("web06", thirty)
    assert after["requests"] >= before["requests"] >= 30, "its counts go on"
    assert lb.endpoint("web06", twenty)["fails"] == 1, "what failed is remembered"
    shares = asked(lb, "web06", 40)
    assert set(shares) == {"ten", "thirty"} and 19 <= shares["ten"] <= 21


@with_each_catalog
def test_C07_the_nodes_address_stands_in(stage):
    catalog, lb = stage.catalog, stage.lb
    theirs, own = stage.origins("of the node", "its own")
    catalog.register_service("web07", "elsewhere", "127.0.0.1", port=theirs.port, tags=["http"])
    catalog.register_service("web07", "far", "192.0.2.7", port=own.port, service_address="127.0.0.1", tags=["http"])
    wait_service(lb, "web07", theirs, own)
    assert asked(lb, "web07") == {"of the node": 3, "its own": 3}


@with_each_catalog
def test_an_instance_without_port_is_left_out(stage):
    catalog, lb = stage.catalog, stage.lb
    good, = stage.origins("good")
    enlist(catalog, "web0b", good)
    catalog.register_service("web0b", "portless", "127.0.0.1", port=0, id="without", tags=["http"])
    wait_service(lb, "web0b", good)
    eventually(lambda: "without has no port" in lb.log(), 5, "a word of why")
    assert asked(lb, "web0b") == {"good": 6}
