// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/grpc_message.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::registry {
namespace {

using namespace std::string_literals;

std::string Frame(const std::string& message) { return "\0\0\0\0"s + static_cast<char>(message.size()) + message; }

TEST(GrpcMessageTest, TargetsAreCutAtTheFirstSlash) {
  struct Case {
    const char* text;
    const char* address;
    const char* service;
  };
  for (const Case& c : {Case{"127.0.0.1:80", "127.0.0.1:80", ""}, Case{"[::1]:80/a.B", "[::1]:80", "a.B"},
                        Case{"host:1/a/b", "host:1", "a/b"}, Case{"host:1/", "host:1", ""}, Case{"", "", ""}}) {
    const GrpcTarget target = ParseGrpcTarget(c.text);
    EXPECT_EQ(target.address, c.address) << c.text;
    EXPECT_EQ(target.service, c.service) << c.text;
  }
}

TEST(GrpcMessageTest, RequestsAreFramed) {
  EXPECT_EQ(EncodeHealthRequest(""), "\0\0\0\0\0"s);
  EXPECT_EQ(EncodeHealthRequest("good"), "\0\0\0\0\x06\x0a\x04good"s);
  const std::string name(300, 'x');
  EXPECT_EQ(EncodeHealthRequest(name), "\0\0\0\x01\x2f\x0a\xac\x02"s + name);
}

TEST(GrpcMessageTest, StatusesAreDecoded) {
  struct Case {
    const char* what;
    std::string body;
    std::optional<uint64_t> status;
  };
  const std::vector<Case> cases = {
      {"serving", Frame("\x08\x01"), 1},
      {"not serving", Frame("\x08\x02"), 2},
      {"left out is unknown", Frame(""), 0},
      {"the last one counts", Frame("\x08\x02\x08\x01"), 1},
      {"other fields are skipped", Frame("\x10\x05\x1a\x02zz\x25zzzz\x29zzzzzzzz\x08\x01"), 1},
      {"a long number", Frame("\x08\x81\x80\x80\x80\x80\x01"), (uint64_t{1} << 35) + 1},
      {"nothing at all", "", std::nullopt},
      {"half a head", "\0\0\0"s, std::nullopt},
      {"compressed", "\x01\0\0\0\x02\x08\x01"s, std::nullopt},
      {"shorter than told", "\0\0\0\0\x05\x08\x01"s, std::nullopt},
      {"longer than told", "\0\0\0\0\x01\x08\x01"s, std::nullopt},
      {"a number without end", Frame("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), std::nullopt},
      {"a number cut off", Frame("\x08\x80"), std::nullopt},
      {"a string longer than the message", Frame("\x1a\x7fzz"), std::nullopt},
      {"a string longer than memory", Frame("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01zz"), std::nullopt},
      {"a wire type that is none", Frame("\x0f"), std::nullopt},
      {"a fixed field cut off", Frame("\x29zzz"), std::nullopt},
  };
  for (const Case& c : cases) EXPECT_EQ(DecodeHealthStatus(c.body), c.status) << c.what;
}

// A reply that passes; each case spoils one thing.
GrpcReply Good(std::string_view body) {
  return {.http_status = 200,
          .http2 = true,
          .content_type = "application/grpc+proto",
          .grpc_status = "0",
          .grpc_message = "",
          .body = body};
}

TEST(GrpcMessageTest, RepliesAreJudged) {
  const std::string serving = Frame("\x08\x01");
  const std::string not_serving = Frame("\x08\x02");
  const auto output = [](const GrpcReply& reply) { return JudgeGrpcReply(reply, "h:1/s").output; };
  EXPECT_EQ(JudgeGrpcReply(Good(serving), "h:1/s"), (Outcome{CheckStatus::kPassing, "gRPC check h:1/s: success"}));
  EXPECT_EQ(JudgeGrpcReply(Good(not_serving), "h:1/s"),
            (Outcome{CheckStatus::kCritical, "gRPC application didn't report service healthy"}));
  EXPECT_EQ(output(Good(Frame(""))), "gRPC application didn't report service healthy");
  EXPECT_EQ(output(Good("?")), "rpc error: code = Internal desc = malformed health reply");
  GrpcReply reply = Good(serving);
  reply.grpc_status = "5";
  reply.grpc_message = "unknown%20service";
  EXPECT_EQ(output(reply), "rpc error: code = NotFound desc = unknown service");
  reply.grpc_message = "50%";
  EXPECT_EQ(output(reply), "rpc error: code = NotFound desc = 50%");
  for (const char* strange : {"17", "-1", "99999999999999999999", "x", "1x"}) {
    reply.grpc_status = strange;
    EXPECT_EQ(output(reply), "rpc error: code = Unknown desc = 50%") << strange;
  }
  reply.grpc_status = "";
  EXPECT_EQ(output(reply), "rpc error: code = Internal desc = server closed the stream without trailers");
  reply = Good(serving);
  reply.content_type = "text/html";
  EXPECT_EQ(output(reply), "rpc error: code = Unknown desc = unexpected content-type \"text/html\"");
  reply.http_status = 404;
  EXPECT_EQ(output(reply), "rpc error: code = Unknown desc = unexpected HTTP status code received from server: 404");
  reply.http2 = false;
  EXPECT_EQ(output(reply), "rpc error: code = Unavailable desc = connection closed");
}

}  // namespace
}  // namespace signpost::registry
