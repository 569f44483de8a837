// Signpost. Apache-2.0; see LICENSE.
#include "common/net/port_check.h"

#include <gtest/gtest.h>

#include "common/net/loop.h"
#include "common/net/tcp.h"
#include "common/net/udp.h"

namespace signpost::net {
namespace {

SocketAddress AnyPort() { return SocketAddress::Parse("127.0.0.1:0", 1).value(); }

TEST(PortCheckTest, AFreePortStaysFree) {
  EXPECT_TRUE(CheckPortFree(AnyPort()).ok());
}

// Both are bound with SO_REUSEPORT, so binding once more that way would succeed.
TEST(PortCheckTest, ASharedUdpPortIsTaken) {
  Loop loop;
  const auto socket = UdpSocket::Bind(loop, AnyPort(), [](auto) {});
  const Status status = CheckPortFree(socket.value()->local());
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.text().find(socket.value()->local().ToString()), std::string::npos);
}

TEST(PortCheckTest, ASharedTcpPortIsTaken) {
  Loop loop;
  const auto listener = TcpListener::Listen(loop, AnyPort(), {.reuse_port = true}, [](auto) {});
  EXPECT_FALSE(CheckPortFree(listener.value()->local()).ok());
}

}  // namespace
}  // namespace signpost::net
