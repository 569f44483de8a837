# Signpost. Apache-2.0; see LICENSE.
"""How many of the numbered cases run against a real Docker Engine and a real Consul agent: at least forty."""
import pathlib
import re

import real_mapping_cases

PROMISED = 40
FOLDERS = ("real_engine", "real_faults")


def test_enough_cases_are_real(note):
    here = pathlib.Path(__file__).resolve().parent.parent
    named = {int(number) for folder in FOLDERS for path in (here / folder).glob("*_test.py")
             for number in re.findall(r"def test_case_(\d+)_", path.read_text())}
    numbers = named | {case.number for case in real_mapping_cases.CASES}
    assert numbers <= set(range(1, 125))
    note(f"registrar, cases on a real engine and agent: {len(numbers)}: {sorted(numbers)}")
    assert len(numbers) >= PROMISED
