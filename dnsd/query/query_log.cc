// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/query_log.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "dnsd/query/counters.h"
#include "dnsd/wire/type_name.h"

namespace signpost::query {
namespace {

std::string AddressText(const QueryLogEntry& entry) {
  char text[INET6_ADDRSTRLEN] = "?";
  if (entry.ip_size == 4) inet_ntop(AF_INET, entry.ip.data(), text, sizeof text);
  if (entry.ip_size == 16) inet_ntop(AF_INET6, entry.ip.data(), text, sizeof text);
  return text;
}

// Presentation form (RFC 1035 5.1): no byte of a name passes for a part of the line, or for two lines.
std::string NameText(const wire::Name& name) {
  std::string text;
  for (size_t i = 0; i < name.label_count(); ++i) {
    for (const char c : name.label(i)) {
      const auto byte = static_cast<uint8_t>(c);
      char number[5];
      if (byte <= ' ' || byte > '~') {
        std::snprintf(number, sizeof number, "\\%03u", byte);
        text += number;
        continue;
      }
      if (c == '.' || c == '\\') text += '\\';
      text += c;
    }
    text += '.';
  }
  return text.empty() ? "." : text;
}

std::string Line(const QueryLogEntry& entry) {
  return "query " + NameText(entry.name) + " " + wire::TypeText(entry.type) + " from " + AddressText(entry) + " over " +
         (entry.over_tcp ? "tcp" : "udp") + ": " + std::string(RcodeName(static_cast<size_t>(entry.rcode))) +
         (entry.truncated ? ", truncated" : "") + ", from " + std::string(entry.source);
}

}  // namespace

void QueryLog::SetRules(QueryLogRules rules) {
  rules_ = std::move(rules);
  until_next_ = rules_.one_in;
  if (enabled()) entries_.reserve(kCapacity);
}

bool QueryLog::Wants(const wire::Name& name) {
  if (rules_.one_in != 0 && --until_next_ == 0) {
    until_next_ = rules_.one_in;
    return true;
  }
  return std::ranges::any_of(rules_.names, [&](const wire::Name& tree) { return name.EndsWith(tree); });
}

void QueryLog::Note(const QueryLogEntry& entry) {
  if (entries_.size() < kCapacity) {
    entries_.push_back(entry);
  } else {
    ++missed_;
  }
}

void QueryLog::Drain(const std::function<void(const std::string&)>& line) {
  for (const QueryLogEntry& entry : entries_) line(Line(entry));
  entries_.clear();
  if (missed_ > 0) line("query log: " + std::to_string(std::exchange(missed_, 0)) + " more questions were not noted");
}

}  // namespace signpost::query
