// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/metadata.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "registrar/mapping/template.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr std::string_view kDottedPrefix = "registrar.";
constexpr std::string_view kTags = "tags";
constexpr std::string_view kMoreTags = "tags+";
constexpr int64_t kAnyNumber = std::numeric_limits<int32_t>::max();  // larger than any port: counts for none

// The part of `name` before its first underscore when more follows; both are empty otherwise.
std::pair<std::string_view, std::string_view> SplitOff(std::string_view name) {
  const size_t end = name.find('_');
  if (end == std::string_view::npos || end + 1 == name.size()) return {};
  return {name.substr(0, end), name.substr(end + 1)};
}

// A number too large for any port is a port form as well: of a port that no container has.
std::optional<int> ReadPort(std::string_view text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) return std::nullopt;
  return static_cast<int>(ParseWhole(text, kAnyNumber).value_or(kAnyNumber));
}

std::optional<std::pair<int, int>> ReadPorts(std::string_view text) {
  const size_t hyphen = text.find('-');
  const auto first = ReadPort(text.substr(0, hyphen));
  const auto last = hyphen == std::string_view::npos ? first : ReadPort(text.substr(hyphen + 1));
  if (!first || !last) return std::nullopt;
  return std::minmax(*first, *last);
}

std::string Underscored(std::string_view dotted) {
  std::string name(dotted);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace

const MetadataValue* Metadata::Find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

std::string_view Metadata::Value(std::string_view key) const {
  const MetadataValue* found = Find(key);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool Metadata::Has(std::string_view key) const { return !Value(key).empty(); }

MetadataSource::MetadataSource(const Container& container, std::string_view prefix) : prefix_(prefix) {
  for (const auto& [name, value] : container.labels) {
    if (name.starts_with(prefix)) Add(ReadEntry(name.substr(prefix.size()), value, true));
    if (name.starts_with(kDottedPrefix)) {
      Add(ReadEntry(Underscored(std::string_view(name).substr(kDottedPrefix.size())), value, true));
    }
  }
  for (const auto& [name, value] : container.environment) {
    if (name.starts_with(prefix)) Add(ReadEntry(name.substr(prefix.size()), value, false));
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.rank < b.rank; });
}

std::optional<MetadataSource::Entry> MetadataSource::ReadEntry(std::string_view name, std::string_view value,
                                                               bool label) {
  const std::string lower = LowerCase(name);
  Entry entry{.key = lower, .value = std::string(value), .rank = label ? 1 : 0};
  const auto [ports, after_ports] = SplitOff(lower);
  const auto range = ReadPorts(ports);
  if (!range) return entry;

  std::tie(entry.first_port, entry.last_port) = *range;
  if (entry.last_port == 0) return std::nullopt;
  const auto [protocol, after_protocol] = SplitOff(after_ports);
  entry.protocol = ParseProtocol(protocol);
  entry.key = entry.protocol ? after_protocol : after_ports;
  const int form = ports.find('-') != std::string_view::npos ? 1 : entry.protocol ? 3 : 2;
  entry.rank += 2 * form;
  return entry;
}

void MetadataSource::Add(std::optional<Entry> entry) {
  if (entry && entries_.size() < kMaxEntries) entries_.push_back(std::move(*entry));
}

void MetadataSource::RenderTemplates(const Container& container, Strings& warnings) {
  for (Entry& entry : entries_) {
    if (entry.key == kTags || entry.key == kMoreTags || entry.value.find("{{") == std::string::npos) continue;
    Result<std::string> rendered = RenderTemplate(entry.value, container);
    if (rendered.ok()) {
      entry.value = std::move(rendered).value();
    } else {
      warnings.push_back("the value of " + KeyName(prefix_, entry.key) +
                         " is used as it is written: " + rendered.status().text() + "; correct the template");
    }
  }
}

Metadata MetadataSource::ForPort(uint16_t port, Protocol protocol) const {
  Metadata metadata;
  for (const Entry& entry : entries_) {
    const bool general = entry.last_port == 0;
    const bool in_range = entry.first_port <= port && port <= entry.last_port;
    const bool same_protocol = !entry.protocol || *entry.protocol == protocol;
    if (general || (in_range && same_protocol)) Apply(entry, metadata);
  }
  return metadata;
}

Metadata MetadataSource::General() const {
  Metadata metadata;
  for (const Entry& entry : entries_) {
    if (entry.last_port == 0) Apply(entry, metadata);
  }
  return metadata;
}

void MetadataSource::Apply(const Entry& entry, Metadata& metadata) {
  const bool port_form = entry.last_port != 0 && entry.rank >= 4;
  if (entry.key != kMoreTags) {
    metadata.Set(entry.key, {entry.value, port_form});
    return;
  }
  const std::string_view before = metadata.Value(kTags);
  metadata.Set(std::string(kTags), {before.empty() ? entry.value : std::string(before) + "," + entry.value, port_form});
}

}  // namespace signpost::registrar
