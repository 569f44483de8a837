// Signpost. Apache-2.0; see LICENSE.
// What one container may cost and give, whatever its labels say.
#include <gmock/gmock.h>

#include <set>

#include "registrar/mapping/map_container.h"

namespace signpost::registrar::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Container WithPorts(int ports, StringPairs labels) {
  Container container{.id = std::string(64, 'a'), .name = "web", .labels = std::move(labels)};
  for (int port = 1; port <= ports; ++port) {
    const auto number = static_cast<uint16_t>(port);
    container.ports.push_back({.number = number, .bindings = {{"0.0.0.0", number}}});
  }
  return container;
}

Mapping Map(const Container& container) {
  return MapContainer(container, {.node_id = "n", .host_ipv4 = "192.0.2.10"}, nullptr);
}

std::string List(const std::string& begin, int count) {
  std::string list;
  for (int i = 0; i < count; ++i) list += begin + std::to_string(i) + ",";
  return list;
}

TEST(MapContainerBounds, NamesOfAPort) {
  const Mapping exact = Map(WithPorts(1, {{"SERVICE_ALIAS", List("b", 8)}, {"SERVICE_NAME", List("a", 8)}}));
  EXPECT_THAT(exact.services, SizeIs(16));
  EXPECT_THAT(exact.warnings, IsEmpty());
  for (const char* key : {"SERVICE_NAME", "SERVICE_ALIAS"}) {
    const Mapping mapping = Map(WithPorts(1, {{key, List("a", 30'000)}}));
    EXPECT_THAT(mapping.services, SizeIs(16)) << key;
    EXPECT_THAT(mapping.warnings, Contains(HasSubstr("at most 16 names"))) << key;
  }
}

TEST(MapContainerBounds, ServicesOfAContainer) {
  EXPECT_THAT(Map(WithPorts(4096, {})).services, SizeIs(4096));
  EXPECT_THAT(Map(WithPorts(4096, {})).warnings, IsEmpty());
  const Mapping ports = Map(WithPorts(4097, {}));
  EXPECT_THAT(ports.services, SizeIs(4096));
  EXPECT_THAT(ports.warnings, Contains(HasSubstr("only the first 4096 services")));
}

// A further name never takes the place of a port.
TEST(MapContainerBounds, FurtherNamesFillWhatThePortsLeave) {
  const Mapping mapping = Map(WithPorts(4000, {{"SERVICE_NAME", "a,b,c"}}));
  EXPECT_THAT(mapping.services, SizeIs(4096));
  std::set<uint16_t> ports;
  for (const Service& service : mapping.services) ports.insert(service.port);
  EXPECT_THAT(ports, SizeIs(4000));
  EXPECT_THAT(mapping.warnings, Contains(HasSubstr("further names are left out")));
}

size_t TextOf(const Mapping& mapping) {
  size_t bytes = 0;
  for (const Service& service : mapping.services) {
    bytes += service.name.size() + service.id.size();
    for (const std::string& tag : service.tags) bytes += tag.size();
    for (const CheckDefinition& check : service.checks) {
      bytes += check.notes.size() + check.body.size() + check.http.size();
      for (const std::string& word : check.script_args) bytes += word.size();
    }
  }
  return bytes;
}

TEST(MapContainerBounds, TextOfAContainer) {
  const std::string large(64'000, 'x');
  for (const StringPairs& labels :
       {StringPairs{{"SERVICE_TAGS", large}}, StringPairs{{"SERVICE_NAME", large}}, StringPairs{{"SERVICE_ID", large}},
        StringPairs{{"SERVICE_CHECK_HTTP", "/"}, {"SERVICE_CHECK_HTTP_BODY", large}}}) {
    const Mapping mapping = Map(WithPorts(2000, labels));
    EXPECT_THAT(mapping.services, Not(IsEmpty())) << labels[0].first;
    EXPECT_LE(TextOf(mapping), 32U << 20U) << labels[0].first;
    EXPECT_THAT(mapping.warnings, Contains(HasSubstr("32 MiB"))) << labels[0].first;
  }
}

TEST(MapContainerBounds, EachWarning) {
  const Mapping mapping = Map(WithPorts(2000, {{"SERVICE_FAMILY", std::string(64'000, 'x')},
                                               {"SERVICE_IP", "a b" + std::string(64'000, 'x')},
                                               {"SERVICE_WEIGHT", std::string(64'000, 'x')}}));
  EXPECT_THAT(mapping.warnings, SizeIs(3));
  for (const std::string& warning : mapping.warnings) EXPECT_LE(warning.size(), 300U);
}

// "service:X:2" is what the second check of X, a further name "2" of X and a SERVICE_ID "X:2" could all ask for.
TEST(MapContainerBounds, CheckIdsAreUniqueWhateverTheKeysSay) {
  for (const bool reverse : {false, true}) {
    const std::string plain = reverse ? "SERVICE_2_" : "SERVICE_1_", further = reverse ? "SERVICE_1_" : "SERVICE_2_";
    const Mapping mapping = Map(WithPorts(3, {{plain + "ALIAS", "2,3"},
                                              {plain + "ID", "X"},
                                              {"SERVICE_3_ID", "X:3"},
                                              {further + "ID", "X:2"},
                                              {"SERVICE_CHECK_2_TCP", "1"},
                                              {"SERVICE_CHECK_3_TCP", "1"},
                                              {"SERVICE_CHECK_TCP", "1"}}));
    std::set<std::string> ids;
    for (const Service& service : mapping.services) {
      for (const CheckDefinition& check : service.checks)
        EXPECT_TRUE(ids.insert(check.check_id).second) << check.check_id;
    }
    EXPECT_GE(ids.size(), 9U);
  }
  const Mapping alias = Map(WithPorts(1, {{"SERVICE_CHECK_2_TCP", "1"}, {"SERVICE_ID", "X"}, {"SERVICE_NAME", "a,2"}}));
  ASSERT_THAT(alias.services, SizeIs(2));
  EXPECT_EQ(alias.services[0].checks[0].check_id, "service:X:2");
  EXPECT_EQ(alias.services[1].checks[0].check_id, "alias:X:2");
}

// 1,000 general keys are read once, not 4,096 times; what it costs is bounded by what it gives.
TEST(MapContainerBounds, ManyPortsWithManyKeys) {
  StringPairs labels;
  for (int i = 0; i < 1000; ++i) labels.emplace_back("SERVICE_KEY" + std::to_string(i), "value");
  const Mapping mapping = Map(WithPorts(4096, labels));
  ASSERT_THAT(mapping.services, SizeIs(4096));
  EXPECT_THAT(mapping.services.back().meta, SizeIs(61));
  EXPECT_THAT(mapping.warnings, SizeIs(1));
}

}  // namespace
}  // namespace signpost::registrar::test
