# Signpost. Apache-2.0; see LICENSE.
"""What a blocked read costs dnsd: not the body that came with it, which no read needs.

Half a megabyte with each of 200 blocked reads would be 100 MB, kept for as long as they wait.
"""
import contextlib
import re
import socket

import pytest

from support.program import memory_limit
from support.embedded import Embedded
from support.wait import eventually

READS = 200
BODY = b"x" * (500 << 10)


@pytest.fixture
def registry():
    with Embedded() as registry:
        yield registry


def resident(registry):
    """Bytes."""
    with open(f"/proc/{registry.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) << 10


def test_bodies_are_not_kept(registry):
    index = registry.request("GET", "/v1/kv/absent").headers["X-Consul-Index"]
    head = (f"GET /v1/kv/absent?index={index}&wait=60s HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n").encode()
    before = resident(registry)
    with contextlib.ExitStack() as stack:
        for _ in range(READS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", registry.dnsd.http_port), timeout=10))
            client.sendall(head + BODY)
        eventually(lambda: registry.dnsd.metric("signpost_registry_blocked") == READS, 20, "all of them blocked")
        assert resident(registry) - before < memory_limit(30 << 20)
