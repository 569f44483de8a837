# Signpost. Apache-2.0; see LICENSE.
"""A real Consul agent with its own ports and data, and the few HTTP calls tests make.

    with ConsulAgent(config={"dns_config": {"node_ttl": "30s"}}) as consul:
        consul.register_service("web", "n1", "10.0.0.1", port=80)
        ask(consul.dns, "web.service.consul", "SRV")
"""
import json
import shutil
import signal
import tempfile

import requests

from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

TXN_LIMIT = 64  # operations Consul takes in one transaction


class ConsulError(RuntimeError):
    """An HTTP call was answered with something else than 200."""


class ConsulAgent:
    """`mode`: "dev" (a server in memory; a restart forgets everything), "server" (keeps its data directory through
    restarts) or "client" (an agent without servers unless joined). `config` is merged into the agent's JSON config;
    `token` goes with every HTTP call.
    """

    def __init__(self, node="srv1", datacenter="dc1", config=None, mode="dev", token=None, start=True, env=None):
        self.node, self.datacenter, self.mode, self.token = node, datacenter, mode, token
        self.config = dict(config or {})
        self.env = env
        self._home = tempfile.TemporaryDirectory(prefix=f"consul-{node}-")
        self.http_port, self.dns_port, self.server_port, self.serf_port, self.wan_port = (free_port() for _ in range(5))
        self._session = requests.Session()
        self._process = None
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- addresses -----------------------------------------------------------------------------------------------

    @property
    def dns(self):
        """(address, port) of the DNS listener, as `ask` takes it."""
        return ("127.0.0.1", self.dns_port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process is not None and self._process.exit_code is None

    def log(self):
        return self._process.log() if self._process else ""

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self, wait=True):
        """Starts the agent on the same ports as before; with `wait`, returns when it can be used."""
        binary = shutil.which("consul")
        assert binary, "no consul on PATH: run tools/setup"
        self._write_config()
        command = [binary, "agent", "-node", self.node, "-datacenter", self.datacenter,
                   "-config-file", self._config_path]
        if self.mode == "dev":
            command.insert(2, "-dev")
        self._process = Process(command, f"{self._home.name}/log", env=self.env)
        if not wait:
            return
        try:
            self.wait_ready()
        except BaseException:
            self._process.kill()
            raise

    def wait_ready(self, deadline=40.0):
        """Until the HTTP listener answers; a server must also have a leader and the `consul` service in its catalog."""
        if self.mode == "client":
            ready = quiet(lambda: self._call("GET", "/v1/agent/self").ok, requests.RequestException)
        else:
            ready = quiet(self._is_leading, requests.RequestException, ConsulError)

        def ready_or_dead():
            assert self.running, f"consul ended by itself:\n{self._process.log_tail()}"
            return ready()

        eventually(ready_or_dead, deadline, lambda: f"consul ready\n{self._process.log_tail()}")

    def _is_leading(self):
        if not self.get("/v1/status/leader"):
            return False
        acl = bool(self.config.get("acl", {}).get("enabled"))
        if acl and not self.token:
            return True  # the catalog will look empty for ever
        found = self.get("/v1/health/service/consul?passing")
        # At first it is the leader who lists this server, without metadata; then the agent writes itself into the
        # catalog, which with ACLs takes a token of its own that not every test gives it.
        return any(acl or "consul-network-segment" in (entry["Node"]["Meta"] or {}) for entry in found)

    def _write_config(self):
        config = {
            "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1",
            "disable_update_check": True,
            "skip_leave_on_interrupt": True,
            "leave_on_terminate": False,
            "log_level": "WARN",
            **self.config,
        }
        config["ports"] = {
            "http": self.http_port, "dns": self.dns_port, "server": self.server_port, "serf_lan": self.serf_port,
            "serf_wan": self.wan_port, "grpc": -1, "https": -1, **self.config.get("ports", {})}
        if self.mode != "dev":
            config.setdefault("data_dir", f"{self._home.name}/data")
            config.setdefault("server", self.mode == "server")
            if config["server"]:
                config.setdefault("bootstrap_expect", 1)
                config.setdefault("raft_protocol", 3)
                config.setdefault("performance", {"raft_multiplier": 1})
        self._config_path = f"{self._home.name}/agent.json"
        with open(self._config_path, "w") as out:
            json.dump(config, out)

    def reload(self, **changes):
        """Merges `changes` into the config and makes the running agent read it (dns_config, recursors, ...)."""
        self.config.update(changes)
        self._write_config()
        self.put("/v1/agent/reload")

    def stop(self):
        """SIGTERM; the agent's ports and data stay reserved for `start`."""
        if self._process:
            self._process.stop(20)

    def kill(self):
        """SIGKILL."""
        if self._process:
            self._process.kill()

    def pause(self):
        """SIGSTOP: the agent keeps its sockets and answers nothing."""
        self._process.send(signal.SIGSTOP)

    def resume(self):
        self._process.send(signal.SIGCONT)

    def restart(self, **changes):
        """Kills and starts it again, with `changes` merged into the config. Mode "dev" comes back empty."""
        self.kill()
        self._session.close()
        self.config.update(changes)
        self.start()

    def close(self):
        self.kill()
        self._session.close()
        self._home.cleanup()

    # --- HTTP ----------------------------------------------------------------------------------------------------

    def _call(self, method, path, body=None, timeout=20):
        headers = {"X-Consul-Token": self.token} if self.token else {}
        data = json.dumps(body) if body is not None else None
        return self._session.request(method, self.url + path, data=data, headers=headers, timeout=timeout)

    def _result(self, method, path, body=None):
        reply = self._call(method, path, body)
        if reply.status_code != 200:
            raise ConsulError(f"{method} {path}: {reply.status_code} {reply.text.strip()} for {json.dumps(body)[:300]}")
        return reply.json() if reply.text.strip() else None

    def get(self, path):
        """The JSON body of a 200 answer; ConsulError for everything else."""
        return self._result("GET", path)

    def put(self, path, body=None):
        return self._result("PUT", path, body)

    def delete(self, path):
        return self._result("DELETE", path)

    def index(self, path="/v1/catalog/services"):
        """X-Consul-Index of `path`."""
        return int(self._call("GET", path).headers["X-Consul-Index"])

    # --- the catalog ---------------------------------------------------------------------------------------------

    def register(self, body):
        """PUT catalog/register; `body` in Consul's own words, Datacenter optional."""
        return self.put("/v1/catalog/register", {"Datacenter": self.datacenter, **body})

    def deregister(self, node, service_id=None, check_id=None):
        """PUT catalog/deregister: the node with everything on it, or only one service or check."""
        body = {"Datacenter": self.datacenter, "Node": node}
        if service_id:
            body["ServiceID"] = service_id
        if check_id:
            body["CheckID"] = check_id
        return self.put("/v1/catalog/deregister", body)

    def register_service(self, service, node, address, port=80, id=None, service_address="", tags=(), weights=None,
                         status=None, meta=None, node_meta=None):
        """One instance on one node (catalog/register). `weights`: (passing, warning). `status`: state of its check."""
        id = id or service
        body = {"Node": node, "Address": address, "Service": {
            "ID": id, "Service": service, "Port": port, "Address": service_address, "Tags": list(tags),
            "Meta": meta or {}}}
        if node_meta is not None:
            body["NodeMeta"] = node_meta
        if weights:
            body["Service"]["Weights"] = {"Passing": weights[0], "Warning": weights[1]}
        if status:
            body["Check"] = {"Node": node, "CheckID": f"service:{id}", "Name": id, "ServiceID": id, "Status": status}
        return self.register(body)

    def set_check(self, node, address, service_id, status):
        """State of the instance's check as `register_service` made it; a node check if `service_id` is empty."""
        check_id = f"service:{service_id}" if service_id else "node"
        return self.register({"Node": node, "Address": address, "SkipNodeUpdate": True, "Check": {
            "Node": node, "CheckID": check_id, "Name": check_id, "ServiceID": service_id, "Status": status}})

    def txn(self, operations):
        """PUT txn in portions of 64 operations; for catalogs too large for one call each."""
        for first in range(0, len(operations), TXN_LIMIT):
            self.put("/v1/txn", operations[first:first + TXN_LIMIT])

    def prepared_query(self, body):
        """POST query; returns its ID."""
        return self._result("POST", "/v1/query", body)["ID"]

    # --- the agent's own services --------------------------------------------------------------------------------

    def agent_register(self, body):
        return self.put("/v1/agent/service/register", body)

    def agent_deregister(self, service_id):
        return self.put(f"/v1/agent/service/deregister/{service_id}")

    def service_maintenance(self, service_id, enable):
        return self.put(f"/v1/agent/service/maintenance/{service_id}?enable={str(enable).lower()}")

    def node_maintenance(self, enable):
        return self.put(f"/v1/agent/maintenance?enable={str(enable).lower()}")

    def join_wan(self, other):
        """Joins this server's datacenter with that of `other`; returns when both see each other."""
        self.put(f"/v1/agent/join/127.0.0.1:{other.wan_port}?wan=1")
        for agent in (self, other):
            eventually(lambda: len(agent.get("/v1/catalog/datacenters")) > 1, 20, "datacenters joined")
        pairs = ((self, other), (other, self))
        for agent, remote in pairs:
            asked = quiet(lambda: agent.get(f"/v1/catalog/services?dc={remote.datacenter}"), ConsulError)
            eventually(asked, 20, f"{agent.datacenter} reaches {remote.datacenter}")
