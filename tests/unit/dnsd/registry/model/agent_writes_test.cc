// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/agent_writes.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "dnsd/registry/model/catalog_writes.h"

namespace signpost::registry {
namespace {

CheckRow Check(const std::string& id, const std::string& status = "critical") {
  CheckRow check;
  check.check_id = id;
  check.name = id;
  check.status = status;
  check.type = "ttl";
  CheckDefinition run;
  run.ttl = Millis(10000);
  check.run = std::make_shared<const CheckDefinition>(std::move(run));
  return check;
}

AgentService Service(const std::string& id, std::vector<CheckRow> checks = {}, int64_t port = 1) {
  AgentService defined;
  defined.service.id = id;
  defined.service.service = "svc-" + id;
  defined.service.tags = {"t"};
  defined.service.port = port;
  defined.checks = std::move(checks);
  return defined;
}

// The own node n1, with what the registry itself keeps there.
class AgentWritesTest : public testing::Test {
 protected:
  AgentWritesTest() {
    NodeRow node;
    node.node.name = "n1";
    node.node.address = "10.0.0.1";
    state_.BeginWrite();
    state_.Put(node);
    ServiceRow consul;
    consul.node = "n1";
    consul.id = consul.service = "consul";
    PutService(state_, consul);
    CheckRow alive = Check("serfHealth", "passing");
    alive.node = "n1";
    alive.run = nullptr;
    PutCheck(state_, alive);
    state_.TakeJournal();
  }

  bool Register(AgentService service, bool replace = false) {
    state_.BeginWrite();
    return RegisterAgentService(state_, "n1", std::move(service), replace);
  }
  Strings CheckIds() const {
    Strings ids;
    for (const auto& check : AgentChecks(state_, "n1")) ids.push_back(check->check_id);
    return ids;
  }

  State state_;
};

TEST_F(AgentWritesTest, RegistersAServiceWithItsChecks) {
  ASSERT_TRUE(Register(Service("web", {Check("c1"), Check("c2", "passing")})));
  const auto service = FindAgentService(state_, "n1", "web");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->node, "n1");
  const auto check = FindAgentCheck(state_, "n1", "c2");
  ASSERT_TRUE(check);
  EXPECT_EQ(check->status, "passing");
  EXPECT_EQ(check->service_id, "web");
  EXPECT_EQ(check->service_name, "svc-web");
  EXPECT_EQ(check->service_tags, Strings{"t"});
}

TEST_F(AgentWritesTest, RegisteringTheSameAgainIsNoNews) {
  Register(Service("web", {Check("c1")}));
  state_.TakeJournal();
  const uint64_t index = state_.index();
  EXPECT_TRUE(Register(Service("web", {Check("c1")})));
  EXPECT_TRUE(state_.TakeJournal().changes.empty());
  EXPECT_EQ(state_.index(), index);
}

TEST_F(AgentWritesTest, ChecksKeepWhatTheySay) {
  Register(Service("web", {Check("c1")}));
  PutCheckStatus(state_, "n1", "c1", "warning", "hm");
  CheckRow again = Check("c1", "passing");
  again.notes = "new";
  Register(Service("web", {again}));
  const auto check = FindAgentCheck(state_, "n1", "c1");
  EXPECT_EQ(check->status, "warning");
  EXPECT_EQ(check->output, "hm");
  EXPECT_EQ(check->notes, "new");
  EXPECT_TRUE(RegisterAgentCheck(state_, "n1", Check("c1", "critical")));
  EXPECT_EQ(FindAgentCheck(state_, "n1", "c1")->status, "warning");
  EXPECT_EQ(FindAgentCheck(state_, "n1", "c1")->service_id, "") << "it now belongs to the node";
}

TEST_F(AgentWritesTest, ChecksNotNamedGoOnlyWhenReplaced) {
  Register(Service("web", {Check("c1"), Check("c2")}));
  Register(Service("other", {Check("o")}));
  Register(Service("web", {Check("c3")}));
  EXPECT_EQ(CheckIds(), (Strings{"c1", "c2", "c3", "o"}));
  Register(Service("web", {Check("C2")}), true);
  EXPECT_EQ(CheckIds(), (Strings{"C2", "o"}));
  Register(Service("web"), true);
  EXPECT_EQ(CheckIds(), Strings{"o"});
}

TEST_F(AgentWritesTest, DeregistersAServiceWithItsChecks) {
  Register(Service("web", {Check("c1")}));
  RegisterAgentCheck(state_, "n1", Check("own"));
  EXPECT_FALSE(DeregisterAgentService(state_, "n1", "WEB")) << "IDs are exact";
  EXPECT_TRUE(DeregisterAgentService(state_, "n1", "web"));
  EXPECT_EQ(CheckIds(), Strings{"own"});
  EXPECT_FALSE(DeregisterAgentService(state_, "n1", "web"));
}

TEST_F(AgentWritesTest, ChecksStandAloneOrBelongToAService) {
  Register(Service("web"));
  CheckRow check = Check("c1");
  check.service_id = "web";
  EXPECT_TRUE(RegisterAgentCheck(state_, "n1", check));
  EXPECT_EQ(FindAgentCheck(state_, "n1", "c1")->service_name, "svc-web");
  check.service_id = "absent";
  EXPECT_FALSE(RegisterAgentCheck(state_, "n1", check));
  EXPECT_TRUE(DeregisterAgentCheck(state_, "n1", "c1"));
  EXPECT_FALSE(DeregisterAgentCheck(state_, "n1", "c1"));
}

TEST_F(AgentWritesTest, LeavesWhatIsTheRegistrysOwn) {
  EXPECT_FALSE(Register(Service("consul")));
  EXPECT_FALSE(Register(Service("Consul")));
  EXPECT_FALSE(RegisterAgentCheck(state_, "n1", Check("serfHealth")));
  EXPECT_FALSE(DeregisterAgentService(state_, "n1", "consul"));
  EXPECT_FALSE(DeregisterAgentCheck(state_, "n1", "serfHealth"));
  EXPECT_FALSE(SetServiceMaintenance(state_, "n1", "consul", true, ""));
  EXPECT_TRUE(AgentServices(state_, "n1").empty());
  EXPECT_TRUE(AgentChecks(state_, "n1").empty());
  EXPECT_TRUE(state_.FindService("n1", "consul"));
  EXPECT_EQ(state_.FindCheck("n1", "serfHealth")->status, "passing");
}

TEST_F(AgentWritesTest, MaintenanceOfAServiceIsACriticalCheck) {
  Register(Service("web"));
  EXPECT_TRUE(SetServiceMaintenance(state_, "n1", "web", true, "because"));
  EXPECT_FALSE(SetServiceMaintenance(state_, "n1", "web", true, "other")) << "the first reason stays";
  const auto check = FindAgentCheck(state_, "n1", "_service_maintenance:web");
  ASSERT_TRUE(check);
  EXPECT_EQ(check->name, "Service Maintenance Mode");
  EXPECT_EQ(check->status, "critical");
  EXPECT_EQ(check->notes, "because");
  EXPECT_EQ(check->type, "maintenance");
  EXPECT_EQ(check->service_id, "web");
  EXPECT_FALSE(check->run);
  EXPECT_TRUE(SetServiceMaintenance(state_, "n1", "web", false, ""));
  EXPECT_FALSE(SetServiceMaintenance(state_, "n1", "web", false, ""));
  EXPECT_FALSE(SetServiceMaintenance(state_, "n1", "absent", true, ""));
  EXPECT_TRUE(CheckIds().empty());
}

TEST_F(AgentWritesTest, MaintenanceSurvivesRegisteringAgain) {
  Register(Service("web"));
  SetServiceMaintenance(state_, "n1", "web", true, "");
  Register(Service("web", {}, 2));
  EXPECT_EQ(CheckIds(), Strings{"_service_maintenance:web"});
}

TEST_F(AgentWritesTest, MaintenanceOfTheNodeHasADefaultReason) {
  EXPECT_TRUE(SetNodeMaintenance(state_, "n1", true, ""));
  const auto check = FindAgentCheck(state_, "n1", "_node_maintenance");
  ASSERT_TRUE(check);
  EXPECT_EQ(check->name, "Node Maintenance Mode");
  EXPECT_EQ(check->notes,
            "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.");
  EXPECT_EQ(check->service_id, "");
  EXPECT_TRUE(SetNodeMaintenance(state_, "n1", false, ""));
  EXPECT_TRUE(CheckIds().empty());
}

TEST_F(AgentWritesTest, NothingIsRegisteredOnANodeThatIsNotThere) {
  EXPECT_FALSE(RegisterAgentService(state_, "n2", Service("web"), false));
  EXPECT_FALSE(RegisterAgentCheck(state_, "n2", Check("c")));
}

}  // namespace
}  // namespace signpost::registry
