// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/instance.h"

#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

struct Case {
  std::string_view what;
  Meta meta;
  std::vector<std::string> tags;
  std::string_view version;
};

TEST(VersionOf, FirstOfMetaAndTags) {
  const Case cases[] = {
      {"nothing", {}, {}, "default"},
      {"other tags", {{"lb.max_fails", "3"}}, {"http", "vx"}, "default"},
      {"tag canary", {}, {"http", "canary"}, "canary"},
      {"tag v=", {}, {"canary", "v=7"}, "7"},
      {"tag version=", {}, {"v=7", "version=8"}, "8"},
      {"meta version", {{"version", "9"}}, {"version=8"}, "9"},
      {"meta lb.version", {{"version", "9"}, {"lb.version", "v2"}}, {}, "v2"},
      {"empty ones are skipped", {{"lb.version", ""}, {"version", "3"}}, {"version="}, "3"},
      {"a line break is no version", {{"version", "1\r\nSet-Cookie: a=b"}}, {}, "default"},
      {"too long", {{"version", std::string(65, 'v')}}, {}, "default"},
      {"just short enough",
       {{"version", std::string(64, 'v')}},
       {},
       "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"},
  };
  for (const Case& c : cases) EXPECT_EQ(VersionOf(c.meta, c.tags), c.version) << c.what;
}

TEST(Instance, MetaKeysAreWrittenAsTheCatalogAllows) {
  for (const char* key : {"lb.split", "lb_split", "lb-split"}) EXPECT_EQ(FoldMetaKey(key), "lb.split") << key;
  EXPECT_EQ(FoldMetaKey("lb_max_fails"), "lb.max_fails");
  EXPECT_EQ(FoldMetaKey("version"), "version");
  for (const char* key : {"", "lb", "lb.", "lbx", "split", "LB_split", "versions"})
    EXPECT_EQ(FoldMetaKey(key), "") << key;
}

TEST(Instance, EqualityLooksAtEveryField) {
  const Instance one{.address = net::SocketAddress::Parse("192.0.2.1:80", 0).value(), .id = "a"};
  EXPECT_EQ(one, Instance(one));
  void (*const changes[])(Instance&) = {
      [](Instance& i) { i.address.set_port(81); }, [](Instance& i) { i.priority = 1; },
      [](Instance& i) { i.weight = 2; },           [](Instance& i) { i.id = "b"; },
      [](Instance& i) { i.version = "v2"; },       [](Instance& i) { i.tags = {"http"}; },
      [](Instance& i) { i.meta = {{"k", "v"}}; },  [](Instance& i) { i.modified = 1; }};
  for (size_t i = 0; i < std::size(changes); ++i) {
    Instance other = one;
    changes[i](other);
    EXPECT_FALSE(other == one) << "change " << i;
  }
}

}  // namespace
}  // namespace signpost::lb
