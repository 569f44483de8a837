// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/container.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

TEST(ContainerTest, UpIsWhatReallyRuns) {
  Container container;
  EXPECT_FALSE(IsUp(container));
  container.running = true;
  EXPECT_TRUE(IsUp(container));
  container.paused = true;
  EXPECT_TRUE(IsUp(container)) << "a paused container keeps its services";
  container.restarting = true;
  EXPECT_FALSE(IsUp(container)) << "between two starts";  // cases 75, 76
  container.restarting = false;
  container.dead = true;
  EXPECT_FALSE(IsUp(container));
}

TEST(ContainerTest, TheOwnerOfASharedNamespace) {
  Container container;
  for (const char* mode : {"", "default", "bridge", "host", "none", "net1", "container", "container:"}) {
    container.network_mode = mode;
    EXPECT_EQ(NamespaceOwner(container), "") << mode;
  }
  container.network_mode = "container:0123abcd";
  EXPECT_EQ(NamespaceOwner(container), "0123abcd");
}

TEST(ContainerTest, LabelsAreFoundByTheirWholeName) {
  Container container;
  EXPECT_EQ(Label(container, "a"), "");
  container.labels = {{"a", "1"}, {"ab", "2"}, {"b", ""}};
  EXPECT_EQ(Label(container, "a"), "1");
  EXPECT_EQ(Label(container, "ab"), "2");
  EXPECT_EQ(Label(container, "b"), "");
  EXPECT_EQ(Label(container, "abc"), "");
  EXPECT_EQ(Label(container, "A"), "");
  EXPECT_EQ(Label(container, ""), "");
}

TEST(ContainerTest, ProtocolNames) {
  EXPECT_STREQ(ProtocolName(Protocol::kTcp), "tcp");
  EXPECT_STREQ(ProtocolName(Protocol::kUdp), "udp");
  EXPECT_STREQ(ProtocolName(Protocol::kSctp), "sctp");
}

TEST(ContainerTest, AColonMakesAnIpv6Address) {
  for (const char* address : {"::", "::1", "2001:db8::1"}) EXPECT_TRUE(IsIpv6(address)) << address;
  for (const char* address : {"", "0.0.0.0", "192.0.2.1"}) EXPECT_FALSE(IsIpv6(address)) << address;
}

}  // namespace
}  // namespace signpost::registrar
