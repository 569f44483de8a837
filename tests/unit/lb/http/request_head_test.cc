// Signpost. Apache-2.0; see LICENSE.
// tests/cases/lb_http_requests.cases, in one piece and in others: what is refused and why, how bodies are framed, where
// the next request begins.
#include "lb/http/request_head.h"

#include <gmock/gmock.h>

#include "tests/unit/lb/http/exchange.h"

namespace signpost::lb::test {
namespace {

using testing::TestWithParam;
using testing::ValuesIn;

constexpr size_t kPieces[] = {1, 2, 7, 100, 1 << 20};

std::string Outcome(const RequestMessage& message) {
  if (!message.scanned) return "unfinished";
  if (message.status != 0) return std::to_string(message.status);
  if (message.bad_body) return "400 body";
  return FramingText(message.head.framing, message.head.content_length);
}

class RequestCases : public TestWithParam<HttpCase> {};

TEST_P(RequestCases, AreReadInPieces) {
  const HttpCase& c = GetParam();
  for (const size_t piece : kPieces) {
    SCOPED_TRACE("pieces of " + std::to_string(piece));
    const auto message = ReadRequest(c, piece);
    ASSERT_EQ(Outcome(*message), c.want) << message->reason;
    EXPECT_EQ(message->status != 0, !message->reason.empty()) << "refusals have reasons";
    if (message->status != 0 || message->bad_body) continue;
    EXPECT_EQ(message->body, c.body);
    EXPECT_EQ(message->trailers, c.trailers);
    EXPECT_EQ(message->rest, c.rest);
    EXPECT_EQ(!message->head.keep_alive, c.flagged);
  }
}

INSTANTIATE_TEST_SUITE_P(Lb, RequestCases, ValuesIn(ReadHttpCases("tests/cases/lb_http_requests.cases")),
                         [](const auto& param) { return CaseName(param.param.id); });

class Parsed {
 public:
  explicit Parsed(const std::string& head) : bytes_(head) { verdict_ = ParseRequestHead(bytes_, {}, false, head_); }
  const RequestHead* operator->() const { return &head_; }
  bool ok() const { return verdict_.ok(); }
  int status() const { return verdict_.status; }

 private:
  std::string bytes_;
  RequestHead head_;
  HeadVerdict verdict_;
};

Parsed Get(const std::string& fields) { return Parsed("GET /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"); }

TEST(RequestHead, HostIsTheTargetsElseTheFields) {
  EXPECT_EQ(Parsed("GET /x HTTP/1.1\r\nHost: a.example:81\r\n\r\n")->host, "a.example:81");
  EXPECT_EQ(Parsed("GET http://b.example:82/x HTTP/1.1\r\nHost: a.example:81\r\n\r\n")->host, "b.example:82");
  EXPECT_EQ(Parsed("GET /x HTTP/1.0\r\n\r\n")->host, "");
}

TEST(RequestHead, ExpectsOnlyWithABody) {
  EXPECT_TRUE(Get("Expect: 100-continue\r\nContent-Length: 1\r\n")->expect_continue);
  EXPECT_TRUE(Get("Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")->expect_continue);
  EXPECT_FALSE(Get("Expect: 100-continue\r\n")->expect_continue);
  EXPECT_FALSE(Get("Expect: foo\r\nContent-Length: 1\r\n")->expect_continue);
  EXPECT_FALSE(Parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")->expect_continue);
}

TEST(RequestHead, UpgradesOnlyWithConnectionAndNeverToHttp2) {
  EXPECT_TRUE(Get("Connection: upgrade\r\nUpgrade: websocket\r\n")->upgrade);
  EXPECT_FALSE(Get("Upgrade: websocket\r\n")->upgrade);
  EXPECT_FALSE(Get("Connection: upgrade\r\n")->upgrade);
  EXPECT_FALSE(Get("Connection: upgrade\r\nUpgrade: h2c\r\n")->upgrade);
  EXPECT_FALSE(Get("Connection: upgrade\r\nUpgrade: websocket, H2C\r\n")->upgrade);
  EXPECT_FALSE(Parsed("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")->upgrade);
}

TEST(RequestHead, NamesFewFieldsInConnection) {
  std::string list = "x";
  for (int i = 1; i < 32; ++i) list += ",x";
  EXPECT_TRUE(Get("Connection: " + list + "\r\n").ok());
  EXPECT_EQ(Get("Connection: " + list + ",x\r\n").status(), 400);
  EXPECT_EQ(Get("Connection: " + list + "\r\nConnection:\r\n").status(), 400);
}

TEST(RequestHead, TakesTrailersWhenTeSaysSo) {
  EXPECT_TRUE(Get("TE: gzip;q=0.5 , Trailers\r\n")->te_trailers);
  EXPECT_FALSE(Get("TE: gzip\r\n")->te_trailers);
}

TEST(RequestHead, ForgetsTheRequestBefore) {
  const std::string first =
      "POST http://a/x HTTP/1.0\r\nConnection: close, x\r\nTE: trailers\r\nContent-Length: 3\r\n\r\n";
  const std::string second = "GET /y HTTP/1.1\r\nHost: b\r\n\r\n";
  RequestHead head;
  ASSERT_TRUE(ParseRequestHead(first, {}, false, head).ok());
  ASSERT_TRUE(ParseRequestHead(second, {}, false, head).ok());
  EXPECT_EQ(head.host, "b");
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_EQ(head.content_length, 0U);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.te_trailers || head.http10);
  EXPECT_TRUE(head.connection_names.empty());
}

TEST(RequestHead, EveryCutOfAHeadIsRefused) {
  const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  ASSERT_TRUE(Parsed(head).ok());
  for (size_t size = 0; size < head.size(); ++size) EXPECT_FALSE(Parsed(head.substr(0, size)).ok()) << size;
  EXPECT_FALSE(Parsed(head + "x").ok());
}

TEST(RequestHead, IdempotentMethods) {
  for (const char* const method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    EXPECT_TRUE(IsIdempotent(method));
  for (const char* const method : {"POST", "PATCH", "FROB", "get", ""}) EXPECT_FALSE(IsIdempotent(method));
}

}  // namespace
}  // namespace signpost::lb::test
