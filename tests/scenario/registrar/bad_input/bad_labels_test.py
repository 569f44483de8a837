# Signpost. Apache-2.0; see LICENSE.
"""Nothing that stands in a label can cost another service, or registrar its life.

Claims
- Bytes of every kind reach Consul exactly, or are left out with a warning; the registration is never lost.
- A container with thousands of odd keys is registered like any other.
"""
import pytest

from support.wait import eventually

WEB = "node1:web.1:80"
NEIGHBOUR = "node1:web.2:80"

TEXTS = {"markup": "<a href='x'>&amp;</a>", "quotes": "\"'`\\", "newline": "one\ntwo\r\nthree\t", "UTF-8": "grün 木 🚀",
         "braces": "{{ {} }} $SERVICE_IP %s %00", "control": "\x01\x1f\x7f", "empty": "", "line separator": "\u2028\ufeff"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_meta_is_byte_exact(agent, start, run_web, text):
    run_web(labels={"SERVICE_NOTE": text, "other": text})
    start()
    eventually(lambda: agent.ids() == [WEB])
    assert agent.services()[WEB]["Meta"].get("note", "") == text


@pytest.mark.parametrize("text", [t for t in TEXTS.values() if t.strip() and "{{" not in t],
                         ids=[n for n, t in TEXTS.items() if t.strip() and "{{" not in t])
def test_tags_are_byte_exact(agent, start, run_web, text):
    run_web(labels={"SERVICE_TAGS": f"first,{text.strip()}"})
    start()
    eventually(lambda: agent.ids() == [WEB])
    assert agent.services()[WEB]["Tags"] == ["first", text.strip()]


# Labels that Consul would refuse, or that make no sense.
LABELS = {
    "dotted key": {"SERVICE_traefik.enable": "true"}, "blank key": {"SERVICE_": "x"}, "reserved": {"SERVICE_consul-x": "y"},
    "our own": {"SERVICE_registrar-owner": "me", "SERVICE_META_registrar-container": "x"},
    "long value": {"SERVICE_NOTE": "x" * 100_000}, "long key": {"SERVICE_" + "k" * 1000: "x"},
    "many keys": {f"SERVICE_KEY{number}": str(number) for number in range(3000)},
    "UTF-8 key": {"SERVICE_grün": "x"}, "weight 0": {"SERVICE_WEIGHT": "0"}, "weight huge": {"SERVICE_WEIGHT": "9" * 30},
    "weight text": {"SERVICE_WEIGHT": "heavy"}, "port text": {"SERVICE_PORT": "http"}, "port huge": {"SERVICE_PORT": "70000"},
    "port form huge": {"SERVICE_99999999999999999999_NAME": "x"}, "range backwards": {"SERVICE_90-10_NAME": "x"},
    "interval": {"SERVICE_CHECK_HTTP": "h", "SERVICE_CHECK_INTERVAL": "10", "SERVICE_CHECK_TIMEOUT": "soon"},
    "interval huge": {"SERVICE_CHECK_TCP": "1", "SERVICE_CHECK_INTERVAL": "9" * 40 + "h"},
    "ttl zero": {"SERVICE_CHECK_TTL": "0s"}, "status": {"SERVICE_CHECK_TCP": "1", "SERVICE_CHECK_INITIAL_STATUS": "ok"},
    "drain": {"SERVICE_DRAIN": "forever"}, "address": {"SERVICE_IP": "0.0.0.0"}, "family": {"SERVICE_FAMILY": "5"},
    "template": {"SERVICE_TAGS": "{{.No.Such}},{{,ok"}, "deep template": {"SERVICE_TAGS": "{{" * 5000},
    "tags": {"SERVICE_TAGS": "," * 10_000}, "many tags": {"SERVICE_TAGS": ",".join(map(str, range(5000)))},
    "register when": {"SERVICE_REGISTER_WHEN": "maybe"}, "alias": {"SERVICE_ALIAS": ",,"},
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_never_loses_the_registration(engine, agent, start, run_web, labels):
    web = run_web(labels=labels)
    engine.run("web.2", ports=["8082:80"])
    start()
    eventually(lambda: {WEB, NEIGHBOUR} <= set(agent.ids()), 3, agent.ids)
    meta = agent.services()[WEB]["Meta"]
    assert meta["registrar-container"] == web.id and "registrar-owner" in meta
    web.stop()
    eventually(lambda: WEB not in agent.ids(), 2)
    assert NEIGHBOUR in agent.ids()


@pytest.mark.parametrize("name", ["x" * 5000, "a b", "\n", "{{"], ids=["long", "blank inside", "newline", "braces"])
def test_odd_names(engine, agent, start, run_web, settle, name):
    """Names that Consul takes although DNS cannot; what it refuses is this service's trouble alone."""
    run_web(labels={"SERVICE_NAME": name})
    engine.run("web.2", ports=["8082:80"], labels={"SERVICE_ID": "id/with?odd#characters %"})
    registrar = start()
    eventually(lambda: "id/with?odd#characters %" in agent.ids(), 2, agent.ids)
    settle()
    assert registrar.get("/status").status_code == 200


def test_a_container_with_a_huge_inspect(agent, start, run_web):
    """5 MB of environment."""
    run_web(env=[f"KEY{number}={'v' * 1000}" for number in range(5000)] + ["SERVICE_NAME=big", "odd", "", "=x"])
    start()
    eventually(lambda: agent.ids() == [WEB], 5)


def test_many_ports(engine, agent, start):
    engine.run("many", ports=[f"{10000 + number}:{10000 + number}/udp" for number in range(300)],
               labels={"SERVICE_10000-10289_IGNORE": "true"})
    start()
    eventually(lambda: len(agent.ids()) == 10, 3, lambda: len(agent.ids()))
