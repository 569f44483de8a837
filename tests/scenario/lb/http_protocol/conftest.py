# Signpost. Apache-2.0; see LICENSE.
import pytest

from lb_http_stage import Stage


@pytest.fixture(scope="session")
def stages():
    """stages(**options) gives a Stage with these options of lb, the same for equal options, as if it were new."""
    known = {}

    def with_options(settings=None, **options):
        key = repr(sorted((settings or {}).items()) + sorted(options.items()))
        if key not in known:
            known[key] = Stage({name.replace("_", "-"): value for name, value in options.items()}, **(settings or {}))
        known[key].reset()
        return known[key]

    yield with_options
    for stage in known.values():
        stage.close()


@pytest.fixture
def stage(stages):
    """With default options."""
    return stages()
