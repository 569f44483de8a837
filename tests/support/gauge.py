# Signpost. Apache-2.0; see LICENSE.
"""What a program under load is measured by: memory and descriptors.

    gauge = Gauge(lb)
    ...                                                  # load
    gauge.assert_flat("a body of 1 GiB", note)
    gauge.assert_no_file_left()

SIGNPOST_LONG=1 (LONG) runs with all that is promised, otherwise tests do a part of it.
"""
import os
import pathlib
import re

from support.program import memory_limit
from support.wait import eventually

LONG = os.environ.get("SIGNPOST_LONG") == "1"


class Gauge:
    """Memory and descriptors of a running Lb since the gauge was made."""

    def __init__(self, lb):
        self.lb = lb
        self._high, self.before = self._read("VmHWM"), self.files()

    def _read(self, name):
        text = pathlib.Path(f"/proc/{self.lb.pid}/status").read_text()
        return 1024 * int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1])

    def growth(self):
        """Bytes by which the most memory that it ever had in use has grown."""
        return self._read("VmHWM") - self._high

    def files(self):
        return len(os.listdir(f"/proc/{self.lb.pid}/fd"))

    def assert_flat(self, what, note, most=20 << 20):
        grown = self.growth()
        note(f"lb load: {what}: memory grew by {grown / (1 << 20):.1f} MiB at most")
        assert grown < memory_limit(most), f"{what}: {grown} bytes more"

    def assert_no_file_left(self):
        eventually(lambda: self.files() <= self.before, 10,
                   lambda: f"{self.before} descriptors as before, not {self.files()}: {self._names()}")

    def _names(self):
        folder = pathlib.Path(f"/proc/{self.lb.pid}/fd")
        return sorted(os.readlink(entry) for entry in folder.iterdir() if entry.exists())[:50]
