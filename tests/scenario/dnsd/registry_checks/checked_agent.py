# Signpost. Apache-2.0; see LICENSE.
"""The agent whose checks are tried: dnsd's embedded registry, or a real Consul with SIGNPOST_API=consul, which shows
that a test asks for nothing but what Consul does.
"""
import contextlib
import json
import os

import requests

from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.wait import eventually

IS_CONSUL = os.environ.get("SIGNPOST_API", "dnsd") == "consul"
RUNS_WITHIN = 8.0  # the longest wait for a check of one second's interval, a loaded machine included


class CheckedAgent:
    def __init__(self, url):
        self.url = url
        self._session = requests.Session()

    def call(self, method, path, body=None):
        return self._session.request(method, self.url + path, data=None if body is None else json.dumps(body), timeout=20)

    def put(self, path, body=None):
        answer = self.call("PUT", path, body)
        assert answer.status_code == 200, f"PUT {path}: {answer.status_code} {answer.text} for {body}"

    def add(self, name, **definition):
        """Registers a check; an interval of one second unless it says otherwise or is of a kind without."""
        if not {"TTL", "AliasService", "AliasNode"} & definition.keys():
            definition = {"Interval": "1s", "Timeout": "1500ms", **definition}
        self.put("/v1/agent/check/register", {"Name": name, **definition})

    def remove(self, name):
        self.put(f"/v1/agent/check/deregister/{name}")

    def checks(self):
        return self.call("GET", "/v1/agent/checks").json()

    def services(self):
        return self.call("GET", "/v1/agent/services").json()

    def result(self, name):
        """(status, output) as they are now."""
        check = self.checks()[name]
        return check["Status"], check["Output"]

    def becomes(self, name, status, output, within=RUNS_WITHIN):
        """Waits until the check has that status and an output that contains `output`; returns the output."""
        def there():
            now = self.result(name)
            return now[0] == status and output in now[1] and [now[1]]

        return eventually(there, within, lambda: f"{name} {status} {output!r}: it is {self.result(name)}")[0]

    def ran(self, name, within=RUNS_WITHIN):
        """Waits for the first result, which must say something; returns (status, output)."""
        eventually(lambda: self.result(name)[1], within, f"{name} ran")
        return self.result(name)


@contextlib.contextmanager
def checked_agent(scripts=True, docker=None):
    env = {"DOCKER_HOST": docker} if docker else {}
    if IS_CONSUL:
        with ConsulAgent(config={"enable_script_checks": scripts}, env=env) as consul:
            yield CheckedAgent(consul.url)
    else:
        with Dnsd(consul=None, arguments=["--enable-script-checks"] if scripts else [], env=env) as dnsd:
            yield CheckedAgent(dnsd.url)
