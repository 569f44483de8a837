// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/txt.h"

#include "dnsd/wire/name.h"

namespace signpost::service_zone {
namespace {

constexpr size_t kMaxString = 255;
constexpr size_t kMaxRdata = 65535 - 512;
constexpr std::string_view kPlainPrefix = "rfc1035-";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// RFC 1464 2: in the key '=' and '`' are quoted, and blanks at its ends; in the value only '`' need be.
std::string QuoteKey(std::string_view key) {
  size_t first = 0;
  while (first < key.size() && IsBlank(key[first])) ++first;
  size_t last = key.size();
  while (last > first && IsBlank(key[last - 1])) --last;
  std::string out;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] == '=' || key[i] == '`' || i < first || i >= last) out += '`';
    out += key[i];
  }
  return out;
}

std::string QuoteValue(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '`') out += '`';
    out += c;
  }
  return out;
}

}  // namespace

std::string_view HealthText(consul::Health health) {
  switch (health) {
    case consul::Health::kPassing:
      return "passing";
    case consul::Health::kWarning:
      return "warning";
    case consul::Health::kOther:
      return "other";
    case consul::Health::kCritical:
      return "critical";
    case consul::Health::kMaintenance:
      return "maintenance";
  }
  return "";
}

void AppendTxt(std::string_view text, std::string& rdata) {
  do {
    const std::string_view piece = text.substr(0, kMaxString);
    rdata.push_back(static_cast<char>(piece.size()));
    rdata.append(piece);
    text.remove_prefix(piece.size());
  } while (!text.empty());
}

std::string NodeMetaText(std::string_view key, std::string_view value) {
  if (wire::ToLower(key.substr(0, kPlainPrefix.size())) == kPlainPrefix) return std::string(value);
  return QuoteKey(key) + "=" + QuoteValue(value);
}

std::string InstanceTxt(const consul::ServiceInstance& instance) {
  std::string rdata;
  AppendTxt("id=" + instance.id, rdata);
  AppendTxt("node=" + instance.node->name, rdata);
  AppendTxt("status=" + std::string(HealthText(instance.health)), rdata);
  AppendTxt("weight=" + std::to_string(HealthWeight(instance)), rdata);
  std::string tags = "tags=";
  for (const std::string& tag : instance.tags) {
    if (tags.size() > 5) tags += ',';
    tags += tag;
  }
  AppendTxt(tags, rdata);
  for (const auto& [key, value] : instance.meta) {
    if (rdata.size() + key.size() + value.size() > kMaxRdata) break;
    AppendTxt(std::string(key).append("=").append(value), rdata);
  }
  return rdata;
}

uint16_t HealthWeight(const consul::ServiceInstance& instance) {
  switch (instance.health) {
    case consul::Health::kPassing:
      return instance.weights.passing;
    case consul::Health::kWarning:
      return instance.weights.warning;
    case consul::Health::kOther:
      return 1;
    case consul::Health::kCritical:
    case consul::Health::kMaintenance:
      return 0;
  }
  return 0;
}

}  // namespace signpost::service_zone
