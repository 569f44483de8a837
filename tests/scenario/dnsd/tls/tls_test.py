# Signpost. Apache-2.0; see LICENSE.
"""Consul behind HTTPS.

Claims (a real agent that demands client certificates)
- With the right CA, certificate and key, given by options or by Consul's environment variables, dnsd works and follows.
- With another CA, without a certificate, with one of another CA, or with a name that the certificate does not carry, it
  answers SERVFAIL, /readyz says 503 and the log says in a word about certificates why; never NXDOMAIN.
- Files that are missing or half given end the start with exit 2 and the option's name.
"""
import subprocess

import pytest

from authority import Authority
from support.ask import ask
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.program import binary
from support.ports import free_port
from support.wait import eventually


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("pki"), "ours")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("pki"), "theirs")


@pytest.fixture(scope="module")
def consul(ours):
    certificate, key = ours.sign("server", "IP:127.0.0.1,DNS:server.dc1.consul")
    port = free_port()
    config = {"ports": {"https": port}, "ca_file": str(ours.ca), "cert_file": str(certificate), "key_file": str(key),
              "verify_incoming_https": True}
    with ConsulAgent(config=config) as agent:
        agent.https = f"https://127.0.0.1:{port}"
        agent.https_by_name = f"https://localhost:{port}"
        agent.register_service("web", "n1", "10.0.0.1")
        yield agent


@pytest.fixture(scope="module")
def client_pair(ours):
    return ours.sign("client", "DNS:client")


def options(authority, pair):
    certificate, key = pair
    return {"consul-ca-file": str(authority.ca), "consul-client-cert": str(certificate), "consul-client-key": str(key)}


@pytest.mark.parametrize("by", ["options", "environment"])
def test_right_certificates(consul, ours, client_pair, by):
    certificate, key = client_pair
    how = {"options": options(ours, client_pair)} if by == "options" else {"env": {
        "CONSUL_CACERT": str(ours.ca), "CONSUL_CLIENT_CERT": str(certificate), "CONSUL_CLIENT_KEY": str(key)}}
    with Dnsd(consul.https, **how) as dnsd:
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]
        consul.register_service("web", "n1", "10.0.0.2")
        eventually(lambda: ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.2"], 5, "a change over TLS")
        consul.register_service("web", "n1", "10.0.0.1")


@pytest.mark.parametrize("wrong", ["another CA", "no client certificate", "client certificate of another CA",
                                   "another host name", "https on the http port"])
def test_wrong_certificates(consul, ours, theirs, client_pair, wrong):
    url, given = consul.https, options(ours, client_pair)
    if wrong == "another CA":
        given["consul-ca-file"] = str(theirs.ca)
    elif wrong == "no client certificate":
        del given["consul-client-cert"], given["consul-client-key"]
    elif wrong == "client certificate of another CA":
        given = {**options(ours, theirs.sign("client", "DNS:client")), "consul-ca-file": str(ours.ca)}
    elif wrong == "another host name":
        url = consul.https_by_name
    else:
        url = consul.url.replace("http:", "https:")
    with Dnsd(url, options=given, ready=False) as dnsd:
        # Consul's alert about a client's certificate may be overtaken by the reset that follows it.
        words = ("is failing",) if wrong == "client certificate of another CA" else ("certificate", "TLS", "SSL", "alert")
        line = eventually(lambda: next((line for line in dnsd.log().splitlines() if any(w in line for w in words)), None),
                          10, lambda: f"the log says why\n{dnsd.log()}")
        print("\n " + line)
        assert ask(dnsd.dns, "web.service.consul").rcode == "SERVFAIL"
        assert dnsd.get("/readyz").status_code == 503


@pytest.mark.parametrize("arguments, named", [
    (["--consul-ca-file", "/nonexistent/ca.pem"], "--consul-ca-file"),
    (["--consul-client-cert", "CERT"], "--consul-client-cert"),
    (["--consul-client-key", "KEY"], "--consul-client-key"),
])
def test_files_missing_or_half_given(client_pair, arguments, named):
    files = {"CERT": str(client_pair[0]), "KEY": str(client_pair[1])}
    ended = subprocess.run([binary(), "--check", "--consul", "https://127.0.0.1:8501", *(files.get(a, a) for a in arguments)],
                           capture_output=True, text=True, timeout=10)
    assert ended.returncode == 2 and named in ended.stderr, ended
