// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/triage.h"

#include <gtest/gtest.h>

#include "tests/support/dns/question.h"

namespace signpost::query {
namespace {

using wire::Rcode;

std::optional<Rcode> Of(uint16_t type, uint16_t qclass = 1, int edns_version = -1) {
  wire::Query query;
  query.type = type;
  query.qclass = qclass;
  query.edns.present = edns_version >= 0;
  query.edns.version = static_cast<uint8_t>(edns_version < 0 ? 9 : edns_version);  // means nothing without an OPT
  return Triage(query);
}

TEST(TriageTest, OrdinaryQuestionsPass) {
  for (const char* type :
       {"A", "AAAA", "SRV", "TXT", "ANY", "SOA", "NS", "DS", "TYPE0", "TYPE128", "TYPE666", "TYPE65280"}) {
    EXPECT_EQ(Of(test::TypeNumber(type)), std::nullopt) << type;
  }
}

TEST(TriageTest, TypesThatAreNoQuestions) {
  EXPECT_EQ(Of(41), Rcode::kFormErr);
  EXPECT_EQ(Of(249), Rcode::kFormErr);
  EXPECT_EQ(Of(250), Rcode::kFormErr);
  EXPECT_EQ(Of(251), Rcode::kRefused);
  EXPECT_EQ(Of(252), Rcode::kRefused);
  EXPECT_EQ(Of(253), Rcode::kNotImp);
  EXPECT_EQ(Of(254), Rcode::kNotImp);
}

TEST(TriageTest, ClassesInAndAnyOnly) {
  EXPECT_EQ(Of(1, 1), std::nullopt);
  EXPECT_EQ(Of(1, 255), std::nullopt);
  for (const int qclass : {0, 2, 3, 4, 254, 65280})
    EXPECT_EQ(Of(1, static_cast<uint16_t>(qclass)), Rcode::kRefused) << qclass;
}

TEST(TriageTest, AnUnknownEdnsVersionComesFirst) {
  EXPECT_EQ(Of(1, 1, 0), std::nullopt);
  EXPECT_EQ(Of(1, 1, 1), Rcode::kBadVers);
  EXPECT_EQ(Of(252, 3, 255), Rcode::kBadVers);
}

}  // namespace
}  // namespace signpost::query
