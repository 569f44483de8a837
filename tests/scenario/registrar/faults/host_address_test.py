# Signpost. Apache-2.0; see LICENSE.
"""The host's address changes.

Claims
- With --ip iface:NAME every service follows within 10 s, in place: IDs stay, nothing is deregistered.
- A family that disappears keeps its last address, while the other one changes: nothing is deregistered.
- A reload does the same at once; a wrong one changes nothing.
"""
import contextlib
import os
import subprocess

from support.registrar import always
from support.wait import eventually


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextlib.contextmanager
def interface(name, address):
    """A network interface that leads nowhere."""
    ip("link", "add", name, "type", "bridge")
    try:
        ip("addr", "add", address, "dev", name)
        ip("link", "set", name, "up")
        yield
    finally:
        ip("link", "del", name)


def addresses(agent):
    return {service["Address"] for service in agent.services().values()}


def assert_in_place(agent, count):
    assert agent.writes("deregister") == []
    assert len(agent.ids()) == count and len(agent.writes("service/register")) == 2 * count


def test_case_112_address_of_an_interface(engine, agent, start):
    name = f"sp{os.getpid() % 100000}"
    with interface(name, "198.51.100.1/32"):
        engine.run_many(3)
        start(ip=f"iface:{name}")
        eventually(lambda: len(agent.ids()) == 3 and addresses(agent) == {"198.51.100.1"})
        ip("addr", "add", "198.51.100.2/32", "dev", name)
        ip("addr", "del", "198.51.100.1/32", "dev", name)
        eventually(lambda: addresses(agent) == {"198.51.100.2"}, 13, agent.services)
        assert_in_place(agent, 3)


def places(agent):
    """{(IPv4, IPv6)} of the services."""
    return {(service["Address"], service["TaggedAddresses"].get("lan_ipv6", {}).get("Address"))
            for service in agent.services().values()}


def test_case_112_a_family_is_lost(engine, agent, start):
    name = f"sq{os.getpid() % 100000}"
    with interface(name, "198.51.100.1/32"):
        ip("addr", "add", "2001:db8::1/128", "dev", name, "nodad")
        engine.run_many(3, ipv6=True)
        start(ip=f"iface:{name}")
        eventually(lambda: len(agent.ids()) == 3 and places(agent) == {("198.51.100.1", "2001:db8::1")}, 5,
                   lambda: places(agent))
        ip("addr", "del", "198.51.100.1/32", "dev", name)
        ip("addr", "add", "2001:db8::2/128", "dev", name, "nodad")
        ip("addr", "del", "2001:db8::1/128", "dev", name)
        eventually(lambda: places(agent) == {("198.51.100.1", "2001:db8::2")}, 13, lambda: places(agent))
        assert_in_place(agent, 3)


def test_case_112_another_address_by_reload(engine, agent, start):
    engine.run_many(3)
    registrar = start()
    eventually(lambda: len(agent.ids()) == 3 and addresses(agent) == {"192.0.2.10"})
    registrar.reload(ip="192.0.2.99")
    eventually(lambda: addresses(agent) == {"192.0.2.99"}, 2)
    assert_in_place(agent, 3)
    registrar.reload(ip="nonsense")
    eventually(lambda: "reload refused" in registrar.log(), 2)
    always(lambda: addresses(agent) == {"192.0.2.99"}, 0.3)
