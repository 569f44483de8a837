// Signpost. Apache-2.0; see LICENSE.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "common/net/tcp.h"
#include "tests/unit/dnsd/registry/checks/run_fixture.h"

namespace signpost::registry {
namespace {

class TcpRunTest : public RunTest {
 protected:
  static CheckDefinition Tcp(const std::string& target) {
    CheckDefinition definition = Define(Kind::kTcp);
    definition.tcp = target;
    return definition;
  }
};

TEST_F(TcpRunTest, AConnectionIsEnough) {
  auto listener = net::TcpListener::Listen(loop, net::SocketAddress::Parse("127.0.0.1:0", 0).value(), {},
                                           [](std::unique_ptr<net::TcpStream> /*stream*/) {});
  const std::string port = std::to_string(listener.value()->local().port());
  EXPECT_EQ(RunToEnd(Tcp("127.0.0.1:" + port)),
            (Outcome{CheckStatus::kPassing, "TCP connect 127.0.0.1:" + port + ": Success"}));
  EXPECT_EQ(RunToEnd(Tcp("localhost:" + port)),
            (Outcome{CheckStatus::kPassing, "TCP connect localhost:" + port + ": Success"}));
  listener = Status::Ok();
  EXPECT_EQ(RunToEnd(Tcp("127.0.0.1:" + port)),
            (Outcome{CheckStatus::kCritical, "dial tcp 127.0.0.1:" + port + ": connect: connection refused"}));
  EXPECT_EQ(RunToEnd(Tcp("127.0.0.1")),
            (Outcome{CheckStatus::kCritical, "dial tcp: address 127.0.0.1: missing port in address"}));
}

}  // namespace
}  // namespace signpost::registry
