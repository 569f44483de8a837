# Signpost. Apache-2.0; see LICENSE.
"""What dnsd gives up after its start. Needs root, and a network of its own for port 53.

- `--user`: all ids and groups of every thread are that user's, no capability is left; port 53 is served, over both transports,
  forwarded names included; the data directory is usable, and a later start finds what was written; reloads work; an address
  that comes later (W242) is served on port 53, too.
- No thread can gain privileges again (NoNewPrivs), and the kernel filters its system calls, with `--user` or without;
  `--seccomp=false` leaves the filter out.
- A data directory that others may write to, or that holds other files, is not given away: the start ends with one sentence.
- A user that does not exist ends the start with one sentence.
"""
import os
import pathlib
import pwd
import subprocess

import pytest
import requests

from support.ask import NoReply, ask
from support.embedded import Embedded
from support.fake_dns import FakeDns
from support.private_network import PrivateNetwork
from support.program import binary
from support.wait import eventually, quiet

USER = pwd.getpwnam("nobody")
SANITIZED = os.environ.get("SIGNPOST_BUILD") in ("asan", "tsan")
FILTERED = "0" if SANITIZED else "2"  # a sanitizer traces and reads what the filter forbids

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give its rights away")


def threads(dnsd):
    """The fields of /proc/PID/status of every thread."""
    for task in pathlib.Path(f"/proc/{dnsd.pid}/task").iterdir():
        lines = (task / "status").read_text().splitlines()
        yield dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def opened(server):
    """Lets others than root reach the temporary folders of `server`, an Embedded that has not started."""
    for path in (server.dnsd.home, server.dnsd.data_dir):
        os.chmod(path, 0o755)
    return server


@pytest.fixture
def network():
    with PrivateNetwork() as network:
        yield network


@pytest.fixture
def upstream(network):
    with FakeDns(address="127.0.0.53") as server:
        server.set("www.foreign.test", "A", ["203.0.113.80"], ttl=60)
        yield server


def test_a_user_without_rights_serves_port_53(upstream):
    options = {"user": USER.pw_name, "upstream": [upstream.address], "service-ttl": {"*": "9s"}}
    with opened(Embedded(options=options, start=False)) as server:
        server.dnsd.dns_port = 53
        server.start()
        assert_given_up(server)
        server.register_service("web", "n1", "10.0.0.1", port=80)
        for tcp in (False, True):
            eventually(lambda: [r.ttl for r in ask(server.dns, "web.service.consul", tcp=tcp).answer] == [9], 10, server.log)
            assert ask(server.dns, "www.foreign.test", tcp=tcp).of("A") == ["203.0.113.80"]
        server.dnsd.reload(**{"service-ttl": {"*": "8s"}})
        eventually(lambda: ask(server.dns, "web.service.consul").answer[0].ttl == 8, 10, server.log)
        owners = {path.stat().st_uid for path in server.dnsd.data_dir.rglob("*")}
        assert owners == {USER.pw_uid}, "of what lies in the data directory"
        server.stop()
        server.start()
        eventually(lambda: ask(server.dns, "web.service.consul").of("A") == ["10.0.0.1"], 10, "the registry was kept")
        assert_given_up(server)


def test_an_address_that_comes_late(network):
    late = ("198.18.244.9", 53)
    arguments = ["--listen", f"{late[0]}:53"]
    with opened(Embedded(options={"user": USER.pw_name}, arguments=arguments, start=False)) as server:
        server.dnsd.dns_port = 53
        server.start()
        network.add_address(late[0])
        answers = quiet(lambda: ask(late, "consul", "SOA", timeout=0.5).answer, OSError, NoReply)
        eventually(answers, 15, server.log)
        assert_given_up(server)


def assert_given_up(server):
    for fields in threads(server):
        assert set(fields["Uid"].split()) == {str(USER.pw_uid)} and set(fields["Gid"].split()) == {str(USER.pw_gid)}, fields
        assert set(fields["Groups"].split()) <= {str(USER.pw_gid)}, fields
        assert [fields[name].strip("0\n") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == [""] * 4, fields
        assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", FILTERED), fields


@pytest.mark.parametrize("seccomp, mode", [(True, FILTERED), (False, "0")])
def test_without_a_user(seccomp, mode):
    with Embedded(options={"seccomp": seccomp}) as server:
        for fields in threads(server):
            assert fields["Seccomp"] == mode, fields
            assert fields["NoNewPrivs"] == "1" or not seccomp, fields
        server.register_service("web", "n1", "10.0.0.1", port=80)
        eventually(lambda: ask(server.dns, "web.service.consul").of("A") == ["10.0.0.1"], 10, server.log)
        assert requests.get(server.url + "/metrics", timeout=5).status_code == 200


def test_an_unknown_user(tmp_path):
    ended = subprocess.run([binary(), "--dev", "--user", "no-such-user", "--listen", "127.0.0.1:1", "--data-dir", tmp_path],
                           capture_output=True, text=True, timeout=10)
    assert ended.returncode in (1, 2) and "no-such-user" in ended.stderr, ended


@pytest.mark.parametrize("mode, file, why", [
    (0o1777, None, "others may write to it"), (0o775, None, "others may write to it"),
    (0o755, "passwd", "it holds passwd, which is not dnsd's"),
])
def test_a_data_directory_that_is_not_dnsds(network, mode, file, why):
    with opened(Embedded(options={"user": USER.pw_name}, start=False)) as server:
        folder = server.dnsd.data_dir
        folder.chmod(mode)
        if file:
            (folder / file).touch()
        ended = subprocess.run([binary(), "--listen", "127.0.0.1:5300", "--http", "127.0.0.1:8500", "--upstream", "none",
                                "--user", USER.pw_name, "--data-dir", folder], capture_output=True, text=True, timeout=10)
        assert ended.returncode == 1, ended
        assert f"will not give {folder} to {USER.pw_name}: {why}; name a folder for dnsd alone" in ended.stderr
        assert folder.stat().st_uid == 0
        os.chown(folder, USER.pw_uid, USER.pw_gid)
        server.start()
        assert_given_up(server)


def test_a_data_directory_of_root():
    """What dnsd wrote as root before is given to the user."""
    with opened(Embedded(start=False)) as server:
        server.start()
        server.register_service("web", "n1", "10.0.0.1", port=80)
        server.stop()
        server.dnsd.options["user"] = USER.pw_name
        server.start()
        eventually(lambda: ask(server.dns, "web.service.consul").of("A") == ["10.0.0.1"], 10, server.log)
        server.register_service("db", "n1", "10.0.0.1", port=81)
        eventually(lambda: ask(server.dns, "db.service.consul").answer, 10, server.log)
