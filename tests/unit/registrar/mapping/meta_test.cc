// Signpost. Apache-2.0; see LICENSE.
// Cases 17 and 58, 59, 61 of the registrar's list.
#include "registrar/mapping/meta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registrar {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

struct Made {
  StringPairs meta;
  Strings warnings;
};

Made Make(StringPairs labels, const MappingOptions& options = {}) {
  const Container container{.labels = std::move(labels)};
  Made made;
  made.meta = MakeMeta(MetadataSource(container, options.prefix).ForPort(80, Protocol::kTcp), options, made.warnings);
  return made;
}

TEST(Meta, HasUnknownKeysAndNoReservedOnes) {
  const Made made = Make({{"SERVICE_REGION", "eu"},
                          {"SERVICE_EMPTY", ""},
                          {"SERVICE_NAME", "web"},
                          {"SERVICE_CHECK_HTTP", "/h"},
                          {"SERVICE_WEIGHT", "3"},
                          {"SERVICE_80_ID", "x"},
                          {"other", "1"}});
  EXPECT_THAT(made.meta, ElementsAre(Pair("empty", ""), Pair("region", "eu")));
  EXPECT_THAT(made.warnings, IsEmpty());
}

TEST(Meta, Case17AnEmptyIgnoreIsNoAttribute) { EXPECT_THAT(Make({{"SERVICE_IGNORE", ""}}).meta, IsEmpty()); }

TEST(Meta, CheckKeysAreInItForRegistratorOnly) {
  const StringPairs labels = {{"SERVICE_CHECK_HTTP", "/h"}, {"SERVICE_TAGS", "a"}};
  EXPECT_THAT(Make(labels).meta, IsEmpty());
  EXPECT_THAT(Make(labels, {.compat = Compat::kRegistrator}).meta, ElementsAre(Pair("check_http", "/h")));
}

TEST(Meta, ExplicitBeatsTheOperatorsBeatsAnUnknownKey) {
  const MappingOptions options{.meta = {{"a", "operator"}, {"b", "operator"}, {"c", "operator"}}};
  EXPECT_THAT(Make({{"SERVICE_META_A", "explicit"}, {"SERVICE_A", "unknown"}, {"SERVICE_B", "unknown"}}, options).meta,
              ElementsAre(Pair("a", "explicit"), Pair("b", "operator"), Pair("c", "operator")));
}

TEST(Meta, Case58AKeyThatConsulRefusesIsRewritten) {
  const Made made = Make({{"SERVICE_traefik.enable", "true"}, {"SERVICE_a b/\xC3\xA9", "x"}});
  EXPECT_THAT(made.meta, ElementsAre(Pair("a_b___", "x"), Pair("traefik_enable", "true")));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("\"traefik_enable\"")));
}

TEST(Meta, ARewrittenKeyNeverDisplacesAnother) {
  EXPECT_THAT(Make({{"SERVICE_A.B", "rewritten"}, {"SERVICE_A_B", "plain"}}).meta, ElementsAre(Pair("a_b", "plain")));
}

TEST(Meta, ReservedAndEmptyKeysAreDropped) {
  const Made made = Make({{"SERVICE_consul-x", "1"},
                          {"SERVICE_registrar-owner", "me"},
                          {"SERVICE_", "1"},
                          {"SERVICE_META_registrar-spec", "1"}},
                         {.meta = {{"Consul-y", "1"}}});
  EXPECT_THAT(made.meta, IsEmpty());
  EXPECT_THAT(made.warnings, Contains(HasSubstr("reserved")).Times(4));
}

TEST(Meta, Case59KeepsToTheLimits) {
  StringPairs labels = {{"SERVICE_META_zz", "kept"},
                        {"SERVICE_LONG", std::string(511, 'v') + "\xC3\xA9"},
                        {"SERVICE_" + std::string(200, 'k'), "x"}};
  for (int i = 10; i < 90; ++i) labels.emplace_back("SERVICE_ZKEY" + std::to_string(i), "v");
  const Made made = Make(labels);
  EXPECT_THAT(made.meta, SizeIs(61));
  EXPECT_THAT(made.meta, Contains(Pair("zz", "kept")));
  EXPECT_THAT(made.meta, Contains(Pair("long", std::string(511, 'v'))));  // no half character
  EXPECT_THAT(made.meta, Contains(Pair(std::string(128, 'k'), "x")));
  EXPECT_THAT(made.warnings, Contains(HasSubstr("22 Meta keys are left out")));
}

TEST(Meta, Case61ValuesAreByteExact) {
  const std::string value = "<a & \"b\">'\n\t \xC3\xA9 ";
  EXPECT_THAT(Make({{"SERVICE_TEXT", value}}).meta, ElementsAre(Pair("text", value)));
}

TEST(Meta, KnowsItsReservedKeys) {
  for (const char* key :
       {"name", "id", "tags", "tags+", "ignore", "check_http", "check_2_tcp", "meta_x", "weight", "health"}) {
    EXPECT_TRUE(IsReservedKey(key)) << key;
  }
  for (const char* key : {"region", "80", "checkhttp", "names", ""}) EXPECT_FALSE(IsReservedKey(key)) << key;
}

}  // namespace
}  // namespace signpost::registrar
