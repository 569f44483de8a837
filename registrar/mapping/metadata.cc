// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/metadata.h"

#include <algorithm>
#include <array>
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

constexpr std::array<std::string_view, 19> kRegistratorKeys = {"id",
                                                               "name",
                                                               "tags",
                                                               "ignore",
                                                               "check_http",
                                                               "check_http_method",
                                                               "check_https",
                                                               "check_https_method",
                                                               "check_cmd",
                                                               "check_script",
                                                               "check_ttl",
                                                               "check_tcp",
                                                               "check_grpc",
                                                               "check_grpc_use_tls",
                                                               "check_tls_skip_verify",
                                                               "check_interval",
                                                               "check_timeout",
                                                               "check_initial_status",
                                                               "check_deregister_after"};

std::string Underscored(std::string_view dotted) {
  std::string name(dotted);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace

const MetadataValue* Metadata::Find(std::string_view key) const {
  auto found = own_.find(key);
  if (found == own_.end() && (found = general_->find(key)) == general_->end()) return nullptr;
  return found->second.plain ? nullptr : &found->second;
}

std::string_view Metadata::Value(std::string_view key) const {
  const MetadataValue* found = Find(key);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

bool Metadata::Has(std::string_view key) const { return !Value(key).empty(); }

bool Metadata::HasAny(std::string_view begin) const {
  bool any = false;
  ForEach(begin, [&](const std::string&, const MetadataValue&) {
    any = true;
    return false;
  });
  return any;
}

MetadataSource::MetadataSource(const Container& container, std::string_view prefix, Compat compat) : prefix_(prefix) {
  for (const auto& [name, value] : container.labels) {
    if (name.starts_with(prefix)) Add(Inert(ReadEntry(name.substr(prefix.size()), value, true), compat));
    if (name.starts_with(kDottedPrefix)) {
      Add(ReadEntry(Underscored(std::string_view(name).substr(kDottedPrefix.size())), value, true));
    }
  }
  for (const auto& [name, value] : container.environment) {
    if (name.starts_with(prefix)) Add(Inert(ReadEntry(name.substr(prefix.size()), value, false), compat));
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.rank < b.rank; });
  ReadGeneral();
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

// What Registrator did not know means nothing with its rules.
std::optional<MetadataSource::Entry> MetadataSource::Inert(std::optional<Entry> entry, Compat compat) {
  if (entry && compat == Compat::kRegistrator) {
    entry->plain = std::ranges::find(kRegistratorKeys, entry->key) == kRegistratorKeys.end();
  }
  return entry;
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
  ReadGeneral();
}

void MetadataSource::ReadGeneral() {
  Metadata metadata;
  for (of_ports_ = 0; of_ports_ < entries_.size() && entries_[of_ports_].last_port == 0; ++of_ports_) {
    Apply(entries_[of_ports_], metadata);
  }
  general_ = std::make_shared<const Metadata::Values>(std::move(metadata).TakeOwn());
}

Metadata MetadataSource::ForPort(uint16_t port, Protocol protocol) const {
  Metadata metadata(general_);
  for (size_t i = of_ports_; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const bool in_range = entry.first_port <= port && port <= entry.last_port;
    const bool same_protocol = !entry.protocol || *entry.protocol == protocol;
    if (in_range && same_protocol) Apply(entry, metadata);
  }
  return metadata;
}

void MetadataSource::Apply(const Entry& entry, Metadata& metadata) {
  const bool port_form = entry.last_port != 0 && entry.rank >= 4;
  if (entry.key != kMoreTags || entry.plain) {
    metadata.Set(entry.key, {entry.value, port_form, entry.plain});
    return;
  }
  const std::string_view before = metadata.Value(kTags);
  metadata.Set(std::string(kTags), {before.empty() ? entry.value : std::string(before) + "," + entry.value, port_form});
}

}  // namespace signpost::registrar
