# Signpost. Apache-2.0; see LICENSE.
"""Who may flush, and how. What is flushed in which thread is forwarding_cache/flush_test.py's.

Claims
- POST only, and from this host only, also where the operations listener is open to others.
- tree=false is no tree; a tree is made of labels, not of letters.
- The answer tells what was done; nothing is dropped when the request is refused.
"""
import socket

import pytest
import requests

from support.ask import ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually


class OpenDnsd(Dnsd):
    """Its operations listener is open to everybody."""

    def command(self):
        return [f"0.0.0.0:{self.http_port}" if word == f"127.0.0.1:{self.http_port}" else word for word in super().command()]


def post(dnsd, query="", method="POST", host="127.0.0.1"):
    return requests.request(method, f"http://{host}:{dnsd.http_port}/cache/flush{query}", timeout=5)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_only_by_post(start, upstream, method):
    dnsd = start(upstream=[upstream.address], threads=1)
    ask(dnsd.dns, "www.example.net")
    answer = post(dnsd, method=method)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    ask(dnsd.dns, "www.example.net")
    assert upstream.count("www.example.net") == 1


def own_address():
    """An address of this machine that is not loopback; none in a bare network namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        try:
            link.connect(("192.0.2.1", 9))
            return link.getsockname()[0]
        except OSError:
            return None


def test_from_this_host_only(upstream):
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    with FakeConsul() as consul, OpenDnsd(consul.url, {"upstream": [upstream.address], "threads": 1}) as dnsd:
        ask(dnsd.dns, "www.example.net")
        assert post(dnsd, host=address).status_code == 403, "a client of another address, though it is this machine's"
        ask(dnsd.dns, "www.example.net")
        assert upstream.count("www.example.net") == 1
        assert post(dnsd).status_code == 200
        ask(dnsd.dns, "www.example.net")
        assert upstream.count("www.example.net") == 2


@pytest.mark.parametrize("query, gone, text", [
    ("?name=example.net", False, "forgotten\n"), ("?name=example.net&tree=false", False, "forgotten\n"),
    ("?name=example.net&tree=0", False, "forgotten\n"), ("?name=ample.net&tree=true", False, "forgotten\n"),
    ("?name=example.net&tree", True, "forgotten\n"), ("?name=EXAMPLE.net.&tree=1", True, "forgotten\n"),
    ("?name=net&tree=true", True, "forgotten\n"), ("?name=.&tree=true", True, "forgotten\n"),
    ("", True, "all forgotten\n"), ("?name=", True, "all forgotten\n")])
def test_names_and_trees(start, upstream, query, gone, text):
    dnsd = start(upstream=[upstream.address], threads=1)
    ask(dnsd.dns, "www.example.net")
    answer = post(dnsd, query)
    assert (answer.status_code, answer.text) == (200, text)
    ask(dnsd.dns, "www.example.net")
    assert upstream.count("www.example.net") == 1 + gone


def test_a_failure_is_forgotten_too(start, upstream):
    upstream.stop()
    dnsd = start(upstream=[upstream.address], threads=1)
    assert ask(dnsd.dns, "www.example.net").rcode == "SERVFAIL"
    upstream.start()
    eventually(lambda: post(dnsd).ok and ask(dnsd.dns, "www.example.net").of("A"), 5)
