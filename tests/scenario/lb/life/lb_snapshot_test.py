# Signpost. Apache-2.0; see LICENSE.
"""The last known services on disk, for a start while the catalog is away.

Claims
- They are written soon after the start and at the end, whole or not at all, and used by a start that finds no catalog: traffic
  goes on, the pages say from when they are. When the catalog is back, its word counts.
- A file that is too old, cut off or changed is not used, and the log says so; one that cannot be written stops
  nothing.
"""
import json

import pytest
import requests

from support.embedded import Embedded
from support.lb import Lb
from support.origin import Origin, name
from support.wait import eventually, quiet

FILE = "lb-snapshot.json"


class Stage:
    """A registry that knows the service web, and lb processes that keep what they learn in `home`."""

    def __init__(self, home):
        self.home, self.origin, self.registry = home, Origin(name("web")), Embedded()
        self.register(self.origin)

    def register(self, origin):
        self.registry.register_service("web", "n1", "127.0.0.1", origin.port, tags=("http",))

    def lb(self, **options):
        words = {"public-domain": "test", "stop-timeout": "300ms"}
        words.update({key.replace("_", "-"): value for key, value in options.items()})
        return Lb(words, consul=self.registry.url, data_dir=self.home, ready=False)

    def learn(self):
        """A first lb sees the catalog, and ends."""
        with self.lb() as lb:
            lb.wait_ready()
            eventually(lambda: lb.get("web.test").text == "web", 10)
        self.registry.stop()

    def close(self):
        self.registry.close(check=False)
        self.origin.close()


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def started(lb):
    eventually(lambda: "lb serves" in lb.log(), 10, lb.log)
    eventually(quiet(lambda: lb.get("web.test") is not None, requests.RequestException), 5, "its threads listen")
    return lb


def test_a_start_without_the_catalog(stage):
    stage.learn()
    assert [entry.name for entry in stage.home.iterdir()] == [FILE]
    with started(stage.lb()) as lb:
        lb.wait_ready()
        assert lb.get("web.test").text == "web"
        assert "from a snapshot" in lb.get("/readyz").text and lb.status()["snapshot_age"] != ""
        assert "starts with the services of" in lb.log()
        with Origin(name("new")) as other:
            stage.registry.start()
            stage.register(other)
            eventually(lambda: lb.get("web.test").text == "new", 40)
            eventually(lambda: lb.status()["snapshot_age"] == "", 10)
            assert "from a snapshot" not in lb.get("/readyz").text


def test_it_is_written_while_lb_runs(stage):
    with stage.lb() as lb:
        lb.wait_ready()
        eventually((stage.home / FILE).exists, 10)
        lb.kill()
    stage.registry.stop()
    with started(stage.lb()) as lb:
        eventually(lambda: lb.get("web.test").text == "web", 5)


def unready(stage, **options):
    with started(stage.lb(**options)) as lb:
        assert lb.get("web.test").status_code == 404 and lb.get("/readyz").status_code == 503
        assert "starts with the services of" not in lb.log()
        return lb.log()


def test_it_is_not_used_when_it_is_old(stage):
    stage.learn()
    path = stage.home / FILE
    text = path.read_text()
    saved = json.loads(text)["saved_ms"]
    path.write_text(text.replace(str(saved), str(saved - 25 * 3600 * 1000)))
    log = unready(stage)
    assert str(path) in log and "old: not used (--max-snapshot-age)" in log
    with started(stage.lb(max_snapshot_age="48h")) as lb:
        assert lb.get("web.test").text == "web"


@pytest.mark.parametrize("spoil", [
    pytest.param(lambda text: text[:-40], id="cut off"), pytest.param(lambda text: "", id="empty"),
    pytest.param(lambda text: text.replace("web", "wed"), id="changed"), pytest.param(lambda text: "[" * 10000, id="nonsense"),
    pytest.param(lambda text: text.replace('"format":1', '"format":2'), id="another format")])
def test_it_is_not_used_when_it_is_broken(stage, spoil):
    stage.learn()
    path = stage.home / FILE
    path.write_text(spoil(path.read_text()))
    log = unready(stage)
    assert str(path) in log and "started without it" in log


def test_a_file_that_cannot_be_written(stage):
    """lb runs as root here: what stands in the way is a directory of that name."""
    (stage.home / FILE).mkdir()
    with stage.lb() as lb:
        lb.wait_ready()
        eventually(lambda: "cannot replace" in lb.log(), 10, lb.log)
        assert lb.get("web.test").text == "web"
    assert [entry.name for entry in stage.home.iterdir()] == [FILE], "nothing half-written is left"
