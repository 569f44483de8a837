// Signpost. Apache-2.0; see LICENSE.
// What of an answer a request may ask for: a part of the body, the answer behind a redirect, a connection of its own.
#include <gmock/gmock.h>

#include "common/http/client.h"
#include "tests/unit/common/http/client_fixture.h"

namespace signpost::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using End = BodyPart::End;

// --- parts of a body ---

class KeepTest : public ClientTest {
 protected:
  // What is kept of `body`, which comes in chunks of `chunk` bytes.
  Response Kept(const std::string& body, size_t chunk, BodyPart part) {
    std::string reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (size_t at = 0; at < body.size(); at += chunk) {
      const std::string piece = body.substr(at, chunk);
      char size[32];
      snprintf(size, sizeof size, "%zx\r\n", piece.size());
      reply += size + piece + "\r\n";
    }
    ScriptedServer script(loop, reply + "0\r\n\r\n", false);
    Request request = Get(script.Url());
    request.keep_body = part;
    Result<Response> result = Fetch(request);
    EXPECT_TRUE(result.ok()) << result.status().text();
    return result.ok() ? std::move(result).value() : Response();
  }
};

TEST_F(KeepTest, FirstOrLastBytes) {
  const std::string digits = "0123456789";
  const struct {
    BodyPart part;
    const char* kept;
  } rows[] = {
      {{.bytes = 4, .end = End::kFirst}, "0123"},
      {{.bytes = 4, .end = End::kLast}, "6789"},
      {{.bytes = 10, .end = End::kFirst}, "0123456789"},
      {{.bytes = 10, .end = End::kLast}, "0123456789"},
      {{.bytes = 11, .end = End::kFirst}, "0123456789"},
      {{.bytes = 11, .end = End::kLast}, "0123456789"},
      {{.bytes = 0, .end = End::kFirst}, ""},
      {{.bytes = 0, .end = End::kLast}, ""},
  };
  for (const auto& row : rows) {
    for (const size_t chunk : {size_t{1}, size_t{3}, size_t{10}}) {
      const Response response = Kept(digits, chunk, row.part);
      EXPECT_EQ(response.body, row.kept) << row.part.bytes << " in chunks of " << chunk;
      EXPECT_EQ(response.body_size, 10U);
    }
  }
}

TEST_F(KeepTest, TheRestIsReadHoweverLarge) {
  Serve();
  client = std::make_unique<Client>(loop, ClientOptions{.max_body = 1000});
  std::string body;
  for (int i = 0; body.size() < (1U << 20); ++i) body += std::to_string(i) + "\n";
  handler = [&](ServerRequest, auto responder) { responder->Send({.status = 503, .headers = {}, .body = body}); };
  for (const End end : {End::kFirst, End::kLast}) {
    Request request = Get(Url("/"));
    request.keep_body = BodyPart{.bytes = 4096, .end = end};
    const Result<Response> result = Fetch(request);
    ASSERT_TRUE(result.ok()) << result.status().text();
    EXPECT_EQ(result.value().status, 503);
    EXPECT_EQ(result.value().body_size, body.size());
    EXPECT_EQ(result.value().body, end == End::kFirst ? body.substr(0, 4096) : body.substr(body.size() - 4096));
  }
  EXPECT_EQ(client->connections(), 1U) << "it was read to its end";
}

// --- trailers and reasons ---

TEST_F(ClientTest, TrailersAreNoHeaders) {
  ScriptedServer script(loop,
                        "HTTP/1.1 200 Fine, Thanks\r\nTransfer-Encoding: chunked\r\nX-A: header\r\n\r\n"
                        "0\r\nX-A: trailer\r\nX-Sum:  1 \r\n\r\n",
                        false);
  const Result<Response> result = Fetch(Get(script.Url()));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().reason, "Fine, Thanks");
  EXPECT_FALSE(result.value().http2);
  EXPECT_EQ(result.value().Header("x-a"), "header");
  EXPECT_EQ(result.value().Header("x-sum"), "");
  EXPECT_EQ(result.value().Trailer("x-a"), "trailer");
  EXPECT_EQ(result.value().Trailer("x-sum"), "1");
  EXPECT_EQ(result.value().Trailer("none"), "");
}

TEST_F(ClientTest, ReasonMayBeMissing) {
  ScriptedServer script(loop, "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", false);
  const Result<Response> result = Fetch(Get(script.Url()));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().status, 404);
  EXPECT_EQ(result.value().reason, "");
}

// --- redirects ---

class RedirectTest : public ClientTest {
 protected:
  // "/N" leads to "/N-1", and "/0" answers with what it was asked.
  void ServeChain(int status) {
    Serve();
    handler = [this, status](const ServerRequest& request, std::unique_ptr<Responder> responder) {
      asked.push_back(request.method + " " + request.path + " [" + request.body + "]");
      const int left = std::stoi(request.path.substr(1));
      if (left == 0) return responder->Send({.status = 200, .headers = {{"X-End", "1"}}, .body = "end"});
      responder->Send({.status = status,
                       .headers = {{"Location", "/" + std::to_string(left - 1)}, {"X-Way", "1"}},
                       .body = "elsewhere"});
    };
  }
  Request Follow(std::string url, int most) {
    Request request = Get(std::move(url));
    request.max_redirects = most;
    return request;
  }

  std::vector<std::string> asked;
};

TEST_F(RedirectTest, AreFollowedSoFar) {
  ServeChain(302);
  const Result<Response> result = Fetch(Follow(Url("/3"), 3));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().status, 200);
  EXPECT_EQ(result.value().body, "end");
  EXPECT_EQ(result.value().body_size, 3U);
  EXPECT_EQ(result.value().Header("x-end"), "1");
  EXPECT_EQ(result.value().Header("x-way"), "") << "headers on the way do not count";
  EXPECT_EQ(asked.size(), 4U);
}

TEST_F(RedirectTest, OneTooManyIsUnavailable) {
  ServeChain(302);
  const Status status = Error(Follow(Url("/4"), 3));
  EXPECT_EQ(status.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(status.text(), HasSubstr("redirects"));
  EXPECT_EQ(asked.size(), 4U);
}

TEST_F(RedirectTest, NextRequestOfTheHandleFollowsNone) {
  ServeChain(302);
  EXPECT_EQ(Body(Follow(Url("/1"), 10)), "end");
  const Result<Response> result = Fetch(Get(Url("/1")));
  ASSERT_TRUE(result.ok()) << result.status().text();
  EXPECT_EQ(result.value().status, 302);
  EXPECT_EQ(result.value().body, "elsewhere");
}

TEST_F(RedirectTest, MethodsOnTheWay) {
  const struct {
    int status;
    const char* method;
    const char* last;
  } rows[] = {
      {302, "POST", "GET /0 []"},    {303, "POST", "GET /0 []"},  {307, "POST", "POST /0 [data]"},
      {307, "PUT", "PUT /0 [data]"}, {302, "HEAD", "HEAD /0 []"},
  };
  for (const auto& row : rows) {
    ServeChain(row.status);
    Request request = Follow(Url("/1"), 10);
    request.method = row.method;
    if (request.method != "HEAD") request.body = "data";
    EXPECT_TRUE(Fetch(request).ok());
    EXPECT_EQ(asked.back(), row.last) << row.status << " " << row.method;
  }
}

TEST_F(RedirectTest, ToAnotherHostFitsIntoOneConnection) {
  ServeChain(302);
  client = std::make_unique<Client>(loop, ClientOptions{.max_connections = 1});
  ScriptedServer script(loop, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: " + Url("/0") + "\r\n\r\n", false);
  EXPECT_EQ(Body(Follow(script.Url(), 1)), "end");
  EXPECT_EQ(client->connections(), 1U);
}

TEST_F(RedirectTest, ElsewhereThanHttpIsUnavailable) {
  for (const char* location : {"file:///etc/passwd", "ftp://127.0.0.1/", "http://:x/"}) {
    ScriptedServer script(
        loop, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + std::string(location) + "\r\n\r\n", false);
    const Status status = Error(Follow(script.Url(), 5));
    EXPECT_EQ(status.kind(), ErrorKind::kUnavailable) << location;
    EXPECT_THAT(status.text(), StartsWith("127.0.0.1:")) << location;
  }
}

// --- connections ---

TEST_F(ClientTest, FreshConnectionIsNeitherTakenNorKept) {
  Serve();
  EXPECT_EQ(Body(Get(Url("/"))), "GET / [] ||");
  Request request = Get(Url("/"));
  request.fresh_connection = true;
  size_t during = 0;
  handler = [&](ServerRequest, std::unique_ptr<Responder> responder) {
    during = server->connections();
    responder->Send({});
  };
  EXPECT_TRUE(Fetch(request).ok());
  EXPECT_EQ(during, 2U);
  EXPECT_EQ(client->connections(), 1U);
  EXPECT_TRUE(Fetch(Get(Url("/"))).ok());
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 1; }));
}

}  // namespace
}  // namespace signpost::http
