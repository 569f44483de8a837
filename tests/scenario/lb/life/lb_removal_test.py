# Signpost. Apache-2.0; see LICENSE.
"""The set of endpoints changes while clients are there.

Claims
- No change of endpoints costs a request anything, at full load, by SIGHUP or by the catalog; requests under way finish; idle
  connections to who is gone are closed at once.
- What lasts longer than drain_http is ended, and what nobody limits is not.
- Who comes back is known again: failures, weights by the operator and counts go on.
- Changes of other services touch no connection and cost no memory.
"""
import concurrent.futures
import os
import time

import pytest

from lb_life_load import assert_no_failure, load, wait_busy
from support.embedded import Embedded
from support.lb import Lb
from support.origin import Origin, answer, hang, reset
from support.program import memory_limit
from support.wait import eventually

UPGRADE = b"GET /ws HTTP/1.1\r\nHost: web.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SLOW = 30  # requests at once: amid others, so few are sure to meet each of three origins
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


def tunnel(exchange):
    """A step: what comes after the upgrade comes back."""
    exchange.keep = False
    exchange.send(SWITCH)
    while data := exchange.socket.recv(65536):
        exchange.send(data)


def opened_tunnel(wire):
    assert wire.request(UPGRADE).status == 101
    return wire


def is_alive(wire, text=b"ping"):
    wire.send(text)
    return wire.end(0.1) == "open" and wire.unread.endswith(text)


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: web.test\r\n\r\n".encode()


# --- removal ---------------------------------------------------------------------------------------------------------

def test_R01_under_load(start, change, farm, held):
    with Origin(held) as leaving:
        lb = start([farm["a"], farm["b"], leaving], options={"threads": 2})
        with load(lb) as wrk, concurrent.futures.ThreadPoolExecutor(SLOW) as pool:
            wait_busy(lb)
            slow = [pool.submit(lb.get, "web.test", "/held") for _ in range(SLOW)]
            eventually(lambda: sum(one.done() for one in slow) + held.inside == SLOW and held.inside >= 1, 5, "some wait")
            inside = held.inside
            eventually(lambda: leaving.open_connections > inside, 5, "idle connections")
            change(lb, [farm["a"], farm["b"]])
            eventually(lambda: leaving.open_connections <= inside, 5, "they are closed, and those in use are not")
            requests = len(leaving.requests)
            wait_busy(lb)
            assert len(leaving.requests) == requests and held.inside == inside
            held.release()
            assert [one.result().status_code for one in slow] == [200] * SLOW
            eventually(lambda: leaving.open_connections == 0, 5)
            for _ in range(10):
                change(lb, [farm["a"], leaving])
                change(lb, [farm["b"]])
                wait_busy(lb, requests=20)
        assert_no_failure(wrk)


@pytest.mark.parametrize("limit", [pytest.param("1s", id="R02 1 s"), pytest.param("0", id="R02 unlimited")])
def test_websockets_of_who_was_removed(start, change, farm, limit):
    with Origin(tunnel) as leaving:
        lb = start([leaving], drain_http=limit)
        with lb.wire() as wire:
            opened_tunnel(wire)
            began = time.monotonic()
            change(lb, [farm["a"]], drain_http=limit)
            assert lb.get("web.test").text == "a" and is_alive(wire)
            if limit == "0":
                eventually(lambda: not is_alive(wire) or time.monotonic() > began + 1.3, 5)
                assert is_alive(wire)
            else:
                eventually(lambda: not is_alive(wire) or time.monotonic() > began + 0.7, 5)
                assert is_alive(wire) or time.monotonic() > began + 1
                assert wire.end(10) == "reset"
                assert time.monotonic() - began > 0.95


def test_R02_a_request_of_who_was_removed(start, change, farm):
    with Origin(hang()) as leaving:
        lb = start([leaving], drain_http="300ms")
        with lb.wire() as wire:
            wire.send(get("/"))
            leaving.wait_requests(1)
            change(lb, [farm["a"]], drain_http="300ms")
            assert wire.response().status == 503
        assert lb.metric("signpost_lb_terminations_total", reason="drained") == 1


def test_R03_who_comes_back_is_known(start, change, farm, held):
    with Origin(reset()) as dead, Origin(held) as busy:
        both, settings = [dead, busy], {"fail_timeout": "1h"}
        lb = start(both, **settings)
        with lb.wire() as wire:
            assert [lb.get("web.test").status_code for _ in range(2)] == [200, 200] and len(dead.requests) == 1
            wire.send(get("/held"))
            eventually(lambda: held.inside == 1, 5)
            assert lb.admin("weight", "web", busy.address, weight=7).status_code == 200
            before = {each.address: lb.endpoint("web", each) for each in (dead, busy)}
            change(lb, [farm["a"]], **settings)
            assert lb.endpoint("web", dead)["state"] == lb.endpoint("web", busy)["state"] == "removed"
            assert {lb.get("web.test").text for _ in range(5)} == {"a"}
            change(lb, both, **settings)
            for each in (dead, busy):
                now = lb.endpoint("web", each)
                assert now == before[each.address], f"{each.address} as it was"
            assert lb.endpoint("web", dead)["state"] == "failed" and lb.endpoint("web", busy)["in_use"] == 1
            assert lb.endpoint("web", busy)["admin_weight"] == 7


# --- the catalog changes ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def registry():
    with Embedded() as registry:
        yield registry


def register(registry, name, address, tags=("http",), id=None, **more):
    host, port = address.split(":")
    registry.register_service(name, f"node-{id or name}", host, int(port), id=id, tags=tags, **more)


def test_R04_unrelated_changes(registry):
    with Origin(lambda exchange: (tunnel if b"/ws" in exchange.head else answer(b"quiet"))(exchange)) as origin:
        register(registry, "quiet", origin.address)
        with Lb({"public-domain": "test", "stop-timeout": "300ms"}, routes=[{"host": "web.test", "service": "quiet"}],
                consul=registry) as lb, lb.wire() as keep, lb.wire() as socket:
            eventually(lambda: lb.get("quiet.test").status_code == 200, 10)
            opened_tunnel(socket)
            assert keep.request(get("/")).body == b"quiet"

            def storm(rounds):
                for number in range(rounds):
                    registry.register_at_once([
                        {"Node": f"n{other}", "Address": "192.0.2.1", "Service": {
                            "ID": f"other{other}", "Service": f"other{other}", "Port": 1000 + number, "Tags": ["http"]}}
                        for other in range(50)], connections=4)
                eventually(lambda: lb.endpoints("other49").get(f"192.0.2.1:{1000 + rounds - 1}") == "usable", 20)

            storm(4)
            connections, files = origin.connections, len(os.listdir(f"/proc/{lb.pid}/fd"))
            memory, generation = lb.process.resident_bytes(), lb.status()["generation"]
            storm(20)  # 1,000 changes
            assert lb.status()["generation"] > generation
            assert is_alive(socket) and keep.request(get("/")).body == b"quiet"
            assert origin.connections == connections and lb.endpoint("quiet", origin)["failures"] == 0
            assert len(os.listdir(f"/proc/{lb.pid}/fd")) <= files + 20, "a few more watches at the same time, at most"
            assert lb.process.resident_bytes() - memory < memory_limit(3 << 20)


def test_R05_related_changes_under_load(registry, farm):
    register(registry, "web", farm["a"], id="web1")
    with Lb({"public-domain": "test", "stop-timeout": "300ms", "threads": 2}, consul=registry) as lb:
        eventually(lambda: lb.get("web.test").status_code == 200, 10)
        generation, memory, began, number = lb.status()["generation"], 0, time.monotonic(), 0
        with load(lb) as wrk:
            while time.monotonic() < began + 3:
                number += 1
                register(registry, "web", farm["b"], id="web2", weights=(1 + number % 5, 1))
                register(registry, "web", farm["c"], id="web3", tags=("http", f"round{number}"))
                wait_busy(lb, requests=200)
                registry.deregister("node-web2", "web2")
                if number % 2:
                    registry.deregister("node-web3")
                if number == 10:
                    memory = lb.process.resident_bytes()
        assert_no_failure(wrk, 1000)
        assert number >= 5 and lb.status()["generation"] > generation + 3
        assert lb.process.resident_bytes() - memory < memory_limit(3 << 20)
        assert all(endpoint["requests"] > 0 for endpoint in lb.service("web")["endpoints"])
