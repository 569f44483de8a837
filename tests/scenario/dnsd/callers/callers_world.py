# Signpost. Apache-2.0; see LICENSE.
"""A network of its own in which dnsd is started by a command line of docs/callers.md."""
import contextlib
import shlex
import subprocess

from callers_upstream import Upstream
from recipes import recipe
from support.embedded import Embedded
from support.private_network import PrivateNetwork

UPSTREAM = "192.0.2.53"  # what the recipes call the name server of the network
WEB = {f"10.1.0.{number}" for number in (1, 2, 3)}
MANY = {f"10.2.0.{number}" for number in range(1, 101)}  # more than a datagram holds
LARGE = {f"93.184.215.{number}" for number in range(100, 200)}  # large.example.com: the same


class World:
    """`registry`: dnsd with its embedded registry and these services:

    web    three instances, IPv4 only, ports 8001 to 8003
    dual   one with an IPv4 and an IPv6 address
    many   a hundred, IPv4 only, port 80

    `upstream`: the name server of that network, with names below example.com. `network`: one that is there already.
    """

    def __init__(self, command=None, options=None, network=None):
        program, *self._words = shlex.split(command or recipe("dnsd-host"))
        assert program == "dnsd"
        self._options, self.network, self._stack = options, network, None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            if not self.network:
                self.network = stack.enter_context(PrivateNetwork())
            self._add_interface()
            self.upstream = self._start_upstream(stack)
            self.registry = stack.enter_context(self._dnsd())
            self.registry.start()
            self._fill()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *failure):
        return self._stack.__exit__(*failure)

    def _add_interface(self):
        """A host has one beside its loopback: without an IPv6 address on it programs leave AAAA out (AI_ADDRCONFIG), and
        systemd-resolved believes that there is no network."""
        for words in ("link add eth0 type veth peer name wire", "link set wire up", "link set eth0 up",
                      "address add 198.51.100.1/24 dev eth0", "address add 2001:db8:51::1/64 dev eth0 nodad"):
            subprocess.run(["ip", *words.split()], check=True, timeout=20)
        self.network.add_address(UPSTREAM)

    def _dnsd(self):
        option, first, *more = self._words
        address, port = first.rsplit(":", 1)
        assert option == "--listen"
        registry = Embedded(options=self._options, arguments=more, listen=address, start=False)
        registry.dnsd.dns_port = int(port)
        return registry

    @staticmethod
    def _start_upstream(stack):
        server = stack.enter_context(Upstream(UPSTREAM))
        server.set("www.example.com", "A", ["93.184.215.80"])
        server.set("www.example.com", "AAAA", ["2606:2800:21f::80"])
        server.set("alias.example.com", "CNAME", ["www.example.com."])
        server.set("four.example.com", "A", ["93.184.215.44"])
        server.set("_sip._tcp.example.com", "SRV", ["1 2 5060 www.example.com."])
        server.set("large.example.com", "A", LARGE)
        return server

    def _fill(self):
        for number, address in enumerate(sorted(WEB), 1):
            self.registry.register_service("web", f"n{number}", address, port=8000 + number)
        dual = {"lan_ipv4": {"Address": "10.3.0.1", "Port": 80}, "lan_ipv6": {"Address": "2001:db8::1", "Port": 80}}
        self.registry.register({"Node": "dual", "Address": "10.3.0.1", "Service": {
            "ID": "dual", "Service": "dual", "Port": 80, "TaggedAddresses": dual}})
        many = {"ID": "many", "Service": "many", "Port": 80}
        self.registry.register_at_once([
            {"Node": f"m{address.rsplit('.', 1)[1]}", "Address": address, "Service": many} for address in MANY])

    def queries(self, transport):
        """Messages that dnsd has received so far."""
        return self.registry.dnsd.metric("signpost_dns_queries_total", transport=transport)
