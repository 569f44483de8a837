# Signpost. Apache-2.0; see LICENSE.
"""The program under test: dnsd of the build named by SIGNPOST_BUILD (default: release), on free loopback ports.

    with Dnsd(consul=agent, options={"node-ttl": "30s"}) as dnsd:
        ask(dnsd.dns, "web.service.consul", "A")

Leaving the block sends SIGTERM and asserts a clean end: exit code 0 and no sanitizer report in its output.
"""
import os
import pathlib

from support.ports import free_port
from support.program import Program, binary


class Dnsd(Program):
    """`consul`: a ConsulAgent, a URL, or None. `options`: rows of the option table by name, written into a JSON file
    given with --config; `arguments`: further words of the command line. `data_dir` outlives the object if given (the
    snapshot file is there). With `ready` false the constructor returns as soon as the process runs. Nothing is forwarded
    unless an option or argument names an upstream or a resolv.conf: tests ask no name server of this machine.
    """

    def __init__(self, consul=None, options=None, arguments=(), data_dir=None, env=None, ready=True, preexec=None,
                 listen="127.0.0.1", start=True):
        options = dict(options or {})
        words = [str(word).lstrip("-").split("=")[0] for word in arguments]
        if not {"upstream", "resolv-conf"} & {*options, *words}:
            options["upstream"] = ["none"]
        if os.environ.get("SIGNPOST_BUILD") in ("asan", "tsan"):
            options.setdefault("seccomp", False)  # leak detection traces the process
        super().__init__("dnsd", options, arguments, env, preexec)
        self.data_dir = pathlib.Path(data_dir or self.home / "data")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.consul_url = consul if consul is None or isinstance(consul, str) else consul.url
        self._listen = listen
        self.dns_port = free_port(listen)
        if start:
            self.start(ready)

    @property
    def dns(self):
        """(address, port), as `ask` takes it."""
        return (self._listen, self.dns_port)

    def command(self):
        address = f"[{self._listen}]" if ":" in self._listen else self._listen
        command = [binary(), "--listen", f"{address}:{self.dns_port}", "--http", f"127.0.0.1:{self.http_port}",
                   "--data-dir", self.data_dir, "--config", self.config_path]
        return command + (["--consul", self.consul_url] if self.consul_url else [])
