# Signpost. Apache-2.0; see LICENSE.
"""Moves the clocks of a program under test (libfaketime)."""
import glob
import os


class FakeTime:
    """A file that libfaketime reads anew at each look at a clock; `environment` is for the program. Without `monotonic` the
    monotonic clock stays true, as when an operator sets the wall clock."""

    def __init__(self, path, monotonic=False):
        self._path = path
        self.move(0)
        library = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
        assert library, "no libfaketime: run tools/setup"
        # The address sanitizer wants to be loaded first, and works all the same when it is not; the thread sanitizer finds
        # that libfaketime's own buffer has no lock.
        races = path.with_suffix(".races")
        races.write_text("race:libfaketime\nrace:read_config_file\n")
        thread_options = ":".join(filter(None, (os.environ.get("TSAN_OPTIONS"), f"suppressions={races}")))
        self.environment = {"LD_PRELOAD": library[0], "ASAN_OPTIONS": "verify_asan_link_order=0", "TSAN_OPTIONS": thread_options,
                            "FAKETIME_TIMESTAMP_FILE": str(path), "FAKETIME_NO_CACHE": "1"}
        if not monotonic:
            self.environment |= {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}

    def move(self, seconds):
        """So many seconds away from the true time."""
        self._path.write_text(f"{seconds:+d}s\n")
