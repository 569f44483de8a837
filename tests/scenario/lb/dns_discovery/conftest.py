# Signpost. Apache-2.0; see LICENSE.
import contextlib

import pytest

from lb_dns_stage import Stage


@pytest.fixture
def start():
    """start(*cases, **words) is a Stage whose cases have default settings. Closed with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda *cases, **words: stack.enter_context(Stage({case: {} for case in cases}, **words))


@pytest.fixture(scope="module")
def stage(request):
    """A Stage with the module's CASES."""
    with Stage(request.module.CASES) as one:
        yield one
