// Signpost. Apache-2.0; see LICENSE.
#include "common/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

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

// What a stranger's text may try: a line of its own, a terminal's commands (ESC, C1), bytes that are no characters.
struct Hostile {
  const char* text;
  const char* as_text;
  const char* as_json;
};
constexpr Hostile kHostile[] = {
    {"a\n2026-01-01 error b", R"(a\x0a2026-01-01 error b)", R"(a\u000a2026-01-01 error b)"},
    {"a\r\x1b[2Jb\x7f", R"(a\x0d\x1b[2Jb\x7f)", R"(a\u000d\u001b[2Jb\u007f)"},
    {"a\u009b2Jb", R"(a\x9b2Jb)", R"(a\u009b2Jb)"},
    {"a\x9b\xff\xc3+\xe2\x82", "a???+??", "a???+??"},
    {"\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "?????????", "?????????"},
    {"caf\u00e9 \u20ac \U0001F600 \u00a0", "caf\u00e9 \u20ac \U0001F600 \u00a0", "caf\u00e9 \u20ac \U0001F600 \u00a0"},
};

TEST_F(Log, NoTextForgesALine) {
  for (const Hostile& hostile : kHostile) {
    SetLogging(LogLevel::kInfo, LogFormat::kText);
    CaptureStderr();
    LogInfo(hostile.text);
    EXPECT_THAT(GetCapturedStderr(), testing::EndsWith(std::string(" info ") + hostile.as_text + "\n"));
    SetLogging(LogLevel::kInfo, LogFormat::kJson);
    CaptureStderr();
    LogInfo(hostile.text);
    EXPECT_THAT(GetCapturedStderr(), testing::EndsWith(std::string("\"message\":\"") + hostile.as_json + "\"}\n"));
  }
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
