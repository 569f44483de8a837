// Signpost. Apache-2.0; see LICENSE.
#include "lb/listener_set.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

net::SocketAddress Address(std::string_view text) { return net::SocketAddress::Parse(text, 0).value(); }

std::vector<ListenerPlan> Plans(std::initializer_list<std::string_view> addresses) {
  std::vector<ListenerPlan> plans;
  for (const std::string_view text : addresses) plans.push_back({.address = Address(text)});
  return plans;
}

net::UniqueFd SomeDescriptor() { return net::UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Two workers that note what they get; addresses can be made impossible to bind.
class ListenerSetTest : public testing::Test, protected ListenerHost {
 protected:
  size_t workers() const override { return 2; }
  void ServeSocket(size_t worker, const net::SocketAddress& address, net::UniqueFd fd) override {
    EXPECT_GE(fd.get(), 0);
    events_.push_back("serve " + std::to_string(worker) + " " + address.ToString());
    open_.push_back(std::move(fd));
  }
  void CloseSockets(const net::SocketAddress& address) override { events_.push_back("close " + address.ToString()); }

  Result<net::UniqueFd> Bind(const net::SocketAddress& address, bool alone) {
    events_.push_back((alone ? "bind " : "join ") + address.ToString());
    if (address.ToString() == taken_) return Status::System("cannot listen on tcp " + taken_, EADDRINUSE);
    return SomeDescriptor();
  }
  std::vector<std::string> Events() { return std::exchange(events_, {}); }

  net::Loop loop_;
  std::string taken_;
  std::vector<std::string> events_;
  std::vector<net::UniqueFd> open_;
  ListenerSet set_{loop_, *this, 1, [this](const net::SocketAddress& a, bool alone) { return Bind(a, alone); }};
};

TEST_F(ListenerSetTest, OneSocketPerWorkerAndAddress) {
  set_.Follow(Plans({"127.0.0.1:80"}));
  EXPECT_THAT(Events(),
              ElementsAre("bind 127.0.0.1:80", "join 127.0.0.1:80", "serve 0 127.0.0.1:80", "serve 1 127.0.0.1:80"));
  EXPECT_EQ(set_.statuses().at(0).state, ListenerSet::State::kBound);
  EXPECT_EQ(set_.descriptors().size(), 2U);
}

TEST_F(ListenerSetTest, WhatStaysIsNotTouched) {
  set_.Follow(Plans({"127.0.0.1:80", "127.0.0.1:81"}));
  Events();
  set_.Follow(Plans({"127.0.0.1:81", "127.0.0.1:82"}));
  const auto events = Events();
  EXPECT_THAT(events, testing::Contains("close 127.0.0.1:80"));
  EXPECT_THAT(events, testing::Contains("bind 127.0.0.1:82"));
  EXPECT_THAT(events, testing::Not(testing::Contains(HasSubstr("127.0.0.1:81"))));
  EXPECT_EQ(set_.Find(Address("127.0.0.1:80")), nullptr);
  set_.Follow(Plans({"127.0.0.1:81", "127.0.0.1:82"}));
  EXPECT_THAT(Events(), IsEmpty());
}

// Case C13.
TEST_F(ListenerSetTest, ATakenPortIsTriedAgain) {
  taken_ = "127.0.0.1:80";
  set_.Follow(Plans({"127.0.0.1:80", "127.0.0.1:81"}));
  const ListenerSet::ListenerStatus* status = set_.Find(Address("127.0.0.1:80"));
  ASSERT_NE(status, nullptr);
  EXPECT_EQ(status->state, ListenerSet::State::kRetrying);
  EXPECT_THAT(status->reason, HasSubstr("Address already in use"));
  EXPECT_EQ(set_.Find(Address("127.0.0.1:81"))->state, ListenerSet::State::kBound);
  taken_ = "";
  EXPECT_TRUE(test::RunUntil(loop_, [&] { return status->state == ListenerSet::State::kBound; }));
  EXPECT_EQ(status->reason, "");
  EXPECT_EQ(set_.descriptors().size(), 4U);
}

TEST_F(ListenerSetTest, WhoWantsATakenPortNoMoreIsForgotten) {
  taken_ = "127.0.0.1:80";
  set_.Follow(Plans({"127.0.0.1:80"}));
  Events();
  set_.Follow({});
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_THAT(set_.statuses(), IsEmpty());
}

// Case R08: of three sockets of a process with three threads, all are served by two workers.
TEST_F(ListenerSetTest, InheritedSocketsAreAllServedAndNoneIsBoundBeside) {
  std::vector<PassedSocket> passed;
  for (int i = 0; i < 3; ++i) passed.push_back({Address("127.0.0.1:80"), SomeDescriptor()});
  passed.push_back({Address("127.0.0.1:99"), SomeDescriptor()});
  const int unwanted = passed.back().fd.get();
  set_.Inherit(std::move(passed));
  set_.Hold();
  set_.Follow(Plans({"127.0.0.1:80"}));
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_EQ(set_.Find(Address("127.0.0.1:80"))->state, ListenerSet::State::kWaiting);

  set_.Release();
  EXPECT_THAT(Events(), ElementsAre("serve 0 127.0.0.1:80", "serve 1 127.0.0.1:80", "serve 0 127.0.0.1:80"));
  EXPECT_EQ(set_.descriptors().size(), 3U);
  EXPECT_EQ(fcntl(unwanted, F_GETFD), -1);
}

TEST_F(ListenerSetTest, MoreWorkersThanInheritedSocketsJoinThem) {
  std::vector<PassedSocket> passed;
  passed.push_back({Address("127.0.0.1:80"), SomeDescriptor()});
  set_.Inherit(std::move(passed));
  set_.Hold();
  set_.Follow(Plans({"127.0.0.1:80"}));
  set_.Release();
  EXPECT_THAT(Events(), ElementsAre("join 127.0.0.1:80", "serve 0 127.0.0.1:80", "serve 1 127.0.0.1:80"));
}

// With real sockets: another program that would share the port in silence is noticed.
TEST(BindListener, DoesNotShareWithStrangers) {
  const auto stranger = ListenerSet::BindListener(Address("127.0.0.1:0"), true);
  ASSERT_TRUE(stranger.ok());
  sockaddr_in name{};
  socklen_t length = sizeof name;
  ASSERT_EQ(getsockname(stranger.value().get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const auto address = net::SocketAddress::From(reinterpret_cast<const sockaddr*>(&name), length);
  EXPECT_FALSE(ListenerSet::BindListener(address, /*alone=*/true).ok());
  EXPECT_TRUE(ListenerSet::BindListener(address, /*alone=*/false).ok());
}

}  // namespace
}  // namespace signpost::lb
