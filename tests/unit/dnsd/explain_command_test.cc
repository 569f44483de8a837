// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/explain_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "common/http/server.h"
#include "tests/support/bind_to_loopback.h"

namespace signpost::dnsd {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ran {
  int code = -1;
  std::string out, error;
};

Ran Explained(std::vector<std::string> words) {
  words.insert(words.begin(), "explain");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Ran ran{.code = RunExplain(static_cast<int>(argv.size()), argv.data())};
  ran.out = ::testing::internal::GetCapturedStdout();
  ran.error = ::testing::internal::GetCapturedStderr();
  return ran;
}

// An operations listener on a thread of its own.
class Listener {
 public:
  Listener(int status, std::string body) {
    server_ = http::Server::Listen(
                  loop_, test::Loopback(), {},
                  [this, status, body](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
                    asked_ = request.path + "?" + request.query;
                    responder->Send({.status = status, .headers = {}, .body = body});
                  })
                  .value();
    address_ = server_->local().ToString();
    thread_ = std::thread([this] { loop_.Run(); });
  }
  ~Listener() { Stop(); }
  void Stop() {
    if (!thread_.joinable()) return;
    loop_.Stop();
    thread_.join();
    server_.reset();
  }
  const std::string& address() const { return address_; }
  // After Stop.
  const std::string& asked() const { return asked_; }

 private:
  net::Loop loop_;
  std::unique_ptr<http::Server> server_;
  std::string address_;
  std::string asked_;
  std::thread thread_;
};

TEST(ExplainCommandTest, PrintsWhatTheRunningDnsdSays) {
  Listener listener(200, "www.example.com. TXT\nsource: none\n");
  const Ran ran = Explained({"www.example.com", "TXT", "--http", listener.address()});
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_EQ(ran.out, "www.example.com. TXT\nsource: none\n");
  EXPECT_EQ(ran.error, "");
  listener.Stop();
  EXPECT_EQ(listener.asked(), "/explain?name=www.example.com&type=TXT");
}

TEST(ExplainCommandTest, AsksForAddressesUnlessToldAndEscapesTheName) {
  Listener listener(200, "ok\n");
  EXPECT_EQ(Explained({"--http", listener.address(), "a&b=c.example"}).code, 0);
  listener.Stop();
  EXPECT_EQ(listener.asked(), "/explain?name=a%26b%3Dc.example&type=A");
}

TEST(ExplainCommandTest, MistakesOfTheCallerAreExitCode2) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "which name?"},
      {{"a..b"}, "NAME must be a domain name"},
      {{"www.example.com", "BANANA"}, "must be a record type"},
      {{"www.example.com", "A", "more"}, "more"},
      {{"www.example.com", "--http", "somewhere"}, "--http is wrong"},
      {{"www.example.com", "--upstream", "none"}, "--upstream"},
  };
  for (const auto& [words, text] : cases) {
    const Ran ran = Explained(words);
    EXPECT_EQ(ran.code, 2) << text;
    EXPECT_THAT(ran.error, StartsWith("dnsd explain: ")) << text;
    EXPECT_THAT(ran.error, HasSubstr(text));
    EXPECT_EQ(ran.out, "") << text;
  }
}

TEST(ExplainCommandTest, NobodyThereIsExitCode1) {
  Listener listener(200, "");
  const std::string address = listener.address();
  listener.Stop();
  const Ran ran = Explained({"www.example.com", "--http", address});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.error, HasSubstr(address));
  EXPECT_THAT(ran.error, HasSubstr("is dnsd running? Name its operations listener with --http"));
}

TEST(ExplainCommandTest, SomebodyElseThereIsExitCode1) {
  Listener agent(404, "404 page not found\n");
  const Ran other = Explained({"www.example.com", "--http", agent.address()});
  EXPECT_EQ(other.code, 1);
  EXPECT_EQ(other.error, "dnsd explain: no dnsd answers there; name its operations listener with --http\n");
  Listener refusing(400, "ask otherwise\n");
  EXPECT_EQ(Explained({"www.example.com", "--http", refusing.address()}).error, "dnsd explain: ask otherwise\n");
}

TEST(ExplainCommandTest, Help) {
  const Ran ran = Explained({"--help"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("dnsd explain NAME [TYPE]"));
}

}  // namespace
}  // namespace signpost::dnsd
