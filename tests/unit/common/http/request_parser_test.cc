// Signpost. Apache-2.0; see LICENSE.
#include "common/http/request_parser.h"

#include <gtest/gtest.h>

#include <ostream>
#include <vector>

namespace signpost::http {
namespace {

using State = RequestParser::State;

constexpr RequestLimits kLimits = {.max_head = 512, .max_body = 64, .max_headers = 10};

// What the parser made of a byte stream: "METHOD PATH?QUERY [BODY]" and whether the connection stays, for each
// request in it; then the status of the refusal, or what it still waits for.
std::string Verdict(std::string_view stream, size_t step) {
  RequestParser parser(kLimits);
  std::string verdict;
  size_t offset = 0;
  while (offset < stream.size() && parser.state() != State::kFailed) {
    const std::string_view piece = stream.substr(offset, step);
    const size_t used = parser.Feed(piece);
    offset += used;
    if (parser.state() == State::kComplete) {
      const bool stays = parser.keep_alive();
      const ServerRequest request = parser.Take();
      verdict += request.method + " " + request.path + (request.query.empty() ? "" : "?" + request.query) + " [" +
                 request.body + "]" + (stays ? " stays; " : " closes; ");
    } else if (used < piece.size() && parser.state() != State::kFailed) {
      return verdict + "stuck";
    }
  }
  if (parser.state() == State::kFailed) return verdict + std::to_string(parser.error());
  if (!parser.started()) return verdict + "end";
  return verdict + (parser.state() == State::kHead ? "in head" : "in body");
}

struct Row {
  const char* name;
  std::string bytes;
  const char* verdict;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::string Get(const std::string& headers) { return "GET / HTTP/1.1\r\nHost: h\r\n" + headers + "\r\n"; }
std::string Chunked(const std::string& body) {
  return "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

class VerdictTest : public ::testing::TestWithParam<Row> {};

// The same bytes must mean the same however the network slices them.
TEST_P(VerdictTest, IsTheSameInAnySlices) {
  for (const size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100000}}) {
    EXPECT_EQ(Verdict(GetParam().bytes, step), GetParam().verdict) << "in steps of " << step;
  }
}

const std::vector<Row>& RequestLines() {
  static const std::vector<Row> rows = {
      {"origin form", Get(""), "GET / [] stays; end"},
      {"query", "GET /a/b?x=1&y HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a/b?x=1&y [] stays; end"},
      {"escapes in the path only", "GET /a%20b%2Fc?d%20e HTTP/1.1\r\nHost: h\r\n\r\n",
       "GET /a b/c?d%20e [] stays; end"},
      {"absolute form", "GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET /p?q [] stays; end"},
      {"absolute form without path", "GET HTTP://h HTTP/1.1\r\nHost: h\r\n\r\n", "GET / [] stays; end"},
      {"absolute form with query only", "GET https://h?q HTTP/1.1\r\nHost: h\r\n\r\n", "GET /?q [] stays; end"},
      {"absolute form without host", "GET http:///p HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"asterisk of OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * [] stays; end"},
      {"asterisk of GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"authority form", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"odd but legal method", "M-SEARCH / HTTP/1.1\r\nHost: h\r\n\r\n", "M-SEARCH / [] stays; end"},
      {"method with a colon", "GE:T / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"one blank line first", "\r\n" + Get(""), "GET / [] stays; end"},
      {"two blank lines first", "\r\n\r\n" + Get(""), "400"},
      {"nothing", "", "end"},
      {"blank line only", "\r\n", "end"},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"tab for space", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"trailing space", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", "400"},
      {"fragment", "GET /#a HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"byte over 127", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"broken escape in path", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"broken escape in query", "GET /?%z HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"NUL by escape", "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"no version", "GET /\r\n\r\n", "400"},
      {"version 1.0", "GET / HTTP/1.0\r\n\r\n", "GET / [] closes; end"},
      {"version 1.0 asks to stay", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET / [] closes; end"},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", "GET / [] stays; end"},
      {"version 2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"version in lower case", "GET / http/1.1\r\nHost: h\r\n\r\n", "400"},
      {"version 1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", "400"},
      {"TLS hello", std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\n", 10), "400"},
      {"unfinished line", "GET / HT", "in head"},
  };
  return rows;
}

const std::vector<Row>& Headers() {
  static const std::vector<Row> rows = {
      {"no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two Hosts", Get("Host: h\r\n"), "400"},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / [] stays; end"},
      {"IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET / [] stays; end"},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "400"},
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", "400"},
      {"bare LF in headers", "GET / HTTP/1.1\r\nHost: h\n\r\n", "400"},
      {"bare LF at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", "400"},
      {"bare CR in a value", Get("X: a\rb\r\n"), "400"},
      {"two CRs", Get("X: a\r\r\n"), "400"},
      {"NUL in a value", Get(std::string("X: a\0b\r\n", 8)), "400"},
      {"tab in a value", Get("X: a\tb\r\n"), "GET / [] stays; end"},
      {"byte over 127 in a value", Get("X: \xc3\xa9\r\n"), "GET / [] stays; end"},
      {"folded line", Get("X: a\r\n b\r\n"), "400"},
      {"folded first line", "GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", "400"},
      {"space before the colon", Get("X : a\r\n"), "400"},
      {"tab before the colon", Get("X\t: a\r\n"), "400"},
      {"no colon", Get("X\r\n"), "400"},
      {"no name", Get(": a\r\n"), "400"},
      {"quote in the name", Get("X\"Y: a\r\n"), "400"},
      {"close", Get("Connection: close\r\n"), "GET / [] closes; end"},
      {"close in a list", Get("Connection: upgrade , CLOSE\r\n"), "GET / [] closes; end"},
      {"close in a second line", Get("Connection: x\r\nConnection: close\r\n"), "GET / [] closes; end"},
      {"closed is not close", Get("Connection: closed\r\n"), "GET / [] stays; end"},
      {"head too long", Get("X: " + std::string(600, 'a') + "\r\n"), "431"},
      {"head too long without an end", "GET /" + std::string(600, 'a'), "431"},
      {"ten headers", Get("1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n"), "GET / [] stays; end"},
      {"eleven headers", Get("1:\r\n2:\r\n3:\r\n4:\r\n5:\r\n6:\r\n7:\r\n8:\r\n9:\r\n0:\r\n"), "431"},
      {"unknown expectation", Get("Expect: miracles\r\n"), "417"},
      {"unfinished head", "GET / HTTP/1.1\r\nHost: h\r\n", "in head"},
      {"two requests", Get("") + Get("Connection: close\r\n"), "GET / [] stays; GET / [] closes; end"},
      {"request, then rubbish", Get("") + "\x01\r\n", "GET / [] stays; 400"},
  };
  return rows;
}

const std::vector<Row>& Bodies() {
  static const std::vector<Row> rows = {
      {"length", Get("Content-Length: 3\r\n") + "abc", "GET / [abc] stays; end"},
      {"length 0", Get("Content-Length: 0\r\n"), "GET / [] stays; end"},
      {"leading zeros", Get("Content-Length: 003\r\n") + "abc", "GET / [abc] stays; end"},
      {"body, then a request", Get("Content-Length: 3\r\n") + "abc" + Get(""),
       "GET / [abc] stays; GET / [] stays; end"},
      {"unfinished body", Get("Content-Length: 3\r\n") + "ab", "in body"},
      {"length twice", Get("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc", "400"},
      {"length as a list", Get("Content-Length: 3, 3\r\n") + "abc", "400"},
      {"signed length", Get("Content-Length: +3\r\n") + "abc", "400"},
      {"negative length", Get("Content-Length: -3\r\n") + "abc", "400"},
      {"length in hex", Get("Content-Length: 0x3\r\n") + "abc", "400"},
      {"empty length", Get("Content-Length:\r\n"), "400"},
      {"largest body", Get("Content-Length: 64\r\n") + std::string(64, 'b'),
       "GET / [bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb] stays; end"},
      {"body too large", Get("Content-Length: 65\r\n"), "413"},
      {"length beyond 64 bits", Get("Content-Length: 99999999999999999999999\r\n"), "413"},
      {"chunks", Chunked("3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), "PUT / [abcde] stays; end"},
      {"no chunk but the last", Chunked("0\r\n\r\n"), "PUT / [] stays; end"},
      {"chunk size in either case", Chunked("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
       "PUT / [01234567890123456789] stays; end"},
      {"chunk extension", Chunked("3;a=\"b\"\r\nabc\r\n0;x\r\n\r\n"), "PUT / [abc] stays; end"},
      {"trailer", Chunked("1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n") + Get(""), "PUT / [a] stays; GET / [] stays; end"},
      {"bad trailer", Chunked("1\r\na\r\n0\r\nX Sum: 1\r\n\r\n"), "400"},
      {"endless trailers", Chunked("0\r\nX: " + std::string(600, 'a')), "431"},
      {"empty chunk size", Chunked("\r\nabc\r\n"), "400"},
      {"chunk size with a sign", Chunked("+3\r\nabc\r\n"), "400"},
      {"chunk size with 0x", Chunked("0x3\r\nabc\r\n"), "400"},
      {"space before the chunk size", Chunked(" 3\r\nabc\r\n"), "400"},
      {"space after the chunk size", Chunked("3 \r\nabc\r\n"), "400"},
      {"bare LF after the chunk size", Chunked("3\nabc\r\n"), "400"},
      {"chunk longer than said", Chunked("3\r\nabcd\r\n"), "400"},
      {"chunk shorter than said", Chunked("3\r\nab\r\n0\r\n\r\n"), "400"},
      {"no CR LF after the chunk", Chunked("3\r\nabc0\r\n\r\n"), "400"},
      {"chunk beyond 64 bits", Chunked("10000000000000003\r\nabc\r\n"), "413"},
      {"chunks too large together", Chunked("20\r\n" + std::string(32, 'c') + "\r\n21\r\n"), "413"},
      {"endless chunk extension", Chunked("1;" + std::string(300, 'e')), "400"},
      {"length and chunks", Get("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"chunks and length", Get("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), "400"},
      {"Transfer-Encoding in capitals", Get("Transfer-Encoding: CHUNKED\r\n") + "0\r\n\r\n", "GET / [] stays; end"},
      {"chunked twice", Get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"chunked twice in one", Get("Transfer-Encoding: chunked, chunked\r\n"), "501"},
      {"another encoding", Get("Transfer-Encoding: gzip, chunked\r\n"), "501"},
      {"identity", Get("Transfer-Encoding: identity\r\n"), "501"},
      {"hidden chunked", Get("Transfer-Encoding: x\tchunked\r\n"), "501"},
      {"chunks in 1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
  };
  return rows;
}

INSTANTIATE_TEST_SUITE_P(RequestLine, VerdictTest, ::testing::ValuesIn(RequestLines()));
INSTANTIATE_TEST_SUITE_P(Header, VerdictTest, ::testing::ValuesIn(Headers()));
INSTANTIATE_TEST_SUITE_P(Body, VerdictTest, ::testing::ValuesIn(Bodies()));

TEST(RequestParserTest, GivesHeadersInLowerCaseAndTrimmed) {
  RequestParser parser(kLimits);
  parser.Feed("GET / HTTP/1.1\r\nHOST: h\r\nX-Token:  \t a b \t\r\n\r\n");
  ASSERT_EQ(parser.state(), State::kComplete);
  const ServerRequest request = parser.Take();
  EXPECT_EQ(request.Header("host"), "h");
  EXPECT_EQ(request.Header("x-token"), "a b");
  EXPECT_EQ(request.Header("absent"), "");
}

TEST(RequestParserTest, KeepsTheRawPath) {
  const struct {
    const char* target;
    const char* raw_path;
    const char* path;
  } rows[] = {{"/v1/kv/a%2fb?q", "/v1/kv/a%2fb", "/v1/kv/a/b"},
              {"http://h?q", "/", "/"},
              {"https://h/%41", "/%41", "/A"},
              {"//a//b/", "//a//b/", "//a//b/"}};
  for (const auto& row : rows) {
    RequestParser parser(kLimits);
    parser.Feed("GET " + std::string(row.target) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_EQ(parser.state(), State::kComplete);
    const ServerRequest request = parser.Take();
    EXPECT_EQ(request.raw_path, row.raw_path);
    EXPECT_EQ(request.path, row.path);
  }
}

TEST(RequestParserTest, TakesNothingOfTheNextRequest) {
  RequestParser parser(kLimits);
  const std::string one = Get("");
  EXPECT_EQ(parser.Feed(one + one), one.size());
  EXPECT_EQ(parser.Feed(one), 0U) << "until Take";
  parser.Take();
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.Feed(one), one.size());
}

TEST(RequestParserTest, NothingHelpsAfterAFailure) {
  RequestParser parser(kLimits);
  parser.Feed("rubbish\r\n");
  ASSERT_EQ(parser.state(), State::kFailed);
  EXPECT_FALSE(parser.keep_alive());
  EXPECT_STRNE(parser.error_text(), "");
  EXPECT_EQ(parser.Feed(Get("")), 0U);
}

TEST(RequestParserTest, TellsWhoWaitsForContinue) {
  RequestParser parser(kLimits);
  parser.Feed(Get("Expect: 100-Continue\r\nContent-Length: 1\r\n"));
  EXPECT_EQ(parser.state(), State::kBody);
  EXPECT_TRUE(parser.wants_continue());
  parser.Feed("x");
  parser.Take();
  parser.Feed(Get("Expect: 100-continue\r\n"));
  EXPECT_FALSE(parser.wants_continue()) << "no body to wait for";
}

}  // namespace
}  // namespace signpost::http
