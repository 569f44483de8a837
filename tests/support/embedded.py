# Signpost. Apache-2.0; see LICENSE.
"""dnsd with its embedded registry, in the words of ConsulAgent: what a test does to the one it can do to the other.

    with Embedded(options={"node-ttl": "30s"}) as registry:
        registry.register_service("web", "n1", "10.0.0.1", port=80)
        ask(registry.dns, "web.service.consul", "SRV")
"""
import concurrent.futures
import json

import requests

from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd


class Embedded(ConsulAgent):
    """`words` are those of Dnsd."""

    def __init__(self, node="srv1", datacenter="dc1", options=None, token=None, **words):
        super().__init__(node, datacenter, token=token, start=False)
        options = {"node": node, "datacenter": datacenter, "advertise": "127.0.0.1", **(options or {})}
        self.dnsd = Dnsd(consul=None, options=options, **words)

    def __exit__(self, kind, *_):
        self.close(check=kind is None)

    @property
    def url(self):
        return self.dnsd.url

    @property
    def dns(self):
        return self.dnsd.dns

    @property
    def pid(self):
        return self.dnsd.pid

    @property
    def running(self):
        return self.dnsd.process is not None and self.dnsd.process.exit_code is None

    def log(self):
        return self.dnsd.log()

    def start(self, wait=True):
        self.dnsd.start(wait)

    def stop(self):
        self._session.close()
        self.dnsd.stop()

    def kill(self):
        self._session.close()
        self.dnsd.kill()

    def close(self, check=True):
        self._session.close()
        self.dnsd.close(check)
        self._home.cleanup()

    def register_at_once(self, bodies, connections=32):
        """Many registrations that do not depend on one another: what comes together is stored and published together."""
        sessions = [requests.Session() for _ in range(connections)]

        def register(number, body):
            body = json.dumps({"Datacenter": self.datacenter, **body})
            answer = sessions[number % connections].put(self.url + "/v1/catalog/register", data=body, timeout=30)
            assert answer.status_code == 200, f"{answer.status_code} {answer.text} for {body[:300]}"

        def portion(first):
            for number in range(first, len(bodies), connections):
                register(number, bodies[number])

        with concurrent.futures.ThreadPoolExecutor(connections) as pool:
            list(pool.map(portion, range(connections)))
        for session in sessions:
            session.close()

    def request(self, method, path, body=None, headers=None, timeout=20):
        """The Response, whatever its status; `body` as it is."""
        return self._session.request(method, self.url + path, data=body, headers=headers or {}, timeout=timeout)
