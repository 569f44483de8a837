# Signpost. Apache-2.0; see LICENSE.
"""Compares a reply with a case's `want`. What a case does not mention has a default, so that nothing goes unchecked:

flags      AA for NOERROR and NXDOMAIN, RD as in the query, nothing else; but of a server that forwards every reply to a
           query has RA, those to packets that are none (FORMERR, NOTIMP) may lack it, and a bare header must
question   the very bytes of the query's question
opt        as in the query: absent, or version 0, own size 1232, DO copied, no options but those that the case names
sections   answer and additional are free, but every owner in the answer is the question's name or the last CNAME's
           target, and every record IN
"""
import struct
import time

import dns.name
import dns.wire

OWN_SIZE = 1232
TYPE_SRV, TYPE_TSIG = 33, 250
CLASS_IN, CLASS_ANY = 1, 255
TSIG_ERRORS = {"BADKEY": 17}
KNOWN = {"rcode", "header", "flags", "question", "answer", "authority", "additional", "opt", "options", "size", "ttl",
         "has", "like", "silence", "tsig", "plain-targets", "cookie", "ede"}
OPTION_COOKIE, OPTION_EDE = 10, 15
COOKIE_SIZE, COOKIE_HEAD = 24, bytes([1, 0, 0, 0])  # RFC 9018 4: the client's 8 bytes, version 1, reserved, time, hash


def check(case, query, reply, forwarding=False, like=None):
    """Asserts that `reply` (support.ask.Reply) is what the case wants of a server that forwards foreign names, or does
    not; `like` is the reply to the case it refers to."""
    want = case.want
    unknown = set(want) - KNOWN
    assert not unknown, f"unknown words in want: {unknown}"
    _check_header(want, query, reply, forwarding)
    _check_opt(want, query, reply)
    if "header" in want:
        options = sum(4 + len(data) for data in reply.opt.options.values()) if reply.opt else 0
        assert reply.size == 12 + (11 + options if reply.opt else 0), f"more than a header: {reply.size} bytes\n{reply}"
        return
    _check_question(want, query, reply)
    _check_sections(want, reply)
    if "size" in want:
        _check_number("size", want["size"], reply.size)
    if "plain-targets" in want:
        assert not srv_pointers(reply.wire), "an SRV target holds a compression pointer"
    if "tsig" in want:
        assert tsig_of(reply.wire) == (TSIG_ERRORS[want["tsig"]], 0), f"TSIG error, MAC size: {tsig_of(reply.wire)}"
    if like:
        assert summary(reply) == summary(like), f"not as {want['like']}:\n{reply}\n{like}"


def summary(reply):
    """What "the same answer" means: rcode and answer records, in any order and with any TTL."""
    return reply.rcode, sorted((r.owner.lower(), r.type, r.text) for r in reply.answer)


def _check_header(want, query, reply, forwarding):
    rcode = want.get("header") or want.get("rcode")
    if rcode:
        assert reply.rcode in rcode.split("|"), f"rcode {reply.rcode}, want {rcode}\n{reply}"
    assert reply.opcode == query.opcode, f"opcode {reply.opcode}"
    if want.get("flags") == "any":
        return
    asked_rd = {"RD"} if query.bits & 0x0100 else set()
    if "flags" in want:
        allowed = [set(want["flags"].split()) - {"none"}]
    elif "header" in want or rcode == "FORMERR":
        allowed = [set(), asked_rd]
    else:
        allowed = [({"AA"} if reply.rcode in ("NOERROR", "NXDOMAIN") else set()) | asked_rd]
    if forwarding and "header" not in want:
        without = allowed if reply.rcode in ("FORMERR", "NOTIMP") else []
        allowed = [flags | {"RA"} for flags in allowed] + without
    assert reply.flags in allowed, f"flags {sorted(reply.flags)}, want one of {[sorted(a) for a in allowed]}\n{reply}"


def _check_question(want, query, reply):
    how = want.get("question", "any" if want.get("rcode") == "FORMERR" else "echoed")
    echoed = reply.wire[12:12 + len(query.question)] == query.question and len(reply.question) == 1
    if how == "none":
        assert not reply.question, f"question {reply.question}"
    elif how == "any":
        assert not reply.question or echoed or not query.question, f"a question nobody asked: {reply.question}"
    else:
        assert query.question, "the case has no single question that could be echoed"
        assert echoed, f"question not echoed byte by byte: {reply.question}"


def _check_opt(want, query, reply):
    how = want.get("opt", "as-asked")
    if how == "any":
        return
    wanted = query.has_opt if how == "as-asked" else how != "none"
    assert bool(reply.opt) == wanted, f"OPT {reply.opt}, want {'one' if wanted else 'none'}\n{reply}"
    if not wanted:
        return
    assert (reply.opt.udp, reply.opt.version) == (OWN_SIZE, 0), f"OPT {reply.opt}"
    assert reply.opt.flags == (0x8000 if query.do else 0), f"OPT flags {reply.opt.flags:04x}"
    if want.get("options") == "any":
        return
    others = dict(reply.opt.options)
    if "cookie" in want:
        _check_cookie(bytes.fromhex(want["cookie"]) or query.cookie, others.pop(OPTION_COOKIE, b""))
    if "ede" in want:
        data = others.pop(OPTION_EDE, b"")
        assert data[:2] == struct.pack("!H", int(want["ede"])), f"extended error {data!r}, want {want['ede']}"
    options = b"".join(struct.pack("!HH", code, len(data)) + data for code, data in others.items())
    assert options == bytes.fromhex(want.get("options", "")), f"EDNS options {options.hex()}"


def _check_cookie(client, cookie):
    """RFC 9018 4: what is readable of it; the time is of now."""
    assert len(cookie) == COOKIE_SIZE, f"a cookie of {len(cookie)} bytes: {cookie.hex()}"
    assert cookie[:8] == client, f"cookie {cookie.hex()} for the client {client.hex()}"
    assert cookie[8:12] == COOKIE_HEAD, f"version and reserved bytes {cookie[8:12].hex()}"
    made = struct.unpack_from("!I", cookie, 12)[0]
    assert abs(made - time.time()) < 30, f"made {made - time.time():+.0f} s from now"


def _check_sections(want, reply):
    for section in ("answer", "authority", "additional"):
        if section in want:
            _check_records(section, want[section], getattr(reply, section))
    classes = {CLASS_IN, CLASS_ANY} if "tsig" in want else {CLASS_IN}  # RFC 8945 4.2: a TSIG is of class ANY
    assert reply.classes <= classes, f"record classes {reply.classes}"
    if reply.question:
        _check_owners(reply)
    if "ttl" in want:
        low, high = _range(want["ttl"])
        assert all(low <= r.ttl <= high for r in [*reply.answer, *reply.authority]), f"TTL not {want['ttl']}\n{reply}"
    if "has" in want:
        lines = [f"{r.type} {r.text}" for r in [*reply.answer, *reply.authority, *reply.additional]]
        for part in want["has"].split("|"):
            assert any(part.strip() in line for line in lines), f"no record has {part.strip()!r}\n{reply}"


def _check_owners(reply):
    """Every record is about the name asked, or about the target of the CNAME before it, or a DNAME above that."""
    name = reply.question[0][0].lower()
    for record in reply.answer:
        if record.type == "DNAME" and name.endswith("." + record.owner.lower()):
            continue
        assert record.owner.lower() == name, f"{record.owner} in the answer, where {name} is due\n{reply}"
        if record.type == "CNAME":
            name = record.text.lower()


def _check_records(section, text, records):
    """ "0", "3 A", "1..3 A", "1 A + 1 AAAA", "SOA" (exactly one)"""
    for part in text.split("+"):
        words = part.split()
        if words == ["SOA"]:
            words = ["1", "SOA"]
        found = [r for r in records if len(words) < 2 or r.type == words[1]]
        low, high = _range(words[0])
        assert low <= len(found) <= high, f"{section}: {len(found)} records, want {part.strip()}"
    kinds = {part.split()[-1] for part in text.split("+")}
    if not any(kind[0].isdigit() for kind in kinds):
        assert {r.type for r in records} <= kinds, f"{section} holds {sorted({r.type for r in records})}, want {text}"


def _check_number(what, text, value):
    low, high = _range(text)
    assert low <= value <= high, f"{what} {value}, want {text}"


def _range(text):
    low, _, high = text.partition("..")
    return int(low), int(high or low)


def _records_of(wire):
    """(type, data offset, data length) of every record."""
    questions, *counts = struct.unpack_from("!4H", wire, 4)
    parser = dns.wire.Parser(wire, 12)
    for _ in range(questions):
        parser.get_name()
        parser.get_struct("!HH")
    for _ in range(sum(counts)):
        parser.get_name()
        kind, _, _, length = parser.get_struct("!HHIH")
        yield kind, parser.current, length
        parser.get_bytes(length)


def srv_pointers(wire):
    """True if the target of any SRV record is compressed (RFC 2782 forbids it)."""
    for kind, at, length in _records_of(wire):
        if kind != TYPE_SRV:
            continue
        end, at = at + length, at + 6
        while at < end and wire[at]:
            if wire[at] & 0xC0:
                return True
            at += wire[at] + 1
        if at + 1 != end:
            return True
    return False


def tsig_of(wire):
    """(error, MAC size) of the last record if it is a TSIG, else None (RFC 8945 4.2)."""
    kind, at, length = list(_records_of(wire))[-1]
    if kind != TYPE_TSIG:
        return None
    parser = dns.wire.Parser(wire, at)
    parser.get_name()
    _, _, _, mac_size = parser.get_struct("!HIHH")
    parser.get_bytes(mac_size)
    _, error, _ = parser.get_struct("!HHH")
    assert parser.current <= at + length
    return error, mac_size
