// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/txn_body.h"

#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/api/base64.h"
#include "dnsd/registry/definition/json_prefix.h"
#include "dnsd/registry/definition/struct_reader.h"

namespace signpost::registry {
namespace {

constexpr StructType kOp = {.name = "api.TxnOp", .owner = "TxnOp"};
constexpr StructType kKvOp = {.name = "api.KVTxnOp", .owner = "KVTxnOp"};

ReadValue IntoCount(uint64_t& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    // The fallback tells what fits from everything else.
    if (!value.IsNumber() || value.Uint(0) != value.Uint(1)) return WrongType(value, place, "uint64");
    out = value.Uint();
    return Status::Ok();
  };
}

ReadValue IntoBytes(std::string& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsString()) return WrongType(value, place, "[]uint8");
    auto bytes = FromBase64(value.String());
    if (!bytes) return Status::Invalid("illegal base64 data");
    out = std::move(*bytes);
    return Status::Ok();
  };
}

Status ReadKvOp(json::Value value, const Place& place, TxnOp& op) {
  if (value.IsNull()) return Status::Ok();
  op.about = TxnOp::About::kKey;
  std::string ignored;
  return ReadStruct(value, place, kKvOp,
                    {{"Verb", Into(op.verb)},
                     {"Key", Into(op.key)},
                     {"Value", IntoBytes(op.value)},
                     {"Flags", IntoCount(op.flags)},
                     {"Index", IntoCount(op.index)},
                     {"Session", Into(op.session)},
                     {"Namespace", Into(ignored)}});
}

Status ReadOp(json::Value value, const Place& place, TxnOp& op) {
  const ReadValue about_catalog = [&op](json::Value member, const Place& /*at*/) {
    if (!member.IsNull() && op.about == TxnOp::About::kNothing) op.about = TxnOp::About::kCatalog;
    return Status::Ok();
  };
  return ReadStruct(value, place, kOp,
                    {{"KV", [&op](json::Value member, const Place& at) { return ReadKvOp(member, at, op); }},
                     {"Node", about_catalog},
                     {"Service", about_catalog},
                     {"Check", about_catalog}});
}

Status Failed(const Status& why) { return Status::Invalid("Failed to parse body: " + why.text()); }

}  // namespace

Result<std::vector<TxnOp>> ReadTxnBody(std::string_view body) {
  const auto text = FirstJsonValue(body);
  if (!text.ok()) return Failed(text.status());
  const auto document = json::Document::Parse(text.value());
  if (!document.ok()) return Failed(document.status());
  std::vector<TxnOp> ops;
  const auto read = ForEach(
      "api.TxnOps", [&ops](json::Value value, const Place& place) { return ReadOp(value, place, ops.emplace_back()); });
  if (const Status status = read(document->root(), {}); !status.ok()) return Failed(status);
  return ops;
}

}  // namespace signpost::registry
