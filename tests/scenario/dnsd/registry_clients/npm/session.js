// Signpost. Apache-2.0; see LICENSE.
// Sessions, locks, prepared queries, events, status, access control that is off.
"use strict";

const { assert, chapter, consul, refused, settled } = require("./client");

async function sessions({ node, datacenter }) {
  const plain = (await consul.session.create()).ID;
  const full = (await consul.session.create({
    lockdelay: "1s", name: "me", node, checks: ["serfHealth"], behavior: "delete", ttl: "30s" })).ID;
  const session = await consul.session.get(full);
  assert.deepEqual([session.Name, session.Node, session.LockDelay, session.Behavior, session.TTL],
    ["me", node, 1e9, "delete", "30s"]);
  assert.deepEqual((await consul.session.list()).map((each) => each.ID).sort(), [plain, full].sort());
  assert.equal((await consul.session.node(node)).length, 2);
  assert.equal((await consul.session.renew(full))[0].ID, full);

  assert.equal(await consul.kv.set({ key: "npm/lock", value: "x", acquire: plain }), true);
  assert.equal(await consul.kv.set({ key: "npm/lock", value: "y", acquire: full }), undefined);
  assert.equal((await consul.kv.get("npm/lock")).Session, plain);
  assert.equal(await consul.kv.set({ key: "npm/lock", value: "x", release: plain }), true);
  assert.equal(await consul.kv.set({ key: "npm/lock", value: "y", acquire: full }), true);
  await consul.session.destroy({ id: full, dc: datacenter });
  assert.equal(await consul.kv.get("npm/lock"), undefined);
  await consul.session.destroy(plain);
  assert.equal(await consul.session.get(plain), undefined);
  await refused(404, `Session id '${plain}' not found`, consul.session.renew(plain));
}

async function queries({ datacenter }) {
  await consul.agent.service.register({ name: "redis", tags: ["dev"], port: 6379 });
  await settled(() => consul.health.service("redis"), (found) => found.length === 1);
  const query = (await consul.query.create({ name: "npm-redis", service: { service: "none", onlypassing: true } })).ID;
  assert.deepEqual((await consul.query.list()).map((each) => each.Name), ["npm-redis"]);
  assert.deepEqual((await consul.query.execute(query)).Nodes, []);
  await consul.query.update({
    query, name: "npm-redis", dns: { ttl: "10s" },
    service: {
      service: "redis", onlypassing: false, tags: ["dev", "!x"], failover: { nearestn: 3, datacenters: ["dc8"] } } });
  const stored = await consul.query.get(query);
  assert.deepEqual([stored.Service.Service, stored.Service.Tags, stored.DNS.TTL], ["redis", ["dev", "!x"], "10s"]);
  assert.deepEqual(stored.Service.Failover, { NearestN: 3, Datacenters: ["dc8"] });
  const found = await consul.query.execute("npm-redis");
  assert.deepEqual([found.Service, found.Datacenter, found.Nodes[0].Service.Port], ["redis", datacenter, 6379]);
  const near = { query, near: "_agent", service: { service: "redis" } };
  await refused(400, 'unknown field "Near"', consul.query.update(near));
  await refused(500, "Must be bound to a session", consul.query.create("redis"));
  await consul.query.destroy(query);
  await refused(404, "Query not found", consul.query.get(query));
}

async function events() {
  assert.deepEqual(await consul.event.list("npm-none"), []);
  const fired = await consul.event.fire("npm-deploy", "53");
  assert.deepEqual([fired.Name, fired.Payload], ["npm-deploy", "53"]);
  await consul.event.fire({ name: "npm-deploy", payload: Buffer.from([0, 1]), node: ".*" });
  const listed = await settled(() => consul.event.list("npm-deploy"), (found) => found.length === 2);
  assert.deepEqual(listed.map((event) => event.Payload), ["53", "\u0000\u0001"]);
  assert.equal(listed[0].ID, fired.ID);
}

chapter(async (where) => {
  await sessions(where);
  await queries(where);
  await events();
  assert.deepEqual(await consul.status.peers(), [await consul.status.leader()]);
  await refused(401, "ACL support disabled", consul.acl.bootstrap());
  await refused(401, "ACL support disabled", consul.acl.legacy.list());
});
