# Signpost. Apache-2.0; see LICENSE.
"""A large catalog that never rests.

Claims
- 5,000 services with 50 changes a second: no request of a service among them fails, every change of those that are watched (512)
  arrives at once, and the operations listener answers meanwhile. A change of another one arrives when its turn comes.
- What one of them changes costs the others nothing: their routes, endpoints and connections stay as they are.
"""
import os
import time

from lb_catalog_stage import known
from support.farm import Farm
from support.lb import Lb
from support.wait import eventually
from support.wrk import Wrk, wait_busy

LONG = os.environ.get("SIGNPOST_LONG") == "1"
SERVICES, CHANGES, PER_SECOND = 5000, 150, 50


def test_C25_five_thousand_services(fake, note):
    with Farm("a", "b") as farm:
        for port in farm.ports.values():
            fake.register("web", "127.0.0.1", port, tags=["http"])
        fake.register_many(SERVICES - 1, instances=2, tags=["http"])
        began = time.monotonic()
        with Lb({"public-domain": "example.com", "threads": 2, "consul-watches": 512}, consul=fake) as lb:
            note(f"C25: {SERVICES} services known {time.monotonic() - began:.1f} s after the start")
            assert len(lb.status()["services"]) == SERVICES
            generation = lb.status()["generation"]
            with Wrk(lb, "web.example.com", connections=8) as load:
                wait_busy(lb, "web")
                worst = change(fake, lb)
                wait_changes(lb, changes(), 20)
                if LONG:
                    fake.register("svc999", "10.100.0.0", 80, tags=["http"])
                    wait_changes(lb, {"svc999": "10.100.0.0"}, 200)
            load.assert_no_failure()
            note(f"C25: {load.result} beside {CHANGES} changes; the slowest answer of /readyz took {1000 * worst:.0f} ms")
            assert worst < 5
            assert lb.status()["generation"] - generation <= 2 * CHANGES + 20
            assert known(lb, "web") == sorted(farm.addresses) and lb.service("web")["retries"] == 0


def changes():
    """{service: address of a third instance}. Those that come first by name are watched."""
    names = sorted(f"svc{number}" for number in range(SERVICES - 1))
    return {names[3 * number]: f"10.100.0.{number + 1}" for number in range(CHANGES)}


def wait_changes(lb, wanted, deadline):
    def missing():
        known_now = {entry["name"]: str(entry["endpoints"]) for entry in lb.status()["services"]}
        return [name for name, address in wanted.items() if f"{address}:80" not in known_now[name]]

    eventually(lambda: not missing(), deadline, missing, every=0.5)


def change(fake, lb):
    """All of them, so many a second; returns the longest time that /readyz took meanwhile."""
    began, worst = time.monotonic(), 0.0
    for number, (name, address) in enumerate(changes().items()):
        eventually(lambda: time.monotonic() >= began + number / PER_SECOND, 10)
        fake.register(name, address, 80, tags=["http"])
        if number % 25 == 0:
            asked = time.monotonic()
            assert lb.get("/readyz").status_code == 200
            worst = max(worst, time.monotonic() - asked)
    return worst
