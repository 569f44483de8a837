// Signpost. Apache-2.0; see LICENSE.
// Tables of replies and what is selected from them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {

inline constexpr char kSoaText[] = "ns.example.com. admin.example.com. 1 1 1 1 ";

struct Case {
  const char* what;
  UpstreamMessage message;
  const char* verdict;                // as in Verdict()
  std::vector<std::string> expected;  // answer in order, then authority, then additional
};

inline std::string Verdict(const Reply& reply) {
  switch (reply.verdict) {
    case ReplyVerdict::kBad:
      return "bad";
    case ReplyVerdict::kLoop:
      return "loop";
    case ReplyVerdict::kChase:
      return "chase " + Dotted(reply.chase);
    case ReplyVerdict::kAnswer:
      return std::string(reply.answer->rcode == wire::Rcode::kNxDomain ? "nxdomain" : "answer") +
             (reply.answer->cacheable ? "" : " uncached");
    default:
      return "other";
  }
}

inline std::vector<std::string> Lines(const Answer& answer) {
  const test::Reply seen = SeeAll(answer);
  EXPECT_EQ(seen.problem, "");
  std::vector<std::string> out = seen.in_order;
  out.insert(out.end(), seen.authority.begin(), seen.authority.end());
  out.insert(out.end(), seen.additional.begin(), seen.additional.end());
  return out;
}

inline void Check(const std::vector<Case>& cases, const ReplyRules& rules = {}) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.what);
    const Reply reply = Read(c.message, rules);
    EXPECT_EQ(Verdict(reply), c.verdict);
    EXPECT_EQ(reply.answer != nullptr ? Lines(*reply.answer) : std::vector<std::string>{}, c.expected);
  }
}

inline UpstreamMessage Www() { return {"www.example.com", "A"}; }

}  // namespace signpost::resolver
