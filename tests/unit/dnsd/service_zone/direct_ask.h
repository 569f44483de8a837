// Signpost. Apache-2.0; see LICENSE.
// Asks the Answerer of a World itself, for what the handler decides on before it calls it.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <vector>

#include "dnsd/service_zone/answer.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"
#include "tests/support/dns/record_text.h"
#include "tests/support/dns/world.h"

namespace signpost::test {

struct DirectReply {
  Reply reply;
  service_zone::Verdict verdict;
};

// `ask(answerer, question)` gives the verdict.
template <typename Ask>
DirectReply AskDirectly(World& world, const Question& question, const Ask& ask, bool may_look_elsewhere = false) {
  const Bytes packet = question.Packet();
  wire::Query query;
  EXPECT_EQ(wire::ParseQuery(packet, query), wire::Verdict::kQuery);
  std::vector<uint8_t> buffer(wire::kMaxMessage);
  wire::ResponseWriter writer(buffer, question.limit(), query);
  const service_zone::Question asked{.query = query,
                                     .writer = writer,
                                     .over_tcp = question.over_tcp(),
                                     .now_ms = 1000,
                                     .may_look_elsewhere = may_look_elsewhere};
  const service_zone::Verdict verdict = ask(world.handler().answerer(), asked);
  const size_t size =
      writer.Finish({.rcode = verdict.rcode, .authoritative = verdict.authoritative, .truncated = verdict.truncated});
  return {Decode(std::span(buffer).first(size), question.limit()), verdict};
}

// A name in wire form as text, "" for none.
inline std::string NameText(std::span<const uint8_t> name) { return name.empty() ? "" : MessageReader(name).Name(); }

}  // namespace signpost::test
