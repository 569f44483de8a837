# Signpost. Apache-2.0; see LICENSE.
"""What would be written can be seen without writing it.

Claims
- `registrar plan` prints every addition, change and removal with its reason; exit 0 when there is none, 2 when there is
  one, 1 when engine or agent cannot be read; it never writes.
- A daemon with --dry-run never writes either, and counts what it would have written.
- /metrics is Prometheus text whose series do not grow with the containers.
"""
import re

from support.fake_consul import status
from support.registrar import always, run_command
from support.wait import eventually

WEB = "node1:web.1:80"
METRIC = re.compile(r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? \S+')


def plan(engine, agent, *words):
    return run_command("plan", "--docker", engine.url, "--consul", agent.url, "--node-id", "node1", "--ip", "192.0.2.10",
                       *words)


def test_case_122_plan(engine, agent, start, run_web):
    run_web()
    gone = engine.run("gone", ports=["8089:80"])
    engine.run("same", ports=["8088:80"])
    registrar = start()
    eventually(lambda: len(agent.ids()) == 3)
    registrar.stop()
    settled = plan(engine, agent)
    assert settled.returncode == 0, settled.stdout
    assert len(agent.writes()) == 3
    agent.edit(WEB, Port=1)
    gone.stop()
    engine.run("fresh", ports=["8087:80"])
    before = len(agent.writes())
    done = plan(engine, agent)
    assert done.returncode == 2, done.stderr
    lines = {line.split()[1]: line for line in done.stdout.splitlines() if "node1:" in line}
    assert set(lines) == {"add", "change", "remove"}, done.stdout
    assert "node1:fresh:80" in lines["add"] and "node1:gone:80" in lines["remove"]
    assert WEB in lines["change"] and "port" in lines["change"] and "8080" in lines["change"]
    assert "node1:same:80" not in done.stdout
    assert len(agent.writes()) == before


def test_case_122_plan_of_nothing(engine, agent):
    agent.register("stranger", "node1:x:80")
    assert plan(engine, agent).returncode == 0
    assert agent.writes() == []


def test_case_122_plan_without_agent_or_engine(engine, agent):
    agent.break_with(status(500, "broken"), "GET")
    done = plan(engine, agent)
    assert done.returncode == 1 and done.stderr
    agent.heal()
    engine.stop()
    done = plan(engine, agent)
    assert done.returncode == 1 and done.stderr


def test_case_123_dry_run(engine, agent, start, run_web):
    web = run_web(health=True)
    first = start()
    eventually(lambda: agent.ids() == [WEB])
    first.kill()
    web.stop()
    before = len(agent.writes())
    registrar = start(dry_run=True)
    eventually(lambda: registrar.metric("signpost_registrar_writes_total", action="remove") == 1, 3)
    other = engine.run("web.2", ports=["8082:80"], health=True)
    eventually(lambda: registrar.metric("signpost_registrar_writes_total", action="add") == 1, 3)
    other.health("healthy")
    always(lambda: len(agent.writes()) == before, 0.5)
    assert registrar.metric("signpost_registrar_writes_total", action="add") == 1
    assert registrar.status()["dry_run"] is True


def test_case_124_metrics(engine, agent, start):
    containers = engine.run_many(3)
    registrar = start()
    eventually(lambda: len(agent.ids()) == 3)
    page = registrar.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in page.text.splitlines() if not line.startswith("#")]
    assert len(lines) > 30 and all(METRIC.fullmatch(line) for line in lines), page.text
    before = registrar.metrics()
    containers[0].restart()
    engine.run_many(50, first_port=25000, prefix="more", labels={"SERVICE_NAME": "more"})
    eventually(lambda: len(agent.ids()) == 53, 5)
    after = registrar.metrics()
    assert set(after) == set(before), "no series of a container's own"
    falling = [name for name in before if "_total" in name and after[name] < before[name]]
    assert not falling
    assert after["signpost_registrar_services_registered"] == 53
    assert registrar.metric("signpost_registrar_writes_total", action="add", outcome="done") >= 53


def test_pages(agent, start, run_web):
    run_web()
    registrar = start()
    eventually(lambda: agent.ids() == [WEB])
    eventually(lambda: registrar.status()["services"][0]["registered"], 2)
    status_page = registrar.status()
    assert status_page["state"] == "ready" and status_page["engine"]["connected"] and status_page["agent"]["reachable"]
    assert [service["id"] for service in status_page["services"]] == [WEB]
    assert registrar.get("/healthz").status_code == 200
    assert registrar.get("/readyz").status_code == 200
    assert registrar.get("/nothing").status_code == 404
