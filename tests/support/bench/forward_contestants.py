# Signpost. Apache-2.0; see LICENSE.
"""The forwarders that `tools/bench dns` compares: each has a name, a pid, a DNS port and close()."""
import shutil

from support.ask import NoReply, ask
from support.bench import measure
from support.dnsd import Dnsd
from support.ports import free_port
from support.process import Process
from support.program import binary
from support.wait import eventually, quiet

UPSTREAM_TTL = 3600
DNSD, UNBOUND, DNSMASQ, FLOOR = "dnsd", "Unbound", "dnsmasq", "UDP echo (the floor)"
UNBOUND_CONFIG = """\
server:
    directory: "{home}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    interface: 127.0.0.1@{port}
    access-control: 127.0.0.0/8 allow
    num-threads: 1
    module-config: "iterator"
    msg-cache-size: 256m
    rrset-cache-size: 256m
    num-queries-per-thread: 4096
    outgoing-range: 8192
    do-not-query-localhost: no
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{upstream}
"""


class Upstream:
    """Answers every question with three addresses for an hour, on the generator's core."""

    def __init__(self, home):
        self.port = free_port()
        self._process = Process([binary("bench_udp_echo"), self.port, UPSTREAM_TTL], home / "upstream.log",
                                preexec=measure.pin_generator)

    def close(self):
        self._process.kill()


class Floor:
    """What a datagram costs when nothing is looked up."""
    name = FLOOR

    def __init__(self, home, _):
        self.port = free_port()
        self._process = Process([binary("bench_udp_echo"), self.port], home / "forward-echo.log", preexec=measure.pin_server)
        self.pid = self._process.pid

    def close(self):
        self._process.kill()


class DnsdForwarder:
    """One loop beside the resolver's thread; the cache has its default size."""
    name = DNSD

    def __init__(self, _, upstream):
        self._dnsd = Dnsd(options={"threads": 1, "upstream": [f"127.0.0.1:{upstream}"]}, preexec=measure.pin_server)
        self.pid, self.port = self._dnsd.pid, self._dnsd.dns_port

    def close(self):
        self._dnsd.close(check=False)


class _Rival:
    def __init__(self, home, command):
        self._process = Process(command, home / f"{self.name}.log", preexec=measure.pin_server)
        self.pid = self._process.pid
        answers = quiet(lambda: ask(("127.0.0.1", self.port), "ready.bench.example", timeout=0.5).answer, OSError, NoReply)
        try:
            eventually(answers, 20, lambda: f"{self.name} answers\n{self._process.log_tail()}")
        except BaseException:
            self.close()
            raise

    def close(self):
        self._process.kill()


class UnboundForwarder(_Rival):
    """One thread, large caches, no validation."""
    name = UNBOUND

    def __init__(self, home, upstream):
        self.port = free_port()
        config = home / "unbound.conf"
        config.write_text(UNBOUND_CONFIG.format(home=home, port=self.port, upstream=upstream))
        super().__init__(home, [shutil.which("unbound"), "-d", "-p", "-c", config])


class DnsmasqForwarder(_Rival):
    name = DNSMASQ

    def __init__(self, home, upstream):
        self.port = free_port()
        super().__init__(home, [
            shutil.which("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--no-hosts",
            "--no-resolv", f"--server=127.0.0.1#{upstream}", "--cache-size=10000", f"--port={self.port}",
            "--listen-address=127.0.0.1", "--bind-interfaces"])


ALL = (Floor, UnboundForwarder, DnsmasqForwarder, DnsdForwarder)
