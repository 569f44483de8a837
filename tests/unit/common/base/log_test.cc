// Signpost. Apache-2.0; see LICENSE.
#include "common/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

class Log : public testing::Test {
 protected:
  ~Log() override { SetLogging(LogLevel::kInfo, LogFormat::kText); }
};

TEST_F(Log, LevelsFilter) {
  SetLogging(LogLevel::kWarn, LogFormat::kText);
  CaptureStderr();
  LogDebug("one");
  LogInfo("two");
  EXPECT_THAT(GetCapturedStderr(), IsEmpty());
  CaptureStderr();
  LogWarn("three {}");
  LogError("four");
  const std::string text = GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr(" warning three {}\n"));
  EXPECT_THAT(text, HasSubstr(" error four\n"));
}

TEST_F(Log, JsonLinesEscape) {
  SetLogging(LogLevel::kInfo, LogFormat::kJson);
  CaptureStderr();
  LogInfo("a \"quoted\"\nline\\");
  EXPECT_THAT(GetCapturedStderr(), HasSubstr(R"("level":"info","message":"a \"quoted\"\u000aline\\"})"));
}

TEST_F(Log, ANeighbourIsReportedOnChangeOnly) {
  SetLogging(LogLevel::kInfo, LogFormat::kText);
  NeighbourLog neighbour("consul");
  CaptureStderr();
  neighbour.Report(Status::Ok());
  EXPECT_THAT(GetCapturedStderr(), IsEmpty());
  CaptureStderr();
  neighbour.Report(Status::Unavailable("connection refused"));
  neighbour.Report(Status::Unavailable("connection refused"));
  std::string text = GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("consul is failing: connection refused\n"));
  EXPECT_EQ(text.find("failing"), text.rfind("failing"));
  EXPECT_TRUE(neighbour.failing());
  CaptureStderr();
  neighbour.Report(Status::Ok());
  neighbour.Report(Status::Ok());
  text = GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("consul is back\n"));
  EXPECT_EQ(text.find("back"), text.rfind("back"));
}

}  // namespace
}  // namespace signpost
