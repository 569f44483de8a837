# Signpost. Apache-2.0; see LICENSE.
"""The listeners themselves.

- W239: a client that takes no answers cannot stop dnsd: it drops them and serves others.
- W241: the receive buffer is 1 MiB or what the kernel allows; what overflows it is counted.
- W242: dnsd starts although an address is not there yet, and answers once it is.
- W243: an address that goes away leaves an idle listener, no busy loop; when it comes back, so do answers.
- W244: a port in use ends the start with one sentence that names --listen and who may hold the port.
"""
import re
import signal
import socket
import subprocess
import time

import pytest

from support.ask import NoReply, ask, build
from support.dnsd import Dnsd
from support.wait import eventually, quiet

LATE_ADDRESS = "198.18.244.7"
RECEIVE_BUFFER = 1 << 20
OVERFLOWS = "signpost_udp_receive_drops_total"


def test_a_client_that_takes_no_answers(start):
    dnsd = start()
    wire = build("web.service.consul", "SRV")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        for _ in range(20000):
            deaf.sendto(wire, dnsd.dns)
        assert len(eventually(quiet(lambda: ask(dnsd.dns, "web.service.consul", timeout=1).answer, NoReply), 10)) == 3


def test_receive_buffer(start):
    dnsd = start()
    command = ["ss", "-uanm", f"sport = :{dnsd.dns_port}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with open("/proc/sys/net/core/rmem_max") as limit:
        wanted = min(RECEIVE_BUFFER, int(limit.read()))
    # The kernel doubles what it is asked for.
    assert [int(size) for size in re.findall(r"skmem:\([^)]*\brb(\d+)", text)] == [2 * wanted]


def test_overflow_is_counted(start):
    dnsd = start()
    assert dnsd.metric(OVERFLOWS) == 0
    dnsd.process.send(signal.SIGSTOP)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            for _ in range(20000):
                flood.sendto(build("web.service.consul"), dnsd.dns)
    finally:
        dnsd.process.send(signal.SIGCONT)
    eventually(lambda: _asked(dnsd) and dnsd.metric(OVERFLOWS) > 0, 10, "the overflow is counted")


def _asked(dnsd):
    """The kernel tells the count with the next datagram only."""
    return quiet(lambda: ask(dnsd.dns, "web.service.consul", timeout=1), NoReply)()


@pytest.fixture
def late_address():
    """Adds and removes LATE_ADDRESS on the loopback device; gone after the test in any case."""
    def change(verb):
        subprocess.run(["ip", "address", verb, f"{LATE_ADDRESS}/32", "dev", "lo"], check=True)
    yield change
    subprocess.run(["ip", "address", "delete", f"{LATE_ADDRESS}/32", "dev", "lo"], capture_output=True)


def test_an_address_that_comes_late_and_goes_away(start, late_address):
    dnsd = start(more=[LATE_ADDRESS])
    late = (LATE_ADDRESS, dnsd.dns_port)
    answers = quiet(lambda: len(ask(late, "web.service.consul", timeout=0.5).answer) == 3, OSError, NoReply)
    assert not answers()
    late_address("add")
    eventually(answers, 15, "it answers at the new address")
    late_address("delete")
    begin, used = time.monotonic(), dnsd.process.cpu_seconds()
    eventually(lambda: time.monotonic() - begin > 1, 5)
    assert dnsd.process.cpu_seconds() - used < 0.3, "it spins"
    assert len(ask(dnsd.dns, "web.service.consul").answer) == 3
    late_address("add")
    eventually(answers, 15, "it answers again")


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["udp", "tcp"])
def test_port_in_use(consul, kind):
    server = Dnsd(consul.url, start=False)
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(server.dns)
        if kind == socket.SOCK_STREAM:
            holder.listen()
        server.start(ready=False)
        assert eventually(lambda: server.process.exit_code, 10, "dnsd gives up") == 1
    for part in ("--listen", "systemd-resolved", f"127.0.0.1:{server.dns_port}"):
        assert part in server.log(), server.log()
    server.close(check=False)
