# Signpost. Apache-2.0; see LICENSE.
"""Policies of services as they stand in the catalog's KV store.

Claims
- A policy splits the requests by version, whatever the numbers of instances, as soon as it is written.
- One that cannot be read changes nothing, and is shown with what is wrong; a good one after it counts at once.
- Without a policy the versions are one pool by weight again, and no request fails on the way.
"""
import contextlib
import json
import threading

import requests

from lb_catalog_stage import asked, enlist, host, wait_service, with_each_catalog
from support.fake_consul import FORBIDDEN
from support.wait import eventually

SPLIT = {"split": "v1:90,v2:10", "key": "none"}


def write(catalog, service, policy):
    text = policy if isinstance(policy, str) else json.dumps(policy)
    requests.put(f"{catalog.url}/v1/kv/lb/policy/{service}", data=text, timeout=10).raise_for_status()


def erase(catalog, service):
    requests.delete(f"{catalog.url}/v1/kv/lb/policy/{service}", timeout=10).raise_for_status()


class Client:
    """Asks all the time. All it ever gets is 200."""

    def __init__(self, lb, service):
        self._lb, self._service, self._over, self._statuses = lb, service, threading.Event(), set()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        assert self._statuses == {200}, self._statuses

    def _run(self):
        with requests.Session() as session:
            while not self._over.wait(0.01):
                self._statuses.add(self._lb.get(host(self._service), session=session).status_code)


def enlist_versions(stage, service):
    """Three instances of v1 and one of v2, split by a policy."""
    old, new = stage.origins("v1", "v1", "v1"), stage.origins("v2")
    for version, members in (("v1", old), ("v2", new)):
        for origin in members:
            enlist(stage.catalog, service, origin, Meta={"version": version})
    return [*old, *new]


def wait_shares(lb, service, wanted):
    eventually(lambda: asked(lb, service, sum(wanted.values())) == wanted, 10, lambda: f"{wanted}: {asked(lb, service, 20)}")


BAD = {"{": "object member", '["v1"]': "object", '{"split": "v1:x"}': "split", '{"split": "v1:1", "key": "moon"}': "key must be",
       '{"split": "v1:1", "typo": 1}': "typo", '{"split": "v1:1", "key": "' + "x" * 5000 + '"}': "4 KiB"}


@with_each_catalog
def test_K07_a_policy_that_cannot_be_read(stage):
    catalog, lb = stage.catalog, stage.lb
    services = {f"k07-{number}": bad for number, bad in enumerate(BAD)}
    for service in services:
        write(catalog, service, SPLIT)
    for service, members in [(service, enlist_versions(stage, service)) for service in services]:
        wait_service(lb, service, *members)
        wait_shares(lb, service, {"v1": 18, "v2": 2})

    def warnings(service):
        return [line for line in lb.status()["warnings"] if service in line]

    with contextlib.ExitStack() as clients:
        for service, bad in services.items():
            clients.enter_context(Client(lb, service))
            write(catalog, service, bad)
        for service, bad in services.items():
            eventually(lambda: warnings(service), 10, "it is shown")
            assert BAD[bad] in warnings(service)[0] and warnings(service)[0] in lb.log()
            wait_shares(lb, service, {"v1": 18, "v2": 2})
        for service in services:
            write(catalog, service, {**SPLIT, "split": "v1:50,v2:50"})
        for service in services:
            wait_shares(lb, service, {"v1": 10, "v2": 10})
            assert not warnings(service)
    for service in services:
        erase(catalog, service)


@with_each_catalog
def test_K10_the_policy_comes_and_goes(stage):
    catalog, lb = stage.catalog, stage.lb
    wait_service(lb, "k10", *enlist_versions(stage, "k10"))
    wait_shares(lb, "k10", {"v1": 15, "v2": 5})
    with Client(lb, "k10"):
        write(catalog, "k10", SPLIT)
        wait_shares(lb, "k10", {"v1": 18, "v2": 2})
        again = stage.start()
        assert asked(again, "k10", 20) == {"v1": 18, "v2": 2}, "not one request by other rules at the start"
        erase(catalog, "k10")
        wait_shares(lb, "k10", {"v1": 15, "v2": 5})


def test_policies_that_may_not_be_read(start, fake, origins):
    """The services are served without them."""
    one, = origins("one")
    fake.register("web", "127.0.0.1", one.port, tags=["http"])
    fake.break_with(FORBIDDEN, "/v1/kv/")
    lb = start(fake)
    assert asked(lb, "web") == {"one": 6}
    eventually(lambda: "key:read" in lb.log(), 5)
