// Signpost. Apache-2.0; see LICENSE.
// Keys and values over HTTP, and the locks that sessions hold on them.
#include <gmock/gmock.h>

#include "dnsd/registry/api/kv_json.h"
#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kSession = "9f1de9a5-0000-4000-8000-00000000000a";

class KvEndpoints : public EndpointTest {
 protected:
  KvEndpoints() : EndpointTest(KvRoutes()) {
    Write([](State& state) { state.Put(TestSession(kSession, "own")); });
  }
  Answer Delete(std::string_view target) { return Call("DELETE", target); }
  std::string Value(const std::string& key) {
    const Answer answer = Get("/v1/kv/" + key + "?raw");
    return answer.status == 200 ? answer.body : std::to_string(answer.status);
  }
  std::string ModifyIndex(const std::string& key) { return std::to_string(engine.state().FindKv(key)->index.modify); }
};

TEST_F(KvEndpoints, AValueAsItIsShown) {
  EXPECT_EQ(Put("/v1/kv/a/b?flags=7", "hello").body, "true");
  const std::string index = ModifyIndex("a/b");
  const Answer answer = Get("/v1/kv/a/b");
  EXPECT_EQ(answer.body, R"([{"LockIndex":0,"Key":"a/b","Flags":7,"Value":"aGVsbG8=","CreateIndex":)" + index +
                             R"(,"ModifyIndex":)" + index + "}]");
  EXPECT_EQ(std::to_string(answer.index.value()), index);
  EXPECT_THAT(answer.topics, ElementsAre(Topic{.kind = Topic::Kind::kKv, .name = "a/b"}));
}

TEST_F(KvEndpoints, AnEmptyValueIsNull) {
  Put("/v1/kv/a", "");
  EXPECT_THAT(Get("/v1/kv/a").body, HasSubstr(R"("Value":null)"));
  EXPECT_EQ(Value("a"), "");
}

TEST_F(KvEndpoints, ARawValueIsNoPage) {
  Put("/v1/kv/a", "<script>");
  const Answer answer = Get("/v1/kv/a?raw");
  EXPECT_EQ(answer.content_type, "text/plain");
  EXPECT_THAT(answer.headers, ElementsAre(std::pair("X-Content-Type-Options", "nosniff"),
                                          std::pair("Content-Security-Policy", "sandbox")));
}

TEST_F(KvEndpoints, WhatIsNotThereCanBeWaitedFor) {
  const Answer answer = Get("/v1/kv/absent");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "");
  EXPECT_TRUE(answer.index);
  EXPECT_EQ(Get("/v1/kv/absent?recurse").status, 404);
  EXPECT_EQ(Get("/v1/kv/absent?keys").status, 404);
  EXPECT_EQ(Get("/v1/kv/").status, 400) << "only a tree may have an empty name";
}

TEST_F(KvEndpoints, TreesAndKeys) {
  for (const char* key : {"a", "d/1", "d/2", "d/e/1", "d/e/2", "e"}) Put("/v1/kv/" + std::string(key), "v");
  EXPECT_EQ(Column(Get("/v1/kv/d?recurse").body, "Key"), "d/1 d/2 d/e/1 d/e/2");
  EXPECT_EQ(Get("/v1/kv/d/?keys").body, R"(["d/1","d/2","d/e/1","d/e/2"])");
  EXPECT_EQ(Get("/v1/kv/d/?keys&separator=/").body, R"(["d/1","d/2","d/e/"])");
  EXPECT_EQ(Get("/v1/kv/?keys&recurse&separator=/").body, R"(["a","d/","e"])") << "keys comes before recurse";
  const Answer tree = Get("/v1/kv/d?recurse");
  EXPECT_THAT(tree.topics, ElementsAre(Topic{.kind = Topic::Kind::kKvBelow, .name = "d"}));
  EXPECT_EQ(std::to_string(tree.index.value()), ModifyIndex("d/e/2"));
}

TEST_F(KvEndpoints, CompareAndSet) {
  EXPECT_EQ(Put("/v1/kv/a?cas=0", "1").body, "true");
  EXPECT_EQ(Put("/v1/kv/a?cas=0", "2").body, "false");
  EXPECT_EQ(Put("/v1/kv/a?cas=" + ModifyIndex("a"), "3").body, "true");
  EXPECT_EQ(Value("a"), "3");
  EXPECT_EQ(Delete("/v1/kv/a?cas=1").body, "false");
  EXPECT_EQ(Delete("/v1/kv/a?cas=" + ModifyIndex("a")).body, "true");
  EXPECT_EQ(Value("a"), "404");
}

TEST_F(KvEndpoints, Locks) {
  EXPECT_EQ(Put("/v1/kv/a?acquire=" + std::string(kSession), "1").body, "true");
  EXPECT_THAT(Get("/v1/kv/a").body, HasSubstr(R"("Session":")" + std::string(kSession)));
  EXPECT_EQ(Put("/v1/kv/a?release=9F1DE9A5-0000-4000-8000-00000000000B", "2").body, "false");
  EXPECT_EQ(Put("/v1/kv/a?release=9F1DE9A5-0000-4000-8000-00000000000A", "3").body, "true");
  EXPECT_EQ(Value("a"), "3");
}

TEST_F(KvEndpoints, Deleting) {
  for (const char* key : {"d", "d/1", "e"}) Put("/v1/kv/" + std::string(key), "v");
  EXPECT_EQ(Delete("/v1/kv/d").body, "true");
  EXPECT_EQ(Get("/v1/kv/?keys").body, R"(["d/1","e"])");
  EXPECT_EQ(Delete("/v1/kv/d?recurse").body, "true");
  EXPECT_EQ(Get("/v1/kv/?keys").body, R"(["e"])");
  EXPECT_EQ(Delete("/v1/kv/absent").body, "true");
}

TEST_F(KvEndpoints, Refusals) {
  struct Case {
    const char* target;
    int status;
    const char* text;
  };
  for (const auto& [target, status, text] :
       {Case{"", 400, "Missing key name"},
        {"a?cas=1&acquire=x", 400, "Conflicting flags: acquire=x&cas=1"},
        {"a?acquire=x&release=y", 400, "Conflicting flags: acquire=x&release=y"},
        {"a?flags=x", 500, R"(strconv.ParseUint: parsing "x": invalid syntax)"},
        {"a?flags=99999999999999999999", 500,
         R"(strconv.ParseUint: parsing "99999999999999999999": value out of range)"},
        {"a?cas=", 500, R"(strconv.ParseUint: parsing "": invalid syntax)"},
        {"a?acquire=", 500, "missing session"},
        {"a?release=", 500, "missing session"},
        {"a?acquire=word", 500, "failed session lookup: index error: UUID must be 36 characters"},
        {"a?acquire=9f1de9a5-0000-4000-8000-000000000000", 500,
         R"(invalid session "9f1de9a5-0000-4000-8000-000000000000")"}}) {
    const Answer answer = Put("/v1/kv/" + std::string(target), "v");
    EXPECT_EQ(answer.status, status) << target;
    EXPECT_EQ(answer.body, text) << target;
  }
  EXPECT_EQ(Delete("/v1/kv/").status, 400);
  EXPECT_EQ(Delete("/v1/kv/a?recurse&cas=1").body, "Conflicting flags: cas=1&recurse=");
}

TEST_F(KvEndpoints, AValueHasABound) {
  EXPECT_EQ(Put("/v1/kv/a", std::string(kMaxKvValue, 'x')).status, 200);
  const Answer answer = Put("/v1/kv/b", std::string(kMaxKvValue + 1, 'x'));
  EXPECT_EQ(answer.status, 413);
  EXPECT_THAT(answer.body, StartsWith("Request body(524289 bytes) too large, max size: 524288 bytes."));
}

}  // namespace
}  // namespace signpost::registry
