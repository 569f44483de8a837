// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/check_keys.h"

#include <algorithm>

#include "common/consul/duration.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr size_t kShown = 60;
constexpr int64_t kMaxCount = 1000;
constexpr size_t kMaxHeaders = 64;

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// The name that HTTP's library in Consul looks for: "Host", "X-Request-Id". `name` is lower case. "" when it is none.
std::string HeaderName(std::string_view name) {
  std::string result;
  bool begin = true;
  for (const char c : name) {
    if (!IsTokenCharacter(c)) return {};
    const bool letter = c >= 'a' && c <= 'z';
    result += c == '_' ? '-' : begin && letter ? static_cast<char>(c - 'a' + 'A') : c;
    begin = result.back() == '-';
  }
  return result;
}

bool IsHeaderValue(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

bool IsDuration(std::string_view text) {
  const auto duration = consul::ParseDuration(text);
  return duration && duration->count() > 0;
}

}  // namespace

CheckKeys::CheckKeys(const Metadata& metadata, const MappingOptions& options, int number, Strings& warnings)
    : metadata_(metadata),
      options_(options),
      begin_(number == 1 ? "check_" : "check_" + std::to_string(number) + "_"),
      warnings_(warnings) {}

std::string_view CheckKeys::Value(std::string_view key) const {
  return Trimmed(metadata_.Value(begin_ + std::string(key)));
}

bool CheckKeys::IsOn(std::string_view key) const {
  return Has(key) && (options_.compat == Compat::kRegistrator || ParseSwitch(Value(key)).value_or(true));
}

std::string CheckKeys::KeyText(std::string_view key) const {
  return KeyName(options_.prefix, begin_ + std::string(key));
}

std::string CheckKeys::WithValue(std::string_view key) const {
  const std::string_view value = Value(key);
  return KeyText(key) + "=" + std::string(value.substr(0, CharacterStart(value, kShown)));
}

std::string CheckKeys::Duration(std::string_view key) const {
  const std::string_view text = Value(key);
  if (text.empty() || IsDuration(text)) return std::string(text);
  std::string in_seconds = std::string(text) + "s";
  if (IsDuration(in_seconds)) {
    Warn(WithValue(key) + " has no unit: " + in_seconds + " is used");
    return in_seconds;
  }
  Warn(WithValue(key) + " is not used: write a duration above zero, as 10s or 1m30s");
  return {};
}

std::string CheckKeys::AtLeast(std::string_view key, std::string text, std::chrono::seconds least) const {
  const auto duration = consul::ParseDuration(text);
  if (!duration || *duration >= least) return text;
  std::string raised = std::to_string(least.count()) + "s";
  Warn(WithValue(key) + " is too short to be kept: " + raised + " is used");
  return raised;
}

int CheckKeys::Count(std::string_view key) const {
  if (!Has(key)) return 0;
  const auto count = ParseWhole(Value(key), kMaxCount);
  if (!count) Warn(WithValue(key) + " is not used: write a number from 0 to " + std::to_string(kMaxCount));
  return static_cast<int>(count.value_or(0));
}

std::optional<uint16_t> CheckKeys::Port(std::string_view key) const {
  if (!Has(key)) return std::nullopt;
  const auto port = ParseWhole(Value(key), 65535);
  if (port && *port > 0) return static_cast<uint16_t>(*port);
  Warn(WithValue(key) + " is not used: write a port from 1 to 65535");
  return std::nullopt;
}

std::string CheckKeys::Status(std::string_view key) const {
  std::string status = LowerCase(Value(key));
  if (status.empty() || status == "passing" || status == "warning" || status == "critical") return status;
  Warn(WithValue(key) + " is not used: write passing, warning or critical");
  return {};
}

std::vector<HeaderLine> CheckKeys::Headers() const {
  const std::string begin = begin_ + "http_header_";
  std::vector<HeaderLine> lines;
  metadata_.ForEach(begin, [&](const std::string& whole, const MetadataValue& found) {
    if (found.plain) return true;
    const std::string_view key = std::string_view(whole).substr(begin_.size());
    const std::string_view value = Trimmed(found.value);
    std::string name = HeaderName(std::string_view(whole).substr(begin.size()));
    if (lines.size() == kMaxHeaders) {
      Warn(KeyText("http_header_") + "...: only the first " + std::to_string(kMaxHeaders) + " headers are used");
      return false;
    }
    if (name.empty() || !IsHeaderValue(value)) {
      Warn(KeyText(key) + " is not used: it is no header that HTTP can carry");
      return true;
    }
    const auto same = std::ranges::find(lines, name, &HeaderLine::name);
    if (same == lines.end()) lines.push_back({.name = std::move(name), .values = {std::string(value)}});
    return true;
  });
  std::ranges::sort(lines, {}, &HeaderLine::name);
  return lines;
}

}  // namespace signpost::registrar
