// Signpost. Apache-2.0; see LICENSE.
// The heads that lb writes: those of tests/cases/lb_http_*.cases byte by byte, and what only its own configuration
// decides.
#include "lb/http/forward.h"

#include <gmock/gmock.h>

#include "tests/unit/lb/http/exchange.h"

namespace signpost::lb::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using testing::TestWithParam;
using testing::ValuesIn;

std::vector<HttpCase> CasesWithHead(const std::string& path) {
  std::vector<HttpCase> cases = ReadHttpCases(path);
  std::erase_if(cases, [](const HttpCase& c) { return c.head.empty(); });
  return cases;
}

std::string DefaultAdded(const RequestHead& head) {
  return "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: " + std::string(head.host) +
         "\r\nX-Forwarded-Port: 80\r\nX-Real-IP: 192.0.2.7\r\nVia: 1.1 signpost\r\nX-Request-Id: id-1\r\n";
}

RequestForwarding Forwarding() {
  RequestForwarding forwarding;
  forwarding.client = "192.0.2.7";
  forwarding.via = "signpost";
  forwarding.request_id = "id-1";
  return forwarding;
}

class RequestHeads : public TestWithParam<HttpCase> {};

TEST_P(RequestHeads, AreWritten) {
  const HttpCase& c = GetParam();
  const auto message = ReadRequest(c, c.bytes.size());
  ASSERT_TRUE(message->scanned && message->status == 0) << message->reason;
  RequestForwarding forwarding = Forwarding();
  forwarding.trusted = c.Has("trusted");
  forwarding.forwarded = c.Has("forwarded");
  forwarding.upgrade = message->head.upgrade;
  std::string out;
  WriteRequestHead(message->head, forwarding, out);
  EXPECT_EQ(out, c.head + (c.added.empty() ? DefaultAdded(message->head) : c.added) + "\r\n");
}

INSTANTIATE_TEST_SUITE_P(Lb, RequestHeads, ValuesIn(CasesWithHead("tests/cases/lb_http_requests.cases")),
                         [](const auto& param) { return CaseName(param.param.id); });

class ResponseHeads : public TestWithParam<HttpCase> {};

TEST_P(ResponseHeads, AreWritten) {
  const HttpCase& c = GetParam();
  const auto message = ReadResponse(c, c.bytes.size());
  ASSERT_TRUE(message->scanned && message->status == 0);
  ResponseForwarding forwarding;
  forwarding.http10_client = c.Has("http10");
  forwarding.keep_alive = !c.Has("http10") || c.Has("keep");
  forwarding.framing = ClientFraming(message->head, forwarding.http10_client);
  forwarding.trailers = c.Has("trailers");
  forwarding.upgrade = c.Has("upgrade");
  forwarding.via = "signpost";
  std::string out;
  WriteResponseHead(message->head, forwarding, out);
  EXPECT_EQ(out, c.head + "\r\n");
}

INSTANTIATE_TEST_SUITE_P(Lb, ResponseHeads, ValuesIn(CasesWithHead("tests/cases/lb_http_responses.cases")),
                         [](const auto& param) { return CaseName(param.param.id); });

std::string Forwarded(const std::string& bytes, const RequestForwarding& forwarding) {
  RequestHead head;
  if (!ParseRequestHead(bytes, {}, false, head).ok()) return "refused";
  std::string out;
  WriteRequestHead(head, forwarding, out);
  return out;
}

std::string Answered(const std::string& bytes, const ResponseForwarding& forwarding) {
  ResponseHead head;
  std::string scratch;
  if (ParseResponseHead(bytes, {}, false, head, scratch) != ResponseVerdict::kGood) return "malformed";
  std::string out;
  WriteResponseHead(head, forwarding, out);
  return out;
}

constexpr const char* kGet = "GET /x?y HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n";

TEST(Forward, HostAndPathMayBeOthers) {
  RequestForwarding forwarding = Forwarding();
  forwarding.host = "inner.example";
  forwarding.path = "/prefix/x?y";
  const std::string out = Forwarded(kGet, forwarding);
  EXPECT_THAT(out, StartsWith("GET /prefix/x?y HTTP/1.1\r\nHost: inner.example\r\nAccept: */*\r\n"));
  EXPECT_THAT(out, HasSubstr("X-Forwarded-Host: a.example\r\n")) << "what the client asked for";
}

TEST(Forward, Ipv6ClientsAreQuotedInForwarded) {
  RequestForwarding forwarding = Forwarding();
  forwarding.client = "2001:db8::7";
  forwarding.forwarded = true;
  const std::string out = Forwarded(kGet, forwarding);
  EXPECT_THAT(out, HasSubstr("Forwarded: for=\"[2001:db8::7]\";host=a.example;proto=http\r\n"));
  EXPECT_THAT(out, HasSubstr("X-Forwarded-For: 2001:db8::7\r\nX-Forwarded-Proto"));
}

TEST(Forward, WithoutPseudonymViaStaysAsItIs) {
  RequestForwarding forwarding = Forwarding();
  forwarding.via = "";
  EXPECT_THAT(Forwarded(kGet, forwarding), Not(HasSubstr("Via")));
  EXPECT_THAT(Forwarded("GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 b\r\n\r\n", forwarding),
              HasSubstr("\r\nVia: 1.1 b\r\n"));
}

TEST(Forward, UpgradesOnlyWhenTheSessionWantsToo) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
  RequestForwarding forwarding = Forwarding();
  EXPECT_THAT(Forwarded(bytes, forwarding), Not(HasSubstr("pgrade")));
  forwarding.upgrade = true;
  EXPECT_THAT(Forwarded(bytes, forwarding), HasSubstr("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"));
}

TEST(Forward, UpgradeAndTrailersShareConnection) {
  RequestForwarding forwarding = Forwarding();
  forwarding.upgrade = true;
  EXPECT_THAT(Forwarded("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, TE\r\nTE: trailers\r\nUpgrade: w\r\n\r\n",
                        forwarding),
              HasSubstr("Upgrade: w\r\nTE: trailers\r\nConnection: Upgrade, TE\r\n"));
}

TEST(Forward, AppendsToWhatIsThere) {
  RequestHead head;
  const std::string bytes = kGet;
  ASSERT_TRUE(ParseRequestHead(bytes, {}, false, head).ok());
  std::string out = "before";
  WriteRequestHead(head, Forwarding(), out);
  EXPECT_THAT(out, StartsWith("beforeGET /x?y"));
}

TEST(Forward, OneRequestIdOfSeveral) {
  const std::string out = Forwarded(
      "GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: {}\r\nX-Request-Id: one\r\nX-Request-Id: two\r\n\r\n", Forwarding());
  EXPECT_THAT(out, HasSubstr("X-Request-Id: one\r\n"));
  EXPECT_THAT(out, Not(HasSubstr("two")));
  EXPECT_THAT(out, Not(HasSubstr("{}")));
  EXPECT_THAT(out, Not(HasSubstr("id-1")));
}

TEST(Forward, ClosesWhenTheConnectionEnds) {
  ResponseForwarding forwarding;
  forwarding.keep_alive = false;
  forwarding.framing = Framing::kLength;
  EXPECT_EQ(Answered("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", forwarding),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
}

TEST(Forward, CookiesComeLast) {
  ResponseForwarding forwarding;
  forwarding.framing = Framing::kLength;
  forwarding.set_cookies = "Set-Cookie: lbv=v2; Path=/\r\n";
  const std::string bytes = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n";
  EXPECT_THAT(Answered(bytes, forwarding), EndsWith("Content-Length: 0\r\nSet-Cookie: lbv=v2; Path=/\r\n\r\n"));
  EXPECT_THAT(Answered("HTTP/1.1 100 Continue\r\n\r\n", forwarding), Not(HasSubstr("Cookie")));
}

TEST(Forward, ViaOfAnswersIsAddedTo) {
  ResponseForwarding forwarding;
  forwarding.via = "signpost";
  EXPECT_EQ(Answered("HTTP/1.0 204 x\r\nVia: 1.1 alpha\r\n\r\n", forwarding),
            "HTTP/1.1 204 x\r\nVia: 1.1 alpha, 1.0 signpost\r\n\r\n");
}

TEST(Forward, A101ThatNobodyAskedForShowsNoUpgrade) {
  EXPECT_EQ(Answered("HTTP/1.1 101 x\r\nUpgrade: w\r\nConnection: upgrade\r\n\r\n", {}), "HTTP/1.1 101 x\r\n\r\n");
}

TEST(Forward, RequestIds) {
  EXPECT_TRUE(IsRequestId("a"));
  EXPECT_TRUE(IsRequestId(std::string(128, 'a')));
  EXPECT_FALSE(IsRequestId(std::string(129, 'a')));
  EXPECT_FALSE(IsRequestId(""));
  EXPECT_FALSE(IsRequestId("a b"));
  EXPECT_FALSE(IsRequestId("a\r\nb"));
}

}  // namespace
}  // namespace signpost::lb::test
