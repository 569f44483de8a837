# Signpost. Apache-2.0; see LICENSE.
"""The catalog behind FakeConsul: nodes and services as Consul's JSON values, with the indexes that blocking queries need."""
import uuid


class World:
    """Nodes, services, keys and prepared queries of one datacenter as Consul's JSON values, with their indexes."""

    def __init__(self, first_index=10):
        self.index = first_index
        self.nodes = {}  # name -> node
        self.services = {}  # name -> {(node, id): {Node, Service, Checks}}
        self.spellings = {}  # lower-case name -> {name as registered}
        self.service_index = {}  # lower-case name -> index
        self.removed_index = first_index
        self.list_index = first_index
        self.nodes_index = first_index
        self.checks_index = first_index
        self.queries = {}  # name -> (service, TTL)
        self.kv = {}  # key -> text
        self.kv_index = first_index

    def bump(self):
        self.index += 1
        return self.index

    def put_node(self, name, address, datacenter, meta=None):
        index = self.bump()
        self.nodes[name] = {"ID": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)), "Node": name, "Address": address,
                            "Datacenter": datacenter, "TaggedAddresses": {"lan": address, "wan": address},
                            "Meta": meta or {}, "CreateIndex": index, "ModifyIndex": index}
        self.nodes_index = index

    def put_instance(self, name, node, instance):
        index = self.bump()
        before = self.services.setdefault(name, {}).get((node, instance["Service"]["ID"]))
        self.services[name][(node, instance["Service"]["ID"])] = instance
        self.spellings.setdefault(name.lower(), set()).add(name)
        self.service_index[name.lower()] = index
        if before is None:
            self.list_index = index
        if before is None or before["Checks"][0]["Status"] != instance["Checks"][0]["Status"]:
            self.checks_index = index

    def put_key(self, key, text):
        """None takes it out."""
        self.kv.pop(key, None)
        if text is not None:
            self.kv[key] = text
        self.kv_index = self.bump()

    def drop_instance(self, name, node, instance_id):
        index = self.bump()
        self.services.get(name, {}).pop((node, instance_id), None)
        self.service_index[name.lower()] = self.list_index = self.checks_index = index
        if not self.services.get(name):
            self.services.pop(name, None)
            self.removed_index = index

    def drop_service(self, name):
        self.services.pop(name, None)
        self.service_index[name.lower()] = self.list_index = self.checks_index = self.removed_index = self.bump()

    def set_indexes(self, index):
        """Every index becomes this one, as after a restore."""
        self.index = self.removed_index = self.list_index = self.nodes_index = self.checks_index = self.kv_index = index
        self.service_index = dict.fromkeys(self.service_index, index)


def fresh_world(datacenter, server_node, first_index=10):
    """What a new server knows: itself, with the service `consul`."""
    world = World(first_index)
    world.put_node(server_node, "127.0.0.1", datacenter)
    world.put_instance("consul", server_node, make_instance(
        world.nodes[server_node], "consul", "consul", "", 8300, [], {}, 1, 1, "passing", world.index))
    return world


def make_instance(node, name, instance_id, address, port, tags, meta, passing, warning, health, index):
    """One element of /v1/health/service/NAME with one check."""
    return {
        "Node": node,
        "Service": {"ID": instance_id, "Service": name, "Tags": list(tags), "Address": address, "Meta": meta,
                    "Port": port, "Weights": {"Passing": passing, "Warning": warning}, "EnableTagOverride": False,
                    "Proxy": {"MeshGateway": {}, "Expose": {}}, "Connect": {}, "CreateIndex": index,
                    "ModifyIndex": index},
        "Checks": [{"Node": node["Node"], "CheckID": f"service:{instance_id}", "Name": f"Service '{name}' check",
                    "Status": health, "Notes": "", "Output": "", "ServiceID": instance_id, "ServiceName": name,
                    "ServiceTags": list(tags), "Type": "ttl", "Definition": {}, "CreateIndex": index,
                    "ModifyIndex": index}],
    }


def ui_nodes(world):
    """The body of /v1/internal/ui/nodes."""
    by_node = {name: {"ID": node["ID"], "Node": name, "Address": node["Address"],
                      "TaggedAddresses": node["TaggedAddresses"], "Meta": node["Meta"], "Services": [], "Checks": []}
               for name, node in world.nodes.items()}
    for instances in world.services.values():
        for (node, _), instance in instances.items():
            by_node[node]["Services"].append(instance["Service"])
            by_node[node]["Checks"].extend(instance["Checks"])
    return [by_node[name] for name in sorted(by_node)]
