// Signpost. Apache-2.0; see LICENSE.
#include "lb/takeover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <thread>

#include "common/net/acceptor.h"
#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using testing::HasSubstr;

net::SocketAddress LocalName(int fd) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  getsockname(fd, reinterpret_cast<sockaddr*>(&name), &length);
  return net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
}

// The old process' loop runs here, the new one on a thread.
class Takeover : public testing::Test {
 protected:
  Takeover() : path_(testing::TempDir() + "takeover_test." + std::to_string(getpid())) {}
  ~Takeover() override { std::filesystem::remove(path_); }

  void Open(int sockets) {
    for (int i = 0; i < sockets; ++i) {
      auto fd = net::ListenTcp(net::SocketAddress::Parse("127.0.0.1:0", 0).value(), true);
      ASSERT_TRUE(fd.ok());
      sockets_.push_back(std::move(fd).value());
    }
    auto server = TakeoverServer::Listen(loop_, path_,
                                         {.sockets =
                                              [this] {
                                                std::vector<std::pair<net::SocketAddress, int>> all;
                                                for (const net::UniqueFd& fd : sockets_) {
                                                  all.emplace_back(LocalName(fd.get()), fd.get());
                                                }
                                                return all;
                                              },
                                          .on_taken = [this] { ++taken_; }});
    ASSERT_TRUE(server.ok()) << server.status().text();
    server_ = std::move(server).value();
  }

  // Runs `act` beside the loop until it has returned.
  void Beside(const std::function<void()>& act) {
    std::atomic<bool> done = false;
    std::thread thread([&] {
      act();
      done = true;
    });
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return done.load(); }));
    thread.join();
  }

  const std::string path_;
  net::Loop loop_;
  std::vector<net::UniqueFd> sockets_;
  int taken_ = 0;
  std::unique_ptr<TakeoverServer> server_;
};

TEST_F(Takeover, NobodyThere) {
  EXPECT_EQ(TakeoverClient::Connect(path_, Millis(100)).status().kind(), ErrorKind::kNotFound);
  Open(1);
  server_.reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// Case R08. 300 sockets go in three packets.
TEST_F(Takeover, AllSocketsArriveAndAreListening) {
  Open(300);
  struct stat about {};
  ASSERT_EQ(stat(path_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  Beside([&] {
    auto client = TakeoverClient::Connect(path_, Millis(5000));
    ASSERT_TRUE(client.ok()) << client.status().text();
    const auto sockets = client.value().TakeSockets();
    ASSERT_EQ(sockets.size(), 300U);
    for (size_t i = 0; i < sockets.size(); ++i) {
      EXPECT_EQ(sockets[i].address, LocalName(sockets_[i].get()));
      EXPECT_NE(sockets[i].fd.get(), sockets_[i].get());
    }
    EXPECT_FALSE(client.value().Abandoned());
    EXPECT_EQ(taken_, 0);
    EXPECT_TRUE(client.value().Serving(Millis(5000)).ok());
    EXPECT_EQ(taken_, 1);
  });
  // The next server at that path is the successor's: the old one leaves its file alone.
  auto next = TakeoverServer::Listen(
      loop_, path_, {.sockets = [] { return std::vector<std::pair<net::SocketAddress, int>>(); }, .on_taken = [] {}});
  ASSERT_TRUE(next.ok());
  server_.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Takeover, WhoBreaksOffChangesNothingAndTheNextOneMay) {
  Open(2);
  Beside([&] {
    auto first = TakeoverClient::Connect(path_, Millis(5000));
    ASSERT_TRUE(first.ok());
  });
  test::RunTurns(loop_);
  EXPECT_EQ(taken_, 0);
  Beside([&] {
    auto second = TakeoverClient::Connect(path_, Millis(5000));
    ASSERT_TRUE(second.ok()) << second.status().text();
    EXPECT_EQ(second.value().TakeSockets().size(), 2U);
  });
}

TEST_F(Takeover, TheOldOneDiesFirst) {
  Open(1);
  Result<TakeoverClient> client = Status::Invalid("none");
  Beside([&] { client = TakeoverClient::Connect(path_, Millis(5000)); });
  ASSERT_TRUE(client.ok());
  server_.reset();
  EXPECT_TRUE(client.value().Abandoned());
  EXPECT_FALSE(client.value().Serving(Millis(100)).ok());
  EXPECT_EQ(client.value().TakeSockets().size(), 1U);
}

TEST_F(Takeover, NonsenseFromEitherSideIsRefused) {
  Open(1);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, path_.c_str(), sizeof name.sun_path - 1);
  const net::UniqueFd liar(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(liar.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(send(liar.get(), "stop", 4, 0), 4);
  char byte[4096];
  ASSERT_TRUE(test::RunUntil(loop_, [&] { return recv(liar.get(), byte, sizeof byte, MSG_DONTWAIT) == 0; }));
  EXPECT_EQ(taken_, 0);
  server_.reset();

  // A server that speaks something else.
  const net::UniqueFd other(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(other.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(other.get(), 1), 0);
  Beside([&] {
    std::thread speak([&] {
      const net::UniqueFd peer(accept(other.get(), nullptr, nullptr));
      send(peer.get(), "hello", 5, 0);
    });
    EXPECT_THAT(TakeoverClient::Connect(path_, Millis(5000)).status().text(), HasSubstr("another language"));
    speak.join();
  });
}

TEST_F(Takeover, AMistypedPathCostsNoFile) {
  const std::string file = path_ + ".txt";
  std::filesystem::create_directory(file);
  EXPECT_FALSE(TakeoverServer::Listen(loop_, file, {}).ok());
  EXPECT_TRUE(std::filesystem::exists(file));
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace signpost::lb
