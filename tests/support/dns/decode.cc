// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/dns/decode.h"

#include <algorithm>
#include <array>
#include <set>

#include "tests/support/dns/question.h"
#include "tests/support/dns/record_text.h"

namespace signpost::test {
namespace {

constexpr uint16_t kOpt = 41;
constexpr uint16_t kTsig = 250;

std::string RcodeText(size_t rcode) {
  static constexpr std::array<std::string_view, 10> kNames = {"NOERROR", "FORMERR",  "SERVFAIL", "NXDOMAIN", "NOTIMP",
                                                              "REFUSED", "YXDOMAIN", "YXRRSET",  "NXRRSET",  "NOTAUTH"};
  if (rcode < kNames.size()) return std::string(kNames[rcode]);
  return rcode == 16 ? "BADVERS" : "RCODE" + std::to_string(rcode);
}

std::string FlagText(uint16_t word) {
  static constexpr std::array<std::pair<uint16_t, std::string_view>, 7> kFlags = {
      {{0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"}, {0x0040, "z"}, {0x0020, "ad"}, {0x0010, "cd"}}};
  std::string out;
  for (const auto& [bit, name] : kFlags) {
    if ((word & bit) == 0) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

class Decoder {
 public:
  Decoder(std::span<const uint8_t> message, Reply& reply) : reader_(message), reply_(reply) {}

  void Run() {
    reply_.id = reader_.U16();
    const uint16_t flags = reader_.U16();
    if ((flags & 0x8000) == 0) reader_.Fail("QR is not set");
    reply_.flags = FlagText(flags);
    reply_.opcode = flags >> 11 & 0xf;
    rcode_ = flags & 0xf;
    std::array<uint16_t, 4> counts{};
    for (uint16_t& count : counts) count = reader_.U16();
    if (counts[0] > 1) reader_.Fail("more than one question");
    if (counts[0] == 1) ReadQuestion();
    reply_.question_end = reader_.at();
    for (size_t section = 1; section < 4; ++section) {
      for (int i = 0; i < counts[section] && reader_.problem().empty(); ++i) ReadRecord(section);
    }
    if (reader_.problem().empty() && reader_.left() > 0) reader_.Fail("bytes behind the last record");
    reply_.problem = reader_.problem();
    reply_.rcode = RcodeText(rcode_);
    reply_.in_order = reply_.answer;
  }

 private:
  Lines& Section(size_t section) {
    return section == 1 ? reply_.answer : section == 2 ? reply_.authority : reply_.additional;
  }

  void ReadQuestion() {
    reply_.question = reader_.Name() + " ";
    reply_.question += TypeName(reader_.U16());
    const uint16_t value = reader_.U16();
    if (value != 1) reply_.question += " CLASS" + std::to_string(value);
  }

  void ReadRecord(size_t section) {
    if (!reply_.tsig.empty()) return reader_.Fail("a record behind the TSIG");
    const std::string owner = reader_.Name();
    const uint16_t type = reader_.U16();
    const uint16_t klass = reader_.U16();
    const uint32_t ttl = reader_.U32();
    const uint16_t length = reader_.U16();
    if (type == kOpt) return ReadOpt(section, owner, klass, ttl, length);
    if (type == kTsig && section == 3) return ReadTsig(owner, length);
    const std::string head =
        owner + " " + std::to_string(ttl) + (klass == 1 ? " " : " CLASS" + std::to_string(klass) + " ");
    const std::string text = head + TypeName(type) + " " + reader_.Rdata(type, length);
    if (!seen_.insert(text).second) reader_.Fail("twice: " + text);
    Section(section).push_back(text);
  }

  void ReadOpt(size_t section, const std::string& owner, uint16_t size, uint32_t ttl, size_t length) {
    if (section != 3 || owner != "." || reply_.has_opt) reader_.Fail("an OPT record that must not be there");
    reply_.has_opt = true;
    reply_.udp_size = size;
    reply_.opt_ttl = ttl;
    rcode_ |= ttl >> 24 << 4;
    reply_.opt_data = reader_.Hex(length);
  }

  void ReadTsig(const std::string& key, size_t length) {
    const size_t end = reader_.at() + length;
    reply_.tsig = key + " " + reader_.Name();
    reader_.Hex(8);
    reader_.Hex(reader_.U16());
    reader_.U16();
    reply_.tsig += " error " + std::to_string(reader_.U16());
    reader_.Hex(reader_.U16());
    if (reader_.problem().empty() && reader_.at() != end) reader_.Fail("a TSIG record of the wrong length");
  }

  MessageReader reader_;
  Reply& reply_;
  size_t rcode_ = 0;
  std::set<std::string> seen_;
};

}  // namespace

bool Reply::has(std::string_view flag) const {
  return (" " + flags + " ").find(" " + std::string(flag) + " ") != std::string::npos;
}

Reply Decode(std::span<const uint8_t> message, size_t limit) {
  Reply reply;
  reply.bytes.assign(message.begin(), message.end());
  if (message.empty()) {
    reply.rcode = "none";
    return reply;
  }
  Decoder(message, reply).Run();
  if (message.size() > limit && reply.problem.empty()) {
    reply.problem = std::to_string(message.size()) + " bytes where " + std::to_string(limit) + " are allowed";
  }
  for (Lines* lines : {&reply.answer, &reply.authority, &reply.additional}) {
    if (!reply.problem.empty()) lines->assign({"MALFORMED: " + reply.problem});
    std::ranges::sort(*lines);
  }
  if (!reply.problem.empty()) reply.rcode = "MALFORMED: " + reply.problem;
  return reply;
}

}  // namespace signpost::test
