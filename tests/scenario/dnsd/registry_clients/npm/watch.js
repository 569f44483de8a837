// Signpost. Apache-2.0; see LICENSE.
// Watches: one event for the present state, one for each change, none for a wait that ran out.
"use strict";

const events = require("node:events");

const { assert, chapter, consul, settled } = require("./client");

const DEADLINE = 10000;

// Starts a watch; its `next()` is the data of the next change.
function watched(method, options) {
  const watch = consul.watch({ method, options: { ...options, wait: "1s" }, maxAttempts: 0 });
  const changes = [];
  let index = 0;
  watch.on("change", (data, reply) => {
    const next = Number(reply.headers["x-consul-index"]);
    assert.ok(next > index, `index ${next} after ${index}`);
    index = next;
    changes.push(data);
    watch.emit("more");
  });
  watch.next = async () => {
    if (!changes.length) await events.once(watch, "more", { signal: AbortSignal.timeout(DEADLINE) });
    return changes.shift();
  };
  return watch;
}

async function key() {
  const watch = watched(consul.kv.get, { key: "npm/watched" });
  assert.equal(await watch.next(), undefined);
  for (const value of ["1", "2"]) {
    await consul.kv.set("npm/watched", value);
    assert.equal((await watch.next()).Value, value);
  }
  await consul.kv.del("npm/watched");
  assert.equal(await watch.next(), undefined);
  watch.end();
  assert.equal(watch.isRunning(), false);
}

async function service() {
  await consul.agent.service.register({ name: "npm-web", check: { ttl: "10m", status: "passing" } });
  await settled(() => consul.health.service({ service: "npm-web", passing: true }), (found) => found.length === 1);
  const watch = watched(consul.health.service, { service: "npm-web", passing: true });
  const until = async (count) => {
    while ((await watch.next()).length !== count);
  };
  await until(1);
  await consul.agent.check.fail("service:npm-web");
  await until(0);
  await consul.agent.check.pass("service:npm-web");
  await until(1);
  watch.end();
}

async function catalog() {
  const watch = watched(consul.catalog.service.list, {});
  while ("npm-late" in (await watch.next()));
  await consul.catalog.register({ node: "n1", address: "10.0.0.1", service: { service: "npm-late" } });
  while (!("npm-late" in (await watch.next())));
  watch.end();
}

// A wait that Consul refuses ends the watch with the refusal.
async function refusal() {
  const watch = consul.watch({ method: consul.catalog.service.list, options: { wait: "nonsense", timeout: DEADLINE } });
  let refused;
  watch.on("error", (error, reply) => { refused = reply.statusCode; });
  await new Promise((resolve) => watch.on("end", resolve));
  assert.equal(refused, 400);
}

chapter(async () => {
  await key();
  await service();
  await catalog();
  await refusal();
});
