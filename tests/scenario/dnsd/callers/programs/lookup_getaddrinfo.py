# Signpost. Apache-2.0; see LICENSE.
"""lookup_getaddrinfo.py KIND NAME: what Python finds by the C library, one record a line."""
import socket
import sys

kind, name = sys.argv[1:]
wanted = {"a": socket.AF_INET, "aaaa": socket.AF_INET6, "any": socket.AF_UNSPEC}[kind]
try:
    for family, *_, address in socket.getaddrinfo(name, None, wanted, socket.SOCK_STREAM):
        print("A" if family == socket.AF_INET else "AAAA", address[0])
except OSError as error:
    print("ERROR", error)
    sys.exit(1)
