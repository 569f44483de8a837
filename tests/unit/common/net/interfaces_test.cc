// Signpost. Apache-2.0; see LICENSE.
#include "common/net/interfaces.h"

#include <gtest/gtest.h>

#include "common/net/address.h"

namespace signpost::net {
namespace {

// What it is depends on the machine, and a machine may have none.
TEST(InterfacesTest, TheFirstGlobalAddressIsOneThatOthersCouldReach) {
  const std::string text = FirstGlobalAddress();
  if (text.empty()) return;
  const bool v6 = text.find(':') != std::string::npos;
  const auto address = SocketAddress::Parse(v6 ? "[" + text + "]:1" : text + ":1", 1);
  ASSERT_TRUE(address.ok()) << text;
  EXPECT_FALSE(address->is_loopback()) << text;
  EXPECT_FALSE(address->is_wildcard()) << text;
  EXPECT_FALSE(text.starts_with("169.254.") || text.starts_with("fe80:")) << text;
  EXPECT_EQ(FirstGlobalAddress(), text) << "the same each time";
}

}  // namespace
}  // namespace signpost::net
