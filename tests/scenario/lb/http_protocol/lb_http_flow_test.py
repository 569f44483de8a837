# Signpost. Apache-2.0; see LICENSE.
"""Requests and answers on their connections, where more than the bytes of one message decides.

- H18, H19, H52 to H55: the host decides, and nobody gets another host's answer.
- H83, H86: a body that breaks off, and what comes behind the last request.
- H84, H85: requests that come at once are answered one after the other.
- H106: Max-Forwards: 0 is answered here.
- H109 to H111, H135, H145: origins that close, reset or say too much.
- H117, H119: a body that must not be there is not taken for the next answer.
- H141, H142: the client's FIN and RST.
"""
import threading

import pytest

from lb_http_stage import chunked, get, post
from support.lb import Lb
from support.origin import Origin, answer, close, name, raw, reset
from support.wait import eventually, quiet


def wait_partial(origin):
    eventually(lambda: origin.partial, 5, lambda: f"a request that breaks off; complete were {origin.requests}")
    return origin.partial[-1]


# --- hosts -----------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def houses():
    """An lb for three tenants and one without endpoints; no default."""
    with Origin(name("a")) as a, Origin(name("b")) as b, Origin(name("web")) as web:
        routes = [{"host": "a.example", "service": "a"}, {"host": "b.example", "service": "b"},
                  {"host": "web.example.org", "service": "web"}, {"host": "empty.example", "service": "empty"}]
        with Lb(services={"a": [a], "b": [b], "web": [web], "empty": []}, routes=routes) as lb:
            yield lb


@pytest.mark.parametrize("request_bytes, status, body", [
    pytest.param(get("http://a.example/x"), 200, b"a", id="H18"),
    pytest.param(get("http://b.example/x"), 200, b"b", id="H19"),
    pytest.param(get(host="WEB.Example.ORG.:80"), 200, b"web", id="H52"),
    pytest.param(b"GET /x HTTP/1.0\r\n\r\n", 404, None, id="H53"),
    pytest.param(get(host="c.example"), 404, None, id="H54"),
    pytest.param(get(host="a.example.c"), 404, None, id="H54.longer"),
    pytest.param(get(host="xa.example"), 404, None, id="H54.prefixed"),
    pytest.param(get("http://c.example/x", host="a.example"), 404, None, id="H54.absolute"),
    pytest.param(get(host="empty.example"), 503, None, id="H55"),
])
def test_hosts(houses, request_bytes, status, body):
    with houses.wire() as wire:
        response = wire.request(request_bytes)
        assert response.status == status
        if body:
            assert response.body == body
        else:
            assert response.body.startswith(str(status).encode()) and len(response.body) < 200
        assert response.field("retry-after") == ("1" if status == 503 else None)
        if b"HTTP/1.0" in request_bytes:
            assert wire.end() == "fin"
        else:
            assert wire.request(get(host="b.example")).body == b"b", "the connection goes on"


# --- bodies that break off, requests behind the last one -------------------------------------------------------------

@pytest.mark.parametrize("begun", [
    pytest.param(post(b"0123456789")[:-7], id="H83"),
    pytest.param(post([b"012", b"345"])[:-12], id="H83.chunk"),
    pytest.param(post([b"012"])[:-5], id="H83.lastchunk"),
    pytest.param(post([b"012"])[:-2], id="H83.trailers"),
])
@pytest.mark.parametrize("end", ["fin", "reset"])
def test_request_body_breaks_off(stage, begun, end):
    before = stage.ended("client_abort")
    with stage.wire() as wire:
        head = begun.index(b"\r\n\r\n") + 4
        wire.send(begun[:head])
        eventually(lambda: b"\r\n\r\n" in stage.origin.received, 5, "the head")
        wire.send(begun[head:])
        eventually(lambda: begun[head:head + 3] in stage.origin.received, 5, "the beginning of the body")
        getattr(wire, end)()
        got = wait_partial(stage.origin)
    assert got.startswith(b"POST /x HTTP/1.1\r\n") and b"\r\n0\r\n" not in got, "no last chunk that the client did not send"
    assert [type(error) for error in stage.origin.errors] == [ConnectionResetError], "it is aborted, not just over"
    eventually(lambda: stage.ended("client_abort") == before + 1, 5, "client_abort")
    stage.origin.forget()
    stage.assert_untouched()


def test_request_and_fin_at_once(stage):
    """H83: while lb is still connecting, perhaps."""
    for _ in range(20):
        with stage.wire() as wire:
            wire.send(post(b"0123456789")[:-7])
            wire.fin()
            assert (wire.everything(), wire.end()) == (b"", "fin")
    assert stage.origin.requests == []
    stage.probe()


def test_last_request(stage):
    """H86: what comes behind a request with Connection: close, in a packet of its own."""
    answered = threading.Event()
    stage.origin.script = lambda exchange: answered.wait(5) and answer(b"ok")(exchange)
    with stage.wire() as wire:
        wire.send(get("/a", "Connection: close"))
        stage.origin.wait_requests(1)
        wire.send(get("/b"))
        answered.set()
        response = wire.response()
        assert (response.body, response.field("connection")) == (b"ok", "close")
        assert (wire.end(), wire.unread) == ("fin", b"")
    assert len(stage.origin.requests) == 1


# --- several requests at once ----------------------------------------------------------------------------------------

def test_pipelined_requests_wait_for_their_turn(stage):
    """H84"""
    let_go = threading.Semaphore(0)

    def step(exchange):
        path = exchange.head.split(b" ")[1]
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + path)
        assert let_go.acquire(timeout=5)
        exchange.send(path)

    stage.origin.script = step
    with stage.wire() as wire:
        wire.send(get("/a") + get("/b") + get("/c"))
        for number, path in enumerate([b"/a", b"/b", b"/c"], 1):
            stage.origin.wait_requests(number)
            assert wire.end(0.1) == "open" and wire.unread.endswith(b"\r\n\r\n" + path)
            assert len(stage.origin.requests) == number, "the next one starts when the answer before it is complete"
            let_go.release()
            assert wire.response().body == path * 2
    assert [request.split(b" ")[1] for request in stage.origin.requests] == [b"/a", b"/b", b"/c"]


def test_pipelined_requests_of_all_kinds(stage):
    """H84, H85: bodies, refusals and HEAD in one packet; the first that is refused is the last that is answered."""
    stage.origin.script = lambda exchange: answer(exchange.head.split(b" ")[1] + exchange.body)(exchange)
    with stage.wire() as wire:
        wire.send(post(b"123", path="/1") + get("/2", method="HEAD") + post([b"12", b"3"], path="/3") + get("/4")
                  + b"GET /5\r\n\r\n" + get("/6"))
        assert wire.response().body == b"/1123"
        head = wire.response(head_request=True)
        assert (head.status, head.field("content-length")) == (200, "2")
        assert wire.response().body == b"/3" + chunked(b"123"), "chunks that came together go on together"
        assert wire.response().body == b"/4"
        last = wire.response()
        assert (last.status, last.field("connection")) == (400, "close")
        assert (wire.end(), wire.unread) == ("fin", b"")
    assert len(stage.origin.requests) == 4


def test_many_pipelined_requests(stage):
    """H84: far more than one packet or one read takes."""
    stage.origin.script = lambda exchange: answer(exchange.head.split(b" ")[1])(exchange)
    count = 500
    with stage.wire() as wire:
        sender = threading.Thread(target=wire.send, args=[b"".join(get(f"/{number}") for number in range(count))])
        sender.start()
        assert [wire.response().body for _ in range(count)] == [b"/%d" % number for number in range(count)]
        sender.join()


# --- answered here ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("target", ["/x", "*"])
def test_max_forwards_0(stage, target):
    """H106"""
    with stage.wire() as wire:
        response = wire.request(get(target, "Max-Forwards: 0", method="OPTIONS"))
        assert (response.status, response.body) == (200, b"") and "OPTIONS" in response.field("allow")
        assert stage.origin.received == b""
        stage.probe(wire)
    stage.origin.forget()
    stage.assert_untouched()


# --- origins that fail -----------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def pair():
    """An lb with two origins, neither of which is ever taken out: (lb, first, second)."""
    with Origin() as first, Origin() as second:
        entry = {"endpoints": [first.address, second.address], "max_fails": 0}
        with Lb(services={"web": entry}, routes=[{"host": "a.example", "service": "web"}]) as lb:
            yield lb, first, second


@pytest.mark.parametrize("failure", [pytest.param(reset(), id="H109.rst"), pytest.param(close(), id="H109.fin"),
                                     pytest.param(raw(b"HTTP/1.1 200 OK\r\nContent-Le", "close"), id="H109.inhead")])
@pytest.mark.parametrize("method, statuses", [("GET", {200}), ("POST", {200, 502})])
def test_no_head(pair, failure, method, statuses):
    lb, bad, good = pair
    bad.forget(), good.forget()
    bad.script, good.script = failure, answer(b"ok")
    with lb.wire() as wire:
        responses = [wire.request(get(method=method)) for _ in range(6)]
    assert {response.status for response in responses} == statuses
    assert len(bad.requests) >= 2, "it had its turns"
    failed = [response for response in responses if response.status == 502]
    assert len(failed) == (0 if method == "GET" else len(bad.requests)), "POST was sent and is not sent again"
    assert len(good.requests) == 6 - len(failed)


@pytest.mark.parametrize("failure", [pytest.param(reset(), id="H109.alone-rst"), pytest.param(close(), id="H109.alone-fin")])
def test_no_head_and_nobody_else(stages, failure):
    stage = stages(settings={"keepalive": 0})
    stage.origin.script = [failure, answer(b"probe")]
    with stage.wire() as wire:
        assert wire.request(get()).status == 502
        stage.probe(wire)


@pytest.mark.parametrize("head, sent, framing", [
    pytest.param(b"Content-Length: 100\r\n", b"0123456789", "length", id="H110"),
    pytest.param(b"Transfer-Encoding: chunked\r\n", b"a\r\n0123456789\r\n", "chunked", id="H111"),
])
def test_answer_breaks_off_by_reset(stage, head, sent, framing):
    got = threading.Event()

    def step(exchange):
        exchange.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + sent)
        assert got.wait(5)
        exchange.reset()

    stage.origin.script = [step, answer(b"probe")]
    with stage.wire() as wire:
        wire.send(get())
        eventually(lambda: wire.end(0.02) == "open" and b"0123456789" in wire.unread, 5, "what there was of the body")
        got.set()
        body = wire.everything().split(b"\r\n\r\n", 1)[1]
        assert body == (b"0123456789" if framing == "length" else b"a\r\n0123456789\r\n")
    stage.probe()
    assert len(stage.origin.requests) == 2, "not tried again once the client has got a byte"


def test_a_late_extra_byte_is_nobodys(stage):
    """H135: it comes when the connection is idle already."""
    late = threading.Event()

    def step(exchange):
        answer(b"ok")(exchange)
        assert late.wait(5)
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")

    stage.origin.script = [step, answer(b"probe")]
    before = stage.lb.metric("signpost_lb_idle_events_total", event="unsolicited")
    with stage.wire() as wire:
        assert wire.request(get()).body == b"ok"
        late.set()
        stage.wait_upstream_closed()
        assert stage.probe(wire).body == b"probe"
    assert stage.lb.metric("signpost_lb_idle_events_total", event="unsolicited") == before + 1


@pytest.mark.parametrize("first, sent", [
    pytest.param(get(), b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", id="H117"),
    pytest.param(get(method="HEAD"), b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", id="H119"),
])
def test_a_body_that_must_not_be_there(stage, first, sent):
    stage.origin.script = [raw(sent), answer(b"probe")]
    with stage.wire() as wire:
        wire.send(first + get("/probe"))
        assert wire.response(head_request=True).status in (200, 204)
        second = wire.response()
        assert (second.status, second.body) == (200, b"probe")
        assert (wire.end(0.05), wire.unread) == ("open", b"")
    assert stage.origin.connections > 1 and len(stage.origin.requests) == 2


@pytest.mark.parametrize("method, status", [pytest.param("GET", 200, id="H145"), pytest.param("POST", 502, id="H145.post")])
@pytest.mark.parametrize("end", [reset(), close()], ids=["rst", "fin"])
def test_a_stale_connection(stage, method, status, end):
    """The origin closes a connection that was idle just when the next request comes on it."""
    stage.origin.script = [answer(b"ok"), end, answer(b"ok")]
    stage.probe()  # leaves an idle connection
    stage.origin.forget()
    with stage.wire() as wire:
        response = wire.request(get(method=method))
    assert response.status == status
    assert len(stage.origin.requests) == (2 if status == 200 else 1)
    assert len({request for request in stage.origin.requests}) == 1, "sent again as it was"


# --- clients that leave ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("request_bytes", [pytest.param(get(), id="H141"), pytest.param(post(b"abc"), id="H141.post")])
def test_fin_behind_a_request(stage, request_bytes):
    """The answer comes all the same, and then lb's FIN."""
    answered = threading.Event()
    stage.origin.script = lambda exchange: answered.wait(5) and answer(b"ok")(exchange)
    with stage.wire() as wire:
        wire.send(request_bytes)
        wire.fin()
        stage.origin.wait_requests(1)
        assert wire.end(0.1) == "open"
        answered.set()
        assert wire.response().body == b"ok"
        assert (wire.end(), wire.unread) == ("fin", b"")


def test_reset_while_waiting(stages, tmp_path):
    """H142: the origin learns at once that nobody waits any more, and the access log tells why there is no status."""
    stage = stages(access_log=str(tmp_path / "access.log"))
    ended = threading.Event()

    def step(exchange):
        exchange.until_closed()
        ended.set()

    stage.origin.script = step
    with stage.wire() as wire:
        wire.send(get("/left"))
        stage.origin.wait_requests(1)
        wire.reset()
    assert ended.wait(2), "the request to the origin is cancelled"
    lines = eventually(quiet(lambda: (tmp_path / "access.log").read_text()), 5, "the access log").splitlines()
    assert len(lines) == 1 and '"/left"' in lines[0] and '"client_abort"' in lines[0]
    assert stage.ended("client_abort") == 1
