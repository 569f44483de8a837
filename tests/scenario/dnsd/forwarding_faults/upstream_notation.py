# Signpost. Apache-2.0; see LICENSE.
"""Reads tests/cases/dns_upstream.cases: what an upstream does, what the client gets. Its head explains the words."""
import collections
import re
import struct

from support import misbehaving_dns as wire
from support.ask import RCODES, encode_name
from support.misbehaving_dns import Act

RCODE_NAMES = set(RCODES.values())
_FLAGS = {"QR": wire.QR, "AA": wire.AA, "TC": wire.TC, "RD": wire.RD, "RA": wire.RA, "AD": wire.AD}
_SECTIONS = {"an": "answer", "ns": "authority", "ar": "additional"}
_WHEN = re.compile(r"((?:udp|tcp|edns|plain|#\d+|name=\S+|type=\S+)(?: (?:udp|tcp|edns|plain|#\d+|name=\S+|type=\S+))*): (.*)")

Question = collections.namedtuple("Question", "name type tcp build")  # build: words for support.ask.build
Wanted = collections.namedtuple("Wanted", "question clauses")         # clauses: [(word, rest)]


class CaseError(ValueError):
    """The table is wrong; the text says where."""


class Case:
    """`behave(asked, nth)` is what the upstreams do, `nth` counting over all of them; `first` and `more` are Wanted."""

    def __init__(self, name, title):
        self.id, self.title = name, title
        self.zone = f"{name.lower()}.example.net"
        self.upstreams, self.tcp_refused = 1, False
        self.first, self.more = None, []
        self._says, self._question = [], Question(f"www.{self.zone}", "A", False, {"edns": 1232})

    def __repr__(self):
        return f"{self.id} {self.title}"

    def read_line(self, word, rest):
        rest = re.sub(r"(?<= CNAME )@(?!\S)", f"www.{self.zone}", rest)
        rest = rest.replace("~", self.zone)
        getattr(self, f"_read_{word}")(rest)

    def _read_upstreams(self, rest):
        self.upstreams = int(rest)

    def _read_tcp(self, rest):
        assert rest == "refused", rest
        self.tcp_refused = True

    def _read_says(self, rest):
        match = _WHEN.fullmatch(rest)
        when, rest = (match[1].split(), match[2]) if match else ([], rest)
        self._says.append((when, [_Message(text.strip()) for text in rest.split(" / ")]))

    def _read_ask(self, rest):
        self._question = _read_question(self._question, _clauses(rest))

    def _read_want(self, rest):
        self.first = Wanted(self._question, [_pair(clause) for clause in _clauses(rest)])

    def _read_then(self, rest):
        question, clauses = self._question, []
        for clause in _clauses(rest):
            word, _, more = clause.partition(" ")
            if word == "ask":
                question = _read_question(question, [more])
            else:
                clauses.append(_pair(clause))
        self.more.append(Wanted(question, clauses))

    def behave(self, asked, nth):
        for when, messages in self._says:
            if all(_fits(word, asked, nth) for word in when):
                return [act for message in messages for act in message.acts(asked, f"www.{self.zone}")]
        return None


def _fits(word, asked, nth):
    if word.startswith("#"):
        return nth == int(word[1:])
    if word.startswith("name="):
        return asked.name == word[5:]
    if word.startswith("type="):
        return asked.type == word[5:]
    return {"udp": asked.transport == "udp", "tcp": asked.transport == "tcp", "edns": bool(asked.edns),
            "plain": not asked.edns}[word]


def _read_question(question, clauses):
    name, kind, *_ = clauses[0].split()
    build = dict(question.build)
    tcp = question.tcp
    for clause in clauses[1:]:
        word, *numbers = clause.split()
        if word == "tcp":
            tcp = True
        elif word == "plain":
            build = {}
        elif word == "size":
            build["edns"] = int(numbers[0])
        elif word in ("do", "cd"):
            build[word] = 1
        else:
            raise CaseError(f"ask does not know {word!r}")
    return Question(question.name if name == "-" else name, kind, tcp, build)


class _Message:
    """One thing that is sent, as a template."""

    def __init__(self, text):
        self._words = {}                # of misbehaving_dns.reply
        self._records = []              # (section, texts)
        self._act, self._times, self._silent = {}, 1, False
        self._wrong_id, self._question, self._hex, self._flags = False, None, None, 0x8180
        self._chain = None
        for clause in _clauses(text):
            word, _, rest = clause.partition(" ")
            section, _, count = word.partition("*")
            if section in _SECTIONS:
                self._records.append((_SECTIONS[section], [rest.replace("%", str(n)) for n in range(1, int(count or 1) + 1)]))
            else:
                getattr(self, f"_read_{word}")(rest)

    def acts(self, asked, asked_for):
        if self._silent:
            return []
        return [Act(self._wire(asked, asked_for), **self._act)] * self._times

    def _wire(self, asked, asked_for):
        if self._hex is not None:
            return self._hex
        if self._act.get("close"):
            return None
        sections = collections.defaultdict(list)
        for section, texts in self._records:
            sections[section] += texts
        if self._chain:
            sections["answer"] += _chain(asked_for, *self._chain)
        return wire.reply(asked, id=asked.id ^ 0x5555 if self._wrong_id else None, question=self._question_of(asked),
                          flags=self._flags, **sections, **self._words)

    def _question_of(self, asked):
        if self._question is None:
            return None
        words = self._question.split()
        if words == ["none"]:
            return b""
        if words == ["upper"]:
            return asked.question[:-4].upper() + asked.question[-4:]
        if words == ["twice"]:
            return asked.question * 2
        klass = wire.CLASSES[words[2]] if words[2:] else 1
        return wire.question_bytes(asked.name if words[0] == "@" else words[0], words[1], klass)

    def _read_silence(self, _):
        self._silent = True

    def _read_rcode(self, rest):
        self._words["rcode"] = int(rest) if rest.isdigit() else rest
        assert rest.isdigit() or rest in RCODE_NAMES, rest

    def _read_flags(self, rest):
        for word in rest.split():
            self._flags = self._flags | _FLAGS[word[1:]] if word[0] == "+" else self._flags & ~_FLAGS[word[1:]]

    def _read_opcode(self, rest):
        self._flags |= int(rest) << 11

    def _read_id(self, rest):
        assert rest == "wrong", rest
        self._wrong_id = True

    def _read_question(self, rest):
        self._question = rest
        if rest == "twice":
            self._words["counts"] = (2, 1, 0, 0)
            self._words["opt"] = False

    def _read_from(self, rest):
        assert rest == "elsewhere", rest
        self._act["other_port"] = True

    def _read_no(self, rest):
        assert rest == "opt", rest
        self._words["opt"] = False

    def _read_opt(self, rest):
        word, *number = rest.split()
        if word == "version":
            self._words["opt_version"] = int(number[0])
        elif word == "twice":
            self._words["opts"] = 2
        else:
            assert word == "owner", rest
            self._words["opt"] = False
            self._records.append(("additional", [encode_name("x.test") + struct.pack("!HHIH", 41, 1232, 0, 0)]))

    def _read_ede(self, rest):
        code, _, text = rest.partition(" ")
        self._words["options"] = wire.ede(int(code), text)

    def _read_counts(self, rest):
        self._words["counts"] = tuple(map(int, rest.split()))

    def _read_cut(self, rest):
        self._words["cut"] = int(rest)

    def _read_tail(self, rest):
        self._words["tail"] = bytes.fromhex(rest)

    def _read_hex(self, rest):
        digits, _, count = rest.partition("*")
        self._hex = b"" if rest == "-" else bytes.fromhex(digits) * int(count or 1)

    def _read_after(self, rest):
        self._act["after"] = float(rest)

    def _read_times(self, rest):
        self._times = int(rest)

    def _read_close(self, _):
        self._act["close"] = True

    def _read_chain(self, rest):
        self._chain = rest.split()


def _chain(name, links, ttl, address):
    names = [name, *(f"c{number}.{name}" for number in range(1, int(links) + 1))]
    aliases = [f"{owner} {ttl} CNAME {target}" for owner, target in zip(names, names[1:])]
    return [*aliases, f"{names[-1]} {ttl} A {address}"]


def _clauses(text):
    return [clause.strip() for clause in text.split(";") if clause.strip()]


def _pair(clause):
    word, _, rest = clause.partition(" ")
    return ("rcode", word) if word in RCODE_NAMES else (word, rest.strip())


def load(path):
    """The cases of the file; CaseError names the line that is wrong."""
    cases = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.strip().partition(" ")
        try:
            if not line.startswith(" "):
                cases.append(Case(word, rest))
            else:
                cases[-1].read_line(word, rest.strip())
        except (ValueError, KeyError, IndexError, AttributeError, AssertionError, struct.error) as error:
            raise CaseError(f"{path}:{number}: {error!r}") from error
    return cases
