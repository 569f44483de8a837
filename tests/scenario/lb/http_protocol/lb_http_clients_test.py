# Signpost. Apache-2.0; see LICENSE.
"""Clients that people use: curl and hey (a WebSocket library is in lb_expect_upgrade_test.py).

- curl uploads in chunks (H68, H81), waits for 100 Continue with a large body (H87), takes a refusal in its stead (H89),
  speaks HTTP/1.0 (H129, H130), asks for HTTP/2 in vain (H11, H99), reuses its connection (H140).
- hey's keep-alive load over few connections, bodies included, has no error.
"""
import hashlib
import re
import shutil
import subprocess
import threading

import pytest

from lb_http_stage import HOST, chunked, split_chunks
from support.origin import answer, raw

BODY = bytes(range(256)) * 20000  # 5 MB


def run(*words, codes=(0,)):
    done = subprocess.run([*map(str, words)], capture_output=True, timeout=60, check=False)
    assert done.returncode in codes, f"{words} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done


@pytest.fixture
def curl(stage):
    """curl(words, path): its standard output and what -v tells, as text."""
    if not shutil.which("curl"):
        pytest.skip("curl is missing")

    def run_curl(*words, path="/x", codes=(0,)):
        done = run("curl", "-q", "-sv", "--max-time", 20, "--noproxy", "*", "-H", f"Host: {HOST}", *words,
                   f"http://127.0.0.1:{stage.lb.listen_port}{path}", codes=codes)
        return done.stdout, done.stderr.decode("latin-1")

    return run_curl


@pytest.fixture
def large(tmp_path):
    file = tmp_path / "large"
    file.write_bytes(BODY)
    return file


def test_curl_chunked_upload(stage, curl, large):
    """H68, H81"""
    def step(exchange):
        assert b"\r\nTransfer-Encoding: chunked\r\n" in exchange.head
        answer(hashlib.sha256(split_chunks(exchange.read_body())[0]).hexdigest().encode())(exchange)

    stage.origin.read_bodies, stage.origin.script = False, step
    text, _ = curl("-T", large, "-H", "Transfer-Encoding: chunked", "-H", "Expect:")
    assert text.decode() == hashlib.sha256(BODY).hexdigest()


def test_curl_waits_for_100(stage, curl, large):
    """H87: it waits a minute for the 100 that the origin sends; lb has sent none, and no byte of the body, before."""
    early = []

    def step(exchange):
        exchange.socket.settimeout(0.2)
        try:
            early.append(exchange.receive(1))
        except TimeoutError:
            pass
        exchange.socket.settimeout(20)
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        answer(hashlib.sha256(exchange.read_body()).hexdigest().encode())(exchange)

    stage.origin.read_bodies, stage.origin.script = False, step
    text, talk = curl("--data-binary", f"@{large}", "-H", "Expect: 100-continue", "--expect100-timeout", 60)
    assert text.decode() == hashlib.sha256(BODY).hexdigest()
    assert early == [] and talk.count("< HTTP/1.1 100 Continue") == 1 and talk.count("< HTTP/1.1 200 OK") == 1


def test_curl_is_refused_instead(stage, curl, large):
    """H89"""
    stage.origin.read_bodies, stage.origin.script = False, answer(b"no", "413 Content Too Large")
    text, talk = curl("--data-binary", f"@{large}", "-H", "Expect: 100-continue", "--expect100-timeout", 60)
    assert text == b"no" and "< HTTP/1.1 413 " in talk and "100 Continue\r" not in talk
    assert stage.origin.received.endswith(b"\r\n\r\n"), "no body was sent"


@pytest.mark.parametrize("response", [
    pytest.param(b"HTTP/1.1 200 OK\r\n\r\nabcdef", id="H129"),
    pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"abc", b"def"), id="H130"),
])
def test_curl_http10(stage, curl, response):
    stage.origin.script = raw(response, None if b"chunked" in response else "fin")
    text, talk = curl("--http1.0", "--raw")
    assert text == b"abcdef" and "ransfer-" not in talk and "< Connection: close" in talk
    head = stage.origin.requests[0]
    assert head.startswith(b"GET /x HTTP/1.1\r\n") and b"\r\nVia: 1.0 signpost\r\n" in head


def test_curl_asks_for_http2(stage, curl):
    """H99: by Upgrade it gets HTTP/1.1; H11: with prior knowledge nothing."""
    text, talk = curl("--http2")
    assert text == b"ok" and "< HTTP/1.1 200 OK" in talk and "101" not in talk
    stage.origin.forget()
    text, _ = curl("--http2-prior-knowledge", codes=(16, 52, 56, 92))  # no answer in HTTP/2, as its versions put it
    assert text == b""
    stage.assert_untouched()


def test_curl_reuses_its_connection(stage, curl):
    """H140"""
    before = stage.lb.metric("signpost_lb_connections_total", kind="http")
    text, _ = curl(f"http://127.0.0.1:{stage.lb.listen_port}/a", f"http://127.0.0.1:{stage.lb.listen_port}/b")
    assert text == b"okokok"
    assert stage.lb.metric("signpost_lb_connections_total", kind="http") == before + 1


def test_curl_sees_a_truncated_answer(stage, curl):
    """H110, H111: its exit codes tell them apart from good ones."""
    stage.origin.script = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "fin")
    curl(codes=(18,))
    stage.origin.script = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "fin")
    curl(codes=(18,))


@pytest.mark.skipif(not shutil.which("hey"), reason="hey is missing")
@pytest.mark.parametrize("words, status", [
    pytest.param(["-n", 3000, "-c", 20], 200, id="keep-alive"),
    pytest.param(["-n", 400, "-c", 10, "-disable-keepalive"], 200, id="close"),
    pytest.param(["-n", 1000, "-c", 10, "-m", "POST", "-d", "x" * 1000], 200, id="post"),
    pytest.param(["-n", 1000, "-c", 10, "-host", "none.example"], 404, id="H54"),
])
def test_hey(stages, words, status):
    stage = stages(settings={}, default_service=None)
    lock, seen = threading.Lock(), set()

    def step(exchange):
        with lock:
            seen.add((exchange.head.split(b" ")[0], exchange.body))
        answer(b"0123456789")(exchange)

    stage.origin.script = step
    report = run("hey", "-host", HOST, *words, f"http://127.0.0.1:{stage.lb.listen_port}/x").stdout.decode()
    count = words[1]
    assert f"[{status}]\t{count} responses" in report and "Error distribution" not in report, report
    assert len(re.findall(r"(?m)^\s+\[\d+\]\t", report)) == 1, report
    assert len(stage.origin.requests) == (count if status == 200 else 0)
    assert seen == ({(b"POST", b"x" * 1000)} if "POST" in words else {(b"GET", b"")} if status == 200 else set())
