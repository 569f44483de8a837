# Signpost. Apache-2.0; see LICENSE.
"""Start and stop without end.

Claims
- Memory and descriptors stay flat, and the end state is right. Some seconds by default; SIGNPOST_SOAK=600 makes it ten
  minutes.
"""
import os
import pathlib
import time

from support.program import memory_limit
from support.wait import eventually

SECONDS = float(os.environ.get("SIGNPOST_SOAK", "8"))
MEBIBYTE = 1 << 20


def descriptors(registrar):
    return len(list(pathlib.Path(f"/proc/{registrar.process.pid}/fd").iterdir()))


def turn(engine, number, probed):
    """One start and stop, with probes of the others, as a second of a busy host has them."""
    short = engine.run(f"short{number % 50}", ports=["80"], auto_remove=True, labels={"turn": str(number)})
    for index, container in enumerate(probed):
        container.health("unhealthy" if (number + index) % 7 == 0 else "healthy", f"probe {number}")
    short.stop()


def test_case_115_churn(engine, agent, start, note):
    probed = [engine.run(f"web{index}", ports=[f"{8000 + index}:80"], health=True) for index in range(5)]
    registrar = start(resync="1s")
    turns, samples, begin = 0, [], time.monotonic()

    def churn():
        nonlocal turns
        turn(engine, turns, probed)
        turns += 1
        if turns % 20 == 0:
            samples.append((registrar.process.resident_bytes(), descriptors(registrar)))
        return time.monotonic() - begin > SECONDS

    eventually(churn, SECONDS + 60)
    names = sorted(f"node1:web{index}:80" for index in range(5))
    eventually(lambda: agent.ids() == names, 5, agent.ids)
    for container in probed:
        container.health("healthy", "the end")
    eventually(lambda: all(agent.health(name)[0] == "passing" for name in names), 3)
    warm, late = samples[len(samples) // 4:][:5], samples[-5:]
    grown = max(memory for memory, _ in late) - max(memory for memory, _ in warm)
    note(f"registrar churn: {turns} turns in {SECONDS:.0f} s, memory {late[-1][0] / MEBIBYTE:.1f} MiB, "
         f"grown by {grown / MEBIBYTE:.2f} MiB, {late[-1][1]} descriptors")
    assert turns > SECONDS
    assert grown < memory_limit(2 * MEBIBYTE)
    assert max(count for _, count in late) <= max(count for _, count in warm) + 12
