// Signpost. Apache-2.0; see LICENSE.
// What clients get from a server that compresses, and from one that does not.
#include <gmock/gmock.h>

#include "common/http/server.h"
#include "tests/unit/common/http/gunzip.h"
#include "tests/unit/common/http/server_fixture.h"

namespace signpost::http {
namespace {

using test::Gunzip;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ServerGzipTest : public ServerTest {
 protected:
  ServerGzipTest() {
    handler = [this](ServerRequest, std::unique_ptr<Responder> responder) { responder->Send(answer); };
  }

  std::string Ask(const std::string& method, const std::string& headers) {
    return Talk(method + " / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n");
  }
  static std::string Head(const std::string& got) { return got.substr(0, got.find("\r\n\r\n") + 4); }
  static std::string Body(const std::string& got) { return got.substr(got.find("\r\n\r\n") + 4); }

  static constexpr char kAsks[] = "Accept-Encoding: deflate, gzip\r\n";
  const std::string text = std::string(3000, 't');
  ServerResponse answer = {.status = 200, .headers = {{"Content-Type", "text/plain"}}, .body = text};
};

TEST_F(ServerGzipTest, CompressesForWhoAsks) {
  Listen({.gzip = true});
  const std::string got = Ask("GET", kAsks);
  EXPECT_EQ(Gunzip(Body(got)), text);
  EXPECT_THAT(got, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
                              "Vary: Accept-Encoding\r\nContent-Length: " +
                              std::to_string(Body(got).size()) + "\r\n"));
  EXPECT_LT(Body(got).size(), 100U);
}

TEST_F(ServerGzipTest, AnswersOthersPlainly) {
  Listen({.gzip = true});
  for (const char* headers : {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: br\r\n"}) {
    const std::string got = Ask("GET", headers);
    EXPECT_EQ(Body(got), text) << headers;
    EXPECT_THAT(got, Not(HasSubstr("Content-Encoding"))) << headers;
  }
}

TEST_F(ServerGzipTest, EveryAnswerVaries) {
  Listen({.max_connections = 1, .gzip = true});
  EXPECT_THAT(Ask("GET", ""), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  answer = {.status = 404, .headers = {}, .body = ""};
  EXPECT_THAT(Ask("GET", kAsks), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  answer = {.status = 304, .headers = {}, .body = ""};
  EXPECT_THAT(Ask("GET", kAsks), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  EXPECT_THAT(Talk("rubbish\r\n\r\n"), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
  RawClient only(server->local());
  EXPECT_TRUE(RunUntil(loop, [&] { return server->connections() == 1; }));
  EXPECT_THAT(Talk(""), HasSubstr("\r\nVary: Accept-Encoding\r\n"));
}

TEST_F(ServerGzipTest, HeadIsToldWhatGetWouldGet) {
  Listen({.gzip = true});
  const std::string head = Ask("HEAD", kAsks);
  const std::string get = Ask("GET", kAsks);
  EXPECT_EQ(Body(head), "");
  const auto without_date = [](std::string head_text) { return head_text.erase(head_text.find("Date: "), 37); };
  EXPECT_EQ(without_date(head), without_date(Head(get)));
}

TEST_F(ServerGzipTest, SmallAnswersAreNotWorthIt) {
  Listen({.gzip = true, .gzip_from = 3001});
  EXPECT_EQ(Body(Ask("GET", kAsks)), text);
}

TEST_F(ServerGzipTest, IsOffUnlessAskedFor) {
  Listen();
  const std::string got = Ask("GET", kAsks);
  EXPECT_EQ(Body(got), text);
  EXPECT_THAT(Head(got), Not(HasSubstr("Vary")));
}

TEST_F(ServerGzipTest, EachRequestOfAConnectionIsItsOwn) {
  Listen({.gzip = true});
  const std::string got = Talk(
      "GET /1 HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n"
      "GET /2 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(Count(got, "Content-Encoding: gzip"), 1);
  EXPECT_TRUE(got.ends_with("\r\n\r\n" + text));
}

TEST_F(ServerGzipTest, OneBodyForManyWaitingClients) {
  constexpr size_t kClients = 50;
  Listen({.gzip = true});
  HoldAnswers();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->local()));
    const char* const headers = i % 2 == 0 ? "Accept-Encoding: gzip\r\n" : "";
    clients.back()->Send("GET / HTTP/1.0\r\n" + std::string(headers) + "\r\n");
    EXPECT_TRUE(RunUntil(loop, [&] { return held.size() == i + 1; }));
  }
  SharedBodyPtr body = Share(text);
  for (auto& responder : held) responder->Send({.status = 200, .headers = {}, .body = "", .shared_body = body});
  for (size_t i = 0; i < kClients; ++i) {
    EXPECT_TRUE(RunUntil(loop, [&] { return clients[i]->Read() && clients[i]->closed; }));
    const std::string got = Body(clients[i]->got);
    EXPECT_EQ(i % 2 == 0 ? Gunzip(got) : got, text);
  }
  EXPECT_EQ(body.use_count(), 1) << "nobody holds on to it";
}

}  // namespace
}  // namespace signpost::http
