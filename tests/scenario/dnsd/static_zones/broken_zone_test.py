# Signpost. Apache-2.0; see LICENSE.
"""Master files that dnsd does not take: it does not start, and one sentence says FILE:LINE (W180, W181).

A zone that was never loaded is therefore never answered REFUSED, nor forwarded: there is no dnsd that could.
"""
import subprocess

import pytest

from support.program import binary

HEAD = """\
$ORIGIN bad.test.
$TTL 60
@    IN SOA ns hostmaster 1 7200 900 1209600 60
@    IN NS  ns
ns   IN A   192.0.2.1
"""
AFTER = HEAD.count("\n") + 1

# {what is wrong: (text of the file, line; 0: any)}
BROKEN = {
    "a TTL of 2^31 (W180)": (HEAD + "www 2147483648 IN A 192.0.2.2\n", AFTER),
    "a TTL of 2^32-1 (W180)": (HEAD + "www 4294967295 IN A 192.0.2.2\n", AFTER),
    "an address": (HEAD + "www IN A 192.0.2.256\n", AFTER),
    "a line behind a good one": (HEAD + "www IN A 192.0.2.2\n\nftp IN AAAA 192.0.2.2\n", AFTER + 2),
    "a type": (HEAD + "www IN NOTYPE x\n", AFTER),
    "a second SOA": (HEAD + "@ IN SOA ns hostmaster 2 7200 900 1209600 60\n", AFTER),
    "an SOA elsewhere": (HEAD + "www IN SOA ns hostmaster 2 7200 900 1209600 60\n", AFTER),
    "no SOA": ("$ORIGIN bad.test.\n$TTL 60\n@ IN NS ns\nns IN A 192.0.2.1\n", 0),
    "no NS": (HEAD.replace("@    IN NS  ns\n", ""), 0),
    "CNAME beside other data": (HEAD + "www IN CNAME ns\nwww IN TXT \"x\"\n", 0),
    "two CNAMEs": (HEAD + "www IN CNAME ns\nwww IN CNAME other\n", 0),
    "a CNAME at the apex": (HEAD + "@ IN CNAME ns\n", 0),
    "out of the zone": (HEAD + "www.good.test. IN A 192.0.2.2\n", AFTER),
    "another class": (HEAD + "www CH TXT \"x\"\n", AFTER),
    "$GENERATE": (HEAD + "$GENERATE 1-9 host$ A 192.0.2.$\n", AFTER),
    "$INCLUDE of nothing": (HEAD + "$INCLUDE absent.zone\n", AFTER),
    "a file of another folder": (HEAD + "$INCLUDE ../outside.zone\n", AFTER),
    "a byte-order mark": ("\ufeff" + HEAD, 1),
    "a label of 64": (HEAD + "x" * 64 + " IN A 192.0.2.2\n", AFTER),
    "an open parenthesis": (HEAD + "www IN TXT ( \"x\"\n", 0),
    "an empty file": ("", 0),
}


def check(*zones):
    arguments = [word for zone in zones for word in ("--zone", zone)]
    return subprocess.run([binary(), "--check", "--consul", "http://127.0.0.1:8500", "--upstream", "none", *arguments],
                          capture_output=True, text=True, timeout=10)


def assert_refused(ended, *words):
    assert ended.returncode == 2, ended
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1 and len(lines[0]) < 400, ended.stderr
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"


@pytest.mark.parametrize("text, line", BROKEN.values(), ids=BROKEN)
def test_file(tmp_path, text, line):
    path = tmp_path / "zones" / "bad.zone"
    path.parent.mkdir()
    (tmp_path / "outside.zone").write_text("www IN A 192.0.2.2\n")
    path.write_text(text)
    assert_refused(check(f"bad.test={path}"), f"{path}:{line}:" if line else str(path))


GOOD = {
    "plain": HEAD,
    "CRLF": HEAD.replace("\n", "\r\n"),
    "no last newline": HEAD.rstrip("\n"),
    "unknown type": HEAD + "odd IN TYPE65280 \\# 2 abcd\n",
    "units": HEAD + "www 1h30m IN A 192.0.2.2\n",
    "the longest TTL": HEAD + "www 2147483647 IN A 192.0.2.2\n",
    "glue": HEAD + "sub IN NS ns.sub\nns.sub IN A 192.0.2.2\n",
    "include": HEAD + "$INCLUDE part.inc\n",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_good_files(tmp_path, text):
    path = tmp_path / "good.zone"
    (tmp_path / "part.inc").write_text("included IN A 192.0.2.7\n")
    path.write_bytes(text.encode())
    ended = check(f"bad.test={path}")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("zones, words", [
    (["bad.test={folder}/absent.zone"], ["absent.zone"]),
    (["bad.test={folder}"], ["--zone", "bad.test"]),
    (["{folder}/good.zone"], ["--zone"]),
    (["bad..test={folder}/good.zone"], ["--zone", "bad..test"]),
    (["bad.test="], ["--zone"]),
    (["bad.test={folder}/good.zone", "BAD.test.={folder}/good.zone"], ["--zone", "twice"]),
    (["consul={folder}/good.zone"], ["--zone", "--domain"]),
], ids=["no file", "a folder", "no origin", "no name", "empty", "twice", "the catalog's domain"])
def test_options(tmp_path, zones, words):
    (tmp_path / "good.zone").write_text(HEAD.replace("$ORIGIN bad.test.\n", ""))
    assert_refused(check(*(zone.format(folder=tmp_path) for zone in zones)), *words)


def test_a_program_that_starts_ends_likewise(tmp_path):
    path = tmp_path / "bad.zone"
    path.write_text(HEAD + "www IN A nothing\n")
    ended = subprocess.run([binary(), "--data-dir", tmp_path, "--upstream", "none", "--listen", "127.0.0.1:1",
                            "--zone", f"bad.test={path}"], capture_output=True, text=True, timeout=10)
    assert_refused(ended, f"{path}:{AFTER}:")
