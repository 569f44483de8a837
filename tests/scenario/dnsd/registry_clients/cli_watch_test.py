# Signpost. Apache-2.0; see LICENSE.
"""Consul's command line tool: `watch`, every type it knows.

Claims
- Without a command a watch prints the present state and ends; a key that is missing is `null`.
- With a command it runs the command with the present state, and again with the new state on each change of what it
  watches, within a second; CONSUL_INDEX grows.
- A service watch for passing instances follows the health of a check, and keeps to its tags.
"""
import json
import re

import pytest
from support.wait import eventually

HANDLER = "(echo $CONSUL_INDEX; cat; echo; echo '#end') >> {}"  # one block per call


class Watch:
    """A running watch and what its command was given."""

    def __init__(self, cli, path, words):
        self._path = path
        self._path.write_text("")
        self._process = cli.start("watch", *words, HANDLER.format(path))

    def seen(self):
        """[(index, state)] of all calls so far."""
        blocks = self._path.read_text().split("#end\n")[:-1]
        return [(int(index), json.loads(text)) for index, text in (block.split("\n", 1) for block in blocks)]

    def shows(self, condition, deadline=5):
        """(index, state) as soon as `condition` holds for the state last shown."""
        return eventually(lambda: (seen := self.seen()) and condition(seen[-1][1]) and seen[-1], deadline,
                          lambda: f"watch shows {self.seen()}\n{self._process.log_tail()}")


@pytest.fixture
def watch(cli, tmp_path):
    return lambda *words: Watch(cli, tmp_path / "watched", words)


def shown(cli, *words):
    """What a watch without a command prints."""
    return json.loads(cli.says("watch", *words))


@pytest.fixture
def web(registry):
    registry.register(Name="web", ID="web1", Port=80, Tags=["a", "b"], Check={"TTL": "10m", "Status": "passing"})


def identities(entries):
    return [entry["Service"]["ID"] for entry in entries or ()]


# --- the state, once -------------------------------------------------------------------------------------------------

def test_key_once(registry, cli):
    assert shown(cli, "-type=key", "-key=k/missing") is None
    registry.write("PUT", "/v1/kv/k/a?flags=7", "foo")
    pair = shown(cli, "-type=key", "-key=k/a")
    assert (pair["Key"], pair["Value"], pair["Flags"], pair["Session"]) == ("k/a", "Zm9v", 7, "")


def test_keyprefix_once(registry, cli):
    registry.write("PUT", "/v1/kv/k/a", "1")
    registry.write("PUT", "/v1/kv/k/b")
    assert [(pair["Key"], pair["Value"]) for pair in shown(cli, "-type=keyprefix", "-prefix=k/")] == [
        ("k/a", "MQ=="), ("k/b", None)]


def test_services_once(cli, web):
    found = shown(cli, "-type=services")
    assert set(found) == {"consul", "web"} and sorted(found["web"]) == ["a", "b"]


def test_nodes_once(registry, cli):
    node, = shown(cli, "-type=nodes")
    assert node["Node"] == registry.node and node["Datacenter"] == registry.datacenter


@pytest.mark.parametrize("flags, found", [
    ((), ["web1"]), (("-passingonly=true", "-tag=a", "-tag=b"), ["web1"]), (("-tag=c",), []),
    (("-stale",), ["web1"])], ids=str)
def test_service_once(cli, web, flags, found):
    assert identities(shown(cli, "-type=service", "-service=web", *flags)) == found


@pytest.mark.parametrize("flags, found", [
    ((), {"service:web1"}), (("-state=passing",), {"service:web1"}), (("-state=critical",), set()),
    (("-service=web",), {"service:web1"}), (("-service=none",), set())], ids=str)
def test_checks_once(cli, web, flags, found):
    checks = shown(cli, "-type=checks", *flags)
    assert {check["CheckID"] for check in checks if check["ServiceID"]} == found


def test_event_once(registry, cli):
    assert shown(cli, "-type=event", "-name=watch-never-fired") == []
    registry.write("PUT", "/v1/event/fire/watch-fired", "now")
    registry.settled("/v1/event/list?name=watch-fired", len)
    assert [event["Payload"] for event in shown(cli, "-type=event", "-name=watch-fired")] == ["bm93"]


def test_unknown_datacenter_is_asked_again(cli):
    process = cli.start("watch", "-type=nodes", "-datacenter=dc9")
    eventually(lambda: "500 (No path to datacenter)" in process.log() and "retry=" in process.log(), 5, process.log)


# --- changes ---------------------------------------------------------------------------------------------------------

def test_key_appears_changes_and_goes(registry, watch):
    watched = watch("-type=key", "-key=k/a")
    first, _ = watched.shows(lambda pair: pair is None)
    registry.write("PUT", "/v1/kv/k/a", "1")
    second, _ = watched.shows(lambda pair: pair and pair["Value"] == "MQ==")
    registry.write("PUT", "/v1/kv/k/a", "2")
    third, _ = watched.shows(lambda pair: pair and pair["Value"] == "Mg==")
    registry.write("DELETE", "/v1/kv/k/a")
    fourth, _ = watched.shows(lambda pair: pair is None)
    assert first < second < third < fourth


def test_keyprefix_follows_its_tree(registry, watch):
    registry.write("PUT", "/v1/kv/k/a", "1")
    watched = watch("-type=keyprefix", "-prefix=k/")
    keys = lambda *names: lambda pairs: [pair["Key"] for pair in pairs or ()] == [*names]
    watched.shows(keys("k/a"))
    registry.write("PUT", "/v1/kv/other", "1")
    registry.write("PUT", "/v1/kv/k/b", "1")
    watched.shows(keys("k/a", "k/b"))
    registry.write("DELETE", "/v1/kv/k/?recurse")
    watched.shows(keys())


def test_services_come_and_go(registry, watch):
    watched = watch("-type=services")
    watched.shows(lambda found: set(found) == {"consul"})
    registry.write("PUT", "/v1/agent/service/register", {"Name": "web", "Tags": ["a"]})
    watched.shows(lambda found: found.get("web") == ["a"])
    registry.write("PUT", "/v1/agent/service/deregister/web")
    watched.shows(lambda found: "web" not in found)


def test_nodes_come_and_go(registry, watch):
    watched = watch("-type=nodes")
    nodes = lambda *names: lambda found: {node["Node"] for node in found} == {registry.node, *names}
    watched.shows(nodes())
    registry.write("PUT", "/v1/catalog/register", {"Node": "n1", "Address": "10.0.0.1"})
    watched.shows(nodes("n1"))
    registry.write("PUT", "/v1/catalog/deregister", {"Node": "n1"})
    watched.shows(nodes())


def test_service_follows_health_and_tags(registry, watch, web):
    watched = watch("-type=service", "-service=web", "-passingonly=true", "-tag=a")
    watched.shows(lambda entries: identities(entries) == ["web1"])
    registry.write("PUT", "/v1/agent/check/fail/service:web1")
    watched.shows(lambda entries: identities(entries) == [])
    registry.write("PUT", "/v1/agent/service/register", {"Name": "web", "ID": "web2", "Tags": ["b"]})
    registry.write("PUT", "/v1/agent/check/pass/service:web1")
    watched.shows(lambda entries: identities(entries) == ["web1"])
    registry.write("PUT", "/v1/agent/service/register", {"Name": "web", "ID": "web2", "Tags": ["a"]})
    watched.shows(lambda entries: identities(entries) == ["web1", "web2"])


@pytest.mark.parametrize("flags", [(), ("-service=web",), ("-state=warning",)], ids=str)
def test_checks_follow_a_status(registry, watch, web, flags):
    watched = watch("-type=checks", *flags)
    status = lambda checks: [check["Status"] for check in checks if check["CheckID"] == "service:web1"]
    watched.shows(lambda checks: status(checks) in (["passing"], []))
    registry.write("PUT", "/v1/agent/check/warn/service:web1?note=slow")
    watched.shows(lambda checks: status(checks) == ["warning"])


def test_event_fires(registry, watch, cli):
    watched = watch("-type=event", "-name=watch-deploy")
    watched.shows(lambda events: events == [])
    said = cli.says("event", "-name=watch-deploy", "v1")
    identity = re.search(r"[0-9a-f-]{36}", said)[0]
    watched.shows(lambda events: events and events[-1]["ID"] == identity and events[-1]["Payload"] == "djE=")
    cli.says("event", "-name=watch-deploy", "v2")
    watched.shows(lambda events: events[-1]["Payload"] == "djI=")
