# Signpost. Apache-2.0; see LICENSE.
"""A DNS upstream that behaves as the first label of the question tells it to.

servfail, refused, nx, nodata, tc (one record, TC=1), big (60 A); anything else: an alias real.NAME with A 9.9.9.9 and a
TXT. A label may begin with the upstream's own name, as in r1servfail: the other upstreams then answer normally.
"""
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from support.ports import free_port

_FAILURES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED, "nx": dns.rcode.NXDOMAIN}


class Upstream:
    """Serves UDP on `address` (host:port) until closed; `asked` lists the questions as (name, type) texts."""

    def __init__(self, name):
        self.name, self.port, self.asked = name, free_port(), []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def close(self):
        self._socket.sendto(b"", ("127.0.0.1", self.port))  # an empty datagram ends the loop
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while True:
            wire, peer = self._socket.recvfrom(4096)
            if not wire:
                return
            query = dns.message.from_wire(wire)
            self.asked.append((query.question[0].name.to_text(), query.question[0].rdtype))
            self._socket.sendto(self._reply(query), peer)

    def _reply(self, query):
        name = query.question[0].name
        word = name.labels[0].decode().removeprefix(self.name)
        reply = dns.message.make_response(query, recursion_available=True)
        reply.use_edns(False)
        if word in _FAILURES:
            reply.set_rcode(_FAILURES[word])
        elif word == "tc":
            reply.flags |= dns.flags.TC
            reply.answer.append(dns.rrset.from_text(name, 77, "IN", "A", "9.9.9.9"))
        elif word == "big":
            reply.answer.append(dns.rrset.from_text(name, 77, "IN", "A", *(f"9.9.9.{i}" for i in range(1, 61))))
        elif word != "nodata":
            real = f"real.{name}"
            reply.answer = [dns.rrset.from_text(name, 123, "IN", "CNAME", real),
                            dns.rrset.from_text(real, 77, "IN", "A", "9.9.9.9"),
                            dns.rrset.from_text(real, 55, "IN", "TXT", '"txt"')]
        return reply.to_wire(max_size=65535)
