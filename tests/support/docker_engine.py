# Signpost. Apache-2.0; see LICENSE.
"""A real Docker Engine of the test's own, with one image made from busybox.

    with DockerEngine() as docker:                  # containers have no network
        docker.run("web1", "sleep", "1000")
        docker.url                                  # "unix:///.../docker.sock"

    with DockerEngine(networks=True) as docker:     # a bridge of its own, published ports, docker network create
        docker.start_container("web1", "-p", "18080:80", command=("httpd", "-f", "-p", "80"))
        docker.address                              # the host as containers see it: published ports answer there
"""
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tarfile
import tempfile

from support.docker_bridge import Bridge
from support.process import Process
from support.wait import eventually

_APPLETS = ("sh", "sleep", "echo", "seq", "cat", "test", "touch", "rm", "true", "false", "httpd", "nc", "wget")


class DockerEngine:
    """Started by the constructor; leaving the block removes its containers, networks and data. Needs root.

    Published ports are carried by the engine's userland proxy: no firewall rule is touched.
    """

    IMAGE = "signpost-test"

    def __init__(self, networks=False, arguments=()):
        assert shutil.which("dockerd"), "no dockerd on PATH: run tools/setup"
        # Short: the path of a unix socket has room for 107 characters.
        self._home = tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True)
        self.url = f"unix://{self._home.name}/docker.sock"
        self._bridge = Bridge() if networks else None
        self._arguments = list(arguments)
        self._process = None
        try:
            self.start()
            self.command("import", "-", self.IMAGE, stdin=_busybox())
        except BaseException:
            self._end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def address(self):
        """IPv4 address of this host on the engine's own bridge."""
        return self._bridge.address

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process.exit_code is None

    # --- life ----------------------------------------------------------------------------------------------------

    def start(self):
        """Starts it (again), on the same socket and data; returns when it answers."""
        home = self._home.name
        words = self._bridge.words if self._bridge else ["--bridge", "none"]
        self._process = Process(
            ["dockerd", "--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "-H", self.url, "--pidfile",
             f"{home}/pid", "--storage-driver", "vfs", "--iptables=false", *words, *self._arguments], f"{home}/log")
        eventually(self._answers, 60, lambda: f"dockerd ready\n{self._process.log_tail()}", every=0.1)

    def stop(self):
        """SIGTERM: its containers end as well."""
        self._process.stop(30)

    def kill(self):
        """SIGKILL. The containers live on until it starts again, which ends them: live-restore is off."""
        helper = pathlib.Path(f"{self._home.name}/exec/containerd/containerd.pid")
        pid = int(helper.read_text())
        self._process.kill()
        # It dies with its parent, a little later; an engine that finds its number would rely on it, dead or not.
        eventually(lambda: ended(pid), 10, "containerd gone")
        helper.unlink(missing_ok=True)

    def pause(self):
        """SIGSTOP: the socket takes connections and nobody answers."""
        self._process.send(signal.SIGSTOP)

    def resume(self):
        self._process.send(signal.SIGCONT)

    def close(self):
        """Whatever state a test left it in: everything it had is gone afterwards."""
        try:
            if not self.running:
                self.start()
            self.resume()
            self.remove_everything()
        finally:
            self._end()

    def _end(self):
        if self._process:
            self._process.stop(30)
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            if line.split()[1].startswith(self._home.name):  # left by an engine that was killed
                subprocess.run(["umount", "-l", line.split()[1]], check=False, timeout=20)
        self._home.cleanup()
        if self._bridge:
            self._bridge.remove()

    def _answers(self):
        assert self._process.exit_code is None, f"dockerd ended by itself:\n{self._process.log_tail()}"
        return self.attempt("version").returncode == 0

    # --- commands ------------------------------------------------------------------------------------------------

    def attempt(self, *words, stdin=None):
        """`docker WORDS`, whatever becomes of it: a CompletedProcess."""
        return subprocess.run(["docker", *map(str, words)], input=stdin, env={**os.environ, "DOCKER_HOST": self.url},
                              capture_output=True, timeout=60, check=False)

    def command(self, *words, stdin=None):
        """What `docker WORDS` prints; fails loudly."""
        done = self.attempt(*words, stdin=stdin)
        text = done.stderr.decode(errors="replace")
        assert done.returncode == 0, f"docker {' '.join(map(str, words))}: {text}"
        return done.stdout.decode()

    def run(self, name, *words):
        """Starts a container without network that runs `words`."""
        self.command("run", "-d", "--net", "none", "--name", name, self.IMAGE, *words)

    def start_container(self, name, *options, command=("sleep", "100000"), image=None):
        """`docker run -d` with `options`; returns the full ID. Without `command`, a container that sleeps for ever
        and, being without a handler, ends at SIGKILL only."""
        return self.command("run", "-d", "--name", name, *options, image or self.IMAGE, *command).strip()

    def inspect(self, name):
        return json.loads(self.command("container", "inspect", name))[0]

    def host_port(self, name, port="80/tcp"):
        """The IPv4 port of this host that leads to `port` of the container."""
        found = self.inspect(name)["NetworkSettings"]["Ports"][port]
        return int(next(binding["HostPort"] for binding in found if ":" not in binding["HostIp"]))

    def names(self):
        """Of all containers, running or not."""
        return self.command("ps", "-a", "--format", "{{.Names}}").split()

    def remove(self, *names):
        """Whether they run or not; returns when they are gone. Some may be on their way out already."""
        if names:
            done = self.attempt("rm", "-f", "-v", *names)
            eventually(lambda: not {*names} & {*self.names()}, 20, lambda: f"{names} removed: {done.stderr}")

    def remove_everything(self):
        """Containers and networks."""
        self.remove(*self.names())
        if self._bridge:
            self.command("network", "prune", "-f")

    def log_tail(self):
        return self._process.log_tail()

    def process_of(self, name):
        """Process ID, as this host numbers it, of the container's first process."""
        return self.inspect(name)["State"]["Pid"]

    def kill_process(self, name):
        """SIGKILL, and not by Docker."""
        os.kill(self.process_of(name), signal.SIGKILL)


def ended(pid):
    """Whether a process is gone; one that nobody has waited for yet counts as gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _busybox():
    """A tar archive with busybox and its usual names."""
    binary = shutil.which("busybox")
    assert binary, "no busybox on PATH: run tools/setup"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(os.path.realpath(binary), "bin/busybox")
        for name in _APPLETS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname, link.mode = tarfile.SYMTYPE, "busybox", 0o777
            tar.addfile(link)
        tar.addfile(_folder("tmp"))
        tar.addfile(_folder("www"))
        page = tarfile.TarInfo("www/index.html")
        page.size = len(PAGE)
        tar.addfile(page, io.BytesIO(PAGE))
    return archive.getvalue()


PAGE = b"served\n"  # what `httpd -h /www` serves


def _folder(name):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o777
    return entry
