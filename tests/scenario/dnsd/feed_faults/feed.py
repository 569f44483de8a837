# Signpost. Apache-2.0; see LICENSE.
"""What the feed's scenarios share: a dnsd with long TTLs, so that the cap of a lost feed shows, and its health."""
import requests

from support.ask import ask
from support.dnsd import Dnsd
from support.wait import eventually, quiet

TTL = 60  # seconds, of every service
STALE_TTL = 5  # the most while the feed is lost


def start_dnsd(consul, *arguments, **more):
    return Dnsd(consul, options={"service-ttl": {"*": f"{TTL}s"}}, arguments=arguments, **more)


def readiness(dnsd):
    """(status code, body) of /readyz."""
    reply = dnsd.get("/readyz")
    return reply.status_code, reply.text


def is_degraded(dnsd):
    code, body = readiness(dnsd)
    return code == 200 and "degraded" in body


def is_fresh(dnsd):
    code, body = readiness(dnsd)
    return code == 200 and "degraded" not in body


def wait_degraded(dnsd, deadline=5):
    eventually(quiet(lambda: is_degraded(dnsd), requests.RequestException), deadline,
               lambda: f"degraded: {readiness(dnsd)}\n{dnsd.log()[-2000:]}")


def wait_fresh(dnsd, deadline=15):
    eventually(quiet(lambda: is_fresh(dnsd), requests.RequestException), deadline,
               lambda: f"fresh: {readiness(dnsd)}\n{dnsd.log()[-2000:]}")


def addresses(dnsd, name):
    """Sorted A records of NAME.service.consul."""
    return sorted(ask(dnsd.dns, f"{name}.service.consul").of("A"))


def ttl(dnsd, name):
    """The largest TTL of the answer for NAME.service.consul."""
    reply = ask(dnsd.dns, f"{name}.service.consul")
    assert reply.answer, f"{name}: {reply}"
    return max(record.ttl for record in reply.answer)
