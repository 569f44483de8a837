# Signpost. Apache-2.0; see LICENSE.
"""A container changes while it runs.

Claims
- A new name brings a new ID without a gap.
- The address follows the networks of the container, once; what does not matter writes nothing.
"""
from support.registrar import always
from support.wait import eventually

WEB = "node1:web.1:80"


def test_case_81_rename(agent, start, run_web):
    web = run_web()
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.rename("web.2")
    eventually(lambda: agent.ids() == ["node1:web.2:80"], 2, agent.ids)
    writes = [(w.path.split("/")[4], "web.2" in w.line) for w in agent.writes()]
    assert writes == [("register", False), ("register", True), ("deregister", False)], "the new one first"


def test_case_82_network_follows_once(agent, start, run_web):
    web = run_web(network_mode="net1", ports=[], expose=["80"])
    start(internal=True)
    eventually(lambda: agent.ids() == [WEB])
    assert agent.services()[WEB]["Address"] == web.address("net1")
    web.connect("net2")
    always(lambda: len(agent.writes(WEB)) == 1, 0.5, "another network is of no interest")
    web.disconnect("net1")
    eventually(lambda: agent.services()[WEB]["Address"] == web.address("net2"), 1, agent.services)
    always(lambda: len(agent.writes(WEB)) == 2, 0.5, lambda: agent.writes(WEB))
    assert agent.services()[WEB]["Port"] == 80


def test_case_82_published_ports_do_not_follow(agent, start, run_web, settle):
    web = run_web(network_mode="net1")
    start()
    eventually(lambda: agent.ids() == [WEB])
    web.connect("net2")
    web.disconnect("net2")
    web.update()
    settle()
    assert len(agent.writes(WEB)) == 1
    assert agent.services()[WEB]["Address"] == "192.0.2.10"
