// Signpost. Apache-2.0; see LICENSE.
// The scanner: ends are found wherever the bytes are cut, and what is hopeless is refused before its end is there.
#include "lb/http/head.h"

#include <gmock/gmock.h>

#include <string>

namespace signpost::lb::test {
namespace {

using Kind = HeadScanner::Kind;

// The status after so many bytes; 0 = more is wanted, 1 = the head is there.
struct Early {
  const char* name;
  std::string bytes;
  int status;
};

void PrintTo(const Early& early, std::ostream* out) { *out << early.name; }

int StatusOf(const std::string& bytes, bool request = true, const HeadLimits& limits = {}) {
  HeadScanner scanner;
  const auto verdict = scanner.Scan(bytes, limits, request);
  return verdict.kind == Kind::kEnd ? 1 : verdict.status;
}

class Unfinished : public testing::TestWithParam<Early> {};

TEST_P(Unfinished, IsJudgedAtOnce) { EXPECT_EQ(StatusOf(GetParam().bytes), GetParam().status); }

INSTANTIATE_TEST_SUITE_P(Requests, Unfinished,
                         testing::Values(Early{"nothing", "", 0}, Early{"method", "GE", 0},
                                         Early{"line", "GET /x HTTP/1.1\r\n", 0}, Early{"cr", "GET /x HTTP/1.1\r", 0},
                                         Early{"lone_cr", "\r", 0}, Early{"H07", "GET /x\r\n", 400},
                                         Early{"not_a_token", "\xff /x HTTP/1.1\r\nHo", 400},
                                         Early{"H11", "PRI * HTTP/2.0\r\n", 505},
                                         Early{"tls", std::string("\x16\x03\x01\x02\x00", 5), 400},
                                         Early{"H26", "GET /" + std::string(9000, 'a'), 414},
                                         Early{"H26_fits", "GET /" + std::string(8191, 'a'), 0},
                                         Early{"H34", "GET /x HTTP/1.1\r\nA: b\rc", 400},
                                         Early{"H35", std::string("GET /x HTTP/1.1\r\nA: \0", 21), 400},
                                         Early{"H38", "GET /x HTTP/1.1\n", 400}, Early{"H38_empty", "\n", 400},
                                         Early{"H41", "GET /x HTTP/1.1\r\nA: " + std::string(32 << 10, 'a'), 431},
                                         Early{"empty_line", "\r\nGET", 400}),
                         [](const auto& param) { return param.param.name; });

TEST(HeadScanner, GoesOnWhereItStopped) {
  const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string bytes = head + "body\r\n\r\n";
  HeadScanner scanner;
  for (size_t size = 0; size < head.size(); ++size) {
    ASSERT_EQ(scanner.Scan(std::string_view(bytes).substr(0, size), {}, true).kind, Kind::kMore) << size;
  }
  const auto verdict = scanner.Scan(bytes, {}, true);
  EXPECT_EQ(verdict.kind, Kind::kEnd);
  EXPECT_EQ(verdict.size, head.size());
  scanner.Reset();
  EXPECT_EQ(scanner.Scan(head, {}, true).size, head.size());
}

TEST(HeadScanner, HeadsMayBeJustAsLongAsTheLimit) {
  HeadLimits limits;
  const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  limits.max_head = head.size();
  EXPECT_EQ(StatusOf(head, true, limits), 1);
  limits.max_head = head.size() - 1;
  EXPECT_EQ(StatusOf(head, true, limits), 431);
  EXPECT_EQ(StatusOf(head.substr(0, head.size() - 1), true, limits), 431) << "no end can come";
}

TEST(HeadScanner, BareLfIsForThoseWhoWantIt) {
  const HeadLimits lenient{.bare_lf = true};
  const std::string head = "GET /x HTTP/1.1\nHost: a\r\n\n";
  EXPECT_EQ(StatusOf(head), 400);
  EXPECT_EQ(StatusOf(head, true, lenient), 1);
  EXPECT_EQ(StatusOf("HTTP/1.1 200 OK\n\n", false), 1) << "case H123";
}

TEST(HeadScanner, ResponsesAreBadGateways) {
  EXPECT_EQ(StatusOf("HTT", false), 0);
  EXPECT_EQ(StatusOf("220 mail", false), 502);
  EXPECT_EQ(StatusOf("\r\n", false), 502);
  EXPECT_EQ(StatusOf(std::string("HTTP/1.1 200 \0", 14), false), 502);
  EXPECT_EQ(StatusOf("HTTP/1.1 200 " + std::string(40000, 'a'), false), 502);
}

TEST(SkipEmptyLines, TakesTwoHoweverTheyCome) {
  int left = 2;
  EXPECT_EQ(SkipEmptyLines("\r", &left), 0U);
  EXPECT_EQ(SkipEmptyLines("\r\nGET", &left), 2U);
  EXPECT_EQ(left, 1);
  EXPECT_EQ(SkipEmptyLines("\r\n\r\nGET", &left), 2U);
  EXPECT_EQ(SkipEmptyLines("\r\n", &left), 0U);
}

TEST(HeadScanner, EmptyLinesThatComeInHalvesDoNotConfuseIt) {
  HeadScanner scanner;
  EXPECT_EQ(scanner.Scan("\r", {}, true).kind, Kind::kMore);
  int left = 2;
  const std::string bytes = "\r\n\nGET / HTTP/1.1\r\n\r\n";
  const size_t skipped = SkipEmptyLines(bytes, &left);
  EXPECT_EQ(scanner.Scan(std::string_view(bytes).substr(skipped), {}, true).kind, Kind::kBad);
}

}  // namespace
}  // namespace signpost::lb::test
