// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/run_loop.h"

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;
using Kind = DnsReading::Kind;
using test::RunUntil;

// Cases D09 to D12, D16 and D32: the waits drawn for a TTL lie in these bounds and spread over them.
TEST(NextReading, FollowsTtlAndHurry) {
  const struct {
    const char* what;
    Millis next, hurry, least, most;
  } cases[] = {{"TTL 5 s", 5s, 0s, 4500ms, 5500ms},
               {"TTL 0, clamped", 1s, 0s, 1000ms, 1100ms},
               {"nothing known", 0s, 0s, 1000ms, 1100ms},
               {"TTL at the cap", 60s, 0s, 54s, 66s},
               {"emptiness", 0s, 1s, 1000ms, 1100ms},
               {"mass loss", 60s, 5s, 4500ms, 5500ms},
               {"mass loss, short TTL", 1s, 5s, 1000ms, 1100ms},
               {"rotation that grows", 60s, 500ms, 500ms, 550ms}};
  Random random(7);
  for (const auto& c : cases) {
    Millis least = Millis::max(), most = Millis::min();
    for (int i = 0; i < 1000; ++i) {
      const Millis wait = NextReading({}, c.next, c.hurry, random);
      least = std::min(least, wait), most = std::max(most, wait);
    }
    EXPECT_GE(least, c.least) << c.what;
    EXPECT_LE(most, c.most) << c.what;
    EXPECT_GT(most - least, (c.most - c.least) * 9 / 10) << c.what;
  }
}

TEST(ClampTtl, Bounds) {
  const DnsPace pace{1s, 60s};
  EXPECT_EQ(ClampTtl(pace, 0), 1s);
  EXPECT_EQ(ClampTtl(pace, 5), 5s);
  EXPECT_EQ(ClampTtl(pace, 86400), 60s);
  EXPECT_EQ(ClampTtl(pace, 0xffffffff), 60s);
}

// Tells what the test prepared, one reading after the other; the last one for ever.
class ScriptedReader final : public DnsReader {
 public:
  ScriptedReader(std::vector<DnsReading> script, int& count) : script_(std::move(script)), count_(count) {}
  void Read(std::function<void(DnsReading)> on_done) override {
    const size_t at = std::min(static_cast<size_t>(count_++), script_.size() - 1);
    on_done(script_[at]);
  }

 private:
  std::vector<DnsReading> script_;
  int& count_;
};

DnsReading One() {
  DnsReading out{.kind = Kind::kSet};
  out.instances.emplace_back().address = net::SocketAddress::Parse("10.0.0.1:80", 80).value();
  return out;
}

class DnsWatchTest : public ::testing::Test {
 protected:
  void Watch(std::vector<DnsReading> script, std::function<void()> on_reading) {
    const DnsPace pace{2ms, 100ms};
    watch = std::make_unique<DnsWatch>(loop, random, std::make_unique<ScriptedReader>(std::move(script), count),
                                       LossRules{.ask_again = 2ms}, pace, false, std::move(on_reading));
    watch->Start();
  }

  net::Loop loop;
  Random random{1};
  int count = 0;
  std::unique_ptr<DnsWatch> watch;
};

TEST_F(DnsWatchTest, ReadsAgainAndAgain) {
  DnsReading failed{.kind = Kind::kFailed};
  failed.reason = "servfail";
  Watch({failed, One()}, [] {});
  EXPECT_TRUE(watch->asked());
  EXPECT_EQ(watch->trouble(), "servfail");
  EXPECT_FALSE(watch->guard().known());
  EXPECT_TRUE(RunUntil(loop, [&] { return count >= 5; }));
  EXPECT_EQ(watch->trouble(), "");
  EXPECT_EQ(watch->guard().state(), ServiceState::kKnown);
}

TEST_F(DnsWatchTest, TroubleIsShownWithAPartialSet) {
  DnsReading partial = One();
  partial.kind = Kind::kPartial;
  partial.reason = "truncated";
  Watch({partial}, [] {});
  EXPECT_EQ(watch->trouble(), "truncated");
  EXPECT_EQ(watch->guard().state(), ServiceState::kHeld);
  EXPECT_EQ(watch->guard().instances().size(), 1U);
}

TEST_F(DnsWatchTest, MayDieInItsHandler) {
  Watch({One()}, [&] {
    if (count == 3) watch.reset();
  });
  EXPECT_TRUE(RunUntil(loop, [&] { return !watch; }));
  test::RunTurns(loop, 10);
  EXPECT_EQ(count, 3);
}

}  // namespace
}  // namespace signpost::lb
