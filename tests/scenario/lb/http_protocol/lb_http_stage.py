# Signpost. Apache-2.0; see LICENSE.
"""An lb in front of one scripted origin, and the words in which the tests of this folder speak."""
import re

from support.lb import Lb, service
from support.origin import Origin, answer
from support.ports import free_port
from support.wait import eventually

HOST = "a.example"
CLIENT, PROXIED_CLIENT = b"127.0.0.1", b"192.0.2.7"
_ID = re.compile(rb"(?im)^X-Request-Id: ([!#$%&'*+.^_`|~0-9A-Za-z-]{1,128})\r$")


def get(path="/x", *lines, host=HOST, method="GET", version="HTTP/1.1"):
    """The bytes of a request without body; `lines` are further fields."""
    return "\r\n".join([f"{method} {path} {version}", f"Host: {host}", *lines, "", ""]).encode()


def post(body, *lines, path="/x", method="POST", version="HTTP/1.1"):
    """The bytes of a request with `body`; with size and chunks where it is a list."""
    if isinstance(body, bytes):
        return get(path, *lines, f"Content-Length: {len(body)}", method=method, version=version) + body
    return get(path, *lines, "Transfer-Encoding: chunked", method=method, version=version) + chunked(*body)


def chunked(*pieces, trailers=b""):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n" + trailers + b"\r\n"


def split_chunks(framed):
    """(data, trailer lines) of a chunked body that is there in full; AssertionError when its framing is not perfect."""
    data, at = b"", 0
    while True:
        size = re.compile(rb"([0-9a-fA-F]+)\r\n").match(framed, at)
        assert size, f"no chunk size at {framed[at:at + 40]!r}"
        at, length = size.end(), int(size[1], 16)
        if length == 0:
            break
        data += framed[at:at + length]
        at += length + 2
        assert framed[at - 2:at] == b"\r\n", f"no end of the chunk before {framed[at:at + 40]!r}"
    assert framed.endswith(b"\r\n") and (framed[at:] == b"\r\n" or framed.endswith(b"\r\n\r\n")), framed[at:]
    return data, framed[at:-2]


def request_id(head):
    """The request id that an origin was told."""
    found = _ID.findall(head)
    assert len(found) == 1, f"one id, not {found}"
    return found[0]


def send_in_pieces(wire, data, size):
    for at in range(0, len(data), size):
        wire.send(data[at:at + size])


class Stage:
    """`lb` sends every host's requests to `origin`; `settings` are those of the service."""

    def __init__(self, options=None, **settings):
        self.proxied_port = free_port()
        self.origin = Origin(answer(b"ok"))
        self.lb = Lb({"default-service": "web", "http-listen-proxy": [f"127.0.0.1:{self.proxied_port}"], **(options or {})},
                     services={"web": service([self.origin], **settings)}, routes=[{"host": HOST, "service": "web"}])

    def close(self):
        self.lb.close()
        self.origin.close()

    def reset(self):
        """As if nothing had happened before."""
        self.origin.script, self.origin.read_bodies = answer(b"ok"), True
        self.origin.forget()

    def wire(self, **keywords):
        return self.lb.wire(**keywords)

    def probe(self, wire=None):
        """A request that must work, on a connection of its own or on that of `wire`; the origin got it byte by byte."""
        if wire is None:
            with self.wire() as own:
                return self.probe(own)
        before = len(self.origin.requests)
        response = wire.request(get("/probe"))
        assert response.status == 200 and response.body in (b"ok", b"probe"), response
        assert len(self.origin.requests) == before + 1 and self.origin.requests[-1].startswith(b"GET /probe HTTP/1.1\r\n")
        return response

    def assert_untouched(self):
        """The origin has got nothing at all since `reset`: what it gets next is a probe, in full."""
        self.probe()
        assert self.origin.received == b"".join(self.origin.requests) and len(self.origin.requests) == 1

    def ended(self, reason):
        """How many requests ended for that reason."""
        return self.lb.metric("signpost_lb_terminations_total", reason=reason)

    def wait_upstream_closed(self):
        eventually(lambda: self.origin.open_connections == 0, 5, "lb has closed its connections to the origin")
