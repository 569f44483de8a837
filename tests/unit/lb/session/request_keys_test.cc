// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/request_keys.h"

#include <gtest/gtest.h>

#include <array>

#include "lb/pool/stable_hash.h"
#include "lb/session/cookies.h"

namespace signpost::lb {
namespace {

class RequestKeysTest : public ::testing::Test {
 protected:
  RequestKeys Read() { return ReadKeys(head, settings, client, random); }

  RequestHead head;
  ServiceSettings settings;
  PrefixSet proxies = PrefixSet::Parse({"10.0.0.0/8", "2001:db8::/32"}).value();
  ClientOrigin client{"192.0.2.7", false, &proxies};
  Random random{1};
};

TEST_F(RequestKeysTest, NothingIsReadThatNobodyWants) {
  head.fields = {{"Cookie", "route=0123456789abcdef; lbv=x"}, {"X-LB-Version", "v2"}};
  client.trusted = true;
  const RequestKeys keys = Read();
  EXPECT_EQ(keys.hash, 0U);
  EXPECT_EQ(keys.sticky, std::nullopt);
  EXPECT_EQ(keys.version_key, std::nullopt);
  EXPECT_EQ(keys.version, "");
  EXPECT_EQ(keys.new_version_id, 0U);
}

TEST_F(RequestKeysTest, SourceHashTakesItsKeyOrTheClient) {
  settings.algorithm = Algorithm::kSourceHash;
  EXPECT_EQ(Read().hash, StableHash("192.0.2.7"));
  settings.hash_on = KeySource::kHeader;
  settings.hash_name = "X-User";
  EXPECT_EQ(Read().hash, StableHash("192.0.2.7"));
  head.fields = {{"x-user", "ann"}, {"Cookie", "u=bob"}};
  EXPECT_EQ(Read().hash, StableHash("ann"));
  settings.hash_on = KeySource::kCookie;
  settings.hash_name = "u";
  EXPECT_EQ(Read().hash, StableHash("bob"));
}

TEST_F(RequestKeysTest, StickyCookiesMustBeOurs) {
  settings.sticky_cookie = "route";
  head.fields = {{"Cookie", "route=00000000000000ff"}};
  EXPECT_EQ(Read().sticky, 255U);
  head.fields = {{"Cookie", "route=255"}};
  EXPECT_EQ(Read().sticky, std::nullopt);
}

TEST_F(RequestKeysTest, VersionKeysComeFromCookieHeaderOrAddress) {
  settings.split = ParseShares("v1:95,v2:5").value();
  RequestKeys keys = Read();
  EXPECT_NE(keys.new_version_id, 0U);
  EXPECT_EQ(keys.version_key, StableHash(HexText(keys.new_version_id))) << "the same as when the cookie comes back";
  head.fields = {{"Cookie", "lbv=x"}};
  keys = Read();
  EXPECT_EQ(keys.new_version_id, 0U);
  EXPECT_EQ(keys.version_key, StableHash("x"));
  settings.split.key = SplitKey::kHeader;
  settings.split.key_name = "X-User";
  EXPECT_EQ(Read().version_key, std::nullopt);
  head.fields = {{"X-User", "ann"}};
  EXPECT_EQ(Read().version_key, StableHash("ann"));
  settings.split.key = SplitKey::kClientAddress;
  EXPECT_EQ(Read().version_key, StableHash("192.0.2.7"));
  settings.split.key = SplitKey::kNone;
  EXPECT_EQ(Read().version_key, std::nullopt);
}

TEST_F(RequestKeysTest, OnlyTheTrustedOverride) {  // K06
  settings.split = ParseShares("v1:95,v2:5").value();
  head.fields = {{"X-LB-Version", "v2"}};
  EXPECT_EQ(Read().version, "");
  client.trusted = true;
  EXPECT_EQ(Read().version, "v2");
  const std::string longer(65, 'v');
  head.fields = {{"X-LB-Version", longer}};
  EXPECT_EQ(Read().version, "");
}

struct Chain {
  std::vector<std::string_view> fields;
  std::string_view client;
};

TEST_F(RequestKeysTest, TheClientBehindProxiesIsTheLastUntrustedHop) {
  client = {"10.0.0.1", true, &proxies};
  const Chain cases[] = {
      {{}, "10.0.0.1"},
      {{"192.0.2.1"}, "192.0.2.1"},
      {{"198.51.100.1, 192.0.2.1"}, "192.0.2.1"},
      {{"198.51.100.1,192.0.2.1 , 10.0.0.2"}, "192.0.2.1"},
      {{"198.51.100.1", "192.0.2.1", "10.0.0.2,10.0.0.3"}, "192.0.2.1"},
      {{"10.0.0.9, 10.0.0.2"}, "10.0.0.9"},
      {{"192.0.2.1:4711"}, "192.0.2.1"},
      {{"[2001:db9::1]:4711, [2001:db8::5]"}, "2001:db9::1"},
      {{"2001:db9::0:1"}, "2001:db9::1"},
      {{"192.0.2.1, unknown, 10.0.0.2"}, "10.0.0.2"},
      {{"192.0.2.1, "}, "10.0.0.1"},
  };
  for (const Chain& one : cases) {
    Fields fields;
    for (const std::string_view value : one.fields) fields.push_back({"X-Forwarded-For", value});
    EXPECT_EQ(ForwardedClient(fields, client), one.client) << (fields.empty() ? "" : fields.back().value);
  }
  client = {"203.0.113.1", false, &proxies};
  EXPECT_EQ(ForwardedClient({{"X-Forwarded-For", "192.0.2.1"}}, client), "203.0.113.1");
}

TEST_F(RequestKeysTest, AChainWithoutEndIsCut) {
  client = {"10.0.0.1", true, &proxies};
  std::string chain = "192.0.2.1";
  for (int i = 0; i < 40; ++i) chain += ", 10.0.0.2";
  EXPECT_EQ(ForwardedClient({{"X-Forwarded-For", chain}}, client), "10.0.0.2");
}

TEST(AddressTextTest, WritesAddressesWithoutPorts) {
  std::array<char, 64> buffer{};
  for (const auto& [address, text] :
       std::vector<std::pair<const char*, const char*>>{{"192.0.2.7:80", "192.0.2.7"},
                                                        {"255.255.255.255:1", "255.255.255.255"},
                                                        {"0.0.0.0:1", "0.0.0.0"},
                                                        {"[2001:db8::7]:80", "2001:db8::7"},
                                                        {"[::ffff:192.0.2.7]:80", "192.0.2.7"}}) {
    EXPECT_EQ(AddressText(net::SocketAddress::Parse(address, 1).value(), buffer), text);
  }
  EXPECT_EQ(AddressText({}, buffer), "");
}

}  // namespace
}  // namespace signpost::lb
