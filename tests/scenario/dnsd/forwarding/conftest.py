# Signpost. Apache-2.0; see LICENSE.
import pytest

from support.dnsd import Dnsd
from support.misbehaving_dns import MisbehavingDns, truth


@pytest.fixture(scope="module")
def honest():
    """An upstream that tells the truth about every name, and starts each test so."""
    with MisbehavingDns() as upstream:
        yield upstream


@pytest.fixture
def upstream(honest):
    honest.behave = truth
    honest.forget()
    return honest


@pytest.fixture(scope="module")
def dnsd(honest):
    """One that forwards everything to it."""
    with Dnsd(options={"upstream": [honest.address]}) as server:
        yield server
