# Signpost. Apache-2.0; see LICENSE.
"""The program under test: registrar of the build named by SIGNPOST_BUILD, between an engine and an agent.

    with Registrar(engine, agent, {"on-exit": "deregister"}) as registrar:
        engine.run("web.1", ports=["8080:80"])
        eventually(lambda: agent.ids() == ["node1:web.1:80"])

Leaving the block sends SIGTERM and asserts a clean end: exit code 0 and no sanitizer report in its output.
"""
import os
import signal
import subprocess
import time

from support.program import Program, binary
from support.wait import eventually

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


class Registrar(Program):
    """`engine`: a FakeEngine, a DockerEngine or a URL; `agent`: a FakeAgent, a ConsulAgent or a URL; None: not named.
    `options`: rows of the option table by name, over DEFAULTS (None takes one out), in a file given with --config;
    `arguments`: further words of the command line. With `ready` false the constructor returns as soon as it runs.
    """

    def __init__(self, engine, agent, options=None, arguments=(), env=None, ready=True, preexec=None, start=True):
        options = {name: value for name, value in {**DEFAULTS, **(options or {})}.items() if value is not None}
        super().__init__("registrar", options, arguments, env, preexec)
        self.docker = getattr(engine, "url", engine)
        self.consul = getattr(agent, "url", agent)
        if start:
            self.start(ready)

    def command(self):
        command = ["env", "-i", *(f"{name}={value}" for name, value in clean_environment(self.env).items()),
                   binary("registrar"), "--http", f"127.0.0.1:{self.http_port}", "--config", self.config_path]
        command += ["--docker", self.docker] if self.docker else []
        return command + (["--consul", self.consul] if self.consul else [])

    def reload(self, **options):
        """As Program's, with _ for - in names."""
        super().reload(**{name.replace("_", "-"): value for name, value in options.items()})

    def terminate(self):
        """SIGTERM; returns at once."""
        self._process.send(signal.SIGTERM)

    def wait_end(self, deadline=5.0):
        """The exit code."""
        eventually(lambda: self._process.exit_code is not None, deadline, "registrar ended")
        return self._process.exit_code
