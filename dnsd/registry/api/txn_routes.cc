// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/txn_routes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/api/kv_json.h"
#include "dnsd/registry/api/txn_body.h"
#include "dnsd/registry/api/txn_kv.h"

namespace signpost::registry {
namespace {

constexpr size_t kMaxOps = 64;

using Ops = std::vector<TxnOp>;

struct Failure {
  size_t op = 0;
  std::string what;
};
using Failures = std::vector<Failure>;

Failures PreCheckAll(const Engine& engine, const Ops& ops) {
  Failures failures;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].about != TxnOp::About::kKey) continue;
    if (std::string what = PreCheck(engine, ops[i]); !what.empty()) failures.push_back({i, std::move(what)});
  }
  return failures;
}

// All that fails is told, not the first alone; then nothing has been done.
Failures ApplyAll(State& state, const Ops& ops, json::Writer& results) {
  Failures failures;
  const size_t mark = state.Mark();
  for (size_t i = 0; i < ops.size(); ++i) {
    if (ops[i].about != TxnOp::About::kKey) continue;
    if (std::string what = Apply(state, ops[i], results); !what.empty()) failures.push_back({i, std::move(what)});
  }
  if (!failures.empty()) state.RollBackTo(mark);
  return failures;
}

Answer Reply(const std::string& results, const Failures& failures, bool reads_only) {
  json::Writer out;
  out.BeginObject();
  out.Key("Results").Raw(failures.empty() ? results : "null");
  out.Key("Errors");
  if (failures.empty()) {
    out.Null();
  } else {
    out.BeginArray();
    for (const auto& [op, what] : failures) {
      out.BeginObject().Key("OpIndex").Uint(op).Key("What").String(what).EndObject();
    }
    out.EndArray();
  }
  if (reads_only) {
    out.Key("Index").Uint(0).Key("LastContact").Uint(0).Key("KnownLeader").Bool(true);
    out.Key("ConsistencyLevel").String("");
  }
  out.EndObject();
  Answer answer = JsonAnswer(out.Take());
  answer.status = failures.empty() ? 200 : 409;
  if (reads_only) answer.headers = {{"X-Consul-Knownleader", "true"}, {"X-Consul-Lastcontact", "0"}};
  return answer;
}

}  // namespace

Answer Txn(Engine& engine, const Call& call) {
  if (const size_t size = call.request.body.size(); size > kMaxKvValue) {
    return TextAnswer(413, TooLarge(size, "txn_max_req_len"));
  }
  const auto read = ReadTxnBody(call.request.body);
  if (!read.ok()) return TextAnswer(400, read.status().text());
  const Ops& ops = read.value();
  if (ops.size() > kMaxOps) {
    return TextAnswer(413, "Transaction contains too many operations (" + std::to_string(ops.size()) + " > " +
                               std::to_string(kMaxOps) + ")");
  }
  const auto about_catalog = [](const TxnOp& op) { return op.about == TxnOp::About::kCatalog; };
  if (std::any_of(ops.begin(), ops.end(), about_catalog)) {
    return TextAnswer(501, "Transactions on nodes, services and checks are not served by the embedded registry");
  }
  const bool reads_only = std::none_of(ops.begin(), ops.end(), IsWrite);
  Failures failures = PreCheckAll(engine, ops);
  json::Writer results;
  results.BeginArray();
  if (failures.empty()) failures = ApplyAll(engine.state(), ops, results);
  results.EndArray();
  return Reply(results.Take(), failures, reads_only);
}

}  // namespace signpost::registry
