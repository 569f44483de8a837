# Signpost. Apache-2.0; see LICENSE.
"""The ground of these scenarios: one lb and a DNS server that lies on demand.

Each case has a service of its own, so that one lb serves many: case "d01" is the service d01, which lb reads from the name
d01.example and serves as host d01.test.
"""
import contextlib

from support.farm import ask
from support.fake_dns import FakeDns
from support.lb import Lb
from support.wait import eventually

# A tenth of life's times.
QUICK = {"dns-min-interval": "100ms", "dns-max-interval": "6s", "dns-timeout": "200ms", "dns-hold-empty": "1s",
         "dns-confirm-loss": "500ms", "dns-subset-hold": "3s"}


class Stage:
    """`cases`: name to the settings of its service, "dns" among them for another name. Nothing runs before `start` when
    `start` is false. `servers`: further addresses of DNS servers, asked before this one, which is at `address`."""

    def __init__(self, cases, options=None, start=True, servers=(), address="127.0.0.1", **words):
        self.cases, self.dns = cases, FakeDns(address=address)
        self._ends = contextlib.ExitStack()
        self._ends.enter_context(self.dns)
        self._names = {case: settings.get("dns", f"{case}.example") for case, settings in cases.items()}
        services = {case: {**settings, "dns": self._names[case]} for case, settings in cases.items()}
        routes = [{"host": f"{case}.test", "service": case} for case in cases]
        dns = [*(tuple(server.split(":")) for server in servers), (self.dns.host, self.dns.port)]
        self.lb = Lb({**QUICK, **(options or {})}, services, routes, dns=dns, start=False, **words)
        if start:
            self.start()

    def start(self, ready=True):
        self._ends.enter_context(self.lb)
        self.lb.start(ready)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self._ends.__exit__(*failure)

    # --- what DNS says -----------------------------------------------------------------------------------------------

    def say(self, case, *rows, ttl=0, along=True):
        """SRV records for (priority, weight, endpoint); an endpoint is an origin or an address with a port."""
        split = [(priority, weight, *address(endpoint).split(":")) for priority, weight, endpoint in rows]
        self.dns.srv(self._names[case], [(priority, weight, port, host) for priority, weight, host, port in split], ttl, along)

    def say_all(self, case, endpoints, ttl=0):
        """The same weight for all."""
        self.say(case, *((1, 1, endpoint) for endpoint in endpoints), ttl=ttl)

    def teach(self, case, *rows, **words):
        """Says it, and returns when lb knows it."""
        self.say(case, *rows, **words)
        self.lb.wait_endpoints(case, *{address(endpoint) for _, _, endpoint in rows})

    def teach_all(self, case, endpoints, ttl=0):
        self.say_all(case, endpoints, ttl)
        self.lb.wait_endpoints(case, *endpoints)

    def questions(self, case, rdtype="SRV", transport=None):
        return self.dns.questions(self._names[case], rdtype, transport)

    def wait_questions(self, case, more, deadline=10):
        """Until so many more SRV questions were asked and the answer to the last but one is certainly known."""
        before = len(self.questions(case))
        eventually(lambda: len(self.questions(case)) >= before + more, deadline, f"{more} questions about {case}")

    # --- what lb makes of it -----------------------------------------------------------------------------------------

    def ask(self, case, count, **words):
        """Who answered `count` requests (see farm.ask)."""
        return ask(self.lb, f"{case}.test", count, **words)

    def get(self, case):
        return self.lb.get(f"{case}.test")

    def state(self, case):
        return self.lb.service(case)["state"]

    def known(self, case):
        """The addresses in use, sorted."""
        return sorted(where for where, state in self.lb.endpoints(case).items() if state != "removed")

    def source(self):
        """lb's DNS source as /status has it."""
        return next(source for source in self.lb.status()["sources"] if source["kind"] == "dns")

    def errors(self, reason):
        """Answers that were no use, by reason; the prefix is enough."""
        return sum(count for text, count in self.source()["errors"].items() if text.startswith(reason))


def address(endpoint):
    return getattr(endpoint, "address", endpoint)
