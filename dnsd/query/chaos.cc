// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/chaos.h"

#include <string_view>

#include "common/base/bytes.h"

namespace signpost::query {
namespace {

bool Is(const wire::Name& name, std::string_view first, std::string_view second) {
  return name.label_count() == 2 && name.label(0) == first && name.label(1) == second;
}

std::string_view TextOf(const Policy& policy, const wire::Name& name) {
  if (Is(name, "id", "server") || Is(name, "hostname", "bind")) return policy.identity;
  if (Is(name, "version", "bind") || Is(name, "version", "server")) return policy.version;
  return {};
}

}  // namespace

wire::Rcode AnswerChaos(const Policy& policy, const wire::Query& query, wire::ResponseWriter& writer) {
  constexpr size_t kMaxString = 255;
  std::string_view text = TextOf(policy, query.name);
  if (text.empty() || (query.type != wire::type::kTxt && query.type != wire::type::kAny)) return wire::Rcode::kRefused;
  text = text.substr(0, kMaxString);
  const size_t record = writer.size();
  writer.BeginRecordAt(wire::Section::kAnswer, 0, wire::type::kTxt, 0);
  writer.PutU8(static_cast<uint8_t>(text.size()));
  writer.PutBytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  // The writer knows class IN only; the class stands behind the owner's pointer and the type.
  if (writer.EndRecord()) StoreU16(writer.At(record + 4), wire::dns_class::kCh);
  return wire::Rcode::kNoError;
}

}  // namespace signpost::query
