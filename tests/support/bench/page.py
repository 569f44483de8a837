# Signpost. Apache-2.0; see LICENSE.
"""What the sections of docs/performance.md have in common: goals, the machine, tables, replacing one section."""
import datetime
import os
import platform
import re

HEAD = "# Performance\n\nWritten by `tools/bench`; change the tool, not this file.\n\n"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |"]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows]) + "\n"


def range_of(ratio):
    return f"{ratio.median:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"


def at_most(name, ratio, limit):
    """A (goal, measured, holds) row."""
    return f"{name}: at most {limit:.2f}", range_of(ratio), ratio.median <= limit


def below(name, ratio, limit):
    return f"{name}: below {limit:.2f}", range_of(ratio), ratio.median < limit


def at_least(name, ratio, limit):
    return f"{name}: at least {limit:.1f}", range_of(ratio), ratio.median >= limit


def goal_table(goals, title="Goal"):
    rows = [(goal, measured, "yes" if holds else "**no**") for goal, measured, holds in goals]
    return table((title, "Measured, median (range)", "Holds"), rows)


def machine(versions):
    cpu = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return table(("What", "Which"), [
        ("Date", f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}"),
        ("Machine", f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"),
        ("Kernel", f"Linux {'.'.join(platform.release().split('.')[:2])}"), *versions.items()])


def write_section(path, program, text):
    """Replaces the section that `tools/bench PROGRAM` owns, or appends it; other sections stay."""
    begin, end = (f"<!-- tools/bench {program}: {word} -->" for word in ("begin", "end"))
    old = path.read_text() if path.exists() else HEAD
    section = f"{begin}\n{text}{end}\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end) + "\n", re.DOTALL)
    new = pattern.sub(lambda _: section, old) if pattern.search(old) else f"{old.rstrip()}\n\n{section}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(new)
