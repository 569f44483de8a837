# Signpost. Apache-2.0; see LICENSE.
"""The program under test: registrar of the build named by SIGNPOST_BUILD, between an engine and an agent.

    with Registrar(engine, agent, {"on-exit": "deregister"}) as registrar:
        engine.run("web.1", ports=["8080:80"])
        eventually(lambda: agent.ids() == ["node1:web.1:80"])

Leaving the block sends SIGTERM and asserts a clean end: exit code 0 and no sanitizer report in its output.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import requests

from support.dnsd import binary
from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

_SANITIZER = re.compile(r"(ERROR|WARNING): (\w+)Sanitizer|runtime error:")
# What a user may have set must not reach the program.
_FOREIGN = ("DOCKER_", "CONSUL_")
DEFAULTS = {"node-id": "node1", "ip": "192.0.2.10"}


def clean_environment(extra=None):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, **(extra or {})}


def run_command(*words, env=None, timeout=20):
    """Runs `registrar WORDS` to its end (a CompletedProcess of text)."""
    return subprocess.run([binary("registrar"), *map(str, words)], capture_output=True, text=True, errors="replace",
                          env=clean_environment(env), timeout=timeout, check=False)


def always(condition, seconds, what=""):
    """Asserts that `condition()` stays true for that long. For what must not happen; prefer waiting for what must."""
    end = time.monotonic() + seconds

    def over():
        assert condition(), what() if callable(what) else what or "it did not stay so"
        return time.monotonic() >= end

    eventually(over, seconds + 10)


class Registrar:
    """`engine`: a FakeEngine, a DockerEngine or a URL; `agent`: a FakeAgent, a ConsulAgent or a URL; None: not named.
    `options`: rows of the option table by name, over DEFAULTS (None takes one out), in a file given with --config;
    `arguments`: further words of the command line. With `ready` false the constructor returns as soon as it runs.
    """

    def __init__(self, engine, agent, options=None, arguments=(), env=None, ready=True, preexec=None, start=True):
        self._home = tempfile.TemporaryDirectory(prefix="registrar-")
        self.home = pathlib.Path(self._home.name)
        self.docker = getattr(engine, "url", engine)
        self.consul = getattr(agent, "url", agent)
        self.options = {k: v for k, v in {**DEFAULTS, **(options or {})}.items() if v is not None}
        self.arguments, self.env, self._preexec = list(arguments), env, preexec
        self.http_port = free_port()
        self._process = None
        if start:
            self.start(ready)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close(check=kind is None)

    @property
    def url(self):
        """Operations listener."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def process(self):
        return self._process

    # --- life

    def start(self, ready=True):
        program = binary("registrar")
        assert program.exists(), f"{program} is missing: build it first"
        self._write_config()
        command = ["env", "-i", *(f"{k}={v}" for k, v in clean_environment(self.env).items()), program,
                   "--http", f"127.0.0.1:{self.http_port}", "--config", self.config_path]
        command += ["--docker", self.docker] if self.docker else []
        command += ["--consul", self.consul] if self.consul else []
        self._process = Process(command + self.arguments, self.home / "log", preexec=self._preexec)
        if not ready:
            return
        try:
            self.wait_ready()
        except BaseException:
            self._process.kill()
            raise

    def _write_config(self):
        self.config_path = self.home / "registrar.json"
        self.config_path.write_text(json.dumps(self.options, indent=1))

    def wait_ready(self, deadline=30.0):
        """Until /readyz says 200: one whole picture of the engine and one reading of the agent are in."""
        ready = quiet(lambda: self.get("/readyz").status_code == 200, requests.RequestException)

        def ready_or_dead():
            code = self._process.exit_code
            assert code is None, f"registrar ended with {code}:\n{self.log()}"
            return ready()

        eventually(ready_or_dead, deadline, lambda: f"registrar ready\n{self._process.log_tail()}")

    def reload(self, **options):
        """Merges `options` (with _ for -) into the config file and sends SIGHUP."""
        self.options.update({name.replace("_", "-"): value for name, value in options.items()})
        self._write_config()
        self._process.send(signal.SIGHUP)

    def terminate(self):
        """SIGTERM; returns at once."""
        self._process.send(signal.SIGTERM)

    def wait_end(self, deadline=5.0):
        """The exit code."""
        eventually(lambda: self._process.exit_code is not None, deadline, "registrar ended")
        return self._process.exit_code

    def stop(self):
        """SIGTERM and the assertions of a clean end; `start` may follow."""
        code = self._process.stop()
        assert code == 0, f"registrar ended with {code}:\n{self._process.log_tail(80)}"
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
        assert not report, f"sanitizer report of registrar:\n{self.log()[report.start():][:8000]}"

    # --- looking inside

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
