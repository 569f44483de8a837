// Signpost. Apache-2.0; see LICENSE.
// Registering and deregistering through the catalog.
#include "dnsd/registry/model/catalog_register.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/model/catalog_writes.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kId = "9f1de9a5-0000-4000-8000-000000000001";
constexpr const char* kOtherId = "9f1de9a5-0000-4000-8000-000000000002";

class CatalogRegister : public ::testing::Test {
 protected:
  CatalogRegister() {
    state.BeginWrite();
    state.Put(TestNode("own", "127.0.0.1", "9f1de9a5-0000-4000-8000-00000000000f"));
    PutService(state, TestService("own", "consul"));
    PutCheck(state, TestCheck("own", "serfHealth"));
    state.TakeJournal();
  }

  // The error's text, or "".
  std::string Write(Registration registration) {
    state.BeginWrite();
    const Status status = Register(state, "own", std::move(registration));
    const Journal journal = state.TakeJournal();
    EXPECT_TRUE(status.ok() || journal.changes.empty()) << "an error must change nothing";
    return status.text();
  }
  void Remove(Deregistration what) {
    state.BeginWrite();
    Deregister(state, "own", what);
  }

  State state;
};

TEST_F(CatalogRegister, ANodeAServiceAndItsChecksInOneWrite) {
  Registration all{.node = TestNode("n1")};
  all.service = TestService("", "web");
  all.checks = {TestCheck("", "c1", "web"), TestCheck("n1", "c2", "", "")};
  EXPECT_EQ(Write(all), "");
  EXPECT_EQ(state.FindService("n1", "web")->index.create, state.index());
  EXPECT_EQ(state.FindCheck("n1", "c1")->service_name, "web");
  EXPECT_EQ(state.FindCheck("n1", "c2")->status, "critical");
  const uint64_t index = state.index();
  EXPECT_EQ(Write(all), "");
  EXPECT_EQ(state.index(), index) << "the same again is no change";
}

TEST_F(CatalogRegister, WhatIsWrongIsSaidInConsulsWordsAndChangesNothing) {
  struct Case {
    std::string text;
    void (*spoil)(Registration&);
  };
  const Case cases[] = {
      {"check node \"other\" does not match node \"n1\"",
       [](Registration& r) { r.checks.push_back(TestCheck("other", "c")); }},
      {"check node \"N1\" does not match node \"n1\"",
       [](Registration& r) { r.checks.push_back(TestCheck("N1", "c")); }},
      {"failed inserting check: Missing service registration on node \"n1\"",
       [](Registration& r) { r.checks.push_back(TestCheck("", "c", "absent")); }},
      {"failed inserting check: failed inserting check: object missing primary index on node \"n1\"",
       [](Registration& r) { r.checks.emplace_back(); }},
      {"failed inserting service: failed inserting service: object missing primary index",
       [](Registration& r) { r.service = ServiceRow(); }},
  };
  for (const Case& each : cases) {
    Registration registration{.node = TestNode("n1"), .service = TestService("", "web")};
    registration.checks = {TestCheck("", "fine", "web")};
    each.spoil(registration);
    EXPECT_EQ(Write(registration), each.text);
    EXPECT_EQ(state.FindNode("n1"), nullptr);
  }
}

TEST_F(CatalogRegister, ANodeThatIsNotToBeUpdatedStaysAsItIs) {
  Write({.node = TestNode("n1", "10.0.0.1")});
  EXPECT_EQ(Write({.node = TestNode("n1", "10.9.9.9"), .skip_node_update = true, .service = TestService("", "s")}), "");
  EXPECT_EQ(state.FindNode("n1")->node.address, "10.0.0.1");
  EXPECT_NE(state.FindService("n1", "s"), nullptr);
  EXPECT_EQ(Write({.node = TestNode("new", "10.9.9.9"), .skip_node_update = true}), "");
  EXPECT_NE(state.FindNode("new"), nullptr);
}

TEST_F(CatalogRegister, ANodeWithTheIdOfAnotherReplacesIt) {
  Write({.node = TestNode("old", "10.0.0.1", kId), .service = TestService("", "s")});
  EXPECT_EQ(Write({.node = TestNode("new", "10.0.0.2", kId)}), "");
  EXPECT_EQ(state.FindNode("old"), nullptr);
  EXPECT_THAT(state.Instances("s"), IsEmpty());
  EXPECT_EQ(state.FindNodeById(kId)->node.name, "new");
}

TEST_F(CatalogRegister, ANameIsReservedForTheLivingNodeThatHasIt) {
  Write({.node = TestNode("live", "10.0.0.1", kId), .checks = {TestCheck("", "serfHealth")}});
  EXPECT_EQ(Write({.node = TestNode("live", "10.0.0.2", kOtherId)}),
            std::string("failed inserting node: Error while renaming Node ID: \"") + kOtherId +
                "\": Node name live is reserved by node " + kId + " with name live (10.0.0.1)");
  Write({.node = TestNode("second", "10.0.0.2", kOtherId)});
  EXPECT_THAT(Write({.node = TestNode("LIVE", "10.0.0.2", kOtherId)}),
              HasSubstr(std::string("\"") + kOtherId + "\" (10.0.0.2): Node name LIVE is reserved by node " + kId));
  state.BeginWrite();
  PutCheckStatus(state, "live", "serfHealth", kCritical, "");
  EXPECT_EQ(Write({.node = TestNode("live", "10.0.0.2", "9f1de9a5-0000-4000-8000-000000000003")}), "");
}

TEST_F(CatalogRegister, ANodeMayGetOrLoseItsId) {
  Write({.node = TestNode("n1"), .checks = {TestCheck("", "serfHealth")}});
  EXPECT_EQ(Write({.node = TestNode("n1", "10.0.0.1", kId)}), "");
  EXPECT_EQ(state.FindNode("n1")->node.id, kId);
  EXPECT_EQ(Write({.node = TestNode("n1")}), "");
  EXPECT_EQ(state.FindNode("n1")->node.id, "");
}

TEST_F(CatalogRegister, TheRegistrysOwnRowsAreNobodysElse) {
  Registration other{.node = TestNode("OWN", "10.9.9.9"), .service = TestService("", "mine")};
  other.checks = {TestCheck("", "serfHealth", "", "critical"), TestCheck("", "extra")};
  EXPECT_EQ(Write(other), "");
  EXPECT_EQ(state.FindNode("own")->node.address, "127.0.0.1");
  EXPECT_EQ(state.FindNode("own")->node.name, "own");
  EXPECT_EQ(state.FindCheck("own", "serfHealth")->status, "passing");
  EXPECT_NE(state.FindService("own", "mine"), nullptr);
  EXPECT_THAT(Write({.node = TestNode("thief", "10.9.9.9", "9f1de9a5-0000-4000-8000-00000000000f")}),
              HasSubstr("the registry's own node"));

  for (const Deregistration& what :
       {Deregistration{.node = "own", .service_id = "Consul"}, Deregistration{.node = "own", .check_id = "serfhealth"},
        Deregistration{.node = "Own"}}) {
    Remove(what);
    EXPECT_NE(state.FindService("own", "consul"), nullptr);
    EXPECT_NE(state.FindCheck("own", "serfHealth"), nullptr);
  }
  EXPECT_EQ(state.FindService("own", "mine"), nullptr);
  EXPECT_EQ(state.FindCheck("own", "extra"), nullptr);
}

TEST_F(CatalogRegister, DeregisteringTakesTheServiceElseTheCheckElseTheNode) {
  Registration all{.node = TestNode("n1"), .service = TestService("", "web")};
  all.checks = {TestCheck("", "c1", "web"), TestCheck("", "c2")};
  Write(all);
  Remove({.node = "n1", .service_id = "absent", .check_id = "c2"});
  EXPECT_NE(state.FindCheck("n1", "c2"), nullptr) << "the service ID decides";
  Remove({.node = "N1", .check_id = "C2"});
  EXPECT_EQ(state.FindCheck("n1", "c2"), nullptr);
  Remove({.node = "n1", .service_id = "web"});
  EXPECT_EQ(state.FindCheck("n1", "c1"), nullptr);
  EXPECT_NE(state.FindNode("n1"), nullptr);
  Remove({.node = "n1"});
  EXPECT_EQ(state.FindNode("n1"), nullptr);
  const uint64_t index = state.index();
  Remove({.node = "n1"});
  EXPECT_EQ(state.index(), index);
}

}  // namespace
}  // namespace signpost::registry
