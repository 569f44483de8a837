// Signpost. Apache-2.0; see LICENSE.
#include "lb/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace signpost::lb {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class NoLog final : public AccessSink {
 public:
  void Record(const AccessRecord&) override {}
};

// A worker on its thread, with one listening socket. Calls from here block, with a limit.
class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    listener_ = net::ListenTcp(net::SocketAddress::Parse("127.0.0.1:0", 0).value(), true).value();
    sockaddr_in name{};
    socklen_t length = sizeof name;
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&name), &length);
    address_ = net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
    worker_ = std::make_unique<Worker>(log_, "x-", [this] {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      changed_.notify_all();
    });
  }
  ~WorkerTest() override {
    worker_->Kill();
    worker_->Join();
  }

  // Routes first, as the program does: who connects early must not find none.
  void Start() {
    Publish({{.address = address_, .kind = ListenerKind::kHttp}});
    worker_->Serve(address_, std::move(listener_));
    worker_->Start();
  }
  void Publish(std::vector<ListenerPlan> plans) {
    auto routes = std::make_shared<Routes>();
    routes->http = std::make_shared<HttpRouteTable>();
    routes->listeners = std::move(plans);
    worker_->Publish(std::move(routes), false);
  }

  net::UniqueFd Connect() const {
    net::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    EXPECT_EQ(connect(fd.get(), address_.get(), address_.length()), 0);
    return fd;
  }
  // What comes until the end of the connection, or the end of a head.
  static std::string Ask(const net::UniqueFd& fd, std::string_view request) {
    send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    std::string answer;
    char piece[4096];
    while (answer.find("\r\n\r\n") == std::string::npos) {
      const ssize_t size = recv(fd.get(), piece, sizeof piece, 0);
      if (size <= 0) break;
      answer.append(piece, static_cast<size_t>(size));
    }
    return answer;
  }
  // Until an answer to a request fits: what was told to the worker takes effect a moment later. "" = closed without
  // one.
  template <typename Ask>
  static bool Eventually(Ask ask, const testing::Matcher<const std::string&>& wanted) {
    const Nanos until = SystemClock().Monotonic() + std::chrono::seconds(5);
    while (SystemClock().Monotonic() < until) {
      if (wanted.Matches(ask())) return true;
    }
    return false;
  }
  bool WaitForTheEnd() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5), [this] { return ended_; });
  }

  static constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

  NoLog log_;
  net::UniqueFd listener_;
  net::SocketAddress address_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, ServesByTheNewestRoutes) {
  Start();
  const net::UniqueFd client = Connect();
  EXPECT_THAT(Ask(client, kRequest), StartsWith("HTTP/1.1 404"));
  EXPECT_EQ(worker_->counters().http_requests.value(), 1U);
  EXPECT_EQ(worker_->accepts().accepted.value(), 1U);
}

// Case C09: the port stays open for the linger time, and its connections end at once. Others do not mind.
TEST_F(WorkerTest, ALingeringListenerClosesWhatItAccepts) {
  Start();
  const net::UniqueFd before = Connect();
  EXPECT_THAT(Ask(before, kRequest), StartsWith("HTTP/1.1 404"));
  Publish({{.address = address_, .kind = ListenerKind::kHttp, .lingering = true}});
  const auto ask_anew = [&] { return Ask(Connect(), kRequest); };
  EXPECT_TRUE(Eventually(ask_anew, testing::Eq("")));
  EXPECT_THAT(Ask(before, kRequest), StartsWith("HTTP/1.1 404"));
  // A plan that moved within the list is found again (case C10).
  ListenerPlan other{.address = net::SocketAddress::Parse("127.0.0.1:1", 0).value()};
  Publish({other, {.address = address_, .kind = ListenerKind::kHttp}});
  EXPECT_TRUE(Eventually(ask_anew, StartsWith("HTTP/1.1 404")));
  // One that is gone altogether means the same as lingering, until the listener is closed.
  Publish({});
  EXPECT_TRUE(Eventually(ask_anew, testing::Eq("")));
}

// Cases R06, R08: a request that crosses with the end is answered; then the thread ends by itself.
TEST_F(WorkerTest, DrainAnswersWhatIsOnItsWay) {
  Start();
  net::UniqueFd idle = Connect();
  EXPECT_THAT(Ask(idle, kRequest), StartsWith("HTTP/1.1 404"));
  worker_->Drain(Millis(60000), Millis(120000), false);
  const auto ask_again = [&] {
    const std::string answer = Ask(idle, kRequest);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
    return answer;
  };
  EXPECT_TRUE(Eventually(ask_again, HasSubstr("Connection: close")));
  idle.Reset();
  EXPECT_TRUE(WaitForTheEnd());
}

TEST_F(WorkerTest, IdleConnectionsEndAfterTheGrace) {
  Start();
  const net::UniqueFd idle = Connect();
  EXPECT_THAT(Ask(idle, kRequest), StartsWith("HTTP/1.1 404"));
  worker_->Drain(Millis(1), Millis(60000), false);
  EXPECT_TRUE(WaitForTheEnd());
  EXPECT_EQ(Ask(idle, ""), "");
}

// Case R07.
TEST_F(WorkerTest, KillEndsItWhateverIsOpen) {
  Start();
  const net::UniqueFd client = Connect();
  EXPECT_THAT(Ask(client, kRequest), StartsWith("HTTP/1.1 404"));
  worker_->Drain(Millis(60000), Millis(60000), false);
  worker_->Kill();
  EXPECT_TRUE(WaitForTheEnd());
}

}  // namespace
}  // namespace signpost::lb
