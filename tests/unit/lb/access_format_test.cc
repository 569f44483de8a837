// Signpost. Apache-2.0; see LICENSE.
#include "lb/access_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/json/json.h"

namespace signpost::lb {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

AccessRecord Request() {
  AccessRecord record;
  record.wall = 1'767'323'045s + 678ms;  // 2026-01-02 03:04:05.678 UTC
  record.client = net::SocketAddress::Parse("192.0.2.7:40000", 0).value();
  record.method = "GET";
  record.target = "/a?b=1";
  record.host = "web.example.com";
  record.user_agent = "curl/8";
  record.referer = "http://x/";
  record.protocol = "HTTP/1.1";
  record.status = 200;
  record.bytes_received = 0;
  record.bytes_sent = 1234;
  record.service = "web";
  record.endpoint = "198.51.100.1:8080";
  record.version = "v2";
  record.request_id = "id-1";
  record.attempts = 2;
  record.duration = 12'345'678ns;
  record.upstream = 5ms;
  return record;
}

std::string Line(AccessFormat format, const AccessRecord& record) {
  std::string out = "before\n";
  AppendAccessLine(out, format, record);
  EXPECT_TRUE(out.starts_with("before\n"));
  out = out.substr(7);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  EXPECT_TRUE(out.ends_with('\n'));
  return out;
}

TEST(AccessFormat, CombinedAsNginxWritesIt) {
  EXPECT_EQ(Line(AccessFormat::kCombined, Request()),
            "192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] \"GET /a?b=1 HTTP/1.1\" 200 1234 \"http://x/\" \"curl/8\"\n");
}

TEST(AccessFormat, CombinedOfWhatIsNotThere) {
  AccessRecord record;
  record.status = 400;
  EXPECT_EQ(Line(AccessFormat::kCombined, record), "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
  record.tcp = true;
  record.status = 0;
  record.service = "redis-6379";
  record.client = net::SocketAddress::Parse("[2001:db8::1]:5", 0).value();
  EXPECT_EQ(Line(AccessFormat::kCombined, record),
            "2001:db8::1 - - [01/Jan/1970:00:00:00 +0000] \"TCP redis-6379\" 000 0 \"-\" \"-\"\n");
}

TEST(AccessFormat, NoClientForgesALine) {
  AccessRecord record = Request();
  record.target = "/\"x\\\n\x01\xff";
  record.user_agent = "a\r\nb";
  EXPECT_THAT(Line(AccessFormat::kCombined, record), HasSubstr("\"GET /\\x22x\\x5c\\x0a\\x01\\xff HTTP/1.1\""));
  const std::string line = Line(AccessFormat::kJson, record);
  const auto document = json::Document::Parse(line);
  ASSERT_TRUE(document.ok()) << line;
  EXPECT_EQ(document.value().root()["target"].String(), "/\"x\\\n\x01\xef\xbf\xbd");
  EXPECT_EQ(document.value().root()["user_agent"].String(), "a\r\nb");
}

TEST(AccessFormat, JsonSaysEverything) {
  const std::string line = Line(AccessFormat::kJson, Request());
  EXPECT_EQ(line,
            R"({"time":"2026-01-02T03:04:05.678Z","kind":"http","client":"192.0.2.7:40000","method":"GET",)"
            R"("host":"web.example.com","target":"/a?b=1","protocol":"HTTP/1.1","status":200,"received":0,"sent":1234,)"
            R"("service":"web","endpoint":"198.51.100.1:8080","version":"v2","attempts":2,"duration_ms":12.345,)"
            R"("upstream_ms":5.000,"termination":"ok","request_id":"id-1","user_agent":"curl/8","referer":"http://x/"})"
            "\n");
}

TEST(AccessFormat, JsonLeavesOutWhatIsNotThere) {
  AccessRecord record;
  record.tcp = true;
  record.termination = Termination::kIdle;
  const std::string line = Line(AccessFormat::kJson, record);
  EXPECT_THAT(line, HasSubstr(R"("kind":"tcp")"));
  EXPECT_THAT(line, HasSubstr(R"("termination":"idle")"));
  for (const char* name : {"status", "method", "client", "connect_ms", "upstream_ms", "endpoint"}) {
    EXPECT_THAT(line, Not(HasSubstr(name)));
  }
}

}  // namespace
}  // namespace signpost::lb
