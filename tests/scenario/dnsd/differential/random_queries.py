# Signpost. Apache-2.0; see LICENSE.
"""Random questions about a random catalog: names that exist, that nearly exist and that cannot exist."""
import ipaddress

TYPES = ["A"] * 6 + ["AAAA"] * 4 + ["SRV"] * 6 + ["ANY"] * 2 + ["TXT"] * 2 + [
    "MX", "CNAME", "PTR", "HTTPS", "NS", "SOA", "DS", "CAA", "TYPE65280", "AXFR", "IXFR"]
SIZES = [None, None, None, 0, 512, 513, 700, 1232, 1400, 4096, 65535]
SUFFIXES = ["consul"] * 6 + ["dc1.consul"] * 3 + ["DC1.Consul", "dc9.consul", "x.dc1.consul"]
KEYWORDS = ["service", "node", "query", "connect", "addr", "ingress"]
RARE = ("long-meta", "onlong", "onmeta")  # Consul keeps silent on these, and waiting for that takes time
SPECIAL = ["twins.service", "zeroes.service", "dead.service", "toobig.service", "onlong.service", "onmeta.service",
           "find-3.query", "long-meta.node", "alias-in.node", "alias-gone.node", "loopa.service"]


class RandomQueries:
    def __init__(self, dice, catalog):
        self.dice = dice
        self.node_names = [node["Node"] for node in catalog.nodes if len(node["Node"]) <= 63]
        self.node_ids = [node["ID"] for node in catalog.nodes]
        self.services = sorted({service["Service"] for service in catalog.services})
        self.addresses = self._addresses(catalog)
        self.queries = [query["Name"] for query in catalog.queries] + ["via-svc-3", "via-nothing", "absent-query"]
        self.tags = sorted({tag for service in catalog.services for tag in service["Tags"]}) + ["x", "green"]
        often = {self.service: 8, self.tagged: 4, self.rfc2782: 4, self.node: 5, self.query: 2, self.special: 2,
                 self.connect: 1, self.address: 2, self.reverse: 2, self.bare: 1, self.foreign: 1, self.noise: 1}
        self.forms = [form for form, times in often.items() for _ in range(times)]

    @staticmethod
    def _addresses(catalog):
        texts = {node["Address"] for node in catalog.nodes} | {service["Address"] for service in catalog.services}
        texts |= {"10.255.255.1", "2001:db8:ffff::1"}
        return sorted(text for text in texts if text and all(c in "0123456789abcdef:." for c in text))

    def next(self):
        """(name, type, words for support.ask.ask)"""
        name, kind = self.dice.choice(self.forms)(), self.dice.choice(TYPES)
        if "_" in name and self.dice.random() < 0.5:
            kind = "SRV"
        if name.endswith("arpa") and self.dice.random() < 0.7:
            kind = "PTR"
        words = {"rd": int(self.dice.random() < 0.9), "edns": self.dice.choice(SIZES), "tcp": self.dice.random() < 0.15}
        if words["edns"] is not None and self.dice.random() < 0.2:
            words["do"] = 1
        if self.dice.random() < 0.1:
            words["cd"] = 1
        return self.mutated(name), kind, words

    def mutated(self, name):
        roll = self.dice.random()
        if roll < 0.2:
            return "".join(self.dice.choice((c.lower(), c.upper())) for c in name)
        if roll < 0.25:
            place = self.dice.randrange(len(name))
            return name if name[place] == "." else name[:place] + self.dice.choice("az09-") + name[place + 1:]
        return name

    def one_of(self, names):
        """Not often one of the names that Consul does not answer for."""
        name = self.dice.choice(names)
        return self.dice.choice(names) if name in RARE and self.dice.random() < 0.8 else name

    def suffix(self):
        return self.dice.choice(SUFFIXES)

    def some_service(self):
        return self.one_of(self.services + ["consul", "nothing", "gone"])

    def service(self):
        return f"{self.some_service()}.service.{self.suffix()}"

    def special(self):
        if self.dice.random() < 0.05:
            return "70.0.8.10.in-addr.arpa"  # of a node whose name DNS cannot write
        return f"{self.dice.choice(SPECIAL)}.{self.suffix()}"

    def tagged(self):
        return f"{self.dice.choice(self.tags)}.{self.service()}"

    def rfc2782(self):
        tag = self.dice.choice(["tcp", "tcp", "TCP", "udp", self.dice.choice(self.tags)])
        keyword = self.dice.choice(["service.", ""])
        return f"_{self.some_service()}._{tag}.{keyword}{self.suffix()}"

    def node(self):
        name = self.one_of(self.node_names + ["nobody", "ted1"])
        if self.dice.random() < 0.1:
            name = self.dice.choice(self.node_ids)
        if "." in name and self.dice.random() < 0.2:
            name = name.split(".", 1)[1]
        return f"{name}.node.{self.suffix()}"

    def query(self):
        return f"{self.dice.choice(self.queries)}.query.{self.dice.choice(['consul', 'dc1.consul', 'a.b.consul'])}"

    def connect(self):
        front = self.dice.choice(["", "tag.", "x.y."])
        service = self.dice.choice(["svc-1", "web", "big", "svc-2", "svc-3", "nothing"])
        return f"{front}{service}.connect.{self.suffix()}"

    def address(self):
        digits = ipaddress.ip_address(self.dice.choice(self.addresses)).packed.hex()
        digits = self.dice.choice([digits] * 5 + [digits[1:], digits + "0", "zz" + digits[2:], "x." + digits])
        return f"{digits}.addr.{self.suffix()}"

    def reverse(self):
        name = ipaddress.ip_address(self.dice.choice(self.addresses)).reverse_pointer
        cut = self.dice.random()
        if cut < 0.1:
            name = name.split(".", self.dice.randint(1, 3))[-1]
        elif cut < 0.15:
            name = "x." + name
        return name

    def bare(self):
        front = self.dice.choice(KEYWORDS + ["_tcp.service", "_tcp", "_udp", "ns", "", "dc1", "virtual", "a.b"])
        return f"{front}.{self.suffix()}".lstrip(".")

    def foreign(self):
        return self.dice.choice(["www.example.com", "xconsul", "consul.example", "arpa", "com", "localhost"])

    def noise(self):
        words = KEYWORDS + ["_a", "_tcp", "x", "big", "svc-1", "dc1"]
        labels = [self.dice.choice(words) for _ in range(self.dice.randint(1, 5))]
        return ".".join(labels) + ".consul"
