# Signpost. Apache-2.0; see LICENSE.
"""One of the two servers that the same API requests go to: sends exactly what a case says, and cleans up after it."""
import dataclasses
import gzip
import http.client
import json
import threading
import time
import urllib.parse

from support.wait import eventually

TIMEOUT = 30


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes    # as it was before Content-Encoding

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def is_json(self):
        return self.headers.get("content-type", "").startswith("application/json")

    def json(self):
        return json.loads(self.body)


class Side:
    """`ports`: the server's own port numbers, {number: name}, hidden in comparisons. `saved`: values kept by the case
    that runs. `program`: "consul" or "dnsd".
    """

    def __init__(self, program, http_port, ports, node):
        self.program, self.http_port, self.ports, self.node = program, http_port, ports, node
        self.saved, self.pending = {}, {}
        self._connection = None

    def begin(self):
        """A case begins: nothing is saved, nothing is awaited."""
        self.saved, self.pending = {}, {}

    def send(self, method, path, body=None, headers=()):
        """The Answer to one request on the kept connection."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=TIMEOUT)
        try:
            return exchange(self._connection, method, path, body, headers)
        except (http.client.HTTPException, OSError):
            self.close()
            raise

    def start(self, name, method, path, body=None, headers=()):
        """The same on a connection and a thread of its own; see `Pending`."""
        self.pending[name] = Pending(self.http_port, method, path, body, headers)

    def close(self):
        if self._connection:
            self._connection.close()
            self._connection = None

    # --- leaving nothing behind ----------------------------------------------------------------------------------

    def _get(self, path):
        return self.send("GET", path).json()

    def clean(self):
        """Removes all that cases can make, and returns when the catalog holds nothing but the server itself."""
        for pending in self.pending.values():
            pending.finish()
        for query in self._get("/v1/query"):
            self.send("DELETE", f"/v1/query/{query['ID']}")
        for session in self._get("/v1/session/list"):
            self.send("PUT", f"/v1/session/destroy/{session['ID']}")
        self.send("DELETE", "/v1/kv/?recurse")
        self.send("PUT", "/v1/agent/maintenance?enable=false")
        for name in self._get("/v1/agent/services"):
            self.send("PUT", f"/v1/agent/service/deregister/{quoted(name)}")
        for name in self._get("/v1/agent/checks"):
            self.send("PUT", f"/v1/agent/check/deregister/{quoted(name)}")
        for node in self._get("/v1/catalog/nodes"):
            if node["Node"] != self.node:
                self.send("PUT", "/v1/catalog/deregister", json.dumps({"Node": node["Node"]}))
        eventually(self._is_clean, 10, lambda: f"{self.program} clean: {self._left()}")

    def _left(self):
        services = self._get(f"/v1/catalog/node/{self.node}")["Services"]
        checks = self._get("/v1/health/state/any")
        return [*services, *(check["CheckID"] for check in checks)]

    def _is_clean(self):
        return set(self._left()) <= {"consul", "serfHealth"}


class Pending:
    """A request that may take its time."""

    def __init__(self, port, *request):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self._connection.connect()
        self._started = time.monotonic()
        self._done = threading.Event()
        self._answer = self._error = None
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._run, args=request, daemon=True)
        self._thread.start()

    def _run(self, *request):
        try:
            self._answer = exchange(self._connection, *request)
        except Exception as error:  # told by `answer`
            self._error = error
        self.seconds = time.monotonic() - self._started
        self._done.set()

    def done_within(self, seconds):
        return self._done.wait(seconds)

    def answer(self):
        if self._error:
            raise self._error
        return self._answer

    def finish(self):
        """Gives it up if it still waits."""
        if not self._done.is_set() and self._connection.sock:
            self._connection.sock.shutdown(2)
        self._thread.join(5)
        self._connection.close()


def exchange(connection, method, path, body=None, headers=()):
    """One request with exactly these headers (Host and Content-Length apart) and its answer."""
    connection.putrequest(method, path, skip_accept_encoding=True)
    data = None if body is None else body.encode()
    if data is not None:
        connection.putheader("Content-Length", str(len(data)))
    elif method in ("PUT", "POST"):
        connection.putheader("Content-Length", "0")
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders(data)
    reply = connection.getresponse()
    content = reply.read()
    found = {}
    for name, value in reply.getheaders():
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    if found.get("content-encoding") == "gzip" and content:
        content = gzip.decompress(content)
    return Answer(reply.status, found, content)


def quoted(name):
    """`name` as a part of a path."""
    return urllib.parse.quote(name, safe="")
