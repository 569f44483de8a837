# Signpost. Apache-2.0; see LICENSE.
"""Consul's command line tool: `kv`.

Claims
- put, get and delete carry values, flags, empty values and bytes that are no text; `-detailed` tells indexes, flags
  and session.
- `-recurse` and `-keys`, with and without separator, see exactly the keys below the prefix, in order.
- A check-and-set with a stale index writes and deletes nothing and says so.
- `export` of a tree and `import` of it into an empty store give the same keys, flags and values.
- What is missing or out of bounds is refused in Consul's words.
"""
import json

import pytest


@pytest.fixture
def tree(cli):
    for words in (("a/b", "1"), ("-flags=42", "a/c", "two"), ("a/empty",), ("-base64", "a/x/y", "AP8="),
                  ("ab", "beside")):
        cli.says("kv", "put", *words)


def details(cli, key):
    """{heading: value} of kv get -detailed."""
    lines = (line.split(None, 1) for line in cli.says("kv", "get", "-detailed", key).splitlines())
    return {words[0]: words[1] if len(words) > 1 else "" for words in lines}


def test_put_get_delete(cli):
    assert cli.says("kv", "put", "greeting", "hello world") == "Success! Data written to: greeting\n"
    assert cli.says("kv", "get", "greeting") == "hello world\n"
    assert cli.says("kv", "get", "-stale", "greeting") == "hello world\n"
    assert cli.says("kv", "delete", "greeting") == "Success! Deleted key: greeting\n"
    assert "No key exists at: greeting" in cli.refuses("kv", "get", "greeting")
    assert cli.says("kv", "delete", "greeting") == "Success! Deleted key: greeting\n"


def test_put_from_standard_input(cli):
    cli.says("kv", "put", "lines", "-", given="one\ntwo\n")
    assert cli.says("kv", "get", "lines") == "one\ntwo\n\n"


@pytest.mark.parametrize("key", ["with space", "ü/ß", "a+b&c=d?e#f", "percent%2Fslash", "deep/" * 40, "tail/"])
def test_odd_keys(cli, registry, key):
    cli.says("kv", "put", key, "here")
    assert cli.says("kv", "get", key) == "here\n"
    assert registry.read("/v1/kv/?keys") == [key]


def test_flags(cli):
    cli.says("kv", "put", "-flags=18446744073709551615", "flagged", "v")
    found = details(cli, "flagged")
    assert found["Flags"] == "18446744073709551615"
    assert (found["Value"], found["LockIndex"], found["Session"]) == ("v", "0", "-")
    assert found["CreateIndex"] == found["ModifyIndex"]


def test_binary_and_empty_values(cli, tree):
    assert cli.says("kv", "get", "-base64", "a/x/y") == "AP8=\n"
    assert cli.says("kv", "get", "a/empty") == "\n"


def test_recurse(cli, tree):
    assert cli.says("kv", "get", "-recurse", "-base64", "a/").splitlines() == [
        "a/b:MQ==", "a/c:dHdv", "a/empty:", "a/x/y:AP8="]
    assert cli.says("kv", "get", "-recurse", "nothing/") == ""


@pytest.mark.parametrize("words, keys", [
    (("a/",), ["a/b", "a/c", "a/empty", "a/x/"]),
    (("a",), ["a/", "ab"]),
    (("-separator=", "a"), ["a/b", "a/c", "a/empty", "a/x/y", "ab"]),
    (("-separator=c", "a/"), ["a/b", "a/c", "a/empty", "a/x/y"]),
    (("nothing/",), []),
], ids=" ".join)
def test_keys(cli, tree, words, keys):
    assert cli.says("kv", "get", "-keys", *words).splitlines() == keys


def test_check_and_set(cli):
    cli.says("kv", "put", "counter", "1")
    index = details(cli, "counter")["ModifyIndex"]
    cli.says("kv", "put", "-cas", f"-modify-index={index}", "counter", "3")
    error = cli.refuses("kv", "put", "-cas", f"-modify-index={index}", "counter", "4")
    assert "Did not write to counter: CAS failed" in error
    assert cli.says("kv", "get", "counter") == "3\n"


def test_check_and_delete(cli):
    cli.says("kv", "put", "counter", "1")
    stale = details(cli, "counter")["ModifyIndex"]
    cli.says("kv", "put", "counter", "2")
    error = cli.refuses("kv", "delete", "-cas", f"-modify-index={stale}", "counter")
    assert "Did not delete key counter: CAS failed" in error
    fresh = details(cli, "counter")["ModifyIndex"]
    cli.says("kv", "delete", "-cas", f"-modify-index={fresh}", "counter")
    cli.refuses("kv", "get", "counter")


def test_export_and_import(cli, tree, tmp_path):
    exported = cli.says("kv", "export", "a/")
    assert [(row["key"], row["flags"], row["value"]) for row in json.loads(exported)] == [
        ("a/b", 0, "MQ=="), ("a/c", 42, "dHdv"), ("a/empty", 0, ""), ("a/x/y", 0, "AP8=")]
    assert cli.says("kv", "delete", "-recurse", "a/") == "Success! Deleted keys with prefix: a/\n"
    assert cli.says("kv", "get", "-keys", "a").splitlines() == ["ab"]
    (tmp_path / "tree.json").write_text(exported)
    assert cli.says("kv", "import", f"@{tmp_path}/tree.json").splitlines() == [
        f"Imported: {key}" for key in ("a/b", "a/c", "a/empty", "a/x/y")]
    assert cli.says("kv", "export", "a/") == exported


def test_whole_store(cli, tree):
    assert len(json.loads(cli.says("kv", "export", ""))) == 5
    cli.says("kv", "delete", "-recurse", "")
    assert json.loads(cli.says("kv", "export", "")) == []


def test_largest_value(cli, tmp_path):
    path = tmp_path / "value"
    path.write_text("x" * 512 * 1024)
    cli.says("kv", "put", "large", f"@{path}")
    assert len(cli.says("kv", "get", "large")) == 512 * 1024 + 1
    path.write_text("x" * (512 * 1024 + 1))
    error = cli.refuses("kv", "put", "large", f"@{path}")
    assert "413" in error and "too large, max size: 524288 bytes" in error


@pytest.mark.parametrize("words, answer", [
    (("put", "-acquire", "-session=none", "k", "v"), "500 (failed session lookup: index error: UUID must be"),
    (("put", "-acquire", "-session=00000000-0000-0000-0000-000000000000", "k", "v"), "500 (invalid session"),
    (("get", "-datacenter=dc9", "k"), "Unexpected response code: 500"),
], ids=lambda words: " ".join(words) if isinstance(words, tuple) else "")
def test_refused(cli, words, answer):
    assert answer in cli.refuses("kv", *words)


def test_lock_by_hand(cli, registry):
    session = registry.write("PUT", "/v1/session/create", {"Name": "by hand"})["ID"]
    other = registry.write("PUT", "/v1/session/create", {"Name": "other"})["ID"]
    assert "Lock acquired on: by-hand" in cli.says("kv", "put", "-acquire", f"-session={session}", "by-hand", "mine")
    assert "Did not acquire lock" in cli.refuses("kv", "put", "-acquire", f"-session={other}", "by-hand", "yours")
    assert details(cli, "by-hand")["Session"] == session
    assert "Lock released on: by-hand" in cli.says("kv", "put", "-release", f"-session={session}", "by-hand")
    assert details(cli, "by-hand")["Session"] == "-"
