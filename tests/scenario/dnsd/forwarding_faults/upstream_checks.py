# Signpost. Apache-2.0; see LICENSE.
"""Holds what a client got, and what was sent upstream for it, against the "want" and "then" lines of dns_upstream.cases."""
import re
import struct

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from support.misbehaving_dns import OPTION_EDE

OWN_SIZE = 1232
_RECORD = re.compile(r"(\S+) (\S+) (\S+) (.*)")


def bounds(text):
    """(least, most) of "3", "3..5" or "3..": no upper bound."""
    low, dots, high = text.partition("..")
    return int(low), int(high) if high else float("inf") if dots else int(low)


def differences(wanted, reply, took, sends):
    """Sentences. `sends`: the questions that the upstreams got for it, as (upstream's number, Asked)."""
    found, seen = [], set()
    clauses = dict(reversed(wanted.clauses))
    if reply.rcode != clauses["rcode"]:
        found.append(f"rcode {reply.rcode}, wanted {clauses['rcode']}")
    found += _sections(wanted, reply)
    if ("TC" in reply.flags) != ("tc" in clauses):
        found.append(f"flags {sorted(reply.flags)}")
    if not {"RA", "RD"} <= reply.flags or "AA" in reply.flags:
        found.append(f"flags {sorted(reply.flags)}")
    if bool(reply.opt) != bool(wanted.question.build) or (reply.opt and reply.opt.udp != OWN_SIZE):
        found.append(f"OPT {reply.opt}")
    for word, rest in wanted.clauses:
        check = _CHECKS.get(word)
        if check and not check(rest, reply, took, sends):
            found.append(f"not {word} {rest}")
        assert check or word in _ELSEWHERE, f"no such clause: {word}"
        seen.add(word)
    if "within" not in seen and took > 3.5:
        found.append(f"took {took:.3f} s")
    return found


def _sections(wanted, reply):
    found = []
    counted = [rest for word, rest in wanted.clauses if word == "answers"]
    if counted:
        for part in counted[0].split(" + "):
            number, kind = part.split()
            if len(reply.of(kind)) != int(number):
                found.append(f"{len(reply.of(kind))} of {kind}, wanted {number}")
        total = sum(int(part.split()[0]) for part in counted[0].split(" + "))
        if len(reply.answer) != total:
            found.append(f"{len(reply.answer)} records")
    else:
        found += _in_order(reply.answer, [rest for word, rest in wanted.clauses if word == "answer"], wanted, "answer")
    glue = [rest for word, rest in wanted.clauses if word == "glue"]
    found += _in_order(reply.additional, glue, wanted, "additional")
    soas = [rest for word, rest in wanted.clauses if word == "soa"]
    if [record.type for record in reply.authority] != ["SOA"] * len(soas):
        found.append(f"authority: {reply.authority}")
    elif soas:
        owner, ttl = soas[0].split()
        least, most = bounds(ttl)
        if reply.authority[0].owner != owner + "." or not least <= reply.authority[0].ttl <= most:
            found.append(f"authority: {reply.authority[0]}")
    return found


def _in_order(records, lines, wanted, section):
    """Address sets may be turned, so equal owners and types are compared as sets."""
    want = [_wanted_record(line, wanted.question.name) for line in lines]
    got = [(record.owner.lower(), record.type, record.text.lower()) for record in records]
    if [entry[:2] for entry in got] != [entry[:2] for entry in want] or sorted(got) != sorted(entry[:3] for entry in want):
        return [f"{section}: {[str(record) for record in records]}"]
    ranges = {entry[:3]: entry[3] for entry in want}
    return [f"{section}: TTL of {record}" for record, key in zip(records, got)
            if not ranges[key][0] <= record.ttl <= ranges[key][1]]


def _wanted_record(line, asked):
    owner, ttl, kind, data = _RECORD.fullmatch(line).groups()
    owner = (asked if owner == "@" else owner).rstrip(".").lower() + "."
    text = dns.rdata.from_text(dns.rdataclass.IN, kind, data, dns.name.root, relativize=False).to_text()
    return owner, kind, text.lower(), bounds(ttl)


def _ede(rest, reply, *_):
    codes = [data for code, data in reply.opt.options.items() if code == OPTION_EDE] if reply.opt else []
    if rest == "none":
        return not codes
    least, most = bounds(rest)
    return len(codes) == 1 and least <= struct.unpack_from("!H", codes[0])[0] <= most


def _between(number, text):
    least, most = bounds(text)
    return least <= number <= most


_ELSEWHERE = {"rcode", "wait", "answer", "answers", "soa", "glue", "tc"}
_CHECKS = {
    "ede": _ede,
    "within": lambda rest, reply, took, sends: took <= float(rest),
    "after": lambda rest, reply, took, sends: took >= float(rest),
    "sends": lambda rest, reply, took, sends: _between(len(sends), rest),
    "by": lambda rest, reply, took, sends: _between(sum(one.transport == "tcp" for _, one in sends), rest.removeprefix("tcp ")),
    "plain": lambda rest, reply, took, sends: _between(sum(not one.edns for _, one in sends), rest.removeprefix("sends ")),
    "upstreams": lambda rest, reply, took, sends: len({number for number, _ in sends}) == int(rest),
    "size": lambda rest, reply, took, sends: _between(reply.size, rest),
    "cached": lambda rest, reply, took, sends: not sends,
    "fresh": lambda rest, reply, took, sends: bool(sends),
}
