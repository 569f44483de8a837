# Signpost. Apache-2.0; see LICENSE.
"""tests/cases/lb_http_responses.cases over real sockets, each in one piece and byte by byte: H92 to H136.

- What is malformed becomes 502, and the connection to the origin is given up.
- What is good reaches the client byte by byte as the case says, framed for the client's version; what breaks off is seen
  to break off.
- The client's connection goes on where its framing allows; the origin's is used again unless the case says that it
  cannot be, and bytes that belong to no answer reach nobody.
"""
import pytest

from lb_http_stage import get, split_chunks
from support import lb_cases
from support.origin import answer

CASES = lb_cases.responses()
REFUSED = [case for case in CASES if case.want == "502"]
INTERIM = [case for case in CASES if case.head.startswith(b"HTTP/1.1 1") and "upgrade" not in case.options]
UPGRADED = [case for case in CASES if "upgrade" in case.options]
CUT = [case for case in CASES if case.want.endswith(" cut")]
GOOD = [case for case in CASES if case not in REFUSED + INTERIM + UPGRADED + CUT]
FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
WHOLE = 1 << 20


def params(cases):
    return [pytest.param(case, id=case.id) for case in cases]


def request_for(case):
    lines = {"keep": ["Connection: keep-alive"], "trailers": ["TE: trailers", "Connection: TE"],
             "upgrade": ["Upgrade: websocket", "Connection: Upgrade"]}
    return get("/x", *[line for option in case.options for line in lines.get(option, [])],
               method="HEAD" if "head" in case.options else "GET",
               version="HTTP/1.0" if "http10" in case.options else "HTTP/1.1")


@pytest.fixture(params=["whole", "bytes"])
def origin(request, case, stage):
    """The stage's: it sends the case's bytes once, in pieces of one or the other size, then answers to probes."""
    data = case.bytes + (FINAL if case in INTERIM and not case.rest else b"")
    size = WHOLE if request.param == "whole" else 1 if len(data) <= 1000 else 997
    exchanges = []

    def step(exchange):
        exchanges.append(exchange)
        for at in range(0, len(data), size):
            exchange.send(data[at:at + size])
        if case.fin:
            exchange.fin()

    def probed(exchange):
        exchanges.append(exchange)
        answer(b"probe")(exchange)

    stage.origin.script = [step, probed]
    stage.origin.exchanges = exchanges
    return stage.origin


def assert_upstream(origin, stage, reused):
    """Another request works; whether it comes on the connection of the one before."""
    if not reused:
        stage.wait_upstream_closed()
    stage.probe()
    first, second = origin.exchanges
    assert (second.connection is first.connection) == reused


@pytest.mark.parametrize("case", params(REFUSED))
def test_malformed(case, origin, stage):
    before = stage.ended("upstream_malformed")
    with stage.wire() as wire:
        response = wire.request(request_for(case))
        assert (response.status, response.field("connection"), response.framing) == (502, None, "length")
        assert response.body.startswith(b"502 ")
        assert_upstream(origin, stage, reused=False)
        stage.probe(wire)
    assert len(origin.requests) == 3, "a malformed answer is not tried again"
    assert stage.ended("upstream_malformed") == before + 1


@pytest.mark.parametrize("case", params(GOOD))
def test_relayed(case, origin, stage):
    with stage.wire() as wire:
        response = wire.request(request_for(case), "head" in case.options)
        if case.head:
            assert response.head == case.head + b"\r\n"
        assert_body(response, case)
        if case.want == "until-close":
            assert wire.unread == b""
        elif "http10" in case.options and "keep" not in case.options:
            assert wire.end() == "fin"
        else:
            assert_upstream(origin, stage, reused=not (case.flagged or case.rest))
            assert stage.probe(wire).body == b"probe", "the next answer is the next request's"
            assert (wire.end(0.01), wire.unread) == ("open", b"")


def assert_body(response, case):
    framing, _, length = case.want.partition(" ")
    assert response.framing == {"until-close": "close"}.get(framing, framing)
    assert (response.body, response.trailers) == (case.body, case.trailers)
    if length:
        assert response.field("content-length") == length
    if framing == "chunked":
        assert response.fields("content-length") == []
    if framing == "until-close":
        assert response.fields("content-length") + response.fields("transfer-encoding") == []


@pytest.mark.parametrize("case", params(CUT))
def test_broken_off(case, origin, stage):
    before = stage.ended("truncated")
    with stage.wire() as wire:
        wire.send(request_for(case))
        head, body = wire.everything().split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        if case.want.startswith("length"):
            assert body == case.body
        else:
            assert not body.endswith(b"0\r\n\r\n"), "no last chunk"
            assert split_chunks(body + b"0\r\n\r\n") == (case.body, b"")
    assert_upstream(origin, stage, reused=False)
    assert stage.ended("truncated") == before + 1


@pytest.mark.parametrize("case", params(INTERIM))
def test_interim(case, origin, stage):
    with stage.wire() as wire:
        first, final = wire.request(request_for(case)), wire.response()
        assert first.head == case.head + b"\r\n"
        assert (final.status, final.body) == (200, b"")
        assert_upstream(origin, stage, reused=not case.flagged)
        stage.probe(wire)


@pytest.mark.parametrize("case", params(UPGRADED))
def test_upgraded(case, origin, stage):
    with stage.wire() as wire:
        response = wire.request(request_for(case))
        assert response.head == case.head + b"\r\n"
        while len(wire.unread) < len(case.rest):
            assert wire.end(0.1) == "open"
        assert wire.unread == case.rest
    assert_upstream(origin, stage, reused=False)
