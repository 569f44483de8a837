# Signpost. Apache-2.0; see LICENSE.
"""The requests that `tools/bench registry` sends, as bytes; the generator reads them from files."""
import json

OWN_SERVICES = 1000  # on the agent, a TTL check each
WATCHED, WATCHED_INSTANCES = "watched", 10
TTL = "1h"
SIZES = {"small": 10, "large": 1000}  # services to read, by their number of instances
NODES = {"small": 10, "large": 50}
READS_PER_WRITE = 10
MOST_CHANGES = 2000  # in one run; then they begin again


def encode(method, path, body=None, gzip=False):
    """One HTTP request; `gzip` as clients written in Go send it."""
    data = json.dumps(body).encode() if body is not None else b""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", "User-Agent: Go-http-client/1.1"]
    if gzip:
        lines.append("Accept-Encoding: gzip")
    if body is not None or method != "GET":
        lines += [f"Content-Length: {len(data)}", "Content-Type: application/json"]
    return "\r\n".join([*lines, "", ""]).encode() + data


def write(path, requests):
    path.write_bytes(b"".join(b"%d\n" % len(request) + request for request in requests))
    return path


def own_service(name, id=None):
    """PUT agent/service/register of a service with a TTL check, as registrars send it."""
    return encode("PUT", "/v1/agent/service/register", {
        "ID": id or f"{name}-1", "Name": name, "Tags": ["v1", "http"], "Address": "10.1.2.3", "Port": 8080,
        "Meta": {"version": "1.2.3"}, "Check": {"TTL": TTL, "Status": "passing"}})


def own_services(prefix, count):
    return [own_service(f"{prefix}-{number}") for number in range(count)]


def own_departures(prefix, count):
    return [encode("PUT", f"/v1/agent/service/deregister/{prefix}-{number}-1") for number in range(count)]


def foreign_service(name, node, id=None, number=0, status="passing", output=""):
    """PUT catalog/register of an instance with a check on some other node."""
    id = id or f"{name}-{number}"
    return encode("PUT", "/v1/catalog/register", {
        "Node": node, "Address": f"10.2.0.{1 + sum(node.encode()) % 250}",
        "Service": {"ID": id, "Service": name, "Tags": ["v1", "http"], "Port": 8000 + number,
                    "Address": f"10.3.{number // 250}.{1 + number % 250}", "Meta": {"version": "1.2.3"}},
        "Check": {"Node": node, "CheckID": f"service:{id}", "Name": "alive", "ServiceID": id, "Status": status,
                  "Output": output}})


def foreign_services(prefix, count):
    return [foreign_service(f"{prefix}-{number}", f"{prefix}-node") for number in range(count)]


def node_departure(prefix):
    return [encode("PUT", "/v1/catalog/deregister", {"Node": f"{prefix}-node"})]


def read_instance(size, number, **check):
    return foreign_service(size, f"{size}-node-{number % NODES[size]}", number=number, **check)


def read_instances(size):
    return [read_instance(size, number) for number in range(SIZES[size])]


def reads(size, gzip, writes=None):
    """GET health/service. With `writes`, a text of its own for every run, every eleventh request changes a check of
    that very service."""
    read = encode("GET", f"/v1/health/service/{size}", gzip=gzip)
    if not writes:
        return [read]
    changes = (read_instance(size, turn % SIZES[size], output=f"{writes}, {turn}") for turn in range(MOST_CHANGES))
    return [request for change in changes for request in [read] * READS_PER_WRITE + [change]]


def watched_instances():
    return [own_service(WATCHED, f"{WATCHED}-{number}") for number in range(WATCHED_INSTANCES)]


def watch_path():
    return f"/v1/health/service/{WATCHED}?stale="


def watched_changes():
    """A check of the watched service turns critical and passes again."""
    return [encode("PUT", f"/v1/agent/check/update/service:{WATCHED}-0", {"Status": status, "Output": f"now {status}"})
            for status in ("critical", "passing")]
