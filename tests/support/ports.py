# Signpost. Apache-2.0; see LICENSE.
"""Loopback ports for servers under test."""
import random
import socket

_FIRST, _LAST = 20000, 32000  # below the kernel's ephemeral range, which client sockets take
_given = set()
_random = random.Random()


def free_port(address="127.0.0.1"):
    """A port nobody uses for TCP or UDP on `address`; never handed out twice in one test run."""
    for _ in range(1000):
        port = _random.randrange(_FIRST, _LAST)
        if port not in _given and _is_free(address, port):
            _given.add(port)
            return port
    raise RuntimeError(f"no free port on {address} between {_FIRST} and {_LAST}")


def _is_free(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
