// Signpost. Apache-2.0; see LICENSE.
// Every entry of tests/cases/registrar_mapping.json, the numbered cases 1 to 64 among them, from the engine's JSON to
// services; and that nothing can make the function fail.
#include "registrar/mapping/map_container.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "common/json/json.h"
#include "registrar/container/inspect.h"

namespace signpost::registrar::test {
namespace {

using json::Value;

constexpr const char* kCasesFile = "tests/cases/registrar_mapping.json";

struct MappingCase {
  int number = 0;  // 0 = has no number
  std::string name;
  Value value;
};

void PrintTo(const MappingCase& mapping_case, std::ostream* out) { *out << mapping_case.value["about"].String(); }

std::string NameOf(Value value, std::string_view kind) {
  std::string name = value["n"].present() ? "case_" + std::to_string(value["n"].Int()) : std::string(kind);
  if (value["variant"].present()) name += "_" + std::string(value["variant"].String());
  if (value["n"].present()) return name;
  name += "_";
  for (const char c : value["about"].String()) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
}

const json::Document& CasesDocument() {
  static const json::Document document = [] {
    std::ifstream file(kCasesFile);
    std::stringstream text;
    text << file.rdbuf();
    Result<json::Document> parsed = json::Document::Parse(text.str());
    if (!parsed.ok()) Abort(std::string(kCasesFile) + ": " + parsed.status().text());
    return std::move(parsed).value();
  }();
  return document;
}

std::vector<MappingCase> ReadCases() {
  std::vector<MappingCase> cases;
  for (const char* kind : {"numbered", "more"}) {
    CasesDocument().root()[kind].ForEachElement([&](Value value) {
      cases.push_back({static_cast<int>(value["n"].Int()), NameOf(value, kind), value});
    });
  }
  return cases;
}

void Copy(Value value, json::Writer& writer) {
  if (value.IsObject()) {
    writer.BeginObject();
    value.ForEachMember([&](std::string_view key, Value member) { Copy(member, writer.Key(key)); });
    writer.EndObject();
  } else if (value.IsArray()) {
    writer.BeginArray();
    value.ForEachElement([&](Value element) { Copy(element, writer); });
    writer.EndArray();
  } else if (value.IsString()) {
    writer.String(value.String());
  } else if (value.IsNumber()) {
    writer.Int(value.Int());
  } else if (value.IsBool()) {
    writer.Bool(value.Bool());
  } else {
    writer.Null();
  }
}

Container ReadContainer(Value inspect) {
  json::Writer writer;
  Copy(inspect, writer);
  return ParseInspect(writer.Take()).value();
}

Strings ReadStrings(Value value) {
  Strings strings;
  value.ForEachElement([&](Value element) { strings.emplace_back(element.String()); });
  return strings;
}

Filter ReadFilter(const std::string& text) {
  const size_t equals = text.find('=');
  const std::map<std::string, Filter::Kind> kinds = {{"label", Filter::Kind::kLabel},
                                                     {"name", Filter::Kind::kName},
                                                     {"network", Filter::Kind::kNetwork},
                                                     {"image", Filter::Kind::kImage}};
  return {kinds.at(text.substr(0, equals)), text.substr(equals + 1)};
}

PortSuffix ReadPortSuffix(std::string_view text) {
  return text == "always" ? PortSuffix::kAlways : text == "never" ? PortSuffix::kNever : PortSuffix::kAuto;
}

MappingOptions ReadOptions(Value value) {
  const std::set<std::string_view> known = {
      "all_bindings", "compat",     "dns_safe_names", "explicit", "family",   "filters",          "host_ipv4",
      "host_ipv6",    "host_ports", "internal",       "ip_force", "ip_given", "ip_label",         "networks",
      "port_suffix",  "prefix",     "register_when",  "meta",     "tags",     "publish_loopback", "require_label"};
  value.ForEachMember([&](std::string_view key, Value) { EXPECT_TRUE(known.contains(key)) << key; });
  MappingOptions options{.node_id = "node1"};
  options.host_ipv4 = value["host_ipv4"].String("192.0.2.10");
  options.host_ipv6 = value["host_ipv6"].String();
  options.ip_given = value["ip_given"].Bool(true);
  options.ip_force = value["ip_force"].Bool();
  options.internal = value["internal"].Bool();
  options.explicit_only = value["explicit"].Bool();
  options.ip_label = value["ip_label"].String();
  options.tags = value["tags"].String();
  options.compat = value["compat"].present() ? Compat::kRegistrator : Compat::kNone;
  options.prefix = value["prefix"].String(options.prefix);
  options.all_bindings = value["all_bindings"].Bool();
  options.publish_loopback = value["publish_loopback"].Bool();
  options.host_ports = value["host_ports"].present() ? HostPorts::kExposed : HostPorts::kPublished;
  options.port_suffix = ReadPortSuffix(value["port_suffix"].String());
  const std::string_view family = value["family"].String();
  options.family = family == "4" ? Family::kIpv4 : family == "6" ? Family::kIpv6 : Family::kAny;
  options.networks = ReadStrings(value["networks"]);
  if (value["register_when"].present()) options.register_when = RegisterWhen::kHealthy;
  for (const std::string& filter : ReadStrings(value["filters"])) options.filters.push_back(ReadFilter(filter));
  options.require_label = value["require_label"].String();
  options.dns_safe_names = value["dns_safe_names"].Bool();
  return options;
}

StringPairs ReadPairs(Value value) {
  StringPairs pairs;
  value.ForEachMember([&](std::string_view key, Value text) { pairs.emplace_back(key, text.String()); });
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<TaggedAddress> ReadTagged(Value value) {
  std::vector<TaggedAddress> tagged;
  value.ForEachElement([&](Value entry) {
    tagged.push_back({std::string(entry.At(0).String()), std::string(entry.At(1).String()),
                      static_cast<uint16_t>(entry.At(2).Uint())});
  });
  return tagged;
}

CheckOwner ReadOwner(std::string_view text) {
  if (text == "heartbeat") return CheckOwner::kHeartbeat;
  if (text == "application") return CheckOwner::kApplication;
  return text == "docker" ? CheckOwner::kDockerHealth : CheckOwner::kAgent;
}

// Compares what says where and how the check looks; a field that is not given must be empty.
void ExpectCheck(const CheckDefinition& check, Value expected) {
  SCOPED_TRACE("check " + check.check_id);
  EXPECT_EQ(check.check_id, expected["check_id"].String());
  EXPECT_EQ(check.owner, ReadOwner(expected["owner"].String()));
  const std::map<std::string, std::string> texts = {{"http", check.http},
                                                    {"method", check.method},
                                                    {"tcp", check.tcp},
                                                    {"grpc", check.grpc},
                                                    {"docker_container_id", check.docker_container_id},
                                                    {"shell", check.shell},
                                                    {"alias_service", check.alias_service},
                                                    {"ttl", check.ttl},
                                                    {"interval", check.interval},
                                                    {"timeout", check.timeout},
                                                    {"deregister_after", check.deregister_after}};
  for (const auto& [field, text] : texts) EXPECT_EQ(text, expected[field].String()) << field;
  EXPECT_EQ(check.script_args, ReadStrings(expected["script_args"]));
  EXPECT_EQ(check.tls_skip_verify, expected["tls_skip_verify"].Bool());
  EXPECT_EQ(check.grpc_use_tls, expected["grpc_use_tls"].Bool());
}

void ExpectService(const Service& service, Value expected, const Container& container) {
  SCOPED_TRACE("service " + service.id);
  EXPECT_EQ(service.id, expected["id"].String());
  EXPECT_EQ(service.name, expected["name"].String());
  EXPECT_EQ(service.address, expected["address"].String());
  EXPECT_EQ(service.port, expected["port"].Uint());
  EXPECT_EQ(service.tags, ReadStrings(expected["tags"]));
  if (expected["meta_count"].present()) {
    EXPECT_EQ(service.meta.size(), expected["meta_count"].Uint());
  } else {
    EXPECT_EQ(service.meta, ReadPairs(expected["meta"]));
  }
  EXPECT_EQ(service.tagged_addresses, ReadTagged(expected["tagged"]));
  EXPECT_EQ(service.weight_passing, expected["weights"].At(0).Int(1));
  EXPECT_EQ(service.weight_warning, expected["weights"].At(1).Int(1));
  EXPECT_EQ(service.enable_tag_override, expected["enable_tag_override"].Bool());
  EXPECT_EQ(service.drain, Millis(expected["drain_ms"].Int(10000)));
  EXPECT_EQ(service.register_when == RegisterWhen::kHealthy, expected["register_when"].present());
  EXPECT_EQ(service.container_id, container.id);
  ASSERT_EQ(service.checks.size(), expected["checks"].size());
  for (size_t i = 0; i < service.checks.size(); ++i) ExpectCheck(service.checks[i], expected["checks"].At(i));
}

// Each expected text is part of a warning, and every warning holds one; all name the container.
void ExpectWarnings(const Strings& warnings, const Strings& expected, const Container& container) {
  for (const std::string& text : expected) {
    EXPECT_THAT(warnings, ::testing::Contains(::testing::HasSubstr(text)));
  }
  for (const std::string& warning : warnings) {
    EXPECT_THAT(warning, ::testing::StartsWith("container " + container.name + ": "));
    EXPECT_TRUE(std::any_of(expected.begin(), expected.end(),
                            [&](const std::string& text) { return warning.find(text) != std::string::npos; }))
        << "not expected: " << warning;
  }
}

class MappingCases : public ::testing::TestWithParam<MappingCase> {};

TEST_P(MappingCases, BecomesTheseServices) {
  const Value value = GetParam().value;
  const Container container = ReadContainer(value["inspect"]);
  std::vector<Container> others;
  value["others"].ForEachElement([&](Value inspect) { others.push_back(ReadContainer(inspect)); });
  const FindContainer find = [&](std::string_view id) -> const Container* {
    const auto found =
        std::find_if(others.begin(), others.end(), [&](const Container& other) { return other.id == id; });
    return found == others.end() ? nullptr : &*found;
  };

  const Mapping mapping = MapContainer(container, ReadOptions(value["options"]), find);

  Strings ids;
  for (const Service& service : mapping.services) ids.push_back(service.id);
  const Value expected = value["services"];
  ASSERT_EQ(mapping.services.size(), expected.size()) << ::testing::PrintToString(ids);
  for (size_t i = 0; i < expected.size(); ++i) ExpectService(mapping.services[i], expected.At(i), container);
  ExpectWarnings(mapping.warnings, ReadStrings(value["warnings"]), container);
}

INSTANTIATE_TEST_SUITE_P(File, MappingCases, ::testing::ValuesIn(ReadCases()),
                         [](const auto& about) { return about.param.name; });

TEST(MappingCasesFile, HoldsEveryNumber) {
  std::set<int> numbers;
  for (const MappingCase& mapping_case : ReadCases()) numbers.insert(mapping_case.number);
  for (int number = 1; number <= 64; ++number) EXPECT_TRUE(numbers.contains(number)) << "case " << number;
}

// Every container of the file under every combination of these switches.
std::vector<MappingOptions> ManyOptions() {
  std::vector<MappingOptions> all;
  for (unsigned bits = 0; bits < 128; ++bits) {
    MappingOptions options{.node_id = "node1", .host_ipv4 = "192.0.2.10"};
    options.internal = (bits & 1U) != 0;
    options.all_bindings = (bits & 2U) != 0;
    options.ip_given = options.ip_force = (bits & 4U) != 0;
    options.publish_loopback = (bits & 8U) != 0;
    if ((bits & 16U) != 0) options.host_ipv6 = "2001:db8::10";
    if ((bits & 32U) != 0) options.family = Family::kIpv6;
    if ((bits & 64U) != 0) options.host_ports = HostPorts::kExposed;
    all.push_back(options);
  }
  return all;
}

bool IsLoopbackOrWildcard(const std::string& address) {
  return address.starts_with("127.") || address == "::1" || address == "0.0.0.0" || address == "::";
}

void ExpectAcceptable(const Mapping& mapping, const MappingOptions& options) {
  std::set<std::string> ids;
  std::set<std::string> check_ids;
  for (const Service& service : mapping.services) {
    EXPECT_TRUE(ids.insert(service.id).second) << service.id;
    EXPECT_FALSE(service.name.empty());
    EXPECT_TRUE(options.publish_loopback || !IsLoopbackOrWildcard(service.address)) << service.address;
    EXPECT_LE(service.meta.size(), 61U);
    for (const TaggedAddress& tagged : service.tagged_addresses) EXPECT_NE(tagged.address, service.address);
    for (const CheckDefinition& check : service.checks) EXPECT_TRUE(check_ids.insert(check.check_id).second);
  }
}

TEST(MapContainer, AlwaysGivesWhatConsulAccepts) {
  const FindContainer find = [](std::string_view) { return nullptr; };
  const std::vector<MappingOptions> all_options = ManyOptions();
  for (const MappingCase& mapping_case : ReadCases()) {
    SCOPED_TRACE(mapping_case.name);
    const Container container = ReadContainer(mapping_case.value["inspect"]);
    if (container.ports.size() > 100) continue;  // case 64: slow under sanitizers, and nothing of its own
    for (const MappingOptions& options : all_options) {
      ExpectAcceptable(MapContainer(container, options, find), options);
      if (HasFailure()) return;
    }
  }
}

TEST(MapContainer, NothingOfAnEmptyContainer) {
  const Mapping mapping = MapContainer(Container{}, MappingOptions{.node_id = "n"}, nullptr);
  EXPECT_TRUE(mapping.services.empty());
  EXPECT_TRUE(mapping.warnings.empty());
}

TEST(MapContainer, IdsAreUniqueWhateverTheKeysSay) {
  Container container{.id = std::string(64, 'a'), .name = "web"};
  for (uint16_t port = 1; port <= 20; ++port) {
    container.ports.push_back({.number = port, .bindings = {{"0.0.0.0", port}}});
    container.labels.emplace_back("SERVICE_" + std::to_string(port) + "_ID", port % 2 == 0 ? "even" : "x:a");
  }
  container.labels.emplace_back("SERVICE_ALIAS", "a,b");
  container.labels.emplace_back("SERVICE_1_ID", "x");
  const Mapping mapping = MapContainer(container, {.node_id = "n", .host_ipv4 = "192.0.2.10"}, nullptr);
  std::set<std::string> ids;
  for (const Service& service : mapping.services) EXPECT_TRUE(ids.insert(service.id).second) << service.id;
  EXPECT_GE(ids.size(), 20U);
}

TEST(MapContainer, WarningsAreBounded) {
  Container container{.id = std::string(64, 'a'), .name = "web", .network_mode = "host"};
  std::string ports;
  for (int i = 0; i < 2000; ++i) ports += "p" + std::to_string(i) + ",";
  container.labels.emplace_back("SERVICE_PORTS", ports);
  EXPECT_EQ(MapContainer(container, {.node_id = "n"}, nullptr).warnings.size(), 64U);
}

TEST(MapContainer, CirclesOfSharedNetworksEnd) {
  Container a{.id = std::string(64, 'a'), .name = "a", .network_mode = "container:" + std::string(64, 'a')};
  a.ports.push_back({.number = 80, .exposed = true});
  const Mapping mapping = MapContainer(a, {.node_id = "n"}, [&](std::string_view) { return &a; });
  EXPECT_TRUE(mapping.services.empty());
  EXPECT_EQ(mapping.warnings.size(), 1U);
}

}  // namespace
}  // namespace signpost::registrar::test
