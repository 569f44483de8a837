# Signpost. Apache-2.0; see LICENSE.
"""dnsd is killed (SIGKILL) at random instants while several clients write, again and again on the same directory.

- Every write that was acknowledged is there after the restart; one that was under way is there whole, or not at all.
- Nothing that was acknowledged as removed comes back.
- No X-Consul-Index that a client was shown is higher than what the same read shows after a restart.
- The database is whole after every kill, by SQLite's own check; dnsd starts on it without a word of complaint.
- What comes back is answered by DNS as well.
"""
import http.client
import json
import random
import shutil
import sqlite3
import threading

from support.api_side import exchange
from support.ask import ask
from support.embedded import Embedded
from support.wait import eventually

ROUNDS = 24
WRITERS = 6
OBJECTS = 12  # of each writer
READS = ("/v1/kv/?recurse", "/v1/catalog/services", "/v1/health/state/any", "/v1/catalog/nodes")
ABSENT = None


class Writer:
    """A client with keys and services of its own. `sure`: what was acknowledged; `open`: what may have happened."""

    def __init__(self, number, seed):
        self.number, self.random = number, random.Random(seed)
        self.sure, self.open = {}, None
        self.acknowledged = self.serial = 0

    def run(self, port):
        """Writes until the connection breaks."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            while True:
                self._write(connection)
        except (OSError, http.client.HTTPException):
            connection.close()

    def _write(self, connection):
        kind = self.random.choice(("kv", "service"))
        name = f"{kind}-{self.number}-{self.random.randrange(OBJECTS)}"
        self.serial += 1
        after = ABSENT if self.random.random() < 0.25 else self.serial % 60000 + 1
        self.open = (name, after)
        answer = exchange(connection, *self._request(kind, name, after))
        assert answer.status == 200, f"{name}: {answer.status} {answer.text}"
        self.sure[name], self.open = after, None
        self.acknowledged += 1

    @staticmethod
    def _request(kind, name, after):
        if kind == "kv":
            return ("DELETE", f"/v1/kv/{name}") if after is ABSENT else ("PUT", f"/v1/kv/{name}", str(after))
        if after is ABSENT:
            return "PUT", f"/v1/agent/service/deregister/{name}"
        return "PUT", "/v1/agent/service/register", json.dumps(
            {"Name": name, "Port": after, "Check": {"TTL": "1h", "Status": "passing"}})

    def settle(self, found):
        """Compares with what is there after a restart, and goes on from that."""
        mine = {name: value for name, value in found.items() if name.split("-")[1] == str(self.number)}
        maybe = self.open[0] if self.open else None
        for name in self.sure.keys() | mine.keys():
            value, known = mine.get(name), self.sure.get(name)
            allowed = {known, self.open[1]} if name == maybe else {known}
            assert value in allowed, f"{name} is {value}, acknowledged {known}, under way {self.open}"
        self.sure, self.open = mine, None


def contents(registry):
    """{name: number} of all keys and services."""
    found = {}
    keys = registry.request("GET", "/v1/kv/?keys")
    for key in keys.json() if keys.status_code == 200 else []:
        found[key] = int(registry.request("GET", f"/v1/kv/{key}?raw").text)
    for name, service in registry.get("/v1/agent/services").items():
        found[name] = service["Port"]
    return found


def indexes(registry):
    return {path: int(registry.request("GET", path).headers["X-Consul-Index"]) for path in READS}


def check_database(folder, scratch):
    """A copy is looked at: looking must not mend."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(folder, scratch)
    database = sqlite3.connect(scratch / "registry.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        database.close()


class Reader:
    """Asks for indexes all the time and keeps the highest that it was shown."""

    def __init__(self):
        self.highest = dict.fromkeys(READS, 0)

    def run(self, port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            while True:
                for path in READS:
                    shown = int(exchange(connection, "GET", path).headers["x-consul-index"])
                    assert shown >= self.highest[path], f"{path}: {shown} after {self.highest[path]}"
                    self.highest[path] = shown
        except (OSError, http.client.HTTPException):
            connection.close()


def play_round(registry, writers, reader, rng):
    """Writes for a while, then the kill."""
    wrong = []

    def guarded(client):
        try:
            client.run(registry.dnsd.http_port)
        except BaseException as error:  # shown by the test's own thread
            wrong.append(error)

    threads = [threading.Thread(target=guarded, args=(client,)) for client in [*writers, reader]]
    goal = sum(writer.acknowledged for writer in writers) + rng.randrange(1, 150)
    for thread in threads:
        thread.start()
    eventually(lambda: sum(writer.acknowledged for writer in writers) >= goal or wrong, 20, "writes", every=0.0005)
    registry.kill()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert not wrong, wrong


def test_no_acknowledged_write_is_lost(tmp_path, seed, note):
    rng = random.Random(seed)
    writers = [Writer(number, rng.random()) for number in range(WRITERS)]
    reader = Reader()
    folder = tmp_path / "data"
    with Embedded(data_dir=folder) as registry:
        for number in range(ROUNDS):
            play_round(registry, writers, reader, rng)
            check_database(folder, tmp_path / "copy")
            registry.start()
            found = contents(registry)
            for writer in writers:
                writer.settle(found)
            for path, index in indexes(registry).items():
                assert index >= reader.highest[path], f"round {number}, {path}: {index} after {reader.highest[path]}"
        assert "database" not in registry.log(), registry.log()
        for name in sorted(name for name in found if name.startswith("service"))[:10]:
            ports = [record.split()[2] for record in ask(registry.dns, f"{name}.service.consul", "SRV").of("SRV")]
            assert ports == [str(found[name])]
        note(f"registry_crash: {sum(writer.acknowledged for writer in writers)} acknowledged writes, {ROUNDS} kills")
