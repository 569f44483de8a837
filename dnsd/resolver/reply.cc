// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/bytes.h"
#include "dnsd/resolver/answer_names.h"
#include "dnsd/resolver/reply_records.h"
#include "dnsd/resolver/reply_select.h"

namespace signpost::resolver {
namespace {

using wire::Rcode;
using wire::Section;

constexpr size_t kMaxRecords = 1000;  // F18
constexpr size_t kMaxEdeText = 64;
constexpr size_t kMostOverUdp = 4096;  // far more than was asked for comes in fragments, which others may write (F26)
constexpr uint16_t kFlagsOpcode = 0x7800;
constexpr auto kBadCookie = static_cast<Rcode>(23);  // RFC 7873 8

struct Header {
  uint16_t flags = 0;
  std::array<uint16_t, 4> counts{};
  size_t body_at = wire::kHeaderSize;
  std::string_view spelling;  // of the question, if there is one
  uint8_t rcode() const { return flags & 0xf; }
};

std::string_view AsText(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// F02-F04.
bool IsAnswerTo(std::span<const uint8_t> bytes, const SentQuestion& sent, Header& header) {
  if (bytes.size() < wire::kHeaderSize || bytes.size() > wire::kMaxMessage) return false;
  header.flags = LoadU16(&bytes[2]);
  if ((header.flags & wire::kFlagQr) == 0 || (header.flags & kFlagsOpcode) != 0) return false;
  if (LoadU16(bytes.data()) != sent.id) return false;
  for (size_t i = 0; i < header.counts.size(); ++i) header.counts[i] = LoadU16(&bytes[4 + 2 * i]);
  if (header.counts[0] == 0) {
    // Servers that do not understand a query send its header back.
    const auto rcode = static_cast<Rcode>(header.rcode());
    return rcode == Rcode::kFormErr || rcode == Rcode::kNotImp || rcode == Rcode::kServFail;
  }
  if (header.counts[0] != 1) return false;
  wire::Name name;
  ByteReader reader(bytes.subspan(wire::kHeaderSize));
  header.spelling = AsText(reader.Bytes(name.Read(bytes.subspan(wire::kHeaderSize))));
  const uint16_t type = reader.U16();
  const uint16_t klass = reader.U16();
  header.body_at += reader.offset();
  return reader.ok() && NameBytes(name) == sent.question.name && type == sent.question.type &&
         klass == wire::dns_class::kIn;
}

// Names in the reply may point into its question: what was sent there is our secret, and none of the data.
std::vector<uint8_t> WithFoldedQuestion(std::span<const uint8_t> bytes, const Question& question) {
  std::vector<uint8_t> folded(bytes.begin(), bytes.end());
  std::ranges::copy(question.name, folded.begin() + wire::kHeaderSize);
  return folded;
}

// What the OPT record said.
struct OptRecord {
  bool present = false;
  bool understood = false;  // version 0
  uint8_t extended_rcode = 0;
  std::optional<wire::Ede> ede;
  std::string ede_text;
  bool has_cookie = false;
  Cookie cookie;  // the first one; empty when malformed
};

// Printable, and cut where a UTF-8 sequence begins.
std::string Trimmed(std::span<const uint8_t> text) {
  std::string out;
  for (const uint8_t byte : text) {
    if (out.size() == kMaxEdeText) {
      if ((byte & 0xc0) != 0x80) return out;
      while (!out.empty() && (static_cast<uint8_t>(out.back()) & 0xc0) == 0x80) out.pop_back();
      if (!out.empty()) out.pop_back();
      return out;
    }
    if (byte >= ' ' && byte != 0x7f) out.push_back(static_cast<char>(byte));
  }
  return out;
}

class Parser {
 public:
  Parser(std::span<const uint8_t> bytes, const Header& header) : bytes_(bytes), view_(bytes), at_(header.body_at) {
    counts_ = header.counts;
  }

  // F08-F10, F18. What stood before the first mistake is there in any case.
  bool Read() {
    if (size_t{counts_[1]} + counts_[2] + counts_[3] > kMaxRecords) return false;
    for (const Section section : {Section::kAnswer, Section::kAuthority, Section::kAdditional}) {
      for (int i = 0; i < counts_[1 + static_cast<size_t>(section)]; ++i) {
        RecordHead head;
        if (!ReadRecordHead(view_, at_, head) || !Take(section, head)) return false;
        at_ = head.next;
      }
    }
    return true;
  }

  const OptRecord& opt() const { return opt_; }
  ReplyRecords& records() { return records_; }

 private:
  bool Take(Section section, const RecordHead& head) {
    if (head.type == wire::type::kOpt) {
      if (section != Section::kAdditional || opt_.present || head.owner.size != 1) return false;
      return TakeOpt(head);
    }
    if (head.klass != wire::dns_class::kIn) return false;
    const bool is_meta = head.type == 0 || (head.type >= wire::type::kTkey && head.type <= wire::type::kAny);
    return !is_meta && records_.Add(section, view_, head);
  }

  bool TakeOpt(const RecordHead& head) {
    opt_.present = true;
    opt_.extended_rcode = static_cast<uint8_t>(head.ttl >> 24);
    opt_.understood = (head.ttl >> 16 & 0xff) == 0;
    ByteReader options(bytes_.subspan(head.rdata_at, head.next - head.rdata_at));
    while (options.ok() && options.remaining() > 0) {
      const uint16_t code = options.U16();
      const auto data = options.Bytes(options.U16());
      if (code == wire::edns_option::kCookie && !std::exchange(opt_.has_cookie, true))
        opt_.cookie = Cookie::OfReply(data);
      if (code != wire::edns_option::kEde || data.size() < 2 || opt_.ede || !opt_.understood) continue;
      opt_.ede = static_cast<wire::Ede>(LoadU16(data.data()));
      opt_.ede_text = Trimmed(data.subspan(2));
    }
    return options.ok();
  }

  std::span<const uint8_t> bytes_;
  MessageView view_;
  size_t at_;
  std::array<uint16_t, 4> counts_{};
  ReplyRecords records_;
  OptRecord opt_;
};

// F04, when letters are a secret.
std::optional<ReplyVerdict> DoubtOf(const Header& header, const SentQuestion& sent) {
  if (sent.spelling.empty() || !sent.keeps_case || header.spelling == sent.spelling) return std::nullopt;
  return header.spelling.empty() ? ReplyVerdict::kNoQuestion : ReplyVerdict::kOtherCase;
}

// F05: the cookie, if it is ours. False: the reply is in doubt. A connection proves more than a cookie.
bool TakeCookie(const Cookie& cookie, const SentQuestion& sent, Reply& reply) {
  if (sent.cookie.empty()) return true;
  const bool ours = !cookie.empty() && std::ranges::equal(cookie.client(), sent.cookie.client());
  if (ours) reply.cookie = cookie;
  return ours || sent.over_tcp || (cookie.empty() && !sent.cookie_expected);
}

// F06, F07; kAnswer when it depends on the records.
ReplyVerdict VerdictOf(const Header& header, size_t size, Rcode rcode, const SentQuestion& sent, bool has_cookie) {
  if (!sent.over_tcp && size > kMostOverUdp) return ReplyVerdict::kTruncated;
  // Over TCP there is nothing left to ask for.
  if ((header.flags & wire::kFlagTc) != 0) return sent.over_tcp ? ReplyVerdict::kBad : ReplyVerdict::kTruncated;
  if (rcode == kBadCookie && has_cookie && !sent.over_tcp) return ReplyVerdict::kBadCookie;
  switch (rcode) {
    case Rcode::kNoError:
    case Rcode::kNxDomain:
      return ReplyVerdict::kAnswer;
    case Rcode::kFormErr:
    case Rcode::kNotImp:
    case Rcode::kBadVers:
      return sent.with_edns ? ReplyVerdict::kNoEdns : ReplyVerdict::kBad;
    case Rcode::kServFail:
      return ReplyVerdict::kServFail;
    case Rcode::kRefused:
      return ReplyVerdict::kRefused;
    default:
      return ReplyVerdict::kBad;
  }
}

}  // namespace

Reply ReadReply(std::span<const uint8_t> bytes, const SentQuestion& sent, const ReplyRules& rules, uint64_t now_ms) {
  Reply reply;
  Header header;
  if (!IsAnswerTo(bytes, sent, header)) return reply;
  if (const auto doubt = DoubtOf(header, sent)) {
    reply.verdict = *doubt;
    return reply;
  }
  std::vector<uint8_t> folded;
  if (!sent.spelling.empty() && !header.spelling.empty()) {
    reply.kept_case = header.spelling == sent.spelling && sent.spelling != sent.question.name;
    folded = WithFoldedQuestion(bytes, sent.question);
    bytes = folded;
  }
  Parser parser(bytes, header);
  const bool sound = parser.Read();
  reply.had_edns = parser.opt().understood;
  reply.ede = parser.opt().ede;
  reply.ede_text = parser.opt().ede_text;
  if (!TakeCookie(parser.opt().cookie, sent, reply)) {
    reply.verdict = ReplyVerdict::kNoCookie;
    return reply;
  }
  const unsigned rcode = unsigned{parser.opt().extended_rcode} << 4 | header.rcode();
  reply.verdict = rcode > 0xff
                      ? ReplyVerdict::kBad
                      : VerdictOf(header, bytes.size(), static_cast<Rcode>(rcode), sent, !reply.cookie.empty());
  if (reply.verdict != ReplyVerdict::kAnswer) return reply;
  if (!sound) {
    reply.verdict = ReplyVerdict::kBad;
    return reply;
  }
  parser.records().Index();
  Select(parser.records(), static_cast<Rcode>(rcode), sent.question, rules, now_ms, reply);
  return reply;
}

}  // namespace signpost::resolver
