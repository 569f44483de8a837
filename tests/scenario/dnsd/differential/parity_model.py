# Signpost. Apache-2.0; see LICENSE.
"""What dnsd must answer, worked out from Consul's HTTP view of the catalog, and where that is not what Consul answers.

Written from the documented behaviour, without a look at how dnsd does it: names of the consul domain are read label by
label, instances are filtered and turned into records. Wherever dnsd deviates by decision, the deviation's name is noted
in Expected.why, so that everything else must agree with Consul's own reply.
"""
import dataclasses
import ipaddress

from expectations import LONGEST_STRING, Expected, Instance, as_ip, as_name, labels_of, meta_text, no_data, no_name, txt
from support.ask import Record

KEYWORDS = {"service", "node", "query", "connect", "addr", "ingress"}
FAMILIES = {"A": (4,), "AAAA": (6,), "ANY": (4, 6)}
MAX_ALIASES = 3


class Model:
    """`ttl_of`: function from a lower-case service name to the TTL; `node_ttl` for everything else."""

    def __init__(self, consul, ttl_of, node_ttl):
        self.ttl_of, self.node_ttl = ttl_of, node_ttl
        self._consul = consul
        nodes = consul.get("/v1/catalog/nodes")
        self.nodes = {node["Node"].lower(): node for node in nodes}
        self.ids = {node["ID"].lower(): node for node in nodes if node["ID"]}
        names = {name.lower() for name in consul.get("/v1/catalog/services")}
        self.services = {name: self._instances("service", name) for name in names}
        self.connect = {name: self._instances("connect", name) for name in names}
        self._queries = {}
        self._following = False

    def _instances(self, kind, name):
        return [Instance(entry) for entry in self._consul.get(f"/v1/health/{kind}/{name}")]

    # --- names ---------------------------------------------------------------------------------------------------

    def expect(self, name, kind):
        owner = as_name(name)
        labels = name.lower().rstrip(".").split(".")
        if labels[-1] == "arpa":
            return self._reverse(owner, labels, kind)
        if labels[-1] != "consul":
            return Expected(rcode="REFUSED")
        if kind in ("AXFR", "IXFR"):
            return Expected(rcode="REFUSED", why={"protocol"})
        expected = self._inside(owner, labels[:-1], kind)
        if labels == ["consul"] or kind not in ("NS", "SOA"):
            return expected
        # Consul answers these two before it reads the name.
        expected.why = {"apex types"}
        expected.consul_silent = False
        return expected

    def _inside(self, owner, labels, kind):
        if not labels:
            return self._apex(kind)
        marks = [i for i, label in enumerate(labels) if label in KEYWORDS or label.startswith("_")]
        place = marks[-1] if marks else None
        if place is None:
            return no_data(["empty non-terminals"]) if labels == ["dc1"] else no_name()
        keyword = labels[place] if labels[place] in KEYWORDS else ""
        left, suffix = (labels[:place], labels[place + 1:]) if keyword else (labels[:place + 1], labels[place + 1:])
        if suffix not in ([], ["dc1"]):
            return no_name(self._lenient(labels, kind))
        if not left:
            return no_data(["empty non-terminals"])
        if not keyword:
            return self._without_keyword(owner, labels, left, kind)
        return getattr(self, f"_{keyword}")(owner, left, kind)

    @staticmethod
    def _lenient(labels, kind):
        """Consul reads less of such names: any suffix of an addr name, and no node name at all for most types. Without
        SRV it looks for keywords only."""
        marks = [i for i, label in enumerate(labels) if label in KEYWORDS]
        place = marks[-1] if marks else None
        if place is None or (kind == "SRV" and any(label.startswith("_") for label in labels[place:])):
            return []
        if labels[place] == "addr":
            return ["addr"] if place == 1 else []
        odd = labels[place] == "node" and place and kind not in ("TXT", *FAMILIES) and len(labels) - place <= 2
        return ["odd types"] if odd else []

    def _apex(self, kind):
        ns = {Record("consul.", self.node_ttl, "NS", "srv1.node.dc1.consul.")}
        glue = {Record("srv1.node.dc1.consul.", self.node_ttl, "A", "127.0.0.1")}
        if kind == "NS":
            return Expected(answers=[ns], additional=glue)
        if kind == "SOA":
            return Expected(answers=[{"SOA"}], ns=ns, additional=glue)
        if kind == "ANY":
            return Expected(answers=[{"SOA"} | ns], additional=glue, why={"empty non-terminals"})
        return no_data(["empty non-terminals"])

    def _without_keyword(self, owner, labels, left, kind):
        """_service._tag.consul: only SRV has records, but the name exists for every type."""
        found = self._service(owner, left, kind)
        if kind == "SRV":
            return found
        if found.rcode == "NXDOMAIN":
            return no_name(self._lenient(labels, kind))
        return no_data(["empty non-terminals"])

    # --- services ------------------------------------------------------------------------------------------------

    def _service(self, owner, left, kind):
        name, tag = left[-1], ".".join(left[:-1])
        if len(left) == 2 and left[0].startswith("_") and left[1].startswith("_"):
            name, tag = left[0][1:], left[1][1:] if left[1] != "_tcp" else ""
        if name not in self.services:
            return no_data(["empty non-terminals"]) if left == ["_tcp"] else no_name()
        instances = self.services[name]
        if tag:
            tags = set().union(*(instance.tags for instance in instances))
            if tag not in tags:
                below = any(known.endswith("." + tag) for known in tags)
                return no_data(["empty non-terminals"]) if below else no_name()
            instances = [instance for instance in instances if tag in instance.tags]
        return self._answer(owner, instances, kind, self.ttl_of(name))

    def _connect(self, owner, left, kind):
        instances = self.connect.get(left[-1])
        return self._answer(owner, instances, kind, self.ttl_of(left[-1])) if instances else no_name()

    def _ingress(self, owner, left, kind):
        return no_name()

    def _query(self, owner, left, kind):
        name = ".".join(left)
        if name not in self._queries:
            self._queries[name] = self._execute(name)
        found = self._queries[name]
        return self._answer(owner, *found[:1], kind, found[1]) if found else no_name()

    def _execute(self, name):
        reply = self._consul._call("GET", f"/v1/query/{name}/execute")
        if reply.status_code == 404:
            return None
        body = reply.json()
        ttl = body["DNS"]["TTL"]
        instances = [Instance(entry) for entry in body["Nodes"]]
        return instances, int(ttl.rstrip("s")) if ttl else self.ttl_of(body["Service"])

    def _answer(self, owner, instances, kind, ttl):
        usable = [instance for instance in instances if instance.usable]
        if not usable:
            return no_data(["no usable instance"])
        if kind == "SRV":
            return self._srv(owner, usable, ttl)
        if kind == "TXT":
            return self._service_txt(owner, usable, ttl)
        hosts = [instance.host for instance in usable if instance.host]
        if kind in FAMILIES:
            found = self._addresses(owner, usable, kind, ttl)
            if found.answers[0]:
                return found
        if not hosts:
            return no_data()
        return self._alias(owner, hosts, kind, ttl)

    def _addresses(self, owner, usable, kind, ttl):
        expected = Expected(partial=True)
        for family in FAMILIES[kind]:
            weights = {}
            for instance in usable:
                ip = instance.address(family)
                if ip:
                    weights[ip] = weights.get(ip, 0) + instance.weight
            heavy = {ip for ip, weight in weights.items() if weight}
            if heavy and len(heavy) < len(weights):
                expected.why.add("order")
            record_type = "A" if family == 4 else "AAAA"
            expected.answers[0] |= {Record(owner, ttl, record_type, str(ip)) for ip in heavy or weights}
        if kind == "ANY" and {ip for i in usable for ip in (i.address(4), i.address(6)) if ip} != {
                as_ip(i.primary()[0]) for i in usable if not i.host}:
            expected.why.add("ANY")
        return expected

    def _srv(self, owner, usable, ttl):
        expected, weights, count = Expected(), {}, 0
        for instance in usable:
            target, records, silent = self._target(instance, ttl, owner)
            if target is None or silent:
                expected.why.add("long text")
                expected.consul_silent = True
            if target is None:
                continue
            count += 1
            key = (target, instance.service["Port"])
            weights[key] = max(weights.get(key, 0), instance.weight)
            expected.additional |= records
            if instance.address(4) and instance.address(6):
                expected.why.add("dual stack")
            if instance.host and instance.host.rstrip(".").lower().endswith("consul"):
                expected.why.add("host names")
        if len(weights) < count:
            expected.why.add("duplicates")
        expected.answers = [{Record(owner, ttl, "SRV", f"1 {weight} {port} {target}")
                             for (target, port), weight in weights.items()}]
        return expected if weights else dataclasses.replace(no_data(expected.why), consul_silent=expected.consul_silent)

    def _target(self, instance, ttl, owner):
        """(SRV target, its additional records, True if Consul cannot write them)."""
        text, of_node = instance.primary()
        node_name = as_name(instance.node["Node"], "node.dc1.consul")
        ip, records = as_ip(text), set()
        if not ip:
            target = as_name(text)
            chain, _ = self._follow(text, "ANY", ttl, owner)
            records |= set(chain)
        elif of_node and text == instance.node["Address"]:
            target = node_name
        else:
            target = f"{ip.packed.hex()}.addr.dc1.consul."
        for family, record_type in ((4, "A"), (6, "AAAA")):
            address = instance.address(family)
            if address and ip and target:
                records.add(Record(target, ttl, record_type, str(address)))
        meta = [meta_text(*pair) for pair in (instance.node["Meta"] or {}).items()]
        if node_name:
            records |= {Record(node_name, ttl, "TXT", txt(text)) for text in meta}
        silent = any(len(text.encode()) > LONGEST_STRING for text in meta) or (meta and not node_name)
        return target, records, bool(silent)

    def _service_txt(self, owner, usable, ttl):
        records = set()
        for instance in usable:
            service = instance.service
            texts = [f"id={service['ID']}", f"node={instance.node['Node']}", f"status={instance.status}",
                     f"weight={instance.weight}", "tags=" + ",".join(service["Tags"] or [])]
            meta = frozenset(txt(f"{key}={value}") for key, value in (service["Meta"] or {}).items())
            records.add(Record(owner, ttl, "TXT", (tuple(map(txt, texts)), meta)))
        return Expected(answers=[records], why={"TXT"})

    # --- host names ----------------------------------------------------------------------------------------------

    def _alias(self, owner, hosts, kind, ttl):
        """One of the host names, and what it leads to inside the domain."""
        expected = Expected(answers=[], partial=True)
        for host in sorted(set(hosts)):
            first = Record(owner, ttl, "CNAME", as_name(host))
            follow = kind in FAMILIES and not self._following
            chain, dead_end = self._follow(host, kind, ttl, owner) if follow else ([], False)
            expected.answers.append({first, *chain})
            if dead_end:
                expected.soa = "consul."
            if host.rstrip(".").lower().endswith("consul"):
                expected.why.add("host names")
        if len(expected.answers) > 1 and expected.soa:
            expected.soa = "perhaps"
        return expected

    def _follow(self, host, kind, ttl, asked):
        """(records behind an alias to `host`, True if the chain ends without an address in this domain)."""
        records, path = [], {asked.lower()}
        for _ in range(MAX_ALIASES):
            owner = as_name(host)
            if owner.lower() in path or not owner.lower().endswith(".consul."):
                return records, False
            path.add(owner.lower())
            self._following = True  # one link at a time
            step = self._inside(owner, labels_of(owner)[:-1], kind)
            self._following = False
            here = [record._replace(ttl=ttl) for record in step.answers[0]
                    if record.owner == owner and record.type != "TXT"]
            records += here
            alias = [record for record in here if record.type == "CNAME"]
            if not alias:
                return records, not here
            host = alias[0].text
        return records, False

    # --- nodes, addresses, reverse names -------------------------------------------------------------------------

    def _node(self, owner, left, kind):
        name = ".".join(left)
        node = self.nodes.get(name) or self.ids.get(name)
        if not node:
            return self._no_node(name, kind)
        expected = self._known_node(owner, node, kind)
        if " " in name and kind in ("TXT", *FAMILIES):
            expected.why, expected.consul_silent = {"escaped names"}, False
        return expected

    def _known_node(self, owner, node, kind):
        tagged = node["TaggedAddresses"] or {}
        addresses = {family: as_ip(tagged.get(f"lan_ipv{family}") or node["Address"]) for family in (4, 6)}
        meta = [meta_text(*pair) for pair in (node["Meta"] or {}).items()]
        texts = {Record(owner, self.node_ttl, "TXT", txt(text)) for text in meta}
        too_long = any(len(text.encode()) > LONGEST_STRING for text in meta)
        if kind in ("CNAME", *FAMILIES) and not any(addresses.values()):
            expected = self._alias(owner, [node["Address"]], kind, self.node_ttl)
            expected.why.add("host names")
            return expected
        expected = Expected()
        for family in FAMILIES.get(kind, ()):
            if addresses[family] and addresses[family].version == family:
                record_type = "A" if family == 4 else "AAAA"
                expected.answers[0].add(Record(owner, self.node_ttl, record_type, str(addresses[family])))
        if len(expected.answers[0]) == 2:
            expected.why.add("ANY")
        if kind in ("TXT", "ANY"):
            expected.answers[0] |= texts
        elif expected.answers[0]:
            expected.additional = texts
        if not expected.answers[0]:
            expected = no_data(["odd types"])
        if too_long and kind in ("TXT", *FAMILIES):
            expected.why.add("long text")
            expected.consul_silent = True
        return expected

    def _no_node(self, name, kind):
        below = any(known.endswith("." + name) for known in self.nodes)
        if kind not in ("TXT", *FAMILIES):
            return no_data(["odd types"]) if below else no_name(["odd types"])
        return no_data(["empty non-terminals"]) if below else no_name()

    def _addr(self, owner, left, kind):
        digits = left[0]
        if len(left) > 1 or len(digits) not in (8, 32) or set(digits) - set("0123456789abcdef"):
            return no_name(["addr"] if len(left) == 1 else [])
        ip = ipaddress.ip_address(bytes.fromhex(digits))
        if ip.version not in FAMILIES.get(kind, ()):
            return no_data(["addr"])
        record = Record(owner, self.node_ttl, "A" if ip.version == 4 else "AAAA", str(ip))
        return Expected(answers=[{record}], why={"alt domain owner"} if owner != owner.lower() else set())

    def _reverse(self, owner, labels, kind):
        if labels[-2:] == ["arpa"] or labels == ["arpa"] or labels[-2] not in ("in-addr", "ip6"):
            return Expected(rcode="REFUSED", why={"PTR"})
        soa = ".".join(owner.split(".")[-3:])
        parts, v4 = labels[:-2], labels[-2] == "in-addr"
        full = 4 if v4 else 32
        good = all((part.isdigit() and str(int(part)) == part and int(part) < 256) if v4 else
                   (len(part) == 1 and part in "0123456789abcdef") for part in parts)
        if len(parts) != full or not good:
            if kind in ("AXFR", "IXFR"):
                return Expected(rcode="REFUSED", why={"PTR"})
            return no_data(["PTR"], soa) if good and len(parts) < full else no_name(["PTR"], soa)
        parts = parts[::-1]
        ip = as_ip(".".join(parts) if v4 else ":".join("".join(parts[i:i + 4]) for i in range(0, 32, 4)))
        nodes = [node["Node"] for node in self.nodes.values() if as_ip(node["Address"]) == ip]
        services = [instance.service["Service"] for instances in self.services.values() for instance in instances
                    if as_ip(instance.service["Address"]) == ip]
        names = {as_name(name, "node.dc1.consul") for name in nodes}
        names |= {as_name(name, "service.dc1.consul") for name in services}
        if kind in ("AXFR", "IXFR"):
            return Expected(rcode="REFUSED", why={"PTR"}, consul_silent=None in names)
        if not names:
            return no_name(["PTR"], soa)
        if kind not in ("PTR", "ANY") or names == {None}:
            return dataclasses.replace(no_data(["PTR"], soa), consul_silent=None in names)
        answers = {Record(owner, self.node_ttl, "PTR", name) for name in names - {None}}
        return Expected(answers=[answers], why={"PTR"}, consul_silent=None in names)
