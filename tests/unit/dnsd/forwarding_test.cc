// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/forwarding.h"

#include <chrono>
#include <future>

#include "tests/unit/dnsd/forwarding_side.h"

namespace signpost::dnsd {
namespace {

using resolver::FakeUpstream;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kZone[] = "$TTL 60\n@ SOA ns h 1 2 3 4 30\n@ NS ns\nns A 192.0.2.9\n";

// Answers every A question with `address`.
FakeUpstream::Script Knows(const std::string& address, int ttl = 60) {
  return [=](const resolver::Heard& heard) {
    const std::string line = heard.name() + " " + std::to_string(ttl) + " A " + address;
    return FakeUpstream::Replies{heard.Reply().Answer(line).Opt().Packet()};
  };
}

class ForwardingTest : public ForwardingSide {
 protected:
  void FlushAndWait(const wire::Name& name, bool tree) {
    std::promise<void> done;
    forwarding.Flush(name, tree, [&] { done.set_value(); });
    EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
  }

  FakeUpstream upstream{Knows("192.0.2.1")};
  FakeUpstream other{Knows("192.0.2.2")};
};

TEST_F(ForwardingTest, TheBuiltInZonesAreWanted) {
  EXPECT_GT(LoadZones(MustResolverOptions({})).value()->all().size(), 10U);
  EXPECT_TRUE(LoadZones(MustResolverOptions({"--local-zones=false"})).value()->all().empty());
}

TEST_F(ForwardingTest, ZoneFilesAreReadOrSaidToBeWrong) {
  const std::string good = File("good", kZone);
  const auto zones = LoadZones(MustResolverOptions({"--local-zones=false", "--zone", "example.com=" + good}));
  ASSERT_TRUE(zones.ok());
  ASSERT_EQ(zones.value()->all().size(), 1U);
  EXPECT_FALSE(zones.value()->all()[0]->built_in());

  const std::pair<std::string, std::string> cases[] = {
      {folder + "none", "none"},
      {File("syntax", std::string(kZone) + "www A 192.0.2.300\n"), "syntax:5"},
      {File("no_soa", "www 60 A 192.0.2.1\n"), "SOA"},
  };
  for (const auto& [path, text] : cases) {
    const auto bad = LoadZones(MustResolverOptions({"--zone", "example.com=" + path}));
    ASSERT_FALSE(bad.ok()) << path;
    EXPECT_EQ(bad.status().kind(), ErrorKind::kConfig);
    EXPECT_THAT(bad.status().text(), HasSubstr("--zone example.com: "));
    EXPECT_THAT(bad.status().text(), HasSubstr(text));
  }
}

TEST_F(ForwardingTest, WhatOneWorkerHasAskedAnotherNeedNot) {
  Start({"--upstream", At(upstream)});
  EXPECT_EQ(Ask("www.example.com", 0), "NOERROR www.example.com. 60 A 192.0.2.1");
  EXPECT_EQ(Ask("www.example.com", 1), "NOERROR www.example.com. 60 A 192.0.2.1");
  EXPECT_EQ(Ask("www.example.com", 1), "NOERROR www.example.com. 60 A 192.0.2.1");
  EXPECT_EQ(upstream.heard(), 1U);
  EXPECT_EQ(forwarding.resolver()->counters().asked.value(), 2U) << "the third came from the worker's own cache";
}

TEST_F(ForwardingTest, TheLongestRouteIsAskedAndNoOther) {
  Start({"--upstream", At(upstream), "--forward", "corp.example=" + At(other)});
  EXPECT_EQ(Ask("www.corp.example"), "NOERROR www.corp.example. 60 A 192.0.2.2");
  EXPECT_EQ(Ask("www.example"), "NOERROR www.example. 60 A 192.0.2.1");
  EXPECT_EQ(upstream.heard(), 1U);
  EXPECT_EQ(other.heard(), 1U);
}

TEST_F(ForwardingTest, NoneForwardsNothing) {
  Start({"--upstream", "none"});
  EXPECT_EQ(Ask("www.example.com"), "REFUSED");
  EXPECT_FALSE(forwarding.policy().routes->has_default());
}

TEST_F(ForwardingTest, ItsOwnAddressesAreNoUpstreams) {  // F33
  Start({"--upstream", addresses[0].ToString(), "--forward", "corp.example=" + addresses[1].ToString()});
  EXPECT_EQ(Ask("www.example.com"), "REFUSED");
  EXPECT_EQ(Ask("www.corp.example"), "SERVFAIL") << "no other stands in for a zone's upstreams (F67)";
}

TEST_F(ForwardingTest, AReloadKeepsTheAnswersOfRoutesThatStay) {  // F82
  Start({"--upstream", At(upstream)});
  Ask("www.example.com");
  Ask("www.corp.example");
  Reload({"--upstream", At(upstream), "--forward", "corp.example=" + At(other)});
  EXPECT_EQ(Ask("www.example.com"), "NOERROR www.example.com. 60 A 192.0.2.1");
  EXPECT_EQ(Ask("www.corp.example"), "NOERROR www.corp.example. 60 A 192.0.2.2") << "its route is another now";
  EXPECT_EQ(upstream.heard(), 2U);
  Reload({"--upstream", At(upstream)});
  EXPECT_EQ(Ask("www.corp.example"), "NOERROR www.corp.example. 60 A 192.0.2.1");
}

TEST_F(ForwardingTest, WhatComesByAnOldRouteIsForThoseWhoWaitOnly) {
  upstream.Play({});
  Start({"--upstream", At(upstream)});
  askers[0]->Send(test::Question("www.example.com", "A").Flags(0x0100));
  const auto heard = upstream.WaitFor(1);
  Reload({"--upstream", At(other)});
  upstream.Send(heard[0], Knows("192.0.2.1")(heard[0])[0]);
  EXPECT_EQ(Said(askers[0]->Receive()), "NOERROR www.example.com. 60 A 192.0.2.1");
  EXPECT_EQ(Ask("www.example.com"), "NOERROR www.example.com. 60 A 192.0.2.2");
}

TEST_F(ForwardingTest, FlushForgetsInAllWorkersAndTheResolver) {
  Start({"--upstream", At(upstream)});
  const auto fill = [&] {
    for (const char* name : {"example.com", "www.example.com", "example.org"}) {
      for (size_t worker = 0; worker < 2; ++worker) Ask(name, worker);
    }
    return upstream.heard();
  };
  ASSERT_EQ(fill(), 3U);
  FlushAndWait(test::WireName("Example.COM"), false);
  EXPECT_EQ(fill(), 4U);
  FlushAndWait(test::WireName("example.com"), true);
  EXPECT_EQ(fill(), 6U);
  FlushAndWait(test::WireName("."), true);
  EXPECT_EQ(fill(), 9U);
}

TEST_F(ForwardingTest, FollowsResolvConf) {
  const auto first = [this] {
    const auto& routes = forwarding.policy().routes->all();
    return routes.empty() ? "" : routes[0].upstreams[0].ToString();
  };
  File("resolv.conf", "nameserver 192.0.2.53\n");
  Start({});
  EXPECT_EQ(first(), "192.0.2.53:53");
  File("resolv.conf", "# another network\nnameserver 192.0.2.153\nnameserver 192.0.2.154\n");
  EXPECT_TRUE(test::RunUntil(loop, [&] { return first() == "192.0.2.153:53"; }));
  Reload({"--upstream", At(upstream)});
  EXPECT_EQ(first(), At(upstream));
  File("resolv.conf", "nameserver 192.0.2.155\n");
  Reload({});
  EXPECT_TRUE(test::RunUntil(loop, [&] { return first() == "192.0.2.155:53"; }));
}

TEST_F(ForwardingTest, TheCachesShareWhatTheOperatorGave) {
  const ResolverStartOptions start{.resolv_conf = "", .cache_size = 8 << 20};
  EXPECT_EQ(Forwarding::CacheShare(start, 1), size_t{4} << 20);
  EXPECT_EQ(Forwarding::CacheShare(start, 4), size_t{1} << 20);
}

TEST_F(ForwardingTest, TheRateIsOfAllWorkersTogether) {
  Start({"--upstream", "none"});
  EXPECT_EQ(forwarding.policy().responses_per_second, 100U);
  Reload({"--upstream", "none", "--rate-limit", "1"});
  EXPECT_EQ(forwarding.policy().responses_per_second, 1U) << "not none at all";
  Reload({"--upstream", "none", "--rate-limit", "0"});
  EXPECT_EQ(forwarding.policy().responses_per_second, 0U);
}

TEST_F(ForwardingTest, ThePatienceForOneClientIsOfAllWorkersTogether) {
  Start({"--upstream", "none"});
  EXPECT_EQ(forwarding.policy().max_waiting_per_client, 1024U);
  Reload({"--upstream", "none", "--max-waiting-per-client", "1"});
  EXPECT_EQ(forwarding.policy().max_waiting_per_client, 1U);
  Reload({"--upstream", "none", "--max-waiting-per-client", "0"});
  EXPECT_EQ(forwarding.policy().max_waiting_per_client, 0U) << "no limit";
}

TEST_F(ForwardingTest, OptionsBecomeThePolicy) {
  Start({"--upstream", "none", "--cookies=false", "--any-policy", "data", "--identity", "host-7", "--query-log", "9",
         "--query-log-name", "example.com", "--max-waiting-per-client", "5", "--public-domain", "Example.org",
         "--public-service", "Edge", "--allow-recursion", "192.0.2.0/24"});
  const query::Policy& policy = forwarding.policy();
  EXPECT_FALSE(policy.cookies);
  EXPECT_EQ(policy.any, static_zone::AnyPolicy::kData);
  EXPECT_EQ(policy.identity, "host-7");
  EXPECT_EQ(policy.version, "") << "is not told";
  EXPECT_EQ(policy.log.one_in, 9U);
  ASSERT_EQ(policy.log.names.size(), 1U);
  EXPECT_EQ(policy.max_waiting_per_client, 2U) << "each of two workers";
  ASSERT_TRUE(policy.exposure);
  EXPECT_EQ(policy.exposure->domain.ToString(), "example.org.");
  EXPECT_EQ(policy.exposure->balancer, "edge");
  EXPECT_TRUE(policy.recursion.Contains(test::Hex("c0000207")));
  EXPECT_FALSE(policy.recursion.Contains(test::Hex("7f000001")));
  Reload({"--upstream", "none", "--version-bind"});
  EXPECT_THAT(forwarding.policy().version, HasSubstr("Signpost dnsd "));
  EXPECT_FALSE(forwarding.policy().exposure);
}

TEST_F(ForwardingTest, OptionsBecomeTheResolversRules) {
  upstream.Play(Knows("10.0.0.7", 5000));
  Start({"--upstream", At(upstream), "--cache-max-ttl", "7s", "--rebind-protection", "--rebind-allow", "example.com"});
  EXPECT_EQ(Ask("www.example.com"), "NOERROR www.example.com. 7 A 10.0.0.7");
  EXPECT_EQ(Ask("www.example.org").find("10.0.0.7"), std::string::npos);
  Reload({"--upstream", At(upstream)});
  FlushAndWait(test::WireName("."), true);
  EXPECT_EQ(Ask("www.example.org"), "NOERROR www.example.org. 5000 A 10.0.0.7");
}

TEST_F(ForwardingTest, WhatWasReadByOtherRulesIsForgotten) {
  upstream.Play(Knows("10.0.0.7", 500));
  const std::string address = At(upstream);
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, "NOERROR www.example.org. 500 A 10.0.0.7"},
      {{"--rebind-protection"}, "NOERROR"},
      {{"--rebind-protection", "--rebind-allow", "example.org"}, "NOERROR www.example.org. 500 A 10.0.0.7"},
      {{"--cache-max-ttl", "9s"}, "NOERROR www.example.org. 9 A 10.0.0.7"},
      {{"--cache-min-ttl", "600s"}, "NOERROR www.example.org. 600 A 10.0.0.7"},
  };
  Start({"--upstream", address});
  for (const auto& [more, expected] : cases) {
    std::vector<std::string> arguments{"--upstream", address};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Reload(arguments);
    FlushAndWait(test::WireName("other.example"), false);  // until what the reload began is done
    for (size_t worker = 0; worker < 2; ++worker) EXPECT_EQ(Ask("www.example.org", worker), expected);
  }
}

// www.example.com leads to `target`, which the same reply has an address for.
FakeUpstream::Script LeadsTo(const std::string& target) {
  return [=](const resolver::Heard& heard) {
    if (heard.name() != "www.example.com.") return Knows("192.0.2.66")(heard);
    return FakeUpstream::Replies{
        heard.Reply().Answer("www.example.com 60 CNAME " + target).Answer(target + " 60 A 192.0.2.66").Opt().Packet()};
  };
}

TEST_F(ForwardingTest, UpstreamsDoNotSayWhatIsInOurZones) {  // F29, F30
  const std::string zone = "corp.example=" + File("zone", kZone);
  struct Case {
    const char* target;
    std::vector<std::string> more;
    size_t records;  // 1: the CNAME alone
    const char* address;
  };
  const Case cases[] = {
      {"ns.corp.example", {}, 1, ""},
      {"printer.local", {}, 1, ""},
      {"web.consul", {}, 1, ""},
      {"web.consul", {"--forward", "web.consul=" + At(other)}, 1, ""},
      {"ns.corp.example", {"--forward", "corp.example=" + At(other)}, 1, ""},
      {"ns.corp.example", {"--forward", "ns.corp.example=" + At(other)}, 2, "192.0.2.2"},
      {"printer.local", {"--forward", "local=" + At(other)}, 2, "192.0.2.2"},
      {"www.route.example", {"--forward", "route.example=" + At(other)}, 2, "192.0.2.2"},
      {"www.example.org", {}, 2, "192.0.2.66"},
  };
  Start({"--upstream", "none"});
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target + std::string(" ") + (c.more.empty() ? "" : c.more[1]));
    upstream.Play(LeadsTo(c.target));
    std::vector<std::string> arguments{"--upstream", At(upstream), "--zone", zone};
    arguments.insert(arguments.end(), c.more.begin(), c.more.end());
    Reload(arguments);
    FlushAndWait(test::WireName("."), true);
    const test::Reply reply = askers[0]->Ask(test::Question("www.example.com", "A").Flags(0x0100).Edns(1232));
    EXPECT_EQ(reply.rcode, "NOERROR");
    EXPECT_EQ(reply.answer.size(), c.records);
    if (c.records == 2) {
      EXPECT_THAT(reply.in_order, ElementsAre(_, HasSubstr(c.address)));
    }
  }
}

TEST_F(ForwardingTest, WhatAZoneDelegatesIsBelieved) {  // W171
  upstream.Play([](const resolver::Heard& heard) {
    const std::string next = "b.sub.corp.example";
    if (heard.name() == next + ".") return Knows("192.0.2.7")(heard);
    return FakeUpstream::Replies{heard.Reply().Answer(heard.name() + " 60 CNAME " + next).Opt().Packet()};
  });
  const std::string zone = File("zone", std::string(kZone) + "sub NS ns.example.net.\n");
  Start({"--upstream", At(upstream), "--zone", "corp.example=" + zone});
  const test::Reply reply = askers[0]->Ask(test::Question("a.sub.corp.example", "A").Flags(0x0100).Edns(1232));
  EXPECT_THAT(reply.in_order,
              ElementsAre("a.sub.corp.example. 60 CNAME b.sub.corp.example.", "b.sub.corp.example. 60 A 192.0.2.7"));
}

TEST_F(ForwardingTest, TheWarningNamesTheZoneThatHasNoUpstreamLeft) {
  ::testing::internal::CaptureStderr();
  Start({"--upstream", At(upstream), "--forward", "corp.example=" + addresses[0].ToString()});
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("for corp.example. that is this dnsd itself"));
  EXPECT_THAT(log, HasSubstr("there is no other"));
}

TEST_F(ForwardingTest, AnUpstreamThatLeadsBackIsFound) {  // F33
  upstream.Play({});
  Start({"--upstream", At(upstream)});
  const std::string label = upstream.WaitForLoopProbe();
  askers[0]->Send(test::Question(label + ".signpost-probe.arpa", "TXT").Flags(0x0100));
  EXPECT_TRUE(test::RunUntil(loop, [&] {
    const auto upstreams = forwarding.resolver()->Upstreams();  // empty until they are first published
    return !upstreams.empty() && upstreams[0].loop;
  }));
}

}  // namespace
}  // namespace signpost::dnsd
