# Signpost. Apache-2.0; see LICENSE.
"""HTTP, TCP and gRPC checks against real servers. Claims:

- The status follows the answer, and the output has Consul's words: N1 HTTP, N2 TCP, N3 gRPC.
- N4 Requests carry what the definition says, and Consul's User-Agent, Accept and a fresh connection otherwise.
- N5 Certificates are verified unless the check says otherwise; so for HTTP and gRPC.
- N6 The end of a long body is kept.
- N7 A run is over when its time-out is.
"""
import pytest

TIMED_OUT = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"


@pytest.fixture(scope="module")
def results(agent, web, health, silent, closed):
    """All checks at once, so that they need one interval: name -> (status, output)."""
    http = {name: {"HTTP": f"{web.url}{path}"} for name, path in [
        ("http-200", "/200"), ("http-204", "/204"), ("http-299", "/299"), ("http-404", "/404"), ("http-429", "/429"),
        ("http-500", "/500"), ("http-hop", "/hop/9"), ("http-hops", "/hop/10"), ("http-hang", "/hang")]}
    http["http-silent"] = {"HTTP": f"http://127.0.0.1:{silent}/"}
    http["http-closed"] = {"HTTP": f"http://127.0.0.1:{closed}/x"}
    http["http-ftp"] = {"HTTP": "ftp://127.0.0.1/"}
    tcp = {"tcp-open": {"TCP": f"127.0.0.1:{web.port}"}, "tcp-name": {"TCP": f"localhost:{web.port}"},
           "tcp-closed": {"TCP": f"127.0.0.1:{closed}"}, "tcp-no-port": {"TCP": "127.0.0.1"},
           "tcp-bad-port": {"TCP": "127.0.0.1:99999"}}
    grpc = {name: {"GRPC": f"127.0.0.1:{port}{service}"} for name, port, service in [
        ("grpc-all", health, ""), ("grpc-good", health, "/good"), ("grpc-bad", health, "/bad"),
        ("grpc-unsure", health, "/unsure"), ("grpc-none", health, "/none"), ("grpc-closed", closed, ""),
        ("grpc-silent", silent, ""), ("grpc-http", web.port, "")]}
    everything = {**http, **tcp, **grpc}
    for name, definition in everything.items():
        agent.add(name, **definition)
    return {name: agent.ran(name) for name in everything}


def test_n1_http(results, web, silent, closed):
    def said(code, reason, path=None):
        return f"HTTP GET {web.url}{path or '/' + str(code)}: {code} {reason} Output: "

    assert results["http-200"] == ("passing", said(200, "OK") + "body of 200")
    assert results["http-204"] == ("passing", said(204, "No Content"))
    assert results["http-299"] == ("passing", said(299, "") + "body of 299")
    assert results["http-404"] == ("critical", said(404, "Not Found") + "body of 404")
    assert results["http-429"] == ("warning", said(429, "Too Many Requests") + "body of 429")
    assert results["http-500"] == ("critical", said(500, "Internal Server Error") + "body of 500")
    assert results["http-hop"] == ("passing", said(200, "OK", "/hop/9") + "arrived")
    status, output = results["http-hops"]
    assert (status, output[:5], output[-26:]) == ("critical", 'Get "', "stopped after 10 redirects")
    assert results["http-closed"] == ("critical", f'Get "http://127.0.0.1:{closed}/x": dial tcp 127.0.0.1:{closed}: '
                                      "connect: connection refused")
    assert results["http-ftp"] == ("critical", 'Get "ftp://127.0.0.1/": unsupported protocol scheme "ftp"')


def test_n2_tcp(results, web, closed):
    assert results["tcp-open"] == ("passing", f"TCP connect 127.0.0.1:{web.port}: Success")
    assert results["tcp-name"] == ("passing", f"TCP connect localhost:{web.port}: Success")
    assert results["tcp-closed"] == ("critical", f"dial tcp 127.0.0.1:{closed}: connect: connection refused")
    assert results["tcp-no-port"] == ("critical", "dial tcp: address 127.0.0.1: missing port in address")
    assert results["tcp-bad-port"] == ("critical", "dial tcp: address 99999: invalid port")


def test_n3_grpc(results, health, closed):
    unhealthy = ("critical", "gRPC application didn't report service healthy")
    assert results["grpc-all"] == ("passing", f"gRPC check 127.0.0.1:{health}: success")
    assert results["grpc-good"] == ("passing", f"gRPC check 127.0.0.1:{health}/good: success")
    assert results["grpc-bad"] == results["grpc-unsure"] == unhealthy
    assert results["grpc-none"] == ("critical", "rpc error: code = NotFound desc = unknown service")
    assert results["grpc-closed"] == (
        "critical", 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial '
        f'tcp 127.0.0.1:{closed}: connect: connection refused"')
    status, output = results["grpc-http"]
    assert status == "critical" and output.startswith("rpc error: code = Unavailable desc = ")


def test_n4_requests(agent, web):
    agent.add("post", HTTP=f"{web.url}/200?post", Method="POST", Body='{"a": 1}', Header={
        "X-Two": ["1", "2"], "Host": ["example.org"], "Content-Type": ["application/json"]})
    agent.add("plain", HTTP=f"{web.url}/200?plain")
    agent.add("own", HTTP=f"{web.url}/200?own", Header={"User-Agent": ["mine"], "Accept": ["x/y"]})
    agent.add("head", HTTP=f"{web.url}/200?head", Method="HEAD")
    for name in ("post", "plain", "own", "head"):
        agent.becomes(name, "passing", " 200 OK ")
    method, _, headers, body = web.requests("/200?post")[0]
    assert (method, body) == ("POST", b'{"a": 1}')
    assert (headers["Host"], headers["Content-Type"]) == ("example.org", "application/json")
    assert headers.get_all("X-Two") == ["1", "2"]
    method, _, headers, body = web.requests("/200?plain")[0]
    assert (method, body, headers["Host"]) == ("GET", b"", f"127.0.0.1:{web.port}")
    assert headers["User-Agent"] == "Consul Health Check"
    assert headers["Accept"] == "text/plain, text/*, */*"
    assert headers["Connection"] == "close"
    headers = web.requests("/200?own")[0][2]
    assert (headers["User-Agent"], headers["Accept"]) == ("mine", "x/y")
    assert web.requests("/200?head")[0][0] == "HEAD"


def test_n5_certificates(agent, tls_web, tls_health):
    agent.add("tls", HTTP=f"{tls_web.url}/200")
    agent.add("tls-any", HTTP=f"{tls_web.url}/200", TLSSkipVerify=True)
    agent.add("grpc-tls", GRPC=f"127.0.0.1:{tls_health}", GRPCUseTLS=True)
    agent.add("grpc-tls-any", GRPC=f"127.0.0.1:{tls_health}", GRPCUseTLS=True, TLSSkipVerify=True)
    agent.add("grpc-plain", GRPC=f"127.0.0.1:{tls_health}")
    agent.becomes("tls", "critical", f'Get "{tls_web.url}/200": ')
    agent.becomes("tls-any", "passing", "200 OK Output: body of 200")
    agent.becomes("grpc-tls", "critical", "rpc error: code = Unavailable desc = connection error: ")
    agent.becomes("grpc-tls-any", "passing", f"gRPC check 127.0.0.1:{tls_health}: success")
    agent.becomes("grpc-plain", "critical", "rpc error: code = ")


def test_n6_long_bodies(agent, web):
    agent.add("big", HTTP=f"{web.url}/big")
    agent.add("big-15", HTTP=f"{web.url}/big", OutputMaxSize=15)
    head = f"HTTP GET {web.url}/big: 200 OK Output: "
    output = agent.becomes("big", "passing", head)
    assert len(output) == len(head) + 4096 and output.endswith("001998\n001999\n")
    assert agent.becomes("big-15", "passing", head) == head + "\n001998\n001999\n"


def test_n7_timeouts(results, web, silent):
    assert results["http-hang"] == ("critical", f'Get "{web.url}/hang": {TIMED_OUT}')
    assert results["http-silent"] == ("critical", f'Get "http://127.0.0.1:{silent}/": {TIMED_OUT}')
    assert results["grpc-silent"] == ("critical", "rpc error: code = DeadlineExceeded desc = context deadline exceeded")
