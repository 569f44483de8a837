// Signpost. Apache-2.0; see LICENSE.
// Replies that hold nothing but the SOA of the consul domain.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/dns/decode.h"

namespace signpost::test {

inline constexpr char kSoa[] = "consul. 1 SOA ns.consul. hostmaster.consul. 7 3600 600 86400 1";

inline void ExpectNegative(const Reply& reply, const std::string& rcode) {
  EXPECT_EQ(reply.rcode, rcode) << reply.question;
  EXPECT_EQ(reply.flags, "aa") << reply.question;
  EXPECT_THAT(reply.answer, ::testing::IsEmpty()) << reply.question;
  EXPECT_THAT(reply.authority, ::testing::ElementsAre(kSoa)) << reply.question;
  EXPECT_THAT(reply.additional, ::testing::IsEmpty()) << reply.question;
}

}  // namespace signpost::test
