# Signpost. Apache-2.0; see LICENSE.
"""The servers that `tools/bench registry` compares. Each has a name, a program, a pair, a pid, a port and close().

A pair is what may be compared: both keep every write on disk before they are done with it, or both keep nothing.
"""
import re
import subprocess
import time

import requests

from support.bench import measure
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.program import ROOT, binary
from support.wait import eventually

DISK, MEMORY = "disk", "memory"
PAIRS = (DISK, MEMORY)
DNSD, CONSUL = "dnsd", "Consul"
MOST_CONNECTIONS = 10_000  # of the generator
QUIET_SECONDS, QUIET_SHARE = 0.04, 0.04


class Server:
    """What both have in common: HTTP by hand, memory, CPU time."""

    def __init__(self, program, pair, pid, port):
        self.program, self.pair, self.pid, self.port = program, pair, pid, port
        self.name = f"{program}, {pair}"
        self._session = requests.Session()

    def get(self, path):
        answer = self._session.get(f"http://127.0.0.1:{self.port}{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def resident_bytes(self):
        return measure.resident_bytes(self.pid)

    def cpu_ns(self):
        return measure.cpu_ns(self.pid)

    def settle(self):
        """Until the process has done what it was told, later work included: it hardly runs any more."""
        def idle():
            before = self.cpu_ns()
            time.sleep(QUIET_SECONDS)
            return self.cpu_ns() - before < QUIET_SECONDS * QUIET_SHARE * 1e9

        eventually(idle, 60, f"{self.name} is idle", every=0)


class DnsdRegistry(Server):
    def __init__(self, pair):
        self._dnsd = Dnsd(options={"threads": 1}, arguments=["--dev"] if pair == MEMORY else [],
                          preexec=measure.pin_server)
        super().__init__(DNSD, pair, self._dnsd.pid, self._dnsd.http_port)

    def close(self):
        self._session.close()
        self._dnsd.close(check=False)


class ConsulRegistry(Server):
    """One server that leads itself; on disk as `bootstrap_expect: 1` runs, in memory as `-dev`."""

    def __init__(self, pair):
        self._agent = ConsulAgent(mode="server" if pair == DISK else "dev", env={"GOMAXPROCS": "1"},
                                  config={"limits": {"http_max_conns_per_client": MOST_CONNECTIONS}})
        measure.pin_threads(self._agent.pid)
        super().__init__(CONSUL, pair, self._agent.pid, self._agent.http_port)

    def close(self):
        self._session.close()
        self._agent.close()


def build():
    """Configures and builds the release binaries that take part."""
    if not (ROOT / "build/release/build.ninja").exists():
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True)
    targets = ["dnsd_program", "bench_registry_load"]
    subprocess.run(["cmake", "--build", "build/release", "--target", *targets], cwd=ROOT, check=True)


def versions():
    """What ran, as the programs themselves say."""
    commands = {DNSD: [binary(), "--version"], CONSUL: ["consul", "version"]}
    said = {name: subprocess.run(command, capture_output=True, text=True).stdout for name, command in commands.items()}
    return {name: re.search(r"\d+\.\d+[\w.+-]*", text).group() for name, text in said.items()}
