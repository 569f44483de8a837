// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_private.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/dnsd/resolver/client_side.h"

namespace signpost::resolver {
namespace {

bool IsPrivate(const std::string& text) {
  const bool v6 = text.find(':') != std::string::npos;
  std::vector<uint8_t> bytes(v6 ? 16 : 4);
  EXPECT_EQ(inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()), 1) << text;
  return IsPrivateAddress(bytes);
}

TEST(ReplyPrivateTest, TheFirstAndTheLastOfEachRange) {
  for (const char* text : {"0.0.0.0",
                           "0.255.255.255",
                           "10.0.0.0",
                           "10.255.255.255",
                           "127.0.0.1",
                           "127.255.255.255",
                           "169.254.0.0",
                           "169.254.255.255",
                           "172.16.0.0",
                           "172.31.255.255",
                           "192.168.0.0",
                           "192.168.255.255",
                           "::",
                           "::1",
                           "fc00::",
                           "fdff::1",
                           "fe80::1",
                           "febf::1",
                           "::ffff:10.0.0.1",
                           "::ffff:192.0.2.1"}) {
    EXPECT_TRUE(IsPrivate(text)) << text;
  }
}

TEST(ReplyPrivateTest, TheirNeighbours) {
  for (const char* text : {"1.0.0.0", "9.255.255.255", "11.0.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
                           "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "::2",
                           "::1:0", "fbff::1", "fe00::1", "fe7f::1", "fec0::1", "2001:db8::1", "2001::ffff:10.0.0.1"}) {
    EXPECT_FALSE(IsPrivate(text)) << text;
  }
}

// "1 ." and these SvcParams, in hexadecimal.
bool HttpsLeadsToPrivate(const std::string& params) {
  const UpstreamMessage message =
      UpstreamMessage("www.example.com", "HTTPS").Answer("www.example.com 60 TYPE65 000100" + params);
  return !AnswerOf(message, {.rebind_protection = true})->records.size();
}

TEST(ReplyPrivateTest, HintsLeadThereToo) {  // RFC 9460 7.3
  const std::string alpn =
                        "0001000302"
                        "6832",
                    v4 = "c0000201", v4_private = "0a000001";
  const std::string v6 = "20010db8000000000000000000000001", v6_private = "fc000000000000000000000000000001";
  EXPECT_FALSE(HttpsLeadsToPrivate(""));
  EXPECT_FALSE(HttpsLeadsToPrivate(alpn));
  EXPECT_FALSE(HttpsLeadsToPrivate(alpn + "00040004" + v4 + "00060010" + v6));
  EXPECT_TRUE(HttpsLeadsToPrivate("00040004" + v4_private));
  EXPECT_TRUE(HttpsLeadsToPrivate(alpn + "00040008" + v4 + v4_private));
  EXPECT_TRUE(HttpsLeadsToPrivate(alpn + "00040004" + v4 + "00060020" + v6 + v6_private));
  EXPECT_TRUE(HttpsLeadsToPrivate("00040008" + v4)) << "nobody knows what others read there";
}

}  // namespace
}  // namespace signpost::resolver
