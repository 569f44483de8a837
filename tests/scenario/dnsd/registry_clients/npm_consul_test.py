# Signpost. Apache-2.0; see LICENSE.
"""The npm package `consul` 2.0.1: the calls of its own documentation, one script for each group of chapters.

Claims (each script of the folder npm is a list of calls and what they must give)
- agent: members, reload, maintenance; checks of every kind with all options, their states; services, their maintenance.
- catalog: registration and removal of nodes, services and checks, all reads with their options, health, Connect.
- kv: values, bytes, prefixes, check-and-set, percent-encoded slashes in keys, transactions.
- session: sessions, locks, prepared queries, events, status; access control is off.
- watch: the present state, every change in order, nothing when a wait runs out; a refusal ends it.
"""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[4]
MODULES = ROOT / "build" / "npm" / "node_modules"
SCRIPTS = pathlib.Path(__file__).parent / "npm"
CHAPTERS = ("agent", "catalog", "kv", "session", "watch")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter(registry, chapter):
    node = shutil.which("node")
    assert node and (MODULES / "consul").is_dir(), "node or the package is missing: run tools/setup"
    command = [node, SCRIPTS / f"{chapter}.js", MODULES, registry.host, str(registry.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{chapter}.js\n{done.stdout}{done.stderr}"


def test_every_script_is_a_chapter():
    assert {path.stem for path in SCRIPTS.glob("*.js")} == {*CHAPTERS, "client"}
