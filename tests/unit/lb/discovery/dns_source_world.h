// Signpost. Apache-2.0; see LICENSE.
// A source on a fake DNS server, with everything that it tells written down.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/discovery/dns_source.h"
#include "tests/support/run_loop.h"
#include "tests/unit/lb/discovery/fake_dns.h"

namespace signpost::lb {

using namespace std::chrono_literals;
using test::DnsMode;
using test::FakeDns;
using test::RunUntil;

inline const std::string kWeb = "web.service.consul";

class Sink final : public SourceSink {
 public:
  void OnService(SourceKind kind, DiscoveredServicePtr service) override {
    EXPECT_EQ(kind, SourceKind::kDns);
    services[service->name] = std::move(service);
    ++told;
  }
  void OnGone(SourceKind /*kind*/, const std::string& name) override {
    services.erase(name);
    gone.push_back(name);
  }
  void OnReady(SourceKind /*kind*/, const std::set<std::string>& names) override {
    unknown = names;
    ++ready;
  }

  std::map<std::string, DiscoveredServicePtr> services;
  std::vector<std::string> gone;
  std::set<std::string> unknown;
  int told = 0, ready = 0;
};

// "10.0.0.1:80 p1 w10"
inline std::vector<std::string> Texts(const DiscoveredService& service) {
  std::vector<std::string> out;
  for (const Instance& instance : service.instances) {
    out.push_back(instance.address.ToString() + " p" + std::to_string(instance.priority) + " w" +
                  std::to_string(instance.weight));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Times are a fiftieth of life's.
class DnsSourceTest : public ::testing::Test {
 protected:
  DnsSourceTest() : fake(loop) {
    options = {.servers = {fake.address()},
               .names = {},
               .browse = "",
               .browse_interval = 50ms,
               .min_interval = 20ms,
               .max_interval = 1200ms,
               .timeout = 40ms,
               .hold_empty = 200ms,
               .confirm_loss = 100ms,
               .subset_hold = 600ms,
               .tcp_domain = ""};
  }

  ~DnsSourceTest() override {
    source.reset();
    test::RunTurns(loop, 2);
  }

  void Start() {
    source = MakeDnsSource(loop, options, sink);
    source->Start();
    EXPECT_EQ(sink.told + sink.ready, 0) << "nothing from inside Start";
  }
  void StartWeb() {
    options.names = {{.service = "web", .name = kWeb}};
    Start();
  }

  // `count` instances of web from number `first` on, with their addresses.
  void Serve(int first, int count, uint32_t ttl = 0) {
    std::vector<test::WireRecord> rows, along;
    for (int i = first; i < first + count; ++i) {
      const std::string node = "n" + std::to_string(i) + ".node.consul";
      rows.push_back(test::Srv(kWeb, 1, 10, 80, node, ttl));
      along.push_back(test::A(node, "10.0.0." + std::to_string(i), ttl));
    }
    fake.Set(kWeb, test::kTypeSrv, rows, along);
  }

  const DiscoveredService* Web() const {
    const auto at = sink.services.find("web");
    return at == sink.services.end() ? nullptr : at->second.get();
  }
  bool WebHas(size_t count, ServiceState state) const {
    return Web() != nullptr && Web()->instances.size() == count && Web()->state == state;
  }
  ::testing::AssertionResult Becomes(size_t count, ServiceState state) {
    return RunUntil(loop, [&] { return WebHas(count, state); });
  }
  // Lets the source read `count` times more.
  void Readings(int count) {
    const int until = fake.asked() + count;
    EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() >= until; }));
  }

  net::Loop loop;
  FakeDns fake;
  Sink sink;
  DnsOptions options;
  std::unique_ptr<Source> source;
};

}  // namespace signpost::lb
