# Signpost. Apache-2.0; see LICENSE.
"""Consul's own command line tool, pointed at the API under test.

    cli = ConsulCli(registry.address, tmp_path)
    cli.says("kv", "get", "a/b")             # standard output of a command that succeeds
    cli.refuses("kv", "get", "missing")      # standard error of one that fails
"""
import os
import shutil
import subprocess

from support.process import Process

DEADLINE = 20  # seconds for any command that has to end by itself


class ConsulCli:
    def __init__(self, address, home):
        """`home`: folder for the output of commands that keep running."""
        self._env = {"CONSUL_HTTP_ADDR": address}
        self._home, self._started = home, []
        self._program = shutil.which("consul")
        assert self._program, "no consul on PATH: run tools/setup"

    def run(self, *words, given=None):
        """A finished command; `given` is its standard input."""
        command = [self._program, *map(str, words)]
        return subprocess.run(command, input=given or "", env={**os.environ, **self._env}, capture_output=True,
                              text=True, timeout=DEADLINE)

    def says(self, *words, given=None):
        done = self.run(*words, given=given)
        assert done.returncode == 0, f"consul {words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def refuses(self, *words, given=None):
        done = self.run(*words, given=given)
        assert done.returncode != 0, f"consul {words} succeeded\n{done.stdout}"
        return done.stderr

    def table(self, *words):
        """The rows below the heading of what a listing command prints: [{heading: cell}]."""
        heading, *rows = self.says(*words).splitlines()
        starts = [at for at, letter in enumerate(heading) if letter != " " and (at == 0 or heading[at - 2:at] == "  ")]
        spans = list(zip(starts, [*starts[1:], None]))
        names = [heading[first:last].strip() for first, last in spans]
        return [dict(zip(names, (row[first:last].strip() for first, last in spans))) for row in rows]

    def start(self, *words):
        """A command that keeps running, as a support.process.Process; `end` stops all of them, with their children."""
        process = Process([self._program, *words], f"{self._home}/cli-{len(self._started)}.log", env=self._env)
        self._started.append(process)
        return process

    def end(self):
        for process in self._started:
            process.stop()
