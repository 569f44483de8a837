// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/access.h"

#include <gtest/gtest.h>

namespace signpost::registry {
namespace {

http::ServerRequest With(const std::string& query, const std::string& header = "", const std::string& value = "") {
  http::ServerRequest request;
  request.query = query;
  if (!header.empty()) request.headers.emplace_back(header, value);
  return request;
}

TEST(AccessTest, WithoutATokenEverybodyMayDoEverything) {
  for (const RouteKind kind : {RouteKind::kRead, RouteKind::kAgent, RouteKind::kWrite}) {
    EXPECT_TRUE(MayUse({.token = "", .reads = false}, With(""), kind));
    EXPECT_TRUE(MayUse({.token = "", .reads = true}, With("token=any"), kind));
  }
}

TEST(AccessTest, WritesNeedTheTokenGivenInOneOfThreeWays) {
  const AccessRules rules{.token = "s3cret", .reads = false};
  const struct {
    http::ServerRequest request;
    bool may;
  } cases[] = {
      {With(""), false},
      {With("token=s3cret"), true},
      {With("", "x-consul-token", "s3cret"), true},
      {With("", "authorization", "Bearer s3cret"), true},
      {With("", "authorization", "Basic s3cret"), false},
      {With("", "authorization", "s3cret"), false},
      {With("token=S3CRET"), false},
      {With("token=s3cret2"), false},
      {With("token=s3cre"), false},
      {With("token=s3crets3cret"), false},
      {With("token="), false},
      {With("token=", "x-consul-token", "s3cret"), true},        // an empty one is none
      {With("token=wrong", "x-consul-token", "s3cret"), false},  // the first that is given counts
      {With("", "x-consul-token", ""), false},
  };
  for (const auto& each : cases) {
    EXPECT_EQ(MayUse(rules, each.request, RouteKind::kWrite), each.may)
        << each.request.query << (each.request.headers.empty() ? "" : " " + each.request.headers[0].second);
    EXPECT_TRUE(MayUse(rules, each.request, RouteKind::kRead));
    EXPECT_TRUE(MayUse(rules, each.request, RouteKind::kAgent));
  }
}

TEST(AccessTest, ReadsNeedItByOption) {
  const AccessRules rules{.token = "s3cret", .reads = true};
  for (const RouteKind kind : {RouteKind::kRead, RouteKind::kAgent, RouteKind::kWrite}) {
    EXPECT_FALSE(MayUse(rules, With(""), kind));
    EXPECT_TRUE(MayUse(rules, With("token=s3cret"), kind));
  }
}

}  // namespace
}  // namespace signpost::registry
