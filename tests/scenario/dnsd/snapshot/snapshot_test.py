# Signpost. Apache-2.0; see LICENSE.
"""dnsd starts without Consul from what it knew.

Claims
- With a snapshot and Consul away it answers at once, TTL at most 5 s, /readyz degraded; with Consul back it is fresh.
- The snapshot is written at SIGTERM, on its own while running, and survives SIGKILL.
- A truncated, corrupt, newer or empty snapshot file: one sentence in the log that names the file; start goes on without
  it (SERVFAIL until Consul is there); the file is not lost.
- No snapshot and no Consul: SERVFAIL, not NXDOMAIN.
- A data directory that cannot be used: a clear message.
- No token is in the snapshot; nobody else may write it.
"""
import os
import pathlib
import stat

import pytest
import requests

from support.ask import NoReply, ask
from support.dnsd import Dnsd
from support.fake_consul import FakeConsul
from support.wait import eventually, quiet

NAMES = {"web.service.consul": ["10.0.0.1"], "db.service.consul": ["10.0.0.2"], "srv1.node.consul": ["127.0.0.1"]}
OPTIONS = {"service-ttl": {"*": "60s"}, "node-ttl": "60s"}
TOKEN = "5ec2e7aa-0000-4000-8000-0123456789ab"


@pytest.fixture
def fake():
    with FakeConsul() as agent:
        agent.register("web", "10.0.0.1", 80)
        agent.register("db", "10.0.0.2", 5432)
        yield agent


def written(data_dir):
    """The one file of the data directory, once dnsd has ended."""
    files = [path for path in pathlib.Path(data_dir).rglob("*") if path.is_file()]
    assert len(files) == 1, files
    return files[0]


def answers(dnsd):
    return {name: sorted(ask(dnsd.dns, name).of("A")) for name in NAMES}


def wait_listening(dnsd):
    def replies():
        try:
            return ask(dnsd.dns, "web.service.consul", timeout=0.2)
        except (NoReply, OSError):
            assert dnsd.process.exit_code is None, dnsd.log()
            return None
    return eventually(replies, 5, "dnsd answers anything at all")


@pytest.fixture
def snapshot(fake, tmp_path):
    """A data directory with the snapshot of a dnsd that ended well; Consul is away afterwards."""
    with Dnsd(fake.url, options=OPTIONS, data_dir=tmp_path) as dnsd:
        assert answers(dnsd) == NAMES
    fake.stop()
    return tmp_path


def test_start_without_consul(fake, snapshot):
    with Dnsd(fake.url, options=OPTIONS, data_dir=snapshot, ready=False) as dnsd:
        reply = wait_listening(dnsd)
        assert reply.rcode == "NOERROR" and 0 < reply.answer[0].ttl <= 5, str(reply)
        assert answers(dnsd) == NAMES
        assert ask(dnsd.dns, "srv1.node.consul").answer[0].ttl <= 5
        assert ask(dnsd.dns, "nope.service.consul").rcode in ("NXDOMAIN", "SERVFAIL")
        dnsd.wait_ready()
        assert "degraded" in dnsd.get("/readyz").text
        fake.register("web", "10.0.0.9", 80)
        fake.start()
        eventually(lambda: "degraded" not in dnsd.get("/readyz").text, 15, "fresh again")
        assert sorted(ask(dnsd.dns, "web.service.consul").of("A")) == ["10.0.0.1", "10.0.0.9"]


def test_what_vanished_meanwhile_is_forgotten(fake, snapshot):
    fake.deregister("db")
    fake.start()
    with Dnsd(fake.url, options=OPTIONS, data_dir=snapshot) as dnsd:
        eventually(lambda: ask(dnsd.dns, "db.service.consul").rcode == "NXDOMAIN", 5, "db is gone")
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]


def test_snapshot_survives_sigkill(fake, tmp_path):
    dnsd = Dnsd(fake.url, options=OPTIONS, data_dir=tmp_path, arguments=["--snapshot-interval", "1s"])
    try:
        eventually(lambda: [p for p in tmp_path.rglob("*") if p.is_file()], 5, "a first snapshot")
        fake.register("web", "10.0.0.9", 80, instance_id="late")
        before = max(path.stat().st_mtime_ns for path in tmp_path.rglob("*"))
        eventually(lambda: max(path.stat().st_mtime_ns for path in tmp_path.rglob("*")) > before, 5, "the next one")
        eventually(lambda: b"10.0.0.9" in b"".join(p.read_bytes() for p in tmp_path.rglob("*.snapshot")), 5,
                   "the change is in it")
    finally:
        dnsd.kill()
        dnsd.close(check=False)
    fake.stop()
    with Dnsd(fake.url, options=OPTIONS, data_dir=tmp_path, ready=False) as again:
        wait_listening(again)
        assert sorted(ask(again.dns, "web.service.consul").of("A")) == ["10.0.0.1", "10.0.0.9"]


def test_no_snapshot_and_no_consul(fake, tmp_path):
    fake.stop()
    with Dnsd(fake.url, data_dir=tmp_path, ready=False) as dnsd:
        assert wait_listening(dnsd).rcode == "SERVFAIL"
        assert {ask(dnsd.dns, name).rcode for name in (*NAMES, "nope.service.consul")} == {"SERVFAIL"}
        assert dnsd.get("/readyz").status_code == 503
        assert dnsd.get("/healthz").status_code == 200
        fake.start()
        dnsd.wait_ready()
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]


def half(content):
    return content[:len(content) // 2]


def flipped(content):
    """One bit in the middle is another."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:]


DAMAGE = {
    "truncated": half,
    "last byte missing": lambda content: content[:-1],
    "one bit flipped": flipped,
    "first byte": lambda content: b"\xff" + content[1:],
    "empty": lambda content: b"",
    "garbage": lambda content: os.urandom(len(content)),
    "text appended": lambda content: content + b"more",
    "newer version": lambda content: content[:8] + (99).to_bytes(4, "little") + content[12:],
}


def is_kept(data_dir, content):
    """What could not be read is still there for a look, under whatever name."""
    return not content or any(path.is_file() and path.read_bytes() == content for path in data_dir.rglob("*"))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_file_that_cannot_be_used(fake, snapshot, damage):
    path = written(snapshot)
    content = DAMAGE[damage](path.read_bytes())
    path.write_bytes(content)
    with Dnsd(fake.url, data_dir=snapshot, ready=False) as dnsd:
        assert wait_listening(dnsd).rcode == "SERVFAIL"
        assert ask(dnsd.dns, "nope.service.consul").rcode == "SERVFAIL"
        complaints = [line for line in dnsd.log().splitlines() if path.name in line]
        assert len(complaints) == 1 and "snapshot" in complaints[0], dnsd.log()
        print("\n " + complaints[0])
        assert is_kept(snapshot, content), f"the damaged file is gone: {list(snapshot.rglob('*'))}"
        fake.start()
        dnsd.wait_ready()
        assert ask(dnsd.dns, "web.service.consul").of("A") == ["10.0.0.1"]
    assert is_kept(snapshot, content), "lost when dnsd wrote the next"


def test_nothing_secret_in_it_and_nobody_else_writes_it(fake, tmp_path):
    with Dnsd(fake.url, data_dir=tmp_path, env={"CONSUL_HTTP_TOKEN": TOKEN}) as dnsd:
        assert fake.tokens[TOKEN] > 0
        assert ask(dnsd.dns, "web.service.consul").rcode == "NOERROR"
    path = written(tmp_path)
    assert TOKEN.encode() not in path.read_bytes()
    assert not path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def test_dev_mode_writes_nothing(fake, tmp_path):
    with Dnsd(fake.url, data_dir=tmp_path, arguments=["--dev"]):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["a file", "below a file", "/proc"])
def test_a_data_directory_that_cannot_be_used(fake, tmp_path, place):
    """Root may write everywhere, so these are places where no directory can be."""
    (tmp_path / "file").write_text("")
    data_dir = {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "data", "/proc": "/proc/signpost"}[place]
    dnsd = Dnsd(fake.url, start=False)
    dnsd.data_dir = data_dir
    dnsd.start(ready=False)
    try:
        ended_or_ready = quiet(lambda: dnsd.process.exit_code is not None or dnsd.get("/readyz").status_code == 200,
                               requests.RequestException)
        eventually(ended_or_ready, 10, "a decision")
        lines = [line for line in dnsd.log().splitlines() if str(data_dir) in line]
        assert lines, dnsd.log()
        print("\n " + lines[0])
        assert dnsd.process.exit_code in (None, 1, 2)
        assert any(word in lines[0] for word in ("data-dir", "data directory", "snapshot")), lines[0]
    finally:
        dnsd.close(check=False)
