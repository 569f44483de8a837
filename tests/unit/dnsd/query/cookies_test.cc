// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/cookies.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/dns/question.h"

namespace signpost::query {
namespace {

using test::Bytes;
using test::Hex;

Bytes Ip(const std::string& text) {
  Bytes bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), bytes.data()), 1) << text;
  return bytes;
}

CookieKeys Keys(std::string_view secret) {
  const Bytes bytes = Hex(secret);
  SipKey key;
  std::copy_n(bytes.begin(), key.size(), key.begin());
  return CookieKeys(key);
}

Bytes Made(const CookieKeys& keys, std::string_view client, const std::string& ip, uint32_t now) {
  const auto cookie = keys.Make(Hex(client), Ip(ip), now);
  return {cookie.begin(), cookie.end()};
}

constexpr char kSecret[] = "e5e973e5a6b2a43f48e7dc849e37bfcf";
constexpr char kClient[] = "2464c4abcf10c957";
constexpr char kIp[] = "198.51.100.100";
constexpr uint32_t kMade = 1559731985;

TEST(CookiesTest, AreThoseOfRfc9018) {  // appendix A
  const struct {
    const char* what;
    const char* secret;
    const char* client;
    const char* ip;
    uint32_t now;
    const char* cookie;
  } kCases[] = {
      {"A.1", kSecret, kClient, kIp, kMade, "2464c4abcf10c957 010000005cf79f11 1f8130c3eee29480"},
      {"A.2", kSecret, kClient, kIp, 1559734385, "2464c4abcf10c957 010000005cf7a871 d4a564a1442aca77"},
      {"A.3", kSecret, "fc93fc62807ddb86", "203.0.113.203", 1559734700,
       "fc93fc62807ddb86 010000005cf7a9ac f73a7810aca2381e"},
      {"A.4", "445536bcd2513298075a5d379663c962", "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741961,
       "22681ab97d52c298 010000005cf7c609 a6bb79d16625507a"},
  };
  for (const auto& c : kCases) {
    const CookieKeys keys = Keys(c.secret);
    EXPECT_EQ(Made(keys, c.client, c.ip, c.now), Hex(c.cookie)) << c.what;
    EXPECT_TRUE(keys.Verify(Hex(c.cookie), Ip(c.ip), c.now)) << c.what;
  }
}

TEST(CookiesTest, ReservedBytesOfAnotherServerCount) {  // A.3: made with reserved bytes that are not zero
  const Bytes cookie = Hex("fc93fc62807ddb86 01abcdef5cf78f71 a314227b6679ebf5");
  EXPECT_TRUE(Keys(kSecret).Verify(cookie, Ip("203.0.113.203"), 1559727985));
}

TEST(CookiesTest, LastAnHour) {  // W119
  const CookieKeys keys = Keys(kSecret);
  const struct {
    uint32_t made;
    uint32_t now;
    bool good;
  } kCases[] = {
      {kMade, kMade, true},           {kMade, kMade + 3600, true},    {kMade, kMade + 3601, false},
      {kMade, kMade - 300, true},     {kMade, kMade - 301, false},    {kMade, kMade + 0x80000000U, false},
      {0xffffff00, 0x00000100, true}, {0x00000010, 0xfffffff0, true},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(keys.Verify(Made(keys, kClient, kIp, c.made), Ip(kIp), c.now), c.good) << c.made << " " << c.now;
  }
}

TEST(CookiesTest, AreOfOneClientAtOneAddress) {  // W114
  const CookieKeys keys = Keys(kSecret);
  const Bytes good = Made(keys, kClient, kIp, kMade);
  for (size_t i = 0; i < good.size(); ++i) {
    for (const int bit : {1, 0x80}) {
      Bytes bad = good;
      bad[i] ^= static_cast<uint8_t>(bit);
      EXPECT_FALSE(keys.Verify(bad, Ip(kIp), kMade)) << i;
    }
  }
  EXPECT_FALSE(keys.Verify(good, Ip("198.51.100.101"), kMade));
  EXPECT_FALSE(keys.Verify(good, Ip("2001:db8::1"), kMade));
  EXPECT_FALSE(Keys("dd3bdf9344b678b185a6f5cb60fca715").Verify(good, Ip(kIp), kMade));
}

TEST(CookiesTest, OtherSizesAreNotOurs) {
  const CookieKeys keys = Keys(kSecret);
  const Bytes good = Made(keys, kClient, kIp, kMade);
  for (size_t size = 0; size <= 40; ++size) {
    Bytes cookie = good;
    cookie.resize(size);
    EXPECT_EQ(keys.Verify(cookie, Ip(kIp), kMade), size == 24) << size;
  }
}

TEST(CookiesTest, AnIpv4ClientOfAnIpv6SocketIsTheSame) {
  const CookieKeys keys = Keys(kSecret);
  EXPECT_EQ(Made(keys, kClient, "::ffff:198.51.100.100", kMade), Made(keys, kClient, kIp, kMade));
  EXPECT_NE(Made(keys, kClient, "::198.51.100.100", kMade), Made(keys, kClient, kIp, kMade));
}

TEST(CookiesTest, ANewKeyKeepsTheLastOnesCookies) {
  const CookieKeys first = Keys(kSecret);
  const CookieKeys second = first.Rotated();
  const CookieKeys third = second.Rotated();
  const Bytes of_first = Made(first, kClient, kIp, kMade);
  const Bytes of_second = Made(second, kClient, kIp, kMade);
  EXPECT_NE(of_first, of_second);
  EXPECT_TRUE(second.Verify(of_first, Ip(kIp), kMade));
  EXPECT_TRUE(second.Verify(of_second, Ip(kIp), kMade));
  EXPECT_FALSE(third.Verify(of_first, Ip(kIp), kMade));
  EXPECT_TRUE(third.Verify(of_second, Ip(kIp), kMade));
  EXPECT_FALSE(first.Verify(of_second, Ip(kIp), kMade));
}

TEST(CookiesTest, KeysAreDrawn) {
  const CookieKeys one;
  const CookieKeys other;
  EXPECT_TRUE(one.Verify(Made(one, kClient, kIp, kMade), Ip(kIp), kMade));
  EXPECT_FALSE(other.Verify(Made(one, kClient, kIp, kMade), Ip(kIp), kMade));
  EXPECT_FALSE(other.Verify(Made(CookieKeys(SipKey{}), kClient, kIp, kMade), Ip(kIp), kMade));
}

}  // namespace
}  // namespace signpost::query
