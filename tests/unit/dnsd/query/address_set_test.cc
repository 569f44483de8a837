// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/address_set.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::query {
namespace {

using ::testing::HasSubstr;

std::vector<uint8_t> Ip(const std::string& text) {
  std::vector<uint8_t> bytes(16);
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), bytes.data()), 1) << text;
  return bytes;
}

AddressSet SetOf(const std::vector<std::string>& prefixes) {
  AddressSet set;
  for (const std::string& prefix : prefixes) {
    const Status added = set.Add(prefix);
    EXPECT_TRUE(added.ok()) << added.text();
  }
  return set;
}

struct Case {
  std::vector<std::string> prefixes;
  std::vector<std::string> in;
  std::vector<std::string> out;
};

TEST(AddressSetTest, HoldsWhatItsPrefixesCover) {
  const Case kCases[] = {
      {{}, {}, {"127.0.0.1", "::1", "::"}},
      {{"10.0.0.0/8"}, {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"}, {"9.255.255.255", "11.0.0.0", "::10.1.2.3"}},
      {{"172.16.0.0/12"}, {"172.16.0.0", "172.31.255.255"}, {"172.15.255.255", "172.32.0.0"}},
      {{"192.0.2.128/25"}, {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
      {{"192.0.2.1"}, {"192.0.2.1", "::ffff:192.0.2.1"}, {"192.0.2.0", "192.0.2.2", "::1"}},
      {{"192.0.2.1/32"}, {"192.0.2.1"}, {"192.0.2.3"}},
      {{"0.0.0.0/0"}, {"0.0.0.0", "255.255.255.255", "::ffff:8.8.8.8"}, {"::1", "2001:db8::1"}},
      {{"::/0"}, {"::", "::1", "2001:db8::1"}, {"10.0.0.1", "::ffff:10.0.0.1"}},
      {{"2001:db8::/32"}, {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db9::", "2001:db7::", "32.1.13.184"}},
      {{"2001:db8:0:20::/59"}, {"2001:db8:0:3f::1"}, {"2001:db8:0:40::1", "2001:db8:0:1f::"}},
      {{"::1"}, {"::1"}, {"::", "::2", "127.0.0.1"}},
      {{"::ffff:10.0.0.0/104"}, {"10.1.1.1"}, {"11.0.0.1", "::1"}},
      {{"any"}, {"0.0.0.0", "8.8.8.8", "::", "2001:db8::1", "::ffff:1.2.3.4"}, {}},
      {{"10.0.0.0/8", "2001:db8::/32"}, {"10.0.0.1", "2001:db8::1"}, {"11.0.0.1", "2001:db9::1"}},
  };
  for (const Case& c : kCases) {
    const AddressSet set = SetOf(c.prefixes);
    const std::string name = c.prefixes.empty() ? "nothing" : c.prefixes[0];
    for (const auto& ip : c.in) EXPECT_TRUE(set.Contains(Ip(ip))) << name << " " << ip;
    for (const auto& ip : c.out) EXPECT_FALSE(set.Contains(Ip(ip))) << name << " " << ip;
    EXPECT_EQ(set.empty(), c.prefixes.empty());
  }
}

TEST(AddressSetTest, LocalIsWhatNoInternetAddressIs) {
  const AddressSet set = SetOf({"local"});
  for (const char* ip :
       {"127.0.0.1", "127.255.0.9", "10.9.8.7", "172.16.0.1", "172.31.9.9", "192.168.255.1", "169.254.169.254", "::1",
        "fe80::1", "febf::1", "fc00::1", "fdff::1", "::ffff:127.0.0.1", "::ffff:192.168.1.1"}) {
    EXPECT_TRUE(set.Contains(Ip(ip))) << ip;
  }
  for (const char* ip :
       {"126.255.255.255", "128.0.0.1", "11.0.0.1", "172.32.0.1", "192.169.0.1", "169.253.0.1", "0.0.0.0", "8.8.8.8",
        "::", "::2", "fec0::1", "fe00::1", "fbff::1", "ff02::1", "2001:db8::1", "::ffff:8.8.8.8", "100.64.0.1"}) {
    EXPECT_FALSE(set.Contains(Ip(ip))) << ip;
  }
}

TEST(AddressSetTest, NothingElseIsAnAddress) {
  const AddressSet set = SetOf({"any"});
  for (const size_t size : {0U, 3U, 5U, 15U, 17U}) {
    EXPECT_FALSE(set.Contains(std::vector<uint8_t>(size))) << size;
  }
}

TEST(AddressSetTest, SaysWhatIsWrong) {
  for (const char* text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8", "10/8", "::/129",
        "::/4294967296", "localhost", "fe80::1%lo", "[::1]", "10.0.0.1:53", "Any", " local", "10.0.0.0/8/8"}) {
    AddressSet set;
    const Status wrong = set.Add(text);
    EXPECT_EQ(wrong.kind(), ErrorKind::kConfig) << text;
    EXPECT_THAT(wrong.text(), HasSubstr("'" + std::string(text) + "' is not an address prefix"));
    EXPECT_TRUE(set.empty()) << text;
  }
  for (const char* text : {"10.0.0.1/8", "192.0.2.129/24", "2001:db8::1/64", "0.0.0.1/0", "::1/0"}) {
    AddressSet set;
    const Status wrong = set.Add(text);
    EXPECT_EQ(wrong.kind(), ErrorKind::kConfig) << text;
    EXPECT_THAT(wrong.text(), HasSubstr("has bits set behind its first"));
    EXPECT_TRUE(set.empty()) << text;
  }
}

}  // namespace
}  // namespace signpost::query
