# Signpost. Apache-2.0; see LICENSE.
"""Makes `support` importable from every test; seeds and measured numbers are shown at the end of each run."""
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

_notes = []


@pytest.fixture(scope="session")
def note():
    """A function that takes a line of text to be printed at the end of the run, whether tests pass or fail."""
    return _notes.append


@pytest.fixture(scope="session")
def seed(note):
    """Seed of everything random in a run; SIGNPOST_SEED repeats an earlier one."""
    value = int(os.environ.get("SIGNPOST_SEED") or random.SystemRandom().randrange(2**32))
    note(f"SIGNPOST_SEED={value}")
    return value


def pytest_terminal_summary(terminalreporter):
    for line in _notes:
        terminalreporter.write_line(line)
