// Signpost. Apache-2.0; see LICENSE.
// Keys and values, transactions. This client gives `undefined` where the reply is `false` or the key is missing.
"use strict";

const { assert, chapter, consul, refused } = require("./client");

chapter(async ({ datacenter }) => {
  assert.equal(await consul.kv.get("hello"), undefined);
  assert.equal(await consul.kv.set("hello", "world"), true);
  const pair = await consul.kv.get("hello");
  assert.deepEqual([pair.Key, pair.Value, pair.Flags, pair.LockIndex], ["hello", "world", 0, 0]);
  assert.equal((await consul.kv.get({ key: "hello", raw: true })).toString(), "world");
  assert.deepEqual((await consul.kv.get({ key: "hello", buffer: true, dc: datacenter })).Value, Buffer.from("world"));

  for (const key of ["a/b", "a/c d", "a/ü/ß"]) assert.equal(await consul.kv.set(key, key), true);
  assert.deepEqual(await consul.kv.keys("a/"), ["a/b", "a/c d", "a/ü/ß"]);
  assert.deepEqual(await consul.kv.keys({ key: "a/", separator: "/" }), ["a/b", "a/c d", "a/ü/"]);
  const tree = await consul.kv.get({ key: "a/", recurse: true });
  assert.deepEqual(tree.map((each) => each.Value), ["a/b", "a/c d", "a/ü/ß"]);
  await refused(404, "", consul.kv.keys("nothing/"));
  const bytes = Buffer.from([0, 255, 10]);
  await consul.kv.set("bytes", bytes);
  assert.deepEqual((await consul.kv.get({ key: "bytes", buffer: true })).Value, bytes);
  assert.deepEqual(await consul.kv.get({ key: "bytes", raw: true }), bytes);
  await consul.kv.set("empty", "");
  assert.equal((await consul.kv.get("empty")).Value, null);

  assert.equal(await consul.kv.set({ key: "a/b", value: "2", flags: 7, cas: "0" }), undefined);
  const index = (await consul.kv.get("a/b")).ModifyIndex;
  assert.equal(await consul.kv.set({ key: "a/b", value: "2", flags: 7, cas: index }), true);
  assert.equal((await consul.kv.get("a/b")).Flags, 7);
  assert.equal(await consul.kv.del({ key: "a/b", cas: index }), undefined);
  assert.equal((await consul.kv.get("a/b")).Value, "2");
  assert.equal(await consul.kv.del("hello"), true);
  assert.equal(await consul.kv.del({ key: "a/", recurse: true }), true);
  assert.deepEqual(await consul.kv.keys(""), ["bytes", "empty"]);
  await refused(413, "too large", consul.kv.set("large", "x".repeat(512 * 1024 + 1)));

  const value = Buffer.from("value1").toString("base64");
  const done = await consul.transaction.create([
    { KV: { Verb: "set", Key: "key1", Value: value } }, { KV: { Verb: "delete", Key: "key2" } }]);
  assert.equal(done.Errors, null);
  assert.deepEqual(done.Results.map((result) => result.KV.Key), ["key1"]);
  const read = await consul.transaction.create([{ KV: { Verb: "get", Key: "key1" } }]);
  assert.equal(read.Results[0].KV.Value, value);
  await assert.rejects(consul.transaction.create([
    { KV: { Verb: "set", Key: "key3", Value: value } }, { KV: { Verb: "get", Key: "nowhere" } }]), { statusCode: 409 });
  assert.equal(await consul.kv.get("key3"), undefined);
});
