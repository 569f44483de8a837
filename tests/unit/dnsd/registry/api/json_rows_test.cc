// Signpost. Apache-2.0; see LICENSE.
// Rows as Consul shows them: what is null, what is empty, and what is left out.
#include "dnsd/registry/api/json_rows.h"

#include <gtest/gtest.h>

#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

template <typename Write>
std::string Json(const Write& write) {
  json::Writer out;
  write(out);
  return out.Take();
}

TEST(JsonRows, ANodeWithoutAddressesAndMetaHasNulls) {
  NodeRow row = TestNode("n1");
  row.index = {.create = 3, .modify = 5};
  EXPECT_EQ(Json([&](auto& out) { WriteNode(out, row); }),
            R"({"ID":"","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":null,"Meta":null,)"
            R"("CreateIndex":3,"ModifyIndex":5})");
  row.node.tagged_addresses = {{.tag = "lan", .address = "10.0.0.1"}};
  row.node.meta = {{"k", "v"}};
  EXPECT_EQ(Json([&](auto& out) { WriteNode(out, row); }),
            R"({"ID":"","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":{"lan":"10.0.0.1"},)"
            R"("Meta":{"k":"v"},"CreateIndex":3,"ModifyIndex":5})");
}

TEST(JsonRows, APlainServiceLeavesOutKindAndTaggedAddresses) {
  const ServiceRow row = TestService("n1", "web");
  EXPECT_EQ(Json([&](auto& out) { WriteService(out, row); }),
            R"({"ID":"web","Service":"web","Tags":[],"Address":"","Meta":null,"Port":0,)"
            R"("Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"MeshGateway":{},"Expose":{}},)"
            R"("Connect":{},"CreateIndex":0,"ModifyIndex":0})");
  EXPECT_NE(Json([&](auto& out) { WriteService(out, row, NoTags::kNull); }).find(R"("Tags":null)"), std::string::npos);
}

TEST(JsonRows, AFullService) {
  ServiceRow row = TestService("n1", "web", "w1");
  row.kind = "connect-proxy";
  row.tags = {"b", "a"};
  row.tagged_addresses = {{.tag = "lan", .address = "1.2.3.4", .port = 80}};
  row.meta = {{"k", "v"}};
  row.port = 8080;
  row.proxy = R"({"DestinationServiceName":"x"})";
  row.connect_native = true;
  EXPECT_EQ(Json([&](auto& out) { WriteService(out, row); }),
            R"({"Kind":"connect-proxy","ID":"w1","Service":"web","Tags":["b","a"],"Address":"",)"
            R"("TaggedAddresses":{"lan":{"Address":"1.2.3.4","Port":80}},"Meta":{"k":"v"},"Port":8080,)"
            R"("Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false,"Proxy":{"DestinationServiceName":"x"},)"
            R"("Connect":{"Native":true},"CreateIndex":0,"ModifyIndex":0})");
}

TEST(JsonRows, TheCatalogsFormOfAService) {
  EXPECT_EQ(Json([](auto& out) { WriteCatalogService(out, TestNode("n1"), TestService("n1", "web")); }),
            R"({"ID":"","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1","TaggedAddresses":null,"NodeMeta":null,)"
            R"("ServiceKind":"","ServiceID":"web","ServiceName":"web","ServiceTags":[],"ServiceAddress":"",)"
            R"("ServiceWeights":{"Passing":1,"Warning":1},"ServiceMeta":{},"ServicePort":0,)"
            R"("ServiceEnableTagOverride":false,"ServiceProxy":{"MeshGateway":{},"Expose":{}},"ServiceConnect":{},)"
            R"("CreateIndex":0,"ModifyIndex":0})");
}

TEST(JsonRows, AChecksDefinitionIsShownAsKept) {
  CheckRow row = TestCheck("n1", "c1");
  EXPECT_EQ(Json([&](auto& out) { WriteCheck(out, row); }),
            R"({"Node":"n1","CheckID":"c1","Name":"c1","Status":"passing","Notes":"","Output":"","ServiceID":"",)"
            R"("ServiceName":"","ServiceTags":[],"Type":"","Definition":{},"CreateIndex":0,"ModifyIndex":0})");
  row.definition = R"({"TTL":5})";
  EXPECT_NE(Json([&](auto& out) {
              WriteCheck(out, row, NoTags::kNull);
            }).find(R"("ServiceTags":null,"Type":"","Definition":{"TTL":5})"),
            std::string::npos);
}

}  // namespace
}  // namespace signpost::registry
