# Signpost. Apache-2.0; see LICENSE.
"""From `docker run` to the registry, on a real Docker Engine, a real Consul agent and dnsd's embedded registry.

Claims
- Each container of real_mapping_cases.py has exactly the services named there in both registries: name, ID, address, port,
  tags, metadata, tagged addresses and weights.
- A removed container has none.
"""
import functools
import shlex
import socket

import real_mapping_cases
import pytest

from support.ports import free_port


def options_of(case):
    return tuple(sorted(case.options.items()))


def parameters():
    """Cases with the same options follow one another: they share their registrars."""
    return [pytest.param(case.options, case, id=f"case_{case.number}-{case.title.replace(' ', '_')}")
            for case in sorted(real_mapping_cases.CASES, key=options_of)]


def is_free(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(family, kind) as probe:
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    probe.bind((address, port))
                except OSError:
                    return False
    return True


def free_row():
    """{a: port, b: port + 1, ...}, free on every address."""
    for _ in range(100):
        first = free_port()
        if all(is_free(first + more) for more in range(4)):
            return {letter: first + more for more, letter in enumerate("abcd")}
    raise AssertionError("no four free ports in a row")


@functools.cache
def lasting_words(engine):
    image = engine.command("image", "inspect", "-f", "{{.Id}}", engine.IMAGE).strip()
    net1 = engine.command("network", "inspect", "-f", "{{.Id}}", "net1").strip()
    return {"host": engine.address, "net1": "net1", "net2": "net2", "net6": "net6", "net1_id": net1,
            "image_id": image, "image_hex": image.removeprefix("sha256:")[:12]}


def words_after(engine, name):
    found = engine.inspect(name)
    words = {"id": found["Id"]}
    for network, key in (("bridge", "ip"), ("net1", "ip1"), ("net2", "ip2"), ("net6", "ip6")):
        place = found["NetworkSettings"]["Networks"].get(network, {})
        words[key], words[key + "_v6"] = place.get("IPAddress"), place.get("GlobalIPv6Address")
    for binding in found["NetworkSettings"]["Ports"].get("80/tcp") or ():
        words["p80_v6" if ":" in binding["HostIp"] else "p80"] = binding["HostPort"]
    return words


def fill(text, words):
    return text.format(**words)


@pytest.mark.parametrize("stage, case", parameters(), indirect=["stage"])
def test_mapping(stage, case):
    engine = stage.engine
    words = {**free_row(), **lasting_words(engine)}
    stage.start("web.1", *shlex.split(fill(case.run, words)), image=fill(case.image, words) or None)
    for command in case.then:
        stage.docker(*fill(command, words).split())
    words |= words_after(engine, "web.1")
    if not case.lines:
        stage.witness()
    stage.shows(*(fill(line, words) for line in case.lines))


def test_case_44_namespace_of_another_container(stage):
    """The one that shares a namespace has the other one's address and published port."""
    stage.start("owner", "--network", "net1", "-p", "80", "-l", "SERVICE_IGNORE=true")
    port = stage.engine.host_port("owner")
    stage.docker("run", "-d", "--name", "guest", "--network", "container:owner", "-l", "SERVICE_NAME=guest", "exposing",
                 "sleep", "100000")
    stage.shows(f"node1:guest:80 | guest | {stage.engine.address}:{port}")


@pytest.fixture(autouse=True, scope="module")
def exposing_image(engine):
    """An image that exposes port 80: a container in the namespace of another one cannot be told to."""
    engine.command("create", "--name", "template", engine.IMAGE, "sleep", "1")
    engine.command("commit", "--change", "EXPOSE 80", "template", "exposing")
    engine.remove("template")


@pytest.mark.parametrize("name", real_mapping_cases.NAMES)
def test_case_63_container_names(stage, name):
    stage.start(name, "-p", "80")
    stage.shows(f"node1:{name}:80 | signpost-test | {stage.engine.address}:{stage.engine.host_port(name)}")


def test_case_59_too_much_metadata(stage):
    """Consul's limits hold; what registrar needs to know its own is never what is dropped."""
    labels = [word for number in range(80) for word in ("-l", f"SERVICE_KEY{number}=v")]
    stage.start("web.1", "-p", "80", *labels, "-l", "SERVICE_LONG=" + "x" * 600)
    stage.shows_only("node1:web.1:80")
    container = stage.engine.inspect("web.1")["Id"]
    for side in stage.sides:
        meta = side.own()["node1:web.1:80"]["Meta"]
        assert len(meta) == 64 and all(len(value) <= 512 for value in meta.values())
        assert meta["registrar-container"] == container and meta["registrar-owner"] and meta["registrar-spec"]
