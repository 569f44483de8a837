# Signpost. Apache-2.0; see LICENSE.
"""One real Docker Engine in front of several registries, each of which has a registrar of its own.

    with Stage(engine, {"consul": agent, "embedded": registry}, ip="192.0.2.10") as stage:
        stage.start("web.1", "-p", "18080:80")
        stage.shows("node1:web.1:80 | signpost-test | 192.0.2.10:18080")

What a test says of the stage holds for every registry: it costs one life of a container, not one for each.
"""
import contextlib
import threading
import time

import requests

from support.registrar import Registrar
from support.wait import eventually

SHOWN_WITHIN = 8.0
_OWN_META = "registrar-"
MAINTENANCE = "_service_maintenance:"
WITNESS = "witness"  # service and container of Stage.witness


class Side:
    """A registry (`agent`: a ConsulAgent or Embedded) and, while it runs, its `registrar`."""

    def __init__(self, name, agent):
        self.name, self.agent, self.registrar = name, agent, None

    def services(self):
        """{ID: entry} of all that the agent has, but its own."""
        return self.agent.get("/v1/agent/services")

    def own(self):
        """{ID: entry} of what a registrar put there, the witness apart."""
        return {id: entry for id, entry in self.services().items() if is_own(entry)}

    def strangers(self):
        return {id: entry for id, entry in self.services().items() if "registrar-owner" not in entry["Meta"]}

    def lines(self):
        return {describe(entry) for entry in self.own().values()}

    def check(self, check_id):
        """(status, output), or None."""
        found = self.agent.get("/v1/agent/checks").get(check_id)
        return found and (found["Status"], found["Output"])

    def checks_of(self, service_id):
        """IDs of its checks."""
        return {id for id, check in self.agent.get("/v1/agent/checks").items() if check["ServiceID"] == service_id}

    def maintenance(self, service_id):
        """Its reason, or None."""
        found = self.agent.get("/v1/agent/checks").get(MAINTENANCE + service_id)
        return found and found["Notes"]

    def log_tail(self):
        return f"--- log of the registrar of {self.name}\n" + "\n".join(self.registrar.log().splitlines()[-15:])


def is_own(entry):
    return "registrar-owner" in entry["Meta"] and entry["Service"] != WITNESS


def describe(entry):
    """One entry of /v1/agent/services in a line; what is as usual is left out."""
    words = [entry["ID"], entry["Service"], f"{entry['Address']}:{entry['Port']}"]
    if entry["Tags"]:
        words.append("tags " + ",".join(tag.replace(",", "\\,") for tag in entry["Tags"]))
    meta = {key: value for key, value in entry["Meta"].items() if not key.startswith(_OWN_META)}
    words += [f"meta {key}={value}" for key, value in sorted(meta.items())]
    for tag, place in sorted((entry.get("TaggedAddresses") or {}).items()):
        if tag.startswith("lan_") and place["Address"] != entry["Address"]:
            words.append(f"{tag} {place['Address']}:{place['Port']}")
    if entry["Weights"] != {"Passing": 1, "Warning": 1}:
        words.append("weights {Passing}/{Warning}".format(**entry["Weights"]))
    return " | ".join(words)


class Stage:
    """Leaving the block removes the containers, waits until the registries are rid of them, and stops the registrars.
    `options` are rows of registrar's option table, with _ for -.
    """

    def __init__(self, engine, agents, arguments=(), **options):
        self.engine = engine
        self.options = {"node-id": "node1", **{name.replace("_", "-"): value for name, value in options.items()}}
        self.arguments = arguments
        self._witness = ""
        self.sides = [Side(name, agent) for name, agent in agents.items()]

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            for side in self.sides:
                side.registrar = stack.enter_context(self.make_registrar(side))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *problem):
        self._witness = ""
        try:
            if problem[0] is None:
                self.clear()
                self.until(lambda side: WITNESS not in {entry["Service"] for entry in side.services().values()}, "no witness")
        finally:
            self.engine.remove(*self.engine.names())
            self._stack.__exit__(*problem)

    def make_registrar(self, side, **more):
        """A registrar as this stage runs it; a context."""
        return Registrar(self.engine, side.agent, {**self.options, **more}, self.arguments)

    def clear(self):
        """Removes all containers but the witness; returns when the registries are rid of them."""
        self.engine.remove(*(name for name in self.engine.names() if name != self._witness))
        self.shows()

    # --- acting --------------------------------------------------------------------------------------------------

    def start(self, name, *words, command=("sleep", "100000"), image=None):
        """docker run -d; returns the container's ID."""
        return self.engine.start_container(name, *words, command=command, image=image)

    def start_service(self, name, *words, wait=True):
        """An HTTP server on container port 80, which goes on serving for a while when it is told to stop. Returns the
        ID of its service, which is registered."""
        self.start(name, "-p", "80", *words, command=polite_server())
        service_id = f"node1:{name}:80"
        if wait:
            self.until(lambda side: service_id in side.services(), f"{service_id} registered")
        return service_id

    def docker(self, *words):
        return self.engine.command(*words)

    def witness(self):
        """Returns when what happens now has been seen, and so has all that happened before: a container of its own gets
        another name."""
        former, name = self._witness, f"{WITNESS}-{time.monotonic_ns()}"
        if former in self.engine.command("ps", "--format", "{{.Names}}").split():
            self.docker("rename", former, name)
        else:
            self.start(name, "-p", "80", "-l", f"SERVICE_NAME={WITNESS}")
        self._witness = name
        self.until(lambda side: f"{self.options['node-id']}:{name}:80" in side.services(), "the witness seen")

    # --- seeing --------------------------------------------------------------------------------------------------

    def until(self, holds, what, within=SHOWN_WITHIN):
        """Returns when `holds(side)` for every side."""
        for side in self.sides:
            eventually(lambda: holds(side), within, lambda: f"{side.name}: {what}; it has\n  " + "\n  ".join(
                sorted(side.lines())) + f"\n  checks {side.agent.get('/v1/agent/checks')}\n" + side.log_tail())

    def shows(self, *lines, within=SHOWN_WITHIN):
        """Returns when every registry has exactly the services of `lines`, as `describe` writes them."""
        self.until(lambda side: side.lines() == set(lines), "exactly\n  " + "\n  ".join(lines) + "\n", within)

    def shows_only(self, *ids):
        """Returns when every registry has exactly the services of these IDs."""
        self.until(lambda side: set(side.own()) == set(ids), f"exactly {ids}")

    def equals_containers(self, within=SHOWN_WITHIN):
        """Returns when every registry has exactly the running containers' port 80, where it is published, in service."""
        running = self.engine.command("ps", "--format", "{{.Names}}").split()
        wanted = {f"node1:{name}:80": self.engine.host_port(name) for name in running if name != self._witness}

        def equal(side):
            return ({id: entry["Port"] for id, entry in side.own().items()} == wanted
                    and not any(side.maintenance(id) for id in wanted))

        self.until(equal, f"exactly {wanted}, none in maintenance", within)

    def maintained(self, service_id, reason=""):
        """Returns when every registry has it in maintenance, for a reason that contains `reason`."""
        self.until(lambda side: reason in (side.maintenance(service_id) or "") and side.maintenance(service_id) is not None,
                   f"{service_id} in maintenance, {reason!r}")

    def in_service(self, service_id):
        self.until(lambda side: service_id in side.services() and side.maintenance(service_id) is None,
                   f"{service_id} not in maintenance")

    def check_becomes(self, check_id, status, output=""):
        self.until(lambda side: _is(side.check(check_id), status, output), f"{check_id} {status} {output!r}")

    @contextlib.contextmanager
    def history(self):
        """Within the block every registry is read all the time. Yields something with `readings` for each side: what was
        read, in order, equal ones in a row once. A reading is {ID: (port, in maintenance)}, the witness apart."""
        with contextlib.ExitStack() as stack:
            yield [stack.enter_context(_Watcher(side)) for side in self.sides]


def _is(check, status, output):
    return check is not None and check[0] == status and output in check[1]


class _Watcher:
    """`readings` of one side, in order."""

    def __init__(self, side):
        self._side, self.readings = side, []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        eventually(lambda: self.readings, 10, "a first reading")
        return self

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()

    def _run(self):
        session, url = requests.Session(), self._side.agent.url
        while not self._end.wait(0.005):
            checks = session.get(f"{url}/v1/agent/checks", timeout=10).json()
            services = session.get(f"{url}/v1/agent/services", timeout=10).json()
            reading = {id: (entry["Port"], MAINTENANCE + id in checks)
                       for id, entry in services.items() if is_own(entry)}
            if not self.readings or self.readings[-1] != reading:
                self.readings.append(reading)


def polite_server(port=80, farewell=0.6):
    """A shell that serves, and goes on serving for `farewell` seconds after SIGTERM before it ends well."""
    return ["sh", "-c", f"httpd -f -p {port} -h /www & trap 'sleep {farewell}; exit 0' TERM; while :; do wait; done"]


def patient(signal="TERM", then=":"):
    """A shell that does `then` at a signal and goes on; SIGTERM ends it at once unless that is the signal."""
    ends = "" if signal == "TERM" else "trap 'exit 0' TERM; "
    return ["sh", "-c", f"{ends}trap '{then}' {signal}; while :; do sleep 0.1; done"]
