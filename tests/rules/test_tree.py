# Signpost. Apache-2.0; see LICENSE.
"""Where files lie and what must not stand in them."""
import re

import source_tree

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md",
             "common", "dnsd", "registrar", "lb", "zones", "tests", "tools", "docs"}
# Put together here so that this file does not name them itself.
FORBIDDEN = [re.compile(pattern) for pattern in (
    r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bX" r"XX\b", r"(?<![\w.-])/wo" r"rk/", r"\.\./sha" r"red", r"deb\." r"debian\.org",
    r"artifact" r"registry", r"(?<![\w}])/ro" r"ot/")]  # a home, not that of a process's mounts
TEXT = {".cc", ".h", ".py", ".md", ".txt", ".json", ".yml", ""}


def test_top_level_holds_nothing_else():
    top = {path.parts[0] for path in source_tree.files()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def mirrored(test):
    """The production files that foo_test.cc, or foo_some_part_test.cc of a long test, may mirror."""
    words = test.name.removesuffix("_test.cc").split("_")
    folder = test.parent.relative_to("tests/unit")
    return {folder / ("_".join(words[:count]) + suffix) for count in range(1, len(words) + 1) for suffix in (".h", ".cc")}


def test_unit_tests_mirror_production_files():
    tests = [path for path in source_tree.files() if path.parts[:2] == ("tests", "unit") and path.name.endswith("_test.cc")]
    assert len(tests) > 10
    production = set(source_tree.production())
    wrong = [f"{path} mirrors no production file" for path in tests if not mirrored(path) & production]
    assert not wrong, "\n".join(wrong)


def test_every_folder_has_unit_tests():
    folders = {path.parent for path in source_tree.production() if path.suffix == ".cc"}
    tested = {path.parent.relative_to("tests/unit") for path in source_tree.files()
              if path.parts[:2] == ("tests", "unit") and path.name.endswith("_test.cc")}
    assert not folders - tested, f"no unit tests: {sorted(map(str, folders - tested))}"


def test_names_are_snake_case():
    wrong = [str(path) for path in source_tree.production() if not re.fullmatch(r"[a-z0-9_]+\.(h|cc)", path.name)]
    assert not wrong, "\n".join(wrong)


def test_headers_guard_and_files_name_the_licence():
    wrong = []
    for path in source_tree.files():
        if path.suffix not in (".h", ".cc", ".py") or not source_tree.text(path):
            continue
        text = source_tree.text(path)
        if "Signpost. Apache-2.0; see LICENSE." not in text[:200]:
            wrong.append(f"{path}: first line")
        if path.suffix == ".h" and "#pragma once" not in text:
            wrong.append(f"{path}: #pragma once")
    assert not wrong, "\n".join(wrong)


def test_no_forbidden_words():
    wrong = []
    for path in source_tree.files():
        if path.suffix not in TEXT or path.name == "LICENSE":
            continue
        for number, line in enumerate(source_tree.text(path).splitlines(), 1):
            wrong += [f"{path}:{number}: {line.strip()[:100]}" for pattern in FORBIDDEN if pattern.search(line)]
    assert not wrong, "\n".join(wrong)


def test_forbidden_words_are_recognised():
    for word in ("// TO" "DO: later", "see /wo" "rk/main", "read ../sha" "red/design.md", "in /ro" "ot/project"):
        assert any(pattern.search(word) for pattern in FORBIDDEN), word
