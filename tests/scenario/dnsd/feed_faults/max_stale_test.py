# Signpost. Apache-2.0; see LICENSE.
"""Last known data are not for ever.

Claims
- After `max-stale` without Consul every catalog name gets SERVFAIL, existing or not, and /readyz says 503.
- When Consul is back the answers are, too.
- A longer `max-stale`, given by SIGHUP, brings the data back while Consul is still away.
"""
from feed import addresses, readiness, start_dnsd, wait_degraded, wait_fresh
from support.ask import ask
from support.fake_consul import FakeConsul
from support.steady_client import SteadyClient
from support.wait import eventually

NAMES = ("web.service.consul", "srv1.node.consul", "nope.service.consul")


def test_expiry_and_return():
    with FakeConsul() as fake:
        fake.register("web", "10.0.0.1", 80)
        with start_dnsd(fake.url) as dnsd:
            dnsd.options["max-stale"] = "2s"
            dnsd.reload()
            eventually(lambda: "reload" in dnsd.log().lower(), 5, lambda: f"the reload is logged\n{dnsd.log()}")
            with SteadyClient(dnsd.dns, "web.service.consul") as client:
                fake.stop()
                wait_degraded(dnsd)
                assert addresses(dnsd, "web") == ["10.0.0.1"]
                eventually(lambda: ask(dnsd.dns, NAMES[0]).rcode == "SERVFAIL", 5, "max-stale is over")
                assert [ask(dnsd.dns, name).rcode for name in NAMES] == ["SERVFAIL"] * 3
                eventually(lambda: readiness(dnsd)[0] == 503, 2, lambda: f"not ready any more: {readiness(dnsd)}")
                dnsd.reload(**{"max-stale": "1h"})
                eventually(lambda: ask(dnsd.dns, NAMES[0]).rcode == "NOERROR", 5, "a longer max-stale")
                fake.start()
                wait_fresh(dnsd)
                assert addresses(dnsd, "web") == ["10.0.0.1"]
            client.assert_only("NOERROR", "SERVFAIL")
