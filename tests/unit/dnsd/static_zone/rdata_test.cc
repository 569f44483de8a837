// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/rdata.h"

#include <gtest/gtest.h>

#include "tests/support/dns/question.h"

namespace signpost::static_zone {
namespace {

std::string FromHex(std::string_view hex) { return std::string(Text(test::Hex(hex))); }

struct Case {
  const char* type;
  const char* hex;
  bool well_formed;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.type << " " << c.hex; }

class RdataTest : public ::testing::TestWithParam<Case> {};

TEST_P(RdataTest, IsWellFormed) {
  EXPECT_EQ(IsWellFormed(test::TypeNumber(GetParam().type), FromHex(GetParam().hex)), GetParam().well_formed);
}

INSTANTIATE_TEST_SUITE_P(
    All, RdataTest,
    ::testing::Values(Case{"A", "01020304", true}, Case{"A", "010203", false}, Case{"AAAA", "00*16", true},
                      Case{"AAAA", "00*17", false}, Case{"NS", "0161 00", true}, Case{"NS", "", false},
                      Case{"NS", "0161 00 00", false}, Case{"NS", "0161", false}, Case{"CNAME", "c00c", false},
                      Case{"TYPE39", "00", true}, Case{"MX", "0001 00", true}, Case{"MX", "0001", false},
                      Case{"SRV", "000100010001 00", true}, Case{"SRV", "00010001 00", false},
                      Case{"SOA", "00 00 00*20", true}, Case{"SOA", "00 00 00*19", false},
                      Case{"SOA", "00 00*20", false}, Case{"SOA", "", false}, Case{"TXT", "0161 00", true},
                      Case{"TXT", "", false}, Case{"TXT", "0261", false}, Case{"TYPE13", "0161 0162", true},
                      Case{"TYPE13", "0161", false}, Case{"TYPE65280", "", true}, Case{"TYPE65280", "ff", true}));

TEST(RdataTargetTest, IsTheNameThatIsPointedTo) {
  EXPECT_EQ(Text(Target(wire::type::kMx, FromHex("000a 0161 00"))), FromHex("0161 00"));
  EXPECT_EQ(Text(Target(wire::type::kSrv, FromHex("000100020003 0161 00"))), FromHex("0161 00"));
  EXPECT_EQ(Text(Target(wire::type::kNs, FromHex("0161 00"))), FromHex("0161 00"));
  EXPECT_TRUE(Target(wire::type::kTxt, FromHex("0161 00")).empty());
}

}  // namespace
}  // namespace signpost::static_zone
