// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/dns/question.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

namespace signpost::test {
namespace {

constexpr std::array<std::pair<std::string_view, uint16_t>, 21> kTypes = {{
    {"A", 1},      {"NS", 2},     {"CNAME", 5},  {"SOA", 6},     {"PTR", 12},    {"MX", 15},    {"TXT", 16},
    {"AAAA", 28},  {"SRV", 33},   {"OPT", 41},   {"DS", 43},     {"DNSKEY", 48}, {"HTTPS", 65}, {"TKEY", 249},
    {"TSIG", 250}, {"IXFR", 251}, {"AXFR", 252}, {"MAILB", 253}, {"MAILA", 254}, {"ANY", 255},  {"HINFO", 13},
}};

void PutU16(Bytes& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Bytes Hex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  Bytes out;
  bool half = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      const int times = std::atoi(std::string(text.substr(i + 1)).c_str());
      out.insert(out.end(), static_cast<size_t>(times - 1), out.back());
      while (i + 1 < text.size() && IsDigit(text[i + 1])) ++i;
      continue;
    }
    const size_t digit = kDigits.find(text[i]);
    if (digit == std::string_view::npos) continue;
    if (half) {
      out.back() = static_cast<uint8_t>(out.back() << 4 | digit);
    } else {
      out.push_back(static_cast<uint8_t>(digit));
    }
    half = !half;
  }
  return out;
}

Bytes NameBytes(std::string_view text) {
  Bytes out;
  Bytes label;
  const auto end_label = [&] {
    if (label.empty()) return;
    out.push_back(static_cast<uint8_t>(label.size()));
    Append(out, label);
    label.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      end_label();
    } else if (text[i] == '\\' && i + 3 < text.size() && IsDigit(text[i + 1])) {
      label.push_back(static_cast<uint8_t>(std::atoi(std::string(text.substr(i + 1, 3)).c_str())));
      i += 3;
    } else {
      if (text[i] == '\\') ++i;
      label.push_back(static_cast<uint8_t>(text[i]));
    }
  }
  end_label();
  out.push_back(0);
  return out;
}

uint16_t TypeNumber(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name, &std::pair<std::string_view, uint16_t>::first);
  if (found != kTypes.end()) return found->second;
  if (name.starts_with("TYPE")) return static_cast<uint16_t>(std::atoi(std::string(name.substr(4)).c_str()));
  std::abort();  // a misspelt test
}

std::string TypeName(uint16_t type) {
  const auto found = std::ranges::find(kTypes, type, &std::pair<std::string_view, uint16_t>::second);
  return found != kTypes.end() ? std::string(found->first) : "TYPE" + std::to_string(type);
}

Question::Question(std::string_view name, std::string_view type) : name_(NameBytes(name)), type_(TypeNumber(type)) {}

Question& Question::Id(uint16_t id) { return id_ = id, *this; }
Question& Question::Flags(uint16_t flags) { return flags_ = flags, *this; }
Question& Question::Class(uint16_t value) { return class_ = value, *this; }
Question& Question::DnssecOk() { return edns_ = dnssec_ok_ = true, *this; }
Question& Question::EdnsVersion(uint8_t version) { return edns_ = true, edns_version_ = version, *this; }
Question& Question::Tcp() { return tcp_ = true, *this; }

Question& Question::Edns(uint16_t udp_size) {
  edns_ = true;
  udp_size_ = udp_size;
  return *this;
}

Question& Question::Option(uint16_t code, std::string_view hex) {
  edns_ = true;
  const Bytes data = Hex(hex);
  PutU16(options_, code);
  PutU16(options_, data.size());
  Append(options_, data);
  return *this;
}

Question& Question::Counts(int questions, int answers, int authority, int additional) {
  const int counts[4] = {questions, answers, authority, additional};
  std::ranges::copy(counts, counts_);
  return *this;
}

Question& Question::Tail(std::string_view hex) {
  Append(tail_, Hex(hex));
  return *this;
}

Question& Question::Record(int section, std::string_view hex) {
  Append(records_[section], Hex(hex));
  ++record_counts_[section];
  return *this;
}

size_t Question::limit() const {
  if (tcp_) return 65535;
  return edns_ ? std::clamp<size_t>(udp_size_, 512, 1232) : 512;
}

Bytes Question::Packet() const {
  Bytes out;
  PutU16(out, id_);
  PutU16(out, flags_);
  for (int i = 0; i < 4; ++i) {
    const int real = i == 0 ? 1 : record_counts_[i] + (i == 3 && edns_ ? 1 : 0);
    PutU16(out, static_cast<size_t>(counts_[i] >= 0 ? counts_[i] : real));
  }
  Append(out, name_);
  PutU16(out, type_);
  PutU16(out, class_);
  Append(out, records_[1]);
  Append(out, records_[2]);
  if (edns_) {
    out.push_back(0);
    PutU16(out, 41);
    PutU16(out, udp_size_);
    PutU16(out, edns_version_);
    PutU16(out, dnssec_ok_ ? 0x8000 : 0);
    PutU16(out, options_.size());
    Append(out, options_);
  }
  Append(out, records_[3]);
  Append(out, tail_);
  return out;
}

}  // namespace signpost::test
