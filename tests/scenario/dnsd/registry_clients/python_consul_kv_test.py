# Signpost. Apache-2.0; see LICENSE.
"""python-consul 0.7.1 as Debian ships it: keys and values, sessions, prepared queries.

Claims
- Values, flags, prefixes and check-and-set as the client documents them; bytes come back as bytes; a missing key is
  (index, None), and a read with that index blocks until the key exists.
- Locks by session: one holder, hand-over by release, loss by destruction, keys that go with their session.
- Sessions: creation with every argument, list, node, info, renew, destroy; the refusals of Consul.
- Prepared queries and templates: create, list, get, update, execute, explain, delete.
"""
import concurrent.futures

import consul
import pytest
from support.registry_side import lasts

NOBODY = "00000000-0000-0000-0000-000000000000"


# --- keys and values -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("key", ["a", "a/b", "dir/", "with space", "ü", "a+b?c=d&e#f"])
@pytest.mark.parametrize("value", ["text", b"\x00\xff", None], ids=["text", "bytes", "nothing"])
def test_put_and_get(client, key, value):
    assert client.kv.put(key, value, flags=2**64 - 1) is True
    index, pair = client.kv.get(key)
    assert pair["Key"] == key and pair["Flags"] == 2**64 - 1
    assert int(index) == pair["ModifyIndex"] == pair["CreateIndex"]
    assert pair["Value"] == (value.encode() if isinstance(value, str) else value)


def test_prefixes(client):
    for key in ("k/a", "k/b/c", "k/b/d", "other"):
        client.kv.put(key, key)
    assert [pair["Key"] for pair in client.kv.get("k/", recurse=True)[1]] == ["k/a", "k/b/c", "k/b/d"]
    assert client.kv.get("k/", keys=True)[1] == ["k/a", "k/b/c", "k/b/d"]
    assert client.kv.get("k/", keys=True, separator="/")[1] == ["k/a", "k/b/"]
    assert len(client.kv.get("", recurse=True)[1]) == 4
    assert client.kv.delete("k/", recurse=True) is True
    assert client.kv.get("", keys=True)[1] == ["other"]


@pytest.mark.parametrize("words", [
    {}, {"recurse": True}, {"keys": True}, {"consistency": "stale"}, {"consistency": "consistent"}], ids=str)
def test_missing(client, words):
    index, found = client.kv.get("missing", **words)
    assert found is None and int(index) >= 1


def test_check_and_set(client):
    assert client.kv.put("c", "1", cas=0) is True
    assert client.kv.put("c", "2", cas=0) is False
    index = client.kv.get("c")[1]["ModifyIndex"]
    assert client.kv.put("c", "2", cas=index) is True
    assert client.kv.put("c", "3", cas=index) is False
    assert client.kv.delete("c", cas=index) is False
    assert client.kv.delete("c", cas=0) is False
    assert client.kv.get("c")[1]["Value"] == b"2"
    assert client.kv.delete("c", cas=client.kv.get("c")[1]["ModifyIndex"]) is True
    assert client.kv.delete("c") is True


@pytest.mark.parametrize("words, error", [({"cas": 10**30}, "value out of range"), ({"flags": -1}, "invalid syntax"),
                                          ({"acquire": NOBODY}, "invalid session")], ids=str)
def test_refused_put(client, words, error):
    with pytest.raises(consul.ConsulException, match=error):
        client.kv.put("k", "v", **words)
    assert client.kv.get("k")[1] is None


def test_blocking_read(client):
    client.kv.put("before", "so that there is an index")
    index, _ = client.kv.get("k")
    seconds, (same, missing) = lasts(lambda: client.kv.get("k", index=index, wait="300ms"))
    assert seconds >= 0.29 and same == index and missing is None
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        woken = pool.submit(client.kv.get, "k", index=index, wait="15s")
        client.kv.put("k", "here")
        newer, pair = woken.result(10)
    assert pair["Value"] == b"here" and int(newer) == pair["ModifyIndex"]


# --- sessions and locks ----------------------------------------------------------------------------------------------

def test_session_with_everything(registry, client):
    session = client.session.create("mine", node=registry.node, checks=["serfHealth"], lock_delay=0, behavior="delete",
                                    ttl=30, dc=registry.datacenter)
    index, info = client.session.info(session)
    assert (info["ID"], info["Name"], info["Node"], info["TTL"]) == (session, "mine", registry.node, "30s")
    assert (info["LockDelay"], info["Behavior"], info["NodeChecks"]) == (0, "delete", ["serfHealth"])
    assert int(index) >= info["CreateIndex"]
    assert client.session.renew(session)["ID"] == session
    assert client.session.destroy(session) is True
    assert client.session.info(session)[1] is None


def test_sessions_by_default(registry, client):
    made = {client.session.create() for _ in range(2)}
    asked = client.session.list(), client.session.list(consistency="stale"), client.session.node(registry.node)
    for _, listed in asked:
        assert {session["ID"] for session in listed} == made
        assert {session["LockDelay"] for session in listed} == {15 * 10**9}
    assert client.session.node("nobody")[1] == []


def test_refused_sessions(client):
    for ask, error in ((lambda: client.session.create(node="nobody"), "500 Missing node registration"),
                       (lambda: client.session.create(checks=["none"]), "500 Missing check 'none' registration"),
                       (lambda: client.session.info("short"), "UUID must be 36 characters")):
        with pytest.raises(consul.ConsulException, match=error):
            ask()
    with pytest.raises(consul.base.NotFound, match=f"Session id '{NOBODY}' not found"):
        client.session.renew(NOBODY)
    assert client.session.destroy(NOBODY) is True


def test_lock_has_one_holder(client):
    mine, yours = client.session.create("mine"), client.session.create("yours")
    assert client.kv.put("lock", "me", acquire=mine) is True
    assert client.kv.put("lock", "you", acquire=yours) is False
    assert client.kv.put("lock", "me again", acquire=mine) is True
    pair = client.kv.get("lock")[1]
    assert (pair["Session"], pair["LockIndex"], pair["Value"]) == (mine, 1, b"me again")
    assert client.kv.put("lock", "you", release=yours) is False
    assert client.kv.put("lock", "free", release=mine) is True
    assert client.kv.put("lock", "you", acquire=yours) is True
    assert client.kv.get("lock")[1]["LockIndex"] == 2


@pytest.mark.parametrize("behavior, left", [("release", True), ("delete", False)])
def test_destroyed_session_loses_its_keys(client, behavior, left):
    session = client.session.create(behavior=behavior)
    client.kv.put(f"held-{behavior}", "v", acquire=session)
    index, _ = client.kv.get(f"held-{behavior}")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        woken = pool.submit(client.kv.get, f"held-{behavior}", index=index, wait="15s")
        assert client.session.destroy(session) is True
        _, pair = woken.result(10)
    assert (pair is not None and "Session" not in pair) if left else pair is None


def test_lock_delay(client):
    """After a holder was lost nobody gets the lock for a while; without a delay, at once."""
    for delay, answer in ((60, False), (0, True)):
        lost, next_one = client.session.create(lock_delay=delay), client.session.create()
        client.kv.put(f"delay-{delay}", "v", acquire=lost)
        client.session.destroy(lost)
        assert client.kv.put(f"delay-{delay}", "v", acquire=next_one) is answer


def test_session_of_a_check_ends_with_it(registry, client):
    client.agent.service.register("web", check=consul.Check.ttl("10m"))
    registry.write("PUT", "/v1/agent/check/pass/service:web")
    registry.settled("/v1/health/checks/web", lambda checks: checks and checks[0]["Status"] == "passing")
    session = client.session.create(checks=["serfHealth", "service:web"])
    registry.write("PUT", "/v1/agent/check/fail/service:web")
    assert registry.settled(f"/v1/session/info/{session}", lambda found: not found) == []


# --- prepared queries ------------------------------------------------------------------------------------------------

@pytest.fixture
def web(registry):
    registry.register(Name="web", ID="web1", Port=80, Tags=["a"])
    registry.register(Name="web", ID="web2", Port=81, Tags=["a"], Check={"TTL": "10m", "Status": "warning"})


def identities(found):
    return {node["Service"]["ID"] for node in found["Nodes"]}


def test_query(registry, client, web):
    query = client.query.create("web", name="py-q", onlypassing=True, tags=["a"], ttl="10s", nearestn=0,
                                datacenters=[])["ID"]
    listed, = client.query.list(dc=registry.datacenter)
    assert (listed["ID"], listed["Name"], listed["DNS"]) == (query, "py-q", {"TTL": "10s"})
    assert listed["Service"]["OnlyPassing"] is True and listed["Service"]["Tags"] == ["a"]
    assert client.query.get(query) == [listed]
    found = client.query.execute("py-q")
    assert (found["Service"], found["Datacenter"], found["Failovers"]) == ("web", registry.datacenter, 0)
    assert identities(found) == {"web1"} and found["DNS"] == {"TTL": "10s"}
    assert client.query.update(query, service="web", name="py-q") is True
    assert identities(client.query.execute("py-q")) == {"web1", "web2"}
    assert len(client.query.execute("py-q", near="_agent", limit=1)["Nodes"]) == 1
    assert client.query.delete(query) is True
    assert client.query.list() == []


def test_template(registry, client, web):
    query = client.query.create("${match(1)}", name="py-t-", regexp="^py-t-(.*)$")["ID"]
    assert identities(client.query.execute("py-t-web")) == {"web1", "web2"}
    assert client.query.explain("py-t-web")["Query"]["Service"]["Service"] == "web"
    assert client.query.delete(query) is True


def test_refused_queries(client):
    with pytest.raises(consul.ConsulException, match="500 Cannot modify non-existent prepared query"):
        client.query.delete(NOBODY)
    with pytest.raises(consul.ConsulException, match="500 Cannot modify non-existent prepared query"):
        client.query.update(NOBODY, service="web", name="x")
