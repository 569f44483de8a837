# Signpost. Apache-2.0; see LICENSE.
"""A Consul agent's own endpoints, in memory, that lies on demand and records every write.

    with FakeAgent() as agent:
        agent.services()["node1:web.1:80"]["Port"]
        agent.writes("register")                          # PUT requests whose path says so
        agent.break_with(status(500, "no"), "register", times=1)
        agent.kill(); agent.restart(keep_data=False)       # another NodeID, nothing registered
        agent.set_acl({"secret": {"service", "agent", "node"}})

Registration follows Consul 1.8.7 (fake_agent_state.py).
"""
import json
import random
import re
import time
import uuid

from support.fake_agent_state import AgentState, Refused, seconds
from support.fake_server import FakeServer, Reply, json_reply, text_reply


class FakeAgent(FakeServer):
    """`scripts`: script checks are enabled."""

    def __init__(self, node="node1", scripts=False, host="127.0.0.1", port=0):
        super().__init__()
        self.node, self.node_id = node, str(uuid.uuid4())
        self.host, self.port = host, port
        self.state = AgentState(node, time.monotonic, scripts)
        self._tokens = None  # token -> rights; None = no ACLs

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def consul_uri(self):
        """The form that Registrator takes."""
        return f"consul://{self.host}:{self.port}"

    async def listen(self, loop, make_connection):
        server = await loop.create_server(make_connection, self.host, self.port, reuse_address=True, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        return [server]

    # --- life

    def kill(self):
        """Dies: every connection breaks at once."""
        self.stop()

    def restart(self, keep_data=True):
        """After `kill`: comes back, with its data directory or as an agent that never had one."""
        if keep_data:
            self.state.restarted()
        else:
            self.node_id = str(uuid.uuid4())
            self.state = AgentState(self.node, time.monotonic, self.state.scripts)
        self.start()

    # --- rights

    def set_acl(self, tokens):
        """`tokens`: token -> set of "service", "agent", "node"; any other token is unknown. None: no ACLs."""
        self.act(lambda: setattr(self, "_tokens", tokens))

    # --- what others do to it

    def register(self, name, service_id=None, replace_checks=False, **fields):
        """Somebody else registers."""
        body = {"Name": name, "ID": service_id or name, **fields}
        self.act(lambda: self.state.register(body, replace_checks))

    def deregister(self, service_id):
        assert self.act(lambda: self.state.deregister(service_id)), f"{service_id} is not registered"

    def edit(self, service_id, **fields):
        """Somebody registers it again, as it is but for `fields` (of the registration)."""
        now = self.services()[service_id]
        body = {"Name": now["Service"], **{k: now[k] for k in ("ID", "Tags", "Meta", "Port", "Address", "Weights",
                                                               "EnableTagOverride")}, **fields}
        self.act(lambda: self.state.register(body))

    def maintain(self, service_id, enable=True, reason="by hand"):
        """The operator sets or clears the maintenance mark."""
        self.act(lambda: self.state.maintenance(service_id, enable, reason))

    # --- what it has

    def services(self):
        """ID -> service, as /v1/agent/services shows it."""
        return self.act(lambda: json.loads(json.dumps(self.state.services)))

    def ids(self):
        return sorted(self.services())

    def checks(self, service_id):
        """Check ID -> check of one service, a maintenance mark included."""
        return self.act(lambda: self.state.checks_of(service_id))

    def health(self, service_id):
        """(status, output) of the mirrored HEALTHCHECK; None when there is none."""
        check = self.checks(service_id).get(f"docker:{service_id}")
        return check and (check["Status"], check["Output"])

    def maintenance(self, service_id):
        """The reason, or None when it is not in maintenance."""
        check = self.checks(service_id).get(f"_service_maintenance:{service_id}")
        return check and check["Notes"]

    def definition(self, check_id):
        return self.act(lambda: self.state.definition(check_id))

    def writes(self, pattern=".", since=0.0):
        """The requests that change something, whose path and query match, from the monotonic time `since` on."""
        return [request for request in self.seen(pattern, since) if request.method != "GET"]

    # --- serving

    async def answer(self, request):
        try:
            return await self._route(request)
        except Refused as refused:
            return text_reply(refused.status, refused.text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return text_reply(400, f"Request decode failed: {error}")

    async def _route(self, request):
        path = request.path.removeprefix("/v1/")
        if path == "status/leader":
            return json_reply("127.0.0.1:8300")
        if path == "agent/self":
            self._require(request, "agent")
            return json_reply({"Config": {"Datacenter": "dc1", "NodeName": self.node, "NodeID": self.node_id,
                                          "Server": True, "Version": "1.8.7"}, "Member": {}, "Meta": {}})
        if path in ("agent/services", "agent/checks"):
            return json_reply(self._list(request, path))
        if path.startswith("catalog/node/"):
            return await self._node(request)
        for beginning, write in self._writes().items():
            if path == beginning or (beginning.endswith("/") and path.startswith(beginning)):
                return self._write(request, path.removeprefix(beginning), write)
        if path.startswith("agent/service/"):
            return await self._service(request, path.removeprefix("agent/service/"))
        return text_reply(404, "")

    def _writes(self):
        return {"agent/service/register": self._register, "agent/service/deregister/": self._deregister,
                "agent/service/maintenance/": self._maintenance, "agent/check/update/": self._update,
                "agent/check/deregister/": self._drop_check}

    def _write(self, request, rest, write):
        if request.method != "PUT":
            return text_reply(405, f"method {request.method} not allowed")
        self._require(request, "service")
        write(request, rest)
        self.wake()
        return Reply()

    def _rights(self, request):
        if self._tokens is None:
            return {"service", "agent", "node"}
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = request.headers.get("x-consul-token") or bearer
        if token and token not in self._tokens:
            raise Refused(403, "ACL not found")
        return self._tokens.get(token, set())

    def _require(self, request, right):
        if right not in self._rights(request):
            raise Refused(403, "Permission denied")

    def _list(self, request, path):
        visible = "service" in self._rights(request)
        found = (self.state.services if path.endswith("services") else self.state.checks()) if visible else {}
        expression = request.params.get("filter")
        if not expression:
            return found
        match = re.fullmatch(r'\s*(?:Meta\["([^"]+)"\]|Meta\.(\w+))\s*==\s*"(.*)"\s*', expression)
        if not match:
            raise Refused(500, f"Failed to create boolean expression evaluator: {expression}")
        key, wanted = match[1] or match[2], match[3]
        return {name: service for name, service in found.items() if service.get("Meta", {}).get(key) == wanted}

    async def _service(self, request, service_id):
        visible = "service" in self._rights(request)
        services = self.state.services
        wanted = request.params.get("hash")
        if wanted and visible:
            await self.until(lambda: service_id not in services or self.state.content_hash(service_id) != wanted,
                             self._deadline(request))
        if not visible:
            raise Refused(403, "Permission denied")
        if service_id not in services:
            raise Refused(404, f"unknown service ID: {service_id}")
        content = self.state.content_hash(service_id)
        return json_reply({**services[service_id], "ContentHash": content}, X_Consul_ContentHash=content)

    async def _node(self, request):
        if "node" not in self._rights(request):
            return json_reply(None, X_Consul_Index=self.state.index, X_Consul_KnownLeader="true")
        index = int(request.params.get("index") or 0)
        if index:
            await self.until(lambda: self.state.index > index, self._deadline(request))
        if request.path != f"/v1/catalog/node/{self.node}":
            return json_reply(None, X_Consul_Index=self.state.index, X_Consul_KnownLeader="true")
        node = {"ID": self.node_id, "Node": self.node, "Address": "127.0.0.1", "Datacenter": "dc1"}
        return json_reply({"Node": node, "Services": self.state.services}, X_Consul_Index=self.state.index,
                          X_Consul_KnownLeader="true", X_Consul_LastContact=0)

    def _deadline(self, request):
        wait = seconds(request.params.get("wait") or "5m")
        return self._loop.time() + wait * (1 + random.uniform(0, 1 / 16))

    # --- writes

    def _register(self, request, _):
        self.state.register(request.json(), "replace-existing-checks" in request.params)

    def _deregister(self, _, service_id):
        if not self.state.deregister(service_id) and self._tokens is not None:
            raise Refused(500, f'Unknown service "{service_id}"')

    def _maintenance(self, request, service_id):
        if "enable" not in request.params:
            raise Refused(400, "Missing value for enable")
        self.state.maintenance(service_id, request.params["enable"] in ("true", "1"), request.params.get("reason", ""))

    def _update(self, request, check_id):
        body = request.json()
        self.state.update_check(check_id, body.get("Status"), body.get("Output", ""))

    def _drop_check(self, _, check_id):
        self.state.drop_check(check_id)
