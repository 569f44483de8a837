# Signpost. Apache-2.0; see LICENSE.
"""What else avahi-browse makes of the catalog over unicast DNS (case W254), and what it cannot do.

Claims
- It finds where to browse, and the instances of a sub-type, whatever their labels hold.
- One that is taken away or critical is off the list when avahi-daemon has forgotten it, after the TTL of 5 s.
- It asks without EDNS and never over TCP: a list of more than 512 bytes is "Not found" to it, and ends `--all`.
"""
import contextlib

import pytest
from support.embedded import Embedded
from support.private_mounts import PrivateMounts
from support.private_network import PrivateNetwork
from support.process import Process
from support.system_bus import SystemBus
from support.wait import eventually

WEB12, BUERO = "Web\\0321\\.2", "B\\195\\188ro"  # as avahi-browse prints them
FORGOTTEN = 20.0
DAEMON = """
[server]
use-ipv6=no
[wide-area]
enable-wide-area=yes
[publish]
disable-publishing=yes
"""
FILES = {"/etc/resolv.conf": "nameserver 127.0.0.1\n", "/run/avahi-daemon/avahi.conf": DAEMON}


class Avahi:
    """`registry`: the dnsd that avahi-daemon asks, which has these instances of web, all with the tag http."""

    def __init__(self, bus, registry):
        self._bus, self.registry = bus, registry
        for number, label in enumerate(("Web 1.2", "Büro", "three"), 1):
            address = f"10.0.0.{number}"
            registry.register_service("web", f"n{number}", address, id=label, tags=["http"], status="passing")

    def browse(self, *words):
        """(fields of the lines, error text)"""
        words = ("avahi-browse", "--terminate", "--parsable", "--domain=service.consul", *words)
        done = self._bus.run("timeout", 20, *words)
        return [line.split(";") for line in done.stdout.splitlines()], done.stderr

    def labels(self, kind):
        return {row[3] for row in self.browse(kind)[0]}


@pytest.fixture(scope="module")
def avahi(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        stack.enter_context(PrivateNetwork())
        registry = stack.enter_context(Embedded(start=False))
        registry.dnsd.dns_port = 53
        registry.start()
        bus = stack.enter_context(SystemBus(stack.enter_context(PrivateMounts(FILES, empty=["/run"])).words))
        options = ("-f", "/run/avahi-daemon/avahi.conf", "--no-drop-root", "--no-chroot", "--no-rlimits")
        daemon = Process(bus.words("avahi-daemon", *options), tmp_path_factory.mktemp("avahi") / "log")
        stack.callback(daemon.stop)
        bus.wait_for("org.freedesktop.Avahi")
        yield Avahi(bus, registry)


def test_W254_where_to_browse(avahi):
    rows, _ = avahi.browse("--browse-domains")
    assert "service.consul" in {row[-1] for row in rows}


def test_W254_sub_types(avahi):
    assert avahi.labels("_http._sub._web._tcp") == {WEB12, BUERO, "three"}
    assert avahi.labels("_none._sub._web._tcp") == set()


@pytest.mark.parametrize("away", ["taken away", "critical"])
def test_W254_an_instance_that_is_gone(avahi, away):
    avahi.registry.register_service("web", "n3", "10.0.0.3", id="three", status="passing")
    eventually(lambda: "three" in avahi.labels("_web._tcp"), FORGOTTEN, "it is on the list", every=0.3)
    if away == "critical":
        avahi.registry.set_check("n3", "10.0.0.3", "three", "critical")
    else:
        avahi.registry.deregister("n3", "three")
    eventually(lambda: avahi.labels("_web._tcp") == {WEB12, BUERO}, FORGOTTEN, "it is off the list", every=0.3)


def test_W254_lists_of_more_than_512_bytes(avahi):
    for service, size in (("small", 20), ("large", 40)):
        avahi.registry.register_at_once([{"Node": f"{service}{number}", "Address": f"10.1.0.{number}", "Service": {
            "ID": f"i{number:02}", "Service": service, "Port": 80}} for number in range(1, size + 1)])
    assert avahi.labels("_small._tcp") == {f"i{number:02}" for number in range(1, 21)}
    rows, error = avahi.browse("_large._tcp")
    assert not rows and "Not found" in error
    assert "Not found" in avahi.browse("--all")[1], "and there it ends"
