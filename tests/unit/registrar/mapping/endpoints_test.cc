// Signpost. Apache-2.0; see LICENSE.
// What the file of cases leaves out: warnings, ignored ports, shared networks.
#include "registrar/mapping/endpoints.h"

#include <gmock/gmock.h>

namespace signpost::registrar::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kOwner(64, 'b');

struct Found {
  Strings endpoints;  // "80/tcp 192.0.2.10:8080"
  Strings warnings;
};

Found Find(const Container& container, const MappingOptions& options, const FindContainer& find = nullptr) {
  Found found;
  const MetadataSource metadata(container, "SERVICE_");
  for (const Endpoint& endpoint : FindEndpoints(container, metadata, options, find, found.warnings)) {
    found.endpoints.push_back(std::to_string(endpoint.container_port) + "/" + ProtocolName(endpoint.protocol) + " " +
                              endpoint.address + ":" + std::to_string(endpoint.port));
  }
  return found;
}

const MappingOptions kOptions{.node_id = "node1", .host_ipv4 = "192.0.2.10"};

Container Published(std::string address, StringPairs labels = {}) {
  return {.labels = std::move(labels),
          .ports = {{.number = 80, .exposed = true, .bindings = {{std::move(address), 8080}}}},
          .network_mode = "default",
          .networks = {{.name = "bridge", .ipv4 = "198.51.100.2"}}};
}

TEST(FindEndpoints, KeepsIgnoredPortsAndSaysNothingOfThem) {
  EXPECT_THAT(Find(Published("0.0.0.0", {{"SERVICE_IGNORE", "true"}}), kOptions).endpoints,
              ElementsAre("80/tcp 192.0.2.10:8080"));
  EXPECT_THAT(Find(Published("127.0.0.1", {{"SERVICE_80_IGNORE", "true"}}), kOptions).warnings, IsEmpty());
  EXPECT_THAT(Find(Published("127.0.0.1", {{"SERVICE_81_IGNORE", "true"}}), kOptions).warnings,
              ElementsAre(HasSubstr("port 80/tcp is not registered")));
}

TEST(FindEndpoints, OfASharedNetworkAreTheOwners) {
  const Container owner = Published("0.0.0.0");
  const Container middle{.network_mode = "container:" + kOwner};
  Container sharer{.ports = {{.number = 80, .exposed = true}}, .network_mode = "container:" + std::string(64, 'c')};
  const FindContainer find = [&](std::string_view id) { return id == kOwner ? &owner : &middle; };
  EXPECT_THAT(Find(sharer, kOptions, find).endpoints, ElementsAre("80/tcp 192.0.2.10:8080"));
  sharer.ports.front().number = 81;
  EXPECT_THAT(Find(sharer, kOptions, find).endpoints, IsEmpty());
}

TEST(FindEndpoints, SharedNetworkWithoutExposedPortsNeedsAList) {
  const Container owner = Published("0.0.0.0");
  const FindContainer find = [&](std::string_view) { return &owner; };
  Container sharer{.network_mode = "container:" + kOwner};
  EXPECT_THAT(Find(sharer, kOptions, find).endpoints, IsEmpty());
  sharer.labels = {{"SERVICE_PORTS", "80"}};
  EXPECT_THAT(Find(sharer, kOptions, find).endpoints, ElementsAre("80/tcp 192.0.2.10:8080"));
}

TEST(FindEndpoints, ListedPortsCountInside) {
  MappingOptions options = kOptions;
  options.internal = true;
  EXPECT_THAT(Find(Published("0.0.0.0", {{"SERVICE_PORTS", "53/udp,80"}}), options).endpoints,
              ElementsAre("53/udp 198.51.100.2:53", "80/tcp 198.51.100.2:80"));
}

TEST(FindEndpoints, HostNetworkPrefersWhatWasAskedFor) {
  Container container{.ports = {{.number = 80, .exposed = true}}, .network_mode = "host"};
  EXPECT_THAT(Find(container, kOptions).endpoints, ElementsAre("80/tcp 192.0.2.10:80"));
  container.labels = {{"SERVICE_PORTS", "81"}};
  EXPECT_THAT(Find(container, kOptions).endpoints, ElementsAre("81/tcp 192.0.2.10:81"));
  container.ports.push_back({.number = 82, .requested = true});
  EXPECT_THAT(Find(container, kOptions).endpoints, ElementsAre("82/tcp 192.0.2.10:82"));
}

TEST(FindEndpoints, GivenIpv6AddressHasTheIpv6Port) {
  Container container = Published("0.0.0.0", {{"SERVICE_IP", "2001:db8::77"}});
  container.ports.front().bindings.push_back({"::", 8081});
  EXPECT_THAT(Find(container, kOptions).endpoints, ElementsAre("80/tcp 2001:db8::77:8081"));
}

TEST(FindEndpoints, WithoutAnyPlaceThereIsAWarning) {
  const Container lonely{.labels = {{"SERVICE_PORT", "0"}}, .network_mode = "none"};
  const Found found = Find(lonely, kOptions);
  EXPECT_THAT(found.endpoints, IsEmpty());
  EXPECT_THAT(found.warnings, ElementsAre(HasSubstr("give it SERVICE_IP")));
}

TEST(FindEndpoints, InsideWithoutTheWantedFamily) {
  MappingOptions options = kOptions;
  options.internal = true;
  options.family = Family::kIpv6;
  EXPECT_THAT(Find(Published("0.0.0.0"), options).warnings, ElementsAre(HasSubstr("no address of the wanted family")));
}

}  // namespace
}  // namespace signpost::registrar::test
