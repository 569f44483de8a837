// Signpost. Apache-2.0; see LICENSE.
// Prepared queries in the DNS zone: told once wanted, and from then on when what they find changes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/engine/zone_feed.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "dnsd/registry/model/query_template.h"
#include "tests/unit/dnsd/feed/recording_sink.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using catalog::Key;
using catalog::Kind;

class ZoneQueries : public ::testing::Test {
 protected:
  ZoneQueries() {
    for (const char* node : {"n1", "n2", "own"}) state.Put(TestNode(node));
    PutInstance("n1", "web", 81);
    PutInstance("own", "web", 80);
    zone.Start(sink);
  }
  void PutInstance(const std::string& node, const std::string& name, int64_t port) {
    ServiceRow row = TestService(node, name);
    row.port = port;
    PutService(state, row);
  }
  static QueryRow Query(const std::string& name, const std::string& service) {
    QueryRow query;
    query.id = query.name = name;
    query.service = service;
    return query;
  }
  void Publish() { zone.Publish(state.TakeJournal().touched); }
  std::string Ports() const { return sink.Ports(front); }

  State state;
  ZoneFeed zone{state, "dc1", "own"};
  feed::RecordingSink sink;
  const Key front{Kind::kQuery, "dc1", "front"};
};

TEST_F(ZoneQueries, WhatAWantedQueryFinds) {
  QueryRow query = Query("Front", "web");
  query.dns_ttl = "90s";
  state.Put(query);
  Publish();
  EXPECT_EQ(Ports(), "unknown") << "nobody has asked";
  zone.Want(front);
  EXPECT_EQ(Ports(), "81 80");
  const auto& told = *sink.services.at(front);
  EXPECT_EQ(told.key, front);
  EXPECT_EQ(told.own_ttl, std::chrono::seconds(90));
  EXPECT_EQ(told.queried_service, "web");
  EXPECT_EQ(told.answering_datacenter, "dc1");
  EXPECT_FALSE(told.keep_order);
}

TEST_F(ZoneQueries, ItFollowsItsService) {
  state.Put(Query("front", "Web"));
  zone.Want(front);
  PutInstance("n2", "web", 82);
  Publish();
  EXPECT_EQ(Ports(), "81 82 80");
  PutCheck(state, TestCheck("n2", "c", "web", std::string(kCritical)));
  Publish();
  EXPECT_EQ(Ports(), "81 80");
  const int before = sink.told[front];
  PutInstance("n2", "db", 1);
  Publish();
  EXPECT_EQ(sink.told[front], before) << "another service is no news";
}

TEST_F(ZoneQueries, ItFollowsItsDefinition) {
  zone.Want(front);
  EXPECT_EQ(Ports(), "absent");
  state.Put(Query("front", "web"));
  Publish();
  EXPECT_EQ(Ports(), "81 80");
  PutInstance("n2", "db", 5432);
  state.Put(Query("front", "db"));
  Publish();
  EXPECT_EQ(Ports(), "5432");
  const int before = sink.told[front];
  PutInstance("n2", "web", 82);
  Publish();
  EXPECT_EQ(sink.told[front], before) << "web is not asked for any more";
  state.EraseQuery("front");
  Publish();
  EXPECT_EQ(Ports(), "absent");
}

TEST_F(ZoneQueries, NoInstanceIsNotNoQuery) {
  state.Put(Query("front", "nothing"));
  zone.Want(front);
  ASSERT_TRUE(sink.services.at(front));
  EXPECT_EQ(Ports(), "");
  PutInstance("n1", "nothing", 7);
  Publish();
  EXPECT_EQ(Ports(), "7");
}

TEST_F(ZoneQueries, TheOwnNodeFirstIsKeptSo) {
  QueryRow query = Query("front", "web");
  query.near = "_agent";
  state.Put(query);
  zone.Want(front);
  EXPECT_EQ(Ports(), "80 81");
  EXPECT_TRUE(sink.services.at(front)->keep_order);
}

TEST_F(ZoneQueries, ATemplateAnswersForManyNames) {
  QueryRow query = Query("svc-", "${name.suffix}");
  query.template_type = kNamePrefixMatch;
  state.Put(query);
  const Key web{Kind::kQuery, "dc1", "svc-web"};
  zone.Want(web);
  EXPECT_EQ(sink.Ports(web), "81 80");
  PutInstance("n2", "web", 82);
  Publish();
  EXPECT_EQ(sink.Ports(web), "81 82 80");
}

}  // namespace
}  // namespace signpost::registry
