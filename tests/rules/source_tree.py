# Signpost. Apache-2.0; see LICENSE.
"""What the rules look at: the files of the checkout and the includes between them."""
import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("dnsd", "registrar", "lb")
_INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


@functools.cache
def files():
    """Every file that is, or would be, in the repository; paths relative to ROOT."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in map(pathlib.Path, sorted(set(filter(None, listed.split("\0"))))) if (ROOT / path).is_file()]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


@functools.cache
def production():
    """C++ sources and headers of common and of the programs."""
    found = [path for path in files() if path.parts[0] in ("common", *PROGRAMS) and path.suffix in (".h", ".cc")]
    assert len(found) > 20, "the production files were not found"
    return found


def headers():
    return [path for path in production() if path.suffix == ".h"]


def own_includes(path):
    return [pathlib.Path(name) for mark, name in _INCLUDE.findall(text(path)) if mark == '"']


def foreign_includes(path):
    return [name for mark, name in _INCLUDE.findall(text(path)) if mark == "<"]


@functools.cache
def folder_arrows():
    """{(from folder, to folder): one file that has the include}, between different folders."""
    arrows = {}
    for path in production():
        for target in own_includes(path):
            if path.parent != target.parent:
                arrows.setdefault((str(path.parent), str(target.parent)), str(path))
    return arrows
