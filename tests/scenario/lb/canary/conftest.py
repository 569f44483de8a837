# Signpost. Apache-2.0; see LICENSE.
"""The ground of these scenarios: one lb whose host web.test leads to endpoints of several versions."""
import contextlib

import pytest

from support.farm import Farm
from support.lb import Lb, service
from support.ports import free_port


class Stage:
    """`origins`: version to the names of its endpoints, whose answers are these names. Closed with the test."""

    def __init__(self, origins, options=None, kind="http", **settings):
        self.versions = {name: version for version, names in origins.items() for name in names}
        self.farm, self.port = Farm(*self.versions, kind=kind), free_port()
        self.lb = Lb({"stop-timeout": "300ms", **(options or {})}, self.services(**settings),
                     [{"host": "web.test", "service": "web"}, {"tcp": self.port, "service": "web"}])

    def services(self, only=None, **settings):
        """The part of the config file; `only` these endpoints."""
        names = [name for name in self.versions if only is None or name in only]
        return {"web": service([{"address": self.farm[name], "version": self.versions[name]} for name in names], **settings)}

    def change(self, only=None, **settings):
        """By SIGHUP."""
        self.lb.reload(services=self.services(only, **settings))

    def close(self):
        self.lb.close()
        self.farm.close()


@pytest.fixture
def start():
    with contextlib.ExitStack() as stack:
        def run(*words, **settings):
            stage = Stage(*words, **settings)
            stack.callback(stage.close)
            return stage
        yield run
