// Signpost. Apache-2.0; see LICENSE.
#include "common/http/response_text.h"

#include <gtest/gtest.h>

namespace signpost::http {
namespace {

constexpr Nanos kWall = std::chrono::seconds(784111777);  // the RFC's example

TEST(ResponseTextTest, WritesTheHead) {
  const ServerResponse response = {.status = 404, .headers = {{"X-Consul-Index", "7"}}, .body = "gone"};
  EXPECT_EQ(ResponseHead(response, {.keep_alive = true, .head_only = false}, kWall),
            "HTTP/1.1 404 Not Found\r\nX-Consul-Index: 7\r\nContent-Length: 4\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ResponseTextTest, ConnectionSaysWhetherItCloses) {
  const std::string head = ResponseHead({}, {.keep_alive = false, .head_only = false}, kWall);
  EXPECT_NE(head.find("Connection: close\r\n"), std::string::npos);
}

TEST(ResponseTextTest, HeadersCannotSplitTheResponse) {
  const ServerResponse response = {
      .status = 200, .headers = {{"X-A", "1\r\nX-Evil: 2"}, {"X\nB", std::string("a\0b", 3)}}, .body = ""};
  const std::string head = ResponseHead(response, {}, kWall);
  EXPECT_NE(head.find("\r\nX-A: 1  X-Evil: 2\r\nX B: a b\r\n"), std::string::npos) << head;
}

TEST(ResponseTextTest, FramingIsOursAlone) {
  const ServerResponse response = {.status = 200,
                                   .headers = {{"content-length", "9"},
                                               {"Transfer-Encoding", "chunked"},
                                               {"CONNECTION", "close"},
                                               {"Date", "today"},
                                               {"X-Date", "kept"}},
                                   .body = "x"};
  EXPECT_EQ(ResponseHead(response, {}, kWall),
            "HTTP/1.1 200 OK\r\nX-Date: kept\r\nContent-Length: 1\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ResponseTextTest, SomeStatusesHaveNoBody) {
  for (const int status : {204, 304}) {
    const ServerResponse response = {.status = status, .headers = {}, .body = "ignored"};
    EXPECT_FALSE(HasBody(response, {}));
    EXPECT_EQ(ResponseHead(response, {}, kWall).find("Content-Length"), std::string::npos) << status;
  }
}

TEST(ResponseTextTest, AnswerToHeadSaysTheLength) {
  const ServerResponse response = {.status = 200, .headers = {}, .body = "12345"};
  const ResponseFraming framing = {.keep_alive = true, .head_only = true};
  EXPECT_FALSE(HasBody(response, framing));
  EXPECT_NE(ResponseHead(response, framing, kWall).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(HasBody(response, {}));
}

TEST(ResponseTextTest, SharedBodyComesFirst) {
  const ServerResponse response = {.status = 200, .headers = {}, .body = "own", .shared_body = Share("shared")};
  EXPECT_EQ(BodyOf(response), "shared");
  EXPECT_NE(ResponseHead(response, {}, kWall).find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf({.status = 200, .headers = {}, .body = "", .shared_body = nullptr}), "");
}

TEST(ResponseTextTest, RefusalIsOneLineAndTheEnd) {
  EXPECT_EQ(RefusalText(429, "too many", true, kWall),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nVary: Accept-Encoding\r\n"
            "Content-Length: 9\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nConnection: close\r\n\r\ntoo many\n");
  EXPECT_EQ(RefusalText(429, "too many", false, kWall).find("Vary"), std::string::npos);
}

TEST(ResponseTextTest, KnowsItsPhrases) {
  EXPECT_EQ(ReasonPhrase(200), "OK");
  EXPECT_EQ(ReasonPhrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(ReasonPhrase(299), "Unknown");
}

}  // namespace
}  // namespace signpost::http
