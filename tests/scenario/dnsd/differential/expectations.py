# Signpost. Apache-2.0; see LICENSE.
"""The words of the model: what is expected of an answer, the texts of records, and one instance of a service."""
import dataclasses
import ipaddress

import dns.exception
import dns.name
import dns.rdtypes.ANY.TXT

LONGEST_STRING = 255


@dataclasses.dataclass
class Expected:
    """`answers`: the complete answer section, or several of which any one may come. `partial`: over UDP as many answers
    as fit (addresses); otherwise all or none. `soa`: owner of the SOA in the authority section."""
    rcode: str = "NOERROR"
    answers: list = dataclasses.field(default_factory=lambda: [set()])
    soa: str = ""
    ns: set = dataclasses.field(default_factory=set)
    additional: set = dataclasses.field(default_factory=set)
    why: set = dataclasses.field(default_factory=set)
    partial: bool = False
    consul_silent: bool = False


def no_data(why=(), soa="consul."):
    return Expected(soa=soa, why=set(why))


def no_name(why=(), soa="consul."):
    return Expected(rcode="NXDOMAIN", soa=soa, why=set(why))


def as_name(*parts):
    """Absolute name from texts that may hold several labels each, escaped as in a printed reply; None if DNS has no
    form for it."""
    labels = [label.encode() for part in parts for label in part.rstrip(".").split(".")]
    try:
        return dns.name.Name([*labels, b""]).to_text()
    except dns.exception.DNSException:
        return None


def labels_of(name):
    """Lower-case labels of a printed name, the root left out."""
    return [label.decode().lower() for label in dns.name.from_text(name).labels[:-1]]


def as_ip(text):
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def txt(*strings):
    """Record data; strings over 255 bytes are split."""
    pieces = []
    for text in strings:
        data = text.encode()
        pieces += [data[i:i + LONGEST_STRING] for i in range(0, max(len(data), 1), LONGEST_STRING)]
    return dns.rdtypes.ANY.TXT.TXT(1, 16, pieces).to_text()


def meta_text(key, value):
    """RFC 1464: what would be read as the end of the key is quoted."""
    if key.lower().startswith("rfc1035-"):
        return value
    quoted = "".join("`" + c if c in "=`" else c for c in key)
    front = len(key) - len(key.lstrip(" \t"))
    return "".join("`" + c for c in key[:front]) + quoted[front:] + "=" + value.replace("`", "``")


class Instance:
    """One entry of /v1/health/service."""

    def __init__(self, entry):
        self.node, self.service = entry["Node"], entry["Service"]
        self.states = [check["Status"] for check in entry["Checks"] or []]
        self.tags = {tag.lower() for tag in self.service["Tags"] or []}
        own = {key: value["Address"] for key, value in (self.service.get("TaggedAddresses") or {}).items()}
        self._own = (self.service["Address"], own)
        self._node = (self.node["Address"], self.node["TaggedAddresses"] or {})

    @property
    def usable(self):
        return "critical" not in self.states

    @property
    def weight(self):
        if set(self.states) - {"passing", "warning"}:
            return 1
        return self.service["Weights"]["Warning" if "warning" in self.states else "Passing"]

    @property
    def status(self):
        if set(self.states) - {"passing", "warning"}:
            return "other"
        return "warning" if "warning" in self.states else "passing"

    def choose(self, tags):
        """(text, True if it is the node's) by the first of `tags` that is there, else the plain address."""
        for (plain, tagged), of_node in ((self._own, False), (self._node, True)):
            text = next((tagged[tag] for tag in tags if tagged.get(tag)), plain)
            if text:
                return text, of_node
        return "", True

    def address(self, family):
        """The IPv4 or IPv6 address that is shown, or None."""
        ip = as_ip(self.choose([f"lan_ipv{family}"])[0])
        return ip if ip and ip.version == family else None

    def primary(self):
        """(text, of_node) of what SRV points at."""
        return self.choose(["lan_ipv6", "lan_ipv4"])

    @property
    def host(self):
        text = self.primary()[0]
        return None if as_ip(text) else text
