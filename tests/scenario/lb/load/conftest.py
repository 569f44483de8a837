# Signpost. Apache-2.0; see LICENSE.
import resource

import pytest


@pytest.fixture(scope="module", autouse=True)
def many_files():
    """As many descriptors as this process may have."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
