# Signpost. Apache-2.0; see LICENSE.
"""Running `dnsd explain` and reading what it prints."""
import subprocess

from support.program import binary


def run_explain(*words, timeout=30):
    """`dnsd explain` with these words: a CompletedProcess with text."""
    return subprocess.run([binary(), "explain", *map(str, words)], capture_output=True, text=True, timeout=timeout)


def block(lines, head):
    """The indented lines that follow the line `head`."""
    at = lines.index(head) + 1
    rest = lines[at:]
    end = next((place for place, line in enumerate(rest) if not line.startswith("  ")), len(rest))
    return rest[:end]
