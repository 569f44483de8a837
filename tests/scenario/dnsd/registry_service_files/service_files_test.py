# Signpost. Apache-2.0; see LICENSE.
"""--service FILE and --service DIR: services that files define.

- Files and the *.json files of a directory are loaded before the first question is answered, checks inside included.
- SIGHUP adds, changes and removes what the files add, change and drop, and nothing that others registered; an equal file
  changes nothing and wakes nobody. PUT /v1/agent/reload does the same.
- A bad file refuses the start (exit 2) and the reload (the old services stay) with one sentence that names file and
  reason; --check finds it as well.
- What left the files while dnsd was down is gone after the start; what was registered through the API is not.
"""
import json
import signal
import subprocess

import pytest

from support.ask import ask
from support.dnsd import Dnsd
from support.program import binary
from support.embedded import Embedded
from support.wait import eventually


class Files:
    """A directory of service files."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def write(self, name, content):
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def services(self, *services, name="services.json"):
        return self.write(name, {"services": list(services)})


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "files")


@pytest.fixture
def start(files, tmp_path):
    """Starts a registry with these paths, or those of the directory."""
    def started(*paths):
        arguments = [word for path in paths or [files.folder] for word in ("--service", str(path))]
        return Embedded(data_dir=tmp_path / "data", arguments=arguments)
    return started


def reload(registry):
    """SIGHUP, until it has taken effect or was refused; the log's new part."""
    before = len(registry.log())

    def said():
        new = registry.log()[before:]
        return new if "options reloaded" in new or "reload refused" in new else ""

    registry.dnsd.process.send(signal.SIGHUP)
    text = eventually(said, 10, "the reload")
    registry.get("/v1/agent/services")  # a read waits for what is on its way to the disk
    return text


def ports(registry, name):
    return sorted(int(line.split()[2]) for line in ask(registry.dns, f"{name}.service.consul", "SRV").of("SRV"))


def test_files_and_directories(files, start, tmp_path):
    files.services({"name": "web", "port": 80, "tags": ["blue"]}, {"id": "web-2", "name": "web", "port": 81})
    files.write("one.json", {"service": {"Name": "db", "Port": 5432, "Meta": {"a": "b"}}})
    files.write("notes.txt", "no JSON at all")
    alone = tmp_path / "alone.hcl-like"
    alone.write_text('{"service": {"name": "alone", "port": 9} /* a comment */ }')
    with start(files.folder, alone) as registry:
        assert ports(registry, "web") == [80, 81] and ports(registry, "blue.web") == [80]
        assert ports(registry, "db") == [5432] and ports(registry, "alone") == [9]
        assert set(registry.get("/v1/agent/services")) == {"web", "web-2", "db", "alone"}


def test_checks_inside(files, start):
    files.services({"name": "ill", "port": 80, "check": {"ttl": "1h"}},
                   {"name": "well", "port": 80, "checks": [{"ttl": "1h", "status": "passing"},
                                                           {"id": "own-id", "ttl": "1h", "status": "passing"}]})
    files.write("node.json", {"check": {"id": "node-check", "name": "n", "ttl": "1h", "status": "passing"}})
    with start() as registry:
        assert ports(registry, "ill") == [] and ports(registry, "well") == [80]
        assert set(registry.get("/v1/agent/checks")) == {"service:ill", "service:well:1", "own-id", "node-check"}
        registry.put("/v1/agent/check/pass/service:ill")
        assert ports(registry, "ill") == [80]


def test_a_check_that_runs(files, start):
    with Dnsd(consul=None) as other:
        files.services({"name": "web", "port": 80, "check": {"tcp": f"127.0.0.1:{other.http_port}", "interval": "1s"}})
        with start() as registry:
            eventually(lambda: ports(registry, "web") == [80], 10, "a passing check")


def test_reload_adds_changes_and_removes(files, start):
    files.services({"name": "stays", "port": 1}, {"name": "changes", "port": 2}, {"name": "goes", "port": 3})
    with start() as registry:
        index = registry.index("/v1/health/service/stays")
        files.services({"name": "stays", "port": 1}, {"name": "changes", "port": 22})
        files.write("more.json", {"service": {"name": "comes", "port": 4}})
        assert "options reloaded" in reload(registry)
        assert [ports(registry, name) for name in ("stays", "changes", "comes")] == [[1], [22], [4]]
        assert ask(registry.dns, "goes.service.consul").rcode == "NXDOMAIN"
        assert registry.index("/v1/health/service/stays") == index, "nothing changed"


def test_reload_by_the_api(files, start):
    files.services({"name": "web", "port": 80})
    with start() as registry:
        files.services({"name": "web", "port": 81})
        registry.put("/v1/agent/reload")
        assert ports(registry, "web") == [81]
        files.write("bad.json", "{")
        answer = registry.request("PUT", "/v1/agent/reload")
        assert answer.status_code == 500 and "bad.json" in answer.text
        assert ports(registry, "web") == [81]


def test_what_others_registered_stays(files, start):
    files.services({"name": "web", "port": 80, "check": {"ttl": "1h", "status": "passing"}})
    with start() as registry:
        registry.put("/v1/agent/service/register", {"Name": "mine", "Port": 1})
        registry.put("/v1/agent/check/register", {"Name": "mine", "ServiceID": "web", "TTL": "1h", "Status": "passing"})
        registry.register_service("theirs", "other", "10.0.0.1")
        files.services({"name": "web", "port": 81, "check": {"ttl": "1h", "status": "passing"}})
        reload(registry)
        assert set(registry.get("/v1/agent/services")) == {"web", "mine"}
        assert set(registry.get("/v1/agent/checks")) == {"service:web", "mine"}
        assert ports(registry, "theirs") == [80] and ports(registry, "web") == [81]


def test_what_a_check_said_outlives_a_reload(files, start):
    files.services({"name": "web", "port": 80, "check": {"ttl": "1h"}})
    with start() as registry:
        registry.put("/v1/agent/check/pass/service:web")
        reload(registry)
        assert ports(registry, "web") == [80]
        registry.stop()
        registry.start()
        assert ports(registry, "web") == [80]


BAD = {
    "broken JSON": ("{", ""),
    "no name": ({"service": {"port": 80}}, ""),
    "a port that is text": ({"service": {"name": "web", "port": "eighty"}}, "port"),
    "an unknown check": ({"service": {"name": "web", "check": {"interval": "10s"}}}, ""),
    "an ID that another file has": ({"service": {"id": "taken", "name": "web"}}, "'taken' is defined twice"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_refuses_the_reload(files, start, case):
    files.services({"name": "taken", "port": 80})
    with start() as registry:
        content, reason = BAD[case]
        path = files.write("z-bad.json", content)
        said = reload(registry)
        assert "reload refused" in said and str(path) in said and reason in said.lower(), said
        assert set(registry.get("/v1/agent/services")) == {"taken"} and ports(registry, "taken") == [80]
        path.unlink()
        assert "options reloaded" in reload(registry)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_refuses_the_start(files, tmp_path, case):
    files.services({"name": "taken", "port": 80})
    content, reason = BAD[case]
    path = files.write("z-bad.json", content)
    for more in ([], ["--check"]):
        ended = subprocess.run(
            [binary(), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir", tmp_path, "--service",
             files.folder, *more], capture_output=True, text=True, timeout=10)
        assert ended.returncode == 2, ended
        assert ended.stderr.count("\n") == 1 and str(path) in ended.stderr and reason in ended.stderr.lower()


def test_a_file_that_is_not_there(tmp_path):
    ended = subprocess.run([binary(), "--dev", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--service",
                            tmp_path / "absent.json"], capture_output=True, text=True, timeout=10)
    assert ended.returncode == 2 and "absent.json" in ended.stderr


def test_what_left_while_it_was_down_is_gone(files, start):
    files.services({"name": "stays", "port": 1}, {"name": "goes", "port": 2})
    with start() as registry:
        registry.put("/v1/agent/service/register", {"Name": "mine", "Port": 3})
    files.services({"name": "stays", "port": 1})
    with start() as registry:
        assert set(registry.get("/v1/agent/services")) == {"stays", "mine"}
        assert ask(registry.dns, "goes.service.consul").rcode == "NXDOMAIN"


def test_what_left_the_files_belongs_to_who_registers_it_next(files, start):
    files.services({"name": "web", "port": 1})
    with start() as registry:
        files.services()
        reload(registry)
        assert registry.get("/v1/agent/services") == {}
        registry.put("/v1/agent/service/register", {"Name": "web", "Port": 2})
    with start() as registry:
        assert ports(registry, "web") == [2]


def test_files_come_back_after_the_api_removed_them(files, start):
    files.services({"name": "web", "port": 1})
    with start() as registry:
        registry.put("/v1/agent/service/deregister/web")
        assert registry.get("/v1/agent/services") == {}
        reload(registry)
        assert ports(registry, "web") == [1]
