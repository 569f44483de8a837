// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

#include "tests/support/bind_to_loopback.h"
#include "tests/support/dns/asker.h"
#include "tests/support/dns/world.h"
#include "tests/unit/dnsd/resolver/upstream_message.h"

namespace signpost::dnsd {
namespace {

using catalog::Kind;
using service_zone::Change;
using test::Asker;
using test::Question;
using test::Service;
using ::testing::ElementsAre;

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    address = test::BindToLoopback(worker);
    worker.Post([](service_zone::ZoneData& data, uint64_t) {
      data.SetFreshness(catalog::Freshness::kFresh);
      data.SetDatacenters({"dc1", "dc2"});
    });
  }
  ~WorkerTest() override { Stop(); }
  void Stop() {
    worker.Drain(Millis(50));
    worker.Join();
  }

  void Publish(const Service& service) {
    Change change{.what = Change::What::kService, .key = service.key(), .service = preparer.Prepare(service.Build())};
    worker.Apply(std::make_shared<const std::vector<Change>>(1, std::move(change)));
  }
  // Waits until a client's use of `key` has been reported.
  bool Wanted(const catalog::Key& key) {
    std::unique_lock lock(mutex);
    return reported.wait_for(lock, std::chrono::seconds(5),
                             [&] { return std::ranges::find(wanted, key) != wanted.end(); });
  }

  std::mutex mutex;
  std::condition_variable reported;
  std::vector<catalog::Key> wanted;
  std::shared_ptr<const service_zone::Settings> settings = test::MakeSettings();
  service_zone::Preparer preparer{settings};
  transport::TcpBudget budget{10, 0};
  Worker worker{settings, {}, budget, 0, {.wanted = [this](std::vector<catalog::Key> keys) {
                  const std::lock_guard lock(mutex);
                  wanted.insert(wanted.end(), keys.begin(), keys.end());
                  reported.notify_all();
                }}};
  net::SocketAddress address;
};

TEST_F(WorkerTest, AnswersOverUdpAndTcpOnOnePort) {
  ASSERT_NE(address.port(), 0);
  Publish(Service("web").On("n1", "10.0.0.1").Port(80));
  worker.Start();
  const Asker asker(address);
  EXPECT_THAT(asker.Ask(Question("web.service.consul", "A")).answer, ElementsAre("web.service.consul. 0 A 10.0.0.1"));
  EXPECT_THAT(asker.Ask(Question("web.service.consul", "SRV").Tcp()).answer.size(), 1U);
  EXPECT_EQ(worker.counters().received[0].value(), 1U);
  EXPECT_EQ(worker.counters().received[1].value(), 1U);
  EXPECT_EQ(worker.tcp()[0]->counters().accepted.value(), 1U);
}

TEST_F(WorkerTest, ChangesReachTheAnswers) {
  Publish(Service("web").On("n1", "10.0.0.1"));
  worker.Start();
  const Asker asker(address);
  for (int i = 2; i < 50; ++i) {
    const std::string next = "10.0.0." + std::to_string(i);
    Publish(Service("web").On("n1", next));
    // Queries that arrive in the same turn of the loop as the change may be answered before it; a turn reads few
    // batches.
    test::Lines seen;
    for (int tries = 0; tries < 20 && seen != test::Lines{"web.service.consul. 0 A " + next}; ++tries) {
      seen = asker.Ask(Question("web.service.consul", "A")).answer;
    }
    EXPECT_THAT(seen, ElementsAre("web.service.consul. 0 A " + next));
  }
}

TEST_F(WorkerTest, ReportsWhichNamesAreInUse) {
  Publish(Service("web").On("n1", "10.0.0.1"));
  worker.Start();
  Asker(address).Ask(Question("web.service.consul", "A"));
  EXPECT_TRUE(Wanted({Kind::kService, "dc1", "web"}));
}

TEST_F(WorkerTest, AQuestionWaitsForWhatTheSourceBrings) {
  worker.Start();
  const Asker asker(address);
  asker.Send(Question("web.service.dc2.consul", "A"));
  ASSERT_TRUE(Wanted({Kind::kService, "dc2", "web"}));
  EXPECT_EQ(worker.waiting().waiting(query::Transport::kUdp), 1U);
  Publish(Service("web", Kind::kService, "dc2").On("w1", "10.0.8.1"));
  EXPECT_THAT(asker.Receive().answer, ElementsAre("web.service.dc2.consul. 0 A 10.0.8.1"));
  EXPECT_EQ(worker.waiting().waiting(query::Transport::kUdp), 0U);
}

TEST_F(WorkerTest, DrainEndsTheThread) {
  worker.Start();
  EXPECT_EQ(Asker(address).Ask(Question("consul", "SOA")).rcode, "NOERROR");
  Stop();
  bool ran = false;
  worker.Post([&](service_zone::ZoneData&, uint64_t) { ran = true; });
  EXPECT_FALSE(ran);
  EXPECT_EQ(worker.counters().answered[0].value(), 1U) << "counters outlive the thread";
}

TEST_F(WorkerTest, WorkersShareAnAddress) {
  Worker other(settings, {}, budget, 0, {});
  const auto bound = other.Bind(address);
  ASSERT_TRUE(bound.ok()) << bound.status().text();
  EXPECT_EQ(bound.value(), address);
}

TEST_F(WorkerTest, BindSaysWhichAddressFailed) {
  Worker other(settings, {}, budget, 0, {});
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);  // without SO_REUSEPORT
  net::SocketAddress taken = test::Loopback();
  ASSERT_EQ(bind(fd, taken.get(), taken.length()), 0);
  socklen_t length = net::SocketAddress::kCapacity;
  ASSERT_EQ(getsockname(fd, taken.get(), &length), 0);
  const auto bound = other.Bind(taken);
  close(fd);
  ASSERT_FALSE(bound.ok());
  EXPECT_THAT(bound.status().text(), ::testing::HasSubstr(taken.ToString()));
}

// A worker that forwards everything to a resolver that the test plays.
class ForwardingWorkerTest : public ::testing::Test {
 protected:
  ForwardingWorkerTest() {
    address = test::BindToLoopback(worker);
    worker.SetPolicy(Policy({resolver::Route{test::WireName("."), {test::Loopback()}, 1}}), kHop);
    worker.Start();
  }
  ~ForwardingWorkerTest() override {
    worker.Drain(Millis(50));
    worker.Join();
  }

  static std::shared_ptr<const query::Policy> Policy(std::vector<resolver::Route> routes) {
    auto policy = std::make_shared<query::Policy>();
    EXPECT_TRUE(policy->recursion.Add("local").ok());
    policy->zones = std::make_shared<const static_zone::ZoneSet>();
    policy->routes = std::make_shared<const resolver::Routes>(std::move(routes));
    policy->log.names = {test::WireName(".")};
    return policy;
  }
  static Question Www() { return Question("www.example.com", "A").Flags(0x0100).Edns(1232); }
  // Waits for the `n`th question to the resolver, from 1.
  resolver::Question Asked(size_t n) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(news.wait_for(lock, std::chrono::seconds(5), [&] { return asked.size() >= n; }));
    return asked.size() < n ? resolver::Question{} : asked[n - 1];
  }
  static resolver::Settled Good(uint32_t ttl) {
    const auto now_ms = static_cast<uint64_t>(std::chrono::duration_cast<Millis>(SystemClock().Monotonic()).count());
    auto message = resolver::UpstreamMessage("www.example.com", "A");
    const auto packet = message.Answer("www.example.com " + std::to_string(ttl) + " A 192.0.2.7").Packet();
    auto answer = resolver::ReadReply(packet, {.question = message.question(), .id = resolver::kId}, {}, now_ms).answer;
    answer->route = 1;
    return {message.question(), answer, resolver::Age::kFresh, ttl == 0 ? 0 : answer->expires_ms};
  }

  static constexpr std::array<uint8_t, 8> kHop = {1, 2, 3, 4, 5, 6, 7, 8};
  std::mutex mutex;
  std::condition_variable news;
  std::vector<resolver::Question> asked;
  std::vector<std::string> probes;
  transport::TcpBudget budget{10, 0};
  Worker worker{test::MakeSettings(),
                {},
                budget,
                1 << 20,
                {.ask =
                     [this](resolver::Question question) {
                       const std::lock_guard lock(mutex);
                       asked.push_back(std::move(question));
                       news.notify_all();
                     },
                 .probe_seen =
                     [this](std::string_view label) {
                       const std::lock_guard lock(mutex);
                       probes.emplace_back(label);
                       news.notify_all();
                     }}};
  net::SocketAddress address;
};

TEST_F(ForwardingWorkerTest, AsksAndAnswersWithWhatIsDelivered) {
  const Asker asker(address);
  asker.Send(Www());
  EXPECT_EQ(Asked(1), resolver::Ask("www.example.com", "A"));
  EXPECT_EQ(worker.waiting().waiting(query::Transport::kUdp), 1U);
  worker.Deliver(Good(60));
  EXPECT_THAT(asker.Receive().answer, ElementsAre("www.example.com. 60 A 192.0.2.7"));
  EXPECT_THAT(asker.Ask(Www()).answer, ElementsAre("www.example.com. 60 A 192.0.2.7")) << "kept";
  std::promise<void> flushed;
  worker.Flush(resolver::WireName("www.example.com"), false, [&] { flushed.set_value(); });
  flushed.get_future().wait();
  asker.Send(Www());
  EXPECT_EQ(Asked(2).name, resolver::WireName("www.example.com"));
  worker.Deliver(Good(0));
  EXPECT_EQ(asker.Receive().rcode, "NOERROR");
  asker.Send(Www());
  EXPECT_EQ(Asked(3).name, resolver::WireName("www.example.com")) << "TTL 0 is for those who waited";
}

TEST_F(ForwardingWorkerTest, ANewPolicyCountsForTheNextQuestion) {
  worker.SetPolicy(Policy({}), kHop);
  std::promise<void> taken;
  worker.Inspect([&](auto&, auto&, uint64_t) { taken.set_value(); });
  taken.get_future().wait();
  EXPECT_EQ(Asker(address).Ask(Www()).rcode, "REFUSED");
}

TEST_F(ForwardingWorkerTest, KnowsItsOwnMark) {
  EXPECT_EQ(Asker(address).Ask(Www().Option(wire::edns_option::kHop, "0102030405060708")).rcode, "SERVFAIL");
}

TEST_F(ForwardingWorkerTest, TellsOfProbes) {
  Asker(address).Send(Question("signpost-loop-0123456789abcdef.signpost-probe.arpa", "TXT").Flags(0x0100));
  std::unique_lock lock(mutex);
  EXPECT_TRUE(news.wait_for(lock, std::chrono::seconds(5), [&] { return !probes.empty(); }));
  EXPECT_THAT(probes, ElementsAre("signpost-loop-0123456789abcdef"));
}

TEST_F(ForwardingWorkerTest, LogsWhatHadToWaitWithoutAnotherQuestion) {
  const Asker asker(address);
  asker.Send(Www());
  Asked(1);
  worker.Deliver(Good(60));
  asker.Receive();
  // Until the line has been taken out of the log, which a timer of the worker does.
  bool taken = false;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!taken && std::chrono::steady_clock::now() < end) {
    std::promise<bool> empty;
    worker.Inspect(
        [&](query::Handler& handler, service_zone::ZoneData&, uint64_t) { empty.set_value(handler.log().empty()); });
    taken = empty.get_future().get();
  }
  EXPECT_TRUE(taken);
}

}  // namespace
}  // namespace signpost::dnsd
