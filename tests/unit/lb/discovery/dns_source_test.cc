// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/support/run_loop.h"
#include "tests/unit/lb/discovery/fake_dns.h"

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using test::DnsMode;
using test::FakeDns;
using test::RunUntil;

const std::string kWeb = "web.service.consul";

class Sink final : public SourceSink {
 public:
  void OnService(SourceKind kind, DiscoveredServicePtr service) override {
    EXPECT_EQ(kind, SourceKind::kDns);
    services[service->name] = std::move(service);
    ++told;
  }
  void OnGone(SourceKind /*kind*/, const std::string& name) override {
    services.erase(name);
    gone.push_back(name);
  }
  void OnReady(SourceKind /*kind*/, const std::set<std::string>& names) override {
    unknown = names;
    ++ready;
  }

  std::map<std::string, DiscoveredServicePtr> services;
  std::vector<std::string> gone;
  std::set<std::string> unknown;
  int told = 0, ready = 0;
};

// "10.0.0.1:80 p1 w10"
std::vector<std::string> Texts(const DiscoveredService& service) {
  std::vector<std::string> out;
  for (const Instance& instance : service.instances) {
    out.push_back(instance.address.ToString() + " p" + std::to_string(instance.priority) + " w" +
                  std::to_string(instance.weight));
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Times are a fiftieth of life's.
class DnsSourceTest : public ::testing::Test {
 protected:
  DnsSourceTest() : fake(loop) {
    options = {.servers = {fake.address()},
               .names = {},
               .browse = "",
               .browse_interval = 50ms,
               .min_interval = 20ms,
               .max_interval = 1200ms,
               .timeout = 40ms,
               .hold_empty = 200ms,
               .confirm_loss = 100ms,
               .subset_hold = 600ms,
               .tcp_domain = ""};
  }

  ~DnsSourceTest() override {
    source.reset();
    test::RunTurns(loop, 2);
  }

  void Start() {
    source = MakeDnsSource(loop, options, sink);
    source->Start();
    EXPECT_EQ(sink.told + sink.ready, 0) << "nothing from inside Start";
  }
  void StartWeb() {
    options.names = {{.service = "web", .name = kWeb}};
    Start();
  }

  // `count` instances of web from number `first` on, with their addresses.
  void Serve(int first, int count, uint32_t ttl = 0) {
    std::vector<test::WireRecord> rows, along;
    for (int i = first; i < first + count; ++i) {
      const std::string node = "n" + std::to_string(i) + ".node.consul";
      rows.push_back(test::Srv(kWeb, 1, 10, 80, node, ttl));
      along.push_back(test::A(node, "10.0.0." + std::to_string(i), ttl));
    }
    fake.Set(kWeb, test::kTypeSrv, rows, along);
  }

  const DiscoveredService* Web() const {
    const auto at = sink.services.find("web");
    return at == sink.services.end() ? nullptr : at->second.get();
  }
  bool WebHas(size_t count, ServiceState state) const {
    return Web() != nullptr && Web()->instances.size() == count && Web()->state == state;
  }
  ::testing::AssertionResult Becomes(size_t count, ServiceState state) {
    return RunUntil(loop, [&] { return WebHas(count, state); });
  }
  // Lets the source read `count` times more.
  void Readings(int count) {
    const int until = fake.asked() + count;
    EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() >= until; }));
  }

  net::Loop loop;
  FakeDns fake;
  Sink sink;
  DnsOptions options;
  std::unique_ptr<Source> source;
};

TEST_F(DnsSourceTest, TellsASetOnceAndIsReady) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.ready, 1);
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w10", "10.0.0.2:80 p1 w10", "10.0.0.3:80 p1 w10"));
  Readings(5);
  EXPECT_EQ(sink.told, 1);
  EXPECT_EQ(sink.ready, 1);
}

// Case D25, with addresses along.
TEST_F(DnsSourceTest, NoQuestionForAddressesThatCameAlong) {
  Serve(1, 3);
  StartWeb();
  Readings(5);
  EXPECT_EQ(fake.asked(), fake.asked("udp " + kWeb + " SRV"));
}

// Case D25, without; D26 and D28.
TEST_F(DnsSourceTest, AsksForTheTargetsAddresses) {
  fake.Set(kWeb, test::kTypeSrv,
           {test::Srv(kWeb, 1, 30, 80, "three.example", 60), test::Srv(kWeb, 1, 5, 81, "one.example", 60),
            test::Srv(kWeb, 2, 5, 82, "one.example", 60)});
  fake.Set("three.example", test::kTypeA,
           {test::A("three.example", "10.0.0.1", 60), test::A("three.example", "10.0.0.2", 60),
            test::A("three.example", "10.0.0.3", 60)});
  fake.Set("one.example", test::kTypeCname, {test::Cname("one.example", "alias.example", 60)});
  fake.Set("alias.example", test::kTypeA, {test::A("alias.example", "10.0.0.9", 60)});
  StartWeb();
  EXPECT_TRUE(Becomes(5, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w10", "10.0.0.2:80 p1 w10", "10.0.0.3:80 p1 w10",
                                         "10.0.0.9:81 p1 w5", "10.0.0.9:82 p2 w5"));
  EXPECT_EQ(fake.asked("udp three.example A"), 1);
  EXPECT_EQ(fake.asked("udp one.example A"), 1);
  EXPECT_EQ(fake.asked("udp alias.example A"), 1);
}

// Case D27.
TEST_F(DnsSourceTest, IPv6OnlyTarget) {
  fake.Set(kWeb, test::kTypeSrv, {test::Srv(kWeb, 1, 1, 80, "six.example")});
  fake.Set("six.example", test::kTypeAaaa, {test::Aaaa("six.example", "2001:db8::1")});
  StartWeb();
  EXPECT_TRUE(Becomes(1, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("[2001:db8::1]:80 p1 w1"));
  source.reset();
  sink.services.clear();
  sink.told = sink.ready = 0;
  options.ipv6 = false;
  StartWeb();
  EXPECT_TRUE(Becomes(0, ServiceState::kEmpty));
  EXPECT_EQ(Web()->reason, "six.example: no records");
}

// Case D12, D10: a name without SRV records, asked at most once per interval.
TEST_F(DnsSourceTest, ANameWithAPortMayHaveAddressesOnly) {
  fake.Set("web.example", test::kTypeA, {test::A("web.example", "10.0.0.1"), test::A("web.example", "10.0.0.2")});
  options.names = {{.service = "web", .name = "Web.Example.", .port = 8080, .tags = {"HTTP"}}};
  Start();
  EXPECT_TRUE(Becomes(2, ServiceState::kKnown));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:8080 p0 w1", "10.0.0.2:8080 p0 w1"));
  EXPECT_THAT(Web()->tags, ElementsAre("http"));
  EXPECT_THAT(Web()->instances.at(0).tags, ElementsAre("http"));
  Readings(10);
  EXPECT_EQ(fake.asked("udp web.example SRV"), 1);
  EXPECT_EQ(fake.asked("udp web.example AAAA"), 1);
}

// Case D08.
TEST_F(DnsSourceTest, DeclaredAbsent) {
  fake.Set(kWeb, test::kTypeSrv, {test::Srv(kWeb, 0, 0, 0, ".")});
  StartWeb();
  EXPECT_TRUE(Becomes(0, ServiceState::kDeclaredAbsent));
}

// Case D14.
TEST_F(DnsSourceTest, FailuresKeepTheSet) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  for (const DnsMode mode : {DnsMode::kServFail, DnsMode::kRefused, DnsMode::kDrop, DnsMode::kGarbage,
                             DnsMode::kWrongId, DnsMode::kWrongQuestion}) {
    fake.mode = mode;
    EXPECT_TRUE(Becomes(3, ServiceState::kHeld)) << static_cast<int>(mode);
    EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing; }));
    EXPECT_THAT(source->Status().reason, HasSubstr("1 of 1 names fail, web: "));
    fake.mode = DnsMode::kAnswer;
    EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
    EXPECT_FALSE(source->Status().failing);
  }
  std::vector<std::string> reasons;
  for (const auto& [reason, count] : source->Status().bad) reasons.push_back(reason);
  EXPECT_THAT(reasons,
              ElementsAre("another id", "another question", "no DNS message", "refused", "servfail", "timeout"));
}

// Case D14: the name answers, a target's server does not. What that target had stays; what is gone elsewhere goes.
TEST_F(DnsSourceTest, ATargetThatCannotBeReadKeepsItsAddresses) {
  const auto one = test::Srv(kWeb, 1, 1, 80, "one.example"), two = test::Srv(kWeb, 1, 1, 80, "two.example"),
             three = test::Srv(kWeb, 1, 1, 80, "three.example");
  const auto along = [](int number) {
    const char* const names[] = {"one.example", "two.example", "three.example"};
    return test::A(names[number - 1], "10.0.0." + std::to_string(number));
  };
  fake.Set(kWeb, test::kTypeSrv, {one, two, three}, {along(1), along(2), along(3)});
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  fake.broken = {"two.example"};
  fake.Set(kWeb, test::kTypeSrv, {one, two}, {along(1)});
  EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing && Web()->instances.size() == 2; }));
  EXPECT_THAT(Texts(*Web()), ElementsAre("10.0.0.1:80 p1 w1", "10.0.0.2:80 p1 w1"));
  EXPECT_THAT(source->Status().reason, HasSubstr("two.example: "));
  fake.broken.clear();
  EXPECT_TRUE(RunUntil(loop, [&] { return Web()->instances.size() == 1; })) << "it has no address, and says so";
}

TEST_F(DnsSourceTest, ReadyNamesWhatCouldNotBeRead) {
  Serve(1, 3);
  fake.broken = {"other.example"};
  options.names = {{.service = "web", .name = kWeb}, {.service = "other", .name = "other.example"}};
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
  EXPECT_THAT(sink.unknown, ElementsAre("other"));
}

// Cases D16, D17, D15.
TEST_F(DnsSourceTest, EmptyOnlyAfterALongTime) {
  Serve(1, 3);
  StartWeb();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  for (const auto& [mode, reason] : {std::pair(DnsMode::kNxDomain, "NXDOMAIN"), {DnsMode::kEmpty, "no records"}}) {
    fake.mode = mode;
    const Millis start = loop.Now();
    EXPECT_TRUE(Becomes(3, ServiceState::kHeld));
    EXPECT_EQ(Web()->reason, reason);
    EXPECT_TRUE(Becomes(0, ServiceState::kEmpty));
    EXPECT_GE(loop.Now() - start, options.hold_empty);
    fake.mode = DnsMode::kAnswer;
    EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  }
}

// Case D18.
TEST_F(DnsSourceTest, MassLossIsConfirmed) {
  Serve(1, 20);
  StartWeb();
  EXPECT_TRUE(Becomes(20, ServiceState::kKnown));
  Serve(1, 5);
  const Millis start = loop.Now();
  EXPECT_TRUE(Becomes(20, ServiceState::kHeld));
  EXPECT_TRUE(Becomes(5, ServiceState::kKnown));
  EXPECT_GE(loop.Now() - start, options.confirm_loss);
}

// Case D22.
TEST_F(DnsSourceTest, TruncatedWithoutTcpAddsOnly) {
  Serve(1, 10);
  StartWeb();
  EXPECT_TRUE(Becomes(10, ServiceState::kKnown));
  Serve(11, 10);
  fake.mode = DnsMode::kTruncate;
  fake.refuse_tcp = true;
  EXPECT_TRUE(Becomes(12, ServiceState::kHeld));
  EXPECT_THAT(Web()->reason, HasSubstr("tcp failed"));
  EXPECT_TRUE(source->Status().failing);
}

// Case D23.
TEST_F(DnsSourceTest, RotatingSubsets) {
  int round = 0;
  fake.before_answer = [&] { Serve(1 + (round++ * 7) % 43, 8); };
  StartWeb();
  EXPECT_TRUE(Becomes(50, ServiceState::kKnown));
  Readings(20);
  EXPECT_TRUE(WebHas(50, ServiceState::kKnown));
}

TEST_F(DnsSourceTest, ANamePerVersion) {
  Serve(1, 3);
  const std::string v2 = "v2." + kWeb;
  fake.Set(v2, test::kTypeSrv, {test::Srv(v2, 1, 10, 80, "n3.node.consul")}, {test::A("n3.node.consul", "10.0.0.3")});
  options.names = {{.service = "web", .name = kWeb, .tags = {"http"}, .versions = {{"v2", v2}}}};
  Start();
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.told, 1) << "not before all names have spoken";
  std::map<std::string, std::string> versions;
  for (const Instance& instance : Web()->instances) versions[instance.address.ToString()] = instance.version;
  EXPECT_EQ(versions["10.0.0.1:80"], "default");
  EXPECT_EQ(versions["10.0.0.3:80"], "v2");
}

// Case D34.
TEST_F(DnsSourceTest, ReadyWithTheFirstAnswer) {
  Serve(1, 3);
  fake.mode = DnsMode::kDrop;
  StartWeb();
  EXPECT_TRUE(RunUntil(loop, [&] { return source->Status().failing; }));
  EXPECT_FALSE(source->Status().ready);
  EXPECT_THAT(sink.services, IsEmpty());
  fake.mode = DnsMode::kAnswer;
  EXPECT_TRUE(Becomes(3, ServiceState::kKnown));
  EXPECT_EQ(sink.ready, 1);
  EXPECT_TRUE(source->Status().ready);
}

TEST_F(DnsSourceTest, NothingToDoIsReady) {
  Start();
  EXPECT_TRUE(RunUntil(loop, [&] { return sink.ready == 1; }));
}

TEST_F(DnsSourceTest, MayDieWithOpenQuestions) {
  fake.mode = DnsMode::kDrop;
  options.browse = "service.consul";
  StartWeb();
  EXPECT_TRUE(RunUntil(loop, [&] { return fake.asked() > 0; }));
  source.reset();
  fake.mode = DnsMode::kAnswer;
  test::RunTurns(loop, 10);
  EXPECT_EQ(sink.told, 0);
}

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
