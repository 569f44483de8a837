# Signpost. Apache-2.0; see LICENSE.
"""The end of an endpoint, of the descriptors, and of lb itself, as TCP sessions see them.

Claims
- T21: sessions to an endpoint that is removed go on; with drain_tcp they end with RST after that time.
- T26, F23: out of descriptors, what is connected is served on, accepting pauses without spinning, is counted, and goes on
  by itself; nobody who waits is forgotten. Descriptors that run out between accept and connect cost that session only.
- R06: after SIGTERM no more connections are taken, sessions go on until they end, or stop-timeout does.
"""
import collections
import contextlib
import resource
import select
import signal
import threading
import time

import pytest

from support.lb import Lb, service
from support.origin import Origin, answer
from support.tcp_ends import Host, connect, ending
from support.wait import eventually, quiet

FILES = 60


# --- a removed endpoint ------------------------------------------------------------------------------------------------

def remove(line, *left):
    """Takes all endpoints but `left` out of the configuration."""
    settings = {key: value for key, value in line.lb.options["services"]["db"].items() if key != "endpoints"}
    line.lb.reload(services={"db": service(left, **settings)})
    line.lb.wait_endpoints("db", *left)


def by_client(clients, servers):
    """[(client, server)] in the order of the servers: each client says which it is."""
    for number, client in enumerate(clients):
        client.send(bytes([number]))
    return [(clients[server.receive(1)[0]], server) for server in servers]


@pytest.mark.parametrize("left", [pytest.param(True, id="T21-another-is-left"), pytest.param(False, id="T21-none-is-left")])
def test_sessions_to_a_removed_endpoint_go_on(start, host, left):
    with Host() as another:
        line = start()
        client, server = line.pair()
        remove(line, *[another] * left)
        client.assert_quiet(0.4)
        server.send(b"still there")
        client.expect(b"still there")
        client.fin()
        assert server.end() == "fin"
        if left:
            line.client()
            another.accept().close()
        else:
            assert ending(line.port) == "reset"
        host.assert_nobody(0.1)


def test_drain_tcp_is_the_time_that_they_have(start, host):
    """T21"""
    with Host() as another:
        line = start(host, another, drain_tcp="300ms")
        clients = [line.client() for _ in range(2)]
        pairs = by_client(clients, [line.accept(number) for number in (0, 1)])
        before = time.monotonic()
        remove(line, another)
        gone, stays = pairs
        gone[1].send(b"one more word")
        gone[0].expect(b"one more word")
        assert (gone[0].end(), gone[1].end()) == ("reset", "reset")
        assert time.monotonic() - before >= 0.28
        eventually(lambda: line.ended("drained") == 1, 5, "counted as drained")
        stays[0].send(b"here")
        stays[1].expect(b"here")


def test_an_endpoint_that_comes_back_in_time(start, host):
    """T21, R03: removed and added again within drain_tcp, it is the same one."""
    with Host() as another:
        line = start(host, another, drain_tcp="300ms")
        clients = [line.client() for _ in range(2)]
        (client, server), _ = by_client(clients, [line.accept(number) for number in (0, 1)])
        remove(line, another)
        remove(line, host, another)
        client.assert_quiet(0.4)
        server.send(b"still there")
        client.expect(b"still there")
        assert line.lb.endpoint("db", host)["in_use"] == 1


# --- out of descriptors ------------------------------------------------------------------------------------------------

def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


def pauses(line):
    return line.lb.metric("signpost_lb_out_of_descriptors_total")


def test_out_of_descriptors(start, host):
    """T26, F23: with a TCP session of two descriptors each, half of the crowd has to wait."""
    line = start(preexec=few_files)
    client, server = line.pair()
    with contextlib.ExitStack() as ends:
        crowd = [ends.enter_context(connect(line.port)) for _ in range(FILES)]
        for one in crowd:
            one.send(b"echo")
        eventually(lambda: pauses(line) >= 2, 10, "accepting pauses")
        spent, paused = line.lb.process.cpu_seconds(), pauses(line)
        for _ in range(10):  # a second in all
            client.send(b"x")
            server.expect(b"x")
            server.send(b"y")
            client.expect(b"y")
            client.assert_quiet(0.1)
        assert line.lb.process.cpu_seconds() - spent < 0.5, "it spins"
        assert pauses(line) - paused <= 15, "pauses are shorter than 100 ms"
        assert "raise the limit" in line.lb.log()
        for _ in crowd:  # as it accepts them, each one's turn comes
            with host.accept(10) as its_server:
                its_server.send(its_server.receive(4))
                its_server.fin()
                waiting = [one for one in crowd if one.got != b"echo"]
                ready, _, _ = select.select([one.socket for one in waiting], [], [], 5)
                served = next(one for one in waiting if one.socket is ready[0])
                assert served.end() == "fin"
                served.fin()
        assert [one.got for one in crowd] == [b"echo"] * FILES
    client, server = line.pair()
    client.send(b"as before")
    server.expect(b"as before")


def test_requests_without_a_descriptor_left_are_not_the_endpoints_fault():
    """F23: as many clients as may be, who all ask at once; nobody is left over for the connections to the endpoint."""
    gate = threading.Event()

    def hold(exchange):
        gate.wait(20)
        answer(b"held")(exchange)

    with Origin(hold) as origin, contextlib.ExitStack() as ends, \
            Lb({"stop-timeout": "2s"}, {"web": [origin]}, [{"host": "*", "service": "web"}], preexec=few_files) as lb:
        crowd = [ends.enter_context(lb.wire()) for _ in range(FILES)]
        eventually(lambda: lb.metric("signpost_lb_out_of_descriptors_total") >= 1, 10, "accepting pauses")
        for wire in crowd:
            wire.send(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        statuses = collections.Counter()
        while crowd:
            ready, _, _ = select.select([wire.socket for wire in crowd], [], [], 10)
            assert ready, f"{len(crowd)} of {FILES} have no answer; the others: {statuses}"
            for wire in [wire for wire in crowd if wire.socket in ready]:
                statuses[wire.response().status] += 1
                crowd.remove(wire)
                wire.close()
            gate.set()  # from the first refusal on
        assert set(statuses) == {200, 503}, statuses
        endpoint = lb.endpoint("web", origin)
        assert (endpoint["failures"], endpoint["state"]) == (0, "usable")
        assert lb.get("a.example").text == "held"


# --- the end of lb -----------------------------------------------------------------------------------------------------

def test_sessions_outlive_the_listener(start):
    """R06"""
    line = start(options={"stop-timeout": "20s"})
    client, server = line.pair()
    line.lb.process.send(signal.SIGTERM)
    eventually(quiet(lambda: not listens(line.port)), 5, "it does not accept any more")
    client.send(b"last words")
    server.expect(b"last words")
    client.fin()
    assert server.end() == "fin"
    server.fin()
    assert client.end() == "fin"
    eventually(lambda: line.lb.process.exit_code == 0, 5, "it has ended")


def listens(port):
    try:
        connect(port).reset()
    except ConnectionRefusedError:
        return False
    return True


def test_stop_timeout_resets_what_is_left(start):
    """R06"""
    line = start(options={"stop-timeout": "400ms"})
    client, server = line.pair()
    before = time.monotonic()
    line.lb.process.send(signal.SIGTERM)
    assert (client.end(), server.end()) == ("reset", "reset")
    assert time.monotonic() - before >= 0.35
    eventually(lambda: line.lb.process.exit_code == 0, 5, "it has ended")
