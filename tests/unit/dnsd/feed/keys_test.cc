// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/keys.h"

#include <gtest/gtest.h>

namespace signpost::feed {
namespace {

using catalog::Kind;

TEST(RequestFor, KnowsEveryKind) {
  const struct {
    catalog::Key key;
    const char* path;
  } kCases[] = {
      {{Kind::kService, "dc1", "web"}, "/v1/health/service/web"},
      {{Kind::kConnect, "dc1", "web"}, "/v1/health/connect/web"},
      {{Kind::kIngress, "dc1", "web"}, "/v1/health/ingress/web"},
      {{Kind::kNode, "dc1", "n.1"}, "/v1/catalog/node/n.1"},
      {{Kind::kQuery, "dc1", "my query"}, "/v1/query/my%20query/execute"},
  };
  for (const auto& test : kCases) {
    const auto request = RequestFor(test.key, "dc1");
    EXPECT_EQ(request.path, test.path);
    EXPECT_TRUE(request.params.empty());
  }
}

TEST(RequestFor, NamesTheDatacenterUnlessTheAgentLooksThere) {
  const catalog::Key key{Kind::kService, "dc2", "web"};
  const consul::Params named{{"dc", "dc2"}};
  EXPECT_EQ(RequestFor(key, "dc1").params, named);
  EXPECT_EQ(RequestFor(key, "").params, named);
  EXPECT_TRUE(RequestFor(key, "dc2").params.empty());
}

TEST(IsUuid, WantsAllOfIt) {
  EXPECT_TRUE(IsUuid("01234567-89ab-cdef-0123-456789abcdef"));
  EXPECT_FALSE(IsUuid("01234567-89ab-cdef-0123-456789abcde"));
  EXPECT_FALSE(IsUuid("0123456789ab-cdef-0123-456789abcdef-"));
  EXPECT_FALSE(IsUuid("01234567-89ab-cdef-0123-456789abcdeg"));
}

}  // namespace
}  // namespace signpost::feed
