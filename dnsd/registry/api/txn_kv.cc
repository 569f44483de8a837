// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/txn_kv.h"

#include <array>
#include <string_view>

#include "dnsd/registry/api/kv_json.h"
#include "dnsd/registry/filter/go_text.h"
#include "dnsd/registry/model/kv_writes.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

using filter::Quote;

// What an operation reads and writes.
struct Step {
  State& state;
  const TxnOp& op;
  json::Writer& results;

  KvEntry entry() const { return {.key = op.key, .value = op.value, .flags = op.flags}; }
  std::string key() const { return Quote(op.key); }
};

void Show(const Step& step, const KvRow& row, KvValue value) {
  WriteKv(step.results.BeginObject().Key("KV"), row, value);
  step.results.EndObject();
}

void ShowAsItIs(const Step& step) {
  if (const auto row = step.state.FindKv(step.op.key)) Show(step, *row, KvValue::kWithout);
}

// --- writes ------------------------------------------------------------------------------------------------------

std::string Set(const Step& step) {
  KvSet(step.state, step.entry());
  ShowAsItIs(step);
  return "";
}

std::string Cas(const Step& step) {
  if (!KvSetIf(step.state, step.entry(), step.op.index)) {
    return "failed to set key " + step.key() + ", index is stale";
  }
  ShowAsItIs(step);
  return "";
}

std::string Delete(const Step& step) {
  step.state.EraseKv(step.op.key);
  return "";
}

std::string DeleteCas(const Step& step) {
  if (KvDeleteIf(step.state, step.op.key, step.op.index)) return "";
  return "failed to delete key " + step.key() + ", index is stale";
}

std::string DeleteTree(const Step& step) {
  KvDeleteTree(step.state, step.op.key);
  return "";
}

std::string Lock(const Step& step) {
  const std::string& session = step.op.session;
  if (session.empty()) return "missing session";
  if (!IsUuid(session)) return "failed session lookup: index error: UUID must be 36 characters";
  if (!step.state.FindSession(Lower(session))) return "invalid session " + Quote(session);
  // A key that is to rest was refused before.
  if (!KvAcquire(step.state, step.entry(), Lower(session), Millis(0))) {
    return "failed to lock key " + step.key() + ", lock is already held";
  }
  ShowAsItIs(step);
  return "";
}

std::string Unlock(const Step& step) {
  if (step.op.session.empty()) return "missing session";
  if (!KvRelease(step.state, step.entry(), Lower(step.op.session))) {
    return "failed to unlock key " + step.key() + ", lock isn't held, or is held by another session";
  }
  ShowAsItIs(step);
  return "";
}

// --- reads -------------------------------------------------------------------------------------------------------

std::string Get(const Step& step) {
  const auto row = step.state.FindKv(step.op.key);
  if (!row) return "key " + step.key() + " doesn't exist";
  Show(step, *row, KvValue::kWith);
  return "";
}

std::string GetTree(const Step& step) {
  const auto& kv = step.state.kv();
  for (auto row = kv.lower_bound(step.op.key); row != kv.end() && row->first.starts_with(step.op.key); ++row) {
    Show(step, *row->second, KvValue::kWith);
  }
  return "";
}

std::string CheckIndex(const Step& step) {
  const auto row = step.state.FindKv(step.op.key);
  if (!row) return "failed to check index, key " + step.key() + " doesn't exist";
  if (row->index.modify != step.op.index) {
    return "failed index check for key " + step.key() + ", current modify index " + std::to_string(row->index.modify) +
           " != " + std::to_string(step.op.index);
  }
  Show(step, *row, KvValue::kWithout);
  return "";
}

std::string CheckSession(const Step& step) {
  const auto row = step.state.FindKv(step.op.key);
  if (!row) return "failed to check session, key " + step.key() + " doesn't exist";
  if (row->session != Lower(step.op.session)) {
    return "failed session check for key " + step.key() + ", current session " + Quote(row->session) +
           " != " + Quote(step.op.session);
  }
  Show(step, *row, KvValue::kWithout);
  return "";
}

std::string CheckNotExists(const Step& step) {
  return step.state.FindKv(step.op.key) ? "key " + step.key() + " exists" : "";
}

struct Verb {
  std::string_view name;
  bool writes;
  std::string (*apply)(const Step& step);
};

constexpr std::array<Verb, 12> kVerbs = {{{"set", true, Set},
                                          {"cas", true, Cas},
                                          {"lock", true, Lock},
                                          {"unlock", true, Unlock},
                                          {"delete", true, Delete},
                                          {"delete-cas", true, DeleteCas},
                                          {"delete-tree", true, DeleteTree},
                                          {"get", false, Get},
                                          {"get-tree", false, GetTree},
                                          {"check-index", false, CheckIndex},
                                          {"check-session", false, CheckSession},
                                          {"check-not-exists", false, CheckNotExists}}};

const Verb* FindVerb(std::string_view name) {
  for (const Verb& verb : kVerbs) {
    if (verb.name == name) return &verb;
  }
  return nullptr;
}

}  // namespace

bool IsWrite(const TxnOp& op) {
  const Verb* verb = FindVerb(op.verb);
  return verb != nullptr && verb->writes;
}

std::string PreCheck(const Engine& engine, const TxnOp& op) {
  if (op.key.empty() && op.verb != "delete-tree") return "Must provide key";
  if (op.verb == "lock" && engine.LockDelay(op.key) > Millis(0)) {
    return "failed to lock key " + Quote(op.key) + " due to lock delay";
  }
  return "";
}

std::string Apply(State& state, const TxnOp& op, json::Writer& results) {
  const Verb* verb = FindVerb(op.verb);
  if (verb == nullptr) return "unknown KV verb " + Quote(op.verb);
  return verb->apply({.state = state, .op = op, .results = results});
}

}  // namespace signpost::registry
