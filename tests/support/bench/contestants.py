# Signpost. Apache-2.0; see LICENSE.
"""The servers that `tools/bench dns` compares. Each has a name, a pid, a DNS port and close()."""
import contextlib
import re
import shutil
import subprocess
import time

import requests

from support.bench import measure
from support.consul_agent import ConsulAgent
from support.dnsd import Dnsd
from support.program import ROOT, binary
from support.ports import free_port
from support.process import Process
from support.wait import eventually, quiet

INSTANCES = 3
KNOT_CONFIG = """\
server:
    rundir: "{home}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: warning
database:
    storage: "{home}"
zone:
  - domain: consul.
    file: "{home}/consul.zone"
    zonefile-load: whole
    journal-content: none
"""
KNOT_HEAD = """\
consul. 0 IN SOA ns.consul. hostmaster.consul. 1000 3600 600 86400 0
consul. 0 IN NS srv1.node.dc1.consul.
srv1.node.dc1.consul. 0 IN A 127.0.0.1
"""


def service_name(number):
    """As the generated catalog names its services, from 0."""
    return f"svc-{number + 1:06}"


class Echo:
    """The floor: recvmmsg, patch, sendmmsg."""
    name, types = "UDP echo (the floor)", ("A",)

    def __init__(self, home):
        self.port = free_port()
        self._process = Process([binary("bench_udp_echo"), self.port], home / "echo.log", preexec=measure.pin_server)
        self.pid = self._process.pid
        self.services = 1000

    def close(self):
        self._process.kill()


class FakeCatalog:
    """A catalog made by arithmetic behind Consul's HTTP API; lives on the generator's core, idle during runs."""

    def __init__(self, home, services):
        self.services = services
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [binary("bench_fake_catalog"), "--port", self.port, "--services", services, "--instances", INSTANCES]
        self._process = Process(command, home / f"catalog-{services}.log", preexec=measure.pin_generator)
        eventually(quiet(self.stats, requests.RequestException), 10, "the fake catalog answers")

    def get(self, path):
        answer = requests.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def stats(self):
        return self.get("/bench/stats")

    def close(self):
        self._process.kill()


class DnsdServer:
    """dnsd with one thread on a generated catalog. `ready_seconds`: process start to /readyz. `loaded_seconds`: until
    the instances of all services were fetched, None if that did not happen within a minute (fetched when asked)."""
    types = ("A", "SRV")

    def __init__(self, home, services):
        self.name, self.services = f"dnsd, {services:,} service{'s' * (services > 1)}", services
        self._open = contextlib.ExitStack()
        with contextlib.ExitStack() as opening:
            self._catalog = opening.enter_context(contextlib.closing(FakeCatalog(home, services)))
            begin = time.monotonic()
            self._dnsd = Dnsd(self._catalog.url, {"threads": 1}, preexec=measure.pin_server, ready=False)
            opening.callback(self._dnsd.close, check=False)
            self._wait_ready()
            self.ready_seconds = time.monotonic() - begin
            self.loaded_seconds = self._wait_loaded(begin)
            self.pid, self.port = self._dnsd.pid, self._dnsd.dns_port
            self._open = opening.pop_all()

    def _wait_ready(self):
        try:
            self._dnsd.wait_ready(120)
        except AssertionError as error:
            feed = {name: value for name, value in self._dnsd.metrics().items() if "consul" in name or "catalog" in name}
            raise AssertionError(f"{error}\nfake catalog: {self._catalog.stats()}\ndnsd: {feed}") from error

    def _wait_loaded(self, begin):
        try:
            eventually(lambda: self._catalog.stats()["services_asked"] >= self.services, 60, every=0.1)
            eventually(lambda: self._dnsd.metric("signpost_catalog_services_pending") == 0, 10, every=0.1)
            return time.monotonic() - begin
        except AssertionError:
            return None

    def close(self):
        self._open.close()


class ConsulServer:
    """A real agent that carries the generated catalog of `services` services, one processor."""
    types = ("A", "SRV")

    def __init__(self, home, services):
        self.name, self.services = f"Consul, {services} service{'s' * (services > 1)}", services
        self._agent = ConsulAgent(env={"GOMAXPROCS": "1"})
        try:
            with contextlib.closing(FakeCatalog(home, services)) as catalog:
                for number in range(services):
                    for entry in catalog.get(f"/v1/health/service/{service_name(number)}"):
                        self._agent.register(_registration(entry))
            measure.pin_threads(self._agent.pid)
        except BaseException:
            self._agent.close()
            raise
        self.pid, self.port = self._agent.pid, self._agent.dns_port

    def close(self):
        self._agent.close()


def _registration(entry):
    """A health entry as PUT catalog/register takes it."""
    node, service = entry["Node"], entry["Service"]
    keep = ("ID", "Service", "Tags", "Address", "Meta", "Port", "Weights")
    return {"Node": node["Node"], "ID": node["ID"], "Address": node["Address"], "NodeMeta": node["Meta"],
            "TaggedAddresses": node["TaggedAddresses"], "Service": {key: service[key] for key in keep},
            "Checks": [check for check in entry["Checks"] if check["CheckID"] != "serfHealth"]}


class KnotServer:
    """knotd with one UDP worker and a zone of the same names and data."""
    types = ("A", "SRV")

    def __init__(self, home, services):
        self.name, self.services = f"Knot, {services:,} services", services
        self.port = free_port()
        knot_home = home / "knot"
        knot_home.mkdir()
        (knot_home / "knot.conf").write_text(KNOT_CONFIG.format(home=knot_home, port=self.port))
        with contextlib.closing(FakeCatalog(home, services)) as catalog, open(knot_home / "consul.zone", "w") as zone:
            zone.write(KNOT_HEAD)
            for number in range(services):
                zone.writelines(_zone_lines(catalog.get(f"/v1/health/service/{service_name(number)}")))
        self._process = Process([shutil.which("knotd") or "/usr/sbin/knotd", "-c", knot_home / "knot.conf"],
                                home / "knot.log", preexec=measure.pin_server)
        self.pid = self._process.pid
        try:
            eventually(self._answers, 30, lambda: f"knotd answers\n{self._process.log_tail()}", every=0.2)
        except BaseException:
            self.close()
            raise

    def _answers(self):
        command = ["dig", "@127.0.0.1", "-p", str(self.port), "+short", "+tries=1", "+time=1", "srv1.node.dc1.consul"]
        return "127.0.0.1" in subprocess.run(command, capture_output=True, text=True).stdout

    def close(self):
        self._process.kill()


def _zone_lines(entries):
    for entry in entries:
        service = entry["Service"]
        address = service["Address"]
        owner = f"{service['Service']}.service.consul."
        target = "".join(f"{int(part):02x}" for part in address.split(".")) + ".addr.dc1.consul."
        yield f"{owner} 0 IN A {address}\n"
        yield f"{owner} 0 IN SRV 1 1 {service['Port']} {target}\n"
        yield f"{target} 0 IN A {address}\n"


def versions():
    """What ran, as the programs themselves say."""
    def version(*command):
        result = subprocess.run(command, capture_output=True, text=True)
        return re.search(r"(?i)(?:version\W+|\bv)?(\d+\.\d+[\w.+-]*)", result.stdout + result.stderr).group(1)

    return {"dnsd": version(str(binary()), "--version"), "Consul": version("consul", "version"),
            "Knot": version("knotd", "--version"), "Unbound": version("unbound", "-V"),
            "dnsmasq": version("dnsmasq", "--version"), "dnsperf": version("dnsperf", "-h")}


def require():
    """One sentence for everything that is missing."""
    missing = [tool for tool in ("consul", "knotd", "unbound", "dnsmasq", "dnsperf", "dig", "taskset") if not shutil.which(tool)]
    assert not missing, f"not installed: {', '.join(missing)}; run tools/setup"


def build():
    """Configures and builds the release binaries that take part."""
    if not (ROOT / "build/release/build.ninja").exists():
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True)
    targets = ["dnsd_program", "bench_udp_echo", "bench_fake_catalog"]
    subprocess.run(["cmake", "--build", "build/release", "--target", *targets], cwd=ROOT, check=True)
