# Signpost. Apache-2.0; see LICENSE.
"""Listeners that demand a PROXY header. What was understood shows in the header that lb sends on to the endpoint.

Claims
- T17: version 1 in several segments, up to 107 bytes, is understood; longer, or otherwise wrong, is closed.
- T18: version 2: LOCAL and AF_UNSPEC mean the connection's own addresses, TLVs are skipped, what is wrong is closed.
- T19: a connection without the header is closed, and nothing of it reaches an endpoint.
- T20: what was read before is sent on with the header of either version; the first bytes after the header are not lost.
- The header has --proxy-timeout. HTTP listeners of --http-listen-proxy do the same, and forward that address.
"""
import contextlib
import socket
import struct
import time

import pytest

from support.lb import Lb, service
from support.origin import Origin, echo
from support.ports import free_port
from support.tcp_ends import Host, connect

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL, PROXY = 0x20, 0x21
INET, INET6, UNIX, UNSPEC = 0x11, 0x21, 0x31, 0x00
V4 = socket.inet_aton("192.0.2.7") + socket.inet_aton("198.51.100.9") + struct.pack("!HH", 51000, 443)
V4_TEXT = b"PROXY TCP4 192.0.2.7 198.51.100.9 51000 443\r\n"
V6 = bytes.fromhex("20010db8000000000000000000000007 20010db8000000000000000000000009") + struct.pack("!HH", 51000, 443)
V6_TEXT = b"PROXY TCP6 2001:db8::7 2001:db8::9 51000 443\r\n"
OWN = "its own"
LONGEST = "PROXY UNKNOWN ".ljust(105, "x").encode() + b"\r\n"
LONG_V6 = "PROXY TCP6 {0} {0} 65535 65535\r\n".format(":".join(["ffff"] * 8)).encode()
TLV = b"\x04" + struct.pack("!H", 300) + bytes(300)


def v2(command, family, rest, length=None):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(rest) if length is None else length) + rest


class Stage:
    def __init__(self):
        self.hosts = {"v1": Host(), "v2": Host()}
        self.origin = Origin(echo())
        self.ports = {version: free_port() for version in self.hosts}
        self.http_port = free_port()
        routes = [{"tcp": port, "service": version, "accept_proxy": True} for version, port in self.ports.items()]
        services = {version: service([host], send_proxy=version) for version, host in self.hosts.items()}
        self.lb = Lb({"proxy-timeout": "500ms", "stop-timeout": "2s", "http-listen-proxy": [f"127.0.0.1:{self.http_port}"]},
                     {**services, "web": [self.origin]}, [*routes, {"host": "*", "service": "web"}])

    def counted(self, reason):
        """(connections without a good header, sessions that ended for that reason)."""
        return (self.lb.metric("signpost_lb_proxy_header_errors_total"),
                self.lb.metric("signpost_lb_terminations_total", reason=reason))


@pytest.fixture(scope="module")
def stage():
    one = Stage()
    with one.lb:
        yield one
    for host in (*one.hosts.values(), one.origin):
        host.close()


@pytest.fixture
def ends():
    """Closes what it is given."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


def assert_understood(stage, ends, client, text):
    """The endpoint is told `text`, and then gets what the client sends."""
    if text == OWN:
        text = "PROXY TCP4 {} {} {} {}\r\n".format(client.local[0], client.peer[0], client.local[1], client.peer[1]).encode()
    server = ends(stage.hosts["v1"].accept())
    server.expect(text)
    client.send(b" world")
    server.expect(b"hello world")
    client.fin()
    assert (server.end(), server.got) == ("fin", b"")


GOOD = [
    pytest.param(V4_TEXT, V4_TEXT, id="T17-tcp4"),
    pytest.param(V6_TEXT, V6_TEXT, id="T17-tcp6"),
    pytest.param(b"PROXY UNKNOWN\r\n", OWN, id="T17-unknown"),
    pytest.param(LONGEST, OWN, id="T17-107-bytes"),
    pytest.param(LONG_V6, LONG_V6, id="T17-longest-tcp6"),
    pytest.param(v2(PROXY, INET, V4), V4_TEXT, id="T18-inet"),
    pytest.param(v2(PROXY, INET6, V6), V6_TEXT, id="T18-inet6"),
    pytest.param(v2(PROXY, INET, V4 + TLV * 3), V4_TEXT, id="T18-tlvs"),
    pytest.param(v2(LOCAL, UNSPEC, b""), OWN, id="T18-local"),
    pytest.param(v2(LOCAL, INET, V4), OWN, id="T18-local-with-addresses"),
    pytest.param(v2(PROXY, UNSPEC, b""), OWN, id="T18-unspec"),
    pytest.param(v2(PROXY, UNSPEC, TLV), OWN, id="T18-unspec-with-rest"),
    pytest.param(v2(PROXY, UNIX, bytes(216)), OWN, id="T18-unix"),
]


@pytest.mark.parametrize("header, text", GOOD)
def test_a_header_and_what_follows(stage, ends, header, text):
    client = ends(connect(stage.ports["v1"]))
    client.send(header + b"hello")
    assert_understood(stage, ends, client, text)


@pytest.mark.parametrize("header, text", [GOOD[0], GOOD[3], GOOD[5], GOOD[7]])
@pytest.mark.parametrize("pieces", [3, 40])
def test_a_header_in_segments(stage, ends, header, text, pieces):
    """T17, T18: in three segments, and in many; a short one byte by byte."""
    client = ends(connect(stage.ports["v1"]))
    client.send_pieces(header, max(1, len(header) // pieces))
    client.send(b"hello")
    assert_understood(stage, ends, client, text)


@pytest.mark.parametrize("header", [
    pytest.param(b"PROXY UNKNOWN ".ljust(106, b"x") + b"\r\n", id="T17-108-bytes"),
    pytest.param(b"PROXY UNKNOWN ".ljust(200, b"x"), id="T17-no-end"),
    pytest.param(V4_TEXT.replace(b"\r", b""), id="T17-bare-lf"),
    pytest.param(V4_TEXT.replace(b"192.0.2.7", b"192.0.2.700"), id="T17-address"),
    pytest.param(V4_TEXT.replace(b"51000", b"66000"), id="T17-port"),
    pytest.param(V4_TEXT.replace(b"443", b""), id="T17-word-missing"),
    pytest.param(V4_TEXT.replace(b"TCP4", b"TCP5"), id="T17-protocol"),
    pytest.param(V4_TEXT.replace(b"TCP4 ", b"TCP4  "), id="T17-two-blanks"),
    pytest.param(V4_TEXT.lower(), id="T17-lower-case"),
    pytest.param(v2(0x11, INET, V4), id="T18-version-1"),
    pytest.param(v2(0x2F, INET, V4), id="T18-command"),
    pytest.param(v2(PROXY, 0x41, V4), id="T18-family"),
    pytest.param(v2(PROXY, INET, V4[:8]), id="T18-too-short"),
    pytest.param(v2(PROXY, INET, V4, length=13) + b"x", id="T18-tlv-torn"),
    pytest.param(v2(PROXY, INET, V4, length=5000), id="T18-too-long"),
    pytest.param(v2(PROXY, INET6, V4), id="T18-inet6-too-short"),
    pytest.param(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", id="T19-http"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="T19-tls"),
    pytest.param(b"PROXYING is fun\r\n", id="T19-almost"),
])
def test_anything_else_is_closed(stage, ends, header):
    errors, refused = stage.counted("bad_request")
    client = ends(connect(stage.ports["v1"]))
    client.send(header)
    assert (client.end() != "open", client.got) == (True, b"")
    assert stage.counted("bad_request") == (errors + 1, refused + 1)
    stage.hosts["v1"].assert_nobody(0.05)


@pytest.mark.parametrize("part", [pytest.param(b"", id="T19-nothing"), pytest.param(V4_TEXT[:30], id="T17-part"),
                                  pytest.param(v2(PROXY, INET, V4)[:20], id="T18-part")])
def test_the_header_has_a_time(stage, ends, part):
    errors, late = stage.counted("client_timeout")
    before = time.monotonic()
    client = ends(connect(stage.ports["v1"]))
    client.send(part)
    assert (client.end() != "open", client.got) == (True, b"")
    assert time.monotonic() - before >= 0.45
    assert stage.counted("client_timeout") == (errors + 1, late + 1)
    stage.hosts["v1"].assert_nobody(0.05)


def test_half_a_header_and_the_end(stage, ends):
    """T19"""
    client = ends(connect(stage.ports["v1"]))
    client.send(V4_TEXT[:30])
    client.fin()
    assert (client.end() != "open", client.got) == (True, b"")
    stage.hosts["v1"].assert_nobody(0.05)


@pytest.mark.parametrize("header, addresses", [pytest.param(V4_TEXT, v2(PROXY, INET, V4), id="T20-v1-to-v2"),
                                               pytest.param(v2(PROXY, INET6, V6 + TLV), v2(PROXY, INET6, V6), id="T20-v2-to-v2")])
def test_sent_on_in_version_2(stage, ends, header, addresses):
    client = ends(connect(stage.ports["v2"]))
    client.send(header + b"hello")
    server = ends(stage.hosts["v2"].accept())
    server.expect(addresses + b"hello")


# --- HTTP --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("header, address", [pytest.param(V4_TEXT, "192.0.2.7", id="T17-http"),
                                             pytest.param(v2(PROXY, INET6, V6), "2001:db8::7", id="T18-http"),
                                             pytest.param(v2(LOCAL, UNSPEC, b""), "127.0.0.1", id="T18-http-local")])
@pytest.mark.parametrize("size", [1, 1000])
def test_http_behind_a_header(stage, header, address, size):
    with stage.lb.wire(stage.http_port) as wire:
        for before in (header, b""):  # the second request on the connection has none of its own
            whole = before + b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
            for at in range(0, len(whole), size):
                wire.send(whole[at:at + size])
            assert f"X-Forwarded-For: {address}\r\n".encode() in wire.response().body


@pytest.mark.parametrize("first", [pytest.param(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", id="T19-http-request"),
                                   pytest.param(V4_TEXT.replace(b"TCP4", b"TCP9"), id="T17-http-bad"),
                                   pytest.param(b"", id="T19-http-nothing")])
def test_http_without_a_header_is_closed(stage, first):
    asked = len(stage.origin.requests)
    with stage.lb.wire(stage.http_port) as wire:
        wire.send(first)
        assert (wire.end() != "open", wire.unread) == (True, b"")
    assert len(stage.origin.requests) == asked
