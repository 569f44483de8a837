// Signpost. Apache-2.0; see LICENSE.
#include "lb/source_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Notes final : public SourceSink {
 public:
  void OnService(SourceKind, DiscoveredServicePtr service) override { said.push_back("+" + service->name); }
  void OnGone(SourceKind, const std::string& name) override { said.push_back("-" + name); }
  void OnReady(SourceKind kind, const std::set<std::string>&) override {
    said.push_back(kind == SourceKind::kDns ? "ready" : "catalog ready");
  }
  std::vector<std::string> Said() { return std::exchange(said, {}); }
  std::vector<std::string> said;
};

void Tell(SourceRelay& relay, const char* name) {
  auto service = std::make_shared<DiscoveredService>();
  service->name = name;
  relay.OnService(SourceKind::kDns, std::move(service));
}

TEST(SourceRelay, PassesOnAndRemembers) {
  Notes notes;
  SourceRelay relay(notes, {});
  Tell(relay, "a");
  Tell(relay, "b");
  relay.OnReady(SourceKind::kDns, {});
  relay.OnGone(SourceKind::kDns, "a");
  EXPECT_THAT(notes.Said(), ElementsAre("+a", "+b", "ready", "-a"));
  EXPECT_THAT(relay.Names(), ElementsAre("b"));
}

TEST(SourceRelay, WhatTheSuccessorDoesNotTellIsGoneWhenItIsReady) {
  Notes notes;
  SourceRelay relay(notes, {"a", "b", "c"});
  Tell(relay, "b");
  Tell(relay, "d");
  EXPECT_THAT(relay.Names(), ElementsAre("a", "b", "c", "d"));
  relay.OnGone(SourceKind::kDns, "c");
  relay.OnReady(SourceKind::kDns, {});
  EXPECT_THAT(notes.Said(), ElementsAre("+b", "+d", "-c", "-a", "ready"));
  EXPECT_THAT(relay.Names(), ElementsAre("b", "d"));
  relay.OnReady(SourceKind::kDns, {});
  EXPECT_THAT(notes.Said(), ElementsAre("ready"));
}

// A name that cannot be read at the moment of a SIGHUP keeps what the predecessor told.
TEST(SourceRelay, WhatTheSuccessorCannotReadStaysUntilItCan) {
  Notes notes;
  SourceRelay relay(notes, {"a", "b"});
  relay.OnReady(SourceKind::kDns, {"a"});
  EXPECT_THAT(notes.Said(), ElementsAre("-b", "ready"));
  EXPECT_THAT(relay.Names(), ElementsAre("a"));
  relay.OnGone(SourceKind::kDns, "a");
  EXPECT_THAT(notes.Said(), ElementsAre("-a"));
  EXPECT_THAT(relay.Names(), IsEmpty());
}

TEST(SourceSet, SourcesThatAreNotWantedAreReadyAtOnce) {
  net::Loop loop;
  Notes notes;
  SourceSet set(loop, notes);
  set.Start({.start = {}, .live = {}, .values = options::Values(LbRows())});
  EXPECT_THAT(notes.Said(), ElementsAre("catalog ready", "ready"));
}

// No source: nothing to wait for. A DNS source that is no longer wanted takes its services with it.
TEST(SourceSet, ComesAndGoesWithTheOptions) {
  net::Loop loop;
  Notes notes;
  SourceSet set(loop, notes);
  EXPECT_TRUE(set.ready());
  LiveOptions live;
  live.dns.servers.push_back(net::SocketAddress::Parse("127.0.0.1:9", 0).value());
  live.dns.names.push_back({.service = "web", .name = "web.example"});
  set.Reload(live);
  EXPECT_FALSE(set.ready());
  EXPECT_EQ(set.Statuses().size(), 1U);
  set.Reload(LiveOptions());
  EXPECT_TRUE(set.empty());
  EXPECT_TRUE(set.ready());
  EXPECT_THAT(notes.Said(), ElementsAre("ready")) << "also when it never answered";
}

}  // namespace
}  // namespace signpost::lb
