# Signpost. Apache-2.0; see LICENSE.
"""TCP ports where the name in the ClientHello chooses the service.

Claims
- T15: a ClientHello in 1-byte segments, in several records or with much in it is put together and passed on unchanged;
  it has --sni-timeout, and 16 KiB.
- T16: what is no TLS, or names nobody that a route is for, goes to the port's plain service, or is closed.
- The longest route wins: exact name, *.name, then the plain one; names are compared without case.
- TLS is passed through: the client sees the endpoint's certificate.
"""
import contextlib
import ssl
import subprocess
import threading
import time

import pytest

from support.lb import Lb
from support.ports import free_port
from support.tcp_ends import Host, connect
from support.wait import eventually

NAMES = ("exact", "below", "plain")


class Stage:
    """One lb with a port for all, with a plain service, and one without."""

    def __init__(self):
        self.hosts = {name: Host() for name in NAMES}
        self.port, self.strict_port = free_port(), free_port()
        routes = [{"tcp": self.port, "sni": "db.example.com", "service": "exact"},
                  {"tcp": self.port, "sni": "*.example.com", "service": "below"},
                  {"tcp": self.port, "service": "plain"},
                  {"tcp": self.strict_port, "sni": "db.example.com", "service": "exact"}]
        self.lb = Lb({"sni-timeout": "500ms", "stop-timeout": "2s"}, {name: [host] for name, host in self.hosts.items()}, routes)


@pytest.fixture(scope="module")
def stage():
    one = Stage()
    with one.lb:
        yield one
    for host in one.hosts.values():
        host.close()


@pytest.fixture
def ends():
    """Closes what it is given."""
    with contextlib.ExitStack() as stack:
        yield stack.enter_context


def client_hello(name):
    """As a browser sends it; without server_name when `name` is None."""
    wanted = ssl.create_default_context()
    wanted.check_hostname = name is not None
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        wanted.wrap_bio(incoming, outgoing, server_hostname=name).do_handshake()
    return outgoing.read()


def record(handshake):
    return b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake


def in_records(hello, size):
    """The same ClientHello in records of `size` bytes."""
    handshake = hello[5:]
    return b"".join(record(handshake[at:at + size]) for at in range(0, len(handshake), size))


def padded(hello, size):
    """The same ClientHello with a padding extension (RFC 7685) that makes its handshake message `size` bytes long."""
    body = hello[9:]
    at = 2 + 32
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at:at + 2], "big")
    at += 1 + body[at]
    extensions = body[at + 2:]
    room = size - 4 - (at + 2 + len(extensions)) - 4
    extensions = b"\x00\x15" + room.to_bytes(2, "big") + bytes(room) + extensions  # before server_name
    message = body[:at] + len(extensions).to_bytes(2, "big") + extensions
    return b"\x01" + len(message).to_bytes(3, "big") + message


def assert_served(stage, ends, client, bytes_sent, service):
    """The service's host got exactly that, and can answer."""
    server = ends(stage.hosts[service].accept())
    server.expect(bytes_sent)
    server.send(b"answer")
    client.expect(b"answer")
    client.fin()
    assert (server.end(), server.got) == ("fin", b"")


@pytest.mark.parametrize("name, service", [
    pytest.param("db.example.com", "exact", id="T15-exact"), pytest.param("DB.Example.COM", "exact", id="T15-case"),
    pytest.param("web.example.com", "below", id="T15-wildcard"), pytest.param("a.b.example.com", "below", id="T15-deep"),
    pytest.param("example.com", "plain", id="T16-not-below-itself"), pytest.param("other.example.org", "plain", id="T16-unknown-name"),
    pytest.param(None, "plain", id="T16-no-name")])
def test_the_name_chooses_the_service(stage, ends, name, service):
    client = ends(connect(stage.port))
    hello = client_hello(name)
    client.send(hello)
    assert_served(stage, ends, client, hello, service)


def test_segments_of_one_byte(stage, ends):
    """T15"""
    client = ends(connect(stage.port))
    hello = client_hello("db.example.com")
    client.send_pieces(hello[:100])  # the name is behind them, the time limit is short
    client.send(hello[100:])
    assert_served(stage, ends, client, hello, "exact")


@pytest.mark.parametrize("size", [pytest.param(1, id="T15-records-of-1"), pytest.param(50, id="T15-records-of-50")])
def test_several_records(stage, ends, size):
    client = ends(connect(stage.port))
    hello = in_records(client_hello("db.example.com"), size)
    client.send(hello)
    assert_served(stage, ends, client, hello, "exact")


@pytest.mark.parametrize("size, service", [pytest.param(8 << 10, "exact", id="T15-8KiB"), pytest.param(15 << 10, "exact", id="T15-15KiB"),
                                           pytest.param(40 << 10, "plain", id="T15-40KiB-is-too-much")])
def test_large_hello(stage, ends, size, service):
    client = ends(connect(stage.port))
    message = padded(client_hello("db.example.com"), size)
    hello = b"".join(record(message[at:at + 16000]) for at in range(0, len(message), 16000))
    client.send(hello)
    assert_served(stage, ends, client, hello, service)


def test_what_follows_the_hello_goes_with_it(stage, ends):
    """T15: nothing that was read with it is lost."""
    client = ends(connect(stage.port))
    bytes_sent = client_hello("db.example.com") + bytes(range(256)) * 200
    client.send(bytes_sent)
    assert_served(stage, ends, client, bytes_sent, "exact")


NOT_TLS = [pytest.param(b"GET / HTTP/1.1\r\nHost: db.example.com\r\n\r\n", id="T16-http"),
           pytest.param(b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", id="T16-another-handshake"),
           pytest.param(b"\x16\x03\x01\x00\x00", id="T16-empty-record"),
           pytest.param(b"\0" * 32, id="T16-zeros")]


@pytest.mark.parametrize("bytes_sent", NOT_TLS)
def test_no_tls_goes_to_the_plain_service(stage, ends, bytes_sent):
    client = ends(connect(stage.port))
    client.send(bytes_sent)
    assert_served(stage, ends, client, bytes_sent, "plain")


@pytest.mark.parametrize("bytes_sent", [*NOT_TLS, pytest.param(client_hello("other.example.org"), id="T16-unknown-name"),
                                        pytest.param(client_hello(None), id="T16-no-name")])
def test_without_a_plain_service_it_is_closed(stage, ends, bytes_sent):
    client = ends(connect(stage.strict_port))
    client.send(bytes_sent)
    assert (client.end() != "open", client.got) == (True, b"")
    stage.hosts["exact"].assert_nobody(0.05)


@pytest.mark.parametrize("part", [pytest.param(0, id="T15-nothing-comes"), pytest.param(40, id="T15-a-part-comes")])
def test_the_hello_has_a_time(stage, ends, part):
    before, counted = time.monotonic(), stage.lb.metric("signpost_lb_terminations_total", reason="client_timeout")
    client = ends(connect(stage.port))
    client.send(client_hello("db.example.com")[:part])
    assert (client.end() != "open", client.got) == (True, b"")
    assert time.monotonic() - before >= 0.45
    assert stage.lb.metric("signpost_lb_terminations_total", reason="client_timeout") == counted + 1
    for host in stage.hosts.values():
        host.assert_nobody(0.05)


def test_a_dripped_hello_has_the_same_time(stage, ends):
    """T15: each byte alone does not begin the time anew."""
    client = ends(connect(stage.port))
    before = time.monotonic()
    with contextlib.suppress(OSError):
        for byte in client_hello("db.example.com"):
            client.send(bytes([byte]))
            if client.end(0.05) != "open":
                break
    assert 0.45 <= time.monotonic() - before <= 10
    for host in stage.hosts.values():
        host.assert_nobody(0.05)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A PEM file with a key and a certificate for db.example.com."""
    folder = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", "/CN=db.example.com", "-addext", "subjectAltName=DNS:db.example.com",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


def test_tls_is_passed_through(stage, ends, certificate):
    """The client checks the endpoint's certificate and talks to the endpoint itself."""
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate)

    def serve():
        with server_side.wrap_socket(stage.hosts["exact"].accept().socket, server_side=True) as secure:
            secure.sendall(b"secret " + secure.recv(100))
            secure.unwrap()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    client = ends(connect(stage.port))
    with ssl.create_default_context(cafile=certificate).wrap_socket(client.socket, server_hostname="db.example.com") as secure:
        secure.sendall(b"hello")
        assert secure.recv(100) == b"secret hello"
        assert secure.recv(100) == b""
    serving.join(5)
    assert not serving.is_alive()


def test_routes_by_name_follow_a_reload(stage, ends):
    """Last: it changes the routes. The new ones count for the next connection."""
    moved = [{**route, "service": "below"} if route["service"] == "exact" else route for route in stage.lb.options["routes"]]
    stage.lb.reload(routes=moved)
    eventually(lambda: "options reloaded" in stage.lb.log(), 5, "reloaded")
    client = ends(connect(stage.port))
    hello = client_hello("db.example.com")
    client.send(hello)
    assert_served(stage, ends, client, hello, "below")
