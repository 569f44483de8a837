# Signpost. Apache-2.0; see LICENSE.
"""The program under test: lb of the build named by SIGNPOST_BUILD.

    with Origin(name("a")) as origin, Lb(services={"web": [origin]}, routes=[{"host": "web.example.com", "service": "web"}]) as lb:
        assert lb.get("web.example.com").text == "a"

Leaving the block sends SIGTERM and asserts a clean end: exit code 0 and no sanitizer report in its output.
"""
import os
import pathlib
import signal
import subprocess

import requests

from support.http_wire import Wire
from support.ports import free_port
from support.process import Process
from support.program import Program, binary
from support.wait import eventually

# What a user may have set must not reach the program.
_FOREIGN = ("CONSUL_",)
DEFAULTS = {"threads": 1, "data-dir": "", "tcp-bind": ["127.0.0.1"]}


def clean_environment(extra=None):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, **(extra or {})}


def run_command(*words, env=None, timeout=20):
    """Runs `lb WORDS` to its end (a CompletedProcess of text)."""
    return subprocess.run([binary("lb"), *map(str, words)], capture_output=True, text=True, errors="replace",
                          env=clean_environment(env), timeout=timeout, check=False)


def service(endpoints, **settings):
    """An entry of "services": `endpoints` are origins, addresses or whole objects."""
    def entry(endpoint):
        return endpoint if isinstance(endpoint, (str, dict)) else endpoint.address

    return {"endpoints": [entry(endpoint) for endpoint in endpoints], **settings}


class Lb(Program):
    """`options`: rows of the option table by name, over DEFAULTS (None takes one out), in a file given with --config.
    `services`: name to a list of endpoints or to a whole entry; `routes` as in the config file. `consul`: a ConsulAgent,
    a FakeAgent, an embedded registry or a URL. `dns`: (address, port) or a list of them. With `data_dir` it keeps its
    snapshots there. `http_port` is where its operations are, `listen_port` where it listens for HTTP; routes name TCP ports.
    With `ready` false the constructor returns as soon as the process runs.
    """

    def __init__(self, options=None, services=None, routes=None, consul=None, arguments=(), env=None, ready=True, preexec=None,
                 start=True, dns=None, data_dir=None):
        self.listen_port = self.http_listen_port = free_port()
        given = {**DEFAULTS, "http-listen": [f"127.0.0.1:{self.listen_port}"], **(options or {})}
        given = {name: value for name, value in given.items() if value is not None}
        if services is not None:
            given["services"] = {name: service(entry) if isinstance(entry, list) else entry for name, entry in services.items()}
        if routes is not None:
            given["routes"] = routes
        if dns is not None:
            given["dns"] = [f"{address}:{port}" for address, port in (dns if isinstance(dns, list) else [dns])]
        if data_dir is not None:
            self.data_dir = pathlib.Path(data_dir)
            given["data-dir"] = str(data_dir)
        super().__init__("lb", given, arguments, env, preexec)
        self.consul, self._lives = getattr(consul, "url", consul), 1
        if start:
            self.start(ready)

    def command(self):
        command = ["env", "-i", *(f"{name}={value}" for name, value in clean_environment(self.env).items()), str(binary("lb")),
                   "--config", str(self.config_path), "--http", f"127.0.0.1:{self.http_port}"]
        return command + (["--consul", self.consul] if self.consul else [])

    # --- traffic -------------------------------------------------------------------------------------------------

    @property
    def http(self):
        """(address, port) of the HTTP listener."""
        return ("127.0.0.1", self.listen_port)

    def request(self, method, host, path="/", session=None, **keywords):
        """One request by the requests library, on a connection of its own or one of `session`. Redirects are not followed."""
        headers = {"Host": host, **(keywords.pop("headers", None) or {})}
        return (session or requests).request(method, f"http://127.0.0.1:{self.listen_port}{path}", headers=headers,
                                             timeout=keywords.pop("timeout", 10), allow_redirects=False, **keywords)

    def fetch(self, host, path="/", method="GET", **keywords):
        return self.request(method, host, path, **keywords)

    def get(self, path_or_host, path="/", **keywords):
        """With a path ("/status"): the operations listener. With a host: a request through the balancer."""
        if path_or_host.startswith("/"):
            return super().get(path_or_host, **keywords)
        return self.request("GET", path_or_host, path, **keywords)

    def wire(self, port=None, **keywords):
        """A raw connection to the HTTP listener, or to another port."""
        return Wire(port or self.listen_port, **keywords)

    def admin(self, action, service, endpoint, headers=None, **parameters):
        """PUT /v1/endpoint/ACTION (a requests.Response)."""
        return requests.put(f"{self.url}/v1/endpoint/{action}", headers=headers, timeout=5,
                            params={"service": service, "endpoint": endpoint, **parameters})

    # --- looking inside ------------------------------------------------------------------------------------------

    def service(self, name):
        """The service's entry of /status, or None."""
        return next((entry for entry in self.status()["services"] if entry["name"] == name), None)

    def endpoint(self, name, address):
        """The endpoint's entry of /status, or None. `address`: text or an origin."""
        address = getattr(address, "address", address)
        entries = (self.service(name) or {"endpoints": []})["endpoints"]
        return next((entry for entry in entries if entry["address"] == address), None)

    def endpoints(self, name):
        """{address: state} of a service; empty when it is unknown."""
        return {entry["address"]: entry["state"] for entry in (self.service(name) or {"endpoints": []})["endpoints"]}

    def wait_endpoints(self, name, *addresses, deadline=10):
        """Until the service's endpoints are exactly these."""
        wanted = sorted(getattr(address, "address", address) for address in addresses)

        def known():
            return sorted(address for address, state in self.endpoints(name).items() if state != "removed")

        eventually(lambda: known() == wanted, deadline, lambda: f"{name} at {wanted}, it is {known()}\n{self.log()[-3000:]}")

    def listener(self, port):
        """The state of the listeners of that port ("bound", ...), or None."""
        states = {row["state"] for row in self.status()["listeners"] if row["address"].endswith(f":{port}")}
        return states.pop() if len(states) == 1 else None

    # --- signals -------------------------------------------------------------------------------------------------

    def reload(self, **options):
        """As Program's, with _ for - in names; returns when it has been accepted or refused."""
        before = self._reloads()
        super().reload(**{name.replace("_", "-"): value for name, value in options.items()})
        eventually(lambda: self._reloads() > before, 10, "the reload")

    def _reloads(self):
        log = self.log()
        return log.count("options reloaded") + log.count("reload refused")

    def reopen_logs(self):
        """SIGUSR1."""
        self._process.send(signal.SIGUSR1)

    def terminate(self):
        """SIGTERM; returns at once."""
        self._process.send(signal.SIGTERM)

    def take_over(self, deadline=30, **options):
        """Starts another process with the same config file, `options` merged, beside the running one; returns when that has
        ended, cleanly. The option takeover must be there. `process` and `log()` are those of the new one from then on."""
        old, self._lives = self._process, self._lives + 1
        self.options.update({name.replace("_", "-"): value for name, value in options.items()})
        self._write_config()
        self._process = Process(self.command() + self.arguments, self.home / f"log{self._lives}", self.env, self._preexec)
        eventually(lambda: old.exit_code is not None, deadline, lambda: f"the old lb ended\n{old.log_tail()}\n{self.log()}")
        assert old.exit_code == 0, old.log_tail()
        self.wait_ready()

    def wait_end(self, deadline=15.0):
        """The exit code."""
        eventually(lambda: self._process.exit_code is not None, deadline, "lb ended")
        return self._process.exit_code
