# Signpost. Apache-2.0; see LICENSE.
"""What a client can cost the registry is bounded.

- 4,000 blocked queries are held at once, and more are refused with an answer while those go on and DNS answers.
- A client that sends its request slowly is cut off; one that waits for a change is not.
- Heads and bodies have limits (431, 413), Consul's 512 KiB for a key's value among them.
- The usual limit of 1,024 open files is no hindrance. Where files do run out, DNS goes on, dnsd does not spin, and new
  clients are served once others have gone.
- Clients that went away leave nothing behind.
"""
import resource
import socket
import time

import pytest

from support.ask import ask
from support.embedded import Embedded
from support.wait import eventually, quiet

HELD = 4000
CONNECTIONS = 8192  # of the listener


@pytest.fixture(scope="module", autouse=True)
def many_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[1], 20000), max(before[1], 20000)))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def files(soft, hard=None):
    """For Dnsd's preexec: the limits of open files that it starts with."""
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard or highest))


@pytest.fixture(scope="module")
def registry():
    with Embedded(preexec=files(1024)) as registry:
        registry.put("/v1/agent/service/register", {"Name": "web", "Address": "10.0.0.1", "Port": 80})
        yield registry


class Raw:
    """A client that speaks bytes."""

    def __init__(self, registry, text=b""):
        self.link = socket.create_connection(("127.0.0.1", registry.dnsd.http_port))
        self.link.sendall(text)

    def status(self, timeout=20):
        """Of the answer; 0 if the connection ends without one."""
        self.link.settimeout(timeout)
        try:
            line = self.link.recv(65536)
        except ConnectionResetError:
            return 0
        return int(line.split()[1]) if line else 0

    def close(self):
        self.link.close()


def get(path, more=b""):
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: a\r\n" + more + b"\r\n"


def blocked(registry):
    return registry.dnsd.metric("signpost_registry_blocked")


def test_thousands_of_blocked_queries_and_no_more(registry):
    path = f"/v1/health/service/web?wait=5m&index={registry.index('/v1/health/service/web')}"
    clients = [Raw(registry, get(path)) for _ in range(HELD)]
    try:
        eventually(lambda: blocked(registry) == HELD, 20, lambda: f"{blocked(registry)} blocked")
        assert registry.get("/v1/catalog/services")["web"] == []
        assert ask(registry.dns, "web.service.consul").of("A") == ["10.0.0.1"]

        idle = [Raw(registry) for _ in range(CONNECTIONS - HELD + 50)]
        refused = [client.status() for client in idle[-20:]]
        assert set(refused) == {503}, "with an answer, not with silence"
        assert ask(registry.dns, "web.service.consul").of("A") == ["10.0.0.1"]
        for client in idle:
            client.close()
        eventually(lambda: registry.request("GET", "/v1/status/leader").status_code == 200, 10, "room again")
        assert blocked(registry) == HELD
    finally:
        for client in clients:
            client.close()
    eventually(lambda: blocked(registry) == 0, 20, lambda: f"{blocked(registry)} left behind")


def test_without_files_dns_goes_on():
    with Embedded(preexec=files(200, 200)) as registry:
        registry.put("/v1/agent/service/register", {"Name": "web", "Address": "10.0.0.1"})
        clients = [Raw(registry) for _ in range(300)]
        before, end = registry.dnsd.process.cpu_seconds(), time.monotonic() + 1
        while time.monotonic() < end:
            assert ask(registry.dns, "web.service.consul").of("A") == ["10.0.0.1"]
        used = registry.dnsd.process.cpu_seconds() - before
        assert used < 0.7, f"{used} s of CPU time in a second of few questions"
        for client in clients:
            client.close()
        eventually(quiet(lambda: registry.get("/v1/agent/services")["web"], OSError), 10, "service again")


def test_slow_clients_are_cut_off_and_waiting_ones_are_not():
    """A head must be whole 10 s after its first byte."""
    with Embedded() as registry:
        index = registry.index("/v1/kv/none?raw")
        waiting = Raw(registry, get(f"/v1/kv/none?wait=5m&index={index}"))
        head = Raw(registry, b"GET /v1/agent/self HTTP/1.1\r\nHost")
        assert head.status(15) in (408, 0)
        assert blocked(registry) == 1
        registry.put("/v1/kv/none", "1")
        assert waiting.status() == 200
        head.close()
        waiting.close()


def test_sizes(registry):
    at_most = b"x" * 512 * 1024
    assert registry.request("PUT", "/v1/kv/large", at_most).status_code == 200
    assert registry.request("GET", "/v1/kv/large?raw").content == at_most
    assert registry.request("PUT", "/v1/kv/larger", at_most + b"x").status_code == 413
    assert registry.request("PUT", "/v1/agent/service/register", b"x" * (2 << 20)).status_code == 413
    assert registry.request("GET", "/v1/kv/larger").status_code == 404
    for more in (b"X-Long: " + b"x" * 20000 + b"\r\n", b"X: y\r\n" * 5000):
        client = Raw(registry, get("/v1/agent/self", more))
        assert client.status() == 431
        client.close()


@pytest.mark.parametrize("text", [
    b"GARBAGE\r\n\r\n", b"GET /v1/agent/self HTTP/1.1\r\n\r\n", b"GET /v1/kv/%zz HTTP/1.1\r\nHost: a\r\n\r\n",
    b"PUT /v1/kv/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"PUT /v1/kv/a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"])
def test_what_is_no_request(registry, text):
    client = Raw(registry, text)
    assert client.status() == 400
    client.close()
    assert registry.request("GET", "/v1/status/leader").status_code == 200
