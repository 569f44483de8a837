// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/check_list.h"

#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

consul::CheckState ServiceCheck(const char* status) { return {"N1", "c1", status, "web-1", "Web"}; }
consul::CheckState NodeCheck(const char* status) { return {"N1", "serfHealth", status, "", ""}; }

TEST(CheckList, TellsWhoseHealthChanged) {
  const struct {
    const char* what;
    CheckList before, after;
    Affected affected;
  } kCases[] = {
      {"nothing", {ServiceCheck("critical")}, {ServiceCheck("critical")}, {}},
      {"a service check fails", {}, {ServiceCheck("critical")}, {{"web"}, {}}},
      {"a service check recovers", {ServiceCheck("critical")}, {}, {{"web"}, {}}},
      {"a status changes", {ServiceCheck("critical")}, {ServiceCheck("warning")}, {{"web"}, {}}},
      {"a node check fails", {ServiceCheck("warning")}, {NodeCheck("critical"), ServiceCheck("warning")}, {{}, {"n1"}}},
      {"order does not matter",
       {NodeCheck("critical"), ServiceCheck("warning")},
       {ServiceCheck("warning"), NodeCheck("critical")},
       {}},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(Compare(MakeCheckList(test.before), MakeCheckList(test.after)), test.affected) << test.what;
  }
}

}  // namespace
}  // namespace signpost::feed
