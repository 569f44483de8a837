// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/access_record.h"

#include <gtest/gtest.h>

#include <set>

#include "lb/session/session_context.h"

namespace signpost::lb {
namespace {

TEST(AccessRecordTest, EveryTerminationHasANameAndACounter) {
  std::set<std::string_view> names;
  const size_t count = SessionCounters().terminations.size();
  for (size_t i = 0; i < count; ++i) names.insert(TerminationName(static_cast<Termination>(i)));
  EXPECT_EQ(names.size(), count);
  EXPECT_EQ(names.count("unknown"), 0U);
  EXPECT_EQ(count, static_cast<size_t>(Termination::kShutdown) + 1);
}

}  // namespace
}  // namespace signpost::lb
