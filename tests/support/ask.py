# Signpost. Apache-2.0; see LICENSE.
"""Asking a DNS server and reading its reply.

    reply = ask(server.dns, "db.service.consul", "SRV", edns=1232)
    assert reply.rcode == "NOERROR" and reply.answer == records("db.service.consul. 0 SRV 1 1 80 foo.node.dc1.consul.")

Messages are built and taken apart here (dnspython only prints names and record data), so that nothing is merged,
deduplicated, re-ordered or corrected on the way: a test sees what the server sent.
"""
import collections
import ipaddress
import itertools
import random
import socket
import struct

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

OPCODE_QUERY, OPCODE_STATUS, OPCODE_NOTIFY, OPCODE_UPDATE = 0, 2, 4, 5
TYPE_OPT, OPTION_ECS = 41, 8
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 9: "NOTAUTH",
          16: "BADVERS"}
_FLAGS = (("AA", 0x0400), ("TC", 0x0200), ("RD", 0x0100), ("RA", 0x0080), ("Z", 0x0040), ("AD", 0x0020), ("CD", 0x0010))
SHOWN = 20  # records of a section in a printed reply
_ids = itertools.count(random.randrange(65536))


class NoReply(Exception):
    """The server kept silent."""


class BadReply(AssertionError):
    """What came back is no DNS message, or does not belong to the question."""


class Record(collections.namedtuple("Record", "owner ttl type text")):
    """One resource record; names keep the letter case of the wire and end with a dot."""
    __slots__ = ()

    def __str__(self):
        return f"{self.owner} {self.ttl} {self.type} {self.text}"


Opt = collections.namedtuple("Opt", "udp version do flags options")  # options: {code: bytes}


class Reply:
    """rcode (name, extended bits included), flags (set of names), opcode, question (list of (name, type, class)),
    answer/authority/additional (lists of Record, OPT left out), opt (Opt or None), size in bytes, wire."""

    def __init__(self, wire):
        self.wire, self.size, self.opt = wire, len(wire), None
        if len(wire) < 12:
            raise BadReply(f"{len(wire)} bytes")
        self.id, bits, questions, *counts = struct.unpack_from("!6H", wire)
        if not bits & 0x8000:
            raise BadReply("QR=0")
        self.opcode = bits >> 11 & 15
        self.flags = {name for name, mask in _FLAGS if bits & mask}
        parser = dns.wire.Parser(wire, 12)
        try:
            self.question = [self._read_question(parser) for _ in range(questions)]
            self.classes = set()
            self.answer, self.authority, self.additional = ([*self._read_section(parser, n)] for n in counts)
        except (dns.exception.DNSException, ValueError) as error:
            raise BadReply(f"{error!r} in {wire.hex()}") from error
        if parser.remaining():
            raise BadReply(f"{parser.remaining()} bytes after the last record: {wire.hex()}")
        code = bits & 15 | (self._rcode_high << 4 if self.opt else 0)
        self.rcode = RCODES.get(code, str(code))

    @staticmethod
    def _read_question(parser):
        name = parser.get_name()
        kind, klass = parser.get_struct("!HH")
        return name.to_text(), dns.rdatatype.to_text(kind), klass

    def _read_section(self, parser, count):
        for _ in range(count):
            owner = parser.get_name()
            kind, klass, ttl, length = parser.get_struct("!HHIH")
            if kind == TYPE_OPT:
                self._read_opt(parser, owner, klass, ttl, length)
                continue
            with parser.restrict_to(length):
                data = dns.rdata.from_wire_parser(dns.rdataclass.IN, kind, parser)
            self.classes.add(klass)
            yield Record(owner.to_text(), ttl, dns.rdatatype.to_text(kind), data.to_text())

    def _read_opt(self, parser, owner, size, ttl, length):
        if self.opt or owner != dns.name.root:
            raise BadReply("second OPT, or OPT with a name")
        options = {}
        with parser.restrict_to(length):
            while parser.remaining():
                code, width = parser.get_struct("!HH")
                options[code] = parser.get_bytes(width)
        self._rcode_high = ttl >> 24
        self.opt = Opt(size, ttl >> 16 & 255, bool(ttl & 0x8000), ttl & 0xFFFF, options)

    @property
    def nodata(self):
        """NOERROR without an answer, with the SOA a cache needs."""
        return self.rcode == "NOERROR" and not self.answer and [r.type for r in self.authority] == ["SOA"]

    def of(self, kind):
        """Data of the answer's records of type `kind`."""
        return [record.text for record in self.answer if record.type == kind]

    def __str__(self):
        head = f"{self.rcode} [{' '.join(sorted(self.flags))}] {self.size} bytes, OPT {self.opt}"
        sections = (("answer", self.answer), ("authority", self.authority), ("additional", self.additional))
        lines = [head]
        for name, section in sections:
            lines += [f"  {name}: {record}" for record in section[:SHOWN]]
            if len(section) > SHOWN:
                lines.append(f"  {name}: and {len(section) - SHOWN} more")
        return "\n".join(lines)


def records(*texts):
    """Sorted Records from "owner ttl type data" lines; compare with sorted(reply.answer)."""
    return sorted(Record(o, int(t), k, d) for o, t, k, d in (text.split(None, 3) for text in texts))


def encode_name(name):
    """Wire form of a name in presentation form; labels and name may be longer than DNS allows."""
    if isinstance(name, bytes):
        return name
    out = b""
    for label in _labels(name.rstrip(".") if not name.endswith("\\.") else name):
        out += bytes([len(label)]) + label
    return out + b"\0"


def _labels(name):
    if not name:
        return []
    if "\\" not in name:
        return [label.encode("latin-1") for label in name.split(".")]
    return dns.name.from_text(name, None).labels


def option(code, data=b""):
    return struct.pack("!HH", code, len(data)) + data


def ecs_option(network):
    """EDNS Client Subnet (RFC 7871) for "10.1.2.0/24"."""
    net = ipaddress.ip_network(network)
    used = (net.prefixlen + 7) // 8
    family = 1 if net.version == 4 else 2
    return option(OPTION_ECS, struct.pack("!HBB", family, net.prefixlen, 0) + net.network_address.packed[:used])


def build(name, kind="A", *, id=None, rd=1, cd=0, ad=0, opcode=0, qr=0, dnsclass=1, questions=1, edns=None, do=0,
          edns_version=0, opts=1, ecs=None, options=b""):
    """Query bytes. `edns`: advertised size, None for no OPT; `opts`: number of OPT records; `options`: raw bytes."""
    kind = dns.rdatatype.from_text(kind) if isinstance(kind, str) else kind
    question = encode_name(name) + struct.pack("!HH", kind, dnsclass)
    additional = b""
    if edns is not None:
        data = (ecs_option(ecs) if ecs else b"") + options
        additional = struct.pack("!BHHBBHH", 0, TYPE_OPT, edns, 0, edns_version, do << 15, len(data)) + data
        additional *= opts
    bits = qr << 15 | opcode << 11 | rd << 8 | ad << 5 | cd << 4
    id = next(_ids) & 0xFFFF if id is None else id
    counts = (questions, 0, 0, opts if edns is not None else 0)
    return struct.pack("!6H", id, bits, *counts) + question * questions + additional


def send(server, wire, tcp=False, timeout=5.0):
    """Reply bytes to the message `wire`; NoReply after `timeout` seconds of silence."""
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as link:
        link.settimeout(timeout)
        try:
            link.connect(server)
            if not tcp:
                link.send(wire)
                return link.recv(65535)
            link.sendall(struct.pack("!H", len(wire)) + wire)
            return read_tcp(link)
        except (socket.timeout, ConnectionResetError) as error:
            raise NoReply(f"{server}: {error!r}") from error


def read_tcp(link):
    """One length-prefixed message from a stream; NoReply if the server closes first."""
    def exactly(count):
        got = b""
        while len(got) < count:
            piece = link.recv(count - len(got))
            if not piece:
                raise NoReply(f"closed after {len(got)} of {count} bytes")
            got += piece
        return got
    return exactly(struct.unpack("!H", exactly(2))[0])


def ask(server, name, kind="A", *, tcp=False, timeout=5.0, **message):
    """Sends one question (see `build` for the words) and returns its Reply; the id must match, and the question too
    unless the reply has none."""
    wire = build(name, kind, **message)
    reply = Reply(send(server, wire, tcp, timeout))
    if reply.id != struct.unpack_from("!H", wire)[0]:
        raise BadReply("another id")
    if len(reply.question) == 1:
        asked = wire[12:12 + len(encode_name(name)) + 4]
        if reply.wire[12:12 + len(asked)] != asked:
            raise BadReply(f"question changed: {reply.question}")
    return reply


def silent(server, wire, tcp=False, timeout=0.5):
    """True if nothing comes back, while the server still answers the next query."""
    try:
        send(server, wire, tcp, timeout)
        return False
    except NoReply:
        return True
