# Signpost. Apache-2.0; see LICENSE.
"""A D-Bus system bus that only the programs among the same private files see (see private_mounts.py). Needs root.

    mounts = PrivateMounts({"/etc/resolv.conf": text}, empty=["/run"])
    with SystemBus(mounts.words) as bus:                    # or `beside(process)`, which has mounts and no bus yet
        Process(bus.words("avahi-daemon"), log)
        bus.run("avahi-browse", "--all")

/run must be one of its own. It lets everybody do everything.
"""
import pathlib
import socket
import subprocess
import tempfile

from support.process import Process
from support.wait import eventually, quiet

_SOCKET = "run/dbus/system_bus_socket"  # where programs look for it
_CONFIGURATION = f"""
<busconfig>
  <type>system</type>
  <listen>unix:path=/{_SOCKET}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
"""
# systemd's programs that wait for the bus connect as soon as its socket is there, and give up if they may not.
_SCRIPT = 'umask 0 && mkdir -p /run/dbus && exec dbus-daemon --nofork --config-file="$1"'


def beside(process):
    """What makes a command run among the files of `process`."""
    return lambda *words: ["nsenter", f"--mount=/proc/{process.pid}/ns/mnt", "--", *map(str, words)]


class SystemBus:
    """`words` makes a command run among the files that the bus is for."""

    def __init__(self, words):
        self._start, self.words = words, None

    def __enter__(self):
        self._home = tempfile.TemporaryDirectory(prefix="bus-")
        home = pathlib.Path(self._home.name)
        (home / "bus.conf").write_text(_CONFIGURATION)
        self._daemon = Process(self._start("sh", "-c", _SCRIPT, "sh", home / "bus.conf"), home / "log")
        self.words = beside(self._daemon)
        try:
            eventually(quiet(self._listens), 15, lambda: f"system bus\n{self._daemon.log_tail()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._daemon.stop()
        self._home.cleanup()

    def run(self, *words, timeout=60):
        """The CompletedProcess of a program that has this bus."""
        return subprocess.run(self.words(*words), capture_output=True, text=True, timeout=timeout, check=False)

    def wait_for(self, name, deadline=15.0):
        """Returns when a program has taken that name on the bus."""
        bus = "org.freedesktop.DBus"
        question = ("dbus-send", "--system", "--print-reply=literal", f"--dest={bus}", "/org/freedesktop/DBus",
                    f"{bus}.NameHasOwner", f"string:{name}")
        eventually(lambda: "true" in self.run(*question).stdout, deadline, f"{name} on the bus")

    def _listens(self):
        assert self._daemon.exit_code is None, f"dbus-daemon ended\n{self._daemon.log_tail()}"
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(f"/proc/{self._daemon.pid}/root/{_SOCKET}")
        return True
