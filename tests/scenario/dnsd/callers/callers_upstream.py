# Signpost. Apache-2.0; see LICENSE.
"""The name server of the network that the callers are in: honest, until it is silent or stopped."""
from support.misbehaving_dns import QR, RA, RD, TC, MisbehavingDns, reply, soa

_UDP_RECORDS = 20  # what it sends in a datagram
_NEGATIVE_TTL = 5


class Upstream(MisbehavingDns):
    """`silent`: it takes questions and does not answer."""

    def __init__(self, address):
        self._records = {}  # (name, type): lines for `reply`
        self.silent = False
        super().__init__(self._say, address, 53)

    def set(self, name, kind, values, ttl=5):
        """Replaces the records of that name and type."""
        self._records[name, kind] = [f"{name}. {ttl} {kind} {value}" for value in sorted(values)]

    def _say(self, asked):
        if self.silent:
            return None
        name, answer = asked.name, []
        while (name, "CNAME") in self._records and asked.type != "CNAME":
            alias = self._records[name, "CNAME"]
            answer += alias
            name = alias[0].split()[-1].rstrip(".")
        answer += self._records.get((name, asked.type), ())
        known = {owner for owner, _ in self._records}
        if name not in known:
            return reply(asked, answer, [soa(asked, _NEGATIVE_TTL, _NEGATIVE_TTL)], rcode="NXDOMAIN")
        if (name, asked.type) not in self._records:
            return reply(asked, answer, [soa(asked, _NEGATIVE_TTL, _NEGATIVE_TTL)])
        if asked.transport == "udp" and len(answer) > _UDP_RECORDS:
            return reply(asked, answer[:_UDP_RECORDS], flags=QR | RD | RA | TC)
        return reply(asked, answer)
