# Signpost. Apache-2.0; see LICENSE.
"""What dnsd tells of itself, and ANY.

- W53, W54: id.server and hostname.bind of class CH are REFUSED unless `--identity` gives a text; version.bind and version.server
  unless `--version-bind`. Other names and types of the class never (W55, W56).
- W111, W112: NSID is that text, for those who ask; without a text there is none.
- W46, W47: `--any-policy data` gives the whole set over UDP, too.
"""
import subprocess

import pytest

from support.ask import ask, option
from support.program import binary

CHAOS, NSID = 3, 3
IDENTITY = ("id.server", "hostname.bind", "ID.SERVER")
VERSION = ("version.bind", "version.server", "Version.Bind")


def chaos(dnsd, name, kind="TXT"):
    return ask(dnsd.dns, name, kind, rd=0, dnsclass=CHAOS)


def test_by_default_nothing_is_told(start):
    dnsd = start()
    for name in IDENTITY + VERSION:
        reply = chaos(dnsd, name)
        assert (reply.rcode, reply.answer) == ("REFUSED", []), reply
    assert not ask(dnsd.dns, "www.example.test", edns=1232, options=option(NSID)).opt.options


def test_identity(start):
    dnsd = start(identity="rack 7, left")
    for name in IDENTITY:
        reply = chaos(dnsd, name)
        assert reply.of("TXT") == ['"rack 7, left"'] and reply.answer[0].ttl == 0 and reply.classes == {CHAOS}, reply
    for name in VERSION:
        assert chaos(dnsd, name).rcode == "REFUSED"
    for name, kind in (("id.server", "A"), ("server", "TXT"), ("www.example.test", "TXT"), ("x.id.server", "TXT")):
        reply = chaos(dnsd, name, kind)
        assert not reply.answer and reply.rcode in ("REFUSED", "NOERROR") and (kind == "A" or reply.rcode == "REFUSED"), reply


def test_version(start):
    dnsd = start(version_bind=True)
    number = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    for name in VERSION:
        texts = chaos(dnsd, name).of("TXT")
        assert len(texts) == 1 and number in texts[0], texts
    for name in IDENTITY:
        assert chaos(dnsd, name).rcode == "REFUSED"


@pytest.mark.parametrize("data", [b"", b"abc"], ids=["empty", "with data"])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_nsid(start, data, tcp):
    dnsd = start(identity="rack 7")
    for name in ("www.example.test", "nope.example.test", "consul"):
        assert ask(dnsd.dns, name, tcp=tcp, edns=1232, options=option(NSID, data)).opt.options == {NSID: b"rack 7"}
        assert not ask(dnsd.dns, name, tcp=tcp, edns=1232).opt.options
        assert not ask(dnsd.dns, name, tcp=tcp).opt


@pytest.mark.parametrize("policy, udp", [("hinfo", {"HINFO"}), ("data", {"A", "TXT"})])
def test_any(start, policy, udp):
    dnsd = start(any_policy=policy)
    for tcp in (False, True):
        reply = ask(dnsd.dns, "www.example.test", "ANY", tcp=tcp)
        assert {record.type for record in reply.answer} == ({"A", "TXT"} if tcp else udp), reply
        missing = ask(dnsd.dns, "nope.example.test", "ANY", tcp=tcp)
        assert missing.rcode == "NXDOMAIN" and [r.type for r in missing.authority] == ["SOA"], missing
