# Signpost. Apache-2.0; see LICENSE.
"""What the operations listener shows.

Claims
- /status and / show every service and endpoint, 5,000 of them within seconds, while traffic goes on; what others named is
  quoted.
- /metrics is valid Prometheus text. Clients add no series to it, however they ask; endpoints that are gone leave it after five
  minutes.
"""
import html.parser
import time

import pytest

from support.exposition import read_families
from support.farm import Asking, ask
from support.lb import Lb, service
from support.origin import Origin, reset
from support.wait import eventually

ROUTES = [{"host": "web.test", "service": "web"}]


@pytest.fixture(scope="module")
def lb(farm):
    services = {"web": service(farm.addresses), "odd\"<i>&'{}\\": service(["127.0.0.1:9"])}
    with Lb({"stop-timeout": "300ms"}, services, ROUTES + [{"host": "odd.test", "service": "odd\"<i>&'{}\\"}]) as lb:
        yield lb


def test_R12_five_thousand_services(farm):
    many = {f"service-{number:04}": service([f"192.0.2.{number % 250 + 1}:80", "198.51.100.1:80"]) for number in range(5000)}
    routes = [{"host": f"{name}.test", "service": name} for name in many]
    with Lb({"stop-timeout": "300ms", "threads": 2}, {**many, "web": service(farm.addresses)}, routes + ROUTES) as lb:
        with Asking(lb, "web.test", threads=2) as asking:
            asking.wait(100)
            for page, mark in (("/status", '"service-4999"'), ("/", "service-4999"), ("/metrics", 'service="service-4999"')):
                began = time.monotonic()
                text = lb.get(page, timeout=20).text
                assert time.monotonic() - began < 10 and mark in text
            asking.wait(100)
        assert not asking.errors
        assert len(lb.status()["services"]) == 5001


class Outline(html.parser.HTMLParser):
    """Every tag that is opened, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_page_for_people(lb, farm):
    page = lb.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    outline = Outline(page.text)
    assert "odd\"<i>&'{}\\" in outline.text and "script" not in outline.tags and "i" not in outline.tags
    assert all(address in outline.text for address in farm.addresses)
    assert lb.get("/nothing").status_code == 404


def test_status(lb, farm):
    ask(lb, "web.test", 30)
    status = lb.status()
    assert status["program"] == "lb" and status["ready"] and status["trouble"] == ""
    [web] = [entry for entry in status["services"] if entry["name"] == "web"]
    assert web["state"] == "known" and web["requests"] >= 30
    assert sum(endpoint["requests"] for endpoint in web["endpoints"]) == web["requests"]
    assert {endpoint["address"] for endpoint in web["endpoints"]} == set(farm.addresses)
    assert all(endpoint["bytes_in"] > 0 and endpoint["bytes_out"] > 0 for endpoint in web["endpoints"])


def test_R13_valid_exposition(lb):
    ask(lb, "web.test", 30)
    lb.get("odd.test")
    page = lb.get("/metrics")
    assert page.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = read_families(page.text)
    assert len(families) > 40
    services = {labels["service"] for _, labels, _ in families["signpost_lb_service_requests_total"].samples}
    assert services == {"web", "odd\\\"<i>&'{}\\\\"}
    [count] = [number for name, _, number in families["signpost_lb_request_seconds"].samples if name.endswith("_count")]
    [requests] = [number for _, _, number in families["signpost_lb_requests_total"].samples]
    assert count == requests >= 31


def test_R13_clients_add_no_series(lb):
    def series():
        return set(lb.metrics())

    ask(lb, "web.test", 5)
    before = series()
    for number in range(300):
        lb.fetch(f"host{number}.test", f"/path{number}", method=f"METHOD{number}", headers={f"X-{number}": "x"})
        ask(lb, "web.test", 1, fields=lambda _, number=number: f"X-LB-Version: v{number}\r\nCookie: lbv={number}\r\n")
    assert series() == before


def test_R13_who_is_gone_leaves_the_metrics(start, change, farm, clock):
    with Origin(reset()) as leaving:
        lb = start([leaving, farm["a"]], words={"env": clock.environment}, fail_timeout="1h")
        ask(lb, "web.test", 10)
        change(lb, [farm["a"]], fail_timeout="1h")

        def shown():
            return leaving.address in lb.get("/metrics").text, leaving.address in lb.endpoints("web")

        assert shown() == (True, True), "it is remembered for a while"
        clock.move(200)
        eventually(lambda: lb.status()["uptime_s"] >= 200, 5)
        assert shown() == (True, True)
        clock.move(400)
        eventually(lambda: shown() == (False, False), 10)
        read_families(lb.get("/metrics").text)
        change(lb, [leaving, farm["a"]], fail_timeout="1h")
        assert lb.endpoint("web", leaving)["requests"] == 0, "now it is a stranger"
