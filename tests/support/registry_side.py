# Signpost. Apache-2.0; see LICENSE.
"""The Consul API that unmodified clients are tried against. SIGNPOST_API names it: "dnsd" (the default: its embedded
registry), "consul" (a real agent, which shows that a test asks for nothing but what Consul does), or the URL of an API
that runs already and may be emptied.
"""
import contextlib
import json
import os
import time
import urllib.parse

from support.api_side import Side
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.wait import eventually

_CATALOG_SETTLES = 5.0  # seconds within which a Consul agent tells its catalog what it was told


class Registry(Side):
    """Requests of our own beside those of the client under test: to prepare, to look, and to clean."""

    def __init__(self, program, url):
        self.url = url
        where = urllib.parse.urlsplit(url)
        self.host, self.port = where.hostname, where.port
        super().__init__(program, self.port, {}, None)
        self.self = self.read("/v1/agent/self")
        self.node = self.self["Config"]["NodeName"]
        self.datacenter = self.self["Config"]["Datacenter"]

    @property
    def address(self):
        """As CONSUL_HTTP_ADDR has it."""
        return f"{self.host}:{self.port}"

    def read(self, path):
        """The JSON of a 200 answer."""
        answer = self.send("GET", path)
        assert answer.status == 200, f"GET {path}: {answer.status} {answer.text}"
        return answer.json()

    def write(self, method, path, body=None):
        """Sends JSON (text as it is); the JSON of a 200 answer, or None for an empty one."""
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        answer = self.send(method, path, text)
        assert answer.status == 200, f"{method} {path}: {answer.status} {answer.text}"
        return json.loads(answer.body) if answer.body.strip() else None

    def index(self, path):
        return int(self.send("GET", path).headers["x-consul-index"])

    def settled(self, path, condition):
        """The JSON of `path`, as soon as `condition` holds for it: an agent's catalog follows the agent."""
        def asked():
            found = self.read(path)
            return condition(found) and [found]

        return eventually(asked, _CATALOG_SETTLES, lambda: f"{path}: {self.read(path)}")[0]

    def register(self, **service):
        """A service of the agent, as soon as its instances are in the catalog; keys as Consul's."""
        self.write("PUT", "/v1/agent/service/register", service)
        identity = service.get("ID") or service["Name"]
        return self.settled(f"/v1/health/service/{service['Name']}",
                            lambda found: identity in [entry["Service"]["ID"] for entry in found])

    def has_coordinate(self):
        """Returns when the own node is in the list of coordinates. A Consul agent tells its first one after up to half
        a minute only, so it is given one.
        """
        path = "/v1/coordinate/nodes"
        if not self.read(path):
            origin = {"Vec": [0] * 8, "Error": 1.5, "Adjustment": 0, "Height": 1e-05}
            self.write("PUT", "/v1/coordinate/update", {"Node": self.node, "Segment": "", "Coord": origin})
        return self.settled(path, lambda found: [each for each in found if each["Node"] == self.node])

    def value(self, key):
        """The value of a key as text; None if there is no such key."""
        answer = self.send("GET", f"/v1/kv/{key}?raw")
        return answer.text if answer.status == 200 else None

    def sessions(self):
        return self.read("/v1/session/list")


def lasts(call):
    """(seconds that `call` took, what it returned)."""
    begin = time.monotonic()
    result = call()
    return time.monotonic() - begin, result


@contextlib.contextmanager
def open_registry():
    choice = os.environ.get("SIGNPOST_API", "dnsd")
    with contextlib.ExitStack() as stack:
        if choice == "consul":
            url = stack.enter_context(ConsulAgent()).url
        elif choice == "dnsd":
            url = stack.enter_context(Dnsd(consul=None)).url
        else:
            url = choice
        registry = Registry(choice, url)
        stack.callback(registry.close)
        yield registry
