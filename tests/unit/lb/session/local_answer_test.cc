// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/local_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lb/http/response_head.h"

namespace signpost::lb {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Write(const LocalAnswer& answer) {
  std::string out;
  WriteLocalAnswer(answer, out);
  return out;
}

TEST(LocalAnswerTest, EveryAnswerIsOneThatOurOwnParserTakes) {
  for (const int status :
       {200, 301, 302, 303, 307, 308, 400, 404, 405, 408, 414, 417, 421, 431, 501, 502, 503, 504, 505}) {
    SCOPED_TRACE(status);
    LocalAnswer answer;
    answer.status = status;
    const std::string text = Write(answer);
    const size_t end = text.find("\r\n\r\n") + 4;
    ResponseHead head;
    std::string scratch;
    ASSERT_EQ(ParseResponseHead(std::string_view(text).substr(0, end), {}, false, head, scratch),
              ResponseVerdict::kGood);
    EXPECT_EQ(head.status, status);
    EXPECT_TRUE(head.has_content_length);
    EXPECT_EQ(text.size() - end, head.content_length);
    EXPECT_EQ(text.ends_with("\n"), true);
  }
}

TEST(LocalAnswerTest, SaysInOneLineWhatHappened) {
  EXPECT_EQ(Write({.status = 503, .keep_alive = true}),
            "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 89\r\n"
            "Retry-After: 1\r\n\r\n"
            "503 Service Unavailable: No instance of the service is available now; try again shortly.\n");
}

TEST(LocalAnswerTest, TellsWhetherTheConnectionGoesOn) {
  EXPECT_THAT(Write({.status = 400}), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(Write({.status = 404, .keep_alive = true}), Not(HasSubstr("Connection:")));
  EXPECT_THAT(Write({.status = 404, .keep_alive = true, .http10_client = true}),
              HasSubstr("Connection: keep-alive\r\n"));
}

TEST(LocalAnswerTest, HeadGetsTheLengthWithoutTheBody) {
  const std::string text = Write({.status = 404, .keep_alive = true, .head_request = true});
  EXPECT_THAT(text, Not(HasSubstr("Content-Length: 0")));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(LocalAnswerTest, RedirectsKeepThePath) {
  EXPECT_EQ(RedirectTarget("https://new.example$path", "/a?b"), "https://new.example/a?b");
  EXPECT_EQ(RedirectTarget("https://new.example/$path", "/a"), "https://new.example/a");
  EXPECT_EQ(RedirectTarget("https://new.example/", "/a"), "https://new.example/");
  EXPECT_EQ(RedirectTarget("/x$path/y", "/a"), "/x/a/y");
  EXPECT_EQ(RedirectTarget("$path", "/$path"), "/$path");
  EXPECT_THAT(Write({.status = 302, .location = "https://a/"}), HasSubstr("\r\nLocation: https://a/\r\n"));
}

}  // namespace
}  // namespace signpost::lb
