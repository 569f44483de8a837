# Signpost. Apache-2.0; see LICENSE.
"""HAProxy finds its servers through dnsd: the resolvers sections of docs/callers.md.

Claims
- With accepted_payload_size, over UDP, a service of twenty instances fills a server-template of twenty: address and port each.
- Over TCP a service of sixty does.
- Without accepted_payload_size twenty instances do not arrive: what the page says of 512 bytes is true.
- An instance that is gone leaves the backend, a new one comes in; the others stay as they are.
"""
import contextlib
import pathlib
import re
import socket
import tempfile
import urllib.request

import pytest
from recipes import recipe
from support.callers import PLAIN
from support.origin import Origin, answer
from support.ports import free_port
from support.private_mounts import PrivateMounts
from support.process import Process
from support.wait import eventually

_FRAME = """
global
  stats socket {home}/stats mode 600 level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend in
  bind 127.0.0.1:{port}
  default_backend web
"""
_FASTER = "  timeout resolve 200ms\n"  # than the default of a second, for the test


class Haproxy:
    """HAProxy with a recipe, which asks for web; that is put in the place of `service`."""

    def __init__(self, text, service):
        self._text, self._service = text.replace("_web._tcp", f"_{service}._tcp"), service
        self.port = free_port()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self._home = stack.enter_context(tempfile.TemporaryDirectory(prefix="haproxy-"))
            frame = _FRAME.format(home=self._home, port=self.port)
            config = pathlib.Path(self._home) / "haproxy.cfg"
            text = re.sub(r"^  nameserver .*\n", lambda line: line[0] + _FASTER, self._text, flags=re.MULTILINE)
            config.write_text(frame + text)
            mounts = stack.enter_context(PrivateMounts({"/etc/resolv.conf": PLAIN}))
            process = Process(mounts.words("/usr/sbin/haproxy", "-db", "-f", config), f"{self._home}/log")
            stack.callback(process.stop)
            eventually((pathlib.Path(self._home) / "stats").exists, 10, lambda: f"HAProxy ready\n{process.log_tail()}")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def servers(self):
        """{name: (address, port)} of those that have an address."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(5)
            link.connect(f"{self._home}/stats")
            link.sendall(b"show servers state web\n")
            text = b"".join(iter(lambda: link.recv(65536), b"")).decode()
        lines = [line.split() for line in text.splitlines() if not line.startswith("#")]
        names = next(line[2:].split() for line in text.splitlines() if line.startswith("# be_id"))
        rows = [dict(zip(names, line)) for line in lines if len(line) > 10]
        found = {row["srv_name"]: (row["srv_addr"], int(row["srv_port"])) for row in rows}
        return {name: at for name, at in found.items() if at[0] not in ("-", "0.0.0.0")}

    def wait(self, expected):
        eventually(lambda: sorted(self.servers().values()) == sorted(expected), 15,
                   lambda: f"{len(expected)} servers; there are {self.servers()}")

    def request(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as reply:
            return reply.read()


@pytest.fixture
def origin():
    """Every instance of the tests here: all addresses of 127/8 lead to it."""
    with Origin(answer(b"served"), address="0.0.0.0") as server:
        yield server


class Service:
    def __init__(self, world, name, port):
        self._registry, self.name, self._port = world.registry, name, port
        self.instances = []

    def start(self, *numbers):
        for number in numbers:
            address = f"127.0.5.{number}"
            self._registry.register_service(
                self.name, f"{self.name}{number}", address, port=self._port, service_address=address)
            self.instances.append((address, self._port))

    def stop(self, number):
        self._registry.deregister(f"{self.name}{number}")
        self.instances.remove((f"127.0.5.{number}", self._port))


@pytest.mark.parametrize("text, count", [("haproxy.cfg", 20), ("haproxy-tcp.cfg", 60)])
def test_all_instances_come_up(world, origin, text, count):
    service = Service(world, f"large{count}", origin.port)
    service.start(*range(1, count + 1))
    with Haproxy(recipe(text), service.name) as haproxy:
        haproxy.wait(service.instances)
        assert haproxy.request() == b"served"


def test_512_bytes_are_too_few(world, origin):
    """HAProxy gives a truncated answer up; it has asked three times and more before this looks."""
    service = Service(world, "toomany", origin.port)
    service.start(*range(1, 21))
    payload = "  accepted_payload_size 8192\n"
    text = recipe("haproxy.cfg")
    assert payload in text
    with Haproxy(text.replace(payload, ""), service.name) as haproxy:
        before = world.queries("udp")
        eventually(lambda: world.queries("udp") >= before + 4, 15, "four questions")
        assert not haproxy.servers()


def test_instances_come_and_go(world, origin):
    service = Service(world, "moves", origin.port)
    service.start(1, 2, 3)
    with Haproxy(recipe("haproxy.cfg").replace("hold obsolete 10s", "hold obsolete 1s"), service.name) as haproxy:
        haproxy.wait(service.instances)
        before = haproxy.servers()
        service.stop(2)
        haproxy.wait(service.instances)
        service.start(4)
        haproxy.wait(service.instances)
        kept = {(f"127.0.5.{number}", origin.port) for number in (1, 3)}
        assert {name: at for name, at in haproxy.servers().items() if at in kept} == \
               {name: at for name, at in before.items() if at in kept}
        assert haproxy.request() == b"served"
