// Signpost. Apache-2.0; see LICENSE.
// Several operations on keys, all or none.
#include <gmock/gmock.h>

#include "tests/unit/dnsd/registry/api/endpoint_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kSession = "9f1de9a5-0000-4000-8000-00000000000a";

class TxnEndpoint : public EndpointTest {
 protected:
  TxnEndpoint() : EndpointTest(KvRoutes()) {
    Write([](State& state) { state.Put(TestSession(kSession, "own")); });
  }
  Answer Do(std::string body) { return Put("/v1/txn", std::move(body)); }
  // One operation: R"("Verb":"set",...)".
  Answer One(const std::string& members) { return Do(R"([{"KV":{)" + members + "}}]"); }
  std::string Keys() {
    std::string keys;
    for (const auto& [key, row] : engine.state().kv()) keys += key + "=" + row->value + " ";
    return keys;
  }
  // What went wrong, as "INDEX: WHAT" each.
  static Strings Errors(const Answer& answer) {
    Strings errors;
    const auto document = json::Document::Parse(answer.body);
    if (!document.ok()) return {answer.body};
    document->root()["Errors"].ForEachElement([&errors](json::Value error) {
      errors.push_back(std::to_string(error["OpIndex"].Int(-1)) + ": " + std::string(error["What"].String()));
    });
    return errors;
  }
};

TEST_F(TxnEndpoint, WritesShowNoValueAndReadsDo) {
  const Answer answer = Do(R"([{"KV":{"Verb":"set","Key":"a","Value":"MQ==","Flags":7}},{"KV":{"Verb":"get","Key":"a"}},
                               {"KV":{"Verb":"delete","Key":"absent"}}])");
  const std::string index = std::to_string(engine.state().index());
  const std::string tail = R"(,"CreateIndex":)" + index + R"(,"ModifyIndex":)" + index + "}}";
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"Results":[{"KV":{"LockIndex":0,"Key":"a","Flags":7,"Value":null)" + tail +
                             R"(,{"KV":{"LockIndex":0,"Key":"a","Flags":7,"Value":"MQ==")" + tail +
                             R"(],"Errors":null})");
  EXPECT_THAT(answer.headers, IsEmpty());
}

TEST_F(TxnEndpoint, ReadsAloneSayMore) {
  const Answer answer = Do(R"([{"KV":{"Verb":"get-tree","Key":"absent"}}])");
  EXPECT_EQ(answer.body,
            R"({"Results":[],"Errors":null,"Index":0,"LastContact":0,"KnownLeader":true,"ConsistencyLevel":""})");
  EXPECT_THAT(answer.headers,
              ElementsAre(std::pair("X-Consul-Knownleader", "true"), std::pair("X-Consul-Lastcontact", "0")));
}

TEST_F(TxnEndpoint, AllOrNothing) {
  One(R"("Verb":"set","Key":"there","Value":"MQ==")");
  const uint64_t before = engine.state().index();
  const Answer answer = Do(R"([{"KV":{"Verb":"set","Key":"new"}},{"KV":{"Verb":"delete","Key":"there"}},
                               {"KV":{"Verb":"check-not-exists","Key":"new"}},{"KV":{"Verb":"get","Key":"absent"}}])");
  EXPECT_EQ(answer.status, 409);
  EXPECT_THAT(answer.body, StartsWith(R"({"Results":null,)"));
  EXPECT_THAT(Errors(answer), ElementsAre(R"(2: key "new" exists)", R"(3: key "absent" doesn't exist)"));
  EXPECT_EQ(Keys(), "there=1 ");
  EXPECT_EQ(engine.state().index(), before);
  EXPECT_THAT(engine.state().TakeJournal().touched, IsEmpty()) << "nobody is woken";
}

TEST_F(TxnEndpoint, WhatCannotBeIsToldBeforeAnythingIsDone) {
  const Answer answer = Do(R"([{"KV":{"Verb":"get","Key":"absent"}},{"KV":{"Verb":"set"}}])");
  EXPECT_THAT(Errors(answer), ElementsAre("1: Must provide key"));
}

TEST_F(TxnEndpoint, CompareAndSet) {
  EXPECT_THAT(Errors(One(R"("Verb":"cas","Key":"a","Value":"MQ==","Index":5)")),
              ElementsAre(R"(0: failed to set key "a", index is stale)"));
  EXPECT_EQ(One(R"("Verb":"cas","Key":"a","Value":"MQ==","Index":0)").status, 200);
  const std::string index = std::to_string(engine.state().FindKv("a")->index.modify);
  EXPECT_EQ(One(R"("Verb":"check-index","Key":"a","Index":)" + index).status, 200);
  EXPECT_THAT(Errors(One(R"("Verb":"check-index","Key":"a","Index":1)")),
              ElementsAre(R"(0: failed index check for key "a", current modify index )" + index + " != 1"));
  EXPECT_THAT(Errors(One(R"("Verb":"delete-cas","Key":"a","Index":1)")),
              ElementsAre(R"(0: failed to delete key "a", index is stale)"));
  EXPECT_EQ(One(R"("Verb":"delete-cas","Key":"a","Index":)" + index).status, 200);
  EXPECT_EQ(Keys(), "");
}

TEST_F(TxnEndpoint, Locks) {
  const std::string mine = R"(,"Key":"a","Session":")" + std::string(kSession) + "\"";
  const std::string other = R"(,"Key":"a","Session":"9f1de9a5-0000-4000-8000-00000000000b")";
  EXPECT_THAT(Errors(One(R"("Verb":"lock")" + other)),
              ElementsAre(R"(0: invalid session "9f1de9a5-0000-4000-8000-00000000000b")"));
  EXPECT_THAT(Errors(One(R"("Verb":"lock","Key":"a")")), ElementsAre("0: missing session"));
  EXPECT_THAT(One(R"("Verb":"lock")" + mine).body, HasSubstr(R"("LockIndex":1)"));
  EXPECT_EQ(One(R"("Verb":"check-session")" + mine).status, 200);
  EXPECT_THAT(Errors(One(R"("Verb":"check-session")" + other)),
              ElementsAre(R"(0: failed session check for key "a", current session ")" + std::string(kSession) +
                          R"(" != "9f1de9a5-0000-4000-8000-00000000000b")"));
  const Strings not_held = {R"(0: failed to unlock key "a", lock isn't held, or is held by another session)"};
  EXPECT_EQ(Errors(One(R"("Verb":"unlock")" + other)), not_held);
  EXPECT_EQ(One(R"("Verb":"unlock")" + mine).status, 200);
  EXPECT_EQ(Errors(One(R"("Verb":"unlock")" + mine)), not_held);
}

TEST_F(TxnEndpoint, TreesAreDeleted) {
  Do(R"([{"KV":{"Verb":"set","Key":"a/1"}},{"KV":{"Verb":"set","Key":"a/2"}},{"KV":{"Verb":"set","Key":"b"}}])");
  EXPECT_EQ(One(R"("Verb":"delete-tree","Key":"a/")").body, R"({"Results":[],"Errors":null})");
  EXPECT_EQ(Keys(), "b= ");
  EXPECT_EQ(One(R"("Verb":"delete-tree")").status, 200) << "an empty key is all of them";
  EXPECT_EQ(Keys(), "");
}

TEST_F(TxnEndpoint, UnknownVerbs) {
  EXPECT_THAT(Errors(One(R"("Verb":"SET","Key":"a")")), ElementsAre(R"(0: unknown KV verb "SET")"));
  EXPECT_THAT(Errors(One(R"("Verb":"get-or-empty","Key":"a\"b")")),
              ElementsAre(R"(0: unknown KV verb "get-or-empty")"));
}

TEST_F(TxnEndpoint, NothingToDo) {
  for (const char* body : {"[]", "null", "[{}]", R"([{"KV":null}])", "[null]"}) {
    EXPECT_THAT(Do(body).body, StartsWith(R"({"Results":[],"Errors":null,"Index":0)")) << body;
  }
}

TEST_F(TxnEndpoint, BadBodies) {
  struct Case {
    const char* body;
    const char* text;
  };
  for (const auto& [body, text] :
       {Case{"", "Failed to parse body: EOF"},
        {"{}", "Failed to parse body: json: cannot unmarshal object into Go value of type api.TxnOps"},
        {R"([{"Word":1}])", R"(Failed to parse body: json: unknown field "Word")"},
        {R"([{"KV":{"Word":1}}])", R"(Failed to parse body: json: unknown field "Word")"},
        {R"([{"KV":{"Value":"!"}}])", "Failed to parse body: illegal base64 data"},
        {R"([{"KV":{"Flags":"1"}}])",
         "Failed to parse body: json: cannot unmarshal string into Go struct field KVTxnOp.KV.Flags of type uint64"}}) {
    const Answer answer = Do(body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.body, text) << body;
  }
  EXPECT_EQ(One(R"("Verb":"set","Key":"a","Flags":-1)").status, 400);
  EXPECT_EQ(One(R"("Verb":"set","Key":"a","Flags":18446744073709551615)").status, 200);
}

TEST_F(TxnEndpoint, ABound) {
  const auto sets = [](int count) {
    std::string body = "[";
    for (int i = 0; i < count; ++i) body += std::string(i == 0 ? "" : ",") + R"({"KV":{"Verb":"set","Key":"a"}})";
    return body + "]";
  };
  EXPECT_EQ(Do(sets(64)).status, 200);
  EXPECT_EQ(Do(sets(65)).status, 413);
  EXPECT_EQ(Do(sets(65)).body, "Transaction contains too many operations (65 > 64)");
  EXPECT_THAT(Do(std::string(524289, ' ')).body, HasSubstr("options.html#txn_max_req_len."));
}

TEST_F(TxnEndpoint, TheCatalogIsNotServed) {
  for (const char* body : {R"([{"Node":{"Verb":"get","Node":{"Node":"x"}}}])", R"([{"Service":{}}])",
                           R"([{"KV":{"Verb":"set","Key":"a"}},{"Check":{}}])"}) {
    EXPECT_EQ(Do(body).status, 501) << body;
  }
  EXPECT_EQ(Keys(), "");
}

}  // namespace
}  // namespace signpost::registry
