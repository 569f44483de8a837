// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/http_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace signpost::registry {
namespace {

using ::testing::Contains;
using ::testing::Pair;

CheckDefinition Get(std::string url) {
  CheckDefinition definition;
  definition.kind = CheckDefinition::Kind::kHttp;
  definition.http = std::move(url);
  return definition;
}
http::Request RequestOf(const CheckDefinition& definition) { return HttpCheckRequest(definition, Millis(1500), 100); }

TEST(HttpTextTest, RequestsLookLikeConsuls) {
  CheckDefinition definition = Get("http://h/");
  definition.method = "";
  const http::Request request = RequestOf(definition);
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.timeout, Millis(1500));
  EXPECT_EQ(request.keep_body->bytes, 100U);
  EXPECT_EQ(request.keep_body->end, http::BodyPart::End::kLast);
  EXPECT_TRUE(request.fresh_connection);
  EXPECT_TRUE(request.tls_verify);
  EXPECT_THAT(request.headers, Contains(Pair("User-Agent", "Consul Health Check")));
  EXPECT_THAT(request.headers, Contains(Pair("Accept", "text/plain, text/*, */*")));
  EXPECT_THAT(request.headers, Contains(Pair("Connection", "close")));
}

TEST(HttpTextTest, DefinitionsSayOtherwise) {
  CheckDefinition definition = Get("https://h/");
  definition.method = "POST";
  definition.body = "{}";
  definition.tls_skip_verify = true;
  definition.header = {{"user-agent", {"mine"}}, {"Accept", {"x/y"}}, {"Host", {"a", "b"}}, {"X-Two", {"1", "2"}}};
  const http::Request request = RequestOf(definition);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.body, "{}");
  EXPECT_FALSE(request.tls_verify);
  const std::vector<std::pair<std::string, std::string>> expected = {{"user-agent", "mine"}, {"Accept", "x/y"},
                                                                     {"Host", "a"},          {"X-Two", "1"},
                                                                     {"X-Two", "2"},         {"Connection", "close"}};
  EXPECT_EQ(request.headers, expected);
}

TEST(HttpTextTest, AnEmptyHeaderDoesNotReplaceADefault) {
  CheckDefinition definition = Get("http://h/");
  definition.header = {{"User-Agent", {""}}, {"Accept", {}}};
  EXPECT_THAT(RequestOf(definition).headers, Contains(Pair("User-Agent", "Consul Health Check")));
  EXPECT_THAT(RequestOf(definition).headers, Contains(Pair("Accept", "text/plain, text/*, */*")));
}

TEST(HttpTextTest, WhatWouldBreakOutOfItsPlaceIsNotSent) {
  struct Case {
    const char* method;
    const char* url;
    const char* header;
    const char* value;
    const char* fault;
  };
  for (const Case& c : {
           Case{"FOO BAR", "http://h/", "A", "b", "net/http: invalid method \"FOO BAR\""},
           Case{"GET / HTTP/1.1\r\nX:", "http://h/", "A", "b", "net/http: invalid method \"GET / HTTP/1.1\r\nX:\""},
           Case{"GET", "http://h/\r\nX: y", "A", "b", "net/url: invalid control character in URL"},
           Case{"GET", "http://h/a b", "A", "b", "parse \"http://h/a b\": invalid character \" \" in URL"},
           Case{"GET", "ftp://h/", "A", "b", "Get \"ftp://h/\": unsupported protocol scheme \"ftp\""},
           Case{"POST", "file:///etc/passwd", "A", "b",
                "Post \"file:///etc/passwd\": unsupported protocol scheme \"file\""},
           Case{"GET", "127.0.0.1:80/x", "A", "b", "Get \"127.0.0.1:80/x\": unsupported protocol scheme \"\""},
           Case{"GET", "http://h/", "A B", "b", "net/http: invalid header field name \"A B\""},
           Case{"GET", "http://h/", "", "b", "net/http: invalid header field name \"\""},
           Case{"GET", "http://h/", "A", "b\r\nC: d", "net/http: invalid header field value for key \"A\""},
       }) {
    CheckDefinition definition = Get(c.url);
    definition.method = c.method;
    definition.header = {{c.header, {c.value}}};
    EXPECT_EQ(HttpCheckFault(definition), c.fault);
  }
  CheckDefinition fine = Get("HTTPS://h:1/x?y=%20#z");
  fine.header = {{"X-A", {"b c", "\xc3\xa9"}}};
  EXPECT_EQ(HttpCheckFault(fine), std::nullopt);
}

TEST(HttpTextTest, ResponsesAreJudged) {
  http::Response response;
  response.status = 429;
  response.reason = "Too Many Requests";
  response.body = "wait";
  EXPECT_EQ(JudgeHttpResponse(Get("http://h/x"), response),
            (Outcome{CheckStatus::kWarning, "HTTP GET http://h/x: 429 Too Many Requests Output: wait"}));
  response = {};
  response.status = 299;
  EXPECT_EQ(JudgeHttpResponse(Get("http://h/x"), response),
            (Outcome{CheckStatus::kPassing, "HTTP GET http://h/x: 299  Output: "}));
}

TEST(HttpTextTest, FailuresAreWordedAsGoWordsThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1:81: Connection refused", "dial tcp 127.0.0.1:81: connect: connection refused"},
      {"h.invalid: Could not resolve host: h.invalid", "dial tcp: lookup h.invalid: no such host"},
      {"127.0.0.1:81: Empty reply from server", "EOF"},
      {"127.0.0.1:81: Maximum (9) redirects followed", "stopped after 10 redirects"},
      {"127.0.0.1:81: something else", "127.0.0.1:81: something else"},
      {"h: Operation timed out after 1500 milliseconds with 0 bytes received",
       "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
      {"h: Connection timed out after 1500 milliseconds",
       "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"},
  };
  for (const auto& [text, reason] : cases) {
    EXPECT_EQ(JudgeHttpFailure(Get("http://h/"), Status::Unavailable(text)),
              (Outcome{CheckStatus::kCritical, "Get \"http://h/\": " + std::string(reason)}));
  }
}

}  // namespace
}  // namespace signpost::registry
