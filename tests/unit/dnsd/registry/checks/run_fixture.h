// Signpost. Apache-2.0; see LICENSE.
// Runs one check to its end, against servers of the test's own loop.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dnsd/registry/checks/run.h"
#include "tests/support/run_loop.h"

namespace signpost::registry {

class RunTest : public ::testing::Test {
 protected:
  using Kind = CheckDefinition::Kind;

  static CheckDefinition Define(Kind kind) {
    CheckDefinition definition;
    definition.kind = kind;
    definition.timeout = Millis(3000);
    return definition;
  }

  RunContext& context() {
    if (!context_) context_ = std::make_unique<RunContext>(loop, options);
    return *context_;
  }
  std::unique_ptr<registry::Run> Start(const CheckDefinition& definition) {
    outcome.reset();
    auto run = StartRun(context(), std::make_shared<const CheckDefinition>(definition),
                        [this](Outcome result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome) << "told from inside the start";
    return run;
  }
  Outcome RunToEnd(const CheckDefinition& definition) {
    const auto run = Start(definition);
    EXPECT_TRUE(test::RunUntil(loop, [&] { return outcome.has_value(); }));
    return outcome.value_or(Outcome{CheckStatus::kCritical, "no outcome"});
  }

  net::Loop loop;
  CheckOptions options;
  std::optional<Outcome> outcome;

 private:
  std::unique_ptr<RunContext> context_;
};

// What a failing test prints.
inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << StatusWord(outcome.status) << " \"" << outcome.output << '"';
}

}  // namespace signpost::registry
