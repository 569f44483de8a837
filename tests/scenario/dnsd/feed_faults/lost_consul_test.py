# Signpost. Apache-2.0; see LICENSE.
"""A real Consul agent dies, forgets, or turns the token away.

Claims
- Killed: answers go on with a TTL of at most 5 s, /readyz says degraded, /status and /metrics show it; when it is back
  the TTL is the configured one again and changes arrive.
- Restarted with an empty state: once the new agent leads, its catalog is the truth.
- A token that lost its rights: the list turns empty, which is no news; the data stay and /readyz says degraded.
- A token that was deleted (403): the same.
- A restore to a lower index: changes are seen on, at once.
- No client is ever told NXDOMAIN because of any of this.
"""
import pytest

from feed import STALE_TTL, TTL, addresses, start_dnsd, ttl, wait_degraded, wait_fresh
from support.ask import ask
from support.consul_agent import ConsulAgent
from support.fake_consul import LEADER_UNKNOWN, FakeConsul
from support.steady_client import SteadyClient
from support.wait import eventually


def register(consul, name, address):
    consul.register_service(name, f"node-{name}", address)


def degraded_metric(dnsd):
    """1 while the feed is lost, by /metrics."""
    return 1 - dnsd.metric("signpost_catalog_fresh")


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_consul_dies_and_comes_back(how):
    with ConsulAgent(mode="server") as consul:
        register(consul, "web", "10.0.0.1")
        with start_dnsd(consul) as dnsd:
            with SteadyClient(dnsd.dns, "web.service.consul", "node-web.node.consul") as client:
                assert ttl(dnsd, "web") == TTL
                assert degraded_metric(dnsd) == 0
                getattr(consul, how)()
                wait_degraded(dnsd)
                assert 0 < ttl(dnsd, "web") <= STALE_TTL
                assert degraded_metric(dnsd) == 1
                assert "stale" in dnsd.get("/status").text
                client.ask_all_again()
                consul.start()
                wait_fresh(dnsd, 30)
                assert ttl(dnsd, "web") == TTL
                assert degraded_metric(dnsd) == 0
                register(consul, "web", "10.0.0.2")
                eventually(lambda: addresses(dnsd, "web") == ["10.0.0.2"], 2, "the first change after the return")
            client.assert_only("NOERROR")


def test_restart_with_an_empty_state():
    with ConsulAgent(mode="dev") as consul:
        for name in ("web", "db", "gone"):
            register(consul, name, "10.0.0.1")
        with start_dnsd(consul) as dnsd:
            with SteadyClient(dnsd.dns, "web.service.consul") as client:
                consul.kill()
                wait_degraded(dnsd)
                consul.start(wait=False)
                consul.wait_ready()
                register(consul, "web", "10.0.0.2")
                wait_fresh(dnsd, 30)
                eventually(lambda: addresses(dnsd, "web") == ["10.0.0.2"], 10, "the new agent's data")
                eventually(lambda: ask(dnsd.dns, "gone.service.consul").rcode == "NXDOMAIN", 10, "the old data forgotten")
                register(consul, "gone", "10.0.0.3")
                eventually(lambda: addresses(dnsd, "gone") == ["10.0.0.3"], 2, "a new name")
            # Between its first leader and the registration the new agent truly has no web: the only NXDOMAIN allowed.
            client.assert_only("NOERROR", "NXDOMAIN")
            wrong = [seen for seen in client.since(0) if seen.rcode == "NOERROR" and seen.answer not in
                     (("10.0.0.1",), ("10.0.0.2",))]
            assert not wrong, wrong[:5]


def test_an_empty_state_without_a_leader_is_no_news():
    """The window in which a restarted agent answers before it leads."""
    with FakeConsul() as fake:
        fake.register("web", "10.0.0.1", 80)
        with start_dnsd(fake.url) as dnsd, SteadyClient(dnsd.dns, "web.service.consul") as client:
            fake.stop()
            wait_degraded(dnsd)
            fake.break_with(LEADER_UNKNOWN)
            fake.forget_everything(first_index=1)
            fake.start()
            eventually(lambda: fake.count_requests("catalog/services") > 3, 10, "asked the leaderless agent")
            client.ask_all_again()
            client.assert_only("NOERROR")
            fake.register("web", "10.0.0.1", 80)
            fake.heal()
            wait_fresh(dnsd)
        client.assert_only("NOERROR")


@pytest.mark.parametrize("restored", [2, 60])
def test_lower_index(restored):
    """A restored server: the same catalog, indexes from far below. Waiting for the old index would wait for ever."""
    with FakeConsul() as fake:
        for number in range(100):
            fake.register("web", "10.0.0.1", 80, passing_weight=number + 1)
        with start_dnsd(fake.url) as dnsd, SteadyClient(dnsd.dns, "web.service.consul") as client:
            fake.stop()
            fake.forget_everything(first_index=restored)
            fake.register("web", "10.0.0.1", 80)
            fake.start()
            wait_fresh(dnsd)
            fake.register("web", "10.0.0.7", 80)
            eventually(lambda: addresses(dnsd, "web") == ["10.0.0.1", "10.0.0.7"], 5, "a change below the old index")
        client.assert_only("NOERROR")


def test_lower_index_on_living_connections():
    """`consul snapshot restore` wakes all waiters and breaks no connection."""
    with FakeConsul() as fake:
        for number in range(100):
            fake.register("web", "10.0.0.1", 80, passing_weight=number + 1)
        with start_dnsd(fake.url) as dnsd, SteadyClient(dnsd.dns, "web.service.consul") as client:
            fake.restore_to(5)
            fake.register("web", "10.0.0.7", 80)
            eventually(lambda: addresses(dnsd, "web") == ["10.0.0.1", "10.0.0.7"], 5, "a change below the old index")
            wait_fresh(dnsd)
        client.assert_only("NOERROR")


# --- ACLs ------------------------------------------------------------------------------------------------------

ROOT_TOKEN = "11111111-2222-3333-4444-555555555555"
READ_ALL = 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }'


@pytest.fixture
def guarded():
    """An agent that shows nothing without a token; (agent, secret of a reading token, its accessor, its policy id)."""
    acl = {"acl": {"enabled": True, "default_policy": "deny", "tokens": {"master": ROOT_TOKEN, "agent": ROOT_TOKEN}}}
    with ConsulAgent(config=acl, token=ROOT_TOKEN) as consul:
        policy = consul.put("/v1/acl/policy", {"Name": "dns", "Rules": READ_ALL})
        token = consul.put("/v1/acl/token", {"Policies": [{"ID": policy["ID"]}]})
        register(consul, "web", "10.0.0.1")
        yield consul, token, policy


def test_token_loses_its_rights(guarded):
    consul, token, policy = guarded
    with start_dnsd(consul, env={"CONSUL_HTTP_TOKEN": token["SecretID"]}) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul", "node-web.node.consul", "web.service.dc1.consul") as client:
            consul.put(f"/v1/acl/policy/{policy['ID']}", {"Name": "dns", "Rules": ""})
            register(consul, "other", "10.0.0.5")  # wakes the watches, which now see nothing
            register(consul, "web", "10.0.0.6")
            wait_degraded(dnsd, 10)
            client.ask_all_again()
            assert 0 < ttl(dnsd, "web") <= STALE_TTL
            consul.put(f"/v1/acl/policy/{policy['ID']}", {"Name": "dns", "Rules": READ_ALL})
            wait_fresh(dnsd, 20)
            eventually(lambda: addresses(dnsd, "web") == ["10.0.0.6"], 10, "rights are back")
        client.assert_only("NOERROR")


def test_token_is_deleted(guarded):
    consul, token, _ = guarded
    with start_dnsd(consul, env={"CONSUL_HTTP_TOKEN": token["SecretID"]}) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul") as client:
            consul.delete(f"/v1/acl/token/{token['AccessorID']}")
            register(consul, "other", "10.0.0.5")
            wait_degraded(dnsd, 10)
            client.ask_all_again()
            assert 0 < ttl(dnsd, "web") <= STALE_TTL
            assert token["SecretID"] not in dnsd.log()
        client.assert_only("NOERROR")
