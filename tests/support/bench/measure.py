# Signpost. Apache-2.0; see LICENSE.
"""CPU time of processes, dnsperf runs, and the statistics made of them."""
import collections
import os
import pathlib
import re
import statistics
import subprocess

SERVER_CORE, GENERATOR_CORE = 0, 1
SOCKETS, OUTSTANDING = 8, 100

# Answers/s, CPU µs of the server per answer, queries without an answer.
Run = collections.namedtuple("Run", "rate cpu_us lost")
Spread = collections.namedtuple("Spread", "median low high")


def pin_server():
    """For preexec: the child runs on the server's core."""
    os.sched_setaffinity(0, {SERVER_CORE})


def pin_generator():
    os.sched_setaffinity(0, {GENERATOR_CORE})


def pin_threads(pid, core=SERVER_CORE):
    """Moves every thread of a running process to one core; threads that it makes later follow."""
    for task in _tasks(pid):
        os.sched_setaffinity(int(task.name), {core})


def cpu_ns(pid):
    """Run time of all living threads of `pid` in nanoseconds (the scheduler's count, finer than clock ticks)."""
    return sum(int((task / "schedstat").read_text().split()[0]) for task in _tasks(pid))


def _tasks(pid):
    return pathlib.Path(f"/proc/{pid}/task").iterdir()


def resident_bytes(pid):
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def dnsperf_command(port, queries, bound):
    return ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(queries), "-c", str(SOCKETS), "-T", "1",
            "-q", str(OUTSTANDING), *bound]


def drive(pid, port, queries, seconds, once=False):
    """One dnsperf run of `seconds` against the server `pid` on `port`: a Run. `once`: no line of the file is asked twice;
    the run ends with the file, if that is too short."""
    before = cpu_ns(pid)
    bound = ["-l", str(seconds), *(["-n", "1"] if once else [])]
    answered, lost, rate = _dnsperf(port, queries, bound, seconds + 30)
    return Run(rate, (cpu_ns(pid) - before) / 1000 / answered, lost)


def warm(port, queries):
    """Asks every line of the file once, so that caches are filled before anything is measured."""
    _dnsperf(port, queries, ["-n", "1"], 120)


def _dnsperf(port, queries, bound, timeout):
    result = subprocess.run(dnsperf_command(port, queries, bound), capture_output=True, text=True, timeout=timeout,
                            preexec_fn=pin_generator)

    def number(pattern):
        found = re.search(pattern, result.stdout)
        assert found, f"dnsperf said:\n{result.stdout}{result.stderr}"
        return float(found.group(1))

    assert re.search(r"Response codes: +NOERROR \d+ \(100\.00%\)\n", result.stdout), f"not all NOERROR:\n{result.stdout}"
    lost = int(number(r"Queries lost:\s+(\d+)"))
    return number(r"Queries completed:\s+(\d+)"), lost, number(r"Queries per second:\s+([\d.]+)")


def spread(values):
    values = list(values)
    return Spread(statistics.median(values), min(values), max(values))


def ratios(over, under):
    """Spread of the round-by-round ratios: what the whole machine does to both cancels out."""
    return spread(a / b for a, b in zip(over, under, strict=True))
