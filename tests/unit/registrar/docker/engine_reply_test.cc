// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_reply.h"

#include <gtest/gtest.h>

#include "common/json/json.h"

namespace signpost::registrar {
namespace {

TEST(EngineReplyTest, ErrorsKeepTheEnginesWords) {
  struct Case {
    int status;
    const char* body;
    ErrorKind kind;
    const char* text;
  };
  for (const Case& c : {
           Case{200, "", ErrorKind::kOk, ""},
           Case{204, "", ErrorKind::kOk, ""},
           Case{304, "", ErrorKind::kOk, ""},
           Case{404, R"({"message":"No such container: x"})", ErrorKind::kNotFound,
                "GET /x: status 404: No such container: x"},
           Case{400, "client version 1.11 is too old.\nUpgrade\n", ErrorKind::kInvalid,
                "GET /x: status 400: client version 1.11 is too old. Upgrade"},
           Case{400, R"({"message":"client version 1.99 is too new"})", ErrorKind::kInvalid,
                "GET /x: status 400: client version 1.99 is too new"},
           Case{403, "<html>", ErrorKind::kDenied, "GET /x: status 403: <html>"},
           Case{500, R"({"message":7})", ErrorKind::kUnavailable, R"(GET /x: status 500: {"message":7})"},
           Case{503, "", ErrorKind::kUnavailable, "GET /x: status 503"},
           Case{301, "", ErrorKind::kInvalid, "GET /x: status 301"},
       }) {
    const Status status = JudgeStatus("GET /x", c.status, c.body);
    EXPECT_EQ(status.kind(), c.kind) << c.status;
    EXPECT_EQ(status.text(), c.text);
  }
  EXPECT_LT(JudgeStatus("GET /x", 500, std::string(100000, 'x')).text().size(), 400U);
}

TEST(EngineReplyTest, SinceHasNineDigits) {
  EXPECT_EQ(SinceText(1795336841585086104), "1795336841.585086104");
  EXPECT_EQ(SinceText(1795336841000000007), "1795336841.000000007");
  EXPECT_EQ(SinceText(5), "0.000000005");
}

TEST(EngineReplyTest, FiltersAreListsOfNames) {
  for (const bool podman : {false, true}) {
    const auto document = json::Document::Parse(EventFilters(podman));
    ASSERT_TRUE(document.ok()) << document.status().text();
    EXPECT_EQ(document.value().root()["type"].size(), 2U);
    EXPECT_EQ(document.value().root()["event"].size(), podman ? 16U : 13U);
  }
}

}  // namespace
}  // namespace signpost::registrar
