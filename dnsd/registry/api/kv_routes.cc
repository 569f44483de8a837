// Signpost. Apache-2.0; see LICENSE.
// The key/value store.
#include <charconv>
#include <string>
#include <utility>

#include "dnsd/registry/api/kv_json.h"
#include "dnsd/registry/api/routes.h"
#include "dnsd/registry/api/txn_routes.h"
#include "dnsd/registry/model/kv_writes.h"
#include "dnsd/registry/model/uuid.h"

namespace signpost::registry {
namespace {

Answer MissingKey() { return TextAnswer(400, "Missing key name"); }

// In Go's words, as everything about numbers.
std::string NumberFault(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return "strconv.ParseUint: parsing \"" + text + "\": " + (digits ? "value out of range" : "invalid syntax");
}

std::optional<uint64_t> ReadNumber(const std::string& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Refuses what must not stand together. The parameters are told in the order of their names.
std::optional<Answer> Conflict(const Call& call, std::initializer_list<const char*> names) {
  std::string text;
  int count = 0;
  for (const char* name : names) {
    const auto value = call.Param(name);
    if (!value) continue;
    text += (count++ == 0 ? "" : "&") + std::string(name) + "=" + *value;
  }
  if (count < 2) return std::nullopt;
  return TextAnswer(400, "Conflicting flags: " + text);
}

// --- reading -----------------------------------------------------------------------------------------------------

Answer Missing(uint64_t index, Topic topic) {
  Answer answer = EmptyAnswer();
  answer.status = 404;
  answer.index = index;
  answer.topics = {std::move(topic)};
  return answer;
}

Answer GetOne(Engine& engine, const Call& call) {
  const Topic topic{.kind = Topic::Kind::kKv, .name = call.rest};
  const auto row = engine.state().FindKv(call.rest);
  if (!row) return Missing(engine.state().TableIndex(Table::kKv), topic);
  Answer answer;
  if (call.Param("raw")) {
    answer.body = row->value;
    answer.content_type = "text/plain";
    // A value must not become a page of this origin.
    answer.headers = {{"X-Content-Type-Options", "nosniff"}, {"Content-Security-Policy", "sandbox"}};
  } else {
    json::Writer out;
    out.BeginArray();
    WriteKv(out, *row, KvValue::kWith);
    out.EndArray();
    answer = JsonAnswer(out.Take());
  }
  answer.index = row->index.modify;
  answer.topics = {topic};
  return answer;
}

Answer Tree(Engine& engine, const std::string& prefix, std::string json, bool found) {
  const Topic topic{.kind = Topic::Kind::kKvBelow, .name = prefix};
  const uint64_t index = engine.state().KvIndex(prefix);
  if (!found) return Missing(index, topic);
  Answer answer = JsonAnswer(std::move(json));
  answer.index = index;
  answer.topics = {topic};
  return answer;
}

Answer GetTree(Engine& engine, const Call& call) {
  const auto& kv = engine.state().kv();
  json::Writer out;
  out.BeginArray();
  bool found = false;
  for (auto row = kv.lower_bound(call.rest); row != kv.end() && row->first.starts_with(call.rest); ++row) {
    WriteKv(out, *row->second, KvValue::kWith);
    found = true;
  }
  out.EndArray();
  return Tree(engine, call.rest, out.Take(), found);
}

// With a separator, what follows its first place after the prefix is cut off, and equal names stand once.
Answer GetKeys(Engine& engine, const Call& call) {
  const auto& kv = engine.state().kv();
  const std::string separator = call.Param("separator").value_or("");
  json::Writer out;
  out.BeginArray();
  std::string last;
  bool found = false;
  for (auto row = kv.lower_bound(call.rest); row != kv.end() && row->first.starts_with(call.rest); ++row) {
    std::string name = row->first;
    if (!separator.empty()) {
      const size_t cut = name.find(separator, call.rest.size());
      if (cut != std::string::npos) name.erase(cut + separator.size());
    }
    if (found && name == last) continue;
    found = true;
    out.String(name);
    last = std::move(name);
  }
  out.EndArray();
  return Tree(engine, call.rest, out.Take(), found);
}

Answer Get(Engine& engine, const Call& call) {
  if (call.Param("keys")) return GetKeys(engine, call);
  if (call.Param("recurse")) return GetTree(engine, call);
  return call.rest.empty() ? MissingKey() : GetOne(engine, call);
}

// --- writing -----------------------------------------------------------------------------------------------------

Answer Lock(Engine& engine, const KvEntry& entry, const std::string& session) {
  if (session.empty()) return TextAnswer(500, "missing session");
  if (!IsUuid(session)) return TextAnswer(500, "failed session lookup: index error: UUID must be 36 characters");
  if (!engine.state().FindSession(Lower(session))) return TextAnswer(500, "invalid session \"" + session + "\"");
  return BoolAnswer(KvAcquire(engine.state(), entry, Lower(session), engine.LockDelay(entry.key)));
}

Answer Put(Engine& engine, const Call& call) {
  if (call.rest.empty()) return MissingKey();
  if (auto conflict = Conflict(call, {"acquire", "cas", "release"})) return *conflict;
  KvEntry entry{.key = call.rest, .value = {}, .flags = 0};
  if (const auto flags = call.Param("flags")) {
    const auto number = ReadNumber(*flags);
    if (!number) return TextAnswer(500, NumberFault(*flags));
    entry.flags = *number;
  }
  const auto cas = call.Param("cas");
  const auto index = cas ? ReadNumber(*cas) : std::optional<uint64_t>(0);
  if (!index) return TextAnswer(500, NumberFault(*cas));
  if (call.request.body.size() > kMaxKvValue)
    return TextAnswer(413, TooLarge(call.request.body.size(), "kv_max_value_size"));
  entry.value = call.request.body;
  if (cas) return BoolAnswer(KvSetIf(engine.state(), entry, *index));
  if (const auto session = call.Param("acquire")) return Lock(engine, entry, *session);
  if (const auto session = call.Param("release")) {
    if (session->empty()) return TextAnswer(500, "missing session");
    return BoolAnswer(KvRelease(engine.state(), entry, Lower(*session)));
  }
  KvSet(engine.state(), entry);
  return BoolAnswer(true);
}

Answer Delete(Engine& engine, const Call& call) {
  if (auto conflict = Conflict(call, {"cas", "recurse"})) return *conflict;
  if (call.Param("recurse")) {
    KvDeleteTree(engine.state(), call.rest);
    return BoolAnswer(true);
  }
  if (call.rest.empty()) return MissingKey();
  if (const auto cas = call.Param("cas")) {
    const auto index = ReadNumber(*cas);
    if (!index) return TextAnswer(500, NumberFault(*cas));
    return BoolAnswer(KvDeleteIf(engine.state(), call.rest, *index));
  }
  engine.state().EraseKv(call.rest);
  return BoolAnswer(true);
}

}  // namespace

Routes KvRoutes() {
  return {{"GET", "/v1/kv/*", RouteKind::kRead, Get},
          {"PUT", "/v1/kv/*", RouteKind::kWrite, Put},
          {"DELETE", "/v1/kv/*", RouteKind::kWrite, Delete},
          {"PUT", "/v1/txn", RouteKind::kWrite, Txn}};
}

}  // namespace signpost::registry
