// Signpost. Apache-2.0; see LICENSE.
// Every variant of inspect that an engine gives, as a real Docker Engine 20.10 gave it.
#include <gtest/gtest.h>

#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

using test::Inspected;
using test::ReadCase;

Container Recorded(const std::string& name) { return Inspected(ReadCase("inspect/" + name + ".json")); }

struct Row {
  const char* file;
  const char* ports;
  const char* networks;
  const char* mode;
  const char* state;
};

constexpr const char* kDefault = "default";
constexpr const char* kBridge = "bridge 172.17.0.2";

const Row kRows[] = {
    {"published", "80/tcp er 0.0.0.0:18080 [::]:18080", kBridge, kDefault, "up"},  // case 1
    {"loopback_v4", "80/tcp er 127.0.0.1:18080", kBridge, kDefault, "up"},         // case 29
    {"wildcard_v4", "80/tcp er 0.0.0.0:18080", kBridge, kDefault, "up"},
    {"loopback_v6", "80/tcp er [::1]:18080", kBridge, kDefault, "up"},                            // case 31
    {"publish_all", "8080/tcp e 0.0.0.0:32768 [::]:32769", "bridge 172.17.0.3", kDefault, "up"},  // case 27
    {"no_host_port", "80/tcp er 192.0.2.10:32768", kBridge, kDefault, "up"},                      // case 30
    {"host_range", "80/tcp er 0.0.0.0:18080 [::]:18080", kBridge, kDefault, "up"},                // case 32
    {"both_ranges",                                                                               // case 33
     "90/tcp er 0.0.0.0:18090 [::]:18090, 91/tcp er 0.0.0.0:18091 [::]:18091, 92/tcp er 0.0.0.0:18092 [::]:18092",
     kBridge, kDefault, "up"},
    {"tcp_and_udp", "53/tcp er 0.0.0.0:18053 [::]:18053, 53/udp er 0.0.0.0:18053 [::]:18053", kBridge, kDefault,
     "up"},  // case 23
    {"two_bindings", "100/tcp er 0.0.0.0:18100 0.0.0.0:18101 [::]:18100 [::]:18101", kBridge, kDefault,
     "up"},                                                   // case 28
    {"exposed_only", "8080/tcp e", kBridge, kDefault, "up"},  // case 34
    {"nothing_exposed", "", kBridge, kDefault, "up"},         // case 35
    {"sctp", "9/sctp e", kBridge, kDefault, "up"},
    {"host_network", "9000/tcp e, 9001/tcp er", "host", "host", "up"},                          // case 36
    {"none_network", "9000/tcp e", "none", "none", "up"},                                       // case 37
    {"internal_network", "80/tcp er", "inner 198.51.100.130", "inner", "up"},                   // case 38
    {"user_network", "80/tcp er 0.0.0.0:18080 [::]:18080", "net1 198.51.100.2", "net1", "up"},  // case 39
    {"two_networks", "80/tcp er 0.0.0.0:18080 [::]:18080", "net1 198.51.100.2, net2 198.51.100.66", "net1",
     "up"},  // cases 41, 42
    {"network_by_id", "80/tcp er 0.0.0.0:18080 [::]:18080", "net1 198.51.100.2",
     "46ba068bef59e431a022bf3cd0a4d790c422784e02104e818f0f009baa445b41", "up"},                               // case 43
    {"dual_stack", "80/tcp er 0.0.0.0:18080 [::]:18080", "dual 198.51.100.194 2001:db8:1::2", "dual", "up"},  // case 45
    {"shared_namespace", "", "", "container:795858464fd6f3baf7fb74ac93351a479d8649a8e43dab53801c5dec54de4708",
     "up"},  // case 44
    {"networks_left", "80/tcp er", "", "net1", "up"},
    {"created", "80/tcp er", "bridge", kDefault, "down"},
    {"exited", "80/tcp er", "bridge", kDefault, "down exit 137"},
    {"paused", "80/tcp er 0.0.0.0:18080 [::]:18080", kBridge, kDefault, "up paused"},        // case 77
    {"restart_backoff", "80/tcp er", "bridge", kDefault, "down running restarting exit 3"},  // case 75
    {"start_failed", "", "bridge", kDefault, "down exit 127"},                               // case 66
    {"oom", "", "bridge", kDefault, "down oom exit 137"},                                    // case 83
    {"no_healthcheck", "", kBridge, kDefault, "up"},
};

TEST(InspectTest, EveryVariantOfPortsNetworksAndState) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.file);
    const Container container = Recorded(row.file);
    EXPECT_EQ(test::PortsText(container), row.ports);
    EXPECT_EQ(test::NetworksText(container), row.networks);
    EXPECT_EQ(container.network_mode, row.mode);
    EXPECT_EQ(test::StateText(container), row.state);
    EXPECT_EQ(container.id.size(), 64U);
    EXPECT_EQ(container.name.find('/'), std::string::npos);
    EXPECT_GT(ParseTimeNano(container.created), 0);
  }
}

TEST(InspectTest, ANetworkGivenByIdIsFoundByItsId) {
  const Container container = Recorded("network_by_id");
  ASSERT_EQ(container.networks.size(), 1U);
  EXPECT_EQ(container.networks[0].id, container.network_mode);
}

TEST(InspectTest, AContainerWithoutSettingsHasDefaults) {  // case 22
  const Container container = Recorded("nothing_exposed");
  EXPECT_TRUE(container.environment.empty());
  EXPECT_TRUE(container.labels.empty());
  EXPECT_EQ(container.stop_signal, 15);
  EXPECT_EQ(container.stop_timeout, Millis(10000));
  EXPECT_EQ(container.image, "team/api:1.2");
  EXPECT_EQ(container.name, "nothing_exposed");
  EXPECT_EQ(container.hostname, container.id.substr(0, 12));
}

TEST(InspectTest, HealthIsReadWithTheLastOutput) {  // case 78
  EXPECT_EQ(Recorded("health_starting").health, Health::kStarting);
  EXPECT_EQ(Recorded("health_starting").health_output, "");
  EXPECT_EQ(Recorded("health_unhealthy").health, Health::kUnhealthy);
  EXPECT_EQ(Recorded("health_unhealthy").health_output, "no pulse\n");
  EXPECT_EQ(Recorded("no_healthcheck").health, Health::kNone);
  EXPECT_EQ(Recorded("published").health, Health::kNone);
}

TEST(InspectTest, AStoppedContainerKeepsItsLastHealthButIsNotUp) {
  const Container container = Recorded("health_stopped");
  EXPECT_EQ(container.health, Health::kUnhealthy);
  EXPECT_FALSE(IsUp(container));
}

// Labels named like an event's attributes, a stop signal of its own, an environment entry with two "=".
TEST(InspectTest, ConfigurationIsReadAsItWasTyped) {  // cases 21, 62, 73
  const Container container = Recorded("health_unhealthy");
  EXPECT_EQ(container.name, "sick");
  EXPECT_EQ(container.image, "team/api:1.2");
  EXPECT_EQ(container.exit_code, 0);
  EXPECT_EQ(container.stop_signal, 2);
  EXPECT_EQ(container.stop_timeout, Millis(33000));
  EXPECT_EQ(container.hostname, "sick.example.org");
  EXPECT_EQ(container.environment, (StringPairs{{"A", "b=c"}, {"SERVICE_NAME", "sick"}}));
  EXPECT_EQ(container.labels,
            (StringPairs{{"exitCode", "99"}, {"image", "foreign"}, {"name", "other"}, {"signal", "7"}}));
  EXPECT_EQ(Recorded("health_stopped").exit_code, 137) << "not what the label says";
}

}  // namespace
}  // namespace signpost::registrar
