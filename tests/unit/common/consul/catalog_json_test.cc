// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/catalog_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::consul {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr char kNode[] = R"({"ID":"AB-1","Node":"Node1","Address":"10.0.0.1","Datacenter":"DC1",
    "TaggedAddresses":{"lan":"10.0.0.1","wan":"198.18.0.1"},"Meta":{"rack":"r1","bad":7}})";

std::string Entry(const std::string& service, const std::string& checks = "[]") {
  return std::string("[{\"Node\":") + kNode + ",\"Service\":" + service + ",\"Checks\":" + checks + "}]";
}

std::vector<ServiceInstance> Read(const std::string& body) {
  NodeTable nodes;
  auto read = ReadHealthService(body, nodes);
  EXPECT_TRUE(read.ok()) << read.status().text();
  return read.ok() ? std::move(read).value() : std::vector<ServiceInstance>{};
}

TEST(ReadHealthService, ReadsEveryField) {
  const auto list = Read(Entry(R"({"ID":"web-1","Service":"Web","Tags":["a","B"],"Address":"10.1.0.1","Port":8080,
      "Meta":{"v":"2"},"Weights":{"Passing":10,"Warning":0},
      "TaggedAddresses":{"wan":{"Address":"203.0.113.9","Port":80}}})"));
  ASSERT_EQ(list.size(), 1U);
  const ServiceInstance& web = list[0];
  EXPECT_EQ(web.node->id, "ab-1");
  EXPECT_EQ(web.node->name, "Node1");
  EXPECT_EQ(web.node->datacenter, "dc1");
  EXPECT_EQ(web.node->tagged_addresses.size(), 2U);
  EXPECT_THAT(web.node->meta, ElementsAre(Pair("rack", "r1")));
  EXPECT_EQ(web.id, "web-1");
  EXPECT_EQ(web.service, "Web");
  EXPECT_THAT(web.tags, ElementsAre("a", "B"));
  EXPECT_EQ(web.address, "10.1.0.1");
  EXPECT_EQ(web.port, 8080);
  EXPECT_EQ(web.weights, (Weights{10, 0}));
  ASSERT_EQ(web.tagged_addresses.size(), 1U);
  EXPECT_EQ(web.tagged_addresses[0].port, 80);
  EXPECT_THAT(web.meta, ElementsAre(Pair("v", "2")));
  EXPECT_EQ(web.health, Health::kPassing);
}

TEST(ReadHealthService, InstancesOfOneNodeShareIt) {
  NodeTable nodes;
  const std::string entry = std::string("{\"Node\":") + kNode + R"(,"Service":{"ID":"x"},"Checks":[]})";
  const auto list = ReadHealthService("[" + entry + "," + entry + "]", nodes);
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list.value()[0].node, list.value()[1].node);
}

TEST(ReadHealthService, WorstCheckThatCountsWins) {
  const auto check = [](const char* id, const char* status, const char* service) {
    return std::string(R"({"CheckID":")") + id + R"(","Status":")" + status + R"(","ServiceID":")" + service + "\"}";
  };
  const struct {
    std::string checks;
    Health health;
  } kCases[] = {
      {"[]", Health::kPassing},
      {"null", Health::kPassing},
      {"[" + check("a", "passing", "") + "]", Health::kPassing},
      {"[" + check("a", "warning", "web-1") + "," + check("b", "passing", "") + "]", Health::kWarning},
      {"[" + check("a", "odd", "") + "," + check("b", "warning", "") + "]", Health::kOther},
      {"[" + check("serfHealth", "critical", "") + "]", Health::kCritical},
      {"[" + check("a", "critical", "web-1") + "]", Health::kCritical},
      {"[" + check("a", "critical", "web-2") + "]", Health::kPassing},
      {"[" + check("_node_maintenance", "critical", "") + "," + check("a", "critical", "") + "]", Health::kMaintenance},
      {"[" + check("_service_maintenance:web-1", "critical", "web-1") + "]", Health::kMaintenance},
      {"[" + check("_service_maintenance:web-2", "critical", "web-2") + "]", Health::kPassing},
      {"[" + check("_node_maintenance", "passing", "") + "]", Health::kPassing},
      {"[7,null,{}]", Health::kOther},
  };
  for (const auto& test : kCases) {
    const auto list = Read(Entry(R"({"ID":"web-1"})", test.checks));
    ASSERT_EQ(list.size(), 1U) << test.checks;
    EXPECT_EQ(list[0].health, test.health) << test.checks;
  }
}

TEST(ReadHealthService, IndexesAreReadAndAreNoContent) {
  const auto before = Read(Entry(R"({"ID":"x","CreateIndex":7,"ModifyIndex":9})", "[]"));
  const auto after = Read(Entry(R"({"ID":"x","CreateIndex":"odd","ModifyIndex":10})", "[]"));
  EXPECT_EQ(before.at(0).create_index, 7U);
  EXPECT_EQ(before.at(0).modify_index, 9U);
  EXPECT_EQ(after.at(0).create_index, 0U);
  EXPECT_EQ(before, after);
}

TEST(ReadHealthService, WeightsOutOfRangeAreOne) {
  const std::pair<const char*, Weights> kCases[] = {
      {"null", {1, 1}},
      {"{}", {1, 1}},
      {R"({"Passing":65535,"Warning":0})", {65535, 0}},
      {R"({"Passing":65536,"Warning":-1})", {1, 1}},
      {R"({"Passing":"9","Warning":99999999999999999999})", {1, 1}},
      {R"({"Passing":1.5,"Warning":3})", {1, 3}},
      {"[1,2]", {1, 1}},
  };
  for (const auto& [weights, expected] : kCases) {
    const auto list = Read(Entry(std::string(R"({"ID":"x","Weights":)") + weights + "}"));
    ASSERT_EQ(list.size(), 1U) << weights;
    EXPECT_EQ(list[0].weights, expected) << weights;
  }
}

TEST(ReadHealthService, UnusableEntriesAreLeftOut) {
  for (const char* entry :
       {"7", "null", "{}", R"({"Node":null,"Service":{}})", R"({"Node":{},"Service":{}})",
        R"({"Node":{"Node":"n"},"Service":null})", R"({"Node":{"Node":"n"},"Service":[]})",
        R"({"Node":{"Node":7},"Service":{}})", R"({"Node":{"Node":"n"},"Service":{"Port":65536}})",
        R"({"Node":{"Node":"n"},"Service":{"Port":-1}})", R"({"Node":{"Node":"n"},"Service":{"Port":"80"}})"}) {
    EXPECT_THAT(Read(std::string("[") + entry + "]"), IsEmpty()) << entry;
    EXPECT_EQ(Read(std::string("[") + entry + R"(,{"Node":{"Node":"n"},"Service":{}}])").size(), 1U) << entry;
  }
}

TEST(ReadHealthService, WrongTypesInAFieldCountAsMissing) {
  const auto list = Read(R"([{"Node":{"Node":"n","ID":5,"Address":null,"TaggedAddresses":[1],"Meta":"x"},
      "Service":{"ID":{},"Service":[],"Tags":{"a":1},"Address":1,"Meta":[],"TaggedAddresses":{"lan":5,"wan":{}}},
      "Checks":{}}])");
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].id, "");
  EXPECT_EQ(list[0].port, 0);
  EXPECT_THAT(list[0].tags, IsEmpty());
  EXPECT_EQ(list[0].tagged_addresses.size(), 1U);
  EXPECT_EQ(list[0].node->address, "");
}

TEST(CatalogJson, TextThatIsNotTheShapeIsAnError) {
  NodeTable nodes;
  for (const char* body : {"", "<html>", "[", "nul", "7", "\"x\"", "true", "[}", "{\"a\":}"}) {
    EXPECT_EQ(ReadHealthService(body, nodes).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadCatalogServices(body).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadCatalogNodes(body, nodes).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadCatalogNode(body, nodes).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadHealthState(body).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadQueryExecute(body, nodes).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadQueryNear(body).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadDatacenters(body).status().kind(), ErrorKind::kInvalid) << body;
    EXPECT_EQ(ReadAgentDatacenter(body).status().kind(), ErrorKind::kInvalid) << body;
  }
  EXPECT_FALSE(ReadHealthService("{}", nodes).ok());
  EXPECT_FALSE(ReadHealthService("null", nodes).ok());
  EXPECT_FALSE(ReadCatalogServices("[]").ok());
  EXPECT_FALSE(ReadCatalogServices("null").ok());
  EXPECT_FALSE(ReadQueryExecute("{}", nodes).ok());
  EXPECT_FALSE(ReadHealthService(std::string(100000, '['), nodes).ok());
}

TEST(ReadCatalogServices, GivesNamesWithTags) {
  const auto services = ReadCatalogServices(R"({"consul":[],"Web":["a",5,"b"],"odd":null,"":["x"]})");
  ASSERT_TRUE(services.ok());
  ASSERT_EQ(services.value().size(), 3U);
  EXPECT_EQ(services.value()[1].name, "Web");
  EXPECT_THAT(services.value()[1].tags, ElementsAre("a", "b"));
  EXPECT_EQ(services.value()[2].name, "odd");
}

TEST(ReadCatalogNodes, SkipsWhatHasNoName) {
  NodeTable nodes;
  const auto list = ReadCatalogNodes(std::string("[") + kNode + ",{},null,5]", nodes);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list.value().size(), 1U);
  EXPECT_EQ(list.value()[0]->address, "10.0.0.1");
}

TEST(ReadCatalogNode, NullIsNoNode) {
  NodeTable nodes;
  const auto none = ReadCatalogNode("null", nodes);
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none.value(), nullptr);
  const auto node = ReadCatalogNode(std::string("{\"Node\":") + kNode + ",\"Services\":{}}", nodes);
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node.value()->name, "Node1");
  EXPECT_EQ(ReadCatalogNode(R"({"Node":null,"Services":null})", nodes).value(), nullptr);
  EXPECT_FALSE(ReadCatalogNode("{}", nodes).ok());
}

TEST(ReadHealthState, KeepsWhatIdentifiesACheck) {
  const auto checks = ReadHealthState(R"([{"Node":"n","CheckID":"c","Status":"warning","ServiceID":"web-1",
      "ServiceName":"Web","Output":"long"},{"CheckID":"no node"},5])");
  ASSERT_TRUE(checks.ok());
  EXPECT_THAT(checks.value(), ElementsAre(CheckState{"n", "c", "warning", "web-1", "Web"}));
}

TEST(ReadQueryExecute, ReadsTheAnswer) {
  NodeTable nodes;
  const auto answer = ReadQueryExecute(std::string(R"({"Service":"web","Datacenter":"DC2","Failovers":1,
      "DNS":{"TTL":"90s"},"Nodes":[{"Node":)") +
                                           kNode + R"(,"Service":{"ID":"w","Tags":null},"Checks":null}]})",
                                       nodes);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->service, "web");
  EXPECT_EQ(answer->datacenter, "dc2");
  EXPECT_EQ(answer->failovers, 1);
  EXPECT_EQ(answer->ttl, std::chrono::seconds(90));
  EXPECT_EQ(answer->instances.size(), 1U);
}

TEST(ReadQueryExecute, NoTtlAndNoNodes) {
  NodeTable nodes;
  for (const char* body : {R"({"Service":"w","Nodes":null,"DNS":{"TTL":""}})", R"({"Service":"w","Nodes":[]})",
                           R"({"Nodes":[],"DNS":{"TTL":"soon"}})"}) {
    const auto answer = ReadQueryExecute(body, nodes);
    ASSERT_TRUE(answer.ok()) << body;
    EXPECT_FALSE(answer->ttl.has_value()) << body;
    EXPECT_THAT(answer->instances, IsEmpty()) << body;
  }
}

TEST(CatalogJson, TranslatedAddressesAreMarked) {
  NodeTable nodes;
  const auto plain = ReadHealthService(Entry("{}"), nodes);
  const auto translated = ReadHealthService(Entry("{}"), nodes, true);
  EXPECT_FALSE(plain.value()[0].node->translated);
  EXPECT_TRUE(translated.value()[0].node->translated);
  const auto answer = [&](const char* datacenter) {
    return ReadQueryExecute(std::string(R"({"Nodes":[],"Datacenter":")") + datacenter + "\"}", nodes, true, "dc1")
        ->translated;
  };
  EXPECT_FALSE(answer("dc1"));
  EXPECT_TRUE(answer("dc2"));
}

TEST(ReadQueryNear, TellsWhetherNearIsSet) {
  EXPECT_TRUE(ReadQueryNear(R"({"Query":{"Service":{"Near":"_agent"}}})").value());
  EXPECT_FALSE(ReadQueryNear(R"({"Query":{"Service":{"Near":""}}})").value());
  EXPECT_FALSE(ReadQueryNear(R"({"Query":{}})").value());
}

TEST(ReadDatacenters, GivesThemInOrder) {
  EXPECT_THAT(ReadDatacenters(R"(["dc2","dc1"])").value(), ElementsAre("dc2", "dc1"));
}

TEST(ReadAgentDatacenter, FindsItInTheConfig) {
  EXPECT_EQ(ReadAgentDatacenter(R"({"Config":{"Datacenter":"East"}})").value(), "east");
  EXPECT_FALSE(ReadAgentDatacenter(R"({"Config":{}})").ok());
}

}  // namespace
}  // namespace signpost::consul
