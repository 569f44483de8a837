# Signpost. Apache-2.0; see LICENSE.
"""Makes `support` importable from every test, and shows where a seed can be repeated."""
import os
import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(scope="session")
def seed():
    """Seed of everything random in a run; SIGNPOST_SEED repeats an earlier one."""
    value = int(os.environ.get("SIGNPOST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"\nSIGNPOST_SEED={value}")
    return value
