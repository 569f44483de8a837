# Signpost. Apache-2.0; see LICENSE.
"""The recipes of docs/callers.md, so that what is tested is what the reader copies."""
import re

from support.program import ROOT

_PAGE = ROOT / "docs/callers.md"
_ADDRESS = re.compile(r"[0-9a-f.:\[\]]+")


def recipe(name, replace=None):
    """The fenced block whose info string ends in `name`. Only addresses and ports may be replaced:
    `recipe("docker", {"172.17.0.1": "198.18.3.1"})`."""
    found = re.findall(rf"^```\S+ {re.escape(name)}\n(.*?)^```$", _PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"docs/callers.md has {len(found)} blocks {name}"
    block = found[0]
    for old, new in (replace or {}).items():
        assert _ADDRESS.fullmatch(old) and _ADDRESS.fullmatch(str(new)) and old in block, f"{old} in {name}"
        block = block.replace(old, str(new))
    return block


def names():
    """Of all blocks; one without a name is there too, as an empty text."""
    opening = re.findall(r"^```(.*)$", _PAGE.read_text(), re.MULTILINE)[::2]
    return [info.partition(" ")[2] for info in opening]
