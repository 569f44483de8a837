// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/explain.h"

#include <optional>

#include "tests/unit/dnsd/operations_side.h"

namespace signpost::dnsd {
namespace {

using resolver::FakeUpstream;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

struct KeptResponse {
  std::optional<http::ServerResponse> response;
};

class Keeper final : public http::Responder {
 public:
  explicit Keeper(std::shared_ptr<KeptResponse> kept) : kept_(std::move(kept)) {}
  void Send(http::ServerResponse response) override { kept_->response = std::move(response); }
  void OnGone(std::function<void()>) override {}

 private:
  std::shared_ptr<KeptResponse> kept_;
};

class ExplainPageTest : public OperationsSide {
 protected:
  http::ServerResponse Get(const std::string& query) {
    const auto kept = std::make_shared<KeptResponse>();
    Explain(view, {.method = "GET", .path = std::string(kExplainPath), .query = query}, loop,
            std::make_unique<Keeper>(kept));
    EXPECT_TRUE(test::RunUntil(loop, [&] { return kept->response.has_value(); })) << query;
    return kept->response.value_or(http::ServerResponse{});
  }
  std::string Page(const std::string& query) { return Get(query).body; }
  int Post(const std::string& query, const char* peer = "127.0.0.1:4000", const char* method = "POST") {
    const auto kept = std::make_shared<KeptResponse>();
    Flush(view, {.method = method, .query = query, .peer = net::SocketAddress::Parse(peer, 0).value()}, loop,
          std::make_unique<Keeper>(kept));
    EXPECT_TRUE(test::RunUntil(loop, [&] { return kept->response.has_value(); })) << query;
    return kept->response.value_or(http::ServerResponse{}).status;
  }

  FakeUpstream upstream{resolver::Good};
};

TEST_F(ExplainPageTest, TheCatalog) {
  Start({"--upstream", "none"});
  const auto web = test::Service("web").On("n1", "10.0.0.1").Port(80).On("n2", "10.0.0.2").Critical();
  publisher.OnService(web.key(), web.Build());
  EXPECT_TRUE(test::RunUntil(loop, [&] { return Ask("web.service.consul") != "NXDOMAIN"; }));
  const auto response = Get("name=Web.service.consul&type=srv");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, AllOf(StartsWith("web.service.consul. SRV\nsource: catalog; up to date"),
                                   HasSubstr("\n  "), HasSubstr("left out: critical"), HasSubstr("\nanswer: NOERROR\n"),
                                   HasSubstr("n1.node.dc1.consul.")));
  EXPECT_THAT(Page("name=no.service.consul"),
              AllOf(StartsWith("no.service.consul. A\n"), HasSubstr("answer: NXDOMAIN")));
}

TEST_F(ExplainPageTest, ZonesAndNothing) {
  const std::string zone = File("zone", "@ 60 SOA ns h 1 2 3 4 30\n@ 60 NS ns\nns 60 A 192.0.2.9\n");
  Start({"--upstream", "none", "--zone", "example.com=" + zone});
  EXPECT_THAT(Page("name=ns.example.com"),
              AllOf(HasSubstr("source: static zone example.com., 2 names\nanswer: NOERROR\n"), HasSubstr("192.0.2.9")));
  EXPECT_THAT(Page("name=x.local"), HasSubstr("source: built-in zone local."));
  EXPECT_THAT(Page("name=www.example.net"), AllOf(HasSubstr("source: none"), HasSubstr("answer: REFUSED")));
}

TEST_F(ExplainPageTest, AForwardedNameBeforeAndAfterItWasAsked) {
  Start({"--upstream", At(upstream)});
  const std::string before = Page("name=www.example.com");
  EXPECT_THAT(before,
              AllOf(HasSubstr("source: forwarded by the route for .\nroute: .\n  upstream " + At(upstream) + ": up"),
                    HasSubstr("\ncache: nothing\nanswer: not known yet")));
  EXPECT_THAT(before, Not(HasSubstr("being asked")));
  Ask("www.example.com", 0);
  EXPECT_THAT(Page("name=www.example.com"),
              AllOf(HasSubstr("\ncache: answer, 0 s old, for 60 s more\nanswer: NOERROR\n"),
                    HasSubstr("www.example.com.\t60\tIN\tA\t192.0.2.1\n")));
}

TEST_F(ExplainPageTest, WhatOnlyTheResolverKnowsIsShown) {
  const std::string zone =
      File("zone", "@ 60 SOA ns h 1 2 3 4 30\n@ 60 NS ns.example.org.\nout 60 CNAME www.example.org.\n");
  Start({"--upstream", At(upstream), "--zone", "example.com=" + zone});
  Ask("www.example.org", 1);
  const std::string page = Page("name=www.example.org");
  EXPECT_THAT(page, AllOf(HasSubstr("answer: NOERROR\n"), HasSubstr("www.example.org.\t60\tIN\tA\t192.0.2.1\n")));
  EXPECT_THAT(Page("name=out.example.com"),
              AllOf(HasSubstr("source: static zone example.com."), HasSubstr("route: .\n"), HasSubstr("CNAME"),
                    HasSubstr("www.example.org.\t60\tIN\tA\t192.0.2.1\n")));
  workers[0]->Inspect([](query::Handler& handler, service_zone::ZoneData&, uint64_t) {
    EXPECT_EQ(handler.sources().forwarded().cache().size(), 0U) << "a look leaves nothing behind";
  });
  Page("name=x.local");
}

TEST_F(ExplainPageTest, AChainWithTwoPiecesOfAnUpstream) {
  Start({"--upstream", At(upstream), "--public-domain", "pub.test"});
  const auto shop = test::Service("shop").On("n1", "10.0.0.1").Port(80).Tag("http");
  const auto lb = test::Service("lb").On("e1", "10.9.0.1").Port(80).Address("lb.cloud.test");
  for (const auto& service : {lb, shop}) publisher.OnService(service.key(), service.Build());
  EXPECT_TRUE(test::RunUntil(loop, [&] { return Ask("shop.service.consul", 1).starts_with("NOERROR"); }));
  upstream.Play([](const resolver::Heard& heard) {
    if (heard.name() != "x.test.") return resolver::Good(heard);
    return resolver::FakeUpstream::Replies{heard.Reply().Answer("x.test 60 CNAME shop.pub.test").Packet()};
  });
  EXPECT_EQ(Ask("x.test", 1), "NOERROR lb.cloud.test. 60 A 192.0.2.1");
  EXPECT_THAT(Page("name=x.test"),
              AllOf(HasSubstr("CNAME to lb.cloud.test.: forwarded by the route for ."), HasSubstr("answer: NOERROR"),
                    HasSubstr("lb.cloud.test.\t60\tIN\tA\t192.0.2.1\n")));
}

TEST_F(ExplainPageTest, AFailureThatIsRemembered) {
  upstream.Play(resolver::Rcode(2));
  Start({"--upstream", At(upstream)});
  EXPECT_EQ(Ask("www.example.com", 1), "SERVFAIL");
  EXPECT_THAT(Page("name=www.example.com"),
              AllOf(HasSubstr("\ncache: failure, 0 s old"), HasSubstr("answer: SERVFAIL")));
}

TEST_F(ExplainPageTest, AQuestionUnderWay) {
  upstream.Play({});
  Start({"--upstream", At(upstream)});
  askers[0]->Send(test::Question("www.example.com", "A").Flags(0x0100));
  upstream.WaitFor(1);
  EXPECT_THAT(Page("name=www.example.com"), HasSubstr("cache: nothing\nbeing asked right now\nanswer: not known yet"));
}

TEST_F(ExplainPageTest, WhatIsNotForwardedAlthoughThereIsARoute) {
  Start({"--upstream", At(upstream)});
  EXPECT_THAT(Page("name=printer"), AllOf(HasSubstr("source: this dnsd itself"), HasSubstr("answer: NXDOMAIN")));
  EXPECT_THAT(Page("name=printer"), Not(HasSubstr("forwarded by")));
}

TEST_F(ExplainPageTest, NonsenseIsRefused) {
  Start({"--upstream", "none"});
  for (const char* query : {"", "type=A", "name=", "name=a..b", "name=www.example.com&type=BANANA"}) {
    EXPECT_EQ(Get(query).status, 400) << query;
  }
}

TEST_F(ExplainPageTest, FlushIsForThisHostAndByPost) {
  Start({"--upstream", At(upstream)});
  Ask("www.example.com");
  EXPECT_EQ(Post("", "127.0.0.1:4000", "GET"), 405);
  EXPECT_EQ(Post("", "10.0.0.1:4000"), 403);
  EXPECT_EQ(Post("name=a..b"), 400);
  Ask("www.example.com");
  EXPECT_EQ(upstream.heard(), 1U) << "nothing was forgotten";
  EXPECT_EQ(Post("name=www.example.com"), 200);
  Ask("www.example.com");
  EXPECT_EQ(upstream.heard(), 2U);
  EXPECT_EQ(Post("", "[::ffff:127.0.0.1]:4000"), 200);
  Ask("www.example.com");
  EXPECT_EQ(upstream.heard(), 3U);
}

TEST_F(ExplainPageTest, FlushOfATree) {
  Start({"--upstream", At(upstream)});
  size_t asked = 1;
  const std::pair<const char*, bool> cases[] = {{"name=example.com", false},
                                                {"name=example.com&tree=false", false},
                                                {"name=example.com&tree=0", false},
                                                {"name=example.com&tree=true", true},
                                                {"name=EXAMPLE.com.&tree", true},
                                                {"name=ample.com&tree", false},
                                                {"name=.&tree=1", true},
                                                {"name=", true}};
  Ask("www.example.com");
  for (const auto& [query, gone] : cases) {
    EXPECT_EQ(Post(query), 200);
    Ask("www.example.com");
    asked += gone ? 1 : 0;
    EXPECT_EQ(upstream.heard(), asked) << query;
  }
}

}  // namespace
}  // namespace signpost::dnsd
