# Signpost. Apache-2.0; see LICENSE.
"""--deregister on-success: a container that failed stays visible, and is not used.

Claims
- Exit codes decide as the table says; what is kept is critical and goes with its container or its next start.
"""
import pytest

from support.wait import eventually

WEB = "node1:web.1:80"

# (exit code, compat, kept)
ENDS = [(0, "none", False), (3, "none", True), (137, "none", False), (143, "none", False), (139, "none", True),
        (3, "registrator", True), (139, "registrator", False), (137, "registrator", False)]


def critical(agent):
    return any(check["Status"] == "critical" for check in agent.checks(WEB).values())


@pytest.mark.parametrize("code, compat, kept", ENDS, ids=[f"case 86 die({c}) {m}" for c, m, _ in ENDS])
def test_on_success(agent, start, run_web, settle, code, compat, kept):
    web = run_web()
    start(deregister="on-success", compat=compat)
    eventually(lambda: agent.ids() == [WEB])
    web.die(code)
    if kept:
        eventually(lambda: critical(agent), 1, lambda: agent.checks(WEB))
        settle()
        assert WEB in agent.ids() and critical(agent)
    else:
        eventually(lambda: agent.ids() == [], 1)


def test_case_87_kept_until_the_container_is_removed(agent, start, run_web):
    web = run_web()
    start(deregister="on-success")
    eventually(lambda: agent.ids() == [WEB])
    web.die(3)
    eventually(lambda: critical(agent), 1)
    web.remove()
    eventually(lambda: agent.ids() == [], 1)


def test_kept_through_a_restart_of_registrar(agent, start, run_web, settle):
    web = run_web()
    registrar = start(deregister="on-success")
    eventually(lambda: agent.ids() == [WEB])
    web.die(3)
    eventually(lambda: critical(agent), 1)
    registrar.kill()
    registrar.start()
    settle()
    assert WEB in agent.ids() and critical(agent)
    web.start()
    eventually(lambda: not critical(agent), 2, lambda: agent.checks(WEB))


def test_kept_serves_again_after_a_start(agent, start, run_web):
    web = run_web()
    start(deregister="on-success")
    eventually(lambda: agent.ids() == [WEB])
    web.die(3)
    eventually(lambda: critical(agent), 1)
    web.start()
    eventually(lambda: not critical(agent), 1, lambda: agent.checks(WEB))
    assert agent.ids() == [WEB]


def test_always_removes_failures_too(agent, start, run_web):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.die(3)
    eventually(lambda: agent.ids() == [], 1)
