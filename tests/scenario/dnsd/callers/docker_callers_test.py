# Signpost. Apache-2.0; see LICENSE.
"""Containers of a real Docker Engine whose daemon.json and dnsd are those of docs/callers.md.

Claims
- In a container of the default bridge, which asks dnsd at the bridge's address, and in one of a network of its own, which asks
  Docker's 127.0.0.11, busybox's nslookup, a musl program and a Go program find addresses and SRV records of services.
- Over TCP too, and sets that no datagram holds.
- Names outside the catalog are found as well, and a search domain makes short names work.
- 127.0.0.11 goes on knowing the containers of its network.
- A hundred lookups at once from one container all succeed, through 127.0.0.11 as well.
- `docker run --dns` does the same for one container.
"""
import contextlib
import re
import subprocess

import pytest
from callers_world import MANY, WEB, World
from recipes import recipe
from support.callers import program, read
from support.docker_engine import DockerEngine
from support.private_network import PrivateNetwork
from support.program import ROOT

BRIDGE = "172.17.0.1"  # what the recipes call the address of the default bridge
SERVICES = {(f"n{number}.node.dc1.consul", 8000 + number) for number in (1, 2, 3)}
NETWORKS = {"default bridge": (), "network of its own": ("--network", "own")}
OVER_TCP = ("--dns-opt", "use-vc")


class Host:
    """One container for each network, and another one there that uses TCP only; programs run in them."""

    def __init__(self, docker, world):
        self.docker, self.world = docker, world
        self.mounts = [word for name in ("musl", "go") for word in ("-v", f"{program(name)}:/{name}:ro")]
        for network, options in NETWORKS.items():
            docker.start_container(_name(network), *options, *self.mounts)
            docker.start_container(_name(network, OVER_TCP), *options, *OVER_TCP, *self.mounts)

    def run(self, network, *words, options=()):
        done = self.docker.attempt("exec", _name(network, options), *words)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    def look(self, network, caller, kind, name, options=()):
        done = self.run(network, f"/{caller}", kind, name, options=options)
        return read(done.stdout, done)


def _name(network, options=()):
    return network.replace(" ", "-") + "".join(options[1:])


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    daemon = tmp_path_factory.mktemp("docker") / "daemon.json"
    daemon.write_text("{}")
    with contextlib.ExitStack() as stack:
        network = stack.enter_context(PrivateNetwork())
        docker = stack.enter_context(DockerEngine(networks=True, arguments=["--config-file", str(daemon)]))
        daemon.write_text(recipe("daemon.json", {BRIDGE: docker.address}))
        docker.stop()
        docker.start()
        command = recipe("dnsd-docker", {BRIDGE: docker.address})
        world = stack.enter_context(World(command, {"allow-recursion": ["local", "198.18.0.0/15"]}, network))
        docker.command("network", "create", "own")
        yield Host(docker, world)


@pytest.mark.parametrize("network", NETWORKS)
def test_who_is_asked(host, network):
    text = host.run(network, "cat", "/etc/resolv.conf").stdout
    server = "127.0.0.11" if NETWORKS[network] else host.docker.address
    assert re.findall(r"^nameserver (\S+)", text, re.MULTILINE) == [server] and "search service.consul\n" in text


@pytest.mark.parametrize("caller", ["musl", "go"])
@pytest.mark.parametrize("network", NETWORKS)
def test_programs_in_containers(host, network, caller):
    assert host.look(network, caller, "any", "web.service.consul").addresses == WEB
    assert host.look(network, caller, "srv", "web.service.consul").services == SERVICES
    assert host.look(network, caller, "any", "web").addresses == WEB, "by the search domain"
    missing = host.look(network, caller, "any", "nothing.service.consul")
    assert missing.error and not missing.lines


@pytest.mark.parametrize("network", NETWORKS)
def test_nslookup_of_busybox(host, network):
    done = host.run(network, "busybox", "nslookup", "web.service.consul")
    assert set(re.findall(r"^Address(?: \d+)?:\s+(10\.\S+)", done.stdout, re.MULTILINE)) == WEB, done


@pytest.mark.parametrize("network", NETWORKS)
def test_over_tcp_and_large(host, network):
    before = {transport: host.world.queries(transport) for transport in ("udp", "tcp")}
    assert host.look(network, "go", "any", "web.service.consul", OVER_TCP).addresses == WEB
    assert host.world.queries("tcp") >= before["tcp"] + 2 and host.world.queries("udp") == before["udp"]
    assert host.look(network, "go", "a", "many.service.consul").addresses == MANY
    assert len(host.look(network, "go", "srv", "many.service.consul").services) == len(MANY)
    assert len(host.look(network, "musl", "a", "many.service.consul").addresses) >= 20


@pytest.mark.parametrize("network", NETWORKS)
def test_other_names(host, network):
    for caller in ("musl", "go"):
        seen = host.look(network, caller, "any", "www.example.com")
        assert seen.addresses == {"93.184.215.80", "2606:2800:21f::80"}, seen


def test_containers_of_the_network(host):
    network = "network of its own"
    address = host.docker.inspect(_name(network))["NetworkSettings"]["Networks"]["own"]["IPAddress"]
    assert host.look(network, "go", "a", _name(network), OVER_TCP).addresses == {address}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_hundred_at_once(host, network):
    script = "for i in $(seq 100); do /go a web.service.consul >/tmp/$i & done; wait; cat /tmp/[0-9]*"
    text = host.run(network, "sh", "-c", script).stdout
    assert len(re.findall(r"^A 10\.1\.0\.[123]$", text, re.MULTILINE)) == 300, text[-2000:]


def test_the_option_of_one_container(host):
    text = f"docker run --dns {BRIDGE} --dns-search service.consul"
    assert text in (ROOT / "docs/callers.md").read_text()
    words = text.replace(BRIDGE, host.docker.address).split()[1:]
    done = host.docker.attempt(*words, "--rm", *host.mounts, DockerEngine.IMAGE, "/musl", "any", "web")
    assert read(done.stdout.decode(), done).addresses == WEB, done
