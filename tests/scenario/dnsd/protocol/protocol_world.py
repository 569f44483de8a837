# Signpost. Apache-2.0; see LICENSE.
"""The services that the protocol cases ask for, in a real Consul agent, and the upstream that knows the foreign names."""
import string
import threading

import dns.flags

from support.fake_dns import FakeDns


class Upstream(FakeDns):
    """`asked_with(name)`: the header flags, as words, of each question for that name."""

    def __init__(self):
        super().__init__()
        self._flags, self._flags_lock = [], threading.Lock()
        self.set("plain.foreign.test", "A", ["192.0.2.80", "192.0.2.81"], ttl=60)
        self.set("plain.foreign.test", "AAAA", ["2001:db8::80"], ttl=60)
        self.set("www.example.test", "A", ["192.0.2.90"], ttl=60)

    def asked_with(self, name):
        with self._flags_lock:
            return [flags for asked, flags in self._flags if asked == name]

    def _bytes(self, query, name, rdtype, transport, mode):
        with self._flags_lock:
            self._flags.append((name, dns.flags.to_text(query.flags).split()))
        reply = super()._bytes(query, name, rdtype, transport, mode)
        if reply and query.flags & dns.flags.CD:
            reply = reply[:3] + bytes([reply[3] | 0x10]) + reply[4:]
        return reply


def register_all(consul):
    _register_small(consul)
    _register_long_texts(consul)
    _register_crowd(consul, "many", 60, "10.60")
    _register_crowd(consul, "wide", 600, "10.61")
    _register_crowd(consul, "crowd", 1500, "10.62")


def _register_small(consul):
    """Services of up to eight instances, each for one or two cases."""
    for number, tags in ((1, ["v1"]), (2, ["blue.green"]), (3, ["v3"])):
        consul.register_service("web", f"n{number}", f"198.18.0.{number}", 8080, tags=tags,
                                node_meta={"rack": "r7"} if number == 1 else {})
    for number in (1, 2):
        for address in (f"192.0.2.{100 + number}", f"2001:db8::{number}"):
            consul.register_service("dual", "n4", "198.18.0.4", id=address.replace(":", "-"), service_address=address)
    for number in range(1, 9):
        consul.register_service("eight", "n4", "198.18.0.4", id=f"eight{number}", service_address=f"192.0.2.{number}")
    consul.register_service("alias", "n4", "198.18.0.4", service_address="www.example.test.")
    consul.register_service("camel", "CamelHost", "198.18.0.5")
    consul.register_service("sick", "n4", "198.18.0.4", status="critical")
    consul.register_service("mixed", "n7", "198.18.1.7", id="mixed1", weights=(9, 1), status="passing")
    consul.register_service("mixed", "n8", "198.18.1.8", id="mixed2", weights=(7, 4), status="warning")
    consul.register_service("idle", "n5", "198.18.1.1", id="idle1", weights=(1, 1), status="passing")
    consul.register_service("idle", "n6", "198.18.1.2", id="idle2", weights=(1, 0), status="warning")
    for number in (1, 2):
        consul.register_service("resting", f"n{4 + number}", f"198.18.1.{number}", id=f"resting{number}",
                                weights=(1, 0), status="warning")


def _register_long_texts(consul):
    """big: four TXT of about 240 bytes; huge: fourteen of about 250."""
    for service, count, length in (("big", 4, 165), ("huge", 14, 175)):
        for number in range(count):
            text = string.ascii_lowercase[number] * length
            consul.register_service(service, "n4", "198.18.0.4", id=f"{service}{number}", meta={"text": text})


def _register_crowd(consul, service, count, prefix):
    """`count` instances with addresses of their own on one node, in few transactions."""
    node = f"{service}-host"
    consul.register({"Node": node, "Address": "198.18.2.1"})
    instances = ({"ID": f"{service}{number}", "Service": service, "Port": 80,
                  "Address": f"{prefix}.{number // 250}.{number % 250 + 1}"} for number in range(count))
    consul.txn([{"Service": {"Verb": "set", "Node": node, "Service": instance}} for instance in instances])
