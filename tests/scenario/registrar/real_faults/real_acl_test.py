# Signpost. Apache-2.0; see LICENSE.
"""A real Consul agent with ACLs, default policy deny.

Claims
- Service write for the names it manages is all that registrar needs.
- A token that may not: the service is not there, the trouble is told; another token in its file is used without a restart.
- A token that loses its right sees an empty list (200, `{}`): nothing is registered anew or removed, and what changed
  meanwhile is right when the token has its right again.
"""
import pytest

from support.consul_agent import ConsulAgent
from support.registrar import Registrar
from support.registrar_stage import Side
from support.wait import eventually

ROOT_TOKEN = "11111111-2222-3333-4444-555555555555"
WEB = "node1:web.1:80"
ENOUGH, NOTHING = 'service_prefix "" { policy = "write" }', 'key "unused" { policy = "read" }'


@pytest.fixture(scope="module")
def consul():
    acl = {"acl": {"enabled": True, "default_policy": "deny", "tokens": {"master": ROOT_TOKEN, "agent": ROOT_TOKEN}}}
    with ConsulAgent(config=acl, token=ROOT_TOKEN) as agent:
        yield agent


def set_rules(consul, policy, rules):
    consul.put(f"/v1/acl/policy/{policy['ID']}", {**policy, "Rules": rules})


def new_token(consul, name, rules):
    """(policy, secret)."""
    policy = consul.put("/v1/acl/policy", {"Name": name, "Rules": rules})
    return policy, consul.put("/v1/acl/token", {"Policies": [{"Name": name}]})["SecretID"]


@pytest.fixture
def follow(engine, consul, tmp_path):
    """follow(secret): a Side whose registrar has that token in a file, at .token; the containers end with the test."""
    sides = []

    def start(secret):
        side = Side("consul", consul)
        side.token = tmp_path / "token"
        side.token.write_text(secret)
        side.registrar = Registrar(engine, consul, {"ip": engine.address, "consul-token-file": str(side.token)}, ready=False)
        sides.append(side)
        return side

    yield start
    engine.remove(*engine.names())
    for side in sides:
        eventually(lambda: not side.own(), 15, lambda: f"all removed\n{side.log_tail()}")
        side.registrar.close()


def test_case_106_token_replaced_in_its_file(engine, consul, follow):
    _, useless = new_token(consul, "useless", NOTHING)
    _, useful = new_token(consul, "useful", ENOUGH)
    side = follow(useless)
    engine.start_container("web.1", "-p", "80")
    eventually(lambda: "ermission" in side.registrar.log(), 10, lambda: f"the trouble told\n{side.log_tail()}")
    assert not side.own()
    side.token.write_text(useful)
    eventually(lambda: WEB in side.own(), 20, lambda: f"{WEB} registered\n{side.log_tail()}")
    for secret in (useless, useful):
        assert secret not in side.registrar.log()


def test_case_107_right_lost_and_found(engine, consul, follow):
    policy, secret = new_token(consul, "fickle", ENOUGH)
    side = follow(secret)
    engine.start_container("web.1", "-p", "80")
    engine.start_container("web.2", "-p", "80")
    both = {WEB, "node1:web.2:80"}
    eventually(lambda: set(side.own()) == both, 15, lambda: f"both registered\n{side.log_tail()}")
    set_rules(consul, policy, NOTHING)
    engine.remove("web.2")
    engine.start_container("web.3", "-p", "80")
    eventually(lambda: "ermission" in side.registrar.log() or "denied" in side.registrar.log(), 15,
               lambda: f"the loss told\n{side.log_tail()}")
    assert set(side.own()) == both, "something was written without a right"
    set_rules(consul, policy, ENOUGH)
    eventually(lambda: set(side.own()) == {WEB, "node1:web.3:80"}, 30, lambda: f"right again\n{side.log_tail()}")
