# Signpost. Apache-2.0; see LICENSE.
"""One agent, one Docker Engine and one set of servers for all tests of this folder."""
import subprocess
import time

import checked_agent
import pytest
import targets

from support.docker_engine import DockerEngine

SERVING, NOT_SERVING = 1, 2


@pytest.fixture(scope="package")
def certificate(tmp_path_factory):
    """(certificate, key) that nobody trusts."""
    folder = tmp_path_factory.mktemp("self-made")
    chain, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
                    "-out", chain], check=True, capture_output=True, timeout=60)
    return chain, key


@pytest.fixture(scope="package")
def docker():
    with DockerEngine() as engine:
        engine.run("c1", "/bin/sleep", "100000")
        engine.command("create", "--net", "none", "--name", "stopped", engine.IMAGE, "/bin/sleep", "100000")
        yield engine


@pytest.fixture(scope="package")
def agent(docker):
    with checked_agent.checked_agent(docker=docker.url) as found:
        # Takes more than a minute to happen: begins now, is looked at last.
        found.doomed_at = time.monotonic()
        found.put("/v1/agent/service/register", {"Name": "doomed", "Check": {
            "TTL": "1s", "DeregisterCriticalServiceAfter": "1s"}})
        found.put("/v1/agent/service/register", {"Name": "spared", "Check": {"TTL": "1s"}})
        yield found


@pytest.fixture(scope="package")
def web():
    with targets.HttpTarget() as server:
        yield server


@pytest.fixture(scope="package")
def tls_web(certificate):
    with targets.HttpTarget(certificate) as server:
        yield server


@pytest.fixture(scope="package")
def health():
    with targets.grpc_target({"": SERVING, "good": SERVING, "bad": NOT_SERVING, "unsure": 0}) as port:
        yield port


@pytest.fixture(scope="package")
def tls_health(certificate):
    with targets.grpc_target({"": SERVING}, certificate) as port:
        yield port


@pytest.fixture(scope="package")
def silent():
    with targets.silent_target() as port:
        yield port


@pytest.fixture(scope="package")
def closed():
    with targets.closed_port() as port:
        yield port
