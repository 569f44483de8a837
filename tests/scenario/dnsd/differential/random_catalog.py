# Signpost. Apache-2.0; see LICENSE.
"""A random catalog, registered with a real Consul agent."""
import uuid

NODES, SERVICES = 60, 45
TAGS = ["primary", "Replica", "v1", "v1.x", "v2.x", "blue", "tcp", "udp", "node", "a_b"]
STATES = ["passing"] * 4 + ["warning"] * 3 + ["critical"] * 2 + ["weird"]
META = [("key", "value"), ("env", "prod=eu"), ("k=q", "v`w"), ("rfc1035-note", "plain text"), (" lead", "x"),
        ("empty", ""), ("long", "y" * 180)]
SERVICE_META = [("m", "1"), ("version", "2.0"), ("path", "/a=b")]
SPECIAL_SERVICES = ["service", "node", "consul-x", "my_svc", "Web", "web", "UPPER", "x" * 62, "_odd", "query"]


class RandomCatalog:
    """What is registered is decided by `dice` (random.Random) alone. `operations`: bodies for /v1/txn; `queries`:
    bodies for /v1/query; the name lists are for asking."""

    def __init__(self, dice):
        self.dice = dice
        self.nodes, self.services, self.operations = [], [], []
        self._make_nodes()
        self._make_services()
        self._make_proxies()
        self.queries = self._make_queries()

    def register(self, consul):
        consul.txn(self.operations)
        for query in self.queries:
            consul.prepared_query(query)

    # --- nodes ---------------------------------------------------------------------------------------------------

    def _make_nodes(self):
        for number in range(NODES):
            self._add_node(self._node_name(number), self._node_address(number), number % 7 == 0)
        self._add_node("n" * 70, "10.8.0.70", False)
        self._add_node("long-meta", "10.8.0.71", False, {"big": "z" * 300})
        self._add_node("alias-in", f"{self.nodes[1]['Node']}.node.consul", False)
        self._add_node("alias-out", "www.example.com", False)
        self._add_node("alias-gone", "gone.node.consul", False)
        self._add_node("alias-self", "alias-self.node.consul", False)

    def _node_name(self, number):
        style = self.dice.choice(["plain", "plain", "plain", "Mixed", "dot.ted", "under_score", "sp ace"])
        return f"{style}-{number}" if style == "plain" else f"{style}{number}"

    def _node_address(self, number):
        """Unique for most nodes; some share one."""
        if number % 9 == 0 and number:
            return "10.8.0.1"
        return f"2001:db8:8::{number:x}" if self.dice.random() < 0.2 else f"10.8.0.{number + 1}"

    def _add_node(self, name, address, tagged, meta=None):
        node = {"Node": name, "Address": address, "ID": self._node_id()}
        if tagged:
            node["TaggedAddresses"] = self._tagged(len(self.nodes))
        picked = self.dice.sample(META, self.dice.choice([0, 0, 1, 2, 3]))
        node["Meta"] = dict(picked) if meta is None else meta
        self.nodes.append(node)
        self.operations.append({"Node": {"Verb": "set", "Node": node}})
        if self.dice.random() < 0.15:
            self._add_check(node, None, self.dice.choice(STATES))

    def _node_id(self):
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def _tagged(self, number):
        every = {"lan_ipv4": f"10.9.0.{number}", "lan_ipv6": f"2001:db8:9::{number:x}",
                 "wan": f"203.0.113.{number % 200}"}
        return {key: every[key] for key in self.dice.sample(sorted(every), self.dice.randint(1, 3))}

    # --- services ------------------------------------------------------------------------------------------------

    def _make_services(self):
        names = SPECIAL_SERVICES + [f"svc-{i}" for i in range(SERVICES - len(SPECIAL_SERVICES))]
        for name in names:
            hosts = self.dice.random() < 0.15
            for _ in range(self.dice.choice([1, 1, 2, 3, 5, 12])):
                self._add_instance(name, hosts=hosts)
        for _ in range(70):
            self._add_instance("big", plain=True)
        for number in range(150):
            self._add_instance("huge", plain=True, address=f"10.10.0.{number}")
        self._add_instance("toobig", plain=True, address="big.service.consul")
        self._add_instance("outside", plain=True, address="www.example.org")
        self._add_instance("toblank", plain=True, address="gone.service.consul")
        self._add_instance("todead", plain=True, address="dead.service.consul")
        self._add_instance("loopa", plain=True, address="loopb.service.consul")
        self._add_instance("loopb", plain=True, address="loopa.service.consul")
        self._add_instance("dead", plain=True, state="critical")
        self._add_instance("onlong", plain=True, node=self.nodes[NODES])
        self._add_instance("onlong", plain=True, node=self.nodes[0])
        self._add_instance("onmeta", plain=True, node=self.nodes[NODES + 1])
        for number in (3, 3, 4):
            self._add_instance("twins", plain=True, node=self.nodes[number], port=4711)
        self._add_instance("zeroes", plain=True, address="10.12.0.1", state="warning", warning=0)
        self._add_instance("zeroes", plain=True, address="10.12.0.2")

    def _add_instance(self, name, hosts=False, plain=False, address=None, state="", node=None, port=None, warning=None):
        """`hosts`: its address may be a host name; `plain`: usable unless `state` says otherwise, address as given."""
        node = node or self.dice.choice(self.nodes[:NODES])
        number = len(self.operations)
        service = {"ID": f"{name}-{number}", "Service": name, "Port": port or self.dice.randrange(0, 65536),
                   "Address": address or "", "Tags": self.dice.sample(TAGS, self.dice.choice([0, 1, 2, 3]))}
        if not plain:
            service["Address"] = self._service_address(hosts)
            if "example" not in service["Address"] and "consul" not in service["Address"] and self.dice.random() < 0.1:
                tagged = self._tagged(number % 250)
                service["TaggedAddresses"] = {key: {"Address": text, "Port": 7} for key, text in tagged.items()}
            if self.dice.random() < 0.2:
                service["Port"] = 4711  # equal ports make duplicates
        low = 1 if hosts or plain else 0
        low_weight = self.dice.randint(low, 9)
        service["Weights"] = {"Passing": self.dice.randint(1, 9), "Warning": low_weight if warning is None else warning}
        service["Meta"] = dict(self.dice.sample(SERVICE_META, self.dice.choice([0, 0, 1, 2])))
        self.services.append(service)
        self.operations.append({"Service": {"Verb": "set", "Node": node["Node"], "Service": service}})
        state = state or (self.dice.choice(STATES + [None] * 8) if not plain else None)
        if state:
            self._add_check(node, service, state)

    def _service_address(self, hosts):
        if hosts and self.dice.random() < 0.7:
            node = f"{self.nodes[2]['Node']}.node.consul"
            inside = self.dice.choice([node, "big.service.consul", "0a000001.addr.consul"])
            return self.dice.choice(["www.example.com", "a.example.net.", inside])
        last = self.dice.randint(1, 40)
        return self.dice.choice(["", "", f"10.11.0.{last}", f"2001:db8:11::{last:x}"])

    def _add_check(self, node, service, state):
        of_node = self.dice.choice(["serfHealth", "disk", "_node_maintenance"])
        check_id = f"service:{service['ID']}" if service else of_node
        if service and self.dice.random() < 0.1:
            check_id, state = f"_service_maintenance:{service['ID']}", "critical"
        if check_id == "_node_maintenance":
            state = "critical"
        check = {"Node": node["Node"], "CheckID": check_id, "Name": "check", "Status": state,
                 "ServiceID": service["ID"] if service else ""}
        self.operations.append({"Check": {"Verb": "set", "Check": check}})

    def _make_proxies(self):
        for target in ("svc-1", "Web", "big"):
            self._add_instance(f"{target}-proxy", plain=True)
            self.services[-1].update(Kind="connect-proxy", Proxy={"DestinationServiceName": target})
        self._add_instance("svc-2", plain=True)
        self.services[-1]["Connect"] = {"Native": True}

    # --- prepared queries ----------------------------------------------------------------------------------------

    def _make_queries(self):
        queries = []
        for number, service in enumerate(["svc-0", "svc-1", "svc-2", "big", "dead", "absent", "toobig"]):
            body = {"Name": f"find-{number}" if number % 2 else f"find.{number}", "Service": {"Service": service}}
            if self.dice.random() < 0.3:
                body["Service"]["OnlyPassing"] = True
            if self.dice.random() < 0.5:
                body["DNS"] = {"TTL": f"{self.dice.randint(1, 90)}s"}
            queries.append(body)
        template = {"Type": "name_prefix_match"}
        queries.append({"Name": "via-", "Template": template, "Service": {"Service": "${name.suffix}"}})
        return queries
