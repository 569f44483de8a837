# Signpost. Apache-2.0; see LICENSE.
"""Files stay under 600 lines; functions under 60 unless a comment just above says why."""
import json
import subprocess

import source_tree

MAX_FILE = 600
MAX_FUNCTION = 60


def lines(path):
    return source_tree.text(path).splitlines()


def is_script(path):
    return path.suffix == "" and lines(path)[:1] and lines(path)[0].startswith("#!")


def functions():
    """[(length, path, first line, name)] of every function in production code."""
    tags = subprocess.run(["ctags", "--languages=C++", "--kinds-C++=f", "--fields=+ne", "--output-format=json", "-f", "-",
                           *map(str, source_tree.production())], cwd=source_tree.ROOT, check=True, capture_output=True, text=True)
    found = []
    for tag in map(json.loads, tags.stdout.splitlines()):
        if "end" in tag:
            found.append((tag["end"] - tag["line"] + 1, tag["path"], tag["line"], tag["name"]))
    return sorted(found, reverse=True)


def test_files_are_short():
    sized = sorted(((len(lines(path)), str(path)) for path in source_tree.files()
                    if path.suffix in (".cc", ".h", ".py") or is_script(path)), reverse=True)
    print("\nlongest files:", *(f"{count:5} {path}" for count, path in sized[:10]), sep="\n")
    wrong = [f"{path}: {count} lines" for count, path in sized if count > MAX_FILE]
    assert sized and not wrong, "\n".join(wrong)


def has_reason(path, first):
    """A comment stands directly above the function."""
    above = lines(path)[:first - 1]
    while above and above[-1].startswith("template"):
        above.pop()
    return bool(above) and above[-1].lstrip().startswith("//")


def test_functions_are_short():
    found = functions()
    assert len(found) > 200, "ctags found too few functions"
    print("\nlongest functions:", *(f"{count:5} {path}:{line} {name}" for count, path, line, name in found[:10]), sep="\n")
    wrong = [f"{path}:{line} {name}: {count} lines" for count, path, line, name in found
             if count > MAX_FUNCTION and not has_reason(path, line)]
    assert not wrong, "\n".join(wrong)
