# Signpost. Apache-2.0; see LICENSE.
"""The resolvers that hosts have already, with what docs/callers.md tells them; one at a time, in the test's own network.

    with unbound(recipe("unbound.conf")): look("glibc", "any", "web.service.consul")    # it answers on 127.0.0.1, port 53
"""
import contextlib
import json
import pathlib
import shutil
import socket
import tempfile

from callers_world import UPSTREAM
from support.ask import NoReply, ask
from support.private_mounts import PrivateMounts
from support.process import Process
from support.program import ROOT
from support.wait import eventually, quiet

RESOLVED = ROOT / "build/systemd-resolved"  # by tools/setup
STUB = "127.0.0.53"  # where systemd-resolved listens
# As on a host that validates and does not trust private addresses.
_UNBOUND = """
server:
  chroot: ""
  username: ""
  directory: "."
  pidfile: ""
  use-syslog: no
  verbosity: 1
  do-daemonize: no
  interface: 127.0.0.1
  port: {port}
  qname-minimisation: yes
  qname-minimisation-strict: yes
  harden-below-nxdomain: yes
  private-address: 10.0.0.0/8
  module-config: "validator iterator"
  trust-anchor: ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
{more}
"""
# The upstream of the test is not signed.
_PLAIN_FORWARDING = f"""
  domain-insecure: "example.com"
forward-zone:
  name: "example.com"
  forward-addr: {UPSTREAM}
"""
# What systemd-networkd says of an interface that got a name server by DHCP.
_LINK = f"ADMIN_STATE=configured\nOPER_STATE=routable\nDNS={UPSTREAM}\nROUTE_DOMAINS={{domains}}\n"


@contextlib.contextmanager
def _running(program, words, probe=("127.0.0.1", 53), files=(), mounts=None):
    """`program` until the block is left. `files`: {name: text} in a folder of its own; {home} in `words` is that folder."""
    assert shutil.which(program), f"no {program}: run tools/setup"
    with tempfile.TemporaryDirectory(prefix="stub-") as home, contextlib.ExitStack() as stack:
        for name, text in dict(files).items():
            (pathlib.Path(home) / name).write_text(text)
        command = [program, *(word.replace("{home}", home) for word in words)]
        process = Process(mounts.words(*command) if mounts else command, pathlib.Path(home) / "log")
        stack.callback(process.stop)

        def answers():
            assert process.exit_code is None, f"{program} ended:\n{process.log_tail()}"
            return ask(probe, "localhost", timeout=0.3)

        eventually(quiet(answers, NoReply, OSError), 15, lambda: f"{program} ready\n{process.log_tail()}")
        yield process


def unbound(recipe, port=53, more=_PLAIN_FORWARDING):
    files = {"unbound.conf": _UNBOUND.format(port=port, more=more) + recipe}
    return _running("/usr/sbin/unbound", ["-d", "-p", "-c", "{home}/unbound.conf"], ("127.0.0.1", port), files)


def dnsmasq(recipe, *words, port=53):
    options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--log-facility=-", "--user=root", "--pid-file=",
               "--stop-dns-rebind", "--listen-address=127.0.0.1", "--bind-interfaces", f"--port={port}",
               f"--server={UPSTREAM}", "--conf-file={home}/consul.conf", *words]
    return _running("/usr/sbin/dnsmasq", options, ("127.0.0.1", port), {"consul.conf": recipe})


@contextlib.contextmanager
def resolved(recipe, extra="", negative="", link_domains=""):
    """systemd-resolved without systemd and D-Bus. `extra`: more settings; `negative`: trust anchors; `link_domains`: what
    `Domains=` says in the .network file of the interface."""
    folder = "/run/systemd/resolved.conf.d"
    more = f"[Resolve]\nLLMNR=no\nMulticastDNS=no\nFallbackDNS=\n{extra}"
    files = {f"{folder}/consul.conf": recipe, f"{folder}/more.conf": more,
             "/run/dnssec-trust-anchors.d/consul.negative": negative,
             f"/run/systemd/netif/links/{socket.if_nametoindex('eth0')}": _LINK.format(domains=link_domains.lstrip("~")),
             "/etc/passwd": _with("/etc/passwd", "systemd-resolve:x:995:995::/:/usr/sbin/nologin"),
             "/etc/group": _with("/etc/group", "systemd-resolve:x:995:")}
    with PrivateMounts(files, empty=["/run"]) as mounts, \
         _running(str(RESOLVED / "lib/systemd/systemd-resolved"), [], (STUB, 53), mounts=mounts) as process:
        yield process


def ask_resolved(process, name):
    """What nss-resolve gets from systemd-resolved: the reply to ResolveHostname, error or addresses."""
    path = pathlib.Path(f"/proc/{process.pid}") / "root" / "run/systemd/resolve/io.systemd.Resolve"
    eventually(path.exists, 10, "socket of systemd-resolved")  # it listens on port 53 a little earlier
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(path))
        question = {"method": "io.systemd.Resolve.ResolveHostname", "parameters": {"name": name, "flags": 0}}
        link.sendall(json.dumps(question).encode() + b"\0")
        reply = b""
        while not reply.endswith(b"\0"):
            reply += link.recv(65536)
    return json.loads(reply[:-1])


def _with(path, line):
    text = pathlib.Path(path).read_text()
    return text if line.split(":")[0] + ":" in text else f"{text}{line}\n"
