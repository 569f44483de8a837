// Signpost. Apache-2.0; see LICENSE.
// An AgentWatch of owner "me" at a fake agent, and what it said.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "registrar/agent/agent_watch.h"
#include "tests/support/consul/fake_agent.h"
#include "tests/support/run_loop.h"

namespace signpost::registrar {

class AgentWatchTest : public ::testing::Test {
 protected:
  AgentWatchTest() {
    consul::AgentOptions options;
    options.url = fake_.url();
    client_ = std::make_unique<consul::AgentClient>(loop_, options);
    options_.min_read_gap = Millis(2);
    options_.retry_first = Millis(4);
    options_.retry_cap = Millis(20);
  }

  void Start() {
    watch_ = std::make_unique<AgentWatch>(
        loop_, *client_, options_,
        AgentWatch::Handlers{
            .on_actual = [this](const ActualServices& services, Millis begun) { Tell(services, begun); },
            .on_lost =
                [this](const Status& status) {
                  lost_.push_back(status);
                  said_.emplace_back("lost");
                },
            .on_restarted = [this] { said_.emplace_back("restarted"); }});
    watch_->Start("me");
  }
  // Runs until the last thing said is this, and nothing is on the way.
  ::testing::AssertionResult Says(const std::string& text) {
    return test::RunUntil(loop_, [&] { return !said_.empty() && said_.back() == text; });
  }
  // The watch stands at rest: it has read the agent, and holds what it can.
  ::testing::AssertionResult Holds(size_t blocked) {
    return test::RunUntil(loop_, [this, blocked] { return fake_.blocked() == blocked && !watch_reading(); });
  }
  bool watch_reading() const { return watch_->counters().readings.value() != said_count_; }
  int questions(const std::string& id) const { return fake_.requests("/v1/agent/service/" + id); }

  net::Loop loop_;
  test::FakeAgent fake_{loop_};
  std::unique_ptr<consul::AgentClient> client_;
  AgentWatchOptions options_;
  std::unique_ptr<AgentWatch> watch_;
  std::vector<std::string> said_;  // "a b" for a reading with these services, "lost", "restarted"
  std::vector<Status> lost_;
  uint64_t said_count_ = 0;  // readings that ended
  Millis begun_{0};

 private:
  void Tell(const ActualServices& services, Millis begun) {
    std::string ids;
    for (const auto& [id, service] : services) ids += (ids.empty() ? "" : " ") + id;
    said_.push_back(ids);
    begun_ = begun;
    said_count_ = watch_->counters().readings.value();
  }
};

}  // namespace signpost::registrar
