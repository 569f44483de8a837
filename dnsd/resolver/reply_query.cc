// Signpost. Apache-2.0; see LICENSE.
#include <array>

#include "common/base/bytes.h"
#include "dnsd/resolver/reply.h"

namespace signpost::resolver {
namespace {

constexpr size_t kQuestionEnd = 4;  // type, class
constexpr size_t kOptHead = 11;
constexpr size_t kOptionHead = 4;

size_t OptionSize(std::span<const uint8_t> data) { return data.empty() ? 0 : kOptionHead + data.size(); }

void PutOption(uint16_t code, std::span<const uint8_t> data, ByteWriter& writer) {
  if (data.empty()) return;
  writer.U16(code);
  writer.U16(static_cast<uint16_t>(data.size()));
  writer.Bytes(data);
}

}  // namespace

std::vector<uint8_t> BuildQuery(const SentQuestion& sent, std::span<const uint8_t> hop) {
  const Question& question = sent.question;
  const size_t options = OptionSize(hop) + OptionSize(sent.cookie.wire());
  std::vector<uint8_t> out(wire::kHeaderSize + question.name.size() + kQuestionEnd +
                           (sent.with_edns ? kOptHead + options : 0));
  ByteWriter writer(out);
  writer.U16(sent.id);
  writer.U16(wire::kFlagRd | (question.variant.checking_disabled ? wire::kFlagCd : 0));
  for (const uint16_t count : std::to_array<uint16_t>({1, 0, 0})) writer.U16(count);
  writer.U16(sent.with_edns ? 1 : 0);
  writer.Text(sent.spelling.empty() ? std::string_view(question.name) : sent.spelling);
  writer.U16(question.type);
  writer.U16(wire::dns_class::kIn);
  if (!sent.with_edns) return out;
  writer.U8(0);
  writer.U16(wire::type::kOpt);
  writer.U16(wire::kOwnUdpSize);
  writer.U32(question.variant.dnssec_ok ? wire::kFlagDo : 0);
  writer.U16(static_cast<uint16_t>(options));
  PutOption(wire::edns_option::kHop, hop, writer);
  PutOption(wire::edns_option::kCookie, sent.cookie.wire(), writer);
  return out;
}

}  // namespace signpost::resolver
