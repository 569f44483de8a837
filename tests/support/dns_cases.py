# Signpost. Apache-2.0; see LICENSE.
"""Reads the .cases files of DNS packets and the replies they must get. The head of dns_protocol.cases explains the words.

    cases = load(CASES / "dns_protocol.cases")
    run(server.dns, case, tcp=False, forwarding=True)      # asks, and compares by dns_checks
"""
import collections
import re
import struct

import dns.rdatatype

from support import dns_checks
from support.ask import RCODES, Reply, build, encode_name, option, send

CLASSES = {"IN": 1, "CH": 3, "HS": 4, "NONE": 254, "ANY": 255}
RCODE_NAMES = set(RCODES.values())
QUERY_CLAUSES = {"flags", "q", "qhex", "an", "ns", "ar", "opt", "counts", "tail", "cut", "hex"}
SECTIONS = ("an", "ns", "ar")
MODES = {"always": (False, True), "alone": (False,), "forwarding": (True,)}
OPTION_COOKIE, CLIENT_COOKIE_SIZE = 10, 8
FIRST_ID = 0x5100
# Stands for the server's part of a cookie until `wire` knows it.
_SERVER_COOKIE = b"<server cookie!>"

# `forwards`: the kinds of server it is meant for, as booleans (MODES).
Case = collections.namedtuple("Case", "id title asks want transports forwards line")


class CaseError(ValueError):
    """The data file is wrong; the text says where."""


class Query:
    """One packet. `wire(id)` gives its bytes; what the checks need to know of it stands in the attributes:
    bits (header flags), question (raw bytes, b"" unless there is exactly one), has_opt, do, cookie (the client's part of
    the first one), wants_server_cookie (it carries what the server told this client before)."""

    def __init__(self, clauses):
        self.bits, self.questions, self.tail, self.cut = 0, [], b"", None
        self.raw = self.counts = None
        self.records = {section: [] for section in SECTIONS}
        self.has_opt = self.do = self.wants_server_cookie = False
        self.cookie = b""
        for clause in clauses:
            word, _, rest = clause.partition(" ")
            if word not in QUERY_CLAUSES:
                raise CaseError(f"unknown clause {word!r}")
            getattr(self, f"_read_{word}")(rest.split())
        self.question = self.questions[0] if len(self.questions) == 1 and self.raw is None else b""

    def wire(self, message_id, server_cookie=b""):
        if self.raw is not None:
            return struct.pack("!H", message_id) + self.raw[2:] if len(self.raw) >= 2 else self.raw
        counts = [len(self.questions), *(len(self.records[section]) for section in SECTIONS)]
        counts = [new if new is not None else old for old, new in zip(counts, self.counts or [None] * 4)]
        body = b"".join(self.questions) + b"".join(b"".join(self.records[section]) for section in SECTIONS) + self.tail
        if self.wants_server_cookie:
            assert len(server_cookie) == len(_SERVER_COOKIE), f"a server's cookie of {len(server_cookie)} bytes"
            body = body.replace(_SERVER_COOKIE, server_cookie)
        return (struct.pack("!6H", message_id, self.bits, *counts) + body)[:self.cut]

    @property
    def opcode(self):
        return self.bits >> 11 & 15

    def _read_flags(self, words):
        self.bits = int(words[0], 16)

    def _read_q(self, words):
        name, kind, *rest = words
        self.questions.append(read_name(name) + struct.pack("!HH", read_type(kind), read_class(*rest)))

    def _read_qhex(self, words):
        self.questions.append(read_hex(words))

    def _read_record(self, section, words):
        name, kind, klass, ttl, *data = words
        data = read_hex(data)
        self.records[section].append(
            read_name(name) + struct.pack("!HHIH", read_type(kind), read_class(klass), int(ttl), len(data)) + data)

    def _read_an(self, words):
        self._read_record("an", words)

    def _read_ns(self, words):
        self._read_record("ns", words)

    def _read_ar(self, words):
        self._read_record("ar", words)

    def _read_opt(self, words):
        size, words = int(words[0]), words[1:]
        given = {"version": "0", "flags": "0", "ext": "0", "owner": ".", "in": "ar", "rdlen": None}
        data = b""
        while words:
            key, words = words[0], words[1:]
            if key == "data":
                data, words = read_hex(words), []
            elif key in given and words:
                given[key], words = words[0], words[1:]
            else:
                raise CaseError(f"opt does not know {key!r}")
        flags = int(given["flags"], 16)
        length = len(data) if given["rdlen"] is None else int(given["rdlen"])
        head = struct.pack("!HHBBHH", 41, size, int(given["ext"]), int(given["version"]), flags, length)
        self.records[given["in"]].append(read_name(given["owner"]) + head + data)
        self.has_opt, self.do = True, bool(flags & 0x8000)
        if data[:2] == struct.pack("!H", OPTION_COOKIE):
            self.cookie = data[4:4 + CLIENT_COOKIE_SIZE]
            self.wants_server_cookie = _SERVER_COOKIE in data

    def _read_counts(self, words):
        self.counts = [None if word == "-" else int(word) for word in words]

    def _read_tail(self, words):
        self.tail = read_hex(words)

    def _read_cut(self, words):
        self.cut = int(words[0])

    def _read_hex(self, words):
        self.raw = read_hex(words)
        self.bits = int.from_bytes(self.raw[2:4], "big")


def read_hex(words):
    """Words of hex digits, each with an optional "*times"; SERVER-COOKIE is the server's part of a cookie."""
    out = b""
    for word in words:
        if word == "SERVER-COOKIE":
            out += _SERVER_COOKIE
            continue
        digits, _, times = word.partition("*")
        out += bytes.fromhex(digits) * int(times or 1)
    return out


def read_name(text):
    """Presentation form to wire; "a{63}" repeats a character and "(a.){5}" a group. Must end with a dot."""
    text = re.sub(r"\(([^)]*)\)\{(\d+)\}", lambda m: m[1] * int(m[2]), text)
    text = re.sub(r"([^\\])\{(\d+)\}", lambda m: m[1] * int(m[2]), text)
    if not text.endswith("."):
        raise CaseError(f"name {text!r} does not end with a dot")
    return encode_name(text)


def read_type(text):
    return int(text) if text.isdigit() else dns.rdatatype.from_text(text)


def read_class(text="IN"):
    return int(text) if text.isdigit() else CLASSES[text]


def load(path):
    """The cases of the file, as a list."""
    cases, block = [], []
    lines = [*enumerate(path.read_text().splitlines(), 1), (0, "W")]
    for number, line in lines:
        line = re.sub(r"(^|\s)#.*", "", line).rstrip()
        if line and not line[0].isspace():
            if block:
                cases.append(_read_case(block, path))
            block = [(number, line)]
        elif line:
            block.append((number, line.strip()))
    ids = [case.id for case in cases]
    doubled = {name for name in ids if ids.count(name) > 1}
    if doubled:
        raise CaseError(f"{path}: twice: {sorted(doubled)}")
    return cases


def runs(cases, forwarding):
    """(case, transport, test id) for all that is meant for a server that forwards, or for one that does not."""
    return [(case, transport, f"{case.id}-{transport}") for case in cases if forwarding in case.forwards
            for transport in case.transports]


def _read_case(block, path):
    number, head = block[0]
    name, _, title = head.partition(" ")
    try:
        if not re.fullmatch(r"W\d+[a-z]?", name) or not title:
            raise CaseError(f"not a case: {head!r}")
        asks, want, transports, forwards = [], None, ("udp", "tcp"), MODES["always"]
        for _, line in block[1:]:
            word, _, rest = line.partition(" ")
            if word == "over":
                transports = tuple(rest.split())
            elif word == "when":
                forwards = MODES[rest]
            elif word == "ask":
                asks.append(Query(_clauses(rest)))
            elif word == "want":
                want = dict(_clause_pair(clause) for clause in _clauses(rest))
            else:
                raise CaseError(f"unknown line {line!r}")
        if not asks or not want:
            raise CaseError("a case needs ask and want")
        return Case(name, title.strip(), asks, want, transports, forwards, number)
    except (ValueError, KeyError, IndexError, struct.error) as error:
        raise CaseError(f"{path}:{number}: {name}: {error}") from error


def _clauses(text):
    return [clause.strip() for clause in text.split(";") if clause.strip()]


def _clause_pair(clause):
    word, _, rest = clause.partition(" ")
    if all(part in RCODE_NAMES or part.isdigit() for part in word.split("|")):
        return "rcode", word
    return word, rest.strip()


def exchange(server, query, tcp, message_id=FIRST_ID):
    """The Reply to a Query; asks for a server's cookie first if the query is to carry one."""
    known = server_cookie(server, query.cookie) if query.wants_server_cookie else b""
    reply = Reply(send(server, query.wire(message_id, known), tcp))
    assert reply.id == message_id, f"id {reply.id:04x}"
    return reply


def server_cookie(server, client):
    """The server's part of a cookie for a client of this address."""
    reply = Reply(send(server, build(".", "SOA", rd=0, edns=1232, options=option(OPTION_COOKIE, client))))
    assert reply.opt, f"no OPT\n{reply}"
    cookie = reply.opt.options.get(OPTION_COOKIE, b"")
    assert cookie[:CLIENT_COOKIE_SIZE] == client, f"cookie {cookie.hex()}, asked with {client.hex()}"
    return cookie[CLIENT_COOKIE_SIZE:]


def run(server, case, tcp, forwarding, like=None):
    """Asks all packets of a case that wants replies, and compares each. `like`: the case that this one refers to."""
    pattern = exchange(server, like.asks[0], tcp) if like else None
    for query in case.asks:
        dns_checks.check(case, query, exchange(server, query, tcp), forwarding, pattern)
