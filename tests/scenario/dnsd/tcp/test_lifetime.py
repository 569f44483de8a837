# Signpost. Apache-2.0; see LICENSE.
"""TCP across the life of dnsd.

- W234: SIGTERM stops accepting, lets open connections end within the drain time, and then ends them.
- W235: connections survive a reload.
- W236: 0.0.0.0 and [::] can be listened to side by side.
"""
import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.wait import eventually
from tcp_client import Client, question


def test_shutdown(start):
    dnsd = start(tcp_idle_timeout="60s")
    with Client(dnsd.dns) as idle, Client(dnsd.dns) as asking:
        assert idle.served() and asking.served()
        asking.send(question(id=5))
        asked = asking.reply()
        dnsd.stop()
        assert asked.id == 5
        assert idle.end(1) == b"" and asking.end(1) == b""
        with pytest.raises(ConnectionRefusedError):
            Client(dnsd.dns)


def test_questions_sent_before_the_shutdown_are_answered(start):
    dnsd = start(tcp_idle_timeout="60s")
    with Client(dnsd.dns, receive_buffer=4096) as client:
        client.send(b"".join(question("wide.service.consul", "SRV", id=number) for number in range(2)))
        first = client.reply()
        dnsd.process.send(15)
        assert [first.id, client.reply().id] == [0, 1]
        assert client.end(5) == b""


def test_reload_keeps_connections(start):
    dnsd = start(tcp_idle_timeout="60s")
    with Client(dnsd.dns) as client:
        assert client.ask().answer[0].ttl == 0
        dnsd.reload(**{"service-ttl": {"*": "7s"}})
        eventually(lambda: ask(dnsd.dns, "web.service.consul").answer[0].ttl == 7, 5, "the reload is in force")
        assert client.ask().answer[0].ttl == 7


def test_both_families_on_one_port(consul):
    server = Dnsd(consul.url, listen="0.0.0.0", start=False)
    server.arguments += ["--listen", f"[::]:{server.dns_port}"]
    with server:
        server.start()
        for address in ("127.0.0.1", "127.0.0.9", "::1"):
            reply = eventually(lambda: ask((address, server.dns_port), "web.service.consul", tcp=True).answer, 10)
            assert len(reply) == 3
            assert len(ask((address, server.dns_port), "web.service.consul").answer) == 3
