// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/naming.h"

#include <gtest/gtest.h>

namespace signpost::registrar::test {
namespace {

struct ImageCase {
  std::string image;
  StringPairs labels;
  std::string name;
  std::string compat_name;
};

// Of a container named web.1.
TEST(DefaultName, ComesFromTheImage) {
  const std::string hex(64, 'a');
  const StringPairs compose = {{"com.docker.compose.service", "orders"}};
  const StringPairs swarm = {{"com.docker.swarm.service.name", "shop_web"}};
  const std::vector<ImageCase> cases = {
      {"api", {}, "api", "api"},
      {"team/api:1.2", {}, "api", "api"},
      {"reg:5000/team/api", {}, "api", "api"},
      {"team/api@sha256:" + hex, {}, "api", "api@sha256"},
      {"team/api:1@sha256:" + hex, {}, "api", "api"},
      {"sha256:" + hex, {}, "web.1", "sha256"},
      {"sha256:" + hex, compose, "orders", "sha256"},
      {"aaaaaaaaaaaa", compose, "orders", "aaaaaaaaaaaa"},
      {"aaaaaaaaaaa", compose, "aaaaaaaaaaa", "aaaaaaaaaaa"},  // shorter than any ID that a tool prints
      {"aaaaaaaaaaag", {}, "aaaaaaaaaaag", "aaaaaaaaaaag"},
      {"team/api", compose, "api", "api"},
      {"team/api", swarm, "shop_web", "api"},
      {"", {}, "web.1", "web.1"},
      {"team/", {}, "web.1", "web.1"},
  };
  for (const ImageCase& row : cases) {
    const Container container{.id = hex, .name = "web.1", .image = row.image, .labels = row.labels};
    EXPECT_EQ(DefaultName(container, Compat::kNone), row.name) << row.image;
    EXPECT_EQ(DefaultName(container, Compat::kRegistrator), row.compat_name) << row.image;
  }
}

TEST(DefaultName, OfANamelessContainerIsTheBeginningOfItsId) {
  const Container container{.id = "0123456789abcdef"};
  EXPECT_EQ(DefaultName(container, Compat::kNone), "0123456789ab");
  EXPECT_EQ(CallName(container), "0123456789ab");
}

TEST(GeneratedId, SaysEveryProtocolButTcp) {
  EXPECT_EQ(GeneratedId("node1", "web.1", 80, Protocol::kTcp), "node1:web.1:80");
  EXPECT_EQ(GeneratedId("node1", "web.1", 53, Protocol::kUdp), "node1:web.1:53:udp");
  EXPECT_EQ(GeneratedId("node1", "web.1", 9, Protocol::kSctp), "node1:web.1:9:sctp");
  EXPECT_EQ(GeneratedId("node1", "web.1", 0, Protocol::kTcp), "node1:web.1:0");
}

TEST(DnsSafe, KeepsLettersDigitsAndHyphens) {
  EXPECT_EQ(DnsSafe("web-80"), "web-80");
  EXPECT_EQ(DnsSafe("My_Shop.v2"), "my-shop-v2");
  EXPECT_EQ(DnsSafe("api@sha256"), "api-sha256");
  EXPECT_EQ(DnsSafe("--a..b--"), "a-b");
  EXPECT_EQ(DnsSafe("\xC3\xBC"), "service");
  EXPECT_EQ(DnsSafe(""), "service");
  EXPECT_EQ(DnsSafe(std::string(70, 'a')), std::string(63, 'a'));
  EXPECT_EQ(DnsSafe(std::string(62, 'a') + "--b"), std::string(62, 'a'));
}

}  // namespace
}  // namespace signpost::registrar::test
