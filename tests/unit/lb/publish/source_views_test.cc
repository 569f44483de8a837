// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/source_views.h"

#include <gtest/gtest.h>

#include "tests/unit/lb/publish/services.h"

namespace signpost::lb {
namespace {

constexpr Millis kDnsAfter{300000};

Millis Seconds(int64_t seconds) { return Millis(seconds * 1000); }

DiscoveredServicePtr Held() {
  return Service({.name = "web", .instances = {{"192.0.2.1:80"}}, .state = ServiceState::kHeld});
}
DiscoveredServicePtr Known() { return Service({.name = "web", .instances = {{"192.0.2.2:80"}}}); }

TEST(SourceViewsTest, TheConfigFileThenTheCatalogThenDns) {
  SourceViews views;
  EXPECT_EQ(views.Choose(Millis(0), kDnsAfter).service, nullptr);
  const auto dns = Known();
  const auto catalog = Known();
  const auto file = Known();
  views.Tell(SourceKind::kDns, dns, Millis(0));
  EXPECT_EQ(views.Choose(Millis(0), kDnsAfter).service, dns);
  views.Tell(SourceKind::kConsul, catalog, Millis(0));
  EXPECT_EQ(views.Choose(Millis(0), kDnsAfter).service, catalog);
  views.Tell(SourceKind::kStatic, file, Millis(0));
  EXPECT_EQ(views.Choose(Millis(0), kDnsAfter).service, file);
  views.Tell(SourceKind::kStatic, nullptr, Millis(0));
  views.Tell(SourceKind::kConsul, nullptr, Millis(0));
  EXPECT_EQ(views.Choose(Millis(0), kDnsAfter).kind, SourceKind::kDns);
}

TEST(SourceViewsTest, DnsCountsWhenTheCatalogIsOldC27) {
  SourceViews views;
  views.Tell(SourceKind::kDns, Known(), Seconds(0));
  views.Tell(SourceKind::kConsul, Known(), Seconds(0));
  EXPECT_EQ(views.NextChange(Seconds(1), kDnsAfter), std::nullopt);
  views.Tell(SourceKind::kConsul, Held(), Seconds(10));
  views.Tell(SourceKind::kConsul, Held(), Seconds(200));  // another reason, the same trouble
  EXPECT_EQ(views.Choose(Seconds(309), kDnsAfter).kind, SourceKind::kConsul);
  EXPECT_EQ(views.NextChange(Seconds(309), kDnsAfter), Seconds(310));
  EXPECT_EQ(views.Choose(Seconds(310), kDnsAfter).kind, SourceKind::kDns);
  EXPECT_EQ(views.NextChange(Seconds(310), kDnsAfter), std::nullopt);
  views.Tell(SourceKind::kConsul, Known(), Seconds(400));
  EXPECT_EQ(views.Choose(Seconds(400), kDnsAfter).kind, SourceKind::kConsul);
}

TEST(SourceViewsTest, DnsWithoutInstancesIsNoReplacement) {
  SourceViews views;
  views.Tell(SourceKind::kDns, Service({.name = "web", .state = ServiceState::kEmpty}), Seconds(0));
  views.Tell(SourceKind::kConsul, Held(), Seconds(0));
  EXPECT_EQ(views.Choose(Seconds(1000), kDnsAfter).kind, SourceKind::kConsul);
  EXPECT_EQ(views.NextChange(Seconds(1), kDnsAfter), std::nullopt);
}

TEST(SourceViewsTest, TheCatalogsEmptinessIsItsWord) {
  SourceViews views;
  views.Tell(SourceKind::kDns, Known(), Seconds(0));
  views.Tell(SourceKind::kConsul, Service({.name = "web", .created = 7, .state = ServiceState::kEmpty}), Seconds(0));
  EXPECT_EQ(views.Choose(Seconds(1000), kDnsAfter).kind, SourceKind::kConsul)
      << "it is registered, and fails its checks";
}

TEST(SourceViewsTest, ACatalogThatDoesNotListTheServiceDoesNotHideDns) {
  for (const ServiceState state : {ServiceState::kEmpty, ServiceState::kHeld}) {
    SourceViews views;
    views.Tell(SourceKind::kConsul, Service({.name = "web", .state = state}), Seconds(0));
    EXPECT_EQ(views.Choose(Seconds(0), kDnsAfter).kind, SourceKind::kConsul);
    views.Tell(SourceKind::kDns, Known(), Seconds(0));
    EXPECT_EQ(views.Choose(Seconds(0), kDnsAfter).kind, SourceKind::kDns);
    EXPECT_EQ(views.NextChange(Seconds(0), kDnsAfter), std::nullopt);
    views.Tell(SourceKind::kDns, Service({.name = "web", .state = ServiceState::kEmpty}), Seconds(0));
    EXPECT_EQ(views.Choose(Seconds(0), kDnsAfter).kind, SourceKind::kConsul);
  }
}

}  // namespace
}  // namespace signpost::lb
