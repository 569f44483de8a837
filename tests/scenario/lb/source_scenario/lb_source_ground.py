# Signpost. Apache-2.0; see LICENSE.
"""The ground of the source scenario: a catalog of two nodes, backends that are processes of their own, and what happens to them.

A Backend is killed for good by kill(). `httpfront` has HTTP backends with tag http, `echo-PORT` TCP echo backends with tag tcp.
"""
import socket
import subprocess
import sys
import threading
import time

from support.consul_agent import ConsulAgent
from support.embedded import Embedded
from support.farm import Farm
from support.ports import free_port
from support.process import ends_with_this_thread
from support.wait import eventually

FRONT = "httpfront"
HOST = "httpfront.example.com"
GRACE = 2.0  # between the deregistration of a backend and its end


_ECHO = """
import asyncio, socket, sys
async def serve(reader, writer):
    while data := await reader.read(65536):
        writer.write(sys.argv[2].encode() + b" " + data)
    writer.close()
async def main():
    server = await asyncio.start_server(serve, sock=socket.socket(fileno=int(sys.argv[1])))
    await server.serve_forever()
asyncio.run(main())
"""


class Echo:
    """A TCP echo of its own process, that puts its name before what came."""

    def __init__(self, name):
        with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
            self.ports = {name: listener.getsockname()[1]}
            self._child = subprocess.Popen([sys.executable, "-c", _ECHO, str(listener.fileno()), name], stdin=subprocess.DEVNULL,
                                           pass_fds=[listener.fileno()], preexec_fn=ends_with_this_thread)

    def close(self):
        self._child.kill()
        self._child.wait()


class Backend:
    """One process with one port; `at` is the node that has it."""

    def __init__(self, name, kind, at):
        self.name, self.kind, self.at = name, kind, at
        self._process = Farm(name) if kind == "http" else Echo(name)
        self.port = self._process.ports[name]
        self.address = f"127.0.0.1:{self.port}"

    def kill(self):
        """SIGKILL."""
        self._process.close()


class Agent:
    """A node whose agent is asked."""

    def __init__(self, agent):
        self._agent = agent

    def register(self, service, backend, tag, check):
        self._agent.agent_register({"Name": service, "ID": backend.name, "Address": "127.0.0.1", "Port": backend.port,
                                    "Tags": [tag], "Check": check})

    def deregister(self, backend):
        self._agent.agent_deregister(backend.name)

    def set_check(self, backend, status):
        self._agent.put(f"/v1/agent/check/{status}/service:{backend.name}")

    def maintain(self, backend, enable):
        self._agent.service_maintenance(backend.name, enable)

    def maintain_node(self, enable):
        self._agent.node_maintenance(enable)


class Written:
    """A node that has no agent here: what its agent would do is written into the catalog."""

    NODE = "elsewhere"

    def __init__(self, catalog):
        self._catalog = catalog

    def register(self, service, backend, tag, check):
        del check
        self._catalog.register_service(service, self.NODE, "127.0.0.1", backend.port, id=backend.name, tags=[tag])

    def deregister(self, backend):
        self._catalog.deregister(self.NODE, backend.name)

    def maintain_node(self, enable):
        check = "_node_maintenance"
        if not enable:
            return self._catalog.deregister(self.NODE, check_id=check)
        return self._catalog.register({"Node": self.NODE, "Address": "127.0.0.1", "SkipNodeUpdate": True, "Check": {
            "Node": self.NODE, "CheckID": check, "Name": "Node Maintenance Mode", "Status": "critical"}})


class Ground:
    """`kind`: "consul", two real agents, or "embedded", dnsd's registry. Three backends of each service, one of them on the other
    node. `checked`: HTTP and TCP checks instead of those that stay as the changes set them."""

    def __init__(self, kind, checked=False):
        self.echo, self._checked = f"echo-{free_port()}", checked
        self.echo_port = int(self.echo.split("-")[1])
        self.catalog = ConsulAgent() if kind == "consul" else Embedded()
        self._second = None
        self._here, self._elsewhere = Agent(self.catalog), self._other_node(kind)
        self._numbers, self._dying = {FRONT: 0, self.echo: 0}, []
        self.members = {FRONT: [], self.echo: []}
        for service in self.members:
            for at in (self._here, self._here, self._elsewhere):
                self.add(service, at)

    def _other_node(self, kind):
        if kind != "consul":
            return Written(self.catalog)
        self._second = ConsulAgent(node="elsewhere", mode="client", config={
            "retry_join": [f"127.0.0.1:{self.catalog.serf_port}"], "retry_interval": "1s"})
        eventually(lambda: len(self.catalog.get("/v1/catalog/nodes")) == 2, 30, "two nodes")
        return Agent(self._second)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for backend in [member for members in self.members.values() for member in members] + [who for _, who in self._dying]:
            backend.kill()
        if self._second:
            self._second.close()
        self.catalog.__exit__(kind)

    def addresses(self, service):
        return [backend.address for backend in self.members[service]]

    # --- what happens ------------------------------------------------------------------------------------------------

    def add(self, service, at=None):
        self._numbers[service] += 1
        kind = "http" if service == FRONT else "echo"
        backend = Backend(f"{kind}{self._numbers[service]}", kind, at or self._here)
        backend.at.register(service, backend, "http" if service == FRONT else "tcp", self._check(backend))
        self.members[service].insert(0, backend)
        return backend

    def _check(self, backend):
        if not self._checked:
            return {"TTL": "10m", "Status": "passing"}
        how = {"HTTP": f"http://{backend.address}/"} if backend.kind == "http" else {"TCP": backend.address}
        return {**how, "Interval": "1s", "Timeout": "1s", "Status": "passing"}

    def forget(self, service, backend):
        """Deregistered."""
        backend.at.deregister(backend)
        self.members[service].remove(backend)

    def retire(self, service, backend):
        """Deregistered now, ended after the time of grace (see `reap`)."""
        self.forget(service, backend)
        self._dying.append((time.monotonic() + GRACE, backend))

    def reap(self):
        for when, backend in list(self._dying):
            if time.monotonic() >= when:
                backend.kill()
                self._dying.remove((when, backend))

    def change(self, number):
        """The change of that number, of both services; eight of them leave everything as it was but for one backend's name."""
        [self._retire_one, self._add_one, self._warn, self._unwarn, self._maintain, self._unmaintain, self._maintain_node,
         self._unmaintain_node][number % 8]()

    def here(self, service):
        """Those on the node that has an agent in every catalog, the youngest first."""
        return [member for member in self.members[service] if member.at is self._here]

    def _each(self, act):
        for service in self.members:
            act(service, self.here(service)[0])

    def _retire_one(self):
        for service in self.members:
            self.retire(service, self.here(service)[-1])

    def _add_one(self):
        for service in self.members:
            self.add(service)

    def _warn(self):
        self._each(lambda _, backend: backend.at.set_check(backend, "warn"))

    def _unwarn(self):
        self._each(lambda _, backend: backend.at.set_check(backend, "pass"))

    def _maintain(self):
        self._each(lambda _, backend: backend.at.maintain(backend, True))

    def _unmaintain(self):
        self._each(lambda _, backend: backend.at.maintain(backend, False))

    def _maintain_node(self):
        self._elsewhere.maintain_node(True)

    def _unmaintain_node(self):
        self._elsewhere.maintain_node(False)

    def run_changes(self, seconds, every=1.0):
        """A change each `every` seconds, for so long and to the end of a round of eight; returns how many there were."""
        began, number = time.monotonic(), 0
        while number * every < seconds or number % 8:
            eventually(lambda: time.monotonic() >= began + number * every + every / 2 or self.reap(), every * 3)
            self.change(number)
            number += 1
        eventually(lambda: time.monotonic() >= began + number * every or self.reap(), every * 3)
        return number


class EchoClients:
    """Clients of the TCP echo, one session after the other. `answers`: who answered; `failures`: what went wrong instead."""

    def __init__(self, port, threads=2):
        self.port, self.answers, self.failures = port, [], []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self):
        while not self._over.is_set():
            try:
                self.answers.append(echo_once(self.port))
            except (OSError, AssertionError) as error:
                self.failures.append(error)
            self._over.wait(0.005)


def echo_once(port):
    """The name of the backend that echoed."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(b"hello\n")
        line = b""
        while not line.endswith(b"\n"):
            piece = client.recv(100)
            assert piece, f"ended after {line!r}"
            line += piece
    name, _, text = line.partition(b" ")
    assert text == b"hello\n", line
    return name.decode()
