// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/tcp_target.h"

#include <gtest/gtest.h>

namespace signpost::registry {
namespace {

TEST(TcpTargetTest, HostAndPort) {
  struct Case {
    const char* text;
    const char* host;
    int port;
  };
  for (const Case& c : {Case{"127.0.0.1:80", "127.0.0.1", 80}, Case{"[::1]:65535", "::1", 65535},
                        Case{"db.example:5432", "db.example", 5432}, Case{":80", "", 80}}) {
    const Result<TcpTarget> target = ParseTcpTarget(c.text);
    ASSERT_TRUE(target.ok()) << c.text;
    EXPECT_EQ(target.value().host, c.host);
    EXPECT_EQ(target.value().port, c.port);
  }
}

TEST(TcpTargetTest, FaultsInGosWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1", "dial tcp: address 127.0.0.1: missing port in address"},
      {"[::1]", "dial tcp: address [::1]: missing port in address"},
      {"::1:80", "dial tcp: address ::1:80: too many colons in address"},
      {"127.0.0.1:99999", "dial tcp: address 99999: invalid port"},
      {"127.0.0.1:", "dial tcp: address : invalid port"},
      {"127.0.0.1:+1", "dial tcp: address +1: invalid port"},
      {"", "dial tcp: address : missing port in address"},
  };
  for (const auto& [text, output] : cases) {
    const Result<TcpTarget> target = ParseTcpTarget(text);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_EQ(JudgeTcp(target.status(), text), (Outcome{CheckStatus::kCritical, output}));
  }
}

TEST(TcpTargetTest, ConnectionsAreJudged) {
  EXPECT_EQ(JudgeTcp(Status::Ok(), "h:1"), (Outcome{CheckStatus::kPassing, "TCP connect h:1: Success"}));
  EXPECT_EQ(JudgeTcp(Status::Unavailable("127.0.0.1:1: i/o timeout"), "h:1").output,
            "dial tcp 127.0.0.1:1: i/o timeout");
  EXPECT_EQ(JudgeTcp(Status::Unavailable("lookup h: no such host"), "h:1").output, "dial tcp: lookup h: no such host");
}

}  // namespace
}  // namespace signpost::registry
