# Signpost. Apache-2.0; see LICENSE.
"""Who may use the registry's API, and how much of it.

- By default it listens on loopback only. Beyond loopback it does not start without a token.
- With --http-token-file every write needs the token, given as ?token=, X-Consul-Token or Authorization: Bearer; reads
  need it with --http-token-reads. Operations pages need none. SIGHUP reads the file again.
- The token appears in no log line, no operations page, no refusal and not among the process's arguments.
- What is refused has changed nothing.
"""
import json
import pathlib
import socket
import subprocess

import pytest

from support.program import binary
from support.embedded import Embedded
from support.wait import eventually

TOKEN = "5ecret-0f-the-registry"
WRITES = [
    ("PUT", "/v1/agent/service/register", {"Name": "web"}),
    ("PUT", "/v1/agent/service/deregister/kept", None),
    ("PUT", "/v1/agent/service/maintenance/kept?enable=true", None),
    ("PUT", "/v1/agent/maintenance?enable=true", None),
    ("PUT", "/v1/agent/check/register", {"Name": "c", "TTL": "10s"}),
    ("PUT", "/v1/agent/check/deregister/c", None),
    ("PUT", "/v1/agent/check/pass/service:kept", None),
    ("PUT", "/v1/agent/check/fail/service:kept", None),
    ("PUT", "/v1/agent/check/update/service:kept", {"Status": "critical"}),
    ("PUT", "/v1/agent/reload", None),
    ("PUT", "/v1/catalog/register", {"Node": "n", "Address": "10.0.0.1"}),
    ("PUT", "/v1/catalog/deregister", {"Node": "srv1"}),
    ("PUT", "/v1/kv/a", "1"),
    ("DELETE", "/v1/kv/kept", None),
    ("PUT", "/v1/txn", [{"KV": {"Verb": "set", "Key": "a", "Value": ""}}]),
    ("PUT", "/v1/session/create", {}),
    ("PUT", "/v1/event/fire/e", None),
    ("POST", "/v1/query", {"Name": "q", "Service": {"Service": "kept"}}),
]
READS = ["/v1/agent/self", "/v1/agent/services", "/v1/catalog/services", "/v1/health/service/kept", "/v1/kv/kept",
         "/v1/status/leader", "/v1/session/list", "/v1/query", "/v1/event/list", "/v1/internal/ui/services"]
WAYS = {
    "parameter": lambda path, token: (f"{path}{'&' if '?' in path else '?'}token={token}", {}),
    "header": lambda path, token: (path, {"X-Consul-Token": token}),
    "bearer": lambda path, token: (path, {"Authorization": f"Bearer {token}"}),
}


@pytest.fixture(scope="module")
def token_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret") / "token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


def open_registry(token_file, *more):
    registry = Embedded(arguments=["--http-token-file", str(token_file), *more], token=TOKEN)
    registry.put("/v1/agent/service/register", {"Name": "kept", "Check": {"TTL": "1h", "Status": "passing"}})
    registry.put("/v1/kv/kept", "kept")
    return registry


@pytest.fixture(scope="module")
def registry(token_file):
    with open_registry(token_file) as registry:
        yield registry


@pytest.fixture(scope="module")
def closed(token_file):
    """Reads need the token, too."""
    with open_registry(token_file, "--http-token-reads") as registry:
        yield registry


def send(registry, method, path, body=None, way=None, token=TOKEN):
    path, headers = WAYS[way](path, token) if way else (path, {})
    return registry.request(method, path, None if body is None else json.dumps(body), headers)


def contents(registry):
    return [registry.get(path) for path in ("/v1/agent/services", "/v1/health/state/any", "/v1/kv/?recurse",
                                            "/v1/session/list", "/v1/query", "/v1/event/list")]


def test_every_write_needs_the_token(registry):
    before = contents(registry)
    for method, path, body in WRITES:
        for way in (None, *WAYS):
            answer = send(registry, method, path, body, way, "a-guess")
            assert answer.status_code == 403, f"{way} {method} {path}: {answer.status_code}"
            assert answer.text.strip() == "Permission denied"
    assert contents(registry) == before


@pytest.mark.parametrize("way", WAYS)
def test_the_token_opens_writes(registry, way):
    assert send(registry, "PUT", f"/v1/kv/by-{way}", 1, way).status_code == 200
    assert send(registry, "GET", f"/v1/kv/by-{way}?raw").text == "1"
    assert send(registry, "DELETE", f"/v1/kv/by-{way}", None, way).status_code == 200


def test_reads_are_free_unless_the_option_says_otherwise(registry, closed):
    for path in READS:
        assert send(registry, "GET", path).status_code == 200, path
        assert send(closed, "GET", path).status_code == 403, path
        assert send(closed, "GET", path, way="header", token="a-guess").status_code == 403, path
        for way in WAYS:
            assert send(closed, "GET", path, way=way).status_code == 200, f"{way} {path}"


def test_operations_pages_need_no_token(closed):
    for path in ("/healthz", "/readyz", "/metrics", "/status"):
        assert send(closed, "GET", path).status_code == 200


def test_the_token_is_shown_nowhere(closed):
    for way in WAYS:
        send(closed, "PUT", "/v1/kv/a", 1, way)
        send(closed, "PUT", "/v1/agent/service/register", {"Name": 7}, way)
    shown = [closed.log(), closed.dnsd.get("/status").text, closed.dnsd.get("/metrics").text,
             pathlib.Path(f"/proc/{closed.pid}/cmdline").read_text()]
    shown += [send(closed, "GET", path, way="header").text for path in READS]
    for text in shown:
        assert TOKEN not in text


def test_sighup_reads_the_token_again(token_file, tmp_path):
    path = tmp_path / "token"
    path.write_text("first")
    with Embedded(arguments=["--http-token-file", str(path)]) as registry:
        assert send(registry, "PUT", "/v1/kv/a", 1, "header", "first").status_code == 200
        path.write_text("second")
        registry.dnsd.reload()
        eventually(lambda: send(registry, "PUT", "/v1/kv/a", 1, "header", "second").status_code == 200, 10, "new token")
        assert send(registry, "PUT", "/v1/kv/a", 1, "header", "first").status_code == 403
        path.write_text("")
        registry.dnsd.reload()
        eventually(lambda: "reload refused" in registry.log(), 10, "a refusal")
        assert str(path) in registry.log()
        assert send(registry, "PUT", "/v1/kv/a", 1, "header", "second").status_code == 200
        assert send(registry, "PUT", "/v1/kv/a", 1).status_code == 403


def refusal(*arguments):
    ended = subprocess.run([binary(), "--dev", "--listen", "127.0.0.1:0", *arguments], capture_output=True, text=True,
                           timeout=10)
    assert ended.returncode in (1, 2) and ended.stderr.strip().count("\n") == 0, ended
    return ended.stderr


def test_beyond_loopback_a_token_is_a_must(token_file):
    for address in ("0.0.0.0:0", "[::]:0"):
        said = refusal("--http", address)
        assert "beyond loopback" in said and "--http-token-file" in said
    with Embedded(arguments=["--http-token-file", str(token_file), "--http", "0.0.0.0:0"], ready=False) as registry:
        eventually(lambda: "operations on 0.0.0.0:" in registry.log(), 10, registry.log)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_token_file_without_a_token(tmp_path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    said = refusal("--http", "127.0.0.1:0", "--http-token-file", str(path))
    assert str(path)[:40] in said  # long values are cut in refusals


def test_loopback_only_by_default(registry):
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    mine = [line.split()[3] for line in listening.splitlines() if f"pid={registry.pid}," in line]
    assert mine
    for address in mine:
        assert address.startswith("127.") or address.startswith("[::1]"), mine
    own = socket.gethostbyname(socket.gethostname())
    if not own.startswith("127."):
        with pytest.raises(OSError):
            socket.create_connection((own, registry.dnsd.http_port), timeout=2)
