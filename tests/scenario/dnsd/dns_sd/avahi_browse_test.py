# Signpost. Apache-2.0; see LICENSE.
"""A browser that dnsd's authors did not write (case W254): avahi-browse over unicast DNS, in namespaces of its own.

Claims
- It finds the types below service.consul by itself, and resolves an instance to its address, port and TXT strings.
"""
import pathlib
import subprocess

from support.program import binary

SCRIPT = pathlib.Path(__file__).with_name("browse_with_avahi")
ALONE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]


def test_W254_avahi_browse(tmp_path):
    done = subprocess.run([*ALONE, str(SCRIPT), str(binary()), str(tmp_path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split(";") for line in done.stdout.splitlines()]
    resolved = [row for row in rows if row[0] == "="]
    assert len(resolved) == 1, done.stdout
    _, _, _, label, kind, domain, host, address, port, text = resolved[0]
    assert label == "Web\\0321\\.2" and (kind, domain) == ("_web._tcp", "service.consul")
    assert (host, address, port) == ("n1.node.dc1.consul", "127.0.0.1", "80")
    assert all(f'"{part}"' in text for part in ("txtvers=1", "id=Web 1.2", "tags=http", "version=blue", "dc=dc1"))
    listed = {row[4] for row in rows if row[0] == "+"}
    assert listed == {"_web._tcp", "_consul._tcp"}, done.stdout
