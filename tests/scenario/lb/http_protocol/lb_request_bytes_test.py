# Signpost. Apache-2.0; see LICENSE.
"""tests/cases/lb_http_requests.cases over real sockets, each in one piece and byte by byte: H01 to H108.

- What is refused gets its status, Connection: close and the end of the connection, and nothing of it reaches the origin.
  Where the body is broken and comes later than its head, the origin sees the request break off.
- What is good reaches the origin byte by byte as the case says, also through a listener that takes PROXY headers.
- Then the connection serves what follows on it, or closes if the client said so.
"""
import pytest

from lb_http_stage import CLIENT, PROXIED_CLIENT, request_id, send_in_pieces, split_chunks
from support import lb_cases
from support.wait import eventually

CASES = lb_cases.requests()
GOOD = [case for case in CASES if not case.want[0].isdigit()]
REFUSED = [case for case in CASES if case.want.isdigit()]
BROKEN_BODIES = [case for case in CASES if case.want.endswith(" body")]
OPTIONS = {"bare_lf": ("bare_lf", True), "lenient_uri": ("lenient_uri", True), "allow_trace": ("allow_trace", True),
           "forwarded": ("forwarded", True), "trusted": ("trusted_proxy", ["127.0.0.1", "192.0.2.7"])}
WHOLE = 1 << 20


def params(cases):
    return [pytest.param(case, id=case.id) for case in cases]


def small(case):
    """The size of the pieces in which the case is sent when it is not sent at once."""
    return 1 if len(case.bytes) <= 1000 else 997


@pytest.fixture
def case_stage(case, stages):
    return stages(**dict(OPTIONS[word] for word in case.options))


@pytest.mark.parametrize("pieces", ["whole", "bytes"])
@pytest.mark.parametrize("case", params(REFUSED))
def test_refused(case, pieces, case_stage):
    with case_stage.wire() as wire:
        send_in_pieces(wire, case.bytes, WHOLE if pieces == "whole" else small(case))
        assert_refused(wire, case.want)
    case_stage.assert_untouched()


def assert_refused(wire, status):
    response = wire.response()
    assert (response.status, response.field("connection"), response.framing) == (int(status), "close", "length"), response
    assert response.body.startswith(status.encode())
    assert (wire.end(), wire.unread) == ("fin", b"")


@pytest.mark.parametrize("case", params(BROKEN_BODIES))
def test_broken_body_with_its_head(case, case_stage):
    with case_stage.wire() as wire:
        wire.send(case.bytes)
        assert_refused(wire, "400")
    case_stage.assert_untouched()


@pytest.mark.parametrize("case", params(BROKEN_BODIES))
def test_broken_body_after_its_head(case, case_stage):
    head, body = case.bytes.split(b"\r\n\r\n", 1)
    origin = case_stage.origin
    with case_stage.wire() as wire:
        wire.send(head + b"\r\n\r\n")
        eventually(lambda: b"\r\n\r\n" in origin.received, 5, "the origin has the head")
        send_in_pieces(wire, body, small(case))
        assert_refused(wire, "400")
    case_stage.wait_upstream_closed()
    assert origin.requests == [] and len(origin.partial) == 1, "the origin cannot take it for complete"
    assert origin.partial[0].startswith(b"POST /x HTTP/1.1\r\n")
    case_stage.probe()


@pytest.mark.parametrize("pieces", ["whole", "bytes"])
@pytest.mark.parametrize("case", params(GOOD))
def test_forwarded(case, pieces, case_stage):
    # What would come after the end of the connection would be answered with a reset.
    data = case.bytes.removesuffix(case.rest) if case.flagged and pieces == "bytes" else case.bytes
    with case_stage.wire() as wire:
        send_in_pieces(wire, data, WHOLE if pieces == "whole" else small(case))
        answers = assert_answered(wire, case)
        requests = case_stage.origin.requests
        assert len(requests) == answers, "as many as were answered"
        assert_forwarded(requests[0], case, CLIENT, case_stage.lb.listen_port)
        assert_goes_on(wire, case, case_stage)
    assert case_stage.origin.received == b"".join(requests), "nothing else was sent"


def assert_answered(wire, case):
    """Reads the answers to the case and to what it leaves for the next requests; returns how many."""
    head_request = case.bytes.lstrip().startswith(b"HEAD ")
    count = 1 if case.flagged else 1 + case.rest.count(b"GET /")
    for number in range(count):
        response = wire.response(head_request)
        assert response.status == 200 and response.body == b"ok", f"answer {number}: {response}"
    old = b"HTTP/1.0\r\n" in case.bytes.split(b"\r\n\r\n")[0] + b"\r\n"
    assert response.field("connection") == ("close" if case.flagged else "keep-alive" if old else None)
    return count


def assert_goes_on(wire, case, stage):
    if case.flagged:
        assert (wire.end(), wire.unread) == ("fin", b""), "what came behind the last request is not answered"
    else:
        stage.probe(wire)


def assert_forwarded(request, case, client, port):
    head, body = request.split(b"\r\n\r\n", 1)
    head += b"\r\n"
    if case.head:
        assert head == expected_head(case, head, client, port)
    else:
        assert head.startswith(plain_head(case))
    framing = [line for line in head.lower().split(b"\r\n") if line.startswith((b"content-length", b"transfer-encoding"))]
    if case.want == "chunked":
        assert framing == [b"transfer-encoding: chunked"]
        assert split_chunks(body) == (case.body, case.trailers)
    elif case.want == "none":
        assert (framing, body) == ([], b"")
    else:
        assert (framing, body) == ([b"content-length: " + case.want.split()[1].encode()], case.body)


def expected_head(case, head, client, port):
    """The case's, where the client's address, the port and a request id that lb made are not its example's."""
    host = next((line[5:].strip() for line in case.head.split(b"\r\n") if line.lower().startswith(b"host:")), b"")
    added = case.added or (
        b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: %s\r\nX-Forwarded-Port: 80\r\n"
        b"X-Real-IP: 192.0.2.7\r\nVia: 1.1 signpost\r\nX-Request-Id: id-1\r\n" % host)
    added = added.replace(b"192.0.2.7", client).replace(b"X-Forwarded-Port: 80\r\n", b"X-Forwarded-Port: %d\r\n" % port)
    return case.head + added.replace(b"X-Request-Id: id-1", b"X-Request-Id: " + request_id(head))


def plain_head(case):
    """What cases that tell no head have: nothing but fields that are passed on, and Connection."""
    line, *fields = case.bytes.lstrip(b"\r\n").split(b"\r\n\r\n")[0].split(b"\r\n")
    pairs = [field.split(b":", 1) for field in fields if not field.lower().startswith(b"connection:")]
    return b"\r\n".join([line[:-8] + b"HTTP/1.1", *(name + b": " + value.strip() for name, value in pairs)]) + b"\r\n"


@pytest.mark.parametrize("case", params([case for case in GOOD if case.head]))
def test_forwarded_for_a_proxied_client(case, case_stage):
    with case_stage.lb.wire(case_stage.proxied_port) as wire:
        wire.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n" + case.bytes)
        assert_answered(wire, case)
    assert_forwarded(case_stage.origin.requests[0], case, PROXIED_CLIENT, 80)


def test_made_request_ids_differ(stage):
    """H108"""
    with stage.wire() as wire:
        for _ in range(20):
            stage.probe(wire)
    ids = {request_id(request) for request in stage.origin.requests}
    assert len(ids) == 20
