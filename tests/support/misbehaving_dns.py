# Signpost. Apache-2.0; see LICENSE.
"""An upstream DNS server that does to each question what the test says, UDP and TCP on one port, on a thread of its own.

    def behave(asked):                                   # runs on the serving thread
        if asked.edns:
            return reply(asked, rcode="FORMERR", opt=False)
        return truth(asked)

    with MisbehavingDns(behave) as upstream, Dnsd(options={"upstream": [upstream.address]}) as dnsd:
        assert ask(dnsd.dns, "www.example.net").of("A") == [true_address("www.example.net")]
        assert upstream.count("www.example.net") == 2

What `behave` returns: None (silence), a message, an Act, or a list of these. Without `behave` it answers `truth`: every name
exists, and what it has follows from the name. `upstream.behave` may be changed at any time.
"""
import collections
import functools
import ipaddress
import struct
import time
import zlib

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from support.ask import RCODES, TYPE_OPT, encode_name, option
from support.dns_server import DnsServer, write_message

QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020, 0x0010
OPTION_EDE = 15
SIZE = 1232  # what the upstream says it takes
_RCODE_BITS = {name: bits for bits, name in RCODES.items()}
CLASSES = {"IN": 1, "CH": 3, "HS": 4}
_POINTER = b"\xc0\x0c"

# name: lower case, without the final dot; edns: the size advertised, or None; options: {code: bytes}; question: raw bytes, with
# the letter case that was sent; number: how often this upstream was asked that question, this time included; at: monotonic.
Asked = collections.namedtuple("Asked", "name type transport id port edns do cd rd options question number at wire")

# wire: a message, or None; after: seconds; other_port: it comes from a socket that was not asked (UDP only); close: ends the
# TCP connection.
Act = collections.namedtuple("Act", "wire after other_port close", defaults=(None, 0.0, False, False))


# --- messages


def reply(asked, answer=(), authority=(), additional=(), rcode="NOERROR", flags=QR | RD | RA, id=None, question=None, opt=True,
          options=b"", opt_version=0, opts=1, counts=None, cut=0, tail=b""):
    """Message bytes. The sections are lists of "owner ttl [class] type data" (owner "@": the name that was asked; data
    "\\# bytes hex": as it stands); `question`: raw bytes instead of the true ones; `cut`: so many bytes less at the end."""
    code = _RCODE_BITS.get(rcode, rcode)
    sections = [[record(text) if isinstance(text, str) else text for text in part] for part in (answer, authority, additional)]
    if opt and asked.edns:
        extra = struct.pack("!BHHBBHH", 0, TYPE_OPT, SIZE, code >> 4, opt_version, asked.do << 15, len(options)) + options
        sections[2] += [extra] * opts
    question = asked.question if question is None else question
    flags = flags | (CD if asked.cd else 0) | code & 15
    counts = counts or (1 if question else 0, *map(len, sections))
    head = struct.pack("!6H", asked.id if id is None else id, flags, *counts)
    wire = head + question + b"".join(b"".join(part) for part in sections) + tail
    return wire[:len(wire) - cut]


@functools.lru_cache(4096)
def record(text):
    """Wire form of "owner ttl [class] type data"."""
    owner, ttl, kind, *words = text.split(" ")
    klass = 1
    if kind in CLASSES:
        klass, kind, words = CLASSES[kind], words[0], words[1:]
    head = (_POINTER if owner == "@" else encode_name(owner)) + struct.pack(
        "!HHI", dns.rdatatype.from_text(kind), klass, int(ttl) & 0xFFFFFFFF)
    if words[:1] == ["\\#"]:
        return head + struct.pack("!H", int(words[1])) + bytes.fromhex("".join(words[2:]))
    data = dns.rdata.from_text(dns.rdataclass.IN, kind, " ".join(words), dns.name.root, relativize=False).to_wire()
    return head + struct.pack("!H", len(data)) + data


def ede(code, text=""):
    """An EDE option (RFC 8914)."""
    return option(OPTION_EDE, struct.pack("!H", code) + text.encode())


def question_bytes(name, kind="A", klass=1):
    return encode_name(name) + struct.pack("!HH", dns.rdatatype.from_text(kind), klass)


# --- the truth


def true_address(name, kind="A"):
    """The one address that an honest upstream knows for `name`: in 198.18.0.0/15 or 2001:db8::/32."""
    number = zlib.crc32(name.lower().rstrip(".").encode())
    if kind == "AAAA":
        return str(ipaddress.IPv6Address((0x20010DB8 << 96) | number))
    return str(ipaddress.IPv4Address(0xC6120000 | number & 0x1FFFF))


def truth(asked, ttl=300):
    """A, AAAA and TXT (the name itself); other types are NODATA."""
    if asked.type in ("A", "AAAA"):
        return reply(asked, [f"@ {ttl} {asked.type} {true_address(asked.name, asked.type)}"])
    if asked.type == "TXT":
        return reply(asked, [f'@ {ttl} TXT "{asked.name}"'])
    return reply(asked, authority=[soa(asked)])


def soa(asked, ttl=300, minimum=300, owner=None):
    """A SOA of the parent of the name that was asked."""
    owner = owner or (asked.name.partition(".")[2] or "") + "."
    return f"{owner} {ttl} SOA ns.example.net. host.example.net. 1 3600 600 86400 {minimum}"


def read(wire, transport="udp", port=0, number=1):
    """What a query asks; None if it is no query."""
    if len(wire) < 17 or wire[2] & 0x80:
        return None
    id, bits, _, _, _, more = struct.unpack_from("!6H", wire)
    labels, at = [], 12
    while wire[at]:
        labels.append(wire[at + 1:at + 1 + wire[at]])
        at += 1 + wire[at]
    at += 5
    kind = struct.unpack_from("!H", wire, at - 4)[0]
    edns, do, options = None, False, {}
    if more:
        edns, high, length = struct.unpack_from("!HIH", wire, at + 3)
        do, place = bool(high & 0x8000), at + 11
        while place < at + 11 + length:
            code, size = struct.unpack_from("!HH", wire, place)
            options[code] = wire[place + 4:place + 4 + size]
            place += 4 + size
    name = b".".join(labels).decode("latin-1").lower()
    return Asked(name, dns.rdatatype.to_text(kind), transport, id, port, edns, do, bool(bits & CD), bool(bits & RD), options,
                 wire[12:at], number, time.monotonic(), wire)


# --- the server


class MisbehavingDns(DnsServer):
    def __init__(self, behave=truth, address="127.0.0.1", port=None):
        super().__init__(address, port)
        self.behave = behave
        self._asked = []                         # guarded by _lock, as the numbers
        self._numbers = collections.Counter()
        self._errors = []                        # of `behave`: they fail the test that leaves the block

    def __exit__(self, kind, *_):
        super().__exit__()
        if self._errors and kind is None:
            raise self._errors[0]

    def send(self, wire, peer_port):
        """A datagram from the upstream's own port, whenever the test wants."""
        self._loop.call_soon_threadsafe(lambda: self._links and self._links[0].sendto(wire, (self.host, peer_port)))

    # --- what it heard

    def heard(self, name=None, kind=None, transport=None):
        """The questions so far, oldest first; None stands for any."""
        with self._lock:
            asked = list(self._asked)
        name = name and name.lower().rstrip(".")
        return [one for one in asked if name in (None, one.name) and kind in (None, one.type)
                and transport in (None, one.transport)]

    def count(self, name=None, kind=None, transport=None):
        return len(self.heard(name, kind, transport))

    def forget(self):
        """Starts counting anew."""
        with self._lock:
            self._asked.clear()
            self._numbers.clear()

    # --- serving

    async def _start(self):
        await super()._start()
        self._links.append(await self._bind(0))

    def _over_udp(self, data, peer):
        self._do(self._acts(data, "udp", peer[1]), self._send_udp, peer)

    def _over_tcp(self, data, writer):
        self._do(self._acts(data, "tcp", writer.get_extra_info("peername")[1]), self._send_tcp, writer)

    def _do(self, acts, send, to):
        for act in acts:
            if act.after:
                self._loop.call_later(act.after, send, act, to)
            else:
                send(act, to)

    def _send_udp(self, act, peer):
        if self._links and act.wire is not None:
            self._links[-1 if act.other_port else 0].sendto(act.wire, peer)

    @staticmethod
    def _send_tcp(act, writer):
        if act.wire is not None and not act.other_port and not writer.is_closing():
            write_message(writer, act.wire)
        if act.close:
            writer.close()

    def _acts(self, data, transport, port):
        asked = read(data, transport, port)
        if asked is None:
            return []
        with self._lock:
            self._numbers[asked.question.lower()] += 1
            asked = asked._replace(number=self._numbers[asked.question.lower()])
            self._asked.append(asked)
        try:
            said = self.behave(asked)
        except Exception as error:
            self._errors.append(error)
            return []
        said = said if isinstance(said, list) else [said]
        return [act if isinstance(act, Act) else Act(act) for act in said if act is not None]
