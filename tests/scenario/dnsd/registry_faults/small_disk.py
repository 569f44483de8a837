# Signpost. Apache-2.0; see LICENSE.
"""A real file system of a few megabytes, which can be filled, emptied and made read-only."""
import errno
import subprocess


class SmallDisk:
    """Mounted at `path` (made) until `close`."""

    def __init__(self, path, size="4m"):
        self.path = path
        path.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "signpost-test", path], check=True)
        self._ballast = path / "ballast"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def fill(self):
        """Not a byte is left."""
        with open(self._ballast, "ab", buffering=0) as ballast:
            for portion in (65536, 4096, 1):
                try:
                    while ballast.write(b"x" * portion) == portion:
                        pass
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error

    def make_room(self):
        self._ballast.unlink()

    def read_only(self):
        subprocess.run(["mount", "-o", "remount,ro", self.path], check=True)

    def close(self):
        # Lazily: a dnsd that a failed test left behind must not keep the mount for ever.
        subprocess.run(["umount", "-l", self.path], check=True)
