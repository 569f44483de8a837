# Signpost. Apache-2.0; see LICENSE.
"""Words for what these scenarios do: services of a catalog that lead to the test's own origins."""
import collections
import concurrent.futures
import contextlib
import functools
import time

from support.lb import Lb
from support.origin import Origin, name
from support.tcp_ends import Host
from support.wait import eventually

OPTIONS = {"public-domain": "example.com", "linger": "1s", "deny-port": ["80"]}
TTL = {"TTL": "10m", "Status": "passing"}


class Stage:
    """One catalog, the lb that follows it from the first use of `lb` on, and what stands behind. At the end the agent has no
    services."""

    def __init__(self, kind, catalog, note):
        self.kind, self.catalog = kind, catalog
        self.note = lambda text: note(f"{text}, {kind}")
        self._stack = contextlib.ExitStack()

    @functools.cached_property
    def lb(self):
        return self.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self._stack.__exit__(*error)
        finally:
            for service_id in self.catalog.get("/v1/agent/services"):
                self.catalog.agent_deregister(service_id)

    def start(self, **options):
        """Another lb."""
        given = {**OPTIONS, **{key.replace("_", "-"): value for key, value in options.items()}}
        return self._stack.enter_context(Lb(given, consul=self.catalog))

    def origins(self, *names):
        """HTTP servers that answer with their names."""
        return [self._stack.enter_context(Origin(name(text))) for text in names]

    def hosts(self, count=1):
        """TCP servers."""
        return [self._stack.enter_context(Host()) for _ in range(count)]


def with_each_catalog(test):
    """test(stage) with Consul and with dnsd's registry, at the same time."""
    def run(catalogs, note):
        def play(kind):
            with Stage(kind, catalogs[kind], note) as stage:
                test(stage)

        with concurrent.futures.ThreadPoolExecutor(len(catalogs)) as pool:
            plays = {kind: pool.submit(play, kind) for kind in catalogs}
        failed = {kind: play.exception() for kind, play in plays.items() if play.exception()}
        for kind, error in failed.items():
            raise AssertionError(f"with {kind}") from error

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def host(service):
    return f"{service}.example.com"


def enlist(catalog, service, origin, service_id=None, tags=("http",), **fields):
    """Registers `origin` with the agent, with a check that stays as the test sets it. Returns the ID."""
    service_id = service_id or f"{service}-{origin.port}"
    catalog.agent_register({"Name": service, "ID": service_id, "Address": "127.0.0.1", "Port": origin.port,
                            "Tags": list(tags), "Check": TTL, **fields})
    return service_id


def set_check(catalog, service_id, status):
    """Of what `enlist` registered: "pass", "warn" or "fail"."""
    catalog.put(f"/v1/agent/check/{status}/service:{service_id}")


def asked(lb, service, count=6):
    """How often which origin answered, and statuses where that is not 200."""
    answers = (lb.get(host(service)) for _ in range(count))
    return collections.Counter(answer.text if answer.status_code == 200 else str(answer.status_code) for answer in answers)


def known(lb, service):
    """The addresses that lb uses for the service."""
    return sorted(address for address, state in lb.endpoints(service).items() if state != "removed")


def wait_service(lb, service, *origins, deadline=10):
    """Until lb uses these and no others."""
    lb.wait_endpoints(service, *origins, deadline=deadline)


def wait_status(lb, service, status, deadline=10):
    """Until a request for the service is answered so; the answer."""
    def answered():
        answer = lb.get(host(service))
        return [answer] if answer.status_code == status else None  # the library takes answers from 400 on for false

    return eventually(answered, deadline, lambda: f"{status} from {service}\n{lb.log()[-3000:]}")[0]


def past(moment):
    """Waits for a moment of the monotonic clock."""
    eventually(lambda: time.monotonic() >= moment, 60)


def source(lb):
    """The catalog's entry of /status."""
    return next(entry for entry in lb.status()["sources"] if entry["kind"] == "consul")
