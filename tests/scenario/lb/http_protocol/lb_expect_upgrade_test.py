# Signpost. Apache-2.0; see LICENSE.
"""Expect, interim answers and upgraded connections.

- H87 to H92: 100 and 103 are the origin's alone to send, come once, and not to HTTP/1.0; a final answer may come instead.
- H93: a 101 that nobody asked for is 502.
- H94 to H98: after a 101 both sides have a tunnel: byte by byte, half-close, reset, idle limit; whatever the protocol.
- H11, H99: HTTP/2 does not begin here.
- H94 once more with a real WebSocket client.
"""
import base64
import hashlib
import struct
import threading

import pytest
import websocket

from lb_http_stage import get, post
from support.origin import answer, hang, raw
from support.wait import eventually

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
UPGRADE = get("/chat", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
EXPECTING = post(b"abc", "Expect: 100-continue")[:-3]  # its head


def nothing_yet(wire):
    return wire.end(0.15) == "open" and wire.unread == b""


@pytest.fixture
def heads(stage):
    """The stage, whose origin's steps are called without waiting for bodies."""
    stage.origin.read_bodies = False
    return stage


# --- Expect ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("head, body", [
    pytest.param(EXPECTING, b"abc", id="H87"),
    pytest.param(post([b"abc"], "Expect: 100-continue")[:-13], b"3\r\nabc\r\n0\r\n\r\n", id="H87.chunked"),
])
def test_the_origin_lets_the_body_come(heads, head, body):
    heads.origin.script = lambda exchange: (exchange.send(CONTINUE), answer(exchange.read_body())(exchange))
    with heads.wire() as wire:
        interim = wire.request(head)
        assert (interim.status, interim.lines) == (100, [b"Via: 1.1 signpost"])
        assert heads.origin.received.endswith(b"\r\n\r\n"), "no body before its time"
        assert b"\r\nExpect: 100-continue\r\n" in heads.origin.received
        assert nothing_yet(wire)
        final = wire.request(body)
        assert (final.status, final.body, final.field("connection")) == (200, body, None)
        assert nothing_yet(wire), "one 100 and one 200"


def test_no_100_is_invented(heads):
    """H87: an origin that sends none, and a client that sends its body after a while, as it may."""
    heads.origin.script = [lambda exchange: answer(exchange.read_body())(exchange), answer(b"probe")]
    with heads.wire() as wire:
        wire.send(EXPECTING)
        eventually(lambda: b"\r\n\r\n" in heads.origin.received, 5, "the head")
        assert nothing_yet(wire)
        assert wire.request(b"abc").body == b"abc"
        heads.probe(wire)


def test_a_body_that_does_not_wait(heads):
    """H87, H88: Expect with the body right behind; the 100 that comes all the same is passed on."""
    heads.origin.script = lambda exchange: (exchange.send(CONTINUE), exchange.read_body(), exchange.send(OK))
    with heads.wire() as wire:
        assert wire.request(EXPECTING + b"abc").status == 100
        assert wire.response().body == b"ok"
        assert nothing_yet(wire)


def test_100_that_nobody_waits_for(stage):
    """H88: one 100 and one 200, in one packet, and the next answer is the next request's."""
    stage.origin.script = [raw(CONTINUE + OK), answer(b"probe")]
    with stage.wire() as wire:
        assert wire.request(post(b"abc")).status == 100
        assert wire.response().body == b"ok"
        assert stage.probe(wire).body == b"probe"


@pytest.mark.parametrize("status", ["413 Content Too Large", "417 Expectation Failed", "200 OK"])
def test_final_answer_instead_of_100(heads, status):
    """H87, H89: it is passed on, nothing else is, and the connection closes, for a body may or may not follow."""
    heads.origin.script = [answer(b"no", status), answer(b"probe")]
    with heads.wire() as wire:
        response = wire.request(EXPECTING)
        assert (response.status, response.body, response.field("connection")) == (int(status[:3]), b"no", "close")
        wire.send(b"abc")
        assert (wire.end(), wire.unread) == ("fin", b"")
    heads.wait_upstream_closed()
    heads.probe()
    assert len(heads.origin.requests) == 2


@pytest.mark.parametrize("interim", [pytest.param(CONTINUE, id="H90"),
                                     pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", id="H92.old")])
def test_no_interim_answer_for_http10(stage, interim):
    stage.origin.script = raw(interim + OK)
    with stage.wire() as wire:
        data = post(b"abc", "Expect: 100-continue", version="HTTP/1.0")
        response = wire.request(data)
        assert (response.status, response.body, response.field("connection")) == (200, b"ok", "close")
        assert wire.end() == "fin"
    assert b"xpect" not in stage.origin.requests[0]


def test_unknown_expectation(stage):
    """H91"""
    with stage.wire() as wire:
        assert wire.request(post(b"abc", "Expect: foo")).status == 200
    assert b"\r\nExpect: foo\r\n" in stage.origin.requests[0] and stage.origin.requests[0].endswith(b"\r\n\r\nabc")


def test_early_hints_come_early(stage):
    """H92: several, each when it is sent, before the final answer is known."""
    more = threading.Semaphore(0)

    def step(exchange):
        for number in range(3):
            exchange.send(b"HTTP/1.1 103 Early Hints\r\nLink: </%d>\r\n\r\n" % number)
            assert more.acquire(timeout=5)
        exchange.send(OK)

    stage.origin.script = step
    with stage.wire() as wire:
        wire.send(get())
        for number in range(3):
            hint = wire.response()
            assert (hint.status, hint.field("link")) == (103, f"</{number}>")
            more.release()
        assert wire.response().body == b"ok"


# --- tunnels ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("request_bytes", [
    pytest.param(get(), id="H93"),
    pytest.param(get("/x", "Upgrade: websocket"), id="H93.unnamed"),
    pytest.param(get("/x", "Upgrade: h2c", "Connection: Upgrade"), id="H93.h2c"),
    pytest.param(get("/x", "Upgrade: websocket", "Connection: Upgrade", version="HTTP/1.0"), id="H93.old"),
    pytest.param(post(b"abc", "Upgrade: websocket", "Connection: Upgrade"), id="H93.body"),
])
def test_101_that_nobody_asked_for(stage, request_bytes):
    stage.origin.script = [raw(SWITCHING + b"payload"), answer(b"probe")]
    with stage.wire() as wire:
        assert wire.request(request_bytes).status == 502
    stage.wait_upstream_closed()
    stage.probe()


@pytest.fixture
def tunnel(heads):
    """tunnel(request, switching): (wire, the origin's socket), after a 101; both are closed at the test's end."""
    opened = []

    def open_tunnel(request=UPGRADE, switching=SWITCHING):
        done, sockets = threading.Event(), []

        def step(exchange):
            exchange.keep = False
            exchange.socket.settimeout(5)
            sockets.append(exchange.socket)
            exchange.send(switching)
            done.wait(30)

        heads.origin.script = step
        wire = heads.wire()
        opened.append((wire, done))
        response = wire.request(request)
        assert (response.status, response.field("connection")) == (101, "Upgrade"), response
        return wire, sockets[0]

    yield open_tunnel
    for wire, done in opened:
        wire.close()
        done.set()


def receive(sock, size):
    data = b""
    while len(data) < size and (piece := sock.recv(size - len(data))):
        data += piece
    return data


def test_tunnel(heads, tunnel):
    """H94: any byte in both directions, and it is counted."""
    before = heads.lb.metric("signpost_lb_tunnels_total")
    wire, server = tunnel()
    every = bytes(range(256)) * 16
    for _ in range(3):
        wire.send(every)
        assert receive(server, len(every)) == every
        server.sendall(every[::-1])
        assert receive(wire.socket, len(every)) == every[::-1]
    assert heads.lb.metric("signpost_lb_tunnels_total") == before + 1
    wire.send(get())
    assert receive(server, len(get())) == get(), "nothing is a request any more"


def test_payload_behind_the_handshake(heads):
    """H95: it waits for the 101; what the origin sends behind its 101 comes too."""
    early = []

    def step(exchange):
        exchange.keep = False
        exchange.socket.settimeout(0.15)
        try:
            early.append(exchange.socket.recv(100))
        except TimeoutError:
            pass
        exchange.socket.settimeout(5)
        exchange.send(SWITCHING + b"greeting")
        exchange.send(receive(exchange.socket, 7))

    heads.origin.script = step
    with heads.wire() as wire:
        assert wire.request(UPGRADE + b"payload").status == 101
        assert wire.everything() == b"greetingpayload"
    assert early == [], "nothing before the 101"


@pytest.mark.parametrize("request_bytes, switching", [
    pytest.param(get("/x", "Connection: upgrade", "Upgrade: foo/2"), SWITCHING.replace(b"websocket", b"foo/2"), id="H96"),
    pytest.param(UPGRADE, b"HTTP/1.1 101 Whatever\r\n\r\n", id="H97"),
])
def test_handshakes_of_all_kinds(tunnel, request_bytes, switching):
    wire, server = tunnel(request_bytes, switching)
    wire.send(b"ping")
    assert receive(server, 4) == b"ping"
    server.sendall(b"pong")
    assert receive(wire.socket, 4) == b"pong"


def test_client_half_closes(tunnel):
    """H98"""
    wire, server = tunnel()
    wire.send(b"last")
    wire.fin()
    assert receive(server, 100) == b"last", "and then its FIN"
    server.sendall(b"BYE")
    assert receive(wire.socket, 3) == b"BYE"
    server.close()
    assert wire.end() == "fin"


def test_server_half_closes(tunnel):
    """H98, from the other side."""
    wire, server = tunnel()
    server.sendall(b"BYE")
    server.shutdown(1)
    assert receive(wire.socket, 100) == b"BYE"
    wire.send(b"last words")
    assert receive(server, 10) == b"last words"


def test_a_reset_goes_through(tunnel):
    wire, server = tunnel()
    wire.reset()
    with pytest.raises(ConnectionResetError):
        receive(server, 1)
    wire, server = tunnel()
    server.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER
    server.close()
    assert wire.end() == "reset"


def test_refused_upgrade(stage):
    """H94: the origin may answer as if nobody had asked; 426 tells its protocols."""
    stage.origin.script = [answer(b"ok"), answer(b"no", "426 Upgrade Required", ["Upgrade: foo/2", "Connection: Upgrade"])]
    with stage.wire() as wire:
        first = wire.request(UPGRADE)
        assert (first.status, first.body) == (200, b"ok")
        second = wire.request(UPGRADE)
        assert (second.status, second.field("upgrade"), second.body) == (426, "foo/2", b"no")
    assert len(stage.origin.requests) == 2


def test_idle_tunnel(stages):
    """H94: tunnel_timeout ends it, not the timeouts of requests; every byte begins it anew."""
    stage = stages(settings={"tunnel_timeout": "800ms", "read_timeout": "200ms"}, idle_timeout="200ms", header_timeout="200ms")
    stage.origin.script = lambda exchange: (exchange.send(SWITCHING), hang()(exchange))
    with stage.wire() as wire:
        assert wire.request(UPGRADE).status == 101
        for _ in range(3):
            assert wire.end(0.3) == "open"
            wire.send(b"x")
        assert wire.end() == "fin"
    assert stage.ended("idle") == 1
    eventually(lambda: stage.origin.open_connections == 0, 5, "both ends are closed")


# --- HTTP/2 ----------------------------------------------------------------------------------------------------------

def test_http2_preface(stage):
    """H11: with its SETTINGS frame behind; 505 at once, nothing goes to the origin."""
    with stage.wire() as wire:
        response = wire.request(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
        assert (response.status, response.field("connection")) == (505, "close")
        assert (wire.end(1.0), wire.unread) == ("fin", b"")
    stage.assert_untouched()


def test_http2_upgrade(stage):
    """H99: answered as 1.1."""
    with stage.wire() as wire:
        response = wire.request(get("/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"))
        assert (response.version, response.status, response.fields("upgrade")) == ("HTTP/1.1", 200, [])
    assert b"h2c" not in stage.origin.received.lower() and b"http2" not in stage.origin.received.lower()


# --- a real WebSocket client -----------------------------------------------------------------------------------------

def frames(connection):
    """(opcode, data) of the frames that a client sends (RFC 6455 5.2), to its FIN."""
    while len(start := receive(connection, 2)) == 2:
        size = start[1] & 127
        if size > 125:
            size = int.from_bytes(receive(connection, 2 if size == 126 else 8), "big")
        mask = receive(connection, 4)
        data = receive(connection, size)
        yield start[0] & 15, bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))


def frame(opcode, data):
    size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data))
    return bytes([0x80 | opcode]) + size + data


def websocket_echo(exchange):
    """Shakes hands, then sends every frame back, a CLOSE last."""
    exchange.keep = False
    key = next(line.split(b":")[1].strip() for line in exchange.head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key"))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    exchange.send(SWITCHING[:-2] + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame(1, b"welcome"))
    for opcode, data in frames(exchange.socket):
        exchange.send(frame(opcode, data))
        if opcode == 8:
            return


def test_websocket_client(heads):
    """H94, H95"""
    heads.origin.script = websocket_echo
    client = websocket.create_connection(f"ws://127.0.0.1:{heads.lb.listen_port}/chat", host="a.example", timeout=5)
    try:
        assert client.recv() == "welcome"
        for size in (0, 1, 125, 126, 5000, 65535):
            client.send("x" * size)
            assert client.recv() == "x" * size
            client.send_binary(bytes(range(256)) * (size // 256))
            assert client.recv() == bytes(range(256)) * (size // 256)
    finally:
        client.close()
    assert heads.origin.requests[0].startswith(b"GET /chat HTTP/1.1\r\n")
    heads.wait_upstream_closed()
