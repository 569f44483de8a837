# Signpost. Apache-2.0; see LICENSE.
"""A Docker Engine that runs nothing and does what the test says, on a unix socket and on TCP at once.

    with FakeEngine() as engine:
        web = engine.run("web.1", image="team/api:1.2", ports=["8080:80"], labels={"SERVICE_TAGS": "a,b"})
        web.stop()                                                     # kill(15), die(0), disconnect, stop
        engine.break_with(status(500, "broken"), "GET .*/containers/json", times=1)
        engine.stop(); engine.start()                                  # the containers live on, the events are forgotten

Every operation of a container emits the events of a real engine, in its order (fake_operations.py).
"""
import asyncio
import hashlib
import json
import pathlib
import re
import tempfile
import time
from collections import deque
from contextlib import contextmanager

from support.fake_container import ContainerState, new_id
from support.fake_operations import FakeContainer
from support.fake_server import FakeServer, Reply, json_reply, text_reply

REPLAY = 256
LIST_FILTERS = ("status", "label", "name", "id", "network", "health", "ancestor", "exited", "volume", "before", "since")


class FakeEngine(FakeServer):
    """`api` and `min_api` are what it speaks; from 1.52 on events lack status, id and from. `clock_offset`: seconds by
    which its clock is ahead of ours. `podman`: the differences of Podman's compatible socket."""

    def __init__(self, api="1.41", min_api="1.12", podman=False, clock_offset=0.0, name="node1"):
        super().__init__()
        self.api, self.min_api, self.podman, self.name = api, min_api, podman, name
        self.clock_offset = clock_offset
        self.id = new_id()[:32]
        self.states = {}  # id -> ContainerState, stopped ones too
        self._home = tempfile.TemporaryDirectory(prefix="engine-")
        self.socket = pathlib.Path(self._home.name) / "docker.sock"
        self.port = 0
        self._networks = {"bridge": 17}  # name -> second number of its addresses
        self._next_address, self._next_port = 1, 32767
        self._buffer = deque(maxlen=REPLAY)
        self._subscribers = []
        self._last_stamp = 0
        self._held = None  # events kept back by hold_events
        self._losing = False
        self.slice = lambda line: [line]  # how the bytes of a line are cut into chunks

    def __exit__(self, *_):
        super().__exit__()
        self._home.cleanup()

    @property
    def url(self):
        return f"unix://{self.socket}"

    @property
    def tcp_url(self):
        return f"tcp://127.0.0.1:{self.port}"

    # --- life

    async def listen(self, loop, make_connection):
        self.socket.unlink(missing_ok=True)
        unix = await loop.create_unix_server(make_connection, str(self.socket), backlog=1024)
        tcp = await loop.create_server(make_connection, "127.0.0.1", self.port, reuse_address=True, backlog=1024)
        self.port = tcp.sockets[0].getsockname()[1]
        return [unix, tcp]

    async def _stop(self):
        await super()._stop()
        self.socket.unlink(missing_ok=True)
        self._buffer.clear()
        self._subscribers.clear()

    # --- containers

    def create(self, name, **words):
        """`docker create`: a FakeContainer that does not run. `words` are those of ContainerState."""
        def add():
            state = ContainerState(name, **words)
            state.created = self.stamp()[1]
            self.states[state.id] = state
            container = FakeContainer(self, state)
            self.emit_container(state, "create")
            return container
        return self.act(add)

    def run(self, name, **words):
        """`docker run -d`: create, connect, start."""
        def run():
            container = self.create(name, **words)
            container.start()
            return container
        return self.act(run)

    def run_many(self, count, first_port=20000, prefix="web", **words):
        """`count` containers in one step, each with its own published port."""
        def run():
            return [self.run(f"{prefix}{i}", **{"ports": [f"{first_port + i}:80"], **words}) for i in range(count)]
        return self.act(run)

    def run_badly(self, name, **words):
        """A container whose command does not exist: create, connect, disconnect, and nothing else."""
        container = self.create(name, **words)
        container.fail_to_start()
        return container

    def running(self):
        """Names of the containers whose process runs now."""
        return self.act(lambda: sorted(s.name for s in self.states.values() if s.state in ("running", "paused")))

    # --- networks and ports (on the serving thread)

    def network_id(self, name):
        return hashlib.sha256(name.encode()).hexdigest()

    def network_addresses(self, name, number):
        """(IPv4, IPv6) of the container with that number on a network."""
        if number is None or name in ("host", "none"):
            return "", ""
        second = self._networks.setdefault(name, 17 + len(self._networks))
        return f"172.{second}.{number >> 8}.{number & 255}", f"2001:db8:{second}::{number:x}"

    def next_address(self):
        self._next_address += 1
        return self._next_address

    def next_port(self):
        self._next_port += 1
        return self._next_port

    # --- events

    def stamp(self):
        """(nanoseconds, RFC 3339 text) by the engine's clock; never twice the same."""
        nano = max(time.time_ns() + int(self.clock_offset * 1e9), self._last_stamp + 1)
        self._last_stamp = nano
        return nano, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nano // 10**9)) + f".{nano % 10**9:09d}Z"

    def step_clock(self, seconds):
        """The engine's clock jumps."""
        def step():
            self.clock_offset += seconds
            self._last_stamp = 0
        self.act(step)

    def emit_container(self, state, action, **extra):
        # As in the engine: a label hides an attribute of the event, but never the image and the name.
        attributes = {**extra, **state.labels, "image": state.image, "name": state.name}
        if self.podman and action.startswith("health_status: "):
            attributes["HealthStatus"] = action.split(": ")[1]
            action = "health_status"
        action = "remove" if self.podman and action == "destroy" else action
        event = {"Type": "container", "Action": action, "Actor": {"ID": state.id, "Attributes": attributes},
                 "scope": "local"}
        if self._version(self.api) < (1, 52):
            event = {"status": action, "id": state.id, "from": state.image, **event}
        self.emit(event)

    def emit_network(self, state, action, network):
        self.emit({"Type": "network", "Action": action, "scope": "local",
                   "Actor": {"ID": self.network_id(network),
                             "Attributes": {"container": state.id, "name": network, "type": "bridge"}}})

    def emit(self, event):
        """Sends an event to everybody who listens, and keeps it for replay."""
        def send():
            if self._losing:
                return
            nano, _ = self.stamp()
            stamped = {**event, "time": nano // 10**9, "timeNano": nano}
            self._deliver(stamped) if self._held is None else self._held.append(stamped)
        self.act(send)

    def _deliver(self, event):
        self._buffer.append(event)
        for subscriber in self._subscribers:
            if subscriber.wants(event):
                subscriber.lines.put_nowait(event_line(event))

    def send_raw(self, data):
        """Bytes of the test's own, into every open event stream."""
        self.act(lambda: [subscriber.lines.put_nowait(data) for subscriber in self._subscribers])

    @contextmanager
    def late_events(self, order=lambda events: events, glued=False):
        """What happens in the block is told afterwards, in the order that `order` makes of the list of events; `glued`:
        in one chunk."""
        self.act(lambda: setattr(self, "_held", []))
        yield

        def release():
            held, self._held = self._held, None
            for event in order(held):
                self._deliver(event)
            for subscriber in self._subscribers if glued else ():
                subscriber.glue()
        self.act(release)

    @contextmanager
    def lost_events(self):
        """What happens in the block is never told."""
        self.act(lambda: setattr(self, "_losing", True))
        yield
        self.act(lambda: setattr(self, "_losing", False))

    def cut_events(self):
        """Closes every event stream."""
        self.drop("GET .*/events")

    def streams(self):
        """How many event streams are open."""
        return self.act(lambda: len(self._subscribers))

    # --- serving (on the serving thread)

    def kind(self, request):
        return "inspect" if re.search(r"/containers/[^/]+/json", request.path) else None

    async def answer(self, request):
        reply = self._version_error(request) or await self._route(request)
        reply.headers.setdefault("Api-Version", self.api)
        if self.podman:
            reply.headers.setdefault("Server", "Libpod/4.3.1 (linux)")
        return reply

    @staticmethod
    def _version(text):
        return tuple(int(number) for number in text.split("."))

    def _version_error(self, request):
        match = re.match(r"/v(\d+\.\d+)(/.*)", request.path)
        if not match:
            return None
        asked, request.path = match[1], match[2]
        if self._version(asked) < self._version(self.min_api):
            return text_reply(400, f"client version {asked} is too old. Minimum supported API version is "
                                   f"{self.min_api}, please upgrade your client to a newer version\n")
        if self._version(asked) > self._version(self.api):
            return message(400, f"client version {asked} is too new. Maximum supported API version is {self.api}")
        return None

    async def _route(self, request):
        if request.path == "/_ping":
            libpod = {"Libpod-Api-Version": "4.3.1"} if self.podman else {}
            return Reply(b"OK", 200, {"Content-Type": "text/plain; charset=utf-8", "Ostype": "linux",
                                      "Docker-Experimental": "false", **libpod})
        if request.path == "/version":
            return json_reply({"Version": "20.10.24", "ApiVersion": self.api, "MinAPIVersion": self.min_api})
        if request.path == "/info":
            return json_reply({"ID": new_id()[:32] if self.podman else self.id, "Name": self.name,
                               "SystemTime": self.stamp()[1], "ServerVersion": "20.10.24",
                               "Swarm": {"LocalNodeState": "inactive"}})
        if request.path == "/events":
            return self._events(request)
        if request.path == "/containers/json":
            return self._list(request)
        match = re.fullmatch(r"/containers/([^/]+)/(json|stop)", request.path)
        if match:
            return await self._container(request, *match.groups())
        return message(404, "page not found")

    def _list(self, request):
        filters = json.loads(request.params.get("filters") or "{}")
        for key in filters:
            if key not in LIST_FILTERS:
                return message(400, f"Invalid filter '{key}'")
        everything = request.params.get("all") in ("1", "true", "True")
        states = filters.get("status")
        return json_reply([state.list_entry(self) for state in self.states.values()
                           if (state.state in states if states else everything or state.running)])

    async def _container(self, request, name, what):
        state = self.find(name)
        if state is None:
            return message(404, f"No such container: {name}")
        if what == "json":
            return json_reply(state.inspect(self))
        if request.method != "POST":
            return message(405, "method not allowed")
        if not state.running:
            return Reply(b"", 304)
        await FakeContainer(self, state).stop_slowly()
        return Reply(b"", 204)

    def find(self, name):
        """By ID, beginning of the ID, or name."""
        found = [s for s in self.states.values() if name.lstrip("/") == s.name or s.id.startswith(name)]
        return found[0] if found else None

    def _events(self, request):
        try:
            filters = json.loads(request.params.get("filters") or "{}")
        except ValueError:
            return message(500, "invalid character in filters")
        for bound in ("since", "until"):
            if not re.fullmatch(r"(\d+(\.\d+)?)?", request.params.get(bound, "")):
                return message(500, f"strconv.ParseInt: parsing {bound}")
        since, until = nanoseconds(request.params.get("since")), nanoseconds(request.params.get("until"))
        subscriber = Subscriber(filters)

        async def stream(connection):
            if since is not None:
                for event in self._buffer:
                    if event["timeNano"] >= since and subscriber.wants(event):
                        subscriber.lines.put_nowait(event_line(event))
            self._subscribers.append(subscriber)
            try:
                while until is None or not subscriber.lines.empty():
                    for piece in self.slice(await subscriber.lines.get()):
                        connection.chunk(piece)
                        await asyncio.sleep(0)
            finally:
                if subscriber in self._subscribers:
                    self._subscribers.remove(subscriber)
        return Reply(headers={"Content-Type": "application/json"}, stream=stream)


class Subscriber:
    """One open event stream; `filters` as the API has them, lists or maps of values."""

    def __init__(self, filters):
        self.types = set(filters.get("type", ()))
        self.actions = tuple(filters.get("event", ()))
        self.lines = asyncio.Queue()

    def glue(self):
        """What waits to be sent goes in one piece."""
        waiting = [self.lines.get_nowait() for _ in range(self.lines.qsize())]
        if waiting:
            self.lines.put_nowait(b"".join(waiting))

    def wants(self, event):
        # As in the engine: "health_status" is the beginning of "health_status: healthy".
        action = event["Action"]
        return ((not self.types or event["Type"] in self.types)
                and (not self.actions or action in self.actions or action.split(":")[0] in self.actions))


def message(status, text):
    return json_reply({"message": text}, status)


def event_line(event):
    line = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&":
        line = line.replace(character, f"\\u{ord(character):04x}")
    return line.encode() + b"\n"


def nanoseconds(text):
    """Of "seconds.nnnnnnnnn"; None when absent."""
    if not text:
        return None
    seconds, _, fraction = text.partition(".")
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0")[:9] or 0)
