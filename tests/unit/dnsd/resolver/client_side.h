// Signpost. Apache-2.0; see LICENSE.
// What a client sees of an Answer, read by the tests' own decoder.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

#include "dnsd/resolver/answer.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::resolver {

inline void PrintTo(ReplyVerdict verdict, std::ostream* out) {
  static constexpr const char* kNames[] = {"ignore",    "other case", "no question", "no cookie", "bad cookie",
                                           "truncated", "no EDNS",    "SERVFAIL",    "REFUSED",   "bad",
                                           "loop",      "chase",      "answer"};
  *out << kNames[static_cast<size_t>(verdict)];
}

inline constexpr uint64_t kNow = 1'000'000;

// A reply under way, with the query that it answers.
struct Desk {
  explicit Desk(const test::Question& question, std::optional<size_t> size = {})
      : packet(question.Packet()), limit(size.value_or(question.limit())) {
    EXPECT_EQ(wire::ParseQuery(packet, query), wire::Verdict::kQuery);
    writer.emplace(buffer, limit, query);
  }
  test::Reply Finish(const Answer& answer, Written written) {
    const size_t size = writer->Finish({.rcode = answer.rcode, .truncated = written.truncated});
    for (size_t i = limit; i < buffer.size(); ++i) EXPECT_EQ(buffer[i], 0xee) << "behind the limit";
    return test::Decode(std::span(buffer).first(size), limit);
  }

  Bytes packet;
  size_t limit;
  wire::Query query;
  Bytes buffer = Bytes(65535, 0xee);
  std::optional<wire::ResponseWriter> writer;
};

struct Look {
  Age age = Age::kFresh;
  uint64_t now_ms = kNow;
  uint32_t rotation = 0;
};

inline test::Reply See(const Answer& answer, const test::Question& question, const Look& look = {}) {
  Desk desk(question);
  const Written written = WriteAnswer(answer, look.age, look.now_ms, look.rotation, *desk.writer);
  return desk.Finish(answer, written);
}

inline std::string Dotted(const std::string& wire_name) {
  wire::Name name;
  name.Read({reinterpret_cast<const uint8_t*>(wire_name.data()), wire_name.size()});
  return name.ToString();
}

// Everything in the answer, over TCP.
inline test::Reply SeeAll(const Answer& answer, const Look& look = {}) {
  const std::string type = test::TypeName(answer.question.type);
  return See(answer, test::Question(Dotted(answer.question.name), type).Edns(1232).Tcp(), look);
}

inline std::string Joined(const test::Lines& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

// By TCP if it is too large for a datagram.
inline Reply Read(const UpstreamMessage& message, const ReplyRules& rules = {}) {
  const Bytes packet = message.Packet();
  const SentQuestion sent{.question = message.question(), .id = kId, .over_tcp = packet.size() > 4096};
  return ReadReply(packet, sent, rules, kNow);
}

// The answer that the message must give.
inline std::shared_ptr<Answer> AnswerOf(const UpstreamMessage& message, const ReplyRules& rules = {}) {
  Reply reply = Read(message, rules);
  EXPECT_EQ(reply.verdict, ReplyVerdict::kAnswer);
  return reply.answer;
}

}  // namespace signpost::resolver
