// Signpost. Apache-2.0; see LICENSE.
// A feed over a fake Consul with the services web (two instances) and db in the datacenter "dc1".
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dnsd/feed/consul_feed.h"
#include "tests/support/consul/fake_consul.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/feed/recording_sink.h"

namespace signpost::feed {

using catalog::Key;
using catalog::Kind;
using test::FakeConsul;
using test::RunUntil;

inline Key Own(const std::string& name, Kind kind = Kind::kService) { return {kind, "dc1", name}; }
inline Key There(const std::string& name, Kind kind = Kind::kService) { return {kind, "dc2", name}; }

class MovableClock : public Clock {
 public:
  Nanos Monotonic() const override { return SystemClock().Monotonic() + moved; }
  Nanos Wall() const override { return SystemClock().Wall() + moved; }
  Nanos moved{0};
};

class ConsulFeedTest : public ::testing::Test {
 protected:
  ConsulFeedTest() {
    fake_.Put({.id = "web-1", .service = "Web", .port = 80});
    fake_.Put({.id = "web-2", .service = "web", .port = 81});
    fake_.Put({.id = "db-1", .service = "db", .node = "n2", .port = 5432});
  }

  void Start() {
    options_.agent.url = fake_.url();
    feed_ = std::make_unique<ConsulFeed>(loop_, clock_, options_);
    if (restored_) feed_->Restore(*restored_);
    feed_->Start(sink_);
  }
  void StartFresh() {
    Start();
    ASSERT_TRUE(Until([&] { return sink_.Fresh(); }));
  }
  ::testing::AssertionResult Until(const std::function<bool()>& done, Millis deadline = Millis(5000)) {
    return RunUntil(loop_, done, deadline);
  }
  // Waits until the feed has nothing to do but block: `watches` blocking queries.
  void Quiet(size_t watches) {
    ASSERT_TRUE(Until([&] { return fake_.blocked() == watches && feed_->status().fetches_in_flight == 0; }));
  }

  net::Loop loop_;
  MovableClock clock_;
  FakeConsul fake_{loop_};
  RecordingSink sink_;
  ConsulFeedOptions options_;
  std::optional<catalog::Snapshot> restored_;
  std::unique_ptr<ConsulFeed> feed_;
};

}  // namespace signpost::feed
