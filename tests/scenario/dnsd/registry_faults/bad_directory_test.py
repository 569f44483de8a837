# Signpost. Apache-2.0; see LICENSE.
"""What dnsd finds in its data directory is not what it can use: it ends at once with exit code 1 and one sentence that
names the file and says what to do, and leaves every byte as it was.

- The database is damaged, of a newer version, of another program, no database at all, or no file.
- The directory is read-only, or another dnsd uses it (which is not disturbed).
- A log without its database is not taken for an empty registry.
- With --dev nothing of a directory is read, written or locked, and nothing is kept.
"""
import shutil
import sqlite3

import pytest
from small_disk import SmallDisk

from support.dnsd import Dnsd
from support.embedded import Embedded
from support.wait import eventually


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A directory that a registry has left, with enough in it for several pages."""
    folder = tmp_path_factory.mktemp("used") / "data"
    with Embedded(data_dir=folder) as registry:
        for number in range(40):
            registry.request("PUT", f"/v1/kv/key{number}", str(number) * 1000)
        registry.put("/v1/agent/service/register", {"Name": "web", "Port": 80})
    return folder


@pytest.fixture
def folder(used, tmp_path):
    return shutil.copytree(used, tmp_path / "data")


def bytes_of(folder):
    """Name and content of every file; the lock, which says nothing, and SQLite's shared memory aside."""
    return {path.name: path.read_bytes() for path in folder.iterdir()
            if path.is_file() and path.suffix != ".lock" and not path.name.endswith("-shm")}


def refusal(folder):
    """The last line of a dnsd that does not start there."""
    before = bytes_of(folder)
    dnsd = Dnsd(consul=None, data_dir=folder, ready=False)
    try:
        eventually(lambda: dnsd.process.exit_code is not None, 10, lambda: f"the end\n{dnsd.log()}")
        assert dnsd.process.exit_code == 1, dnsd.log()
        lines = dnsd.log().strip().splitlines()
    finally:
        dnsd.close(check=False)
    assert bytes_of(folder) == before
    assert len(lines) == 1, lines
    return lines[0]


def assert_still_used(folder):
    """The bytes are as good as before."""
    with Embedded(data_dir=folder) as registry:
        assert registry.get("/v1/agent/services")["web"]["Port"] == 80


def overwrite(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def test_a_damaged_page(folder):
    size = (folder / "registry.db").stat().st_size
    overwrite(folder / "registry.db", size // 2, b"\xff" * 4096)
    line = refusal(folder)
    assert str(folder / "registry.db") in line and "damaged" in line and "put a copy of it back" in line


def test_a_damaged_head(folder):
    overwrite(folder / "registry.db", 16, b"\0" * 60)
    assert str(folder / "registry.db") in refusal(folder)


def test_cut_short(folder):
    path = folder / "registry.db"
    path.write_bytes(path.read_bytes()[:8192 + 100])
    assert str(path) in refusal(folder)


def test_a_row_that_means_nothing(folder):
    database = sqlite3.connect(folder / "registry.db")
    database.execute("UPDATE services SET row = '{\"Port\": \"eighty\"}'")
    database.commit()
    database.close()
    line = refusal(folder)
    assert "services" in line and "damaged" in line


def test_a_newer_version(folder):
    database = sqlite3.connect(folder / "registry.db")
    database.execute("PRAGMA user_version = 77")
    database.commit()
    database.close()
    line = refusal(folder)
    assert "has version 77" in line and "newer dnsd" in line


def test_another_programs_database(folder):
    (folder / "registry.db").unlink()
    database = sqlite3.connect(folder / "registry.db")
    database.execute("CREATE TABLE poems (line TEXT)")
    database.commit()
    database.close()
    assert "another program" in refusal(folder)


def test_no_database(folder):
    (folder / "registry.db").write_text("A shopping list.\n" * 100)
    line = refusal(folder)
    assert "no SQLite file" in line and "move it away or give another --data-dir" in line


def test_a_directory_in_its_place(folder):
    (folder / "registry.db").unlink()
    (folder / "registry.db").mkdir()
    assert "is not a file" in refusal(folder)


def test_a_log_without_its_database(folder):
    (folder / "registry.db").rename(folder / "registry.db-wal")
    assert "is missing" in refusal(folder)


def test_a_read_only_directory(used, tmp_path):
    with SmallDisk(tmp_path / "disk") as disk:
        folder = shutil.copytree(used, disk.path / "data")
        disk.read_only()
        line = refusal(folder)
        assert "Read-only file system" in line and "--data-dir" in line


def test_a_second_dnsd(folder):
    with Embedded(data_dir=folder) as first:
        dnsd = Dnsd(consul=None, data_dir=folder, ready=False)
        try:
            eventually(lambda: dnsd.process.exit_code == 1, 10, lambda: f"the end\n{dnsd.log()}")
            assert "another dnsd uses the registry database" in dnsd.log()
        finally:
            dnsd.close(check=False)
        first.put("/v1/kv/after", "1")
        assert first.get("/v1/agent/services")["web"]["Port"] == 80
    assert_still_used(folder)


def test_dev_keeps_nothing_and_touches_nothing(folder):
    (folder / "registry.db").write_text("not looked at")
    before = bytes_of(folder)
    with Embedded(data_dir=folder, arguments=["--dev"]) as registry:
        registry.put("/v1/kv/a", "1")
        registry.put("/v1/agent/service/register", {"Name": "web"})
        registry.stop()
        registry.start()
        assert registry.request("GET", "/v1/kv/a").status_code == 404
        assert registry.get("/v1/agent/services") == {}
    assert bytes_of(folder) == before
