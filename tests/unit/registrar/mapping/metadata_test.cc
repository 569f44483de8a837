// Signpost. Apache-2.0; see LICENSE.
// Which entry counts for which port.
#include "registrar/mapping/metadata.h"

#include <gmock/gmock.h>

namespace signpost::registrar::test {
namespace {

using ::testing::Not;

constexpr auto kTcp = Protocol::kTcp;
constexpr auto kUdp = Protocol::kUdp;

MetadataSource Labels(StringPairs labels) { return {Container{.labels = std::move(labels)}, "SERVICE_"}; }

struct FormCase {
  std::string name;
  StringPairs environment;
  StringPairs labels;
  uint16_t port;
  Protocol protocol;
  std::string expected;  // value of "name"
};

class MetadataForms : public ::testing::TestWithParam<FormCase> {};

TEST_P(MetadataForms, TheMostSpecificWins) {
  const FormCase& form = GetParam();
  const Container container{.environment = form.environment, .labels = form.labels};
  const MetadataSource source(container, "SERVICE_");
  EXPECT_EQ(source.ForPort(form.port, form.protocol).Value("name"), form.expected);
}

const StringPairs kAllForms = {{"SERVICE_53_NAME", "port"},
                               {"SERVICE_53_UDP_NAME", "protocol"},
                               {"SERVICE_50-60_NAME", "range"},
                               {"SERVICE_NAME", "all"}};

INSTANTIATE_TEST_SUITE_P(
    Cases, MetadataForms,
    ::testing::Values(
        FormCase{"Protocol", {}, kAllForms, 53, kUdp, "protocol"}, FormCase{"Port", {}, kAllForms, 53, kTcp, "port"},
        FormCase{"RangeBegins", {}, kAllForms, 50, kTcp, "range"},
        FormCase{"RangeEnds", {}, kAllForms, 60, kTcp, "range"}, FormCase{"General", {}, kAllForms, 61, kTcp, "all"},
        FormCase{"EnvironmentOfAPort", {{"SERVICE_53_NAME", "a"}}, {{"SERVICE_NAME", "b"}}, 53, kTcp, "a"},
        FormCase{"LabelOfAPort", {{"SERVICE_53_NAME", "a"}}, {{"SERVICE_53_NAME", "b"}}, 53, kTcp, "b"},
        FormCase{"LaterEnvironment", {{"SERVICE_NAME", "a"}, {"SERVICE_NAME", "b"}}, {}, 53, kTcp, "b"},
        FormCase{"AnyCaseAfterThePrefix", {}, {{"SERVICE_Name", "a"}}, 53, kTcp, "a"},
        FormCase{"PrefixInItsCase", {}, {{"service_NAME", "a"}}, 53, kTcp, ""},
        FormCase{"Dotted", {}, {{"registrar.name", "a"}}, 53, kTcp, "a"},
        FormCase{"DottedPort", {}, {{"registrar.53.name", "a"}}, 53, kTcp, "a"},
        FormCase{"DottedProtocol", {}, {{"registrar.53.udp.name", "a"}}, 53, kTcp, ""},
        FormCase{"DottedIsNoEnvironment", {{"registrar.name", "a"}}, {}, 53, kTcp, ""},
        FormCase{"RangeBackwards", {}, {{"SERVICE_60-50_NAME", "a"}}, 53, kTcp, "a"},
        FormCase{"RangeAndProtocol", {}, {{"SERVICE_50-60_udp_NAME", "a"}}, 53, kTcp, ""},
        FormCase{"HugeNumber", {}, {{"SERVICE_99999999999999999999_NAME", "a"}}, 53, kTcp, ""},
        FormCase{"PortZero", {}, {{"SERVICE_0_NAME", "a"}}, 53, kTcp, ""}),
    [](const auto& about) { return about.param.name; });

TEST(Metadata, NumberAloneIsAnAttribute) {
  const Metadata metadata = Labels({{"SERVICE_80", "x"}, {"SERVICE_80_", "y"}}).ForPort(81, kTcp);
  EXPECT_EQ(metadata.Value("80"), "x");
  EXPECT_EQ(metadata.Value("80_"), "y");
}

TEST(Metadata, ProtocolAloneIsAKeyOfThePort) {
  EXPECT_EQ(Labels({{"SERVICE_80_UDP", "x"}}).ForPort(80, kTcp).Value("udp"), "x");
}

TEST(Metadata, KnowsTheFormsThatNameAPort) {
  const Metadata metadata =
      Labels({{"SERVICE_80_A", ""}, {"SERVICE_80_TCP_B", ""}, {"SERVICE_1-99_C", ""}, {"SERVICE_D", ""}})
          .ForPort(80, kTcp);
  EXPECT_TRUE(metadata.Find("a")->port_form);
  EXPECT_TRUE(metadata.Find("b")->port_form);
  EXPECT_FALSE(metadata.Find("c")->port_form);
  EXPECT_FALSE(metadata.Find("d")->port_form);
}

TEST(Metadata, EmptyIsPresentAndNothing) {
  const Metadata metadata = Labels({{"SERVICE_IGNORE", ""}}).General();
  EXPECT_NE(metadata.Find("ignore"), nullptr);
  EXPECT_FALSE(metadata.Has("ignore"));
  EXPECT_EQ(metadata.Find("name"), nullptr);
}

TEST(Metadata, MoreTagsAddInTheOrderOfForms) {
  const MetadataSource source =
      Labels({{"SERVICE_80_TAGS+", "c"}, {"SERVICE_80_UDP_TAGS", "x"}, {"SERVICE_TAGS", "a"}, {"SERVICE_TAGS+", "b"}});
  EXPECT_EQ(source.General().Value("tags"), "a,b");
  EXPECT_EQ(source.ForPort(80, kTcp).Value("tags"), "a,b,c");
  EXPECT_EQ(source.ForPort(80, kUdp).Value("tags"), "x");
  EXPECT_EQ(Labels({{"SERVICE_TAGS+", "b"}}).General().Value("tags"), "b");
}

TEST(Metadata, KeysOfThePortAndTheGeneralOnesComeInOneOrder) {
  const MetadataSource source = Labels({{"SERVICE_80_B", "own"},
                                        {"SERVICE_80_D", "own"},
                                        {"SERVICE_A", "general"},
                                        {"SERVICE_B", "general"},
                                        {"SERVICE_C_1", "general"},
                                        {"SERVICE_80_C_2", "own"}});
  const auto listed = [&](std::string_view begin) {
    std::string text;
    source.ForPort(80, kTcp).ForEach(begin, [&](const std::string& key, const MetadataValue& value) {
      text += key + "=" + value.value + " ";
      return true;
    });
    return text;
  };
  EXPECT_EQ(listed(""), "a=general b=own c_1=general c_2=own d=own ");
  EXPECT_EQ(listed("c_"), "c_1=general c_2=own ");
  EXPECT_TRUE(source.ForPort(80, kTcp).HasAny("d"));
  EXPECT_FALSE(source.ForPort(81, kTcp).HasAny("d"));
}

TEST(Metadata, PortsWithoutKeysOfTheirOwnAreTheSame) {
  const MetadataSource source = Labels({{"SERVICE_A", "x"}, {"SERVICE_80_A", "y"}, {"SERVICE_81-82_A", "z"}});
  EXPECT_TRUE(source.ForPort(1, kTcp).IsSame(source.ForPort(2, kUdp)));
  EXPECT_TRUE(source.ForPort(81, kTcp).IsSame(source.ForPort(82, kTcp)));
  EXPECT_FALSE(source.ForPort(80, kTcp).IsSame(source.ForPort(81, kTcp)));
  EXPECT_FALSE(source.ForPort(80, kTcp).IsSame(source.General()));
}

TEST(Metadata, TheArgumentsMayGo) {
  auto container = std::make_unique<Container>(Container{.labels = {{"APP_NAME", "web"}}});
  auto prefix = std::make_unique<std::string>("APP_");
  const MetadataSource source(*container, *prefix);
  container.reset();
  prefix.reset();
  EXPECT_EQ(source.General().Value("name"), "web");
}

TEST(Metadata, TooManyEntriesLeaveTheLabels) {
  Container container{.labels = {{"SERVICE_NAME", "web"}}};
  for (size_t i = 0; i < 2 * MetadataSource::kMaxEntries; ++i) {
    container.environment.emplace_back("SERVICE_KEY" + std::to_string(i), "x");
  }
  const Metadata metadata = MetadataSource(container, "SERVICE_").General();
  size_t keys = 0;
  metadata.ForEach("", [&](const std::string&, const MetadataValue&) { return ++keys > 0; });
  EXPECT_EQ(keys, MetadataSource::kMaxEntries);
  EXPECT_EQ(metadata.Value("name"), "web");
}

TEST(Metadata, RendersValuesButNotTags) {
  const Container container{
      .name = "web", .labels = {{"SERVICE_A", "{{.Name}}"}, {"SERVICE_TAGS", "{{.Name}}"}, {"SERVICE_X", "{{("}}};
  MetadataSource source(container, "SERVICE_");
  Strings warnings;
  source.RenderTemplates(container, warnings);
  EXPECT_THAT(source.General().Value("a"), Not(::testing::HasSubstr("{{")));
  EXPECT_EQ(source.General().Value("tags"), "{{.Name}}");
  EXPECT_EQ(source.General().Value("x"), "{{(");
  EXPECT_THAT(warnings, ::testing::ElementsAre(::testing::HasSubstr("SERVICE_X")));
}

}  // namespace
}  // namespace signpost::registrar::test
