// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/prefix_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

net::SocketAddress At(const std::string& text) { return net::SocketAddress::Parse(text, 1).value(); }

TEST(PrefixSetTest, ContainsWhatItsPrefixesCover) {
  const PrefixSet set =
      PrefixSet::Parse({"192.0.2.0/25", "10.1.2.3", "2001:db8:8000::/33", "::ffff:198.51.100.0/120"}).value();
  for (const char* in : {"192.0.2.0", "192.0.2.127", "10.1.2.3", "[2001:db8:8001::1]", "[2001:db8:ffff::]",
                         "198.51.100.9", "[::ffff:192.0.2.1]"}) {
    EXPECT_TRUE(set.Contains(At(in))) << in;
  }
  for (const char* out : {"192.0.2.128", "192.0.3.0", "10.1.2.4", "[2001:db8:7fff::1]", "[::1]", "198.51.101.9",
                          "[::ffff:192.0.2.200]"}) {
    EXPECT_FALSE(set.Contains(At(out))) << out;
  }
  EXPECT_FALSE(set.Contains({}));
}

TEST(PrefixSetTest, ZeroBitsAreAllOfAFamily) {
  const PrefixSet v4 = PrefixSet::Parse({"0.0.0.0/0"}).value();
  EXPECT_TRUE(v4.Contains(At("203.0.113.1")));
  EXPECT_FALSE(v4.Contains(At("[2001:db8::1]")));
  EXPECT_TRUE(PrefixSet::Parse({"::/0"}).value().Contains(At("[2001:db8::1]")));
  EXPECT_FALSE(PrefixSet().Contains(At("203.0.113.1")));
  EXPECT_TRUE(PrefixSet::Parse({}).value().empty());
}

TEST(PrefixSetTest, NamesWhatIsNoPrefix) {
  for (const char* text : {"", "/", "192.0.2.0/", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2/24", "example.org",
                           "::1/129", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "1.2.3.4/8x", "192.0.2.0/24/1"}) {
    const auto set = PrefixSet::Parse({"10.0.0.0/8", text});
    ASSERT_FALSE(set.ok()) << text;
    EXPECT_THAT(set.status().text(), ::testing::HasSubstr("'" + std::string(text) + "' is not an address prefix"));
  }
}

}  // namespace
}  // namespace signpost::lb
