# Signpost. Apache-2.0; see LICENSE.
"""The access log under pressure.

Claims
- R14: a full disk, a directory that is gone and a pipe that nobody reads cost no request anything; what was dropped is
  counted, and lines are written again as soon as they can be.
- R15: files moved away and SIGUSR1, again and again under load: every request has exactly one whole line in one of the files,
  and no descriptor is left behind.
"""
import contextlib
import json
import os
import pathlib

import pytest

from support.farm import Farm, ask
from support.gauge import Gauge
from support.lb import Lb
from support.wait import eventually
from support.wrk import Wrk

ROTATIONS = 12


@pytest.fixture(scope="module")
def farm():
    with Farm("a") as one:
        yield one


@pytest.fixture
def start(farm, tmp_path):
    """start(path) is a running Lb that logs there."""
    started = []

    def run(path):
        started.append(Lb({"access-log": str(path), "stop-timeout": "2s"}, {"web": farm.addresses}, [{"host": "*", "service": "web"}]))
        return started[-1]

    yield run
    for lb in started:
        lb.close()


def written(lb):
    return lb.metric("signpost_lb_access_lines_total")


def dropped(lb):
    return lb.metric("signpost_lb_access_dropped_total")


def lines(*paths):
    return [json.loads(line) for path in paths for line in pathlib.Path(path).read_text().splitlines()]


def assert_served(lb, count):
    assert ask(lb, "a.test", count) == ["a"] * count


def test_disk_full(start, tmp_path):
    """R14"""
    log = tmp_path / "access.log"
    log.symlink_to("/dev/full")
    lb = start(log)
    assert_served(lb, 2000)
    eventually(lambda: dropped(lb) == 2000, 5, lambda: f"2000 lines dropped, not {dropped(lb)}")
    assert written(lb) == 0
    assert "No space left" in lb.log()
    assert lb.log().count("No space left") <= 3, "it says so again and again"
    log.unlink()
    lb.reopen_logs()
    eventually(log.exists, 5, "the file is there")
    assert_served(lb, 100)
    eventually(lambda: written(lb) == 100, 5, "100 lines")
    assert len(lines(log)) == 100 and dropped(lb) == 2000


def test_directory_gone(start, tmp_path):
    """R14"""
    folder = tmp_path / "logs"
    lb = start(folder / "access.log")
    assert_served(lb, 100)
    eventually(lambda: dropped(lb) == 100, 5, "100 lines dropped")
    folder.mkdir()
    lb.reopen_logs()
    eventually((folder / "access.log").exists, 5, "the file is there")
    assert_served(lb, 100)
    eventually(lambda: written(lb) == 100, 5, "100 lines")


def test_nobody_reads(start, tmp_path):
    """R14: a pipe takes 64 KiB and then nothing; lb keeps 4 MiB and then drops."""
    log = tmp_path / "access.log"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    lb = start(log)
    gauge = Gauge(lb)
    with Wrk(lb.listen_port, "a.test") as load:
        eventually(lambda: dropped(lb) > 1000, 20, "lines are dropped", every=0.1)
    assert load.result.failed == 0, load.text
    assert gauge.growth() < 64 << 20
    before = written(lb)
    got = os.read(reader, 1 << 16)
    assert json.loads(got.split(b"\n")[0])["host"] == "a.test"

    def goes_on():
        with contextlib.suppress(BlockingIOError):
            os.read(reader, 1 << 16)
        assert_served(lb, 1)
        return written(lb) > before

    eventually(goes_on, 10, "it goes on writing")
    os.close(reader)


def test_rotation(start, tmp_path, note):
    """R15"""
    log = tmp_path / "access.log"
    lb = start(log)
    eventually(log.exists, 5, "the file is there")
    gauge, moved = Gauge(lb), []
    with Wrk(lb.listen_port, "a.test") as load:
        for number in range(ROTATIONS):
            before = written(lb)
            eventually(lambda: written(lb) > before, 5, "lines are written")
            moved.append(log.rename(tmp_path / f"access.log.{number}"))
            lb.reopen_logs()
            eventually(log.exists, 5, "a new file is there")
    assert load.result.failed == 0, load.text
    eventually(lambda: lb.metric("signpost_lb_sessions") == 0, 5, "no session is left")
    total = int(lb.metric("signpost_lb_requests_total"))
    eventually(lambda: written(lb) == total, 5, lambda: f"{total} lines, not {written(lb)}")
    entries = lines(*moved, log)
    note(f"lb load: {len(entries)} lines in {len(moved) + 1} files")
    assert len({entry["request_id"] for entry in entries}) == len(entries) == total
    assert {(entry["status"], entry["termination"]) for entry in entries} <= {(200, "ok"), (200, "client_abort")}
    assert dropped(lb) == 0
    assert all(path.stat().st_size > 0 for path in moved), "a file was never written to"
    eventually(lambda: gauge.files() <= gauge.before + lb.metric("signpost_lb_idle_connections"), 10, "no descriptor is left")
