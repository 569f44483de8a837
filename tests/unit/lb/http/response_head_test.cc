// Signpost. Apache-2.0; see LICENSE.
// tests/cases/lb_http_responses.cases, in one piece and in others: what is malformed, how bodies are framed for the
// client, whether the upstream connection can be used again.
#include "lb/http/response_head.h"

#include <gmock/gmock.h>

#include "tests/unit/lb/http/exchange.h"

namespace signpost::lb::test {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

constexpr size_t kPieces[] = {1, 3, 64, 1 << 20};

std::string Outcome(const ResponseMessage& message, bool http10_client) {
  if (!message.scanned) return "unfinished";
  if (message.status != 0) return std::to_string(message.status);
  return FramingText(ClientFraming(message.head, http10_client), message.head.content_length) +
         (message.bad_body ? " cut" : "");
}

class ResponseCases : public TestWithParam<HttpCase> {};

TEST_P(ResponseCases, AreReadInPieces) {
  const HttpCase& c = GetParam();
  for (const size_t piece : kPieces) {
    SCOPED_TRACE("pieces of " + std::to_string(piece));
    const auto message = ReadResponse(c, piece);
    ASSERT_EQ(Outcome(*message, c.Has("http10")), c.want);
    if (message->status != 0) continue;
    EXPECT_EQ(message->body, c.body);
    EXPECT_EQ(message->rest, c.rest);
    if (c.Has("trailers")) {
      EXPECT_EQ(message->trailers, c.trailers);
    }
    EXPECT_EQ(!message->head.reusable || message->bad_body, c.flagged);
  }
}

INSTANTIATE_TEST_SUITE_P(Lb, ResponseCases, ValuesIn(ReadHttpCases("tests/cases/lb_http_responses.cases")),
                         [](const auto& param) { return CaseName(param.param.id); });

bool Parses(const std::string& bytes, ResponseHead& head) {
  std::string scratch;
  return ParseResponseHead(bytes, {}, false, head, scratch) == ResponseVerdict::kGood;
}

TEST(ResponseHead, EveryCutOfAHeadIsRefused) {
  const std::string head = "HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n";
  ResponseHead out;
  ASSERT_TRUE(Parses(head, out));
  for (size_t size = 0; size < head.size(); ++size) EXPECT_FALSE(Parses(head.substr(0, size), out)) << size;
  EXPECT_FALSE(Parses(head + "x", out));
}

TEST(ResponseHead, ForgetsTheResponseBefore) {
  ResponseHead head;
  ASSERT_TRUE(Parses("HTTP/1.0 500 Oh\r\nConnection: x\r\nContent-Length: 3\r\n\r\n", head));
  const std::string second = "HTTP/1.1 204\r\n\r\n";
  ASSERT_TRUE(Parses(second, head));
  EXPECT_EQ(head.status, 204);
  EXPECT_EQ(head.reason, "");
  EXPECT_TRUE(head.fields.empty());
  EXPECT_TRUE(head.reusable);
  EXPECT_FALSE(head.has_content_length || head.http10);
  EXPECT_TRUE(head.connection_names.empty());
}

TEST(ResponseHead, NamesFewFieldsInConnection) {
  ResponseHead head;
  const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: " + std::string(31, ',');
  ASSERT_TRUE(Parses(begin + "x\r\n\r\n", head));
  EXPECT_EQ(head.connection_names.size(), 1U);
  EXPECT_FALSE(Parses(begin + ",x\r\n\r\n", head));
}

TEST(ResponseHead, ManyFoldsKeepTheirViews) {
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  for (int field = 0; field < 50; ++field) bytes += "X-" + std::to_string(field) + ": a\r\n b\r\n\tc\r\n";
  bytes += "\r\n";
  ResponseHead head;
  std::string scratch;
  ASSERT_EQ(ParseResponseHead(bytes, {}, false, head, scratch), ResponseVerdict::kGood);
  ASSERT_EQ(head.fields.size(), 50U);
  for (const Field& field : head.fields) EXPECT_EQ(field.value, "a b c");
}

}  // namespace
}  // namespace signpost::lb::test
