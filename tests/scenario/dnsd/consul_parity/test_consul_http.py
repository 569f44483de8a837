# Signpost. Apache-2.0; see LICENSE.
"""What the feed relies on in Consul's HTTP API is so in a real Consul.

- Blocking queries wait for a larger index, wake for changes of what they watch and for nothing else, and time out with
  the full body; an index from the future blocks as well.
- Names are matched without regard to case in health answers, and listed with it.
- Absent things are empty lists, null or 404, each with an index where one can wait on it.
- Tokens: an unknown one is an error, a powerless one sees an empty catalog.
"""
import threading
import time

import pytest
import requests

from support import case_table, fixtures
from support.consul_agent import ConsulAgent
from support.wait import eventually

DB = "/v1/health/service/db"


@pytest.fixture(scope="module")
def consul():
    agent = fixtures.start_agent(case_table.load("consul_dns_fixtures")["main"])
    yield agent
    agent.close()


def fetch(agent, path, token=None):
    return requests.get(agent.url + path, headers={"X-Consul-Token": token} if token else {}, timeout=30)


class Watch:
    """A blocking query on its way; `seconds` and `reply` are there once it has come back."""

    def __init__(self, agent, path, index, wait):
        self.seconds = self.reply = None
        started = time.monotonic()

        def run():
            self.reply = fetch(agent, f"{path}{'&' if '?' in path else '?'}index={index}&wait={wait}")
            self.seconds = time.monotonic() - started

        self._thread = threading.Thread(target=run)
        self._thread.start()

    def result(self):
        self._thread.join()
        return self.reply


def index_of(reply):
    return int(reply.headers["X-Consul-Index"])


def test_timeout_returns_the_same_index_and_body(consul):
    """Cases 338, 339, 344."""
    absent = fetch(consul, "/v1/health/service/absent")
    assert absent.json() == [] and index_of(absent) >= 1
    first = fetch(consul, DB)
    for index in (index_of(first), 999_999_999):
        watch = Watch(consul, DB, index, "800ms")
        assert watch.result().json() == first.json() and index_of(watch.reply) == index_of(first)
        assert 0.8 <= watch.seconds < 1.6, watch.seconds  # a sixteenth may be added, and this machine may be busy


CHANGES = {
    # case: (change, whether the watch of service db wakes)
    340: (lambda agent: agent.register_service("db", "late", "10.0.99.1"), True),
    341: (lambda agent: agent.register_service("elsewhere", "late", "10.0.99.1"), False),
    342: (lambda agent: agent.register({"Node": "bar", "Address": "10.0.0.2", "Service": {
        "ID": "db", "Service": "db", "Port": 12346, "Address": "10.0.1.2", "Tags": ["replica"]}}), False),
    343: (lambda agent: agent.register({"Node": "foo", "Address": "10.0.0.1", "NodeMeta": {"key": "other"}}), True),
}


@pytest.mark.parametrize("case", sorted(CHANGES))
def test_wakes_for_its_service_only(consul, case):
    change, wakes = CHANGES[case]
    before = index_of(fetch(consul, DB))
    watch = Watch(consul, DB, before, "10s" if wakes else "1s")
    change(consul)
    assert (index_of(watch.result()) > before) == wakes
    assert watch.seconds < 5 if wakes else watch.seconds >= 1


def test_list_of_services_wakes_for_every_instance(consul):
    for change in (lambda: consul.register_service("db", "third", "10.0.99.3"),  # the set of names stays equal
                   lambda: consul.deregister("third", "db")):
        before = index_of(fetch(consul, "/v1/catalog/services"))
        watch = Watch(consul, "/v1/catalog/services", before, "10s")
        change()
        assert index_of(watch.result()) > before and watch.seconds < 5


def test_letter_case(consul):
    """Cases 355 to 358."""
    def nodes(path):
        return sorted(entry["Node"]["Node"] for entry in fetch(consul, path).json())

    assert nodes("/v1/health/service/up") == nodes("/v1/health/service/UP") == ["Upper", "lower"]
    assert {"Up", "up"} <= set(fetch(consul, "/v1/catalog/services").json())
    assert nodes(f"{DB}?tag=PRIMARY") == ["foo"] and nodes(f"{DB}?tag=primary&tag=replica") == []


def test_absent_things(consul):
    """Cases 351, 359 to 361."""
    unknown = fetch(consul, f"{DB}?dc=nowhere")
    assert unknown.status_code == 500 and "No path to datacenter" in unknown.text
    node = fetch(consul, "/v1/catalog/node/absent")
    assert node.json() is None and index_of(node) == 1
    assert fetch(consul, "/v1/health/state/bogus").json() == []
    query = fetch(consul, "/v1/query/absent/execute")
    assert query.status_code == 404 and "X-Consul-Index" not in query.headers
    empty = fetch(consul, "/v1/query/none/execute")
    assert empty.status_code == 200 and empty.json()["Nodes"] == []


def test_bad_parameters_are_errors(consul):
    """Cases 345 to 348, 352, 353."""
    for parameters in ("index=1x", "index=1&wait=2", "stale&consistent", "cached&consistent", "ns=default"):
        assert fetch(consul, f"{DB}?{parameters}").status_code == 400, parameters
    assert fetch(consul, "/v1/health/service/").status_code == 400


def test_tokens():
    """Cases 377, 378; a catalog that looks empty is what the ACL guard is about."""
    acl = {"enabled": True, "default_policy": "deny", "tokens": {"master": "root"}}
    with ConsulAgent(config={"acl": acl}, token="root") as agent:
        agent.register_service("db", "foo", "10.0.0.1")
        eventually(lambda: fetch(agent, DB, "root").json(), 5, "db registered")
        unknown = fetch(agent, DB, "9f1de9a5-0000-4000-8000-000000000000")
        assert unknown.status_code == 403 and "ACL not found" in unknown.text
        powerless = fetch(agent, DB)
        assert powerless.status_code == 200 and powerless.json() == []
        assert fetch(agent, "/v1/catalog/services").json() == {}
