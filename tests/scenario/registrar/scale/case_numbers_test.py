# Signpost. Apache-2.0; see LICENSE.
"""Every case of the behaviour table from 65 to 124 is named by a scenario on the fake engine and agent."""
import pathlib
import re

FIRST, LAST = 65, 124
FOLDERS = ("events", "faults", "scale", "bad_input", "command_line")


def test_every_case_has_a_test():
    folder = pathlib.Path(__file__).parents[1]
    found = set()
    for path in (path for name in FOLDERS for path in (folder / name).glob("*_test.py")):
        found |= {int(number) for number in re.findall(r"(?:def test_case_|[\"']case )(\d+)", path.read_text())}
    missing = set(range(FIRST, LAST + 1)) - found
    assert not missing, sorted(missing)
