# Signpost. Apache-2.0; see LICENSE.
"""The load generator bench_registry_load as an object."""
import collections
import contextlib
import json
import subprocess
import threading

from support.bench import measure, registry_requests
from support.program import binary

LINE_SECONDS = 90  # longest wait for a line of the generator

# Requests and how many in a second, CPU µs of the server for each, ms within which 99 of 100 were answered, least and
# most bytes of a body, compressed bodies.
Run = collections.namedtuple("Run", "replies rate cpu_us p99_ms least_bytes most_bytes gzip")
# ms from the change until the median watcher, 99 of 100, and the last had the whole reply; CPU µs per watcher.
Wake = collections.namedtuple("Wake", "p50_ms p99_ms max_ms cpu_us")


def drive(server, home, requests, connections, count=0, seconds=60.0, settle=False):
    """Sends `requests` in turn over `connections`: a Run. With `settle` the CPU time is that until the server has
    nothing left to do."""
    path = registry_requests.write(home / "requests", requests)
    before = server.cpu_ns()
    command = [binary("bench_registry_load"), "rate", server.port, path, connections, count, seconds]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=seconds + 90,
                          preexec_fn=measure.pin_generator)
    assert done.returncode == 0, f"{server.name}: {done.stderr}"
    if settle:
        server.settle()
    said = json.loads(done.stdout)
    cpu_us = (server.cpu_ns() - before) / 1000 / said["replies"]
    return Run(said["replies"], said["replies"] / said["seconds"], cpu_us, said["p99_us"] / 1000, said["least_bytes"],
               said["most_bytes"], said["gzip"])


def send_all(server, home, requests, connections=16):
    drive(server, home, requests, connections, count=len(requests))
    server.settle()


class Watchers:
    """`count` blocked queries on the watched service, one connection each."""

    def __init__(self, server, home, count):
        self._server, self.count = server, count
        changes = registry_requests.write(home / "changes", registry_requests.watched_changes())
        command = [binary("bench_registry_load"), "wake", server.port, registry_requests.watch_path(), changes, count]
        self._child = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True, bufsize=1, preexec_fn=measure.pin_generator)
        with contextlib.ExitStack() as opening:
            opening.callback(self.close)
            self._wait_blocked()
            opening.pop_all()

    def wake(self):
        """One change: a Wake. Every reply was compared with what a read gets after it."""
        self._server.settle()
        before = self._server.cpu_ns()
        self._child.stdin.write("\n")
        said = self._line()
        self._wait_blocked()
        assert said["woken"] == self.count and said["early"] == said["other"] == 0, f"{self._server.name}: {said}"
        cpu_us = (self._server.cpu_ns() - before) / 1000 / self.count
        return Wake(said["p50_ms"], said["p99_ms"], said["max_ms"], cpu_us)

    def _wait_blocked(self):
        assert self._line()["blocked"] == self.count
        self._server.settle()

    def _line(self):
        alarm = threading.Timer(LINE_SECONDS, self._child.kill)
        alarm.start()
        line = self._child.stdout.readline()
        alarm.cancel()
        assert line, f"{self._server.name}: the generator ended or hangs with {self.count} watchers"
        return json.loads(line)

    def close(self):
        self._child.kill()
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()
