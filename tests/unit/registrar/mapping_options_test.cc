// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::registrar {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

Result<MappingOptions> Try(std::vector<std::string> arguments) {
  static const options::Rows rows = [] {
    options::Rows all = SelectionRows();
    for (const options::Row& row : ServiceRows()) all.push_back(row);
    return all;
  }();
  const auto values = options::Read(rows, {std::move(arguments), [](const std::string&) { return std::nullopt; }});
  if (!values.ok()) return values.status();
  return ReadMappingOptions(values.value());
}

MappingOptions Must(std::vector<std::string> arguments) {
  auto made = Try(std::move(arguments));
  if (!made.ok()) Abort(made.status().text());
  return made.value();
}

TEST(MappingOptions, RegistratorsFlags) {
  const MappingOptions made =
      Must({"-internal=true", "-explicit", "-useIpFromLabel", "ip", "-tags", "a,b", "-ip=192.0.2.10"});
  EXPECT_TRUE(made.internal);
  EXPECT_TRUE(made.explicit_only);
  EXPECT_EQ(made.ip_label, "ip");
  EXPECT_EQ(made.tags, "a,b");
  EXPECT_TRUE(made.ip_given);
  EXPECT_FALSE(Must({"-internal=false"}).internal);
}

TEST(MappingOptions, EveryValueArrives) {
  const MappingOptions made =
      Must({"--node-id",          "node1",       "--prefix",        "SVC_",  "--port-suffix",    "never",
            "--compat",           "registrator", "--family",        "6",     "--host-ports",     "exposed",
            "--register-when",    "healthy",     "--drain",         "5",     "--dns-safe-names", "--all-bindings",
            "--publish-loopback", "--ip-force",  "--require-label", "on=yes"});
  EXPECT_EQ(made.node_id, "node1");
  EXPECT_EQ(made.prefix, "SVC_");
  EXPECT_EQ(made.port_suffix, PortSuffix::kNever);
  EXPECT_EQ(made.compat, Compat::kRegistrator);
  EXPECT_EQ(made.family, Family::kIpv6);
  EXPECT_EQ(made.host_ports, HostPorts::kExposed);
  EXPECT_EQ(made.register_when, RegisterWhen::kHealthy);
  EXPECT_EQ(made.drain, 5s);
  EXPECT_TRUE(made.dns_safe_names && made.all_bindings && made.publish_loopback && made.ip_force);
  EXPECT_EQ(made.require_label, "on=yes");
  EXPECT_EQ(Must({"--port-suffix=always"}).port_suffix, PortSuffix::kAlways);
  EXPECT_EQ(Must({"--family=4"}).family, Family::kIpv4);
}

TEST(MappingOptions, Lists) {
  const MappingOptions made = Must({"--network", "front, back", "--network", "third", "--meta", "region=eu", "--meta",
                                    "query=a=b", "--filter", "label=on=yes", "--filter", "image=team/*"});
  EXPECT_THAT(made.networks, ElementsAre("front", "back", "third"));
  EXPECT_THAT(made.meta, ElementsAre(Pair("region", "eu"), Pair("query", "a=b")));
  ASSERT_THAT(made.filters, SizeIs(2));
  EXPECT_EQ(made.filters[0].kind, Filter::Kind::kLabel);
  EXPECT_EQ(made.filters[0].pattern, "on=yes");
  EXPECT_EQ(made.filters[1].kind, Filter::Kind::kImage);
}

TEST(MappingOptions, WrongValues) {
  const std::pair<std::vector<std::string>, std::string_view> cases[] = {
      {{"--filter", "web"}, "--filter must be label=KEY, label=KEY=VALUE, name=PATTERN"},
      {{"--filter", "name="}, "--filter must be"},
      {{"--meta", "region"}, "--meta must be KEY=VALUE, not 'region'"},
      {{"--meta", "=eu"}, "--meta must be KEY=VALUE"},
      {{"--family", "5"}, "--family must be one of any, 4, 6"},
      {{"--node-id", "a b"}, "--node-id must not hold blanks"},
      {{"--prefix", ""}, "--prefix must not be empty"},
      {{"--ip", "eth0"}, "--ip must be an IP address, iface:NAME"},
  };
  for (const auto& [arguments, error] : cases) {
    const auto made = Try(arguments);
    EXPECT_EQ(made.status().kind(), ErrorKind::kConfig);
    EXPECT_THAT(made.status().text(), HasSubstr(error));
  }
}

TEST(SplitNames, CommasAndBlanks) {
  EXPECT_THAT(SplitNames({" a ,b,,", "c"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SplitNames({"", " "}), IsEmpty());
}

}  // namespace
}  // namespace signpost::registrar
