// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/row_codec.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace signpost::registry {
namespace {

const std::string kOdd("a\0\xff\xfe\"\\\n\xc3", 8);  // NUL, and bytes that are not UTF-8
constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

// Every field differs from its default.
NodeRow FullNode() {
  NodeRow row;
  row.node = {.id = "0f9c", .name = "Web-1", .address = "2001:db8::1", .datacenter = "dc1"};
  row.node.tagged_addresses = {{"lan", "192.0.2.1"}, {"wan", "198.51.100.1"}};
  row.node.meta = {{"", "empty name"}, {"rack", "7"}};
  row.index = {3, kMax};
  return row;
}

ServiceRow FullService() {
  return {.node = "Web-1",
          .id = "web/1",
          .service = "Web",
          .kind = "connect-proxy",
          .tags = {"v1", "", "rouge à lèvres"},
          .address = "192.0.2.9",
          .tagged_addresses = {{"lan_ipv4", "192.0.2.9", 65535}, {"wan", "", 0}},
          .meta = {{"a", "1"}, {"b", ""}},
          .port = -1,
          .weights = {0, kMin},
          .enable_tag_override = true,
          .proxy = R"({"Upstreams": [1.50, "x"]})",
          .proxy_destination = "db",
          .connect_native = true,
          .index = {4, 5}};
}

CheckDefinition FullDefinition() {
  return {.kind = CheckDefinition::Kind::kAlias,
          .ttl = Millis(1),
          .interval = Millis(2),
          .timeout = Millis(3),
          .http = "http://localhost/",
          .method = "",
          .header = {{"Accept", {"a", "b"}}, {"X-None", {}}},
          .body = "{}",
          .tls_skip_verify = true,
          .tcp = "localhost:1",
          .grpc = "localhost:2/x",
          .grpc_use_tls = true,
          .script_args = {"sh", "-c", ""},
          .docker_container_id = "f00",
          .shell = "/bin/sh",
          .alias_node = "n",
          .alias_service = "s",
          .deregister_critical_service_after = Millis(90000),
          .success_before_passing = 4,
          .failures_before_critical = 5,
          .output_max_size = 0};
}

CheckRow FullCheck() {
  return {.node = "Web-1",
          .check_id = "service:web",
          .name = "alive",
          .status = "critical",
          .notes = "n",
          .output = "HTTP GET: 500",
          .service_id = "web/1",
          .service_name = "Web",
          .service_tags = {"v1"},
          .type = "http",
          .definition = "{}",
          .run = std::make_shared<const CheckDefinition>(FullDefinition()),
          .index = {6, 7}};
}

KvRow FullKv() {
  return {.key = "a/b", .value = kOdd, .flags = kMax, .lock_index = 2, .session = "5e55", .index = {8, 9}};
}

SessionRow FullSession() {
  return {.id = "5e55",
          .name = "lock",
          .node = "Web-1",
          .node_checks = {"serfHealth"},
          .service_checks = {{"service:web", ""}, {"x", "ns"}},
          .lock_delay = Millis(0),
          .behavior = SessionRow::Behavior::kDelete,
          .ttl = "10s",
          .index = {10, 11}};
}

QueryRow FullQuery() {
  return {.id = "40e7",
          .name = "geo-",
          .session = "5e55",
          .token = "secret",
          .template_type = "name_prefix_match",
          .template_regexp = "^geo-(.*)$",
          .template_remove_empty_tags = true,
          .service = "${match(1)}",
          .failover_nearest_n = 3,
          .failover_datacenters = {"dc2", "dc3"},
          .only_passing = true,
          .ignore_check_ids = {"c"},
          .near = "_agent",
          .tags = {"a", "!b"},
          .node_meta = {{"k", "v"}},
          .service_meta = {{"l", "w"}},
          .connect = true,
          .dns_ttl = "5s",
          .index = {12, 13}};
}

template <typename T>
T WithOddTexts(T row);

template <>
NodeRow WithOddTexts(NodeRow row) {
  row.node.name = row.node.address = kOdd;
  row.node.tagged_addresses = {{"a", kOdd}, {kOdd, "b"}};
  row.node.meta = {{"a", kOdd}, {kOdd, kOdd}, {"c", ""}};
  return row;
}

template <>
ServiceRow WithOddTexts(ServiceRow row) {
  row.id = row.service = row.proxy = kOdd;
  row.tags = {kOdd, "b", kOdd};
  row.tagged_addresses = {{kOdd, kOdd, 1}};
  return row;
}

template <>
CheckRow WithOddTexts(CheckRow row) {
  row.output = kOdd;
  auto run = FullDefinition();
  run.header = {{kOdd, {kOdd, ""}}, {"b", {}}};
  row.run = std::make_shared<const CheckDefinition>(run);
  return row;
}

template <>
KvRow WithOddTexts(KvRow row) {
  row.key = kOdd;
  return row;
}

template <typename T>
Row RowOf(T row) {
  return std::make_shared<const T>(std::move(row));
}

std::string ValueOf(const Row& row) { return row.index() == kKvTable ? std::get<kKvTable>(row)->value : ""; }

template <typename T>
void ExpectSurvives(const T& row) {
  const Row before = RowOf(row);
  const std::string text = EncodeRow(before);
  const auto after = DecodeRow(before.index(), text, ValueOf(before));
  ASSERT_TRUE(after.ok()) << after.status().text() << " in " << text;
  ASSERT_EQ(after.value().index(), before.index());
  const T& read = *std::get<std::shared_ptr<const T>>(after.value());
  EXPECT_EQ(read, row) << text;
  EXPECT_EQ(read.index.create, row.index.create);
  EXPECT_EQ(read.index.modify, row.index.modify);
  EXPECT_EQ(text.find('\0'), std::string::npos);
}

TEST(RowCodec, EveryFieldSurvives) {
  ExpectSurvives(FullNode());
  ExpectSurvives(FullService());
  ExpectSurvives(FullCheck());
  ExpectSurvives(FullKv());
  ExpectSurvives(FullSession());
  ExpectSurvives(FullQuery());
}

TEST(RowCodec, DefaultsSurvive) {
  ExpectSurvives(NodeRow{});
  ExpectSurvives(ServiceRow{});
  ExpectSurvives(CheckRow{});
  ExpectSurvives(CheckRow{.run = std::make_shared<const CheckDefinition>()});
  ExpectSurvives(KvRow{});
  ExpectSurvives(SessionRow{});
  ExpectSurvives(QueryRow{});
}

TEST(RowCodec, TextsThatAreNotUtf8Survive) {
  ExpectSurvives(WithOddTexts(FullNode()));
  ExpectSurvives(WithOddTexts(FullService()));
  ExpectSurvives(WithOddTexts(FullCheck()));
  ExpectSurvives(WithOddTexts(FullKv()));
}

TEST(RowCodec, EveryKindOfCheckSurvives) {
  for (int kind = 0; kind <= static_cast<int>(CheckDefinition::Kind::kAlias); ++kind) {
    CheckDefinition run{.kind = static_cast<CheckDefinition::Kind>(kind)};
    ExpectSurvives(CheckRow{.run = std::make_shared<const CheckDefinition>(run)});
  }
}

TEST(RowCodec, WritesConsulsNames) {
  EXPECT_EQ(EncodeRow(RowOf(FullService())),
            R"({"Node":"Web-1","ID":"web/1","Service":"Web","Kind":"connect-proxy","Tags":["v1","","rouge à lèvres"],)"
            R"("Address":"192.0.2.9","TaggedAddresses":{"lan_ipv4":{"Address":"192.0.2.9","Port":65535},"wan":{}},)"
            R"("Meta":{"a":"1","b":""},"Port":-1,"Weights":{"Warning":-9223372036854775808},"EnableTagOverride":true,)"
            R"("Proxy":"{\"Upstreams\": [1.50, \"x\"]}","DestinationServiceName":"db","ConnectNative":true,)"
            R"("CreateIndex":4,"ModifyIndex":5})");
  EXPECT_EQ(EncodeRow(RowOf(KvRow{.key = "\xff", .value = "not here"})), R"({"Key":{"Hex":"ff"}})");
}

TEST(RowCodec, WhatIsAbsentIsZero) {
  const auto row = DecodeRow(2, R"({"CheckID": "c", "Run": {"Kind": "tcp"}, "LaterField": 1})");
  ASSERT_TRUE(row.ok()) << row.status().text();
  const CheckRow& check = *std::get<2>(row.value());
  EXPECT_EQ(check.check_id, "c");
  EXPECT_EQ(check.run->kind, CheckDefinition::Kind::kTcp);
  EXPECT_EQ(check.run->method, "");
  EXPECT_EQ(check.run->output_max_size, 0);
}

struct BadText {
  size_t table;
  std::string json;
  std::string sentence;
};

TEST(RowCodec, SaysWhatIsWrong) {
  const std::vector<BadText> cases = {
      {0, "", "line 1, column 1: The document is empty."},
      {0, "[]", "the row is not an object"},
      {0, R"({"Node": 1})", "Node is not a string"},
      {0, R"({"Node": {"Hex": "f"}})", "Node is not a string"},
      {0, R"({"Node": {"Hex": "fg"}})", "Node is not a string"},
      {0, R"({"Node": {"Base64": "ff"}})", "Node is not a string"},
      {0, R"({"Meta": "x"})", "Meta is not a map"},
      {0, R"({"Meta": [["a"]]})", "Meta is not a list of pairs"},
      {0, R"({"Meta": {"a": null}})", "Meta is not a string"},
      {0, R"({"CreateIndex": -1})", "CreateIndex is not a whole number in range"},
      {0, R"({"CreateIndex": 18446744073709551616})", "CreateIndex is not a whole number in range"},
      {1, R"({"Port": 80.5, "Tags": 1})", "Tags is not a list"},  // the first in the order of the fields
      {1, R"({"Port": 80.5})", "Port is not a whole number in range"},
      {1, R"({"Port": "80"})", "Port is not a whole number in range"},
      {1, R"({"TaggedAddresses": {"wan": {"Port": 65536}}})", "Port is too large"},
      {1, R"({"TaggedAddresses": {"wan": "x"}})", "TaggedAddresses is not an object"},
      {1, R"({"EnableTagOverride": 1})", "EnableTagOverride is neither true nor false"},
      {1, R"({"Weights": []})", "Weights is not an object"},
      {1, R"({"Tags": ["a", 2]})", "Tags is not a string"},
      {2, R"({"Run": {}})", "Kind is not a known word"},
      {2, R"({"Run": {"Kind": "smtp"}})", "Kind is not a known word"},
      {2, R"({"Run": {"Kind": "tcp", "OutputMaxSize": 2147483648}})", "OutputMaxSize is too large"},
      {2, R"({"Run": "tcp"})", "Run is not an object"},
      {4, R"({"Behavior": "keep"})", "Behavior is not a known word"},
      {5, R"({"Service": "web"})", "Service is not an object"},
  };
  for (const BadText& bad : cases) {
    const auto row = DecodeRow(bad.table, bad.json);
    EXPECT_EQ(row.status().kind(), ErrorKind::kInvalid) << bad.json;
    EXPECT_EQ(row.status().text(), bad.sentence) << bad.json;
  }
}

}  // namespace
}  // namespace signpost::registry
