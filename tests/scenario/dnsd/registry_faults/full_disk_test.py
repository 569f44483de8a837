# Signpost. Apache-2.0; see LICENSE.
"""The disk under the registry's database is full.

- A write is refused with 500 and one line that names the database and the reason; what was refused is neither in the
  API nor in DNS, and wakes nobody with news that is none.
- Reads and DNS go on; /metrics and the log say what is the matter, once.
- What health checks find still reaches DNS, and is on disk once there is room.
- When room is made the next write works, without a restart; a restart then finds all of it, and no smaller index.
"""
import json
import uuid

import pytest
from small_disk import SmallDisk

from support.ask import ask
from support.embedded import Embedded
from support.wait import eventually

PORTION = "x" * 20000


@pytest.fixture
def disk(tmp_path):
    with SmallDisk(tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def registry(disk):
    with Embedded(data_dir=disk.path / "data") as registry:
        yield registry


def addresses(registry, name):
    return sorted(ask(registry.dns, f"{name}.service.consul").of("A"))


def register(registry, name, address, **more):
    body = {"Name": name, "Address": address, "Port": 80, **more}
    return registry.request("PUT", "/v1/agent/service/register", json.dumps(body))


def fill(registry, disk):
    """Returns when no write is taken any more; what the database had in reserve is used up."""
    disk.fill()

    def refused():
        return registry.request("PUT", f"/v1/kv/filler/{uuid.uuid4()}", PORTION).status_code == 500

    eventually(refused, 10, "a refused write", every=0)


def test_refused_writes_leave_no_trace(registry, disk):
    assert register(registry, "web", "10.0.0.1").status_code == 200
    registry.put("/v1/kv/kept", "kept")
    fill(registry, disk)

    answer = register(registry, "web", "10.0.0.2", Tags=[PORTION])
    assert answer.status_code == 500 and answer.text.count("\n") <= 1
    assert str(disk.path / "data/registry.db") in answer.text and "full" in answer.text, answer.text
    assert addresses(registry, "web") == ["10.0.0.1"]
    assert [each["ServiceAddress"] for each in registry.get("/v1/catalog/service/web")] == ["10.0.0.1"]

    assert register(registry, "new", "10.0.0.3", Tags=[PORTION]).status_code == 500
    assert ask(registry.dns, "new.service.consul").rcode == "NXDOMAIN"
    assert "new" not in registry.get("/v1/catalog/services")
    assert registry.request("PUT", "/v1/kv/kept", PORTION).status_code == 500
    assert registry.request("GET", "/v1/kv/kept?raw").text == '"kept"'


def test_operations_tell_and_the_log_tells_once(registry, disk):
    assert registry.dnsd.metric("signpost_registry_disk_fails") == 0
    fill(registry, disk)
    for _ in range(5):
        assert registry.request("PUT", "/v1/kv/a", PORTION).status_code == 500
    assert registry.dnsd.metric("signpost_registry_disk_fails") == 1
    assert registry.dnsd.get("/readyz").status_code == 200
    assert registry.log().count("database is failing") == 1, registry.log()
    disk.make_room()
    assert registry.request("PUT", "/v1/kv/a", PORTION).status_code == 200
    assert registry.dnsd.metric("signpost_registry_disk_fails") == 0
    assert registry.log().count("database is back") == 1


def test_health_still_reaches_dns(registry, disk):
    check = {"TTL": "2s", "Status": "passing"}
    assert register(registry, "ill", "10.0.0.1", Check=check).status_code == 200
    assert addresses(registry, "ill") == ["10.0.0.1"]
    fill(registry, disk)
    eventually(lambda: addresses(registry, "ill") == [], 10, "the expired check in DNS")
    assert registry.get("/v1/health/service/ill?passing") == []
    disk.make_room()
    assert registry.request("PUT", "/v1/kv/a", "1").status_code == 200
    registry.kill()
    registry.start()
    assert registry.get("/v1/health/checks/ill")[0]["Status"] == "critical"


def test_room_is_made(registry, disk):
    fill(registry, disk)
    for _ in range(20):
        assert register(registry, "web", "10.0.0.1", Tags=[PORTION]).status_code == 500
    disk.make_room()
    assert register(registry, "web", "10.0.0.1", Tags=[PORTION]).status_code == 200
    assert addresses(registry, "web") == ["10.0.0.1"]
    shown = registry.index()
    registry.stop()
    registry.start()
    assert addresses(registry, "web") == ["10.0.0.1"]
    assert registry.index() >= shown


def test_indexes_never_go_back_even_while_nothing_can_be_stored(registry, disk):
    for number in range(20):  # all of them expire meanwhile, and wait for room
        check = {"TTL": "1s", "Status": "passing"}
        assert register(registry, f"ill-{number}", "10.0.0.1", Check=check).status_code == 200
    fill(registry, disk)
    eventually(lambda: registry.get("/v1/health/state/passing?filter=ServiceName+matches+%22ill%22") == [], 10,
               "the expired checks")
    paths = ("/v1/kv/?keys", "/v1/health/state/any")
    first = max(map(registry.index, paths))
    shown = {path: 0 for path in paths}
    for _ in range(300):
        assert registry.request("PUT", "/v1/kv/a", PORTION).status_code == 500
        for path in paths:
            index = registry.index(path)
            assert index >= shown[path], path
            shown[path] = index
    assert max(shown.values()) <= first + 2 * 300 + 20, "checks that wait use up indexes with every write"
    registry.kill()
    disk.make_room()
    registry.start()
    for path in paths:
        assert registry.index(path) >= shown[path], path
