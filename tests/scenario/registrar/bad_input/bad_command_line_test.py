# Signpost. Apache-2.0; see LICENSE.
"""A wrong option never starts anything and is explained in one sentence.

Claims, for every row: exit 2, one line on standard error that names the option, nothing on standard output, no request
to anybody.
"""
import json

import pytest

from support.registrar import run_command

# (arguments, words that the sentence must have)
LINES = [
    (["-ipp", "192.0.2.1"], ["-ipp", "--ip"]),
    (["--completely-unknown"], ["--completely-unknown", "--help"]),
    (["-ip", "not an address"], ["ip", "not an address"]),
    (["-ip"], ["ip", "value"]),
    (["-ip", "0.0.0.0"], ["ip", "0.0.0.0"]),
    (["-deregister", "sometimes"], ["deregister", "sometimes"]),
    (["--on-exit", "explode"], ["--on-exit", "explode"]),
    (["--compat", "nothing-known"], ["--compat"]),
    (["--register-when", "later"], ["--register-when", "later"]),
    (["-resync", "often"], ["resync", "often"]),
    (["--refresh", "0s"], ["--refresh"]),
    (["--filter", "colour=red"], ["--filter", "colour"]),
    (["--docker", "ftp://x"], ["docker", "ftp://x"]),
    (["--docker", "unix://"], ["docker"]),
    (["--docker", "tcp://host:99999"], ["docker", "99999"]),
    (["--docker-cert-path", "/nonexistent", "--docker", "tcp://127.0.0.1:1"], ["/nonexistent"]),
    (["--docker-api-version", "new"], ["--docker-api-version", "new"]),
    (["--http", "here"], ["--http", "here"]),
    (["--consul", "ftp://x"], ["consul", "ftp://x"]),
    (["--consul-token-file", "/nonexistent"], ["/nonexistent"]),
    (["--owner-id", ""], ["--owner-id"]),
    (["--node-id", "two words"], ["--node-id"]),
    (["--retry-interval", "0"], ["retry-interval"]),
    (["etcd://127.0.0.1:2379/services"], ["etcd"]),
    (["consul://127.0.0.1:1", "stray"], ["stray"]),
    (["drain"], ["drain", "CONTAINER"]),
    (["plan", "--wait", "1s"], ["wait", "drain"]),
    (["--config", "/nonexistent/registrar.json"], ["/nonexistent/registrar.json"]),
]


def assert_refused(done, words):
    assert done.returncode == 2, done
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and len(lines[0]) < 400, done.stderr[:2000]
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"


@pytest.mark.parametrize("arguments, words", LINES, ids=[" ".join(a)[:40] for a, _ in LINES])
def test_command_line(engine, agent, arguments, words):
    env = {"DOCKER_HOST": engine.url, "CONSUL_HTTP_ADDR": agent.url}
    assert_refused(run_command(*arguments, env=env), words)
    assert agent.requests == [] and engine.requests == []


FILES = [({"nod-id": "x"}, ["nod-id", "node-id"]), ({"resync": []}, ["resync"]), ({"dry-run": "perhaps"}, ["dry-run"]),
         ({"wait": "1s"}, ["wait"]), ({"ip": "x"}, ["ip"])]


@pytest.mark.parametrize("options, words", FILES, ids=[json.dumps(o) for o, _ in FILES])
def test_file(engine, agent, tmp_path, options, words):
    path = tmp_path / "registrar.json"
    path.write_text(json.dumps(options))
    assert_refused(run_command("--config", path, "--docker", engine.url, "--consul", agent.url), [str(path), *words])


VARIABLES = {"DOCKER_HOST": "nowhere", "DOCKER_API_VERSION": "x", "CONSUL_HTTP_ADDR": "ftp://x", "CONSUL_CACERT": "/nonexistent",
             "CONSUL_HTTP_TOKEN": "two words"}


@pytest.mark.parametrize("variable", VARIABLES)
def test_environment(variable):
    done = run_command("--ip", "192.0.2.1", env={variable: VARIABLES[variable]})
    assert_refused(done, [variable])
    assert "two words" not in done.stderr
