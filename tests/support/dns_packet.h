// Signpost. Apache-2.0; see LICENSE.
// DNS messages written by hand, for tests of those who read them: nothing is checked, nothing compressed.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"

namespace signpost::test {

using Octets = std::vector<uint8_t>;

inline void AppendU16(Octets& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

inline void Append(Octets& out, std::span<const uint8_t> more) { out.insert(out.end(), more.begin(), more.end()); }

// "a.b" as labels; "\." is a dot inside a label; "" and "." are the root.
inline Octets WireName(std::string_view text) {
  Octets out;
  std::string label;
  const auto flush = [&] {
    if (label.empty()) return;
    out.push_back(static_cast<uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    label.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      flush();
    } else {
      label += text[i] == '\\' ? text[++i] : text[i];
    }
  }
  flush();
  out.push_back(0);
  return out;
}

struct WireRecord {
  std::string owner;
  uint16_t type = 1;
  uint32_t ttl = 0;
  Octets data;
  uint16_t record_class = 1;
};

inline WireRecord A(std::string owner, const std::string& ip, uint32_t ttl = 0) {
  Octets data(4);
  inet_pton(AF_INET, ip.c_str(), data.data());
  return {std::move(owner), 1, ttl, data};
}

inline WireRecord Aaaa(std::string owner, const std::string& ip, uint32_t ttl = 0) {
  Octets data(16);
  inet_pton(AF_INET6, ip.c_str(), data.data());
  return {std::move(owner), 28, ttl, data};
}

inline WireRecord Cname(std::string owner, std::string_view target, uint32_t ttl = 0) {
  return {std::move(owner), 5, ttl, WireName(target)};
}

inline WireRecord Ptr(std::string owner, std::string_view target, uint32_t ttl = 0) {
  return {std::move(owner), 12, ttl, WireName(target)};
}

inline WireRecord Txt(std::string owner, const std::vector<std::string>& strings, uint32_t ttl = 0) {
  Octets data;
  for (const std::string& text : strings) {
    data.push_back(static_cast<uint8_t>(text.size()));
    data.insert(data.end(), text.begin(), text.end());
  }
  return {std::move(owner), 16, ttl, data};
}

inline WireRecord Srv(std::string owner, uint16_t priority, uint16_t weight, uint16_t port, std::string_view target,
                      uint32_t ttl = 0) {
  Octets data;
  for (const uint16_t number : {priority, weight, port}) AppendU16(data, number);
  Append(data, WireName(target));
  return {std::move(owner), 33, ttl, data};
}

inline WireRecord Soa(std::string owner, uint32_t ttl, uint32_t minimum) {
  Octets data = WireName("ns.example");
  Append(data, WireName("hostmaster.example"));
  data.resize(data.size() + 16);
  AppendU16(data, minimum >> 16);
  AppendU16(data, minimum);
  return {std::move(owner), 6, ttl, data};
}

// A response, authoritative bit off.
struct WireMessage {
  static constexpr uint16_t kResponse = 0x8180, kAuthoritative = 0x0400, kTruncated = 0x0200;

  uint16_t id = 0;
  uint16_t flags = kResponse;
  std::string question;
  uint16_t type = 33;
  std::vector<WireRecord> answers, authority, additional;

  Octets Bytes() const {
    Octets out;
    for (const size_t number :
         {size_t{id}, size_t{flags}, size_t{1}, answers.size(), authority.size(), additional.size()}) {
      AppendU16(out, number);
    }
    Append(out, WireName(question));
    AppendU16(out, type);
    AppendU16(out, 1);
    for (const auto* section : {&answers, &authority, &additional}) {
      for (const WireRecord& record : *section) AppendRecord(out, record);
    }
    return out;
  }

 private:
  static void AppendRecord(Octets& out, const WireRecord& record) {
    Append(out, WireName(record.owner));
    AppendU16(out, record.type);
    AppendU16(out, record.record_class);
    AppendU16(out, record.ttl >> 16);
    AppendU16(out, record.ttl);
    AppendU16(out, record.data.size());
    Append(out, record.data);
  }
};

}  // namespace signpost::test
