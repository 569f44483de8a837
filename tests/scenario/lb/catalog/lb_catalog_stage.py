# Signpost. Apache-2.0; see LICENSE.
"""Words for what these scenarios do: services of a catalog that lead to the test's own origins."""
import collections

from support.wait import eventually

TTL = {"TTL": "10m", "Status": "passing"}


def host(service):
    return f"{service}.example.com"


def enlist(catalog, service, origin, service_id=None, tags=("http",), **fields):
    """Registers `origin` with the agent, with a check that stays as the test sets it. Returns the ID."""
    service_id = service_id or f"{service}-{origin.port}"
    catalog.agent_register({"Name": service, "ID": service_id, "Address": "127.0.0.1", "Port": origin.port,
                            "Tags": list(tags), "Check": TTL, **fields})
    return service_id


def set_check(catalog, service_id, status):
    """Of what `enlist` registered: "pass", "warn" or "fail"."""
    catalog.put(f"/v1/agent/check/{status}/service:{service_id}")


def asked(lb, service, count=6):
    """How often which origin answered, and statuses where that is not 200."""
    answers = (lb.get(host(service)) for _ in range(count))
    return collections.Counter(answer.text if answer.status_code == 200 else str(answer.status_code) for answer in answers)


def known(lb, service):
    """The addresses that lb uses for the service."""
    return sorted(address for address, state in lb.endpoints(service).items() if state != "removed")


def wait_service(lb, service, *origins, deadline=10):
    """Until lb uses these and no others."""
    lb.wait_endpoints(service, *origins, deadline=deadline)


def wait_status(lb, service, status, deadline=10):
    """Until a request for the service is answered so; the answer."""
    def answered():
        answer = lb.get(host(service))
        return [answer] if answer.status_code == status else None  # the library takes answers from 400 on for false

    return eventually(answered, deadline, lambda: f"{status} from {service}\n{lb.log()[-3000:]}")[0]


def source(lb):
    """The catalog's entry of /status."""
    return next(entry for entry in lb.status()["sources"] if entry["kind"] == "consul")
