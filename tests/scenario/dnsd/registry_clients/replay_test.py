# Signpost. Apache-2.0; see LICENSE.
"""The calls of well-known clients that are not on this machine, replayed as they write them: method, path, order and
spelling of parameters, headers, body.

Claims
- Registrator: ping, registration with the check inside, refresh by registering again (which wakes nobody and moves no
  index), its key-value backend, removal.
- consul-template: every list, node, service and key it reads, stale and blocking for 60 s, wakes with the new data.
- Traefik: catalog and health lists of a service pair by position, in each consistency.
- Fabio: own datacenter, blocking on all checks, the service's rows, routes from the key-value store, its own
  registration.
- Prometheus: datacenter of the agent, services by node metadata, health of a service by tags; both lists block.
- The Go API library's spelling: empty booleans, milliseconds, token by header, gzip, and the headers it insists on.
"""
import json

import pytest
from support.api_side import Pending
from support.registry_side import lasts
from support.wait import eventually

GO = (("User-Agent", "Go-http-client/1.1"), ("Accept-Encoding", "gzip"))


class Client:
    """Sends what the Go API library sends."""

    def __init__(self, registry):
        self._registry = registry

    def get(self, path):
        """The JSON of a 200 answer, after a look at the headers that the library parses."""
        answer = self.ask("GET", path)
        assert answer.status == 200 and answer.is_json, f"GET {path}: {answer}"
        return answer.json()

    def ask(self, method, path, body=None, headers=()):
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        return self._registry.send(method, path, text, (*GO, *headers))

    def put(self, path, body=None):
        answer = self.ask("PUT", path, body)
        assert answer.status == 200, f"PUT {path}: {answer}"
        return answer.body.strip()

    def index(self, path):
        """Index of a list that can be watched."""
        headers = self.ask("GET", path).headers
        assert headers["x-consul-knownleader"] == "true" and int(headers["x-consul-lastcontact"]) >= 0
        assert int(headers["x-consul-index"]) >= 1
        return int(headers["x-consul-index"])

    def blocked(self, path):
        return Pending(self._registry.port, "GET", path, None, GO)


def woken(pending, index):
    """(new index, JSON) of a blocked read that has to end."""
    assert pending.done_within(10), "not woken within 10 s"
    answer = pending.answer()
    assert int(answer.headers["x-consul-index"]) > index
    return int(answer.headers["x-consul-index"]), answer.json()


@pytest.fixture
def go(registry):
    return Client(registry)


def instance(node, number, service="web", status="passing", tags=("traefik.enable=true", "b"), meta=None):
    """A catalog registration."""
    identity = f"{service}-{number}"
    return {"Node": node, "Address": f"10.0.0.{number}", "NodeMeta": meta or {}, "Service": {
        "ID": identity, "Service": service, "Tags": list(tags), "Port": 8000 + number, "Address": f"172.17.0.{number}"},
        "Check": {"Node": node, "CheckID": f"service:{identity}", "Name": "check", "ServiceID": identity,
                  "Status": status}}


# --- Registrator -----------------------------------------------------------------------------------------------------

def container(number, **check):
    return {"ID": f"host:nginx-{number}:80", "Name": "nginx-80", "Tags": ["http", "prod"], "Port": 32768 + number,
            "Address": "192.0.2.10", "EnableTagOverride": False, "Meta": {"version": "1"}, "Check": check or None,
            "Checks": None}


def test_registrator_registers_and_removes(registry, go):
    assert json.loads(go.ask("GET", "/v1/status/leader").body)
    for number, check in ((1, {"TTL": "30s"}),
                          (2, {"HTTP": "http://192.0.2.10:9/health", "Interval": "600s", "Timeout": "1s"}),
                          (3, {"TCP": "192.0.2.10:9", "Interval": "600s", "Status": "passing"}), (4, {})):
        assert go.put("/v1/agent/service/register", container(number, **check)) == b""
    services = go.get("/v1/agent/services")
    assert set(services) == {f"host:nginx-{number}:80" for number in (1, 2, 3, 4)}
    assert services["host:nginx-1:80"]["Port"] == 32769 and services["host:nginx-1:80"]["Address"] == "192.0.2.10"
    checks = go.get("/v1/agent/checks")
    assert {name: check["Status"] for name, check in checks.items()} == {
        "service:host:nginx-1:80": "critical", "service:host:nginx-2:80": "critical",
        "service:host:nginx-3:80": "passing"}
    for number in (1, 2, 3, 4, 5):
        assert go.put(f"/v1/agent/service/deregister/host:nginx-{number}:80") == b""
    assert go.get("/v1/agent/services") == {} and go.get("/v1/agent/checks") == {}
    assert registry.settled("/v1/catalog/service/nginx-80", lambda rows: not rows) == []


def test_registrator_refresh_wakes_nobody(registry, go):
    registry.register(**container(1, TTL="600s", Status="passing"))
    path = "/v1/health/service/nginx-80"
    index = go.index(path)
    watcher = go.blocked(f"{path}?index={index}&wait=30000ms")
    for _ in range(3):
        go.put("/v1/agent/service/register", container(1, TTL="600s", Status="passing"))
    assert go.index(path) == index
    go.put("/v1/agent/service/register", {**container(1, TTL="600s", Status="passing"), "Tags": ["http", "canary"]})
    _, entries = woken(watcher, index)
    assert entries[0]["Service"]["Tags"] == ["http", "canary"]
    go.put("/v1/agent/service/deregister/host:nginx-1:80")


def test_registrator_key_value_backend(go):
    assert go.put("/v1/kv/services/nginx/host:nginx-1:80", "192.0.2.10:32769") == b"true"
    assert go.put("/v1/kv/service_attribute/attributes/host:nginx-1:80/region", "eu") == b"true"
    assert go.get("/v1/kv/services/nginx/host:nginx-1:80")[0]["Value"] == "MTkyLjAuMi4xMDozMjc2OQ=="
    assert go.ask("DELETE", "/v1/kv/service_attribute/attributes/host:nginx-1:80?recurse=").body.strip() == b"true"
    assert go.ask("DELETE", "/v1/kv/services/nginx/host:nginx-1:80").body.strip() == b"true"
    assert go.ask("GET", "/v1/kv/service_attribute?keys=").status == 404


# --- consul-template -------------------------------------------------------------------------------------------------

STALE = "stale=&wait=60000ms"
TEMPLATE_READS = {
    # path without the parameters that all have: (a write that changes it, what the new answer must contain)
    "/v1/catalog/services?": (instance("n9", 9, "fresh"), "fresh"),
    "/v1/catalog/nodes?near=_agent&": (instance("n9", 9, "fresh"), "10.0.0.9"),
    "/v1/catalog/node/n1?": (instance("n1", 1, "fresh"), "fresh-1"),
    "/v1/catalog/service/web?": (instance("n9", 9), "web-9"),
    "/v1/catalog/service/web?tag=b&": (instance("n9", 9), "web-9"),
    "/v1/health/service/web?": (instance("n2", 2, status="warning"), '"warning"'),
    "/v1/health/service/web?passing=1&": (instance("n2", 2, status="passing"), "web-2"),
    "/v1/health/service/web?near=_agent&passing=1&tag=b&": (instance("n9", 9), "web-9"),
}


@pytest.mark.parametrize("path", TEMPLATE_READS)
def test_consul_template_waits_for_change(registry, go, path):
    change, text = TEMPLATE_READS[path]
    for body in (instance("n1", 1), instance("n2", 2, status="critical")):
        registry.write("PUT", "/v1/catalog/register", body)
    before = go.get(path + STALE)
    assert text not in json.dumps(before)
    index = go.index(path + STALE)
    name, _, rest = path.partition("?")
    watcher = go.blocked(f"{name}?index={index}&{rest}{STALE}")
    registry.write("PUT", "/v1/catalog/register", change)
    _, after = woken(watcher, index)
    assert text in json.dumps(after)


@pytest.mark.parametrize("path", ["/v1/kv/app/a?", "/v1/kv/app/?recurse=&", "/v1/kv/app/?keys=&separator=%2F&"])
def test_consul_template_follows_keys(registry, go, path):
    go.put("/v1/kv/beside", "so that there is an index")
    assert go.ask("GET", path + STALE).status == 404
    index = go.index(path + STALE)
    name, _, rest = path.partition("?")
    watcher = go.blocked(f"{name}?index={index}&{rest}{STALE}")
    go.put("/v1/kv/app/a", "1")
    _, found = woken(watcher, index)
    assert "app/a" in json.dumps(found)


def test_consul_template_other_reads(registry, go):
    assert go.get(f"/v1/catalog/datacenters?{STALE}") == [registry.datacenter]
    config = go.get("/v1/agent/self")["Config"]
    assert go.get(f"/v1/catalog/node/{config['NodeName']}?{STALE}")["Node"]["Datacenter"] == config["Datacenter"]
    assert go.get(f"/v1/catalog/node/nobody?{STALE}") is None


def test_consul_template_deduplicates_by_a_session(go):
    body = {"Behavior": "delete", "Name": "Consul-Template de-duplication", "TTL": "15s"}
    session = json.loads(go.put("/v1/session/create", body))["ID"]
    key = "/v1/kv/consul-template/dedup/9f86d081/lock"
    assert go.put(f"{key}?acquire={session}&flags=3304740253564472344") == b"true"
    assert json.loads(go.put(f"/v1/session/renew/{session}"))[0]["TTL"] == "15s"
    assert go.put(f"/v1/session/destroy/{session}") == b"true"
    assert go.ask("GET", f"{key}?consistent=").status == 404


# --- Traefik ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("consistency", ["", "stale=", "consistent=", "cached="])
def test_traefik_pairs_lists_by_position(registry, go, consistency):
    for node, number in (("Zeta", 4), ("alpha", 3), ("Beta", 2), ("beta-2", 1), ("alpha", 9)):
        registry.write("PUT", "/v1/catalog/register", {**instance(node, number), "Address": "10.0.0.1"})
    flags = f"&{consistency}" if consistency else ""
    assert "web" in go.get(f"/v1/catalog/services?{consistency}")
    rows = go.get(f"/v1/catalog/service/web?{consistency}{'&' if consistency else ''}tag=traefik.enable%3Dtrue")
    entries = go.get(f"/v1/health/service/web?tag=traefik.enable%3Dtrue{flags}")
    assert len(rows) == 5
    assert [(row["Node"], row["ServiceID"], row["ServicePort"]) for row in rows] == [
        (entry["Node"]["Node"], entry["Service"]["ID"], entry["Service"]["Port"]) for entry in entries]


# --- Fabio -----------------------------------------------------------------------------------------------------------

def test_fabio_routes(registry, go):
    assert go.get("/v1/agent/self")["Config"]["Datacenter"] == registry.datacenter
    registry.write("PUT", "/v1/catalog/register", instance("n1", 1, tags=["urlprefix-/web"]))
    state = "/v1/health/state/any?consistent="
    index = go.index(state)
    assert "service:web-1" in [check["CheckID"] for check in go.get(state)]
    watcher = go.blocked(f"{state}&index={index}")
    registry.write("PUT", "/v1/catalog/register", instance("n1", 1, tags=["urlprefix-/web"], status="critical"))
    _, checks = woken(watcher, index)
    assert [check["Status"] for check in checks if check["CheckID"] == "service:web-1"] == ["critical"]
    row, = go.get("/v1/catalog/service/web?consistent=")
    assert row["ServiceTags"] == ["urlprefix-/web"] and row["ServiceAddress"] == "172.17.0.1"


def test_fabio_manual_routes(go):
    path = "/v1/kv/fabio/config?consistent=&recurse="
    assert go.ask("GET", path).status == 404
    assert go.put("/v1/kv/fabio/config?cas=0", "route add web / http://10.0.0.1/") == b"true"
    assert go.put("/v1/kv/fabio/config?cas=0", "lost") == b"false"
    pair, = go.get(path)
    watcher = go.blocked(f"/v1/kv/fabio/config?consistent=&index={pair['ModifyIndex']}&recurse=")
    assert go.put(f"/v1/kv/fabio/config?cas={pair['ModifyIndex']}", "route del web") == b"true"
    _, found = woken(watcher, pair["ModifyIndex"])
    assert found[0]["Value"] == "cm91dGUgZGVsIHdlYg=="
    assert go.get("/v1/kv/fabio/?consistent=&keys=&separator=") == ["fabio/config"]


def test_fabio_registers_itself(registry, go):
    body = {"ID": "fabio-host-9998", "Name": "fabio", "Tags": ["edge"], "Port": 9998, "Address": "127.0.0.1", "Check": {
        "Interval": "600s", "Timeout": "3s", "HTTP": "http://127.0.0.1:9/health",
        "DeregisterCriticalServiceAfter": "90m"}}
    go.put("/v1/agent/service/register", body)
    assert "fabio-host-9998" in go.get("/v1/agent/services")
    ttl = {"ID": "fabio-ttl", "Name": "fabio ttl", "ServiceID": "fabio-host-9998", "TTL": "10m"}
    go.put("/v1/agent/check/register", ttl)
    go.put("/v1/agent/check/update/fabio-ttl", {"Status": "passing", "Output": "alive"})
    check = go.get("/v1/agent/checks")["fabio-ttl"]
    assert (check["Status"], check["Output"]) == ("passing", "alive")
    go.put("/v1/agent/check/pass/fabio-ttl?note=still+alive")
    assert go.get("/v1/agent/checks")["fabio-ttl"]["Output"] == "still alive"
    go.put("/v1/agent/service/deregister/fabio-host-9998")
    assert registry.settled("/v1/catalog/service/fabio", lambda rows: not rows) == []
    assert go.get("/v1/agent/checks") == {}


# --- Prometheus ------------------------------------------------------------------------------------------------------

def test_prometheus_discovers(registry, go):
    meta = {"rack": "r7", "env": "prod"}
    registry.write("PUT", "/v1/catalog/register", instance("n1", 1, tags=["metrics", "b"], meta=meta))
    registry.write("PUT", "/v1/catalog/register", instance("n2", 2, service="other"))
    assert go.get("/v1/agent/self")["Config"]["Datacenter"] == registry.datacenter
    wanted = "node-meta=env%3Aprod&node-meta=rack%3Ar7&stale=&wait=120000ms"
    assert set(go.get(f"/v1/catalog/services?{wanted}")) == {"web"}
    index = go.index(f"/v1/catalog/services?{wanted}")
    services = go.blocked(f"/v1/catalog/services?index={index}&{wanted}")
    registry.write("PUT", "/v1/catalog/register", instance("n3", 3, service="late", meta=meta))
    assert set(woken(services, index)[1]) == {"late", "web"}

    health = "/v1/health/service/web?{}stale=&tag=metrics&tag=b&wait=120000ms"
    entry, = go.get(health.format(""))
    assert (entry["Node"]["Meta"], entry["Node"]["Datacenter"]) == (meta, registry.datacenter)
    assert (entry["Service"]["Address"], entry["Service"]["Port"]) == ("172.17.0.1", 8001)
    index = go.index(health.format(""))
    watcher = go.blocked(health.format(f"index={index}&"))
    registry.write("PUT", "/v1/catalog/deregister", {"Node": "n1"})
    assert woken(watcher, index)[1] == []


# --- the Go API library ----------------------------------------------------------------------------------------------

READS = [
    "/v1/catalog/nodes", "/v1/catalog/services", "/v1/catalog/service/web", "/v1/catalog/node/n1",
    "/v1/catalog/node-services/n1", "/v1/health/service/web", "/v1/health/node/n1", "/v1/health/checks/web",
    "/v1/health/state/any", "/v1/kv/a", "/v1/kv/?keys=&separator=", "/v1/session/list", "/v1/coordinate/nodes",
    "/v1/internal/ui/nodes"]


def without_order(found):
    """Consul gives the tags of a list of services in any order."""
    if not isinstance(found, dict):
        return found
    return {name: sorted(tags) if isinstance(tags, list) else tags for name, tags in found.items()}


@pytest.mark.parametrize("path", READS)
def test_go_reads(registry, go, path):
    registry.write("PUT", "/v1/catalog/register", instance("n1", 1))
    go.put("/v1/kv/a", "1")
    joint = "&" if "?" in path else "?"
    assert go.index(path) >= 1
    plain = without_order(go.get(path))
    for flag in ("stale=", "consistent=", "stale", f"dc={registry.datacenter}&stale=", "unknown=1"):
        assert without_order(go.get(f"{path}{joint}{flag}")) == plain, flag
    assert go.ask("GET", f"{path}{joint}consistent=&stale=").status == 400


def test_go_waits_in_milliseconds(registry, go):
    registry.write("PUT", "/v1/catalog/register", instance("n1", 1))
    index = go.index("/v1/health/service/web")
    seconds, answer = lasts(lambda: go.ask("GET", f"/v1/health/service/web?index={index}&stale=&wait=200ms"))
    assert 0.19 <= seconds < 5 and int(answer.headers["x-consul-index"]) == index and len(answer.json()) == 1


def test_go_takes_gzip(registry, go):
    for number in range(1, 30):
        registry.write("PUT", "/v1/catalog/register", instance(f"n{number}", number))
    answer = go.ask("GET", "/v1/health/service/web")
    assert answer.headers["content-encoding"] == "gzip" and len(answer.json()) == 29
    assert "accept-encoding" in answer.headers["vary"].lower()


@pytest.mark.parametrize("how", [
    {"headers": (("X-Consul-Token", ""),)}, {"headers": (("Authorization", "Bearer "),)}, {"query": "?token="},
], ids=str)
def test_empty_token_is_no_token(go, how):
    assert go.ask("GET", f"/v1/catalog/nodes{how.get('query', '')}", headers=how.get("headers", ())).status == 200


def test_go_lock(registry, go):
    """Acquire, block on the holder's key, renew, release: as the library's Lock does."""
    session = json.loads(go.put("/v1/session/create", {"Name": "Consul API Lock", "TTL": "15s"}))["ID"]
    other = json.loads(go.put("/v1/session/create", {"Name": "Consul API Lock", "TTL": "15s"}))["ID"]
    key = "/v1/kv/service/leader"
    assert go.put(f"{key}?acquire={session}&flags=3304740253564472344", "me") == b"true"
    assert go.put(f"{key}?acquire={other}&flags=3304740253564472344", "you") == b"false"
    pair, = go.get(f"{key}?consistent=")
    assert (pair["Session"], pair["Flags"]) == (session, 3304740253564472344)
    waiting = go.blocked(f"{key}?index={pair['ModifyIndex']}&wait=15000ms")
    assert go.put(f"{key}?flags=3304740253564472344&release={session}") == b"true"
    _, (free,) = woken(waiting, pair["ModifyIndex"])
    assert "Session" not in free
    assert go.put(f"{key}?acquire={other}&flags=3304740253564472344", "you") == b"true"
    eventually(lambda: registry.value("service/leader") == "you", 5, "the other holds it")


def test_go_transaction(go):
    set_both = [{"KV": {"Verb": "set", "Key": f"txn/{name}", "Value": "MQ==", "Flags": 1}} for name in "ab"]
    done = json.loads(go.put("/v1/txn", set_both))
    assert [result["KV"]["Key"] for result in done["Results"]] == ["txn/a", "txn/b"]
    doomed = [{"KV": {"Verb": "delete", "Key": "txn/a"}}, {"KV": {"Verb": "get", "Key": "none"}}]
    answer = go.ask("PUT", "/v1/txn", doomed)
    assert answer.status == 409 and answer.json()["Errors"][0]["OpIndex"] == 1
    tree = json.loads(go.put("/v1/txn", [{"KV": {"Verb": "get-tree", "Key": "txn/"}}]))
    assert [result["KV"]["Key"] for result in tree["Results"]] == ["txn/a", "txn/b"]
