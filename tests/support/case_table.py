# Signpost. Apache-2.0; see LICENSE.
"""The numbered case tables under tests/cases and how a reply is held against one of their expectations."""
import collections
import fnmatch
import json
import pathlib
import re

import dns.rdatatype

from support.ask import Record

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases"
OWN_EDNS_SIZE = 1232  # what dnsd advertises and never exceeds over UDP
EDE = 15
SECTIONS = ("answer", "authority", "additional")
_COUNTED = re.compile(r"(\d+)(?:-(\d+))? of (.*)")


def load(name):
    """The JSON document tests/cases/NAME.json."""
    return json.loads((CASES / f"{name}.json").read_text())


def expectation(case, server):
    """What `server` ("consul" or "dnsd") has to reply; the deviations of dnsd are laid over Consul's expectation."""
    expect = dict(case["expect"])
    if server == "dnsd":
        expect.pop("size", None)
        expect.update(case.get("dnsd", {}))
    return expect


def soa_line(table, case, server):
    """What SOA stands for in a case of `table`."""
    domain = "foo.example." if case.get("agent") == "foreign" else "consul."
    soa = table["setups"].get(case.get("setup"), {}).get("consul", {}).get("dns_config", {}).get("soa", {})
    minimum = soa.get("min_ttl", 0 if server == "consul" else 1)
    timers = f"{soa.get('refresh', 3600)} {soa.get('retry', 600)} {soa.get('expire', 86400)} {minimum}"
    return f"1 of {domain} {minimum} SOA ns.{domain} hostmaster.{domain} * {timers}"


def differences(case, expect, reply, server, soa):
    """Sentences, one for each thing in `reply` that is not as expected; `soa` is the line that SOA stands for."""
    found = []
    if reply.rcode != expect["rcode"]:
        found.append(f"rcode {reply.rcode}, expected {expect['rcode']}")
    flags = expect.get("flags", "AA RD" if case.get("with", {}).get("rd", 1) else "AA")
    if reply.flags != set(flags.split()):
        found.append(f"flags {sorted(reply.flags)}, expected {flags}")
    for section in SECTIONS:
        wanted = [soa if line == "SOA" else line for line in expect.get(section, [])]
        found += [f"{section}: {text}" for text in compare_section(getattr(reply, section), wanted, asked_name(case))]
    found += _compare_opt(case, expect, reply, server)
    if reply.classes - {1}:
        found.append(f"records of class {reply.classes}")
    found += _compare_size(case, expect, reply, server)
    return found


def asked_name(case):
    name = case["name"]
    return name if name.endswith(".") else name + "."


def compare_section(records, wanted, owner):
    """Sentences on records that are too many or missing. `wanted` in the notation of the tables; order is free."""
    left = collections.Counter(records)
    counted = []
    problems = []
    for line in wanted:
        match = _COUNTED.fullmatch(line)
        if match:
            counted.append(match)
            continue
        record = parse_record(line, owner)
        if left[record] > 0:
            left[record] -= 1
        else:
            problems.append(f"missing {record}")
    for match in counted:
        problems += _take_counted(left, match, owner)
    return problems + [f"unexpected {record}" for record in left.elements()]


def _take_counted(left, match, owner):
    least, most, pattern = int(match[1]), int(match[2] or match[1]), match[3]
    pattern = str(parse_record(pattern, owner))
    # Square brackets do not occur in DNS text, so only * and ? are special.
    fitting = [record for record in left if left[record] and fnmatch.fnmatchcase(str(record), pattern)]
    for record in fitting:
        left[record] -= 1
    if least <= len(fitting) <= most:
        return []
    return [f"{len(fitting)} records match {pattern!r}, expected {match[1]}" + (f" to {most}" if match[2] else "")]


def parse_record(line, owner):
    """`[owner.] [ttl] TYPE data` with the defaults of the tables."""
    words = line.split(" ")
    name = words.pop(0) if words[0].endswith(".") else owner
    ttl = words.pop(0) if words[0] == "*" or words[0].isdigit() else "0"
    kind = words.pop(0)
    if kind == "*":
        return Record(name, ttl, kind, " ".join(words))
    dns.rdatatype.from_text(kind)  # a misspelt type is an error in the table
    return Record(name, int(ttl) if ttl.isdigit() else ttl, kind, " ".join(words))


def _compare_opt(case, expect, reply, server):
    words = case.get("with", {})
    rule = expect.get("opt", "own")
    if rule == "any":
        return []
    if rule is None or "edns" not in words:
        return [f"OPT not expected: {reply.opt}"] if reply.opt else []
    if not reply.opt:
        return ["no OPT"]
    size, do = (words["edns"], False) if server == "consul" else (OWN_EDNS_SIZE, bool(words.get("do")))
    problems = []
    if (reply.opt.udp, reply.opt.version, reply.opt.do) != (size, 0, do):
        problems.append(f"OPT {reply.opt}, expected size {size}, version 0, DO {do}")
    if reply.opt.flags & 0x7FFF:
        problems.append(f"OPT flags {reply.opt.flags:x}")
    scope = expect.get("ecs_scope")
    # An extended error (RFC 8914) explains and is no part of the answer.
    options = {code: data[3] for code, data in reply.opt.options.items() if code != EDE}
    if options != ({} if scope is None else {8: scope}):
        problems.append(f"OPT options {reply.opt.options}, expected client subnet scope {scope}")
    return problems


def _compare_size(case, expect, reply, server):
    if "size" in expect:
        return [] if reply.size == expect["size"] else [f"{reply.size} bytes, expected {expect['size']}"]
    words = case.get("with", {})
    if server == "consul" or words.get("tcp"):
        return []
    limit = min(max(words.get("edns", 512), 512), OWN_EDNS_SIZE)
    return [] if reply.size <= limit else [f"{reply.size} bytes over the limit of {limit}"]
