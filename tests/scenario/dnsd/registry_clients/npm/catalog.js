// Signpost. Apache-2.0; see LICENSE.
// The catalog, health, and the common options of reads.
"use strict";

const { assert, chapter, consul, refused, settled } = require("./client");

const ids = (entries) => entries.map((entry) => entry.Service.ID);

chapter(async ({ node, datacenter }) => {
  await consul.catalog.register("example");
  await consul.catalog.register({
    id: "5ab80ea1-1111-2222-3333-444444444444", node: "n1", address: "10.0.0.1", nodemeta: { rack: "r7" },
    service: { id: "e1", service: "ext", tags: ["t", "u"], meta: { k: "v" }, address: "10.0.0.3", port: 99 },
    check: {
      node: "n1", name: "c", checkid: "cid", serviceid: "e1", notes: "n", status: "passing",
      definition: {
        http: "http://10.0.0.3/", intervalduration: "15s", timeoutduration: "1s",
        deregistercriticalserviceafterduration: "120s",
      },
    },
  });
  await consul.catalog.register({
    node: "n1", address: "10.0.0.99", skipnodeupdate: true,
    checks: [{ node: "n1", name: "c1", status: "passing" }, { node: "n1", name: "c2", status: "warning" }],
  });
  const second = { id: "e2", service: "ext", tags: ["t"] };
  await consul.catalog.register({ node: "n2", address: "10.0.0.2", service: second });

  assert.deepEqual(await consul.catalog.datacenters(), [datacenter]);
  const nodes = await consul.catalog.node.list();
  assert.deepEqual(nodes.map((each) => each.Node).sort(), ["example", "n1", "n2", node].sort());
  assert.equal(nodes.find((each) => each.Node === "n1").Address, "10.0.0.1");
  for (const options of [
    { dc: datacenter, "node-meta": ["rack:r7"] }, { filter: "Meta.rack == r7" },
    { stale: true, filter: "Address == \"10.0.0.1\"" },
  ]) {
    assert.deepEqual((await consul.catalog.nodes(options)).map((each) => each.Node), ["n1"], JSON.stringify(options));
  }
  assert.deepEqual(Object.keys((await consul.catalog.node.services("n1")).Services), ["e1"]);
  assert.equal(await consul.catalog.node.services("nobody"), undefined);

  const services = await consul.catalog.service.list({ consistent: true });
  assert.deepEqual([...services.ext].sort(), ["t", "u"]);
  const [row] = await consul.catalog.service.nodes("ext");
  assert.deepEqual([row.Node, row.ServiceID, row.ServiceAddress, row.ServicePort, row.ServiceMeta],
    ["n1", "e1", "10.0.0.3", 99, { k: "v" }]);
  assert.equal((await consul.catalog.service.nodes({ service: "ext", tag: "t", dc: datacenter })).length, 2);
  const both = await consul.catalog.service.nodes({ service: "ext", tag: ["t", "u"] });
  assert.deepEqual(both.map((each) => each.ServiceID), ["e1"]);
  assert.deepEqual(await consul.catalog.connect.nodes("ext"), []);

  assert.deepEqual((await consul.health.node("n1")).map((check) => check.CheckID).sort(), ["c1", "c2", "cid"]);
  const [check] = await consul.health.checks("ext");
  assert.deepEqual([check.CheckID, check.ServiceName, check.Notes], ["cid", "ext", "n"]);
  assert.equal(check.Definition.HTTP, "http://10.0.0.3/");
  assert.deepEqual(ids(await consul.health.service("ext")), ["e1", "e2"]);
  assert.deepEqual(ids(await consul.health.service({ service: "ext", tag: "u", near: "_agent" })), ["e1"]);
  assert.deepEqual(ids(await consul.health.service({ service: "ext", passing: true })), ["e2"]);
  assert.deepEqual((await consul.health.state("warning")).map((each) => each.CheckID), ["c2"]);
  assert.ok((await consul.health.state("any")).length >= 3);

  await refused(500, "No path to datacenter", consul.health.service({ service: "ext", dc: "dc9" }));
  await refused(400, "", consul.catalog.register({
    node: "n1", address: "10.0.0.1", taggedaddresses: { lan: { address: "10.0.0.2", port: 1 } } }));

  await consul.catalog.deregister({ node: "n1", checkid: "c2" });
  assert.deepEqual(ids(await consul.health.service({ service: "ext", passing: true })), ["e1", "e2"]);
  await consul.catalog.deregister({ node: "n1", serviceid: "e1" });
  await consul.catalog.deregister({ node: "n2" });
  await consul.catalog.deregister("example");
  assert.deepEqual(await consul.catalog.service.nodes("ext"), []);
  assert.deepEqual((await consul.catalog.node.list()).map((each) => each.Node).sort(), ["n1", node].sort());

  await consul.agent.service.register({ name: "native", connect: { native: true } });
  const connected = await settled(() => consul.catalog.connect.nodes("native"), (found) => found.length === 1);
  assert.equal(connected[0].ServiceConnect.Native, true);
});
