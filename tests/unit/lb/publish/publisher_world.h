// Signpost. Apache-2.0; see LICENSE.
// A publisher whose publications are read as text.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "lb/publish/publisher.h"
#include "tests/support/run_loop.h"
#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {

inline const InstanceSpec kHttp1{.address = "192.0.2.1:80", .tags = {"http"}};
inline const InstanceSpec kHttp2{.address = "192.0.2.2:80", .tags = {"http"}};
inline const InstanceSpec kTcp1{.address = "192.0.2.1:99", .tags = {"tcp"}};

class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() {
    options_.public_domain = "example.org";
    options_.http_listen = {Address("198.18.0.1:80")};
    options_.tcp_bind = {Address("198.18.0.1:1")};
  }

  FileConfig Config(std::string_view services, std::string_view routes) {
    auto config = ReadFileConfig(services, routes);
    EXPECT_TRUE(config.ok()) << config.status().text();
    return config.ok() ? std::move(config).value() : FileConfig();
  }
  void Start(std::string_view services = "", std::string_view routes = "") {
    publisher_ = std::make_unique<Publisher>(loop_, options_, Config(services, routes),
                                             [this](std::shared_ptr<const Routes> routes_now, bool removed) {
                                               routes_ = std::move(routes_now);
                                               ++publications_;
                                               removed_ = removed;
                                             });
    Next();
  }
  // Runs until the publication of what was told just now.
  void Next() {
    const int before = publications_;
    ASSERT_TRUE(test::RunUntil(loop_, [&] { return publications_ > before; }));
  }
  void Consul(const ServiceSpec& spec) { publisher_->OnService(SourceKind::kConsul, Service(spec)); }
  void Gone(const std::string& name) { publisher_->OnGone(SourceKind::kConsul, name); }
  void Ready(const std::set<std::string>& unknown = {}) { publisher_->OnReady(SourceKind::kConsul, unknown); }

  // "service: address ..." of the pool behind a host, or "404".
  std::string Host(const std::string& host, const std::string& path = "/") {
    const HttpRoute* route = routes_->http->Find(host, path);
    return route == nullptr ? "404" : PoolText(route->slot);
  }
  // The same of a port at 198.18.0.1; "closed" without a listener.
  std::string Port(int port) {
    for (const ListenerPlan& plan : routes_->listeners) {
      if (plan.address == Address("198.18.0.1:" + std::to_string(port))) {
        return (plan.lingering ? "lingers " : "") + PoolText(plan.slot);
      }
    }
    return "closed";
  }
  std::string PoolText(uint32_t slot) {
    const auto& pool = routes_->pools.at(slot);
    if (!pool) return "null";
    std::string text = pool->service + ":";
    for (const PoolMember& member : pool->members) text += " " + member.endpoint->name();
    return text;
  }

  net::Loop loop_;
  PublishOptions options_;
  std::shared_ptr<const Routes> routes_;
  int publications_ = 0;
  bool removed_ = false;
  std::unique_ptr<Publisher> publisher_;
};

}  // namespace signpost::lb
