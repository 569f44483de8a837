// Signpost. Apache-2.0; see LICENSE.
// Cases 13 to 15 of the registrar's list, and templates in tags.
#include "registrar/mapping/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Made {
  Strings tags;
  Strings warnings;
};

Made Make(StringPairs labels, const MappingOptions& options = {}, Protocol protocol = Protocol::kTcp) {
  const Container container{.name = "web.1", .hostname = "h1", .labels = std::move(labels)};
  const Metadata metadata = MetadataSource(container, options.prefix).ForPort(80, protocol);
  Made made;
  made.tags = MakeTags(container, metadata, protocol, options, made.warnings);
  return made;
}

TEST(Tags, Case13KeepTheirOrder) {
  EXPECT_THAT(Make({{"SERVICE_TAGS", "a,b\\,c,,d"}}).tags, ElementsAre("a", "b,c", "d"));
  EXPECT_THAT(Make({{"SERVICE_TAGS", "a,b\\,c,,d"}}, {.compat = Compat::kRegistrator}).tags,
              ElementsAre("d", "b,c", "a"));
}

TEST(Tags, Case14AreTheContainersThenTheOperatorsThenUdp) {
  EXPECT_THAT(Make({{"SERVICE_TAGS", "a,b\\,c,,d"}}, {.tags = "x,y"}, Protocol::kUdp).tags,
              ElementsAre("a", "b,c", "d", "x", "y", "udp"));
  EXPECT_THAT(Make({{"SERVICE_TAGS", "a,b"}}, {.tags = "x,y", .compat = Compat::kRegistrator}, Protocol::kUdp).tags,
              ElementsAre("b", "a", "y", "x", "udp"));
}

TEST(Tags, Case15AreTrimmed) {
  EXPECT_THAT(Make({{"SERVICE_TAGS", " a , b "}}).tags, ElementsAre("a", "b"));
  EXPECT_THAT(Make({{"SERVICE_TAGS", " , ,, "}}).tags, IsEmpty());
}

TEST(Tags, ABackslashElsewhereIsItself) {
  EXPECT_THAT(SplitTags("a\\b,c\\"), ElementsAre("a\\b", "c\\"));
  EXPECT_THAT(SplitTags("\\,,\\,\\,"), ElementsAre(",", ",,"));
}

TEST(Tags, OfAPortBeatThoseOfAll) {
  EXPECT_THAT(Make({{"SERVICE_80_TAGS", "port"}, {"SERVICE_TAGS", "all"}}).tags, ElementsAre("port"));
  EXPECT_THAT(Make({{"SERVICE_80_TAGS+", "port"}, {"SERVICE_TAGS", "all"}}).tags, ElementsAre("all", "port"));
}

TEST(Tags, AreTemplatesThatAreSplitAfterRendering) {
  EXPECT_THAT(Make({{"SERVICE_TAGS", "on-{{.Config.Hostname}},{{.Config.Labels.zones}}"}, {"zones", "eu,us"}}).tags,
              ElementsAre("on-h1", "eu", "us"));
  EXPECT_THAT(Make({}, {.tags = "{{split \".\" .Name | sIndex -1}}"}).tags, ElementsAre("1"));
}

TEST(Tags, ABrokenTemplateCostsItsOwnListOnly) {
  const Made made = Make({{"SERVICE_TAGS", "a,{{.Nope}}"}}, {.tags = "x"});
  EXPECT_THAT(made.tags, ElementsAre("x"));
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("SERVICE_TAGS are left out: there is no field .Nope")));
}

TEST(SplitTags, OnlyTheFirst) {
  EXPECT_EQ(SplitTags("a,,b,c", 2), (Strings{"a", "b"}));
  EXPECT_EQ(SplitTags("a,b", 2), (Strings{"a", "b"}));
  EXPECT_EQ(SplitTags("a,b", 3), (Strings{"a", "b"}));
}

}  // namespace
}  // namespace signpost::registrar
