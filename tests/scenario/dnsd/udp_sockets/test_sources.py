# Signpost. Apache-2.0; see LICENSE.
"""Who is answered, and from where.

- W26: a datagram from port 0 gets no answer.
- W27: nor do datagrams from the ports of echo, discard, daytime, chargen, time and kpasswd, which would answer back.
- W28: nor does one that claims to come from dnsd's own address and port.
- W237: on a wildcard listener the answer comes from the address that was asked.
- W238: answers may be fragmented on the way: no "don't fragment", whatever ICMP says about the path.
- W240: clients that are gone (ICMP port unreachable) disturb nobody.
"""
import socket

import pytest

from packets import Sniffer, send_raw
from support.ask import Reply, ask, build

REFLECTORS = (7, 13, 19, 37, 464)
PROBE_ID = 0x7777


def probe(server):
    """A good question on a socket of its own; returns its Reply. One thread answers in the order of arrival."""
    return ask(server.dns, "web.service.consul", id=PROBE_ID)


def is_probe(datagram):
    return datagram.payload[:2] == PROBE_ID.to_bytes(2, "big")


def test_port_0(start):
    dnsd = start()
    with Sniffer(dnsd.dns_port) as sniffer:
        send_raw(0, dnsd.dns, build("web.service.consul"))
        assert len(probe(dnsd).answer) == 3
        assert len(sniffer.until(is_probe)) == 1
    assert_one_dropped(dnsd)


def assert_one_dropped(dnsd):
    assert dnsd.metric("signpost_dns_drops_total", reason="port", transport="udp") == 1


@pytest.mark.parametrize("port", REFLECTORS)
def test_reflector_ports(start, port):
    dnsd = start()
    with Sniffer(dnsd.dns_port) as sniffer:
        send_raw(port, dnsd.dns, build("web.service.consul"))
        assert len(probe(dnsd).answer) == 3
        assert len(sniffer.until(is_probe)) == 1
    assert_one_dropped(dnsd)


def test_other_low_ports_are_answered(start):
    dnsd = start()
    with Sniffer(dnsd.dns_port) as sniffer:
        send_raw(1023, dnsd.dns, build("web.service.consul", id=5))
        probe(dnsd)
        first, *_ = sniffer.until(is_probe)
        assert first.target_port == 1023 and Reply(first.payload).id == 5


def test_own_address_and_port(start):
    dnsd = start()
    with Sniffer(dnsd.dns_port) as sniffer:
        send_raw(dnsd.dns_port, dnsd.dns, build("web.service.consul", id=6))
        assert len(probe(dnsd).answer) == 3
        spoofed, *rest = sniffer.until(is_probe)
        assert spoofed.target_port == dnsd.dns_port, "the test's own datagram"
        assert len(rest) == 1, f"answered: {rest}"
    assert_one_dropped(dnsd)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"])
def test_the_answer_comes_from_the_address_asked(start, address):
    dnsd = start("0.0.0.0", ["[::]"])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        link.settimeout(5)
        link.connect((address, dnsd.dns_port))  # a connected socket takes nothing from other addresses
        link.send(build("web.service.consul"))
        assert len(Reply(link.recv(4096)).answer) == 3


def test_answers_of_one_batch_keep_their_addresses(start):
    dnsd = start("0.0.0.0")
    links = []
    for number in range(200):
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.settimeout(5)
        link.connect((f"127.0.{number}.1", dnsd.dns_port))
        links.append(link)
    for number, link in enumerate(links):
        link.send(build("web.service.consul", id=number))
    assert [Reply(link.recv(4096)).id for link in links] == [*range(200)]
    for link in links:
        link.close()


def test_no_dont_fragment(start):
    dnsd = start()
    with Sniffer(dnsd.dns_port) as sniffer:
        probe(dnsd)
        assert not sniffer.until(is_probe)[-1].dont_fragment


def test_clients_that_are_gone(start):
    dnsd = start()
    for _ in range(300):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
            link.sendto(build("web.service.consul"), dnsd.dns)
    assert len(probe(dnsd).answer) == 3
