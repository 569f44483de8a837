# Signpost. Apache-2.0; see LICENSE.
"""python-consul 0.7.1 as Debian ships it: agent, catalog, health, status, coordinates, events.

Claims
- Registrations with each kind of check it can write (lower-case keys, flat checks) arrive as they were meant; the kind
  that Consul dropped (script) is refused.
- What this version asks with GET though Consul wants PUT is answered 405, which it reports as False.
- Reads give (index, data) pairs that block with `index` and `wait`; every consistency, `near`, `tag` and `dc` is taken.
- Its exceptions come out as at Consul: BadRequest, ConsulException with the server's text, ACLDisabled.
"""
import concurrent.futures

import consul
import pytest
from support.registry_side import lasts

TTL = consul.Check.ttl("10m")


def later(call):
    """A future of `call()` on a thread of its own."""
    pool = concurrent.futures.ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return future


@pytest.fixture
def db(client):
    """Two instances of db on two nodes, the second one critical."""
    for number, status in (("1", "passing"), ("2", "critical")):
        service = {"Service": "db", "ID": f"db{number}", "Tags": ["m", f"t{number}"], "Port": 8000}
        check = {"Node": f"n{number}", "CheckID": f"service:db{number}", "Name": "db", "Status": status,
                 "ServiceID": f"db{number}"}
        assert client.catalog.register(f"n{number}", f"10.0.0.{number}", service=service, check=check)


# --- agent -----------------------------------------------------------------------------------------------------------

def test_self_and_members(registry, client):
    assert client.agent.self()["Config"]["Datacenter"] == registry.datacenter
    assert [member["Name"] for member in client.agent.members()] == [registry.node]
    assert [member["Name"] for member in client.agent.members(wan=True)] == [f"{registry.node}.{registry.datacenter}"]


def test_service_with_everything(client):
    assert client.agent.service.register("web", service_id="web1", address="10.1.1.1", port=80, tags=["a", "b"],
                                         check=TTL, enable_tag_override=True) is True
    service = client.agent.services()["web1"]
    assert (service["Service"], service["Address"], service["Port"]) == ("web", "10.1.1.1", 80)
    assert service["Tags"] == ["a", "b"]
    assert service["EnableTagOverride"] is True
    check = client.agent.checks()["service:web1"]
    assert (check["Status"], check["ServiceID"], check["Type"]) == ("critical", "web1", "ttl")


@pytest.mark.parametrize("check, kind", [
    (TTL, "ttl"),
    (consul.Check.http("http://127.0.0.1:9/", "10m", timeout="1s", deregister="90m"), "http"),
    (consul.Check.tcp("127.0.0.1", 9, "10m", timeout="1s", deregister="90m"), "tcp"),
], ids=["ttl", "http", "tcp"])
def test_kinds_of_check(client, check, kind):
    assert client.agent.service.register("web", check=check) is True
    assert client.agent.checks()["service:web"]["Type"] == kind
    assert client.agent.check.register("own", check, check_id="mine", notes="on the node") is True
    assert client.agent.checks()["mine"]["Notes"] == "on the node"


@pytest.mark.parametrize("check", [
    consul.Check.script("true", "10s"), consul.Check.docker("c", "/bin/sh", "true", "10s")], ids=["script", "docker"])
def test_script_as_one_string_is_gone(client, check):
    with pytest.raises(consul.base.BadRequest, match='unknown field "script"'):
        client.agent.service.register("web", check=check)
    assert client.agent.services() == {}


def test_old_way_of_giving_a_check(client):
    assert client.agent.service.register("web", ttl="10m") is True
    assert client.agent.check.register("old", ttl="10m") is True
    assert set(client.agent.checks()) == {"service:web", "old"}


def test_check_of_a_service(client):
    client.agent.service.register("web")
    assert client.agent.check.register("memory", TTL, service_id="web") is True
    assert client.agent.checks()["memory"]["ServiceName"] == "web"
    with pytest.raises(consul.ConsulException, match='500 ServiceID "nobody" does not exist'):
        client.agent.check.register("bad", TTL, service_id="nobody")


@pytest.mark.parametrize("ask", [
    lambda agent: agent.check.ttl_pass("service:web", notes="n"), lambda agent: agent.check.ttl_warn("service:web"),
    lambda agent: agent.check.ttl_fail("service:web"), lambda agent: agent.check.deregister("service:web"),
    lambda agent: agent.service.deregister("web"), lambda agent: agent.join("127.0.0.1"),
    lambda agent: agent.force_leave("n"),
], ids=["pass", "warn", "fail", "check deregister", "service deregister", "join", "force-leave"])
def test_writes_by_get_are_not_allowed(client, ask):
    client.agent.service.register("web", check=TTL)
    before = client.agent.checks()
    assert ask(client.agent) is False
    assert client.agent.checks() == before and "web" in client.agent.services()


@pytest.mark.parametrize("yes, no", [("true", "false"), (True, False), ("1", "0")], ids=str)
def test_maintenance(client, yes, no):
    client.agent.service.register("web")
    assert client.agent.maintenance(yes, "new disk") is True
    assert client.agent.service.maintenance("web", yes, "upgrade") is True
    notes = {name: check["Notes"] for name, check in client.agent.checks().items()}
    assert notes == {"_node_maintenance": "new disk", "_service_maintenance:web": "upgrade"}
    assert client.agent.maintenance(no) is True
    assert client.agent.service.maintenance("web", no) is True
    assert client.agent.checks() == {}


def test_maintenance_refused(client):
    with pytest.raises(consul.base.BadRequest, match='Invalid value for enable: "maybe"'):
        client.agent.maintenance("maybe")
    assert client.agent.service.maintenance("nobody", "true") is False


# --- catalog ---------------------------------------------------------------------------------------------------------

def test_catalog_reads(registry, client, db):
    assert client.catalog.datacenters() == [registry.datacenter]
    assert {node["Node"] for node in client.catalog.nodes()[1]} == {registry.node, "n1", "n2"}
    tags = client.catalog.services()[1]
    assert set(tags) == {"consul", "db"} and set(tags["db"]) == {"m", "t1", "t2"}
    assert set(client.catalog.node("n1")[1]["Services"]) == {"db1"}
    assert client.catalog.node("nobody")[1] is None
    assert [row["ServiceID"] for row in client.catalog.service("db")[1]] == ["db1", "db2"]
    assert [row["ServiceID"] for row in client.catalog.service("db", tag="T2")[1]] == ["db2"]
    assert client.catalog.service("nobody")[1] == []


@pytest.mark.parametrize("consistency", ["default", "consistent", "stale"])
def test_consistency_near_and_datacenter(registry, client, db, consistency):
    words = {"consistency": consistency, "dc": registry.datacenter}
    assert len(client.catalog.nodes(near="_agent", **words)[1]) == 3
    assert len(client.catalog.service("db", near="n2", **words)[1]) == 2
    assert "db" in client.catalog.services(**words)[1]
    assert client.catalog.node("n2", **words)[1]["Node"]["Address"] == "10.0.0.2"


def test_own_node_is_nearest(registry, client, db):
    registry.has_coordinate()
    assert client.catalog.nodes(near="_agent")[1][0]["Node"] == registry.node


def test_catalog_deregister(client, db):
    assert client.catalog.deregister("n1", check_id="service:db1") is True
    assert client.health.checks("db")[1][0]["Node"] == "n2"
    assert client.catalog.deregister("n1", service_id="db1") is True
    assert [row["Node"] for row in client.catalog.service("db")[1]] == ["n2"]
    assert client.catalog.deregister("n2") is True
    assert client.catalog.service("db")[1] == []
    assert client.catalog.deregister("nobody") is True


def test_token_in_the_body_is_refused(client):
    """This version writes a field that Consul 1.8 does not know."""
    with pytest.raises(consul.base.BadRequest, match='unknown field "WriteRequest"'):
        client.catalog.register("n1", "10.0.0.1", token="anonymous")


def test_unknown_datacenter(client):
    for ask in (lambda: client.catalog.nodes(dc="dc9"), lambda: client.catalog.register("n1", "10.0.0.1", dc="dc9")):
        with pytest.raises(consul.ConsulException, match="500 No path to datacenter"):
            ask()


def test_blocking_read_waits_its_time(client, db):
    index, rows = client.catalog.service("db")
    seconds, answer = lasts(lambda: client.catalog.service("db", index=index, wait="300ms"))
    assert 0.29 <= seconds < 5 and answer == (index, rows)


def test_blocking_read_wakes(client, db):
    index, _ = client.health.service("db", passing=True)
    woken = later(lambda: client.health.service("db", passing=True, index=index, wait="20s"))
    client.catalog.register("n3", "10.0.0.3", service={"Service": "db", "ID": "db3"})
    newer, entries = woken.result(10)
    assert int(newer) > int(index) and [entry["Service"]["ID"] for entry in entries] == ["db1", "db3"]


# --- health ----------------------------------------------------------------------------------------------------------

def test_health_reads(client, db):
    found = lambda **words: [entry["Service"]["ID"] for entry in client.health.service("db", **words)[1]]
    assert found() == ["db1", "db2"]
    assert found(passing=True) == ["db1"] and found(tag="t2") == ["db2"] and found(passing=True, tag="t2") == []
    assert [check["CheckID"] for check in client.health.checks("db", near="n2")[1]] == ["service:db1", "service:db2"]
    assert [check["Status"] for check in client.health.node("n2")[1]] == ["critical"]
    assert client.health.node("nobody")[1] == []


@pytest.mark.parametrize("state, found", [
    ("any", {"service:db1", "service:db2"}), ("passing", {"service:db1"}), ("critical", {"service:db2"}),
    ("warning", set()), ("unknown", set())])
def test_health_state(client, db, state, found):
    assert {check["CheckID"] for check in client.health.state(state)[1]} - {"serfHealth"} == found


# --- status, coordinates, events -------------------------------------------------------------------------------------

def test_status(client):
    assert client.status.peers() == [client.status.leader()]


def test_coordinates(registry, client):
    registry.has_coordinate()
    index, nodes = client.coordinate.nodes(dc=registry.datacenter, consistency="stale")
    assert int(index) >= 1 and nodes[0]["Node"] == registry.node and len(nodes[0]["Coord"]["Vec"]) == 8
    area, = client.coordinate.datacenters()
    assert area["Datacenter"] == registry.datacenter and area["Coordinates"][0]["Node"] == registry.node


def test_events(registry, client):
    index, before = client.event.list("py-deploy")
    fired = client.event.fire("py-deploy", "body", node=".*")
    assert fired["Name"] == "py-deploy" and fired["Payload"] == "Ym9keQ==" and fired["NodeFilter"] == ".*"
    newer, events = client.event.list("py-deploy", index=index, wait="20s")
    assert before == [] and [(event["ID"], event["Payload"]) for event in events] == [(fired["ID"], b"body")]
    assert newer != index
    seconds, same = lasts(lambda: client.event.list("py-deploy", index=newer, wait="300ms"))
    assert seconds >= 0.29 and same == (newer, events)


def test_event_with_a_bad_pattern(client):
    with pytest.raises(consul.ConsulException, match="500 Invalid node filter"):
        client.event.fire("py-bad", node="[")


def test_access_control_is_off(client):
    for ask in (client.acl.list, client.acl.create, lambda: client.acl.info("x")):
        with pytest.raises(consul.base.ACLDisabled, match="ACL support disabled"):
            ask()
