// Signpost. Apache-2.0; see LICENSE.
// A query in one line: Question("web.service.consul", "SRV").Edns(1232).Tcp().
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::test {

using Bytes = std::vector<uint8_t>;

// "0a 00 ff*3": hexadecimal bytes, blanks ignored, "*n" repeats the byte before it.
Bytes Hex(std::string_view text);
// The wire form of "www.example.com"; "\." is a dot inside a label, "\000" a byte in decimal.
Bytes NameBytes(std::string_view text);
// "SRV" or "TYPE666" as a number, and back.
uint16_t TypeNumber(std::string_view name);
std::string TypeName(uint16_t type);

class Question {
 public:
  Question(std::string_view name, std::string_view type);

  Question& Id(uint16_t id);
  Question& Flags(uint16_t flags);  // the whole second word of the header
  Question& Class(uint16_t value);
  Question& Edns(uint16_t udp_size);
  Question& DnssecOk();
  Question& EdnsVersion(uint8_t version);
  Question& Option(uint16_t code, std::string_view hex = {});  // adds OPT if there is none
  Question& Tcp();
  // Raw material for what no honest client sends.
  Question& Counts(int questions, int answers, int authority, int additional);  // negative: as it is
  Question& Tail(std::string_view hex);                                         // behind everything
  Question& Record(int section, std::string_view hex);                          // counted in section 1, 2 or 3

  bool over_tcp() const { return tcp_; }
  // The size that a reply may have: 65,535 over TCP, else what was asked within 512 .. 1232.
  size_t limit() const;
  Bytes Packet() const;

 private:
  Bytes name_;
  uint16_t type_;
  uint16_t class_ = 1;
  uint16_t id_ = 0x1234;
  uint16_t flags_ = 0;
  bool tcp_ = false;
  bool edns_ = false;
  bool dnssec_ok_ = false;
  uint8_t edns_version_ = 0;
  uint16_t udp_size_ = 1232;
  Bytes options_;
  int counts_[4] = {-1, -1, -1, -1};
  Bytes records_[4];
  int record_counts_[4] = {};
  Bytes tail_;
};

}  // namespace signpost::test
