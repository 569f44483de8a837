# Signpost. Apache-2.0; see LICENSE.
"""A Consul agent that lies on demand.

FakeConsul serves the read endpoints that a DNS cache needs, with real blocking queries, from a world that the
test builds, and breaks them the way the test says. It runs on a thread of its own; every public method may be
called from the test's thread and returns when the change is in force.

    with FakeConsul() as fake:
        fake.register("web", "10.0.0.1", 80)
        fake.break_with(status(500, "No cluster leader"))      # every path
        fake.break_with(garbage("<html>"), path="/v1/health/")  # one of them
        fake.heal()
"""
import asyncio
import base64
import json
import random
import re
import socket
import struct
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from support.fake_world import fresh_world, make_instance, ui_nodes
from support.loop_server import LoopServer

REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error",
           503: "Service Unavailable"}


# --- what can go wrong -----------------------------------------------------------------------------------------

@dataclass
class Fault:
    """What happens to a request that it applies to. None = as the healthy agent would do it."""
    status: int | None = None
    body: bytes | None = None
    rewrite: object = None  # callable(bytes) -> bytes, applied to the healthy body
    headers: dict = field(default_factory=dict)  # replaced in the reply; value None removes it
    hang: bool = False  # no reply, ever
    reset: bool = False  # RST instead of a reply
    cut_body_at: float | None = None  # share of the body sent before the connection is closed
    never_block: bool = False  # blocking queries return at once, and that is all
    delay: float = 0.0
    drip: float = 0.0  # the body comes byte by byte, so many seconds apart

    @property
    def answers_at_once(self):
        """A broken agent does not wait for a change; a slow one does."""
        return self != Fault() and self != Fault(delay=self.delay, drip=self.drip)


def status(code, text):
    """Replies with that code and text whatever is asked."""
    return Fault(status=code, body=text.encode(), headers={"Content-Type": "text/plain"})


def garbage(text):
    """Replies 200 with that body."""
    return Fault(body=text.encode())


def rewritten(function):
    """Replies 200; the healthy JSON value went through `function`."""
    return Fault(rewrite=lambda body: json.dumps(function(json.loads(body))).encode())


HANG = Fault(hang=True)
RESET = Fault(reset=True)
TRUNCATED = Fault(cut_body_at=0.5)
NO_LEADER = status(500, "No cluster leader")
FORBIDDEN = status(403, "ACL not found")
LEADER_UNKNOWN = Fault(headers={"X-Consul-Knownleader": "false"})
NO_INDEX = Fault(headers={"X-Consul-Index": None})
INDEX_ZERO = Fault(headers={"X-Consul-Index": "0"}, never_block=True)
NEVER_BLOCKS = Fault(never_block=True)


class FakeConsul(LoopServer):
    """One agent. `port` 0 picks a free one, which stays the same through stop() and start()."""

    def __init__(self, port=0, datacenter="dc1", server_node="srv1"):
        super().__init__()
        self.datacenter = datacenter
        self.datacenters = [datacenter]
        self.port = port
        self.server_node = server_node
        self.worlds = {datacenter: fresh_world(datacenter, server_node)}
        self.token = None  # when set, any other token gets 403
        self._faults = []  # (path prefix, Fault, datacenter)
        self._changed = None
        self._server = None
        self._connections = set()
        self._bodies = {}
        self.max_connections = 0
        self.connects = []  # monotonic times of accepted connections
        self.requests = []  # (monotonic time, path with query)
        self.tokens = Counter()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    # --- the world, as tests change it

    def register(self, name, address, port, *, node=None, instance_id=None, tags=(), meta=None, passing_weight=1,
                 warning_weight=1, health="passing", datacenter=None):
        """Adds or replaces one instance; its node defaults to the server's."""
        instance_id = instance_id or f"{name}-{address}-{port}"

        def change():
            world = self._world(datacenter)
            node_name = node or self.server_node
            if node_name not in world.nodes:
                world.put_node(node_name, address, datacenter or self.datacenter)
            world.put_instance(name, node_name, make_instance(
                world.nodes[node_name], name, instance_id, address, port, tags, meta or {}, passing_weight,
                warning_weight, health, world.index + 1))
        self.change(change)

    def deregister(self, name, instance_id=None, *, node=None, datacenter=None):
        """Removes one instance, or the whole service."""
        def change():
            world = self._world(datacenter)
            if instance_id is None:
                world.drop_service(name)
            else:
                world.drop_instance(name, node or self.server_node, instance_id)
        self.change(change)

    def register_many(self, count, instances=3, prefix="svc", tags=()):
        """`count` services of `instances` instances each, on 100 nodes, in one step of the index."""
        def change():
            world = self._world(None)
            for number in range(min(100, count)):
                world.put_node(f"node{number}", f"10.200.0.{number + 1}", self.datacenter)
            for number in range(count):
                name = f"{prefix}{number}"
                for i in range(instances):
                    node = world.nodes[f"node{(number + i) % min(100, count)}"]
                    address = f"10.{number >> 16 & 63}.{number >> 8 & 255}.{number & 255}"
                    world.put_instance(name, node["Node"], make_instance(
                        node, name, f"{name}-{i}", address, 8000 + i, tags, {}, 1, 1, "passing", world.index))
        self.change(change)

    def put_key(self, key, text):
        """One of the KV store; None takes it out."""
        self.change(lambda: self._world(None).put_key(key, text))

    def wake_up(self):
        """The indexes of services and of their list move, and nothing else does."""
        def change():
            world = self._world(None)
            world.list_index = index = world.bump()
            world.service_index = dict.fromkeys(world.service_index, index)
        self.change(change)

    def register_query(self, name, service, ttl=""):
        """A prepared query over a service of this datacenter."""
        self.change(lambda: self._world(None).queries.__setitem__(name, (service, ttl)))

    def forget_everything(self, first_index=10):
        """An agent restarted with an empty state: index back to the start, only itself in the catalog."""
        def change():
            for name in list(self.worlds):
                self.worlds[name] = fresh_world(name, self.server_node, first_index)
        self.change(change)

    def blind(self):
        """A token that lost its rights: 200 with nothing visible at all."""
        def change():
            for world in self.worlds.values():
                index = world.bump()
                world.services, world.nodes, world.spellings = {}, {}, {}
                world.set_indexes(index)
        self.change(change)

    def restore_to(self, index):
        """`consul snapshot restore`: the same catalog with other indexes; all waiters get a reply."""
        async def run():
            for world in self.worlds.values():
                world.set_indexes(index)
            self._bodies.clear()
            self._kick("/")
        self._run(run())

    def change(self, function):
        """Runs `function` on the serving thread and wakes every blocked query whose index has moved."""
        async def run():
            function()
            self._bodies.clear()
            self._wake()
        self._run(run())

    # --- faults

    def break_with(self, fault, path="/", kick=True):
        """From now on requests whose path starts with `path` meet `fault`; blocked ones too, at once, with `kick`."""
        async def run():
            self._faults.insert(0, (path, fault))
            if kick:
                self._kick(path)
        self._run(run())

    def heal(self):
        """No fault any more; whoever hangs is let go with a closed connection."""
        async def run():
            hanging = any(fault.hang for _, fault in self._faults)
            self._faults.clear()
            if hanging:
                for connection in list(self._connections):
                    if connection.hanging:
                        connection.transport.abort()
            self._wake()
        self._run(run())

    # --- what was seen

    def connections(self):
        return len(self._connections)

    def count_requests(self, pattern=".", since=0.0):
        """Requests whose path and query match the regular expression, from the monotonic time `since` on."""
        compiled = re.compile(pattern)
        return sum(1 for when, path in list(self.requests) if when >= since and compiled.search(path))

    # --- serving (on the loop's thread)

    def _world(self, datacenter):
        return self.worlds.setdefault(datacenter or self.datacenter,
                                      fresh_world(datacenter or self.datacenter, self.server_node))

    async def _start(self):
        self._changed = self._changed or asyncio.Event()
        self._server = await self._loop.create_server(
            lambda: Connection(self), "127.0.0.1", self.port, reuse_address=True, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self):
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def _wake(self):
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    def _kick(self, path):
        for connection in list(self._connections):
            if connection.path is not None and connection.path.startswith(path):
                connection.kicked = True
        self._wake()

    def fault_for(self, path):
        return next((fault for prefix, fault in self._faults if path.startswith(prefix)), Fault())

    async def reply(self, connection, target, headers):
        """The reply as (status, headers, body) once it is due."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        params = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        token = headers.get("x-consul-token", params.get("token", ""))
        self.tokens[token] += 1
        if self.token is not None and token != self.token:
            return 403, {"Content-Type": "text/plain"}, b"ACL not found"
        datacenter = params.get("dc", self.datacenter)
        if datacenter not in self.worlds:
            return 500, {"Content-Type": "text/plain"}, b"No path to datacenter"
        deadline = self._loop.time() + go_duration(params.get("wait", "5m"))
        deadline += random.uniform(0, 1 / 16) * (deadline - self._loop.time())
        while True:
            changed = self._changed
            index, body = self._body(path, datacenter, params.get("filter"))
            fault = self.fault_for(path)
            wanted = int(params.get("index", "0") or "0")
            due = (index is None or wanted == 0 or index > wanted or fault.answers_at_once or connection.kicked
                   or self._loop.time() >= deadline)
            if due:
                break
            try:
                await asyncio.wait_for(changed.wait(), deadline - self._loop.time())
            except asyncio.TimeoutError:
                pass
        if body is None:
            known = {} if index is None else {"X-Consul-Index": str(index)}
            return 404, {"Content-Type": "text/plain", **known}, b"Query not found"
        reply_headers = {"Content-Type": "application/json", "X-Consul-Knownleader": "true",
                         "X-Consul-Lastcontact": "0"}
        if index is not None:
            reply_headers["X-Consul-Index"] = str(index)
        return 200, reply_headers, body

    def _body(self, path, datacenter, expression):
        """(index or None, bytes or None) of a path, from the cache of encoded bodies where possible."""
        key = (datacenter, path, expression)
        if key not in self._bodies:
            index, value = self._value(path, datacenter)
            if expression is not None:
                assert expression == 'Status != "passing"', f"the fake knows no filter {expression}"
                value = [check for check in value if check["Status"] != "passing"]
            self._bodies[key] = (index, value if isinstance(value, bytes) or value is None
                                 else json.dumps(value, separators=(",", ":")).encode())
        return self._bodies[key]

    def _value(self, path, datacenter):
        world = self.worlds[datacenter]
        if path == "/v1/catalog/services":
            return world.list_index, {name: sorted({tag for i in instances.values() for tag in i["Service"]["Tags"]})
                                      for name, instances in world.services.items()}
        if path == "/v1/catalog/nodes":
            return world.nodes_index, [world.nodes[name] for name in sorted(world.nodes)]
        if path == "/v1/catalog/datacenters":
            return None, self.datacenters
        if path.startswith("/v1/health/service/"):
            return self._service(world, path.removeprefix("/v1/health/service/"))
        if path.startswith(("/v1/health/connect/", "/v1/health/ingress/")):
            return world.index, []
        if path == "/v1/health/state/any":
            return world.checks_index, [check for instances in world.services.values() for i in instances.values()
                                 for check in i["Checks"]]
        if path.startswith("/v1/catalog/node/"):
            node = world.nodes.get(path.removeprefix("/v1/catalog/node/"))
            return (world.nodes_index, {"Node": node, "Services": {}}) if node else (1, b"null")
        if path.startswith("/v1/query/") and path.endswith("/execute"):
            return self._query(world, path.split("/")[3], datacenter)
        if path == "/v1/query":
            return world.index, []
        if path == "/v1/internal/ui/nodes":
            return world.index, ui_nodes(world)
        if path == "/v1/agent/self":
            return None, {"Config": {"Datacenter": self.datacenter, "NodeName": self.server_node, "Server": True,
                                     "Version": "1.8.7"}, "Member": {}, "Meta": {}}
        if path == "/v1/status/leader":
            return None, "127.0.0.1:8300"
        if path.startswith("/v1/kv/"):
            return world.kv_index, self._keys(world, path.removeprefix("/v1/kv/"))
        return None, None

    @staticmethod
    def _keys(world, prefix):
        """As with ?recurse; None when there are none."""
        found = [{"Key": key, "Value": base64.b64encode(text.encode()).decode(), "Flags": 0, "LockIndex": 0,
                  "CreateIndex": world.kv_index, "ModifyIndex": world.kv_index}
                 for key, text in sorted(world.kv.items()) if key.startswith(prefix)]
        return found or None

    @staticmethod
    def _service(world, name):
        found = {}
        for spelling in world.spellings.get(name.lower(), ()):
            found.update(world.services.get(spelling, {}))
        index = world.service_index.get(name.lower(), world.removed_index)
        return index, [found[key] for key in sorted(found, key=lambda k: (k[0].lower(), k[1].lower()))]

    def _query(self, world, name, datacenter):
        if name not in world.queries:
            return None, None
        service, ttl = world.queries[name]
        _, nodes = self._service(world, service)
        return None, {"Service": service, "Nodes": nodes, "DNS": {"TTL": ttl}, "Datacenter": datacenter,
                      "Failovers": 0, "Index": world.index, "LastContact": 0, "KnownLeader": True,
                      "ConsistencyLevel": ""}


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection: requests are answered in order, one at a time."""

    def __init__(self, fake):
        self.fake = fake
        self.buffer = b""
        self.path = None  # of the request being answered
        self.kicked = False
        self.hanging = False
        self.task = None

    def connection_made(self, transport):
        self.transport = transport
        self.fake._connections.add(self)
        self.fake.max_connections = max(self.fake.max_connections, len(self.fake._connections))
        self.fake.connects.append(time.monotonic())

    def connection_lost(self, _):
        self.fake._connections.discard(self)
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data):
        self.buffer += data
        self._next()

    def _next(self):
        if self.task is not None or b"\r\n\r\n" not in self.buffer:
            return
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        target = lines[0].split(" ")[1]
        headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
        self.fake.requests.append((time.monotonic(), target))
        self.path = unquote(urlsplit(target).path)
        self.task = self.fake._loop.create_task(self._answer(target, headers))

    async def _answer(self, target, headers):
        code, reply_headers, body = await self.fake.reply(self, target, headers)
        fault = self.fake.fault_for(self.path)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.hang:
            self.hanging = True
            return
        if fault.reset:
            self._reset()
            return
        code = fault.status or code
        if fault.body is not None:
            body = fault.body
        elif fault.rewrite is not None and code == 200:
            body = fault.rewrite(body)
        for name, value in fault.headers.items():
            reply_headers.pop(name, None)
            if value is not None:
                reply_headers[name] = value
        self._write(code, reply_headers, body, fault.cut_body_at, bool(fault.drip))
        if fault.drip:
            await self._drip(body)
        self.task, self.path, self.kicked = None, None, False
        self._next()

    async def _drip(self, body):
        """As slowly as the fault says, and the rest at once when it is healed."""
        for at in range(len(body)):
            pause = self.fake.fault_for(self.path).drip
            if not pause:
                return self.transport.write(body[at:])
            self.transport.write(body[at:at + 1])
            await asyncio.sleep(pause)

    def _write(self, code, headers, body, cut_body_at, only_head=False):
        head = [f"HTTP/1.1 {code} {REASONS.get(code, 'Other')}", f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if cut_body_at is not None:
            body = body[:int(len(body) * cut_body_at)]
        self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + (b"" if only_head else body))
        if cut_body_at is not None:
            self.transport.close()

    def _reset(self):
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


def go_duration(text):
    """Seconds of a Go duration such as 10s, 1m30s or 60000ms."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))
