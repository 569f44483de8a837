# Signpost. Apache-2.0; see LICENSE.
"""Limits of TCP connections.

- W216: half a message keeps a connection no longer than the time for one message.
- W218: a reset while answers are queued frees the connection.
- W219: a client that never reads is read from no longer, costs bounded memory, and is closed.
- W221: an idle connection is closed after tcp-idle-timeout, counted from the last question.
- W222: at half of tcp-max-connections the idle timeout is halved, at nine tenths it is a tenth.
- W223: beyond tcp-max-connections the most idle connection makes room; UDP is not affected.
- W224: beyond tcp-max-per-client the new connection is closed; other clients are not affected.
- W225: out of file descriptors, dnsd neither spins nor forgets to accept later.
- W226: 2,000 idle connections cost less than 4 kB each.
- W229: the keepalive option tells tcp-idle-timeout in units of 100 ms.
"""
import contextlib
import os
import resource
import socket
import time

import pytest

from support.ask import ask, option
from support.program import memory_limit
from support.wait import eventually
from tcp_client import Client, clients, question

MANY = 2000
BIG_QUESTION = question("wide.service.consul", "SRV")


def test_idle_timeout(start):
    dnsd = start(tcp_idle_timeout="1s")
    with Client(dnsd.dns) as client:
        assert client.served()
        begin = time.monotonic()
        assert client.end(5) == b""
        assert 0.8 <= time.monotonic() - begin <= 3
    assert closed(dnsd, "idle") == 1


def closed(dnsd, reason):
    return dnsd.metric("signpost_tcp_closed_total", reason=reason)


def test_a_question_restarts_the_idle_timeout(start):
    dnsd = start(tcp_idle_timeout="1s")
    with Client(dnsd.dns) as client:
        begin = time.monotonic()
        for step in (0.5, 1.0, 1.5, 2.0):
            eventually(lambda: time.monotonic() - begin >= step, 5)
            assert client.served(), f"closed within {step} s although it asked every 0.5 s"


@pytest.mark.parametrize("connections, low, high", [(4, 1.8, 4.0), (5, 0.9, 1.8), (9, 0.15, 0.9)])
def test_idle_timeout_shrinks_near_the_limit(start, connections, low, high):
    dnsd = start(tcp_max_connections=10, tcp_idle_timeout="2s")
    with clients(dnsd.dns, connections) as idle:
        begin = time.monotonic()
        idle[0].end(6)
        assert low <= time.monotonic() - begin <= high


@pytest.mark.parametrize("timeout, units", [("1s", 10), ("2500ms", 25), ("60s", 600)])
def test_keepalive_option(start, timeout, units):
    dnsd = start(tcp_idle_timeout=timeout)
    with Client(dnsd.dns) as client:
        assert client.ask(edns=1232, options=option(11)).opt.options == {11: units.to_bytes(2, "big")}
        assert client.ask(edns=1232).opt.options == {}


def test_half_a_message(start):
    dnsd = start(tcp_idle_timeout="60s")
    with Client(dnsd.dns) as client:
        client.send(b"\0\x64" + b"\0" * 50)
        assert client.end(15) == b""
    assert closed(dnsd, "slow") == 1


def test_half_a_message_with_a_short_idle_timeout(start):
    dnsd = start(tcp_idle_timeout="1s")
    with Client(dnsd.dns) as client:
        client.send(b"\0\x64" + b"\0" * 50)
        assert client.end(8) == b""


def test_reset_while_answers_are_queued(start):
    dnsd = start()
    before = open_files(dnsd)
    for _ in range(30):
        client = Client(dnsd.dns, receive_buffer=4096)
        client.send(BIG_QUESTION * 20)
        client.reset()
    with Client(dnsd.dns) as client:
        assert client.served()
    eventually(lambda: open_files(dnsd) <= before + 5, 5, "connections of reset clients are freed")


def open_files(dnsd):
    return len(os.listdir(f"/proc/{dnsd.pid}/fd"))


def test_a_client_that_never_reads(start):
    dnsd = start(tcp_idle_timeout="2s")
    before = dnsd.process.resident_bytes()
    with Client(dnsd.dns, receive_buffer=4096) as client:
        sent = send_until_stuck(client, 64 << 20)
        assert sent < 64 << 20, "the server reads for ever"
        assert dnsd.process.resident_bytes() - before < memory_limit(4 << 20)
        assert len(ask(dnsd.dns, "web.service.consul").answer) == 3
        eventually(lambda: not client.open(), 15, "the stuck connection is closed")
    assert closed(dnsd, "slow") == 1


def send_until_stuck(client, limit):
    """Sends questions until nothing has been taken for a second; returns the bytes sent."""
    client.socket.settimeout(1)
    sent = 0
    with contextlib.suppress(socket.timeout, ConnectionError):
        while sent < limit:
            sent += client.socket.send(BIG_QUESTION * 100)
    return sent


def test_the_most_idle_connection_makes_room(start):
    dnsd = start(tcp_max_connections=4, tcp_idle_timeout="60s")
    with clients(dnsd.dns, 4) as (first, second, third, fourth):
        assert first.served()  # now the second is the most idle one
        with Client(dnsd.dns) as fifth:
            assert fifth.served()
            assert second.end(5) == b""
            assert [client.served() for client in (first, third, fourth)] == [True, True, True]
    assert closed(dnsd, "room") == 1
    assert len(ask(dnsd.dns, "web.service.consul").answer) == 3


def test_limit_per_client(start):
    dnsd = start(tcp_max_per_client=2, tcp_idle_timeout="60s")
    with clients(dnsd.dns, 2) as (first, second):
        with Client(dnsd.dns) as third:
            assert not third.served()
        assert closed(dnsd, "client_limit") == 1
        with Client(dnsd.dns, source="127.0.0.2") as other:
            assert other.served()
        assert first.served() and second.served()
        first.socket.close()
        eventually(lambda: _one_is_served(dnsd), 5, "a closed connection makes room")


def _one_is_served(dnsd):
    with Client(dnsd.dns) as client:
        return client.served()


def test_out_of_file_descriptors(start):
    dnsd = start(tcp_idle_timeout="60s", tcp_max_connections=1000,
                 preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 80)))
    with contextlib.ExitStack() as stack:
        for _ in range(120):
            stack.enter_context(Client(dnsd.dns))
        assert len(ask(dnsd.dns, "web.service.consul").answer) == 3, "UDP goes on"
        begin, used = time.monotonic(), dnsd.process.cpu_seconds()
        eventually(lambda: time.monotonic() - begin > 2, 5)
        assert dnsd.process.cpu_seconds() - used < 0.5, "it spins on accept"
    eventually(lambda: _one_is_served(dnsd), 10, "it accepts again")


def test_idle_connections_are_small(start):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= MANY + 200, f"the limit of open files ({hard}) is too low for this test"
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    dnsd = start(tcp_max_connections=MANY + 100, tcp_idle_timeout="300s")
    with clients(dnsd.dns, 50):  # what the first connections cost once is not counted
        before = dnsd.process.resident_bytes()
        with clients(dnsd.dns, MANY - 50) as idle:
            each = (dnsd.process.resident_bytes() - before) / len(idle)
            print(f"\n{each:.0f} bytes per idle connection")
            assert each < memory_limit(4096)
            assert len(ask(dnsd.dns, "web.service.consul").answer) == 3
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
