# Signpost. Apache-2.0; see LICENSE.
"""The probes of ISC's DNS compliance tester (genreport), built anew from their description, and its words for what is wrong.

    tags = PROBES["ednsopt"].run(server.dns, "consul.", recursive=False)     # [] when all is well
"""
import collections
import socket
import struct

import dns.message
import dns.name
import dns.rdatatype
import dns.tsig

from support.ask import BadReply, NoReply, Reply, encode_name, option, send

AA, TC, RD, RA, Z, AD, CD = 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010
NSID, EXPIRE, COOKIE, ECS, UNKNOWN = 3, 9, 10, 8, 100
OWN_ZONE, UPSTREAM_ZONE = "compliance.test.", "upstream.test."  # of dnsd, and of the server behind it
CLIENT_COOKIE = bytes.fromhex("c0ffee0123456789")
NSID_ASKED, EXPIRE_ASKED = option(NSID), option(EXPIRE)
COOKIE_ASKED, SUBNET_ASKED = option(COOKIE, CLIENT_COOKIE), option(ECS, struct.pack("!HBB", 1, 0, 0))
PROBE_ID = 0x4711

Edns = collections.namedtuple("Edns", "version flags size options", defaults=(0, 0, 4096, b""))
DO = 0x8000

_TYPES = """A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS AAAA
    LOC NXT SRV NAPTR KX CERT A6 DNAME APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM TLSA SMIMEA HIP CDS CDNSKEY
    OPENPGPKEY SPF NID L32 L64 LP EUI48 EUI64 URI CAA DLV TYPE1000""".split()
_NUMBERS = {"A6": 38, "NXT": 30, "WKS": 11, "DLV": 32769, "MINFO": 14, "MB": 7, "MG": 8, "MR": 9, "MD": 3, "MF": 4, "NULL": 10}


class Probe:
    """`soa`: "answer", "authority", "none" or "any", where the SOA must be. `rcodes`: those that are right."""

    def __init__(self, name, kind=6, flags=0, edns=None, opcode=0, tcp=False, soa="answer", rcodes=("NOERROR",), cut_is_fine=False,
                 bare=False):
        self.name, self._kind, self._flags, self._edns, self._opcode = name, kind, flags, edns, opcode
        self._tcp, self._soa, self._rcodes, self._cut_is_fine, self._bare = tcp, soa, rcodes, cut_is_fine, bare

    def run(self, server, zone, recursive):
        """Tags of what is wrong, in genreport's words; [] is its "ok"."""
        flags = self._flags | (RD if recursive and not self._bare else 0)
        wire = self.wire(zone, flags)
        try:
            reply = Reply(send(server, wire, self._tcp, timeout=3))
        except BadReply as error:
            return [f"malformed ({error})"]
        except (NoReply, socket.timeout):
            return ["timeout"]
        return [*self._of_header(reply, flags, recursive), *self._of_sections(reply, wire), *self._of_edns(reply)]

    def wire(self, zone, flags):
        question = b"" if self._bare else encode_name(zone) + struct.pack("!HH", self._kind, 1)
        opt = b""
        if self._edns:
            edns = self._edns
            opt = struct.pack("!BHHBBHH", 0, 41, edns.size, 0, edns.version, edns.flags, len(edns.options)) + edns.options
        counts = (0 if self._bare else 1, 0, 0, 1 if opt else 0)
        return struct.pack("!6H", PROBE_ID, self._opcode << 11 | flags, *counts) + question + opt

    def _of_header(self, reply, flags, recursive):
        bits, query = reply.flags, self._opcode == 0
        if reply.id != PROBE_ID or reply.opcode != self._opcode:
            yield "mismatch"
        if reply.rcode not in self._rcodes:
            yield reply.rcode.lower()
        if query and reply.rcode == "NOERROR":
            if not recursive and "AA" not in bits:
                yield "noaa"
            if recursive and "RA" not in bits:
                yield "nora"
        if "AA" in bits and (recursive or not query):
            yield "aa"
        if "TC" in bits and not self._cut_is_fine:
            yield "tc"
        if query and flags & RD and "RD" not in bits:
            yield "nord"
        if "RD" in bits and not (query and flags & RD):
            yield "rd"
        if "RA" in bits and not query:
            yield "ra"
        if "Z" in bits:
            yield "z"
        if "AD" in bits and not (query and flags & AD):
            yield "ad"
        if "CD" in bits and not (query and flags & CD):
            yield "cd"

    def _of_sections(self, reply, wire):
        if self._bare:
            if reply.size != 12:
                yield f"size {reply.size}"
            return
        question = wire[12:wire.index(b"\0", 12) + 5]
        if reply.wire[12:12 + len(question)] != question or len(reply.question) != 1:
            yield "mismatch"
        answer, authority = ([r.type for r in section] for section in (reply.answer, reply.authority))
        if self._soa == "answer" and answer != ["SOA"] or self._soa == "authority" and (answer or authority != ["SOA"]):
            yield "nosoa"
        if self._soa == "none" and "SOA" in answer + authority:
            yield "soa"
        limit = 65535 if self._tcp else self._edns.size if self._edns else 512
        if reply.size > limit:
            yield "toobig"

    def _of_edns(self, reply):
        if not self._edns:
            if reply.opt:
                yield "opt"
            return
        if not reply.opt:
            yield "noopt"
            return
        if reply.opt.version:
            yield "version-not-zero"
        if UNKNOWN in reply.opt.options:
            yield "echoed"
        if self._edns.flags & DO and not reply.opt.do:
            yield "nodo"
        if reply.opt.flags & ~DO or reply.opt.do and not self._edns.flags & DO:
            yield "mbz"
        cookie = reply.opt.options.get(COOKIE)
        if cookie is not None and (cookie[:8] != CLIENT_COOKIE or len(cookie) < 16):
            yield "cookie-mismatch"


class WellKnownKey:
    """A query signed with the empty key "." (dnswkk): nobody may take that for a signature."""
    name = "dnswkk"

    def run(self, server, zone, recursive):
        query = dns.message.make_query(zone, "SOA", id=PROBE_ID)
        if not recursive:
            query.flags = 0
        query.use_tsig({dns.name.root: dns.tsig.Key(".", b"", "hmac-sha256")}, dns.name.root, algorithm="hmac-sha256")
        try:
            wire = send(server, query.to_wire(), timeout=3)
        except NoReply:
            return ["timeout"]
        tags = [] if wire[3] & 15 == 9 else ["not notauth"]
        if struct.unpack_from("!H", wire, 10)[0] == 0:
            return [*tags, "notsig"]
        end = len(wire)  # ... MAC size (0), original id, error, size of other data (0)
        mac_size, _, error, other = struct.unpack_from("!4H", wire, end - 8)
        return tags + ([] if (mac_size, error, other) == (0, 17, 0) else ["badkey is missing"])


_BADVERS = {"soa": "none", "rcodes": ("BADVERS",)}
_OPCODE = {"opcode": 15, "bare": True, "soa": "none", "rcodes": ("NOTIMP",)}
_ALL = [
    # EDNS
    Probe("dns"),
    Probe("edns", edns=Edns()),
    Probe("edns1", edns=Edns(version=1), **_BADVERS),
    Probe("edns@512", kind=48, edns=Edns(flags=DO, size=512), soa="any", cut_is_fine=True),
    Probe("ednsopt", edns=Edns(options=option(UNKNOWN))),
    Probe("edns1opt", edns=Edns(version=1, options=option(UNKNOWN)), **_BADVERS),
    Probe("do", edns=Edns(flags=DO)),
    Probe("ednsflags", edns=Edns(flags=0x0080)),
    Probe("optlist", edns=Edns(options=NSID_ASKED + SUBNET_ASKED + EXPIRE_ASKED + COOKIE_ASKED)),
    Probe("ednstcp", kind=48, edns=Edns(flags=DO, size=512), soa="any", tcp=True),
    # FULL
    Probe("aa", flags=AA), Probe("ad", flags=AD), Probe("cd", flags=CD), Probe("ra", flags=RA), Probe("rd", flags=RD),
    Probe("tc", flags=TC), Probe("zflag", flags=Z),
    Probe("opcode", **_OPCODE),
    Probe("opcodeflg", flags=AA | TC | RD | RA | Z | AD | CD, **_OPCODE),
    Probe("type666", kind=666, soa="authority"),
    Probe("tcp", tcp=True),
    Probe("docd", flags=CD, edns=Edns(flags=DO)),
    Probe("edns1do", edns=Edns(version=1, flags=DO), **_BADVERS),
    Probe("ednsnsid", edns=Edns(options=NSID_ASKED)),
    Probe("ednscookie", edns=Edns(options=COOKIE_ASKED), rcodes=("NOERROR", "23")),
    Probe("ednsexpire", edns=Edns(options=EXPIRE_ASKED)),
    Probe("ednssubnet", edns=Edns(options=SUBNET_ASKED)),
    Probe("edns1nsid", edns=Edns(version=1, options=NSID_ASKED), **_BADVERS),
    Probe("edns1cookie", edns=Edns(version=1, options=COOKIE_ASKED), **_BADVERS),
    Probe("edns1expire", edns=Edns(version=1, options=EXPIRE_ASKED), **_BADVERS),
    Probe("edns1subnet", edns=Edns(version=1, options=SUBNET_ASKED), **_BADVERS),
    # COMM
    Probe("bind11", edns=Edns(flags=DO, options=COOKIE_ASKED)),
    Probe("dig11", flags=RD | AD, edns=Edns(options=COOKIE_ASKED)),
    WellKnownKey(),
    # TYPE
    *(Probe(kind, kind=_NUMBERS.get(kind) or dns.rdatatype.from_text(kind), soa="any") for kind in _TYPES),
]
PROBES = {probe.name: probe for probe in _ALL}
assert len(PROBES) == 34 + len(_TYPES)
