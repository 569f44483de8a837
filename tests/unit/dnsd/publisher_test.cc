// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/bind_to_loopback.h"
#include "tests/support/dns/asker.h"
#include "tests/support/dns/world.h"
#include "tests/support/run_loop.h"

namespace signpost::dnsd {
namespace {

using catalog::Kind;
using test::Asker;
using test::Node;
using test::Question;
using test::Service;
using ::testing::ElementsAre;

// A publisher with two workers, each on an address of its own.
class PublisherTest : public ::testing::Test {
 protected:
  PublisherTest() {
    for (int i = 0; i < 2; ++i) {
      workers.push_back(std::make_unique<Worker>(settings, transport::TcpOptions{}, budget, 0, Worker::Hooks{}));
      askers.push_back(std::make_unique<Asker>(test::BindToLoopback(*workers.back())));
    }
    publisher = std::make_unique<Publisher>(loop, settings, workers);
    for (const auto& worker : workers) worker->Start();
    publisher->OnFreshness(catalog::Freshness::kFresh);
    publisher->OnDatacenters({"dc1", "dc2"});
  }
  ~PublisherTest() override {
    for (const auto& worker : workers) worker->Drain(Millis(50));
    for (const auto& worker : workers) worker->Join();
  }

  void Publish(const Service& service) { publisher->OnService(service.key(), service.Build()); }
  // Asks until every worker has answered `expected` (rcode and first record), for two seconds at most.
  ::testing::AssertionResult Answers(const std::string& expected, const char* name, const char* type = "A") {
    std::string seen;
    const auto all_as_expected = [&] {
      return std::ranges::all_of(askers, [&](const auto& asker) {
        const test::Reply reply = asker->Ask(Question(name, type));
        seen = reply.rcode + (reply.answer.empty() ? "" : " " + reply.answer[0]);
        return seen == expected;
      });
    };
    if (test::RunUntil(loop, all_as_expected, Millis(2000))) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "the last answer was: " << seen;
  }

  net::Loop loop;
  std::shared_ptr<const service_zone::Settings> settings = test::MakeSettings();
  transport::TcpBudget budget{10, 0};
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::unique_ptr<Asker>> askers;
  std::unique_ptr<Publisher> publisher;
};

TEST_F(PublisherTest, EveryWorkerLearnsEveryChange) {
  EXPECT_TRUE(Answers("NXDOMAIN", "web.service.consul"));
  const Service web = Service("web").On("n1", "10.0.0.1");
  Publish(web);
  EXPECT_TRUE(Answers("NOERROR web.service.consul. 0 A 10.0.0.1", "web.service.consul"));
  publisher->OnService(web.key(), nullptr);
  EXPECT_TRUE(Answers("NXDOMAIN", "web.service.consul"));
}

TEST_F(PublisherTest, NodesOfEitherDatacenter) {
  const auto own = Node("n1", "10.0.0.1").Tagged("wan_ipv4", "203.0.113.1").Build();
  const auto foreign = Node("w1", "10.0.8.1", "dc2").Tagged("wan_ipv4", "203.0.113.2").Translated().Build();
  publisher->OnNode({Kind::kNode, "dc1", "n1"}, own);
  publisher->OnNode({Kind::kNode, "dc2", "w1"}, foreign);
  EXPECT_TRUE(Answers("NOERROR n1.node.consul. 0 A 10.0.0.1", "n1.node.consul"));
  EXPECT_TRUE(Answers("NOERROR w1.node.dc2.consul. 0 A 203.0.113.2", "w1.node.dc2.consul"));
  publisher->OnNode({Kind::kNode, "dc1", "n1"}, nullptr);
  EXPECT_TRUE(Answers("NXDOMAIN", "n1.node.consul"));
}

TEST_F(PublisherTest, WhatCannotBeFetchedIsServfail) {
  publisher->OnUnavailable({Kind::kService, "dc2", "web"});
  EXPECT_TRUE(Answers("SERVFAIL", "web.service.dc2.consul"));
}

TEST_F(PublisherTest, ChangesKeepTheirOrder) {
  Publish(Service("web").On("n1", "10.0.0.1"));
  publisher->OnFreshness(catalog::Freshness::kExpired);
  EXPECT_TRUE(Answers("SERVFAIL", "web.service.consul"));
  EXPECT_EQ(publisher->freshness(), catalog::Freshness::kExpired);
  for (int i = 2; i < 9; ++i) Publish(Service("web").On("n1", "10.0.0." + std::to_string(i)));
  publisher->OnFreshness(catalog::Freshness::kFresh);
  EXPECT_TRUE(Answers("NOERROR web.service.consul. 0 A 10.0.0.8", "web.service.consul"));
}

TEST_F(PublisherTest, TheIndexIsTheSerial) {
  publisher->OnIndex((uint64_t{1} << 32) + 77);
  EXPECT_TRUE(Answers("NOERROR consul. 1 SOA ns.consul. hostmaster.consul. 77 3600 600 86400 1", "consul", "SOA"));
  EXPECT_EQ(publisher->index(), (uint64_t{1} << 32) + 77);
  EXPECT_THAT(publisher->datacenters(), ElementsAre("dc1", "dc2"));
}

TEST_F(PublisherTest, NewSettingsCountForWhatIsKnownAlready) {
  const Service web = Service("web").On("n1", "10.0.0.1").Warning();
  Publish(web);
  EXPECT_TRUE(Answers("NOERROR web.service.consul. 0 A 10.0.0.1", "web.service.consul"));
  catalog::Snapshot known;
  known.services = {web.Build()};
  known.nodes = {Node("n1", "10.0.0.1").Build()};
  publisher->SetSettings(test::MakeSettings([](service_zone::Settings& s) {
                           s.service_ttl.Set("*", 9);
                           s.node_ttl = 5;
                         }),
                         known);
  EXPECT_TRUE(Answers("NOERROR web.service.consul. 9 A 10.0.0.1", "web.service.consul"));
  EXPECT_TRUE(Answers("NOERROR n1.node.consul. 5 A 10.0.0.1", "n1.node.consul"));
  publisher->SetSettings(test::MakeSettings([](service_zone::Settings& s) { s.only_passing = true; }), known);
  EXPECT_TRUE(Answers("NOERROR", "web.service.consul"));
}

}  // namespace
}  // namespace signpost::dnsd
