# Signpost. Apache-2.0; see LICENSE.
"""What the programs under test have in common: a config file, an operations listener, a life with a clean end."""
import json
import os
import pathlib
import re
import signal
import tempfile

import requests

from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

ROOT = pathlib.Path(__file__).resolve().parents[2]
_SANITIZER = re.compile(r"(ERROR|WARNING): (\w+)Sanitizer|runtime error:")


def binary(program="dnsd"):
    """Path of a built program; the build is chosen by SIGNPOST_BUILD."""
    return ROOT / "build" / os.environ.get("SIGNPOST_BUILD", "release") / "bin" / program


def memory_limit(plain):
    """`plain` bytes, or room for what a sanitizer keeps beside them."""
    return plain * 32 if os.environ.get("SIGNPOST_BUILD") in ("asan", "tsan") else plain


class Program:
    """A subclass says how `command` begins. Leaving the block sends SIGTERM and asserts a clean end: exit code 0 and no
    sanitizer report in its output. With `ready` false `start` returns as soon as the process runs.
    """

    def __init__(self, name, options, arguments, env, preexec):
        self.name = name
        self._home = tempfile.TemporaryDirectory(prefix=f"{name}-")
        self.home = pathlib.Path(self._home.name)
        self.options, self.arguments = dict(options or {}), list(arguments)
        self.env, self._preexec = env, preexec
        self.http_port = free_port()
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close(check=kind is None)

    @property
    def url(self):
        """Operations listener."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self):
        return self._process.pid

    @property
    def process(self):
        return self._process

    # --- life ----------------------------------------------------------------------------------------------------

    def command(self):
        """The words to start it with, before `arguments`."""
        raise NotImplementedError

    def start(self, ready=True):
        program = binary(self.name)
        assert program.exists(), f"{program} is missing: build it first"
        self._write_config()
        self._process = Process(self.command() + self.arguments, self.home / "log", self.env, self._preexec)
        if not ready:
            return
        try:
            self.wait_ready()
        except BaseException:
            self._process.kill()
            raise

    def _write_config(self):
        self.config_path = self.home / f"{self.name}.json"
        self.config_path.write_text(json.dumps(self.options, indent=1))

    def wait_ready(self, deadline=30.0):
        """Until /readyz says 200."""
        ready = quiet(lambda: self.get("/readyz").status_code == 200, requests.RequestException)

        def ready_or_dead():
            code = self._process.exit_code
            assert code is None, f"{self.name} ended with {code}:\n{self.log()}"
            return ready()

        eventually(ready_or_dead, deadline, lambda: f"{self.name} ready\n{self._process.log_tail()}")

    def reload(self, **options):
        """Merges `options` into the config file and sends SIGHUP."""
        self.options.update(options)
        self._write_config()
        self._process.send(signal.SIGHUP)

    def stop(self):
        """SIGTERM and the assertions of a clean end; `start` may follow."""
        code = self._process.stop()
        assert code == 0, f"{self.name} ended with {code}:\n{self._process.log_tail(80)}"
        self.assert_no_report()

    def kill(self):
        """SIGKILL."""
        self._process.kill()

    def close(self, check=True):
        """Ends the process; `check` false after a failure, so that the first failure is the one reported."""
        try:
            if self._process is None:
                return
            if check and self._process.exit_code is None:
                self.stop()
            else:
                self._process.kill()
                self.assert_no_report()
        finally:
            self._home.cleanup()

    def assert_no_report(self):
        report = _SANITIZER.search(self.log())
        assert not report, f"sanitizer report of {self.name}:\n{self.log()[report.start():][:8000]}"

    # --- looking inside ------------------------------------------------------------------------------------------

    def log(self):
        return self._process.log() if self._process else ""

    def get(self, path, timeout=5):
        """The answer of the operations listener (a requests.Response)."""
        return requests.get(self.url + path, timeout=timeout)

    def status(self):
        return self.get("/status").json()

    def metrics(self):
        """{'name{label="value"}': number} of /metrics."""
        lines = (line for line in self.get("/metrics").text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def metric(self, name, **labels):
        """Sum over all series of `name` that carry `labels`; 0 if there is none."""
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for series, value in self.metrics().items()
                   if series.split("{")[0] == name and all(label in series for label in wanted))
