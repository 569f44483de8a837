# Signpost. Apache-2.0; see LICENSE.
"""What these scenarios measure on lb. SIGNPOST_LONG=1 runs with all that is promised, otherwise with a part of it."""
import os
import pathlib
import re
import resource

import pytest

from support.program import memory_limit
from support.wait import eventually

LONG = os.environ.get("SIGNPOST_LONG") == "1"


class Gauge:
    """Memory and descriptors of a running Lb since the gauge was made."""

    def __init__(self, lb):
        self.lb = lb
        self._high, self._files = self._read("VmHWM"), self.files()

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
        eventually(lambda: self.files() <= self._files, 10,
                   lambda: f"{self._files} descriptors as before, not {self.files()}: {self._names()}")

    def _names(self):
        folder = pathlib.Path(f"/proc/{self.lb.pid}/fd")
        return sorted(os.readlink(entry) for entry in folder.iterdir() if entry.exists())[:50]


@pytest.fixture(scope="session", autouse=True)
def many_files():
    """As many descriptors as this process may have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
