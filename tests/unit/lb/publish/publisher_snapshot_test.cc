// Signpost. Apache-2.0; see LICENSE.
// What a snapshot keeps of the services, and how long it counts.
#include <gtest/gtest.h>

#include <string>

#include "lb/publish/publisher.h"
#include "tests/unit/lb/publish/publisher_world.h"
#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

TEST_F(PublisherTest, ASnapshotServesUntilTheCatalogSpeaksD33) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Consul({.name = "old", .instances = {kHttp2}, .created = 8});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  Start();
  ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  EXPECT_EQ(publisher_->Find("web")->state, ServiceState::kHeld);
  Consul({.name = "web", .instances = {kHttp2}, .created = 30});
  Ready();
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.2:80");
  EXPECT_EQ(Host("old.example.org"), "old:") << "gone meanwhile; it lingers";
  EXPECT_FALSE(publisher_->LoadSnapshot("{").ok());
  EXPECT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  EXPECT_EQ(publisher_->Find("web")->state, ServiceState::kKnown) << "too late, nothing is taken over";
}

TEST_F(PublisherTest, WhatCannotBeReadAtTheStartIsKeptFromTheSnapshotD33) {
  Start();
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  Start();
  ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
  Ready({"web"});
  Next();
  EXPECT_EQ(Host("web.example.org"), "web: 192.0.2.1:80");
  EXPECT_EQ(publisher_->SaveSnapshot(), snapshot) << "and is kept in the next one";
  Gone("web");
  Next();
  EXPECT_EQ(publisher_->Find("web"), nullptr);
}

TEST_F(PublisherTest, ASourceThatIsNotThereHasNoServicesInASnapshot) {
  Start();
  publisher_->OnService(SourceKind::kDns, Service({.name = "d", .instances = {{"192.0.2.9:80"}}}));
  Consul({.name = "web", .instances = {kHttp1}, .created = 7});
  Next();
  const std::string snapshot = publisher_->SaveSnapshot();
  for (const bool before : {false, true}) {
    Start();
    if (before) publisher_->OnReady(SourceKind::kDns, {});
    ASSERT_TRUE(publisher_->LoadSnapshot(snapshot).ok());
    if (!before) publisher_->OnReady(SourceKind::kDns, {});
    Next();
    EXPECT_EQ(publisher_->Find("d"), nullptr) << before;
    EXPECT_NE(publisher_->Find("web"), nullptr);
  }
}

}  // namespace
}  // namespace signpost::lb
