// Signpost. Apache-2.0; see LICENSE.
// A watch on a fake engine, with everything it tells written down.
#pragma once

#include <algorithm>
#include <set>

#include "registrar/docker/engine_watch.h"
#include "tests/support/run_loop.h"
#include "tests/unit/registrar/docker/fake_engine.h"

namespace signpost::registrar {

using test::RunTurns;
using test::RunUntil;

class EngineWatchTest : public ::testing::Test {
 protected:
  EngineWatchTest() {
    options_.list_period = Millis(60000);
    options_.ping_period = Millis(60000);
    options_.backoff_first = Millis(5);
    options_.backoff_cap = Millis(20);
    options_.confirm_delay = Millis(20);
  }

  void Begin() {
    client_ = std::make_unique<EngineClient>(loop_, engine_.Options());
    EngineWatch::Handlers handlers;
    handlers.on_connected = [this](const EngineInfo& info) { Note("connected " + info.id); };
    handlers.on_event = [this](const Event& event) {
      Note(std::string("event ") + EventKindName(event.kind) + " " + Short(event.container_id));
    };
    handlers.on_container = [this](const Container& container) {
      Note((container.running ? "runs " : "stopped ") + Short(container.id));
    };
    handlers.on_gone = [this](const std::string& id) { Note("gone " + Short(id)); };
    handlers.on_synced = [this] { Note("synced"); };
    handlers.on_lost = [this](const Status& status) {
      lost_ = status;
      Note("lost");
    };
    watch_ = std::make_unique<EngineWatch>(loop_, *client_, options_, std::move(handlers));
    EXPECT_TRUE(told_.empty()) << "called inside the constructor";
  }
  void BeginSynced() {
    Begin();
    ASSERT_TRUE(RunUntil(loop_, [&] { return Told("synced") == 1; }));
  }

  static std::string Short(const std::string& id) {
    const size_t digits = id.find_first_of("0123456789");
    return digits == std::string::npos ? id : id.substr(digits);
  }
  void Note(std::string what) { told_.push_back(std::move(what)); }
  long Told(const std::string& what) const { return std::count(told_.begin(), told_.end(), what); }
  // Before `b`, which was told as well.
  ::testing::AssertionResult Before(const std::string& a, const std::string& b) const {
    const auto first = std::find(told_.begin(), told_.end(), a);
    const auto second = std::find(told_.begin(), told_.end(), b);
    if (second != told_.end() && first < second) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << ::testing::PrintToString(told_);
  }
  const EngineWatch::Counters& counters() const { return watch_->counters(); }

  net::Loop loop_;
  FakeEngine engine_{loop_};
  EngineWatchOptions options_;
  std::unique_ptr<EngineClient> client_;
  std::unique_ptr<EngineWatch> watch_;
  std::vector<std::string> told_;
  Status lost_;
};

}  // namespace signpost::registrar
