# Signpost. Apache-2.0; see LICENSE.
"""A network of its own, with nothing but a loopback interface, that loses packets on demand. Needs root.

    with PrivateNetwork() as network, FakeDns(address="127.0.0.53") as dns, Lb(dns=(dns.host, dns.port)) as lb:
        network.lose(20, "127.0.0.53")   # percent of the packets from and to that address

The thread that enters it, and all threads and processes that are started inside, are in it; so is what they open.
"""
import ctypes
import os
import re
import subprocess

_NEW_NETWORK = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class PrivateNetwork:
    def __enter__(self):
        self._before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        _check(_libc.unshare(_NEW_NETWORK))
        try:
            _run("ip", "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        _check(_libc.setns(self._before, _NEW_NETWORK))
        os.close(self._before)

    def lose(self, percent, *addresses):
        """Of the packets from and to these addresses or prefixes, whatever their transport."""
        for address in addresses:
            for side in ("-s", "-d"):
                _run("iptables", "-A", "INPUT", side, address, "-m", "statistic", "--mode", "random", "--probability",
                     str(percent / 100), "-j", "DROP")

    def lose_nothing(self):
        _run("iptables", "-F", "INPUT")

    def add_address(self, address):
        """To the loopback interface; nothing else has a way out."""
        _run("ip", "address", "add", f"{address}/32", "dev", "lo")

    def remove_address(self, address):
        _run("ip", "address", "delete", f"{address}/32", "dev", "lo")

    @staticmethod
    def lost():
        """Packets dropped by the rules that are in force."""
        rules = [line for line in _run("iptables", "-nvxL", "INPUT").splitlines() if re.search(r"\bDROP\b", line)]
        return sum(int(line.split()[0]) for line in rules)


def _run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done.stdout


def _check(result):
    assert result == 0, os.strerror(ctypes.get_errno())
