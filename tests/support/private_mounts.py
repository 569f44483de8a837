# Signpost. Apache-2.0; see LICENSE.
"""Programs that see other files than the rest of the machine: each run has a mount namespace of its own. Needs root.

    mounts = PrivateMounts({"/etc/resolv.conf": "nameserver 127.0.0.1\\n"}, empty=["/run"])
    subprocess.run(mounts.words("getent", "hosts", "web"))

Nothing outside that process and its children changes: the files are mounted over the machine's, which must exist. Folders
named by `empty` are new ones in memory, and files may be put into them.
"""
import pathlib
import shlex
import tempfile


class PrivateMounts:
    def __init__(self, files=None, empty=()):
        self._home = tempfile.TemporaryDirectory(prefix="mounts-")
        steps = [f"mount -t tmpfs tmpfs {shlex.quote(folder)}" for folder in empty]
        for number, (target, text) in enumerate((files or {}).items()):
            source = pathlib.Path(self._home.name) / str(number)
            source.write_text(text)
            new = any(pathlib.PurePath(folder) in pathlib.PurePath(target).parents for folder in empty)
            steps.append(self._put(source, target) if new else f"mount --bind {source} {shlex.quote(target)}")
        self._script = " && ".join([*steps, 'exec "$@"'])

    @staticmethod
    def _put(source, target):
        folder = pathlib.PurePath(target).parent
        return f"mkdir -p {shlex.quote(str(folder))} && cp {source} {shlex.quote(target)}"

    def words(self, *words):
        """The command that runs `words` so. It becomes that program: its process id is the program's."""
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", self._script, "sh", *map(str, words)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._home.cleanup()
