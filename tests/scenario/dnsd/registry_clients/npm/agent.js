// Signpost. Apache-2.0; see LICENSE.
// Members, the agent itself, maintenance; checks and services of the agent.
"use strict";

const { assert, chapter, consul, refused, settled } = require("./client");

chapter(async ({ node, datacenter }) => {
  assert.deepEqual((await consul.agent.members()).map((member) => member.Name), [node]);
  assert.deepEqual((await consul.agent.members({ wan: true })).map((member) => member.Name), [`${node}.${datacenter}`]);
  await consul.agent.reload();

  const notes = async () => {
    const checks = Object.entries(await consul.agent.check.list());
    return Object.fromEntries(checks.map(([id, check]) => [id, check.Notes]));
  };
  await consul.agent.maintenance(true);
  assert.match((await notes())._node_maintenance, /no reason was provided/);
  await consul.agent.maintenance({ enable: true, reason: "new disk" });
  await consul.agent.maintenance(false);
  assert.deepEqual(await notes(), {});

  await consul.agent.check.register({ name: "example", ttl: "10m", notes: "This is an example." });
  const status = async () => (await consul.agent.checks()).example.Status;
  assert.equal(await status(), "critical");
  await consul.agent.check.pass("example");
  assert.equal(await status(), "passing");
  await consul.agent.check.warn({ id: "example", note: "hmm, x" });
  assert.equal(await status(), "warning");
  assert.equal((await consul.agent.checks()).example.Output, "hmm, x");
  await consul.agent.check.fail("example");
  assert.equal(await status(), "critical");
  await consul.agent.check.deregister("example");
  assert.deepEqual(await consul.agent.checks(), {});
  await refused(500, 'CheckID "example" does not have associated TTL', consul.agent.check.pass("example"));

  await consul.agent.check.register({
    name: "http", id: "http one", http: "http://127.0.0.1:9/", interval: "10m", timeout: "1s", tlsskipverify: true,
    status: "warning", method: "HEAD", header: { Accept: ["x"] }, body: "b", outputmaxsize: 10, successbeforepassing: 2,
    failuresbeforecritical: 3,
  });
  await consul.agent.check.register({ name: "tcp", tcp: "127.0.0.1:9", interval: "10m" });
  await consul.agent.check.register({ name: "grpc", grpc: "127.0.0.1:9", grpcusetls: false, interval: "10m" });
  assert.deepEqual(Object.keys(await consul.agent.checks()).sort(), ["grpc", "http one", "tcp"]);
  await refused(500, "", consul.agent.check.register({ name: "script", args: ["true"], interval: "10s" }));
  const script = { name: "script", script: "true", interval: "10s" };
  await refused(400, 'unknown field "Script"', consul.agent.check.register(script));
  for (const id of ["grpc", "http one", "tcp"]) await consul.agent.check.deregister({ id });
  assert.deepEqual(await consul.agent.checks(), {});

  await consul.agent.service.register("example");
  await consul.agent.service.register({
    name: "full", id: "full/1", tags: ["dev", "web"], address: "10.9.9.9", port: 80, meta: { a: "b" },
    checks: [
      { ttl: "60m", status: "passing", notes: "n" },
      { tcp: "127.0.0.1:9", interval: "15m", deregistercriticalserviceafter: "90m" },
    ],
    taggedaddresses: { lan: { address: "10.1.1.1", port: 81 } },
  });
  const services = await consul.agent.services();
  assert.deepEqual(services.example.Tags, []);
  const full = services["full/1"];
  assert.deepEqual([full.Service, full.Tags, full.Address, full.Port, full.Meta],
    ["full", ["dev", "web"], "10.9.9.9", 80, { a: "b" }]);
  assert.deepEqual(full.TaggedAddresses.lan, { Address: "10.1.1.1", Port: 81 });
  assert.deepEqual(Object.keys(await consul.agent.checks()), ["service:full/1:1", "service:full/1:2"]);
  await consul.agent.check.pass("service:full/1:1");

  await consul.agent.service.maintenance({ id: "example", enable: true, reason: "x y" });
  assert.equal((await notes())["_service_maintenance:example"], "x y");
  await consul.agent.service.maintenance({ id: "example", enable: false });
  const nobody = { id: "nobody", enable: true };
  await refused(404, 'No service registered with ID "nobody"', consul.agent.service.maintenance(nobody));
  await refused(400, "Invalid service address", consul.agent.service.register({ name: "wild", address: "0.0.0.0" }));

  await settled(() => consul.catalog.service.list(), (found) => "example" in found && "full" in found);
  await consul.agent.service.deregister("full/1");
  await consul.agent.service.deregister({ id: "example" });
  assert.deepEqual(await consul.agent.service.list(), {});
  await settled(() => consul.catalog.service.list(), (found) => !("example" in found) && !("full" in found));
});
