# Signpost. Apache-2.0; see LICENSE.
"""TCP ports and host names that services of a catalog ask for, and what happens when two want the same.

Claims
- A service named NAME-PORT with tag tcp has that port at lb while it is registered: it opens by itself, and closes by itself
  after the linger time, with a connection closed at once in between and none of the open ones touched.
- Who has a port or name keeps it until it is gone for the linger time; the other is shown as a conflict. The older one has it
  first.
- What is no port, or may not be opened, is not bound, and said once. A port in use elsewhere is tried again.
"""
import errno
import socket
import threading
import time

from lb_catalog_stage import asked, enlist, host, wait_service, wait_status, with_each_catalog
from support.ports import free_port
from support.tcp_ends import connect, ending
from support.wait import eventually, quiet


def tcp_service(catalog, prefix, port, server, **fields):
    return enlist(catalog, f"{prefix}-{port}", server, service_id=f"{prefix}-{port}", tags=["tcp"], **fields)


def wait_listener(lb, port, state, deadline=10):
    eventually(lambda: lb.listener(port) == state, deadline, lambda: f"port {port} {state}, is {lb.listener(port)}\n{lb.log()}")


def echoes(port, server, text=b"PING\r\n"):
    """A connection to `port` reaches `server`; returns both ends."""
    client = connect(port)
    end = server.accept()
    client.send(text)
    end.expect(text)
    end.send(b"+PONG\r\n")
    client.expect(b"+PONG\r\n")
    return client, end


def ping(port, server):
    """The same, and it is over."""
    for end in echoes(port, server):
        end.close()
    return True


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


@with_each_catalog
def test_C08_tag_tcp_opens_a_port(stage):
    port, (redis,) = free_port(), stage.hosts()
    assert not stage.lb.listener(port) and refuses(port)
    began = time.monotonic()
    tcp_service(stage.catalog, "redis", port, redis)
    eventually(quiet(lambda: ping(port, redis)), 10, "PING")
    stage.note(f"C08: PONG {1000 * (time.monotonic() - began):.0f} ms after the registration")


@with_each_catalog
def test_C09_a_port_lingers_and_closes(stage):
    catalog, lb = stage.catalog, stage.lb
    port, (redis,) = free_port(), stage.hosts()
    service_id = tcp_service(catalog, "redis", port, redis)
    wait_listener(lb, port, "bound")
    client, end = echoes(port, redis)
    catalog.agent_deregister(service_id)
    wait_listener(lb, port, "lingering")
    assert ending(port) in ("fin", "reset"), "accepted, and closed at once"
    wait_listener(lb, port, None)
    assert refuses(port)
    client.send(b"still here")
    end.expect(b"still here")
    end.send(b"yes")
    client.expect(b"yes")
    client.close()
    end.close()


@with_each_catalog
def test_C10_back_within_the_linger_time(stage):
    catalog, lb = stage.catalog, stage.start(linger="4s")
    port, (redis,) = free_port(), stage.hosts()
    service_id = tcp_service(catalog, "redis", port, redis)
    wait_listener(lb, port, "bound")
    refused, tried, over = [], [], threading.Event()

    def connect_always():
        while not over.is_set():
            tried.append(port)
            if refuses(port):
                refused.append(time.monotonic())

    client = threading.Thread(target=connect_always)
    client.start()
    try:
        catalog.agent_deregister(service_id)
        wait_listener(lb, port, "lingering")
        tcp_service(catalog, "redis", port, redis)
        wait_listener(lb, port, "bound")
    finally:
        over.set()
        client.join()
    assert not refused and len(tried) > 10


@with_each_catalog
def test_C11_the_first_keeps_the_port(stage):
    catalog, lb = stage.catalog, stage.lb
    port, (first, second) = free_port(), stage.hosts(2)
    a = tcp_service(catalog, "a", port, first)
    wait_listener(lb, port, "bound")
    tcp_service(catalog, "b", port, second)
    conflict = {"what": f"port {port}", "winner": f"a-{port}", "loser": f"b-{port}"}
    eventually(lambda: conflict in lb.status()["conflicts"], 10, "the conflict is shown")
    ping(port, first)
    catalog.put(f"/v1/agent/check/fail/service:{a}")
    eventually(lambda: lb.service(f"a-{port}")["state"] == "empty", 10, "nobody is left to serve it")
    assert ending(port) in ("fin", "reset")
    assert lb.listener(port) == "bound" and conflict in lb.status()["conflicts"], "no instance is well, and it is still its port"
    catalog.agent_deregister(a)
    wait_listener(lb, port, "lingering")
    second.assert_nobody(0.3)
    eventually(quiet(lambda: ping(port, second)), 10, "the other takes over")
    assert lb.listener(port) == "bound" and conflict not in lb.status()["conflicts"]


@with_each_catalog
def test_C11_the_older_one_has_it_at_the_start(stage):
    port, (older, younger) = free_port(), stage.hosts(2)
    for prefix, server in (("zz", older), ("aa", younger)):
        tcp_service(stage.catalog, prefix, port, server)
    for _ in range(3):
        lb = stage.start()
        wait_listener(lb, port, "bound")
        assert lb.status()["conflicts"] == [{"what": f"port {port}", "winner": f"zz-{port}", "loser": f"aa-{port}"}]
        lb.stop()


WRONG = {"x-80": "may not", "x-70000": "no port", "x-0": "no port", "x-abc": "does not end", "x": "does not end",
         "x-007": "no port"}


@with_each_catalog
def test_C12_names_that_are_no_ports(stage):
    catalog, lb = stage.catalog, stage.lb
    server, = stage.hosts()
    names = {**WRONG, f"x-{lb.listen_port}": "may not", f"x-{lb.http_port}": "may not"}
    for service in names:
        enlist(catalog, service, server, service_id=service, tags=["tcp"])
    eventually(lambda: len(lb.status()["warnings"]) >= len(names), 10, lambda: f"warnings of all: {lb.status()['warnings']}")
    for service, reason in names.items():
        enlist(catalog, service, server, service_id=service, tags=["tcp"], Meta={"edited": "1"})
        warned = [line for line in lb.status()["warnings"] if f"'{service}'" in line]
        assert len(warned) == 1 and reason in warned[0], (service, lb.status()["warnings"])
    enlist(catalog, "later", server, tags=["http"])
    wait_service(lb, "later", server)
    assert [row["kind"] for row in lb.status()["listeners"]] == ["http"]
    for service in names:
        assert sum(f"'{service}'" in line for line in lb.log().splitlines()) == 1, lb.log()
        catalog.agent_deregister(service)
    eventually(lambda: not lb.status()["warnings"], 10, "no warnings")


@with_each_catalog
def test_C13_a_port_that_somebody_else_has(stage):
    catalog, lb = stage.catalog, stage.lb
    redis, = stage.hosts()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        tcp_service(catalog, "redis", port, redis)
        wait_listener(lb, port, "retrying")
        reason = next(row["reason"] for row in lb.status()["listeners"] if row["address"].endswith(f":{port}"))
        assert "in use" in reason
        assert lb.get("/readyz").status_code == 200, "a tag's port is no reason not to serve the rest"
    wait_listener(lb, port, "bound", 20)
    ping(port, redis)


@with_each_catalog
def test_C14_two_names_that_are_one_host(stage):
    catalog, lb = stage.catalog, stage.lb
    upper, lower = stage.origins("upper", "lower")
    first = enlist(catalog, "Web14", upper)
    wait_status(lb, "web14", 200)
    enlist(catalog, "web14", lower)
    conflict = {"what": "host web14.example.com", "winner": "Web14", "loser": "web14"}
    eventually(lambda: lb.status()["conflicts"] == [conflict], 10, lambda: f"the conflict: {lb.status()['conflicts']}")
    assert asked(lb, "web14") == {"upper": 6}
    again = stage.start()
    assert again.status()["conflicts"] == [conflict] and asked(again, "web14") == {"upper": 6}
    catalog.agent_deregister(first)
    eventually(lambda: asked(lb, "web14", 1) == {"lower": 1}, 10, "the other has it when the first is gone")


@with_each_catalog
def test_C15_underlines_are_dashes(stage):
    catalog, lb = stage.catalog, stage.lb
    origin, = stage.origins("mine")
    enlist(catalog, "my_svc", origin)
    assert wait_status(lb, "my-svc", 200).text == "mine"
    assert lb.get(host("my_svc")).status_code == 404
