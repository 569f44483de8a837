# Signpost. Apache-2.0; see LICENSE.
"""The ground of every scenario here: one engine, one agent, and registrars between them."""
import itertools

import pytest

from support.fake_agent import FakeAgent
from support.fake_engine import FakeEngine
from support.registrar import Registrar
from support.wait import eventually

_marks = itertools.count(1)


@pytest.fixture
def engine():
    with FakeEngine() as fake:
        yield fake


@pytest.fixture
def agent():
    with FakeAgent() as fake:
        yield fake


@pytest.fixture
def start(engine, agent):
    """start(**options) is a running Registrar between `engine` and `agent`; its clean end is asserted after the test.
    Words that are no options of the program: arguments, env, ready, preexec."""
    started = []

    def run(engine=engine, agent=agent, arguments=(), env=None, ready=True, preexec=None, **options):
        options = {name.replace("_", "-"): value for name, value in options.items()}
        started.append(Registrar(engine, agent, options, arguments, env, ready, preexec))
        return started[-1]

    yield run
    for registrar in started:
        registrar.close()


@pytest.fixture
def run_web(engine):
    """run_web(...) runs the container web.1, whose service is WEB, with its port 80 published as 8080."""
    return lambda **words: engine.run("web.1", **{"image": "team/web:1", "ports": ["8080:80"], **words})


@pytest.fixture
def settle(engine, agent):
    """settle() waits until what was told so far has been worked off: one more container comes, is registered, and goes.
    With what has to happen within one burst of events; not with delayed replies."""
    def pass_by():
        number = next(_marks)
        mark = engine.run(f"mark{number}", ports=[f"{40000 + number}:80"])
        eventually(lambda: f"node1:mark{number}:80" in agent.ids(), 5, "the mark registered")
        mark.remove()
        eventually(lambda: f"node1:mark{number}:80" not in agent.ids(), 5, "the mark removed")

    return pass_by
