// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/owner.h"

#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

TEST(OwnerTest, TheGivenOneThenTheEnginesThenTheHosts) {
  EngineInfo engine;
  engine.name = "node1";
  EXPECT_EQ(OwnerOf(engine, ""), "host-node1");
  engine.id = "ABCD:EFGH";
  EXPECT_EQ(OwnerOf(engine, ""), "ABCD:EFGH");
  EXPECT_EQ(OwnerOf(engine, "mine"), "mine");
}

}  // namespace
}  // namespace signpost::registrar
