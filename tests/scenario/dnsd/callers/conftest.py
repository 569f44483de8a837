# Signpost. Apache-2.0; see LICENSE.
"""The ground of most scenarios here: dnsd as the name server of a host."""
import pytest
from callers_world import World


@pytest.fixture(scope="module")
def world():
    with World() as there:
        yield there
