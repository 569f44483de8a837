// Signpost. Apache-2.0; see LICENSE.
// Case 99: lines split across chunks, several in one chunk, and without end.
#include "registrar/container/event_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "registrar/container/event.h"
#include "tests/unit/registrar/container/cases.h"

namespace signpost::registrar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventLinesTest : public ::testing::Test {
 protected:
  std::vector<std::string> Feed(std::string_view bytes) {
    std::vector<std::string> lines;
    lines_.Feed(bytes, [&](std::string_view line) { lines.emplace_back(line); });
    return lines;
  }
  EventLines lines_;
};

TEST_F(EventLinesTest, SeveralLinesInOneChunk) { EXPECT_THAT(Feed("a\nbc\r\nd\n"), ElementsAre("a", "bc", "d")); }

TEST_F(EventLinesTest, ALineInSeveralChunks) {
  EXPECT_THAT(Feed("a"), IsEmpty());
  EXPECT_THAT(Feed(""), IsEmpty());
  EXPECT_THAT(Feed("b\r"), IsEmpty());
  EXPECT_THAT(Feed("\nc"), ElementsAre("ab"));
  EXPECT_THAT(Feed("\n"), ElementsAre("c"));
}

TEST_F(EventLinesTest, BlankLinesAreNoEvents) { EXPECT_THAT(Feed("\n\r\n \t\r\n\n"), IsEmpty()); }

// The same lines, however the stream is sliced.
TEST_F(EventLinesTest, ARealStreamInSlicesOfEverySize) {
  const std::string stream = test::ReadCase("events.ndjson") + "\n";
  const auto whole = Feed(stream);
  ASSERT_EQ(whole.size(), 83U);
  for (const std::string& line : whole) EXPECT_TRUE(ParseEvent(line).ok()) << line;
  for (size_t size : {1, 2, 3, 7, 100, 1000, 16384}) {
    std::vector<std::string> sliced;
    for (size_t at = 0; at < stream.size(); at += size) {
      for (auto& line : Feed(std::string_view(stream).substr(at, size))) sliced.push_back(std::move(line));
    }
    EXPECT_EQ(sliced, whole) << size;
  }
  EXPECT_EQ(lines_.dropped(), 0U);
}

TEST_F(EventLinesTest, TheLongestLineIsOneMebibyte) {
  const std::string longest(EventLines::kMaxLine, 'x');
  EXPECT_THAT(Feed(longest + "\n"), ElementsAre(longest));
  EXPECT_THAT(Feed(longest), IsEmpty());
  EXPECT_THAT(Feed("\n"), ElementsAre(longest));
  EXPECT_EQ(lines_.dropped(), 0U);
}

TEST_F(EventLinesTest, LongerLinesAreDroppedWholeAndCounted) {
  const std::string longest(EventLines::kMaxLine, 'x');
  EXPECT_THAT(Feed(longest + "x\nafter\n"), ElementsAre("after"));
  EXPECT_EQ(lines_.dropped(), 1U);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(Feed(longest), IsEmpty());
  EXPECT_EQ(lines_.dropped(), 2U) << "one line, whatever its length";
  EXPECT_THAT(Feed("its end\nnext\n"), ElementsAre("next"));
  EXPECT_EQ(lines_.dropped(), 2U);
}

}  // namespace
}  // namespace signpost::registrar
