// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/agent_url.h"

#include <gtest/gtest.h>

namespace signpost::consul {
namespace {

TEST(AgentUrl, AcceptsTheUsualForms) {
  const std::pair<const char*, const char*> kCases[] = {{"http://127.0.0.1:8500", "http://127.0.0.1:8500"},
                                                        {"https://consul.test:8501/", "https://consul.test:8501"},
                                                        {"127.0.0.1:8500", "http://127.0.0.1:8500"},
                                                        {"http://[::1]:8500", "http://[::1]:8500"},
                                                        {"http://proxy:80/consul/", "http://proxy:80/consul"}};
  for (const auto& [text, base] : kCases) {
    const auto address = ParseAgentUrl(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->base, base);
    EXPECT_EQ(address->unix_socket, "");
  }
}

TEST(AgentUrl, AcceptsAUnixSocket) {
  const auto address = ParseAgentUrl("unix:///run/consul.sock");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->unix_socket, "/run/consul.sock");
  EXPECT_EQ(address->base, "http://localhost");
}

TEST(AgentUrl, RefusesTheRestWithASentence) {
  for (const char* text : {"", "ftp://x", "http://", "http://:8500", "unix://", "unix://relative", "http://a b",
                           "http:///x", "http://x?y=1", "http://x#y", "\n"}) {
    const auto address = ParseAgentUrl(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().kind(), ErrorKind::kConfig);
    EXPECT_NE(address.status().text().find("http://HOST:PORT"), std::string::npos);
  }
}

TEST(AgentUrl, DoesNotRepeatAPassword) {
  const auto address = ParseAgentUrl("http://user:hunter2@consul:8500");
  ASSERT_FALSE(address.ok());
  EXPECT_EQ(address.status().text().find("hunter2"), std::string::npos);
}

TEST(AgentUrl, EncodesEverySegment) {
  EXPECT_EQ(EncodeSegment("web-1.a_b~c"), "web-1.a_b~c");
  EXPECT_EQ(EncodeSegment("a/b ?c"), "a%2Fb%20%3Fc");
  EXPECT_EQ(EncodeSegment("\xc3\xa9"), "%C3%A9");
}

TEST(AgentUrl, WritesParameters) {
  EXPECT_EQ(BuildUrl("http://h", "/v1/x", {}), "http://h/v1/x");
  EXPECT_EQ(BuildUrl("http://h", "/v1/x", {{"stale", ""}, {"dc", "dc 2"}}), "http://h/v1/x?stale&dc=dc%202");
}

}  // namespace
}  // namespace signpost::consul
