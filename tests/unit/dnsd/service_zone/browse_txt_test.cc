// Signpost. Apache-2.0; see LICENSE.
// TXT records of instances (RFC 6763 6).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/service_zone/browse.h"
#include "tests/support/dns/zone_builder.h"

namespace signpost::service_zone {
namespace {

using test::Service;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

// The strings of the TXT record of the first instance.
std::vector<std::string> Txt(const Service& service) {
  std::vector<std::string> out;
  const std::string rdata = BrowseTxt(service.Build()->instances[0], "dc1");
  for (size_t at = 0; at < rdata.size(); at += 1 + static_cast<uint8_t>(rdata[at])) {
    out.push_back(rdata.substr(at + 1, static_cast<uint8_t>(rdata[at])));
  }
  return out;
}

Service Web() { return Service("web").On("n1", "10.0.0.1").Id("w1"); }

TEST(BrowseTxtTest, TxtOfABareInstance) {
  EXPECT_THAT(Txt(Web()), ElementsAre("txtvers=1", "id=w1", "tags=", "dc=dc1"));
}

TEST(BrowseTxtTest, TxtHasTagsVersionAndMeta) {
  EXPECT_THAT(Txt(Web().Tag("http").Tag("v1.2").Meta("lb_max_fails", "3").Meta("note", "").Meta("version", "blue")),
              ElementsAre("txtvers=1", "id=w1", "tags=http,v1.2", "version=blue", "dc=dc1", "lb_max_fails=3", "note="));
}

TEST(BrowseTxtTest, OfEqualKeysTheFirstCounts) {
  EXPECT_THAT(Txt(Web().Meta("ID", "x").Meta("Tags", "y").Meta("a", "1").Meta("A", "2").Meta("dc", "z")),
              ElementsAre("txtvers=1", "id=w1", "tags=", "dc=dc1", "a=1"));
}

TEST(BrowseTxtTest, KeysThatTxtCannotHoldAreLeftOut) {
  EXPECT_THAT(
      Txt(Web().Meta("a=b", "1").Meta("a\tb", "1").Meta("\xc3\xa9", "1").Meta("", "1").Meta("ok", "=\t\xc3\xa9")),
      ElementsAre("txtvers=1", "id=w1", "tags=", "dc=dc1", "ok==\t\xc3\xa9"));
}

TEST(BrowseTxtTest, LongValuesAreCutAtOneString) {
  EXPECT_EQ(Txt(Web().Meta("key", std::string(300, 'v'))).back(), "key=" + std::string(251, 'v'));
}

TEST(BrowseTxtTest, StringsBeyond1300BytesAreLeftOut) {
  Service service = Web();
  for (const char key : {'a', 'b', 'c', 'd', 'e', 'f'}) service.Meta(std::string(1, key), std::string(253, 'v'));
  service.Meta("small", "1");
  const auto strings = Txt(service);
  EXPECT_THAT(strings, Contains("d=" + std::string(253, 'v')));
  EXPECT_THAT(strings, Not(Contains("e=" + std::string(253, 'v'))));
  EXPECT_EQ(strings.back(), "small=1");
  EXPECT_LE(BrowseTxt(service.Build()->instances[0], "dc1").size(), 1300U);
}

TEST(BrowseTxtTest, TagsThatDoNotFitLeaveRoomForShortOnes) {
  const std::string a(100, 'a');
  const std::string b(100, 'b');
  const std::string c(60, 'c');
  EXPECT_EQ(Txt(Web().Tag(a).Tag(b).Tag("http")).at(2), "tags=" + a + "," + b + ",http");
  EXPECT_EQ(Txt(Web().Tag(a).Tag(b).Tag(c).Tag("http")).at(2), "tags=http," + c + "," + a);
  EXPECT_EQ(Txt(Web().Tag(std::string(250, 'a'))).at(2), "tags=" + std::string(250, 'a'));
  EXPECT_EQ(Txt(Web().Tag(std::string(251, 'a'))).at(2), "tags=");
  EXPECT_EQ(Txt(Web().Tag(std::string(248, 'a')).Tag("b")).at(2), "tags=" + std::string(248, 'a') + ",b");
  EXPECT_EQ(Txt(Web().Tag(std::string(249, 'a')).Tag("b")).at(2), "tags=b");
}

TEST(BrowseTxtTest, ATagWithACommaWouldBeReadAsTwo) {
  EXPECT_EQ(Txt(Web().Tag("a,b").Tag("").Tag("c")).at(2), "tags=c");
}

}  // namespace
}  // namespace signpost::service_zone
