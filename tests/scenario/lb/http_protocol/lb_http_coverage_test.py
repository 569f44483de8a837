# Signpost. Apache-2.0; see LICENSE.
"""No case is forgotten: every number from H01 to H146 is a case of the tables that are run here, or named by a test."""
import pathlib
import re

from support import lb_cases

HERE = pathlib.Path(__file__).parent
RUN = ("lb_request_bytes_test.py", "lb_response_bytes_test.py")  # whole tables
_ID = re.compile(r"\bH\d{2,3}\b")


def named(path):
    """Ids in parameters' ids and in docstrings of tests; what the file's own docstring promises does not count."""
    text = path.read_text().split('"""', 2)[2]
    found = set(re.findall(r'id="(H\d{2,3})\b', text))
    for docstring in re.findall(r'def test_\w+\([^)]*\):\n    """(.*?)"""', text, re.DOTALL):
        found |= set(_ID.findall(docstring))
    return found


def test_every_case_is_tested():
    files = sorted(HERE.glob("*_test.py"))
    assert {HERE / name for name in RUN} < set(files)
    tables = {case.id.split(".")[0] for case in lb_cases.requests() + lb_cases.responses()}
    by_hand = set().union(*(named(path) for path in files if path != pathlib.Path(__file__)))
    wanted = {f"H{number:02}" for number in range(1, 147)}
    assert tables | by_hand == wanted, sorted(wanted ^ (tables | by_hand))


def test_what_bytes_alone_do_not_show_is_tested_by_hand():
    """Cases that are about time, order or the state of connections."""
    by_hand = set().union(*(named(path) for path in HERE.glob("*_test.py") if path != pathlib.Path(__file__)))
    numbers = [11, *range(83, 99), 106, *range(109, 112), 117, 119, *range(128, 132), 135, *range(137, 147)]
    assert not {f"H{number}" for number in numbers} - by_hand
