# Signpost. Apache-2.0; see LICENSE.
"""Who may include whom.

- Folders include only what ARROWS allows, and the link lists in CMake say nothing else.
- Folders form no cycle; the programs do not include one another.
- Each third-party library is included from one folder.
- Every header compiles alone.
"""
import concurrent.futures
import graphlib
import os
import re
import subprocess

import pytest

import source_tree

# Folder: what it may include besides common/base. The folders of a program's root (dnsd, ...) put everything together.
ARROWS = {
    "common/base": [],
    "common/json": [],
    "common/options": ["common/json"],
    "common/net": [],
    "common/http": ["common/net"],
    "common/consul": ["common/http", "common/net", "common/json"],
    "dnsd/wire": [],
    "dnsd/catalog": ["common/consul"],
    "dnsd/feed": ["dnsd/catalog", "common/consul", "common/net", "common/json"],
    "dnsd/service_zone": ["dnsd/catalog", "dnsd/wire", "common/consul"],
    "dnsd/registry/model": ["dnsd/registry/filter", "dnsd/catalog", "common/consul"],
    "dnsd/registry/definition": ["dnsd/registry/model", "common/consul", "common/json"],
    "dnsd/registry/engine": ["dnsd/registry/model", "dnsd/registry/definition", "dnsd/registry/checks", "dnsd/catalog", "common/consul", "common/net"],
    "dnsd/registry/api": ["dnsd/registry/engine", "dnsd/registry/definition", "dnsd/registry/filter", "dnsd/registry/model",
                          "common/consul", "common/http", "common/net", "common/json"],
    "dnsd/registry": ["dnsd/registry/api", "dnsd/registry/engine", "dnsd/registry/definition", "dnsd/registry/model",
                      "dnsd/registry/storage", "dnsd/catalog", "common/options", "common/http", "common/net"],
    "dnsd/registry/storage": ["dnsd/registry/model", "common/json", "common/net"],
    "dnsd/registry/filter": ["common/json"],
    "dnsd/registry/checks": ["dnsd/registry/model", "common/http", "common/net", "common/json"],
    "registrar/container": ["common/json"],
    "registrar/docker": ["registrar/container", "common/http", "common/net", "common/json"],
    "registrar/mapping": ["registrar/container", "common/consul"],
    "registrar/plan": ["registrar/mapping", "registrar/container", "common/json"],
    "registrar/agent": ["registrar/plan", "registrar/mapping", "registrar/container", "common/consul", "common/net", "common/json"],
    "registrar/reconcile": ["registrar/agent", "registrar/docker", "registrar/plan", "registrar/mapping", "registrar/container",
                            "common/consul", "common/net"],
    "common/dns": ["common/net"],
    "lb/pool": ["common/options", "common/json", "common/net"],
    "lb/balance": ["lb/pool", "common/net"],
    "lb/route": ["lb/pool", "common/net"],
    "lb/http": [],
    "lb/wire": ["common/net"],
    "lb/upstream": ["lb/pool", "common/net"],
    "lb/relay": ["common/net"],
    "lb/session": ["lb/balance", "lb/route", "lb/http", "lb/wire", "lb/upstream", "lb/relay", "lb/pool", "common/net"],
    "lb/discovery": ["lb/pool", "common/dns", "common/consul", "common/json", "common/net"],
    "lb/publish": ["lb/discovery", "lb/route", "lb/pool", "common/json", "common/net"],
    "lb/health": ["lb/pool", "common/http", "common/net"],
    "dnsd/static_zone": ["dnsd/wire", "common/dns"],
    "dnsd/resolver": ["dnsd/wire", "common/net"],
    "dnsd/sandbox": [],
    "dnsd/query": ["dnsd/service_zone", "dnsd/static_zone", "dnsd/resolver", "dnsd/catalog", "dnsd/wire"],
    "dnsd/transport": ["dnsd/query", "dnsd/resolver", "dnsd/catalog", "dnsd/wire", "common/net"],
}
THIRD_PARTY = {
    "uv.h": "common/net",
    "curl/": "common/http",
    "zlib.h": "common/http",
    "rapidjson/": "common/json",
    "re2/": "dnsd/registry/filter",
    "spdlog/": "common/base",
    "prometheus/": "common/base",
    "sqlite3.h": "dnsd/registry/storage",
    "ldns/": "common/dns",
    "seccomp.h": "dnsd/sandbox",
}
SYSTEM = re.compile(r"[a-z_]+|c[a-z]+|(arpa|net|netinet|sys|linux)/[a-z0-9_]+\.h|"
                    r"(dirent|errno|fcntl|grp|ifaddrs|limits|netdb|poll|pthread|pwd|sched|signal|stdint|stdio|stdlib|string|time|unistd)\.h")


def allowed(folder, target):
    if folder in source_tree.PROGRAMS:
        return target.startswith(("common/", folder + "/"))
    return target == "common/base" or target in ARROWS.get(folder, [])


def test_every_folder_has_its_arrows():
    known = {*ARROWS, *source_tree.PROGRAMS}
    assert {str(path.parent) for path in source_tree.production()} <= known


def test_includes_follow_the_arrows():
    wrong = [f"{path}: {source} must not include {target}"
             for (source, target), path in source_tree.folder_arrows().items() if not allowed(source, target)]
    assert not wrong, "\n".join(wrong)


def test_link_lists_follow_the_arrows():
    cmake = "\n".join(source_tree.text(path) for path in source_tree.files() if path.name == "CMakeLists.txt")
    libraries = re.findall(r"^signpost_library\((\S+)(?:\s+LINK\s+([^)]*?))?(?:\s+PRIVATE\s+[^)]*)?\)", cmake, re.M)
    assert {folder for folder, _ in libraries} >= {folder for folder in ARROWS if (source_tree.ROOT / folder).is_dir()}
    wrong = [f"{folder} must not link {target}"
             for folder, links in libraries for target in links.split() if not allowed(folder, target)]
    assert not wrong, "\n".join(wrong)


def test_folders_form_no_cycle():
    graph = {}
    for source, target in source_tree.folder_arrows():
        graph.setdefault(source, set()).add(target)
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError, which names the cycle


def test_programs_do_not_include_one_another():
    wrong = [f"{path} includes {target}" for (source, target), path in source_tree.folder_arrows().items()
             if target.split("/")[0] in source_tree.PROGRAMS and target.split("/")[0] != source.split("/")[0]]
    assert not wrong, "\n".join(wrong)


def test_own_includes_exist():
    wrong = [f"{path} includes {target}" for path in source_tree.production()
             for target in source_tree.own_includes(path) if not (source_tree.ROOT / target).is_file()]
    assert not wrong, "\n".join(wrong)


def test_each_library_is_included_from_one_folder():
    wrong = []
    for path in source_tree.production():
        for name in source_tree.foreign_includes(path):
            home = next((folder for prefix, folder in THIRD_PARTY.items() if name.startswith(prefix)), None)
            if home is None and not SYSTEM.fullmatch(name):
                wrong.append(f"{path}: <{name}> is in neither table of this test")
            elif home is not None and home != str(path.parent):
                wrong.append(f"{path}: <{name}> belongs to {home}")
    assert not wrong, "\n".join(wrong)


def compile_alone(header):
    """Compiles a file that includes nothing but `header`; the compiler's words if it fails."""
    source = source_tree.ROOT / "build" / "rules" / (str(header).replace("/", "_") + ".cc")
    source.parent.mkdir(parents=True, exist_ok=True)
    line = f'#include "{header}"\n'
    if not source.is_file() or source.read_text() != line:
        source.write_text(line)
    done = subprocess.run(["ccache", "g++", "-std=c++20", f"-I{source_tree.ROOT}", "-DSIGNPOST_VERSION=\"0\"", "-c", source.name, "-o", source.stem + ".o"],
                          cwd=source.parent, capture_output=True, text=True)
    return "" if done.returncode == 0 else f"{header}\n{done.stderr[:600]}"


def test_headers_are_self_contained():
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = [words for words in pool.map(compile_alone, source_tree.headers()) if words]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder, target, verdict", [
    ("common/net", "common/base", True), ("common/net", "common/http", False), ("dnsd/wire", "dnsd/query", False),
    ("dnsd", "dnsd/feed", True), ("dnsd", "lb", False), ("lb", "dnsd/wire", False), ("dnsd/unknown", "common/net", False)])
def test_the_table_is_read_rightly(folder, target, verdict):
    assert allowed(folder, target) is verdict
