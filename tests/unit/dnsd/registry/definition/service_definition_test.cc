// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/service_definition.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dnsd/registry/definition/proxy_definition.h"

namespace signpost::registry {
namespace {

AgentService Read(const std::string& body) {
  auto service = ReadServiceBody(body);
  EXPECT_TRUE(service.ok()) << body << ": " << service.status().text();
  return service.ok() ? std::move(service).value() : AgentService{};
}

std::string Fault(const std::string& body) {
  const auto service = ReadServiceBody(body);
  return service.ok() ? "taken: " + body : service.status().text();
}

std::string With(const std::string& members) { return R"({"Name":"w",)" + members + "}"; }

TEST(ServiceBody, IsRefusedInConsulsWords) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "Request decode failed: EOF"},
      {"null", "Missing service name"},
      {R"({"ID":"w"})", "Missing service name"},
      {R"({"Name":1})",
       "Request decode failed: json: cannot unmarshal number into Go struct field .Name of type string"},
      {With(R"("Foo":1)"), R"(Request decode failed: json: unknown field "Foo")"},
      {With(R"("Namespace":"default")"), R"(Request decode failed: json: unknown field "Namespace")"},
      {With(R"("Port":"80")"),
       "Request decode failed: json: cannot unmarshal string into Go struct field .Port of type int"},
      {With(R"("Port":1.5)"),
       "Request decode failed: json: cannot unmarshal number 1.5 into Go struct field .Port of type int"},
      {With(R"("Tags":[1])"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Tags of type string"},
      {With(R"("Meta":[])"),
       "Request decode failed: json: cannot unmarshal array into Go struct field .Meta of type map[string]string"},
      {With(R"("Kind":1)"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Kind of type structs.ServiceKind"},
      {With(R"("Weights":[])"),
       "Request decode failed: json: cannot unmarshal array into Go struct field .Weights of type structs.Weights"},
      {With(R"("Weights":{"Passing":"1"})"),
       "Request decode failed: json: cannot unmarshal string into Go struct field Weights.Weights.Passing of type int"},
      {With(R"("Weights":{"X":1})"), R"(Request decode failed: json: unknown field "X")"},
      {With(R"("TaggedAddresses":{"lan":{"Port":"x"}})"),
       "Request decode failed: json: cannot unmarshal string into Go struct field ServiceAddress.TaggedAddresses.Port "
       "of type int"},
      {With(R"("Checks":{})"),
       "Request decode failed: json: cannot unmarshal object into Go struct field .Checks of type structs.CheckTypes"},
      {With(R"("Check":{"HTTP":1})"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Check of type string"},
      {With(R"("Check":{"ID":"x","TTL":"1s"})"), R"(Request decode failed: json: unknown field "ID")"},
      {With(R"("Check":{"Token":"x","TTL":"1s"})"), R"(Request decode failed: json: unknown field "Token")"},
      {With(R"("Connect":{"Native":1})"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Connect of type bool"},
      {With(R"("Proxy":{"DestinationServiceName":1})"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Proxy of type string"},
      {With(R"("Proxy":{"Upstreams":[{"X":1}]})"), R"(Request decode failed: json: unknown field "X")"},
      {With(R"("Proxy":{"Config":1})"),
       "Request decode failed: json: cannot unmarshal number into Go struct field .Proxy of type map[string]interface "
       "{}"},
      {With(R"("Address":"0.0.0.0")"), "Invalid service address"},
      {With(R"("Address":"::")"), "Invalid service address"},
      {With(R"("Address":"[::]")"), "Invalid service address"},
      {With(R"("Weights":{})"), "Invalid Weights: Passing must be greater than 0"},
      {With(R"("Weights":{"Passing":1,"Warning":-1})"), "Invalid Weights: Warning must be greater or equal than 0"},
      {With(R"("Weights":{"Passing":65536})"), "Invalid Weights: DNS Weight must be between 0 and 65535"},
      {With(R"("Weights":{"Passing":1,"Warning":65536})"), "Invalid Weights: DNS Weight must be between 0 and 65535"},
      {With(R"("Check":{"Name":"c"})"), "Invalid check: TTL must be > 0 for TTL checks"},
      {With(R"("Checks":[{}])"), "Invalid check: TTL must be > 0 for TTL checks"},
      {With(R"("Checks":[null])"), "Invalid check: TTL must be > 0 for TTL checks"},
      {With(R"("Check":{"TTL":"1s","Status":"x"})"), "Status for checks must 'passing', 'warning', 'critical'"},
      {With(R"("Kind":"connect-proxy")"),
       "2 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\t* Port "
       "must "
       "be set for a Connect proxy\n\n"},
      {With(R"("Kind":"terminating-gateway")"),
       "1 error occurred:\n\t* Port must be non-zero for a terminating-gateway\n\n"},
      {With(R"("Kind":"mesh-gateway","Port":1,"Proxy":{"LocalServicePort":1})"),
       "1 error occurred:\n\t* The Proxy.LocalServicePort configuration is invalid for a mesh-gateway\n\n"},
      {With(R"("Kind":"connect-proxy","Port":1,"Connect":{"Native":true},
               "Proxy":{"DestinationServiceName":"x","Upstreams":[{},{"DestinationName":"a"}]})"),
       "3 errors occurred:\n\t* A Proxy cannot also be Connect Native, only typical services\n\t* upstream destination "
       "name cannot be empty\n\t* upstream local bind port cannot be zero\n\n"},
  };
  for (const auto& [body, error] : cases) EXPECT_EQ(Fault(body), error) << body;
}

TEST(ServiceBody, MetadataHasConsulsLimits) {
  const auto meta = [](const std::string& key, const std::string& value) {
    return With("\"Meta\":{\"" + key + "\":\"" + value + "\"}");
  };
  const auto fault = [](const std::string& key, const std::string& value, const std::string& why) {
    return "Invalid Service Meta: Couldn't load metadata pair ('" + key + "', '" + value + "'): " + why;
  };
  EXPECT_EQ(Fault(meta("a b", "1")), fault("a b", "1", "Key contains invalid characters"));
  EXPECT_EQ(Fault(meta("a.b", "1")), fault("a.b", "1", "Key contains invalid characters"));
  EXPECT_EQ(Fault(meta("", "1")), fault("", "1", "Key cannot be blank"));
  EXPECT_EQ(Fault(meta("consul-x", "1")), fault("consul-x", "1", "Key prefix 'consul-' is reserved for internal use"));
  const std::string k128(128, 'k');
  EXPECT_EQ(Read(meta(k128, "1")).service.meta.size(), 1U);
  EXPECT_EQ(Fault(meta(k128 + "k", "1")), fault(k128 + "k", "1", "Key is too long (limit: 128 characters)"));
  const std::string v512(512, 'v');
  EXPECT_EQ(Read(meta("k", v512)).service.meta.size(), 1U);
  EXPECT_EQ(Fault(meta("k", v512 + "v")), fault("k", v512 + "v", "Value is too long (limit: 512 characters)"));
  const auto many = [](int count) {
    std::string members = R"("m0":"")";
    for (int i = 1; i < count; ++i) members += ",\"m" + std::to_string(i) + "\":\"\"";
    return With("\"Meta\":{" + members + "}");
  };
  EXPECT_EQ(Read(many(64)).service.meta.size(), 64U);
  EXPECT_EQ(Fault(many(65)), "Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs");
  EXPECT_EQ(Read(With(R"("Kind":"mesh-gateway","Port":1,"Meta":{"consul-wan-federation":"1"})")).service.meta.size(),
            1U);
}

TEST(ServiceBody, CarriesEveryField) {
  const ServiceRow row = Read(R"({"id":"w1","NAME":"web","tags":["b","a",null],"port":8080,"address":"10.1.2.3",
      "meta":{"z":"1","a":null},"tagged_addresses":{"wan":{"address":"198.18.0.9","port":2},"lan":{"Address":"h"}},
      "weights":{"passing":5,"Warning":0},"enable_tag_override":true,"token":"t","connect":{"native":true,"x":1}})")
                             .service;
  EXPECT_EQ(row.id, "w1");
  EXPECT_EQ(row.service, "web");
  EXPECT_EQ(row.tags, (Strings{"b", "a", ""}));
  EXPECT_EQ(row.port, 8080);
  EXPECT_EQ(row.address, "10.1.2.3");
  EXPECT_EQ(row.meta, (StringPairs{{"a", ""}, {"z", "1"}}));
  EXPECT_EQ(row.weights, (RowWeights{.passing = 5, .warning = 0}));
  EXPECT_TRUE(row.enable_tag_override);
  EXPECT_TRUE(row.connect_native);
  EXPECT_EQ(row.proxy, "");
  const std::vector<consul::TaggedAddress> addresses = {
      {"lan", "h", 0}, {"lan_ipv4", "10.1.2.3", 8080}, {"wan", "198.18.0.9", 2}, {"wan_ipv4", "10.1.2.3", 8080}};
  EXPECT_EQ(row.tagged_addresses, addresses);
}

TEST(ServiceBody, NeedsOnlyAName) {
  const AgentService bare = Read(R"({"Name":"bare","Tags":null,"Meta":null,"Check":{},"Checks":null,"Weights":null})");
  EXPECT_EQ(bare.service.id, "bare");
  EXPECT_EQ(bare.service.weights, (RowWeights{.passing = 1, .warning = 1}));
  EXPECT_TRUE(bare.service.tagged_addresses.empty());
  EXPECT_TRUE(bare.checks.empty());
}

TEST(ServiceBody, TagsItsAddressByFamily) {
  const auto tagged = Read(R"({"Name":"w","Port":7,"Address":"2001:db8::7"})").service.tagged_addresses;
  EXPECT_EQ(tagged,
            (std::vector<consul::TaggedAddress>{{"lan_ipv6", "2001:db8::7", 7}, {"wan_ipv6", "2001:db8::7", 7}}));
  EXPECT_TRUE(Read(R"({"Name":"w","Address":"host.example"})").service.tagged_addresses.empty());
  const auto given =
      Read(R"({"Name":"w","Address":"10.0.0.1","TaggedAddresses":{"lan_ipv4":{"Address":"10.9.9.9"}}})").service;
  EXPECT_EQ(given.tagged_addresses.front(), (consul::TaggedAddress{"lan_ipv4", "10.9.9.9", 0}));
}

TEST(ServiceBody, NumbersItsChecks) {
  const auto ids = [](const std::string& members) {
    Strings found;
    for (const CheckRow& check : Read(With(members)).checks) found.push_back(check.check_id + "/" + check.name);
    return found;
  };
  EXPECT_EQ(ids(R"("Check":{"TTL":"1s"})"), (Strings{"service:w/Service 'w' check"}));
  EXPECT_EQ(ids(R"("ID":"w1","Check":{"TTL":"1s","Name":"n"})"), (Strings{"service:w1/n"}));
  EXPECT_EQ(ids(R"("Checks":[{"TTL":"1s"},{"TTL":"1s","CheckID":"own"},{"TTL":"1s"}])"),
            (Strings{"service:w:1/Service 'w' check", "own/Service 'w' check", "service:w:3/Service 'w' check"}));
  EXPECT_EQ(ids(R"("Check":{"TTL":"1s","Name":"first"},"Checks":[{"TTL":"2s","Name":"second"}])"),
            (Strings{"service:w:1/first", "service:w:2/second"}));
}

TEST(ServiceBody, ChecksBelongToTheService) {
  const auto checks = Read(With(R"("Check":{"TTL":"1s","ServiceID":"other","Status":"warning"})")).checks;
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks.front().service_id, "w");
  EXPECT_EQ(checks.front().status, "warning");
}

TEST(ServiceBody, AnEmptyCheckIsNone) {
  for (const char* const check : {"{}", "null", R"({"TTL":"0s"})", R"({"TTL":true})", R"({"ServiceID":"x"})"}) {
    EXPECT_TRUE(Read(With(std::string("\"Check\":") + check)).checks.empty()) << check;
  }
}

TEST(ServiceBody, KeepsAProxyAsTheCatalogShowsIt) {
  const ServiceRow row = Read(With(R"("Kind":"connect-proxy","Port":1,"Proxy":{"destination_service_name":"x",
      "LocalServicePort":8,"Config":{"a":1,"b":[true,null,1.5]},"Upstreams":[{"DestinationName":"u","LocalBindPort":5}],
      "MeshGateway":{"Mode":"local"},"Expose":{"Paths":[{"Path":"/x","ListenerPort":1,"LocalPathPort":2}]}})"))
                             .service;
  EXPECT_EQ(row.proxy_destination, "x");
  EXPECT_EQ(row.proxy,
            R"({"DestinationServiceName":"x","LocalServicePort":8,"Config":{"a":1,"b":[true,null,1.5]},)"
            R"("Upstreams":[{"DestinationType":"service","DestinationName":"u","Datacenter":"","LocalBindPort":5,)"
            R"("Config":null,"MeshGateway":{}}],"MeshGateway":{"Mode":"local"},)"
            R"("Expose":{"Paths":[{"ListenerPort":1,"Path":"/x","LocalPathPort":2,"ParsedFromCheck":false}]}})");
  EXPECT_NE(AgentProxy(row.proxy).find(R"("DestinationName":"u","LocalBindPort":5,"MeshGateway":{})"),
            std::string::npos);
}

TEST(ServiceBody, MakesNoSidecars) {
  EXPECT_TRUE(Fault(With(R"("Connect":{"SidecarService":{}})")).starts_with("Invalid SidecarService: "));
  EXPECT_EQ(Read(With(R"("Connect":{"SidecarService":null})")).service.id, "w");
}

}  // namespace
}  // namespace signpost::registry
