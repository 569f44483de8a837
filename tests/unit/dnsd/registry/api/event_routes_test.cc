// Signpost. Apache-2.0; see LICENSE.
// User events: firing, listing, waiting.
#include <gmock/gmock.h>

#include "dnsd/registry/api/event_rules.h"
#include "tests/unit/dnsd/registry/api/api_fixture.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Events : public ApiFixture {
 protected:
  Events() {
    engine->state().BeginWrite();
    ServiceRow web = TestService("own", "web");
    web.tags = {"v1"};
    PutService(engine->state(), web);
    engine->Commit([](const Status&) {});
  }
  std::shared_ptr<Received> Fire(const std::string& target, std::string payload = "") {
    return Send("PUT /v1/event/fire/" + target, std::move(payload));
  }
  std::string Fault(const std::string& target, std::string payload = "") {
    const auto outcome = Fire(target, std::move(payload));
    return outcome->response.status == 200 ? "" : outcome->Body();
  }
  // Names and times of what the own node heard.
  std::string Heard() const {
    std::string heard;
    for (const Event& event : engine->events().events()) {
      heard += (heard.empty() ? "" : " ") + event.name + "@" + std::to_string(event.logical_time);
    }
    return heard;
  }
};

TEST(EventIndex, IsMadeOfTheNewestEventsId) {
  EXPECT_EQ(IndexOfEvent("31e93db2-7f7c-75f4-af28-fbd7ef587920"), 11439642668010048724U);
  EXPECT_EQ(IndexOfEvent("00000000-0000-0000-0000-000000000000"), 0U);
}

TEST_F(Events, AnEventAsItIsShown) {
  const std::string fired = Fire("deploy", "payload")->Body();
  EXPECT_THAT(fired, HasSubstr(R"("Name":"deploy","Payload":"cGF5bG9hZA==","NodeFilter":"","ServiceFilter":"",)"
                               R"("TagFilter":"","Version":1,"LTime":0})"));
  EXPECT_THAT(Send("GET /v1/event/list")->Body(), HasSubstr(R"("Version":1,"LTime":2}])"));
  EXPECT_THAT(Fire("bare")->Body(), HasSubstr(R"("Payload":null)"));
}

TEST_F(Events, TheListByName) {
  Fire("a");
  Fire("b");
  const auto all = Send("GET /v1/event/list");
  const auto by_name = Send("GET /v1/event/list?name=b&node=ignored");
  EXPECT_EQ(by_name->Header("X-Consul-Index"), all->Header("X-Consul-Index"));
  EXPECT_THAT(by_name->Body(), StartsWith("[{"));
  EXPECT_THAT(by_name->Body(), ::testing::Not(HasSubstr(R"("Name":"a")")));
  const auto none = Send("GET /v1/event/list?name=absent");
  EXPECT_EQ(none->Body(), "[]");
  EXPECT_EQ(none->Header("X-Consul-Index"), "1");
}

TEST_F(Events, OthersAreNotHeardButTakeTheirTime) {
  Fire("here?node=^ow");
  Fire("elsewhere?node=^srv");
  Fire("service?service=^web$");
  Fire("other-service?service=^db$");
  Fire("tag?service=web&tag=v1");
  Fire("other-tag?service=web&tag=v2");
  EXPECT_EQ(Heard(), "here@2 service@4 tag@6");
}

TEST_F(Events, Refusals) {
  EXPECT_EQ(StatusOf("PUT /v1/event/fire/"), 400);
  EXPECT_EQ(Fault("x?node=("), "Invalid node filter: error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(Fault("x?service=("), "Invalid service filter: error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(Fault("x?service=web&tag=("), "Invalid tag filter: error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(Fault("x?tag=v1"), "Cannot provide tag filter without service filter");
  EXPECT_EQ(Heard(), "");
}

// As a Consul agent, whose limit is on its own encoding, does.
TEST_F(Events, SizesHaveABound) {
  struct Case {
    size_t name;
    const char* filters;
    size_t payload;  // the largest
  };
  for (const auto& [name, filters, payload] : {Case{1, "", 414},
                                               {2, "", 412},
                                               {10, "", 396},
                                               {32, "", 349},
                                               {40, "", 333},
                                               {100, "", 214},
                                               {1, "?node=xy", 408},
                                               {1, "?service=xyz", 407},
                                               {1, "?service=xyz&tag=ab", 401},
                                               {1, "?node=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 369}}) {
    const std::string target = std::string(name, 'a') + filters;
    EXPECT_EQ(Fault(target, std::string(payload, 'x')), "") << target;
    EXPECT_EQ(Fault(target, std::string(payload + 1, 'x')),
              "1 error occurred:\n\t* error broadcasting event to segment \"\": encoded user event exceeds configured "
              "limit of 512 bytes after encoding\n\n")
        << target;
  }
  EXPECT_THAT(Fault("a", std::string(600, 'x')), HasSubstr("user event exceeds configured limit of 512 bytes before"));
}

TEST_F(Events, WaitingForTheNext) {
  Fire("a", "1");
  const std::string index = Send("GET /v1/event/list?name=a")->Header("X-Consul-Index");
  const auto waiting = Send("GET /v1/event/list?name=a&index=" + index + "&wait=10s");
  EXPECT_FALSE(waiting->answered);
  Fire("b", "2");
  EXPECT_FALSE(waiting->answered) << "another event";
  Fire("a", "3");
  EXPECT_TRUE(waiting->answered);
  EXPECT_THAT(waiting->Body(), HasSubstr(R"("Payload":"Mw==")"));
  EXPECT_NE(waiting->Header("X-Consul-Index"), index);
}

TEST_F(Events, AnyOtherIndexIsAnsweredAtOnce) {
  Fire("a");
  EXPECT_TRUE(Send("GET /v1/event/list?name=a&index=18446744073709551615&wait=10s")->answered);
  EXPECT_TRUE(Send("GET /v1/event/list?name=absent&index=5&wait=10s")->answered);
  EXPECT_FALSE(Send("GET /v1/event/list?name=absent&index=1&wait=10s")->answered);
}

}  // namespace
}  // namespace signpost::registry
