// Signpost. Apache-2.0; see LICENSE.
// Services that are found by browsing (RFC 6763).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lb/discovery/dns_source.h"
#include "tests/unit/lb/discovery/dns_source_world.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DnsBrowseTest : public DnsSourceTest {
 protected:
  DnsBrowseTest() {
    options.browse = "service.consul";
    List({"_web._tcp", "_redis-6379._tcp", "_syslog._udp"});
  }

  void List(const std::vector<std::string>& types) {
    std::vector<test::WireRecord> records;
    for (const std::string& type : types) records.push_back(test::Ptr(kList, type + ".service.consul"));
    fake.Set(kList, test::kTypePtr, records);
  }
  // An instance of `type` at 10.0.0.NUMBER:80.
  static std::string InstanceName(const std::string& type, int number) {
    return type + "-" + std::to_string(number) + "._" + type + "._tcp.service.consul";
  }
  // Instances with everything along, or with nothing.
  void Type(const std::string& type, int count, const std::vector<std::string>& txt, bool along) {
    std::vector<test::WireRecord> names, data;
    for (int i = 1; i <= count; ++i) {
      const std::string name = InstanceName(type, i), node = "n" + std::to_string(i) + ".node.consul";
      names.push_back(test::Ptr("_" + type + "._tcp.service.consul", name));
      const std::vector<test::WireRecord> own = {test::Srv(name, 1, 10, 80, node), test::Txt(name, txt),
                                                 test::A(node, "10.0.0." + std::to_string(i))};
      data.insert(data.end(), own.begin(), own.end());
      fake.Set(name, test::kTypeSrv, {own[0]});
      fake.Set(name, test::kTypeTxt, {own[1]});
      fake.Set(node, test::kTypeA, {own[2]});
    }
    fake.Set("_" + type + "._tcp.service.consul", test::kTypePtr, names,
             along ? data : std::vector<test::WireRecord>());
  }

  const std::string kList = "_services._dns-sd._udp.service.consul";
};

TEST_F(DnsBrowseTest, ServicesWithTagsFromTxt) {
  Type("web", 3, {"txtvers=1", "tags=http,v=v2", "version=v3", "id=w"}, true);
  Type("redis-6379", 1, {"tags=tcp"}, true);
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
  ASSERT_THAT(sink.services, SizeIs(2));
  EXPECT_TRUE(WebHas(3, ServiceState::kKnown));
  EXPECT_THAT(Web()->tags, ElementsAre("http", "v=v2"));
  EXPECT_EQ(Web()->instances[0].version, "v3");
  EXPECT_EQ(Web()->instances[0].id, "w");
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w10", "10.0.0.2:80 p1 w10", "10.0.0.3:80 p1 w10"));
  EXPECT_THAT(sink.services.at("redis-6379")->tags, ElementsAre("tcp"));
  EXPECT_EQ(fake.asked("udp " + InstanceName("web", 1) + " SRV"), 0);
}

TEST_F(DnsBrowseTest, AsksForWhatDidNotComeAlong) {
  List({"_web._tcp"});
  Type("web", 2, {"tags=http"}, false);
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  EXPECT_THAT(Web()->tags, ElementsAre("http"));
  EXPECT_GE(fake.asked("udp " + InstanceName("web", 1) + " SRV"), 1);
  EXPECT_GE(fake.asked("udp " + InstanceName("web", 2) + " TXT"), 1);
  EXPECT_GE(fake.asked("udp n1.node.consul A"), 1);
}

TEST_F(DnsBrowseTest, TagsFromSubTypes) {
  List({"_web._tcp"});
  Type("web", 2, {""}, true);
  const std::string http = "_http._sub._web._tcp.service.consul";
  fake.Set(http, test::kTypePtr, {test::Ptr(http, InstanceName("web", 2))});
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  EXPECT_THAT(Web()->tags, ElementsAre("http"));
  for (const Instance& instance : Web()->instances) {
    EXPECT_EQ(instance.tags.size(), instance.id == "web-2" ? 1U : 0U) << instance.id;
  }
}

TEST_F(DnsBrowseTest, AServiceComesAndGoes) {
  List({"_web._tcp"});
  Type("web", 2, {"tags=http"}, true);
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  List({"_api._tcp"});
  Type("api", 1, {"tags=http"}, true);
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.services.contains("api"); }));
  EXPECT_TRUE(WebHas(2, ServiceState::kKnown)) << "unlisted, but its instances are there";
  fake.Remove("_web._tcp.service.consul", test::kTypePtr);
  EXPECT_TRUE(Becomes(2, ServiceState::kHeld));
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.gone == std::vector<std::string>{"web"}; }));
}

TEST_F(DnsBrowseTest, FailuresKeepEverything) {
  List({"_web._tcp"});
  Type("web", 2, {"tags=http"}, true);
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  fake.mode = DnsMode::kServFail;
  EXPECT_TRUE(Becomes(2, ServiceState::kHeld));
  Readings(20);
  EXPECT_THAT(sink.gone, IsEmpty());
  EXPECT_TRUE(WebHas(2, ServiceState::kHeld));
}

TEST_F(DnsBrowseTest, ConfiguredNamesAreNotBrowsed) {
  List({"_web._tcp"});
  Serve(1, 1);
  Type("web", 2, {"tags=http"}, true);
  options.names = {{.service = "Web", .name = kWeb}};
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
  EXPECT_EQ(fake.asked("udp _web._tcp.service.consul PTR"), 0);
  EXPECT_THAT(sink.services, SizeIs(1));
}

}  // namespace
}  // namespace signpost::lb
