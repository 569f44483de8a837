# Signpost. Apache-2.0; see LICENSE.
"""Load beside a change, and what the clients must not notice."""
from support.wait import eventually
from support.wrk import Wrk


def load(lb, **words):
    return Wrk(lb.listen_port, "web.test", **words)


def wait_busy(lb, service="web", requests=200, deadline=20):
    """Until the service has got so many more requests."""
    before = lb.service(service)["requests"]
    eventually(lambda: lb.service(service)["requests"] >= before + requests, deadline, "load arrives")


def assert_no_failure(wrk, at_least=100):
    """No connection was refused or broke, no status was above 399, and there was something to see."""
    assert wrk.result.failed == 0 and wrk.result.requests >= at_least, wrk.text
