// Signpost. Apache-2.0; see LICENSE.
// The npm package `consul`, pointed at the API under test: node CHAPTER.js MODULES HOST PORT.
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");
const { setTimeout: pause } = require("node:timers/promises");

const [modules, host, port] = process.argv.slice(2);
const Consul = require(path.join(modules, "consul"));
const consul = new Consul({ host, port: Number(port) });

// The result of `ask()`, as soon as `holds` is true for it: an agent's catalog follows the agent.
async function settled(ask, holds, deadline = 5000) {
  const end = Date.now() + deadline;
  for (;;) {
    const found = await ask();
    if (holds(found)) return found;
    if (Date.now() > end) assert.fail(`not within ${deadline} ms: ${JSON.stringify(found)}`);
    await pause(10);
  }
}

// `call` is rejected with this status, and a message that contains `text`.
async function refused(status, text, call) {
  await assert.rejects(call, (error) => {
    assert.equal(error.statusCode, status, error.message);
    assert.ok(error.message.includes(text), error.message);
    return true;
  });
}

// Runs a chapter; the process ends with status 1 and the stack of the first failure.
async function chapter(steps) {
  try {
    const self = await consul.agent.self();
    await steps({ node: self.Config.NodeName, datacenter: self.Config.Datacenter });
    consul.destroy();
  } catch (error) {
    console.error(error.stack);
    process.exit(1);
  }
}

module.exports = { assert, chapter, consul, refused, settled };
