# Signpost. Apache-2.0; see LICENSE.
"""A DNS server that lies on demand, UDP and TCP on one port, on a thread of its own.

Every public method may be called from the test's thread; the next question is answered accordingly.

    with FakeDns() as dns:
        dns.srv("web.service.consul", [(1, 10, 80, "127.0.0.1"), (1, 20, 80, "127.0.0.2")], ttl=0)  # targets and A along
        dns.set("web.example", "A", ["127.0.0.1", "127.0.0.2"], ttl=5)                              # records as text
        dns.mode("servfail")                      # every name, until mode("answer")
        dns.mode("nx", "web.service.consul")      # one name only
        dns.rotate("web.service.consul", 8)       # each answer has 8 records drawn at random
        dns.count("web.service.consul", "SRV", "udp")  # questions so far; None stands for any
        dns.stop(); dns.start()                   # the server dies and comes back at the same port

Modes: answer; drop (silence); nx, servfail, refused, empty; tc (UDP: two records and TC, TCP: all); cut (UDP: three records
and no TC, as Consul does); formerr (always), no_edns (FORMERR to EDNS only); garbage; wrong_id; wrong_question. `refuse_tcp`
closes TCP connections at once, `close_tcp` refuses them, `authoritative` sets AA. CNAMEs are followed, as a resolver does.
"""
import random
import time
from collections import namedtuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from support.dns_server import DnsServer, write_message

MODES = {"answer", "drop", "nx", "servfail", "refused", "empty", "tc", "cut", "formerr", "no_edns", "garbage", "wrong_id",
         "wrong_question"}
_RCODES = {"nx": dns.rcode.NXDOMAIN, "servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED, "formerr": dns.rcode.FORMERR}
_KEPT_WHEN_CUT = {"tc": 2, "cut": 3}

# name: without the final dot, in lower case; at: monotonic; port: the asker's.
Question = namedtuple("Question", "name type transport edns at port")


class FakeDns(DnsServer):
    def __init__(self, authoritative=False, address="127.0.0.1"):
        super().__init__(address)
        self.authoritative = authoritative
        self._records = {}   # (name, type): (rrset, additional rrsets); guarded by _lock, as all that follows
        self._modes = {}     # by name; None = every other
        self._rotated = {}   # name: records per answer
        self._doubled = set()
        self._asked = []
        self._random = random.Random(1)

    # --- what it says

    def set(self, name, rdtype, values, ttl=0, additional=()):
        """Replaces the records of that name and type. `additional`: (name, type, value) triples that come along."""
        rrset = self._rrset(name, rdtype, ttl, values)
        along = [self._rrset(owner, kind, ttl, [value]) for owner, kind, value in additional]
        with self._lock:
            self._records[_key(name, rdtype)] = (rrset, along)

    def srv(self, name, instances, ttl=0, along=True):
        """SRV records for (priority, weight, port, IPv4 address), with a target per address that has an A record."""
        hosts = {address: f"{address.replace('.', '-')}.node.consul" for _, _, _, address in instances}
        for address, host in hosts.items():
            self.set(host, "A", [address], ttl)
        additional = [(host, "A", address) for address, host in hosts.items()] if along else []
        values = [f"{priority} {weight} {port} {hosts[address]}." for priority, weight, port, address in instances]
        self.set(name, "SRV", values, ttl, additional)

    def remove(self, name, rdtype=None):
        with self._lock:
            for key in [key for key in self._records if key[0] == _plain(name) and rdtype in (None, key[1])]:
                del self._records[key]

    def mode(self, mode, name=None):
        """For one name, or for all that have none of their own; mode("answer", NAME) takes it back."""
        assert mode in MODES, mode
        with self._lock:
            key = name and _plain(name)
            if mode == "answer":
                self._modes.pop(key, None)
            else:
                self._modes[key] = mode

    def rotate(self, name, size):
        """Answers about `name` have `size` records drawn at random; 0 = all."""
        with self._lock:
            self._rotated[_plain(name)] = size

    def double(self, name):
        """Answers about `name` have every record twice."""
        with self._lock:
            self._doubled.add(_plain(name))

    # --- what it heard

    def questions(self, name=None, rdtype=None, transport=None):
        with self._lock:
            asked = list(self._asked)
        return [q for q in asked if name in (None, q.name) and rdtype in (None, q.type) and transport in (None, q.transport)]

    def count(self, name=None, rdtype=None, transport=None):
        return len(self.questions(name, rdtype, transport))

    def forget(self):
        """Starts counting anew."""
        with self._lock:
            self._asked.clear()

    # --- serving

    def _over_udp(self, data, peer):
        reply = self._reply(data, "udp", peer)
        if reply and self._links:
            self._links[0].sendto(reply, peer)

    def _over_tcp(self, data, writer):
        reply = self._reply(data, "tcp", writer.get_extra_info("peername"))
        if reply and not self.refuse_tcp:
            write_message(writer, reply)

    def _reply(self, data, transport, peer):
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return None
        question = query.question[0]
        name, rdtype = _plain(question.name.to_text()), dns.rdatatype.to_text(question.rdtype)
        with self._lock:
            self._asked.append(Question(name, rdtype, transport, query.edns >= 0, time.monotonic(), peer[1]))
            mode = self._modes.get(name, self._modes.get(None, "answer"))
            return self._bytes(query, name, rdtype, transport, mode)

    def _bytes(self, query, name, rdtype, transport, mode):
        if mode == "drop":
            return None
        if mode == "garbage":
            return b"\x01\x02\x03"
        reply = dns.message.make_response(query, recursion_available=True)
        if self.authoritative:
            reply.flags |= dns.flags.AA
        if mode in _RCODES:
            reply.set_rcode(_RCODES[mode])
        elif mode == "no_edns" and query.edns >= 0:
            reply.use_edns(False)
            reply.set_rcode(dns.rcode.FORMERR)
        elif mode != "empty":
            self._fill(reply, name, rdtype, transport, mode)
        if mode == "wrong_id":
            reply.id ^= 0x5555
        if mode == "wrong_question":
            reply.question[0].name = dns.name.from_text("other.example.")
        return reply.to_wire(max_size=65535)

    def _fill(self, reply, name, rdtype, transport, mode):
        while (name, rdtype) not in self._records and (name, "CNAME") in self._records and len(reply.answer) < 20:
            alias, _ = self._records[name, "CNAME"]
            reply.answer.append(alias)
            name = _plain(alias[0].target.to_text())
        found = self._records.get((name, rdtype))
        if not found:
            if not any(owner == name for owner, _ in self._records):
                reply.set_rcode(dns.rcode.NXDOMAIN)
            return
        rrset, additional = found
        size = len(rrset)
        if transport == "udp" and size > _KEPT_WHEN_CUT.get(mode, size):
            size = _KEPT_WHEN_CUT[mode]
            if mode == "tc":
                reply.flags |= dns.flags.TC
        size = min(size, self._rotated.get(name) or size)
        records = list(rrset) if size == len(rrset) else self._random.sample(list(rrset), size)
        reply.answer += [dns.rrset.from_rdata_list(rrset.name, rrset.ttl, records)] * (2 if name in self._doubled else 1)
        targets = {record.target for record in records if rdtype == "SRV"}
        reply.additional += [extra for extra in additional
                             if not targets or extra.name in targets or extra.rdtype != dns.rdatatype.A]

    @staticmethod
    def _rrset(name, rdtype, ttl, values):
        return dns.rrset.from_text(_plain(name) + ".", ttl, "IN", rdtype, *values)


def _plain(name):
    return name.lower().rstrip(".")


def _key(name, rdtype):
    return _plain(name), rdtype
