// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/meta.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

// Limits of Consul 1.8; it takes 64 pairs, three of which are registrar's own.
constexpr size_t kMaxPairs = 61;
constexpr size_t kMaxKey = 128;
constexpr size_t kMaxValue = 512;

constexpr std::string_view kExplicit = "meta_";
constexpr std::string_view kCheck = "check_";

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool IsTaken(std::string_view key) {
  const std::string lower = LowerCase(key);
  return lower.starts_with("consul-") || lower.starts_with("registrar-");
}

// Collects pairs, the most important first; what comes later never displaces what is there.
class Collector {
 public:
  Collector(std::string_view prefix, Strings& warnings) : prefix_(prefix), warnings_(warnings) {}

  void Add(std::string_view key, std::string_view value);
  StringPairs Take();

 private:
  std::string Acceptable(std::string_view key);
  std::string Shortened(std::string_view key, std::string_view value);

  std::string_view prefix_;
  Strings& warnings_;
  std::map<std::string, std::string> pairs_;
  size_t left_out_ = 0;
};

// "" when nothing of the key can be used.
std::string Collector::Acceptable(std::string_view key) {
  std::string result(key.substr(0, kMaxKey));
  std::ranges::replace_if(
      result, [](char c) { return !IsKeyCharacter(c); }, '_');
  if (key.empty() || IsTaken(key)) {
    warnings_.push_back("Meta key \"" + result +
                        "\" is left out: " + (key.empty() ? "it is empty" : "it is reserved for Consul or registrar"));
    return {};
  }
  if (result != key) {
    warnings_.push_back("a Meta key is sent as \"" + result +
                        "\": Consul takes letters, digits, _ and - only, at most 128");
  }
  return result;
}

std::string Collector::Shortened(std::string_view key, std::string_view value) {
  if (value.size() <= kMaxValue) return std::string(value);
  warnings_.push_back("the value of Meta key \"" + std::string(key) + "\" is cut: Consul takes at most 512 bytes");
  return std::string(value.substr(0, CharacterStart(value, kMaxValue)));
}

void Collector::Add(std::string_view key, std::string_view value) {
  if (pairs_.size() == kMaxPairs) {
    ++left_out_;
    return;
  }
  const std::string acceptable = Acceptable(key);
  if (acceptable.empty() || pairs_.contains(acceptable)) return;
  pairs_.emplace(acceptable, Shortened(acceptable, value));
}

StringPairs Collector::Take() {
  if (left_out_ > 0) {
    warnings_.push_back(std::to_string(left_out_) + " Meta keys are left out: Consul takes at most 64 pairs; write " +
                        KeyName(prefix_, kExplicit) + "<key> for those that matter");
  }
  return {pairs_.begin(), pairs_.end()};
}

bool IsPlain(std::string_view key) { return std::ranges::all_of(key, IsKeyCharacter); }

}  // namespace

bool IsReservedKey(std::string_view key) {
  constexpr std::array<std::string_view, 18> kReserved = {"alias",
                                                          "drain",
                                                          "enable_tag_override",
                                                          "family",
                                                          "health",
                                                          "id",
                                                          "ignore",
                                                          "ip",
                                                          "name",
                                                          "network",
                                                          "port",
                                                          "ports",
                                                          "register",
                                                          "register_when",
                                                          "tags",
                                                          "tags+",
                                                          "weight",
                                                          "weight_warning"};
  return std::ranges::find(kReserved, key) != kReserved.end() || key.starts_with(kCheck) || key.starts_with(kExplicit);
}

StringPairs MakeMeta(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  Collector collector(options.prefix, warnings);
  metadata.ForEach(kExplicit, [&](const std::string& key, const MetadataValue& value) {
    if (!value.plain) collector.Add(std::string_view(key).substr(kExplicit.size()), value.value);
    return true;
  });
  for (const auto& [key, value] : options.meta) collector.Add(key, value);
  // Keys that need no rewriting first: they win over those that are rewritten to the same.
  for (const bool plain : {true, false}) {
    metadata.ForEach("", [&](const std::string& key, const MetadataValue& value) {
      const bool check = options.compat == Compat::kRegistrator && key.starts_with(kCheck);
      if (IsPlain(key) == plain && (value.plain || check || !IsReservedKey(key))) collector.Add(key, value.value);
      return true;
    });
  }
  return collector.Take();
}

}  // namespace signpost::registrar
