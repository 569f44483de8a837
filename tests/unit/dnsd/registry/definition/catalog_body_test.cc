// Signpost. Apache-2.0; see LICENSE.
// Bodies of catalog/register and catalog/deregister: what they become, and the words of their refusal.
#include "dnsd/registry/definition/catalog_body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dnsd/registry/definition/catalog_check.h"

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Registration Read(const std::string& body) {
  auto read = ReadRegisterBody(body);
  EXPECT_TRUE(read.ok()) << read.status().text();
  if (!read.ok()) return {};
  EXPECT_TRUE(read->rules.ok()) << read->rules.text();
  return std::move(read->registration);
}

TEST(CatalogBody, EveryFieldInAnyLetterCase) {
  const Registration all = Read(R"({"NODE":"n1","address":"10.0.0.1","ID":"9f1de9a5-0000-4000-8000-000000000001",
      "taggedaddresses":{"wan":"1.1.1.1","lan":"2.2.2.2"},"NodeMeta":{"b":"2","a":"1"},"SkipNodeUpdate":true,
      "Token":"t","Service":{"Service":"web","ID":"w1","Tags":["x","y"],"Address":"10.0.0.2","Port":80,
        "Meta":{"m":"v"},"TaggedAddresses":{"lan":{"address":"10.0.0.3","PORT":81}},"EnableTagOverride":true,
        "Weights":{"Passing":5,"Warning":2},"Connect":{"Native":true,"Odd":1},"CreateIndex":7}} trailing)");
  EXPECT_EQ(all.node.node.name, "n1");
  EXPECT_EQ(all.node.node.id, "9f1de9a5-0000-4000-8000-000000000001");
  EXPECT_THAT(all.node.node.meta, ElementsAre(Pair("a", "1"), Pair("b", "2")));
  ASSERT_EQ(all.node.node.tagged_addresses.size(), 2U);
  EXPECT_EQ(all.node.node.tagged_addresses[0].tag, "lan");
  EXPECT_TRUE(all.skip_node_update);
  ASSERT_TRUE(all.service);
  EXPECT_EQ(all.service->id, "w1");
  EXPECT_EQ(all.service->port, 80);
  EXPECT_EQ(all.service->weights.passing, 5);
  EXPECT_TRUE(all.service->enable_tag_override);
  EXPECT_TRUE(all.service->connect_native);
  ASSERT_EQ(all.service->tagged_addresses.size(), 1U);
  EXPECT_EQ(all.service->tagged_addresses[0].port, 81);
  EXPECT_TRUE(all.checks.empty());
}

TEST(CatalogBody, NamesStandInForIds) {
  const Registration all =
      Read(R"({"Node":"n","Address":"1","Service":{"Service":"web"},"Check":{"Name":"last"},"Checks":[{"Name":"c"}]})");
  EXPECT_EQ(all.service->id, "web");
  ASSERT_EQ(all.checks.size(), 2U);
  EXPECT_EQ(all.checks[0].check_id, "c");
  EXPECT_EQ(all.checks[1].check_id, "last");
}

TEST(CatalogBody, WeightsThatConsulWouldNotHaveAreOneAndOne) {
  struct Case {
    const char* given;
    int64_t passing;
    int64_t warning;
  };
  const Case cases[] = {
      {"{}", 1, 1},
      {R"({"Passing":0,"Warning":0})", 1, 1},
      {R"({"Passing":-1})", 1, 1},
      {R"({"Passing":70000,"Warning":1})", 1, 1},
      {R"({"Passing":10,"Warning":65536})", 1, 1},
      {R"({"Passing":65535,"Warning":65535})", 65535, 65535},
      {R"({"Passing":10})", 10, 0},
      {"null", 1, 1},
  };
  for (const Case& each : cases) {
    const Registration read =
        Read(R"({"Node":"n","Address":"1","Service":{"Service":"s","Weights":)" + std::string(each.given) + "}}");
    EXPECT_EQ(read.service->weights.passing, each.passing) << each.given;
    EXPECT_EQ(read.service->weights.warning, each.warning) << each.given;
  }
}

TEST(CatalogBody, AChecksDefinitionIsKeptInConsulsForm) {
  struct Case {
    const char* given;
    const char* kept;
    const char* type;
  };
  const Case cases[] = {
      {"null", "", ""},
      {R"({"Odd":5})", "", ""},
      {R"({"HTTP":"h","interval":10000000000,"Timeout":"0s"})", R"({"Interval":"10s","HTTP":"h"})", "http"},
      {R"({"HTTP":"h"})", R"({"HTTP":"h"})", ""},
      {R"({"TCP":"t","HTTP":"h","GRPC":"g","Interval":"1m"})", R"({"Interval":"1m0s","HTTP":"h","TCP":"t","GRPC":"g"})",
       "grpc"},
      {R"({"TTL":"5s","TCP":"x","Interval":"1s"})", R"({"Interval":"1s","TCP":"x","TTL":5000000000})", "ttl"},
      {R"({"AliasService":"s"})", R"({"AliasService":"s"})", "alias"},
      {R"({"ScriptArgs":["a"],"Interval":"-5s"})", R"({"Interval":"-5s","ScriptArgs":["a"]})", "script"},
      {R"({"ScriptArgs":["a"],"DockerContainerID":"c","Interval":"1h2m3s"})",
       R"({"Interval":"1h2m3s","ScriptArgs":["a"],"DockerContainerID":"c"})", "docker"},
      {R"({"Header":{"a":["b"]},"DeregisterCriticalServiceAfter":"90m","TLSSkipVerify":true})",
       R"({"DeregisterCriticalServiceAfter":"1h30m0s","TLSSkipVerify":true,"Header":{"a":["b"]}})", ""},
      {R"({"Header":{},"ScriptArgs":[],"Interval":true})", "", ""},
  };
  for (const Case& each : cases) {
    const Registration read =
        Read(R"({"Node":"n","Address":"1","Check":{"Name":"c","Definition":)" + std::string(each.given) + "}}");
    ASSERT_EQ(read.checks.size(), 1U);
    EXPECT_EQ(read.checks[0].definition, each.kept) << each.given;
    EXPECT_EQ(read.checks[0].type, each.type) << each.given;
  }
}

TEST(CatalogBody, DurationsAreWrittenAsGoDoes) {
  struct Case {
    int64_t nanos;
    const char* text;
  };
  const Case cases[] = {{0, "0s"},
                        {1, "1ns"},
                        {500000, "500\xc2\xb5s"},
                        {1500, "1.5\xc2\xb5s"},
                        {100000000, "100ms"},
                        {1000000100, "1.0000001s"},
                        {60000000000, "1m0s"},
                        {3600250000000, "1h0m0.25s"},
                        {-5000000000, "-5s"}};
  for (const Case& each : cases) EXPECT_EQ(GoDurationText(each.nanos), each.text);
}

TEST(CatalogBody, AProxyOrNone) {
  EXPECT_EQ(Read(R"({"Node":"n","Address":"1","Service":{"Service":"s","Proxy":{}}})").service->proxy, "");
  const Registration proxy = Read(R"({"Node":"n","Address":"1","Service":{"Service":"s","Kind":"connect-proxy",
      "Port":1,"Proxy":{"DestinationServiceName":"web"}}})");
  EXPECT_EQ(proxy.service->proxy_destination, "web");
  EXPECT_EQ(proxy.service->proxy, R"({"DestinationServiceName":"web","MeshGateway":{},"Expose":{}})");
}

TEST(CatalogBody, JsonThatConsulCannotDecode) {
  struct Case {
    const char* body;
    const char* text;
  };
  const Case cases[] = {
      {"", "EOF"},
      {"{", "unexpected EOF"},
      {"[]", "json: cannot unmarshal array into Go value of type structs.RegisterRequest"},
      {R"({"Odd":1})", "json: unknown field \"Odd\""},
      {R"({"Namespace":"x"})", "json: unknown field \"Namespace\" - Namespaces are a Consul Enterprise feature"},
      {R"({"ID":5})", "json: cannot unmarshal number into Go struct field RegisterRequest.ID of type types.NodeID"},
      {R"({"Service":[]})",
       "json: cannot unmarshal array into Go struct field RegisterRequest.Service of type structs.NodeService"},
      {R"({"Service":{"Port":"80"}})",
       "json: cannot unmarshal string into Go struct field NodeService.Service.Port of type int"},
      {R"({"Service":{"Meta":{"a":1}}})",
       "json: cannot unmarshal number into Go struct field NodeService.Service.Meta of type string"},
      {R"({"Service":{"TaggedAddresses":{"lan":{"Port":"x"}}}})",
       "json: cannot unmarshal string into Go struct field ServiceAddress.Service.TaggedAddresses.Port of type int"},
      {R"({"Service":{"Connect":{"Native":5}}})",
       "json: cannot unmarshal number into Go struct field NodeService.Service.Connect of type bool"},
      {R"({"Service":{"CreateIndex":"y"}})",
       "json: cannot unmarshal string into Go struct field NodeService.Service.CreateIndex of type uint64"},
      {R"({"Check":{"CheckID":5}})",
       "json: cannot unmarshal number into Go struct field HealthCheck.Check.CheckID of type types.CheckID"},
      {R"({"Checks":[{"Name":5}]})",
       "json: cannot unmarshal number into Go struct field HealthCheck.Checks.Name of type string"},
      {R"({"Checks":{}})",
       "json: cannot unmarshal object into Go struct field RegisterRequest.Checks of type structs.HealthChecks"},
      {R"({"Check":{"Definition":{"HTTP":5}}})",
       "json: cannot unmarshal number into Go struct field HealthCheck.Check.Definition of type string"},
      {R"({"Check":{"Definition":{"Interval":"x"}}})", "time: invalid duration \"x\""},
  };
  for (const Case& each : cases) {
    const auto read = ReadRegisterBody(each.body);
    ASSERT_FALSE(read.ok()) << each.body;
    EXPECT_EQ(read.status().text(), std::string("Request decode failed: ") + each.text) << each.body;
  }
}

TEST(CatalogBody, RulesAreCheckedInConsulsOrder) {
  struct Case {
    const char* body;
    const char* text;
  };
  const Case cases[] = {
      {"null", "Must provide node"},
      {R"({"Node":"n"})", "Must provide address if SkipNodeUpdate is not set"},
      {R"({"Node":"n","Address":"1","ID":"x","Service":{"ID":"y"}})", "Bad node ID: uuid string is wrong length"},
      {R"({"Node":"n","Address":"1","ID":"9f1de9a5x0000-4000-8000-000000000001"})",
       "Bad node ID: uuid is improperly formatted"},
      {R"({"Node":"n","Address":"1","Service":{"ID":"x"}})", "Must provide service name with ID"},
      {R"({"Node":"n","Address":"1","Service":{"Service":"x","Address":"0.0.0.0"}})", "Invalid service address"},
      {R"({"Node":"n","Address":"1","Service":{"Service":"x","Meta":{"a b":"1"}}})",
       "failed inserting service: Invalid Service Meta for node n and serviceID x: Couldn't load metadata pair ('a b', "
       "'1'): Key contains invalid characters"},
      {R"({"Node":"n","Address":"1","Service":{"Service":"x","Kind":"connect-proxy","Port":1}})",
       "1 error occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\n"},
  };
  for (const Case& each : cases) {
    const auto read = ReadRegisterBody(each.body);
    ASSERT_TRUE(read.ok()) << each.body;
    EXPECT_EQ(read->rules.text(), each.text) << each.body;
  }
}

TEST(CatalogBody, Deregistering) {
  const auto read = ReadDeregisterBody(R"({"node":"n","ServiceID":"s","CheckID":"c","Datacenter":"d","Address":"a"})");
  ASSERT_TRUE(read.ok());
  EXPECT_TRUE(read->rules.ok());
  EXPECT_EQ(read->datacenter, "d");
  EXPECT_EQ(read->deregistration.node, "n");
  EXPECT_EQ(read->deregistration.service_id, "s");
  EXPECT_EQ(read->deregistration.check_id, "c");
  EXPECT_EQ(ReadDeregisterBody("{}")->rules.text(), "Must provide node");
  EXPECT_EQ(ReadDeregisterBody(R"({"Node":5})").status().text(),
            "Request decode failed: json: cannot unmarshal number into Go struct field .Node of type string");
}

}  // namespace
}  // namespace signpost::registry
