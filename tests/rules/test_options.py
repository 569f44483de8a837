# Signpost. Apache-2.0; see LICENSE.
"""The option table, --help and the manual say the same, and every config file shown in the documentation loads."""
import os
import re
import subprocess

import pytest

import source_tree

BUILD = source_tree.ROOT / "build" / os.environ.get("SIGNPOST_BUILD", "release") / "bin"
MANUALS = {"dnsd": "docs/dns.md", "registrar": "docs/registrar.md", "lb": "docs/lb.md"}
FENCE = re.compile(r"^```json config(?: (\w+))?\n(.*?)^```$", re.M | re.S)


def run(program, *arguments):
    environment = {"PATH": os.environ["PATH"], "CONSUL_HTTP_ADDR": "127.0.0.1:8500"}
    return subprocess.run([BUILD / program, *arguments], env=environment, capture_output=True, text=True, timeout=30)


def output(program, *arguments):
    done = run(program, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def config_blocks():
    found = []
    for path in source_tree.files():
        if path.suffix == ".md":
            found += [(str(path), number, match[1] or "dnsd", match[2])
                      for number, match in enumerate(FENCE.finditer(source_tree.text(path)), 1)]
    return found


def source_rows(program):
    """Names of the rows as the source has them: `.name = "x"` and the helpers `XRow("x"`."""
    names = set()
    for path in source_tree.production():
        if path.parts[0] == program and path.name.endswith("_options.cc") or path.name == "shared_rows.cc":
            names |= set(re.findall(r'(?:\.name = |\w+Row\()"([a-z0-9-]+)"', source_tree.text(path)))
    return names


@pytest.mark.parametrize("program", MANUALS)
def test_help_names_every_row(program):
    names = re.findall(r"^  --([a-z0-9-]+)", output(program, "--help"), re.M)
    assert len(names) == len(set(names))
    assert set(names) == source_rows(program)
    assert len(names) > 20


@pytest.mark.parametrize("program", MANUALS)
def test_manual_has_the_table(program):
    table = output(program, "--help=markdown")
    manual = source_tree.text(MANUALS[program])
    match = re.search(r"<!-- options -->\n(.*?)<!-- /options -->", manual, re.S)
    assert match, f"{MANUALS[program]} lacks the markers <!-- options --> and <!-- /options -->"
    assert match[1].strip() == table.strip(), f"put the output of '{program} --help=markdown' between the markers"


def test_help_and_table_agree():
    for program in MANUALS:
        listed = re.findall(r"^  --([a-z0-9-]+)", output(program, "--help"), re.M)
        tabled = re.findall(r"^\| `--([a-z0-9-]+)", output(program, "--help=markdown"), re.M)
        assert listed == tabled


@pytest.mark.parametrize("path, number, program, text", config_blocks())
def test_config_in_the_documentation_loads(path, number, program, text, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(text)
    done = run(program, "--check", "--config", str(config))
    assert done.returncode == 0, f"{path}, block {number}: {done.stderr}"


def test_the_documentation_shows_a_config():
    assert config_blocks()


@pytest.mark.parametrize("program, text", [
    ("dnsd", '{"no_such_option": 1}'), ("dnsd", '{"node_ttl": 5}'), ("dnsd", "{"),
    ("registrar", '{"no_such_option": 1}'), ("registrar", '{"family": 4}'), ("registrar", '{"wait": "5s"}'),
    ("lb", '{"no_such_option": 1}'), ("lb", '{"services": {"web": {"max_fials": 1}}}'), ("lb", '{"routes": [{"host": 1}]}')])
def test_a_wrong_config_is_refused(program, text, tmp_path):
    config = tmp_path / "config.json"
    config.write_text(text)
    done = run(program, "--check", "--config", str(config))
    assert done.returncode == 2
    assert str(config) in done.stderr and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("program", MANUALS)
def test_version(program):
    version = re.search(r"project\(signpost VERSION (\S+)", source_tree.text("CMakeLists.txt"))[1]
    assert version in output(program, "--version")
