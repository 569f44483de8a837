# Signpost. Apache-2.0; see LICENSE.
"""A wrong option never starts anything and is explained in one sentence.

Claims, for every row: exit 2, one line on standard error that names the option or key (and file and line, if it is in the
file), nothing on standard output.
"""
import subprocess

import pytest

from support.program import binary

CONSUL = ("--consul", "http://127.0.0.1:8500")

# (arguments, words that the sentence must have)
COMMAND_LINES = [
    (["--listn", "127.0.0.1:53"], ["--listn", "--listen"]),
    (["--node_tll", "1s"], ["--node_tll", "--node-ttl"]),
    (["-domian", "x"], ["-domian", "--domain"]),
    (["--completely-unknown"], ["--completely-unknown", "--help"]),
    (["stray"], ["stray"]),
    (["--listen"], ["--listen", "value"]),
    (["--listen", "127.0.0.1:99999"], ["--listen", "99999"]),
    (["--listen", "localhost:53"], ["--listen", "localhost"]),
    (["--listen", ""], ["--listen"]),
    (["--listen", "127.0.0.1:5300", "--listen", "127.0.0.1:5300"], ["--listen", "twice"]),
    (["--http", "127.0.0.1"], ["--http"]),
    (["--http", "here"], ["--http", "here"]),
    (["--data-dir", ""], ["--data-dir"]),
    (["--domain", "a..b"], ["--domain", "a..b"]),
    (["--domain", "x" * 64], ["--domain"]),
    (["--domain", "."], ["--domain"]),
    (["--alt-domain", "consul"], ["--alt-domain", "--domain"]),
    (["--alt-domain", "CONSUL."], ["--alt-domain", "--domain"]),
    (["--alt-domain", "service.example"], ["--alt-domain", "service"]),
    (["--alt-domain", "dc1.example"], ["--alt-domain", "dc1"]),
    (["--datacenter", "a.b"], ["--datacenter", "a.b"]),
    (["--node-ttl", "5"], ["--node-ttl", "5s"]),
    (["--node-ttl", "-1s"], ["--node-ttl", "-1s"]),
    (["--node-ttl", "99999999h"], ["--node-ttl"]),
    (["--service-ttl", "web"], ["--service-ttl", "web"]),
    (["--service-ttl", "web=fast"], ["--service-ttl", "fast"]),
    (["--a-record-limit", "many"], ["--a-record-limit", "many"]),
    (["--a-record-limit", "-1"], ["--a-record-limit", "-1"]),
    (["--udp-answer-limit", "65536"], ["--udp-answer-limit", "65535"]),
    (["--tcp-max-connections", "0"], ["--tcp-max-connections"]),
    (["--tcp-idle-timeout", "1h50m"], ["--tcp-idle-timeout"]),
    (["--log-level", "loud"], ["--log-level", "debug"]),
    (["--log-format", "xml"], ["--log-format", "json"]),
    (["--only-passing=perhaps"], ["--only-passing", "true"]),
    (["--consul", "ftp://x"], ["--consul", "ftp://x"]),
    (["--consul", "http://user:secret@x"], ["--consul"]),
    (["--consul-token", "abc"], ["--consul-token", "CONSUL_HTTP_TOKEN"]),
    (["--consul-token-file", "/nonexistent"], ["--consul-token-file", "/nonexistent"]),
    (["--config", "/nonexistent/dnsd.json"], ["/nonexistent/dnsd.json"]),
]

# (file, line, words)
FILES = [
    ('{\n  "node-ttl": "5s",\n  "nod-ttl": "5s"\n}', 3, ["nod-ttl", "node-ttl"]),
    ('{\n  // how long\n  "node-ttl": 5\n}', 3, ["node-ttl", "5s"]),
    ('{\n\n\n  "only-passing": "yes"\n}', 4, ["only-passing", "true"]),
    ('{ "listen": 53 }', 1, ["listen"]),
    ('{\n "listen": ["127.0.0.1:53",\n  99] }', 2, ["listen"]),
    ('{ "listen": [] }', 1, ["listen"]),
    ('{ "service-ttl": "5s" }', 1, ["service-ttl", "object"]),
    ('{\n "service-ttl": {\n  "web": "soon" } }', 2, ["service-ttl", "soon"]),
    ('{ "a-record-limit": 1e99 }', 1, ["a-record-limit"]),
    ('{ "a-record-limit": 1.5 }', 1, ["a-record-limit"]),
    ('{ "a-record-limit": null }', 1, ["a-record-limit", "null"]),
    ('{\n "alt-domain": "consul" }', 2, ["alt-domain", "domain"]),
    ('{\n "domain": "x",\n "alt_domain": "X." }', 3, ["alt_domain", "domain"]),
    ('{ "node-ttl": "1s",\n  "node_ttl": "2s" }', 2, ["node_ttl", "before"]),
    ('{ "check": true }', 1, ["check", "command line"]),
    ('{ "config": "x" }', 1, ["config", "command line"]),
    ('{\n  "node-ttl": "5s"\n  "domain": "x"\n}', 3, []),
    ('{ "node-ttl": "5s"', 1, []),
    ('{ "domain": "x\n" }', 1, []),
]

WHOLE_FILES = [b"", b"[]", b"null", b"\xff\xfe", b"\0" * 100, b"[" * 100_000, b'{"domain": "' + b"x" * 100_000 + b'"}']


def run(*arguments, env=None):
    return subprocess.run([binary(), "--check", *map(str, arguments)], capture_output=True, text=True, errors="replace",
                          timeout=10, env=env)


def assert_refused(ended, words):
    assert ended.returncode == 2, ended
    assert ended.stdout == "", ended.stdout
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr[:2000]
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert len(lines[0]) < 400, lines[0]
    assert "secret" not in lines[0]


@pytest.mark.parametrize("arguments, words", COMMAND_LINES, ids=[" ".join(a)[:40] for a, _ in COMMAND_LINES])
def test_command_line(arguments, words):
    consul = () if "--consul" in arguments else CONSUL
    assert_refused(run(*consul, *arguments), words)


@pytest.mark.parametrize("text, line, words", FILES, ids=[text[:40].replace("\n", " ") for text, _, _ in FILES])
def test_file(tmp_path, text, line, words):
    path = tmp_path / "dnsd.json"
    path.write_text(text)
    assert_refused(run(*CONSUL, "--config", path), [str(path), f"line {line}", *words])


@pytest.mark.parametrize("content", WHOLE_FILES, ids=range(len(WHOLE_FILES)))
def test_no_config_file_at_all(tmp_path, content):
    path = tmp_path / "dnsd.json"
    path.write_bytes(content)
    assert_refused(run(*CONSUL, "--config", path), [str(path)])


def test_a_directory_as_config_file(tmp_path):
    assert_refused(run(*CONSUL, "--config", tmp_path), [str(tmp_path)])


@pytest.mark.parametrize("variable, value", [("CONSUL_HTTP_ADDR", "ftp://x"), ("CONSUL_CACERT", "/nonexistent"),
                                             ("CONSUL_HTTP_TOKEN_FILE", "/nonexistent"), ("CONSUL_HTTP_TOKEN", "two words")])
def test_environment(variable, value):
    env = {"CONSUL_HTTP_ADDR": "127.0.0.1:8500", variable: value}
    ended = run(env=env)
    assert_refused(ended, [variable])
    assert "two words" not in ended.stderr


# Of the embedded registry, which runs without --consul.
REGISTRY_LINES = [
    (["--http", "0.0.0.0:8500"], ["--http", "--http-token-file"]),
    (["--http", "[::]:8500"], ["--http", "--http-token-file"]),
    (["--http-token-file", "/nonexistent"], ["--http-token-file", "/nonexistent"]),
    (["--http-token-reads"], ["--http-token-reads", "--http-token-file"]),
    (["--node", "two words"], ["--node"]),
    (["--node", ""], ["--node"]),
    (["--advertise", "0.0.0.0"], ["--advertise", "0.0.0.0"]),
    (["--advertise", "host.example"], ["--advertise", "host.example"]),
    (["--advertise", "10.0.0.1:80"], ["--advertise", "10.0.0.1:80"]),
    (["--docker", "socket"], ["--docker", "socket"]),
    (["--service", "/nonexistent"], ["/nonexistent"]),
    (["--consul", "http://127.0.0.1:8500", "--node", "x"], ["--node", "--consul"]),
    (["--consul", "http://127.0.0.1:8500", "--service", "x.json"], ["--service", "--consul"]),
]


@pytest.mark.parametrize("arguments, words", REGISTRY_LINES, ids=[" ".join(a)[:40] for a, _ in REGISTRY_LINES])
def test_registry_command_line(arguments, words):
    assert_refused(run(*arguments, env={}), words)


def test_without_check_it_is_the_same():
    ended = subprocess.run([binary(), *CONSUL, "--listn", "x"], capture_output=True, text=True, timeout=10)
    assert_refused(ended, ["--listn", "--listen"])
