# Signpost. Apache-2.0; see LICENSE.
"""Consul's command line tool: members, catalog, services, maintenance, events and what it tells about the agent.

Claims
- `members` shows the agent as a living server of its datacenter; a status pattern filters.
- `catalog` lists datacenters, nodes and services, with tags, for one node, by node metadata, nearest first, by filter.
- `services register` takes flags and files of one or many definitions; what was registered has its tags, metadata,
  weights and checks; `services deregister` takes an id or the same file, and an unknown id is no error.
- `maint` puts node and service in and out of maintenance and shows who is in it, with the reason or the default text;
  an unknown service is refused by name.
- `event` prints the new event's id, and the event is in the list with its payload.
- `info`, `rtt` and `reload` do what they do at a Consul agent.
"""
import json
import re

import pytest

WEB = {"service": {"name": "web", "id": "web1", "tags": ["a", "b"], "port": 80, "meta": {"k": "v"},
                   "weights": {"passing": 3, "warning": 2}, "check": {"ttl": "30s", "status": "passing"}}}
TWO = """
services {
  name = "api" port = 1 tags = ["v1"]
  checks = [{ ttl = "1m" }, { name = "second" ttl = "2m" status = "warning" }]
}
services { name = "api" id = "api2" port = 2 tagged_addresses { lan { address = "10.0.0.9" port = 3 } } }
"""


@pytest.fixture
def web(registry, cli, tmp_path):
    """The service web, registered from a file: {Node, Service, Checks} of its instance."""
    path = tmp_path / "web.json"
    path.write_text(json.dumps(WEB))
    assert cli.says("services", "register", path) == "Registered service: web\n"
    return registry.settled("/v1/health/service/web", len)[0]


# --- members ---------------------------------------------------------------------------------------------------------

def test_members(registry, cli):
    row, = cli.table("members")
    assert row["Node"] == registry.node and row["DC"] == registry.datacenter
    assert row["Status"] == "alive" and row["Type"] == "server" and row["Segment"] == "<all>"
    assert re.fullmatch(r"\S+:\d+", row["Address"]) and re.match(r"\d+\.\d+", row["Build"])


def test_members_in_detail(registry, cli):
    row, = cli.table("members", "-detailed")
    tags = dict(tag.split("=", 1) for tag in row["Tags"].split(","))
    assert tags["dc"] == registry.datacenter and tags["role"] == "consul"


def test_members_by_status(registry, cli):
    assert [row["Node"] for row in cli.table("members", "-status=al.*")] == [registry.node]
    assert cli.run("members", "-status=left").returncode == 2


def test_members_of_the_wide_area(registry, cli):
    assert [row["Node"] for row in cli.table("members", "-wan")] == [f"{registry.node}.{registry.datacenter}"]


# --- catalog ---------------------------------------------------------------------------------------------------------

@pytest.fixture
def other_node(registry):
    """A node far away, with metadata and one service."""
    registry.write("PUT", "/v1/catalog/register", {
        "Node": "faraway", "Address": "10.9.9.9", "NodeMeta": {"rack": "r7"},
        "ID": "5ab80ea1-1111-2222-3333-444444444444", "Service": {"Service": "db", "Tags": ["Primary"], "Port": 5432}})


def test_datacenters(registry, cli):
    assert cli.says("catalog", "datacenters").split() == [registry.datacenter]


@pytest.mark.parametrize("flags, nodes", [
    ((), {"own", "faraway"}),
    (("-near=_agent",), {"own", "faraway"}),
    (("-node-meta=rack=r7",), {"faraway"}),
    (("-filter=Meta.rack == r7 and Address matches `^10[.]`",), {"faraway"}),
    (("-service=db",), {"faraway"}),
    (("-datacenter=dc1", "-stale"), {"own", "faraway"}),
], ids=" ".join)
def test_nodes(registry, cli, other_node, flags, nodes):
    rows = cli.table("catalog", "nodes", *flags)
    assert {row["Node"] for row in rows} == {registry.node if node == "own" else node for node in nodes}


def test_node_in_detail(registry, cli, other_node):
    row = next(row for row in cli.table("catalog", "nodes", "-detailed") if row["Node"] == "faraway")
    assert row["ID"] == "5ab80ea1-1111-2222-3333-444444444444" and row["Address"] == "10.9.9.9"
    assert row["DC"] == registry.datacenter and row["Meta"] == "rack=r7"


@pytest.mark.parametrize("flags, message", [
    (("-service=nobody",), "No nodes match the given query"),
    (("-node-meta=rack=none",), "No nodes match the given query"),
], ids=str)
def test_no_such_nodes(cli, flags, message):
    assert message in cli.run("catalog", "nodes", *flags).stderr


def test_bad_filter_is_explained(cli):
    assert "Unexpected response code: 500" in cli.refuses("catalog", "nodes", "-filter=nonsense ==")


def test_unknown_datacenter(cli):
    assert "No path to datacenter" in cli.refuses("catalog", "nodes", "-datacenter=dc9")


def test_services(registry, cli, web, other_node):
    assert set(cli.says("catalog", "services").split()) == {"consul", "db", "web"}
    tagged = [line.split(None, 1) for line in cli.says("catalog", "services", "-tags").splitlines()]
    assert {name: "".join(tags).strip() for name, *tags in tagged} == {"consul": "", "db": "Primary", "web": "a,b"}
    assert set(cli.says("catalog", "services", f"-node={registry.node}").split()) == {"consul", "web"}
    assert cli.says("catalog", "services", "-node-meta=rack=r7").split() == ["db"]


@pytest.mark.parametrize("flag", ["-node=nobody", "-node-meta=rack=none"])
def test_no_such_services(cli, flag):
    assert "No services match the given query" in cli.run("catalog", "services", flag).stderr


# --- services --------------------------------------------------------------------------------------------------------

def test_register_from_json(registry, web):
    service = web["Service"]
    assert service["ID"] == "web1" and service["Port"] == 80 and service["Tags"] == ["a", "b"]
    assert service["Meta"] == {"k": "v"} and service["Weights"] == {"Passing": 3, "Warning": 2}
    checks = {check["CheckID"]: check for check in web["Checks"]}
    assert checks["service:web1"]["Status"] == "passing" and checks["service:web1"]["Type"] == "ttl"


def test_register_and_deregister_from_hcl(registry, cli, tmp_path):
    path = tmp_path / "two.hcl"
    path.write_text(TWO)
    assert cli.says("services", "register", path) == "Registered service: api\n" * 2
    found = registry.settled("/v1/health/service/api", lambda found: len(found) == 2)
    ports = {entry["Service"]["ID"]: entry["Service"]["Port"] for entry in found}
    assert ports == {"api": 1, "api2": 2}
    checks = {check["CheckID"]: check["Status"] for entry in found for check in entry["Checks"] if check["ServiceID"]}
    assert checks == {"service:api:1": "critical", "service:api:2": "warning"}
    address = next(entry["Service"]["TaggedAddresses"]["lan"] for entry in found if entry["Service"]["ID"] == "api2")
    assert address == {"Address": "10.0.0.9", "Port": 3}
    assert cli.says("services", "deregister", path) == "Deregistered service: api\nDeregistered service: api2\n"
    assert registry.settled("/v1/health/service/api", lambda found: not found) == []


def test_register_and_deregister_by_flags(registry, cli):
    assert cli.says("services", "register", "-name=cache", "-id=cache:1", "-port=6379", "-tag=x", "-tag=y", "-meta=a=b",
                    "-address=10.0.0.9") == "Registered service: cache\n"
    row = registry.settled("/v1/catalog/service/cache", len)[0]
    assert (row["ServiceID"], row["ServiceAddress"], row["ServicePort"]) == ("cache:1", "10.0.0.9", 6379)
    assert (row["ServiceTags"], row["ServiceMeta"]) == (["x", "y"], {"a": "b"})
    assert cli.says("services", "deregister", "-id=cache:1") == "Deregistered service: cache:1\n"
    assert registry.settled("/v1/catalog/service/cache", lambda found: not found) == []


def test_deregister_of_nobody_is_no_error(cli):
    assert cli.says("services", "deregister", "-id=nobody") == "Deregistered service: nobody\n"


def test_refused_registration(cli):
    error = cli.refuses("services", "register", "-name=wild", "-address=0.0.0.0", "-port=1")
    assert "Unexpected response code: 400" in error and "Invalid service address" in error


# --- maintenance -----------------------------------------------------------------------------------------------------

def test_node_maintenance(registry, cli):
    assert cli.says("maint") == ""
    assert cli.says("maint", "-enable", "-reason=new disk") == "Node maintenance is now enabled\n"
    assert cli.says("maint").split() == ["Node:", "Name:", registry.node, "Reason:", "new", "disk"]
    critical = registry.settled(f"/v1/health/node/{registry.node}", lambda checks: len(checks) > 1)
    assert [check["CheckID"] for check in critical if check["Status"] == "critical"] == ["_node_maintenance"]
    assert cli.says("maint", "-disable") == "Node maintenance is now disabled\n"
    assert cli.says("maint") == ""


def test_service_maintenance(registry, cli, web):
    said = cli.says("maint", "-enable", "-service=web1", "-reason=x y")
    assert said == 'Service maintenance is now enabled for "web1"\n'
    assert cli.says("maint").split() == ["Service:", "ID:", "web1", "Reason:", "x", "y"]
    assert registry.settled("/v1/health/service/web?passing", lambda found: not found) == []
    assert cli.says("maint", "-disable", "-service=web1") == 'Service maintenance is now disabled for "web1"\n'
    assert len(registry.settled("/v1/health/service/web?passing", len)) == 1


@pytest.mark.parametrize("flags, what", [((), "this node"), (("-service=web1",), "this service")],
                         ids=["node", "service"])
def test_maintenance_without_a_reason(cli, web, flags, what):
    cli.says("maint", "-enable", *flags)
    assert f"Maintenance mode is enabled for {what}, but no reason was provided." in cli.says("maint")


def test_maintenance_of_an_unknown_service(cli):
    error = cli.refuses("maint", "-enable", "-service=nobody")
    assert 'Unexpected response code: 404 (No service registered with ID "nobody")' in error


# --- events ----------------------------------------------------------------------------------------------------------

def test_event(registry, cli, web):
    said = cli.says("event", "-name=deploy", f"-node=^{registry.node}$", "-service=web", "-tag=a", "v1.2.3")
    identity = re.fullmatch(r"Event ID: ([0-9a-f-]{36})\n", said)[1]
    events = registry.settled("/v1/event/list?name=deploy", lambda found: identity in [event["ID"] for event in found])
    event = next(event for event in events if event["ID"] == identity)
    assert event["Payload"] == "djEuMi4z" and event["LTime"] > 0 and event["Version"] == 1
    assert (event["ServiceFilter"], event["TagFilter"]) == ("web", "a")


# --- the agent -------------------------------------------------------------------------------------------------------

def test_info(cli):
    lines = cli.says("info").splitlines()
    assert "agent:" in lines
    build = lines.index("build:")
    assert any(re.fullmatch(r"\s+version = \d+\.\d+.*", line) for line in lines[build + 1:build + 4])


def test_rtt(registry, cli):
    registry.has_coordinate()
    for words in ((registry.node,), (registry.node, registry.node)):
        said = cli.says("rtt", *words)
        words = re.sub(r"\d+\.\d+", "N", said.replace(registry.node, "own"))
        assert words == "Estimated own <-> own rtt: N ms (using LAN coordinates)\n"
    assert 'Could not find a coordinate for node "nobody"' in cli.refuses("rtt", "nobody")


def test_rtt_of_the_wide_area(registry, cli):
    name = f"{registry.node}.{registry.datacenter}"
    assert "(using WAN coordinates)" in cli.says("rtt", "-wan", name, name)


def test_reload(cli):
    assert cli.says("reload") == "Configuration reload triggered\n"
