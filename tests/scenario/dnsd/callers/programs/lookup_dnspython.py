# Signpost. Apache-2.0; see LICENSE.
"""lookup_dnspython.py KIND NAME: what dnspython finds, one record a line."""
import pathlib
import sys

import dns.exception
import dns.resolver


def look(kind, name):
    tcp = "use-vc" in pathlib.Path("/etc/resolv.conf").read_text()  # dnspython does not read it
    resolver = dns.resolver.Resolver()
    found = []
    for each in ("A", "AAAA") if kind == "any" else (kind.upper(),):
        answer = resolver.resolve(name, each, tcp=tcp, search=True, raise_on_no_answer=False)
        found += [f"{each} {record.to_text()}" for record in answer.rrset or ()]
    if not found:
        raise dns.resolver.NoAnswer
    return found


try:
    print("\n".join(look(*sys.argv[1:])))
except dns.exception.DNSException as error:
    print("ERROR", type(error).__name__, error)
    sys.exit(1)
