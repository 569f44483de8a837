// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/route_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class BuildRoutesTest : public ::testing::Test {
 protected:
  BuildRoutesTest() {
    options_.public_domain = "example.org";
    options_.tcp_bind = {Address("198.18.0.1:1"), Address("[2001:db8::1]:1")};
  }
  void Configure(std::string_view routes) {
    auto config = ReadFileConfig("", routes);
    ASSERT_TRUE(config.ok()) << config.status().text();
    config_ = std::move(config).value();
  }
  void Expose(const std::string& service, const std::vector<std::string>& tags) {
    owners_.SetClaims(service, 1, ExposureOf(service, tags, RulesOf(options_)).claims);
    owners_.Elect(Millis(0), Millis(60000));
  }
  RouteParts Build() {
    return BuildRoutes(options_, config_, owners_.holdings(),
                       [this](const std::string& service, const std::string& tag) {
                         slots_.push_back(service + "/" + tag);
                         return static_cast<uint32_t>(slots_.size() - 1);
                       });
  }
  // "host path -> service/tag" or "host path -> code target".
  std::vector<std::string> Http() {
    std::vector<std::string> texts;
    for (const HttpRoute& route : Build().http) {
      texts.push_back(route.host + " " + route.path + " -> " +
                      (route.redirect != 0 ? std::to_string(route.redirect) : slots_[route.slot]));
    }
    return texts;
  }
  // "address -> http", "address -> tcp service/tag", "address -> sni host=service/tag ...".
  std::vector<std::string> Listeners() {
    std::vector<std::string> texts;
    for (const ListenerPlan& plan : Build().listeners) {
      std::string text = plan.address.ToString() + " -> ";
      if (plan.kind == ListenerKind::kHttp) text += "http";
      if (plan.kind == ListenerKind::kTcp) text += "tcp " + slots_[plan.slot];
      if (plan.kind == ListenerKind::kSni) text += "sni";
      for (const SniRoute& route : plan.sni) text += " " + route.host + "=" + slots_[route.slot];
      texts.push_back(text + (plan.accept_proxy ? " proxy" : "") + (plan.lingering ? " lingers" : ""));
    }
    return texts;
  }

  PublishOptions options_;
  FileConfig config_;
  OwnerBook owners_;
  std::vector<std::string> slots_;
};

TEST_F(BuildRoutesTest, TagsBecomeHostsAndPorts) {
  options_.http_listen = {Address("198.18.0.1:80")};
  options_.http_listen_proxy = {Address("198.18.0.1:81")};
  Expose("web", {"http"});
  Expose("redis-6379", {"tcp"});
  EXPECT_THAT(Http(), ElementsAre("web.example.org / -> web/http"));
  EXPECT_THAT(Listeners(),
              ElementsAre("198.18.0.1:80 -> http", "198.18.0.1:81 -> http proxy",
                          "198.18.0.1:6379 -> tcp redis-6379/tcp", "[2001:db8::1]:6379 -> tcp redis-6379/tcp"));
}

TEST_F(BuildRoutesTest, TheConfigFileComesFirstAndUsesAllInstances) {
  Configure(R"([{"host": "web.example.org", "service": "file"}, {"host": "old.example.org", "redirect": 301, "to": "/"},
                {"tcp": "198.18.0.1:6379", "service": "file"}, {"tcp": 7000, "service": "file", "accept_proxy": true}])");
  Expose("web", {"http"});
  Expose("redis-6379", {"tcp"});
  options_.default_service = "rest";
  EXPECT_THAT(Http(), ElementsAre("web.example.org / -> file/", "old.example.org / -> 301",
                                  "web.example.org / -> web/http", "* / -> rest/"));
  EXPECT_THAT(Listeners(),
              ElementsAre("198.18.0.1:6379 -> tcp file/", "198.18.0.1:7000 -> tcp file/ proxy",
                          "[2001:db8::1]:7000 -> tcp file/ proxy", "[2001:db8::1]:6379 -> tcp redis-6379/tcp"));
}

TEST_F(BuildRoutesTest, NamesOfOnePortMakeOneListener) {
  Configure(
      R"([{"tcp": "198.18.0.1:443", "service": "rest"}, {"tcp": "198.18.0.1:443", "sni": "db.example", "service": "db"},
                {"tcp": "198.18.0.1:444", "sni": "*.example", "service": "any"}])");
  EXPECT_THAT(Listeners(),
              ElementsAre("198.18.0.1:443 -> sni *=rest/ db.example=db/", "198.18.0.1:444 -> sni *.example=any/"));
}

TEST_F(BuildRoutesTest, AGoneServiceLingersC09) {
  Expose("redis-6379", {"tcp"});
  owners_.SetClaims("redis-6379", 1, {});
  owners_.Elect(Millis(1), Millis(60000));
  options_.tcp_bind.pop_back();
  EXPECT_THAT(Listeners(), ElementsAre("198.18.0.1:6379 -> tcp redis-6379/tcp lingers"));
}

TEST_F(BuildRoutesTest, ReservesWhatTheFileNames) {
  Configure(
      R"([{"host": "a", "service": "x"}, {"host": "a", "path": "/b", "service": "x"}, {"tcp": 7000, "service": "x"},
                {"tcp": "198.18.0.1:7001", "service": "x"}])");
  EXPECT_THAT(ReservedResources(config_), UnorderedElementsAre("host a", "host a/b", "port 7000", "port 7001"));
}

TEST_F(BuildRoutesTest, PortsOfHttpAreDeniedToTags) {
  options_.http_listen = {Address("198.18.0.1:80")};
  options_.http_listen_proxy = {Address("198.18.0.1:81")};
  options_.denied_ports = {8404};
  options_.public_domain = "Example.ORG.";
  const ExposureRules rules = RulesOf(options_);
  EXPECT_THAT(rules.denied_ports, ElementsAre(80, 81, 8404));
  EXPECT_EQ(rules.public_domain, "example.org");
}

}  // namespace
}  // namespace signpost::lb
