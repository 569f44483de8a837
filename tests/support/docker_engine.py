# Signpost. Apache-2.0; see LICENSE.
"""A real Docker Engine of the test's own: no networks, one image made from busybox.

    with DockerEngine() as docker:
        docker.run("web1", "sleep", "1000")
        docker.url  # "unix:///.../docker.sock"
"""
import io
import os
import shutil
import subprocess
import tarfile
import tempfile

from support.process import Process
from support.wait import eventually

_APPLETS = ("sh", "sleep", "echo", "seq", "cat", "test", "touch", "rm", "true", "false", "httpd", "nc", "wget")


class DockerEngine:
    """Started by the constructor; leaving the block removes its containers and data. Needs root."""

    IMAGE = "signpost-test"

    def __init__(self):
        daemon = shutil.which("dockerd")
        assert daemon, "no dockerd on PATH: run tools/setup"
        # Short: the path of a unix socket has room for 107 characters.
        self._home = tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True)
        home = self._home.name
        self.url = f"unix://{home}/docker.sock"
        self._process = Process(
            [daemon, "--data-root", f"{home}/data", "--exec-root", f"{home}/exec", "-H", self.url, "--pidfile",
             f"{home}/pid", "--storage-driver", "vfs", "--bridge", "none", "--iptables=false"], f"{home}/log")
        try:
            eventually(self._answers, 60, lambda: f"dockerd ready\n{self._process.log_tail()}", every=0.2)
            self.command("import", "-", self.IMAGE, stdin=_busybox())
        except BaseException:
            self._process.stop(30)
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        names = self.command("ps", "-aq").split()
        if names:
            self.command("rm", "-f", *names)
        self._process.stop(30)
        self._home.cleanup()

    def _answers(self):
        assert self._process.exit_code is None, f"dockerd ended by itself:\n{self._process.log_tail()}"
        return self._docker("version").returncode == 0

    def _docker(self, *words, stdin=None):
        return subprocess.run(["docker", *words], input=stdin, env={**os.environ, "DOCKER_HOST": self.url},
                              capture_output=True, timeout=60, check=False)

    def command(self, *words, stdin=None):
        """What `docker WORDS` prints; fails loudly."""
        done = self._docker(*words, stdin=stdin)
        assert done.returncode == 0, f"docker {' '.join(words)}: {done.stderr.decode(errors='replace')}"
        return done.stdout.decode()

    def run(self, name, *words):
        """Starts a container without network that runs `words`."""
        self.command("run", "-d", "--net", "none", "--name", name, self.IMAGE, *words)


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
    return archive.getvalue()


def _folder(name):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o777
    return entry
