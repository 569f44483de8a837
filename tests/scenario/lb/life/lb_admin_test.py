# Signpost. Apache-2.0; see LICENSE.
"""The operator's hand on single endpoints.

Claims
- drain, weight and enable count for the next request, outlive changes of the set and of other services, and run out when told
  to; what the operator and what the source or the checks say is shown apart.
- Without a token only this host may do it, and no browser; with one, only who knows it, from wherever; it is in no page and
  no log.
- What is wrong with a request is said, and changes nothing.
"""
import socket

import pytest
import requests

from support.farm import ask, shares
from support.lb import Lb, service
from support.wait import eventually

ROUTES = [{"host": "web.test", "service": "web"}]
TOKEN = "s3cret-token"


@pytest.fixture(scope="module")
def shared(farm):
    with Lb({"stop-timeout": "300ms", "threads": 2}, {"web": service(farm.addresses)}, ROUTES) as lb:
        yield lb


@pytest.fixture
def lb(shared, farm):
    """With everything enabled."""
    for address in farm.addresses:
        assert shared.admin("enable", "web", address).status_code == 200
    return shared


def counts(lb, count=300):
    return shares(ask(lb, "web.test", count, connections=10))


def test_R10_drain_and_enable(lb, farm):
    done = lb.admin("drain", "web", farm["a"])
    assert done.status_code == 200 and done.json() == {"action": "drain", "service": "web", "endpoint": farm["a"]}
    assert set(counts(lb)) == {"b", "c"}
    endpoint = lb.endpoint("web", farm["a"])
    assert (endpoint["state"], endpoint["drained"], endpoint["reason"]) == ("drained", True, "drained by the operator")
    assert lb.metric("signpost_lb_endpoint_usable", endpoint=farm["a"]) == 0
    assert lb.admin("enable", "web", farm["a"]).status_code == 200
    assert abs(counts(lb)["a"] - 100) <= 6
    assert "drained by the operator" in lb.log() and "enabled by the operator" in lb.log()


def test_R10_weight(lb, farm):
    assert lb.admin("weight", "web", farm["b"], weight=4).status_code == 200
    assert abs(counts(lb)["b"] - 200) <= 10
    assert (lb.endpoint("web", farm["b"])["weight"], lb.endpoint("web", farm["b"])["admin_weight"]) == (1, 4)
    assert lb.admin("weight", "web", farm["b"], weight=0).status_code == 200
    assert set(counts(lb)) == {"a", "c"}
    assert lb.admin("enable", "web", farm["b"]).status_code == 200
    assert "admin_weight" not in lb.endpoint("web", farm["b"]) and abs(counts(lb)["b"] - 100) <= 6


def test_R10_all_are_drained(lb, farm):
    for address in farm.addresses:
        lb.admin("drain", "web", address)
    assert lb.get("web.test").status_code == 503, "not even in panic: the operator means it"


def test_R10_it_outlives_changes(lb, farm, change):
    lb.admin("drain", "web", farm["a"])
    lb.admin("weight", "web", farm["b"], weight=3)
    for endpoints in ([farm["b"]], farm.addresses[::-1], [{"address": address, "weight": 5} for address in farm.addresses]):
        change(lb, endpoints)
    answers = counts(lb, 400)
    assert set(answers) == {"b", "c"} and abs(answers["b"] - 150) <= 8, answers
    change(lb, farm.addresses)


def test_R10_for_a_while(lb, farm):
    assert lb.admin("drain", "web", farm["a"], **{"for": "400ms"}).json()["for"] == "400ms"
    assert lb.admin("weight", "web", farm["b"], weight=9, **{"for": "400ms"}).status_code == 200
    assert lb.admin("drain", "web", farm["c"], **{"for": "300ms"}).status_code == 200
    assert lb.admin("drain", "web", farm["c"]).status_code == 200, "for ever, after all"
    eventually(lambda: lb.endpoint("web", farm["a"])["state"] == "usable", 5)
    eventually(lambda: "admin_weight" not in lb.endpoint("web", farm["b"]), 5)
    assert lb.endpoint("web", farm["c"])["state"] == "drained"
    assert "has run out" in lb.log()


def test_R11_reasons_are_shown_apart(farm, change):
    with Lb({"stop-timeout": "300ms"}, {"web": service([farm["a"], "127.0.0.1:9"], fail_timeout="1h")}, ROUTES) as lb:
        eventually(lambda: lb.get("web.test").status_code == 200 and lb.endpoint("web", "127.0.0.1:9")["fails"] == 1, 5)
        assert lb.endpoint("web", "127.0.0.1:9")["state"] == "failed"
        lb.admin("drain", "web", "127.0.0.1:9")
        both = lb.endpoint("web", "127.0.0.1:9")
        assert (both["state"], both["drained"], both["fails"]) == ("drained", True, 1)
        lb.admin("enable", "web", "127.0.0.1:9")
        assert lb.endpoint("web", "127.0.0.1:9")["state"] == "failed", "the operator's word does not heal it"
        lb.admin("drain", "web", farm["a"])
        change(lb, ["127.0.0.1:9"])
        removed = lb.endpoint("web", farm["a"])
        assert (removed["state"], removed["drained"]) == ("removed", True)


WRONG = [
    (405, "GET", "/v1/endpoint/drain?service=web&endpoint=A"),
    (404, "PUT", "/v1/endpoint/stop?service=web&endpoint=A"),
    (404, "PUT", "/v1/endpoint/drain/x?service=web&endpoint=A"),
    (404, "PUT", "/v1/endpoint/drain?service=other&endpoint=A"),
    (404, "PUT", "/v1/endpoint/drain?service=web&endpoint=192.0.2.1:80"),
    (400, "PUT", "/v1/endpoint/drain?service=web"),
    (400, "PUT", "/v1/endpoint/drain?endpoint=A"),
    (400, "PUT", "/v1/endpoint/weight?service=web&endpoint=A"),
    (400, "PUT", "/v1/endpoint/weight?service=web&endpoint=A&weight=-1"),
    (400, "PUT", "/v1/endpoint/weight?service=web&endpoint=A&weight=65536"),
    (400, "PUT", "/v1/endpoint/weight?service=web&endpoint=A&weight=3&for=soon"),
    (400, "PUT", "/v1/endpoint/drain?service=web&endpoint=A&for=0s"),
]


@pytest.mark.parametrize("status, method, target", WRONG, ids=[f"R10 {status} {target[13:]}" for status, _, target in WRONG])
def test_wrong_requests(lb, farm, status, method, target):
    refused = requests.request(method, lb.url + target.replace("endpoint=A", f"endpoint={farm['a']}"), timeout=5)
    assert refused.status_code == status and refused.json()["error"], refused.text
    assert lb.endpoints("web") == {address: "usable" for address in farm.addresses}
    assert not any("admin_weight" in endpoint for endpoint in lb.service("web")["endpoints"])


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_browsers_need_a_token(lb, farm, headers):
    assert lb.admin("drain", "web", farm["a"], headers=headers).status_code == 403
    assert lb.endpoint("web", farm["a"])["state"] == "usable"


def other_address():
    """An address of this host that is no loopback one, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
    return None if address.startswith("127.") else address


def test_tokens(farm, tmp_path):
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    with Lb({"stop-timeout": "300ms", "admin-token-file": str(secret)}, {"web": service(farm.addresses)}, ROUTES) as lb:
        for headers in (None, {"Authorization": "Bearer"}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN},
                        {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Bearer {TOKEN}x"}, {"X-Consul-Token": TOKEN}):
            refused = lb.admin("drain", "web", farm["a"], headers=headers)
            assert refused.status_code == 401 and "--admin-token" in refused.json()["error"]
        assert lb.endpoint("web", farm["a"])["state"] == "usable"
        good = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://console.example"}
        assert lb.admin("drain", "web", farm["a"], headers=good).status_code == 200
        assert lb.endpoint("web", farm["a"])["state"] == "drained"
        secret.write_text("other-s3cret")
        lb.reload()
        assert lb.admin("enable", "web", farm["a"], headers=good).status_code == 401
        assert lb.admin("enable", "web", farm["a"], headers={"Authorization": "Bearer other-s3cret"}).status_code == 200
        pages = [lb.get(page).text for page in ("/", "/status", "/metrics", "/readyz")] + [lb.log()]
        assert not any("s3cret" in page for page in pages)


@pytest.mark.skipif(other_address() is None, reason="this host has no address but loopback ones")
def test_other_hosts_need_a_token(farm):
    """Played by another address of this host."""
    with Lb({"stop-timeout": "300ms"}, {"web": service(farm.addresses)}, ROUTES, start=False) as lb:
        lb.arguments = ["--http", f"0.0.0.0:{lb.http_port}"]
        lb.start()
        target = f"http://{other_address()}:{lb.http_port}/v1/endpoint/drain"
        words = {"service": "web", "endpoint": farm["a"]}
        assert requests.put(target, params=words, timeout=5).status_code == 403
        assert lb.endpoint("web", farm["a"])["state"] == "usable"
        lb.reload(admin_token=TOKEN)
        assert requests.put(target, params=words, timeout=5).status_code == 401
        assert requests.put(target, params=words, timeout=5, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
