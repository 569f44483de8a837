# Signpost. Apache-2.0; see LICENSE.
"""A child process with its output kept in a file: the common part of ConsulAgent and Dnsd."""
import ctypes
import os
import pathlib
import signal
import subprocess


_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def ends_with_this_thread():
    """To be called in a child (preexec_fn)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """Starts `command` (a list); its stdout and stderr go to `log_path`. Ended by pid only. It does not outlive
    the thread that started it, so that a killed test run leaves nothing behind.
    """

    def __init__(self, command, log_path, env=None, preexec=None):
        def prepare():
            ends_with_this_thread()
            if preexec:
                preexec()

        self.command = [str(word) for word in command]
        self.log_path = pathlib.Path(log_path)
        with open(self.log_path, "ab") as log:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=prepare,
                env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self._child.pid

    @property
    def exit_code(self):
        """None while it runs; -N if signal N ended it."""
        return self._child.poll()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_tail(self, lines=40):
        return "\n".join(self.log().splitlines()[-lines:])

    def send(self, signal_number):
        self._child.send_signal(signal_number)

    def stop(self, deadline=15.0):
        """SIGTERM, then wait; returns the exit code. A process that stays is killed and reported."""
        if self.exit_code is None:
            self.send(signal.SIGTERM)
        try:
            return self._child.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.command[0]} did not end within {deadline} s of SIGTERM\n{self.log_tail()}")

    def kill(self):
        """SIGKILL; returns when the process is gone."""
        if self.exit_code is None:
            self._child.kill()
        return self._child.wait()

    def cpu_seconds(self):
        """User and system time used so far."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_bytes(self):
        return int(pathlib.Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
