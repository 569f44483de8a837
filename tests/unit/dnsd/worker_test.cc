// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "tests/support/bind_to_loopback.h"
#include "tests/support/dns/asker.h"
#include "tests/support/dns/world.h"

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
  Worker worker{settings, {}, budget, [this](std::vector<catalog::Key> keys) {
                  const std::lock_guard lock(mutex);
                  wanted.insert(wanted.end(), keys.begin(), keys.end());
                  reported.notify_all();
                }};
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
  Worker other(settings, {}, budget, [](std::vector<catalog::Key>) {});
  const auto bound = other.Bind(address);
  ASSERT_TRUE(bound.ok()) << bound.status().text();
  EXPECT_EQ(bound.value(), address);
}

TEST_F(WorkerTest, BindSaysWhichAddressFailed) {
  Worker other(settings, {}, budget, [](std::vector<catalog::Key>) {});
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

}  // namespace
}  // namespace signpost::dnsd
