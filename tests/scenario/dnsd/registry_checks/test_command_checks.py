# Signpost. Apache-2.0; see LICENSE.
"""Scripts, and commands in containers of a real Docker Engine. Claims:

- C1 The exit code decides, the output is kept, its end when it is long; what cannot run says why.
- C2 A script over its time is killed with everything it started.
- C3 The same holds in a container, and a container that is gone, stopped or paused is critical.
- C4 Nothing of this runs unless the operator allows it.
"""
import checked_agent

from support.wait import eventually


def shell(text):
    return ["/bin/sh", "-c", text]


def test_c1_scripts(agent):
    agent.add("s-ok", Args=shell("echo ok; echo err >&2"))
    agent.add("s-warn", Args=shell("echo warn; exit 1"))
    agent.add("s-fail", Args=shell("echo fail; exit 2"))
    agent.add("s-words", Args=["echo", "$HOME; exit 2", "*"])
    agent.add("s-none", Args=["/no/such/program"])
    agent.add("s-long", Args=["seq", "1", "5000"], OutputMaxSize=20)
    agent.becomes("s-ok", "passing", "ok\nerr\n")
    agent.becomes("s-warn", "warning", "warn\n")
    agent.becomes("s-fail", "critical", "fail\n")
    agent.becomes("s-words", "passing", "$HOME; exit 2 *\n")
    agent.becomes("s-none", "critical", "fork/exec /no/such/program: no such file or directory")
    assert agent.becomes("s-long", "passing", "") == "Captured 20 of 23893 bytes\n...\n4997\n4998\n4999\n5000\n"


def test_c2_over_time(agent, tmp_path):
    still = tmp_path / "still"
    agent.add("s-slow", Timeout="500ms", Args=shell(f"(while :; do echo x >>{still}; sleep 0.05; done) & echo go; wait"))
    output = agent.becomes("s-slow", "critical", "Timed out")
    assert output == "Timed out (500ms) running check\n\ngo\n"
    agent.remove("s-slow")

    def quiet():  # nobody has written for ten of its turns
        size = still.stat().st_size
        try:
            eventually(lambda: still.stat().st_size > size, 0.5)
        except AssertionError:
            return True
        return False

    eventually(quiet, 5, "what the script started is gone")


def test_c3_containers(agent, docker):
    container = {"DockerContainerID": "c1"}
    agent.add("d-ok", Args=["echo", "hi"], **container)
    agent.add("d-warn", Args=shell("echo hm; exit 1"), **container)
    agent.add("d-fail", Args=shell("echo no; exit 3"), **container)
    agent.add("d-none", Args=["/no/such"], **container)
    agent.add("d-long", Args=["seq", "1", "5000"], **container)
    agent.add("d-gone", Args=["echo"], DockerContainerID="nobody")
    agent.add("d-stopped", Args=["echo"], DockerContainerID="stopped")
    agent.becomes("d-ok", "passing", "hi\n")
    agent.becomes("d-warn", "warning", "hm\n")
    agent.becomes("d-fail", "critical", "no\n")
    agent.becomes("d-none", "critical", "/no/such")
    output = agent.becomes("d-long", "passing", "Captured 4096 of 23893 bytes\n...\n")
    assert output.endswith("4999\n5000\n")
    agent.becomes("d-gone", "critical", "create exec failed for unknown container nobody")
    agent.becomes("d-stopped", "critical", "create exec failed since container stopped is paused or stopped")
    docker.command("start", "stopped")
    agent.becomes("d-stopped", "passing", "\n")
    docker.command("pause", "stopped")
    agent.becomes("d-stopped", "critical", "is paused or stopped")
    docker.command("unpause", "stopped")


def test_c4_only_when_allowed():
    with checked_agent.checked_agent(scripts=False) as careful:
        for definition in ({"Args": ["true"]}, {"Args": ["true"], "DockerContainerID": "c1"}):
            answer = careful.call("PUT", "/v1/agent/check/register", {"Name": "s", "Interval": "1s", **definition})
            assert answer.status_code == 500
            assert "Scripts are disabled on this agent" in answer.text
        assert "s" not in careful.checks()
