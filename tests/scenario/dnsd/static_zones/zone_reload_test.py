# Signpost. Apache-2.0; see LICENSE.
"""Zone files change while dnsd answers.

- W182: every answer is of one version of the zone entirely, however often it is reloaded under load; no query is lost.
- W235: TCP connections survive a reload.
- W181: a reload with a broken or missing file changes nothing at all, says FILE:LINE, and the next good one does.
- Zones come and go with a reload.
"""
import contextlib
import re
import socket
import struct
import threading

import pytest

from support.ask import Reply, ask, build, read_tcp
from support.dnsd import Dnsd
from support.wait import eventually

RELOADS = 15
LOOKS = 12  # questions that must agree before a version counts as everywhere: one socket each, so all loops are asked


def version(number):
    """A zone whose answers tell its version in every part."""
    return f"""\
$ORIGIN changing.test.
$TTL 60
@     IN SOA ns hostmaster {number} 7200 900 1209600 60
@     IN NS  ns
ns    IN A   192.0.2.1
parts IN TXT "{number} one" "{number} two"
parts IN TXT "{number} three"
parts IN TXT "{number} four"
alias IN CNAME missing-{number}
mail  IN MX  {number} host
host  IN A   10.0.{number >> 8}.{number & 255}
"""


def versions_in(reply):
    """All version numbers that an answer to one of NAMES tells."""
    found = set()
    for record in [*reply.answer, *reply.authority, *reply.additional]:
        pattern = {"SOA": r"^\S+ \S+ (\d+) ", "TXT": r"(\d+) (?:one|two|three|four)", "CNAME": r"missing-(\d+)", "MX": r"^(\d+) "}
        if record.type == "A" and record.owner.startswith("host."):
            _, _, high, low = map(int, record.text.split("."))
            found.add(high * 256 + low)
        elif record.type in pattern:
            numbers = re.findall(pattern[record.type], record.text)
            assert numbers, record
            found |= set(map(int, numbers))
    return found


NAMES = [("changing.test", "SOA"), ("parts.changing.test", "TXT"), ("alias.changing.test", "A"), ("mail.changing.test", "MX"),
         ("nothing.changing.test", "A"), ("host.changing.test", "A")]


class Reader:
    """Asks NAMES in turn until it is stopped; `seen`: the versions of each answer, and what went wrong."""

    def __init__(self, server, tcp):
        self.seen, self.wrong = [], []
        self._server, self._tcp, self._end = server, tcp, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join(20)

    def _run(self):
        with socket.create_connection(self._server, 5) as link:
            link.settimeout(5)
            while not self._end.is_set() and not self.wrong:
                try:
                    self._ask_all(link)
                except Exception as error:  # told by the test, not lost with the thread
                    self.wrong.append(repr(error))

    def _ask_all(self, link):
        for name, kind in NAMES:
            if self._tcp:
                wire = build(name, kind, rd=0)
                link.sendall(struct.pack("!H", len(wire)) + wire)
                reply = Reply(read_tcp(link))
            else:
                reply = ask(self._server, name, kind, rd=0, edns=1232)
            assert reply.rcode in ("NOERROR", "NXDOMAIN") and "AA" in reply.flags, reply
            found = versions_in(reply)
            assert len(found) == 1, f"of versions {sorted(found)}:\n{reply}"
            self.seen.append(found.pop())


def serial(server):
    """The zone's serial if every loop says the same, else None."""
    seen = {ask(server.dns, "changing.test", "SOA", rd=0).answer[0].text.split()[2] for _ in range(LOOKS)}
    return int(seen.pop()) if len(seen) == 1 else None


def test_reloads_under_load(zone_file):
    with Dnsd(options={"upstream": ["none"], "zone": [zone_file(version(1))]}) as dnsd, contextlib.ExitStack() as stack:
        readers = [stack.enter_context(Reader(dnsd.dns, tcp)) for tcp in (False, False, True)]
        for number in range(2, RELOADS + 2):
            zone_file(version(number))
            dnsd.reload()
            eventually(lambda: serial(dnsd) == number, 10, f"version {number} is served")
        asked = [len(reader.seen) for reader in readers]
        eventually(lambda: all(len(r.seen) >= count + len(NAMES) or r.wrong for r, count in zip(readers, asked)), 10)
        for reader in readers:
            assert not reader.wrong
            assert set(reader.seen[-2:]) == {RELOADS + 1} and len(set(reader.seen)) > 1


BROKEN = {
    "syntax": (version(2) + "broken IN A 300.1.1.1\n", 12),
    "outside": (version(2) + "www.elsewhere.test. IN A 192.0.2.9\n", 12),
    "a TTL": (version(2) + "host 4294967295 IN TXT x\n", 12),
}


@pytest.mark.parametrize("text, line", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_changes_nothing(zone_file, text, line):
    with Dnsd(options={"upstream": ["none"], "zone": [zone_file(version(1))], "identity": "first"}) as dnsd:
        path = zone_file(text).split("=")[1]
        dnsd.reload(identity="second")
        eventually(lambda: "reload refused" in dnsd.log(), 10, dnsd.log)
        refusal = next(each for each in dnsd.log().splitlines() if "reload refused" in each)
        assert f"{path}:{line}:" in refusal, refusal
        assert serial(dnsd) == 1 and identity(dnsd) == "first", "half of it was taken"
        zone_file(version(3))
        dnsd.reload()
        eventually(lambda: serial(dnsd) == 3, 10, dnsd.log)
        eventually(lambda: identity(dnsd) == "second", 10, dnsd.log)


def identity(server):
    texts = ask(server.dns, "id.server", "TXT", dnsclass=3).of("TXT")
    return texts[0].strip('"') if texts else None


def test_a_missing_file_changes_nothing(zone_file, tmp_path):
    with Dnsd(options={"upstream": ["none"], "zone": [zone_file(version(1))]}) as dnsd:
        dnsd.reload(zone=[zone_file(version(2)), f"absent.test={tmp_path}/absent.zone"])
        eventually(lambda: "reload refused" in dnsd.log(), 10, dnsd.log)
        assert "absent.zone" in dnsd.log() and serial(dnsd) == 1


def test_zones_come_and_go(zone_file, tmp_path):
    other = tmp_path / "other.zone"
    other.write_text(version(7).replace("changing", "other"))
    with Dnsd(options={"upstream": ["none"], "zone": [zone_file(version(1))]}) as dnsd:
        assert ask(dnsd.dns, "other.test", "SOA", rd=0).rcode == "REFUSED"
        dnsd.reload(zone=[f"other.test={other}"])
        eventually(lambda: ask(dnsd.dns, "other.test", "SOA", rd=0).answer, 10, dnsd.log)
        eventually(lambda: ask(dnsd.dns, "changing.test", "SOA", rd=0).rcode == "REFUSED", 10, dnsd.log)
