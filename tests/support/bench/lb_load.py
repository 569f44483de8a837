# Signpost. Apache-2.0; see LICENSE.
"""Load on one balancer: wrk runs, and idle connections by the ten thousand."""
import collections
import re
import resource
import socket
import subprocess

from support.bench import measure

# Requests/s, CPU µs of the balancer per request, 50th and 99th percentile in ms, requests that failed.
Run = collections.namedtuple("Run", "rate cpu_us p50_ms p99_ms failed")
_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}
HOSTS_SCRIPT = """\
local number = 0
request = function()
  number = (number + 1) % {hosts}
  return wrk.format("GET", "/", {{["Host"] = string.format("svc-%05d.example.com", number * {step})}})
end
"""


def wrk_command(port, connections, seconds, close=False, script=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "--timeout", "10s"]
    if close:
        command += ["-H", "Connection: close"]
    if script:
        command += ["-s", str(script)]
    return [*command, f"http://127.0.0.1:{port}/"]


def drive(pid, port, connections, seconds, close=False, script=None):
    """One wrk run against the balancer `pid`: a Run."""
    before = measure.cpu_ns(pid)
    result = subprocess.run(wrk_command(port, connections, seconds, close, script), capture_output=True, text=True,
                            timeout=seconds + 60, preexec_fn=measure.pin_generator)
    spent = measure.cpu_ns(pid) - before
    text = result.stdout

    def find(pattern):
        found = re.search(pattern, text)
        assert found, f"wrk said:\n{text}{result.stderr}"
        return found

    requests = int(find(r"(\d+) requests in").group(1))
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    failed = sum(map(int, errors.groups())) if errors else 0
    return Run(float(find(r"Requests/sec:\s+([\d.]+)").group(1)), spent / 1000 / requests, _milliseconds(find(r"50%\s+([\d.]+)(\w+)")),
               _milliseconds(find(r"99%\s+([\d.]+)(\w+)")), failed + (int(bad.group(1)) if bad else 0))


def _milliseconds(match):
    return float(match.group(1)) * _UNITS[match.group(2)]


def private_bytes(pid):
    """Memory of its own, in use (not what the kernel keeps for its sockets)."""
    text = open(f"/proc/{pid}/smaps_rollup").read()
    return 1024 * sum(int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1)) for name in ("Private_Clean", "Private_Dirty"))


def idle_bytes(pid, port, count, talk):
    """Growth of the balancer's memory per connection, with `count` connections that are idle: after one request each if
    `talk` is their bytes, else just open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    before = private_bytes(pid)
    clients = []
    try:
        for _ in range(count):
            clients.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            if talk:
                clients[-1].sendall(talk)
                assert clients[-1].recv(4096), "the balancer closed a connection"
        return (private_bytes(pid) - before) / count
    finally:
        for client in clients:
            client.close()
