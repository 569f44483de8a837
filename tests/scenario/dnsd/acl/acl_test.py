# Signpost. Apache-2.0; see LICENSE.
"""dnsd at a Consul that shows nothing to strangers.

Claims (a real agent, default policy deny)
- The token comes by CONSUL_HTTP_TOKEN, by CONSUL_HTTP_TOKEN_FILE and by the config file; a blank line at the end of the
  token file does no harm.
- A token exchanged in its file is used after SIGHUP, without any gap.
- Without a token dnsd does not say that names do not exist.
- The token is never in the log, /status, /metrics, or the process arguments; on the command line it is refused.
"""
import pathlib
import subprocess

import pytest

from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.program import binary
from support.steady_client import SteadyClient
from support.wait import eventually

ROOT_TOKEN = "11111111-2222-3333-4444-555555555555"
READ_ALL = 'node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }'


@pytest.fixture(scope="module")
def consul():
    acl = {"acl": {"enabled": True, "default_policy": "deny", "tokens": {"master": ROOT_TOKEN, "agent": ROOT_TOKEN}}}
    with ConsulAgent(config=acl, token=ROOT_TOKEN) as agent:
        agent.put("/v1/acl/policy", {"Name": "dns", "Rules": READ_ALL})
        agent.register_service("web", "n1", "10.0.0.1")
        yield agent


def new_token(consul):
    """A token that may read everything: {SecretID, AccessorID, ...}."""
    return consul.put("/v1/acl/token", {"Policies": [{"Name": "dns"}]})


@pytest.fixture(params=["environment", "file by environment", "file by option", "config file"])
def given(request, consul, tmp_path):
    """(secret, how dnsd gets it)."""
    secret = new_token(consul)["SecretID"]
    path = tmp_path / "token"
    path.write_text(secret + "\n\n")
    return secret, {
        "environment": {"env": {"CONSUL_HTTP_TOKEN": secret}},
        "file by environment": {"env": {"CONSUL_HTTP_TOKEN_FILE": str(path)}},
        "file by option": {"arguments": ["--consul-token-file", str(path)]},
        "config file": {"options": {"consul-token": secret}},
    }[request.param]


def test_token_is_used_and_kept_secret(consul, given):
    secret, how = given
    how = {**how, "arguments": [*how.get("arguments", []), "--log-level", "debug"]}
    with Dnsd(consul, **how) as dnsd:
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]
        assert secret not in dnsd.get("/status").text
        assert secret not in dnsd.get("/metrics").text
        assert secret not in pathlib.Path(f"/proc/{dnsd.pid}/cmdline").read_text()
        dnsd.reload()
        eventually(lambda: "reload" in dnsd.log().lower(), 5, "the reload")
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]
        dnsd.stop()
        assert secret not in dnsd.log()


def test_token_that_is_refused_is_not_in_the_log(consul):
    """Also when Consul turns it away, which is when programs like to quote it."""
    secret = "99999999-8888-7777-6666-555555555555"
    with Dnsd(consul, env={"CONSUL_HTTP_TOKEN": secret}, arguments=["--log-level", "debug"], ready=False) as dnsd:
        eventually(lambda: "403" in dnsd.log() or "ACL" in dnsd.log() or "denied" in dnsd.log(), 10,
                   lambda: f"the refusal is logged\n{dnsd.log()}")
        assert secret not in dnsd.log()
        assert ask(dnsd.dns, "web.service.consul").rcode == "SERVFAIL"


def test_rotation_by_file(consul, tmp_path):
    old, new = new_token(consul), new_token(consul)
    path = tmp_path / "token"
    path.write_text(old["SecretID"])
    with Dnsd(consul, arguments=["--consul-token-file", str(path)]) as dnsd:
        with SteadyClient(dnsd.dns, "web.service.consul") as client:
            path.write_text(new["SecretID"])
            dnsd.reload()
            eventually(lambda: "reload" in dnsd.log().lower(), 5, "the reload")
            consul.delete(f"/v1/acl/token/{old['AccessorID']}")
            consul.register_service("web", "n1", "10.0.0.2")
            eventually(lambda: ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.2"], 10, "news under the new token")
            consul.register_service("web", "n1", "10.0.0.1")
            eventually(lambda: ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"], 10, "and again")
            eventually(lambda: "degraded" not in dnsd.get("/readyz").text, 5, "not degraded")
            assert old["SecretID"] not in dnsd.log() and new["SecretID"] not in dnsd.log()
        client.assert_only("NOERROR")


def test_without_a_token_nothing_is_denied_to_exist(consul):
    with Dnsd(consul, ready=False) as dnsd:
        eventually(lambda: dnsd.log(), 5, "a word in the log")
        for _ in range(50):
            assert ask(dnsd.dns, "web.service.consul").rcode == "SERVFAIL"
        assert dnsd.get("/readyz").status_code == 503


def test_token_on_the_command_line_is_refused(consul):
    ended = subprocess.run([binary(), "--consul", consul.url, "--consul-token", "s3cret"], capture_output=True, text=True,
                           timeout=10)
    assert ended.returncode == 2
    assert "--consul-token" in ended.stderr and "CONSUL_HTTP_TOKEN" in ended.stderr and "s3cret" not in ended.stderr
