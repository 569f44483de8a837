# Signpost. Apache-2.0; see LICENSE.
"""Programs that look names up as most programs on a host do: through /etc/resolv.conf, which is one of their own here.

    seen = look("glibc", "any", "web.service.consul")               # asks 127.0.0.1, port 53, of this network namespace
    seen.addresses == {"10.0.0.1"} and not seen.error
    look("go", "srv", "web.service.consul", "nameserver 127.0.0.1\\noptions use-vc\\n").services

Kinds are a, aaaa, any (both families at once) and srv. What has to be compiled is compiled when first used.
"""
import collections
import functools
import os
import re
import shutil
import subprocess

from support.private_mounts import PrivateMounts
from support.program import ROOT

PLAIN = "nameserver 127.0.0.1\n"
OVER_TCP = PLAIN + "options use-vc\n"
SOURCES = ROOT / "tests/scenario/dnsd/callers/programs"
_BUILT = ROOT / "build/callers"
_COMPILERS = {
    "glibc": ("gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-o"),
    "musl": ("musl-gcc", "-static", "-O1", "-o"),
    "go": ("go", "build", "-o"),
}
_LIBRARIES = {"glibc": ("-lresolv",)}

_EVERYTHING = ("a", "aaaa", "any", "srv")
_ADDRESSES = ("a", "aaaa", "any")
# name: (words before the kind and the name, or None; kinds it can ask for)
CALLERS = {
    "getent": (None, _ADDRESSES),
    "glibc": (None, _EVERYTHING),
    "musl": (None, _EVERYTHING),
    "go": (None, _EVERYTHING),
    "c-ares": (("node", SOURCES / "lookup.js", "c-ares"), _EVERYTHING),
    "node": (("node", SOURCES / "lookup.js", "lookup"), _ADDRESSES),
    "dnspython": (("/usr/bin/python3", SOURCES / "lookup_dnspython.py"), _EVERYTHING),
    "python": (("/usr/bin/python3", SOURCES / "lookup_getaddrinfo.py"), _ADDRESSES),
}


class Seen(collections.namedtuple("Seen", "lines error output")):
    """`lines`: tuples as ("A", "10.0.0.1") and ("SRV", "1", "1", "80", "n1.node.dc1.consul"), in the caller's order."""

    @property
    def addresses(self):
        return {line[1] for line in self.lines if line[0] in ("A", "AAAA")}

    @property
    def in_order(self):
        return [line[1] for line in self.lines]

    @property
    def services(self):
        """{(target without the final dot, port)}"""
        return {(line[4], int(line[3])) for line in self.lines if line[0] == "SRV"}


@functools.cache
def program(caller):
    """Path of the compiled program of "glibc", "musl" or "go"."""
    source = SOURCES / ("lookup.go" if caller == "go" else "lookup.c")
    target = _BUILT / f"lookup-{caller}"
    if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
        return target
    compiler = _COMPILERS[caller]
    assert shutil.which(compiler[0]), f"no {compiler[0]} on PATH: run tools/setup"
    _BUILT.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOPROXY": "off",
                   "GOCACHE": str(_BUILT / "go-cache")}
    words = [*compiler, fresh, source, *_LIBRARIES.get(caller, ())]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{compiler[0]}: {done.stdout}{done.stderr}"
    fresh.rename(target)
    return target


def run(words, resolv=PLAIN, timeout=30):
    """The CompletedProcess of `words`, run with that /etc/resolv.conf. Names come from it and from DNS only."""
    files = {"/etc/resolv.conf": resolv, "/etc/nsswitch.conf": "hosts: files dns\n", "/etc/hosts": "127.0.0.1 localhost\n"}
    environment = {key: value for key, value in os.environ.items() if key not in ("RES_OPTIONS", "LOCALDOMAIN")}
    with PrivateMounts(files, empty=["/run"]) as mounts:
        return subprocess.run(mounts.words(*words), env=environment, capture_output=True, text=True, timeout=timeout,
                              check=False)


def look(caller, kind, name, resolv=PLAIN, timeout=30):
    done = run(_words(caller, kind, name), resolv, timeout)
    return read(done.stdout if caller != "getent" else _reformat(done.stdout), done)


def read(text, done):
    """The Seen that those programs print."""
    lines = [tuple(line.rstrip(".").split()) for line in text.splitlines() if line.split()[:1] != ["ERROR"]]
    error = next((line[6:] for line in text.splitlines() if line.startswith("ERROR ")), "")
    if not lines and not error:
        error = f"exit code {done.returncode}"
    return Seen(lines, error, f"{done.stdout}{done.stderr}")


def _words(caller, kind, name):
    before, kinds = CALLERS[caller]
    assert kind in kinds, f"{caller} cannot ask for {kind}"
    if caller == "getent":
        return ["getent", {"a": "ahostsv4", "aaaa": "ahostsv6", "any": "ahosts"}[kind], name]
    return [*(before or [program(caller)]), kind, name]


def _reformat(text):
    """getent prints an address once for each kind of socket."""
    found = re.findall(r"^(\S+)\s+STREAM", text, re.MULTILINE)
    return "".join(f"{'AAAA' if ':' in address else 'A'} {address}\n" for address in found)
