// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_sd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ServiceOfType, TcpServicesOfTheDomain) {
  const struct {
    const char* type;
    const char* service;
  } cases[] = {{"_web._tcp.service.consul", "web"},
               {"_redis-6379._tcp.service.consul", "redis-6379"},
               {"_a\\.b._tcp.service.consul", "a.b"},
               {"_web._udp.service.consul", ""},
               {"web._tcp.service.consul", ""},
               {"_web._tcp.service.example", ""},
               {"_http._sub._web._tcp.service.consul", ""},
               {"_a\\.b._c._tcp.service.consul", ""},
               {"_tcp.service.consul", ""},
               {"._tcp.service.consul", ""},
               {"", ""}};
  for (const auto& c : cases) EXPECT_EQ(ServiceOfType(c.type, "service.consul"), c.service) << c.type;
}

TEST(FirstLabel, WithoutEscapes) {
  const struct {
    const char* name;
    const char* label;
  } cases[] = {{"web-1._web._tcp.x", "web-1"}, {"My\\.Web\\032Server._web._tcp.x", "My.Web Server"},
               {"a\\\\b.c", "a\\b"},           {"end\\", "end\\"},
               {"n\\07x.c", "n07x"},           {"", ""}};
  for (const auto& c : cases) EXPECT_EQ(FirstLabel(c.name), c.label) << c.name;
}

TEST(ReadTxt, TagsMetaAndId) {
  const TxtData txt = ReadTxt({"txtvers=1", "tags=HTTP,v2,,http", "version=v2", "LB.weight=3", "id=web-1", "dc=dc1"});
  EXPECT_TRUE(txt.has_tags);
  EXPECT_THAT(txt.tags, ElementsAre("http", "v2"));
  EXPECT_THAT(txt.meta, ElementsAre(Pair("version", "v2"), Pair("lb.weight", "3")));
  EXPECT_EQ(txt.id, "web-1");
}

TEST(ReadTxt, TheFirstOfEqualKeysCounts) {
  const TxtData txt = ReadTxt({"ID=one", "id=two", "tags=", "tags=a"});
  EXPECT_EQ(txt.id, "one");
  EXPECT_TRUE(txt.has_tags);
  EXPECT_THAT(txt.tags, IsEmpty());
}

TEST(ReadTxt, WhatIsNoPairIsLeftOut) {
  const TxtData txt = ReadTxt({"", "tags", "=a", "version"});
  EXPECT_FALSE(txt.has_tags);
  EXPECT_THAT(txt.meta, IsEmpty());
}

}  // namespace
}  // namespace signpost::lb
