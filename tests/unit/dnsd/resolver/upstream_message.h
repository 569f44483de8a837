// Signpost. Apache-2.0; see LICENSE.
// An upstream's reply in a few lines: UpstreamMessage("www.example.com", "A").Answer("www.example.com 60 A 192.0.2.1").
#pragma once

#include <arpa/inet.h>

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "dnsd/resolver/reply.h"
#include "dnsd/wire/name.h"
#include "tests/support/dns/question.h"

namespace signpost::resolver {

using test::Bytes;

inline constexpr uint16_t kId = 0x4711;

inline std::string WireName(std::string_view text) {
  const Bytes bytes = test::NameBytes(text);
  return {bytes.begin(), bytes.end()};
}

inline uint16_t AnyType(std::string_view name) {
  static const std::vector<std::pair<std::string_view, uint16_t>> kMore = {
      {"DNAME", 39}, {"RRSIG", 46}, {"NSEC", 47}, {"SVCB", 64}, {"HTTPS", 65}, {"MX", 15}, {"HINFO", 13}, {"ANY", 255}};
  for (const auto& [text, number] : kMore) {
    if (text == name) return number;
  }
  return test::TypeNumber(name);
}

inline Question Ask(std::string_view name, std::string_view type, Variant variant = {}) {
  return {wire::ToLower(WireName(name)), AnyType(type), variant};
}

class UpstreamMessage {
 public:
  explicit UpstreamMessage(const Question& question) : question_(question), id_(kId) {}
  UpstreamMessage(std::string_view name, std::string_view type) : UpstreamMessage(Ask(name, type)) {}

  // "owner ttl TYPE rdata"; RDATA of types without a form here: hexadecimal.
  UpstreamMessage& Answer(std::string_view line) { return Line(0, line); }
  UpstreamMessage& Authority(std::string_view line) { return Line(1, line); }
  UpstreamMessage& Additional(std::string_view line) { return Line(2, line); }
  UpstreamMessage& Hex(int section, std::string_view hex) {
    Append(sections_[section], test::Hex(hex));
    ++counts_[section];
    return *this;
  }
  UpstreamMessage& Id(uint16_t id) { return id_ = id, *this; }
  UpstreamMessage& Flags(uint16_t flags) { return flags_ = flags, *this; }
  UpstreamMessage& Rcode(int rcode) { return flags_ = static_cast<uint16_t>((flags_ & 0xfff0) | rcode), *this; }
  UpstreamMessage& Class(uint16_t klass) { return class_ = klass, *this; }  // of the question
  UpstreamMessage& NoQuestion() { return questions_ = 0, *this; }
  UpstreamMessage& Count(int section, uint16_t count) { return counts_[section] = count, *this; }
  // An OPT record: the upper rcode bits and the version, then the options.
  UpstreamMessage& Opt(uint8_t extended_rcode = 0, uint8_t version = 0, std::string_view options = {}) {
    const Bytes data = test::Hex(options);
    Append(sections_[2], {0, 0, 41, 4, 0xd0, extended_rcode, version, 0, 0});
    PutU16(sections_[2], static_cast<uint16_t>(data.size()));
    Append(sections_[2], data);
    ++counts_[2];
    return *this;
  }
  UpstreamMessage& Tail(std::string_view hex) { return tail_ = test::Hex(hex), *this; }

  Bytes Packet() const {
    Bytes out;
    for (const uint16_t word : {id_, flags_, questions_, counts_[0], counts_[1], counts_[2]}) PutU16(out, word);
    if (questions_ > 0) {
      out.insert(out.end(), question_.name.begin(), question_.name.end());
      PutU16(out, question_.type);
      PutU16(out, class_);
    }
    for (const Bytes& section : sections_) Append(out, section);
    Append(out, tail_);
    return out;
  }
  const Question& question() const { return question_; }

 private:
  static void Append(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }
  static void PutU16(Bytes& out, uint16_t v) { Append(out, {static_cast<uint8_t>(v >> 8), static_cast<uint8_t>(v)}); }
  static void PutU32(Bytes& out, uint32_t v) {
    PutU16(out, static_cast<uint16_t>(v >> 16));
    PutU16(out, static_cast<uint16_t>(v));
  }

  UpstreamMessage& Line(int section, std::string_view line) {
    std::istringstream in{std::string(line)};
    std::string owner, type;
    uint32_t ttl = 0;
    in >> owner >> ttl >> type;
    Bytes& out = sections_[section];
    Append(out, test::NameBytes(owner));
    PutU16(out, AnyType(type));
    PutU16(out, 1);
    PutU32(out, ttl);
    const Bytes rdata = Rdata(type, in);
    PutU16(out, static_cast<uint16_t>(rdata.size()));
    Append(out, rdata);
    ++counts_[section];
    return *this;
  }

  static Bytes Rdata(const std::string& type, std::istream& in) {
    Bytes out;
    const auto number16 = [&] {
      uint32_t v = 0;
      in >> v;
      PutU16(out, static_cast<uint16_t>(v));
    };
    std::string word;
    if (type == "SRV") {
      for (int i = 0; i < 3; ++i) number16();
    } else if (type == "MX" || type == "SVCB" || type == "HTTPS") {
      number16();
    }
    in >> word;
    if (type == "A" || type == "AAAA") {
      out.resize(type == "A" ? 4 : 16);
      if (inet_pton(type == "A" ? AF_INET : AF_INET6, word.c_str(), out.data()) != 1) std::abort();
    } else if (type == "TXT") {
      out.push_back(static_cast<uint8_t>(word.size()));
      out.insert(out.end(), word.begin(), word.end());
    } else if (type == "RRSIG") {  // the type that is covered; the rest does not matter here
      PutU16(out, AnyType(word));
      out.resize(19);
      out.push_back(0xaa);
    } else if (type == "SOA") {  // the zone's MINIMUM
      Append(out, test::NameBytes("ns.example.com"));
      Append(out, test::NameBytes("admin.example.com"));
      for (int i = 0; i < 4; ++i) PutU32(out, 1);
      PutU32(out, static_cast<uint32_t>(std::stoul(word)));
    } else if (type.starts_with("TYPE") || type == "NSEC") {
      if (type == "NSEC") out.push_back(0);
      Append(out, test::Hex(word));
    } else {
      Append(out, test::NameBytes(word));
    }
    return out;
  }

  Question question_;
  uint16_t id_;
  uint16_t flags_ = 0x8180;
  uint16_t class_ = 1;
  uint16_t questions_ = 1;
  uint16_t counts_[3] = {};
  Bytes sections_[3];
  Bytes tail_;
};

}  // namespace signpost::resolver
