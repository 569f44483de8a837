// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/srv_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace signpost::lb {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

net::SocketAddress Ip(const std::string& text) {
  auto address = net::SocketAddress::Parse(text, 1).value();
  address.set_port(0);
  return address;
}

dns::Record Srv(uint16_t priority, uint16_t weight, uint16_t port, const std::string& target, uint32_t ttl = 60) {
  dns::Record out{.owner = "web.example", .type = dns::Type::kSrv, .ttl = ttl, .address = {}, .target = target};
  out.priority = priority, out.weight = weight, out.port = port;
  return out;
}

dns::Record Address(const std::string& owner, const std::string& ip, uint32_t ttl = 60) {
  const bool v6 = ip.find(':') != std::string::npos;
  return {.owner = owner,
          .type = v6 ? dns::Type::kAaaa : dns::Type::kA,
          .ttl = ttl,
          .address = Ip(v6 ? "[" + ip + "]" : ip)};
}

dns::Record Alias(const std::string& owner, const std::string& target, uint32_t ttl) {
  return {.owner = owner, .type = dns::Type::kCname, .ttl = ttl, .address = {}, .target = target};
}

// "10.0.0.1:80 prio 1 weight 10"
std::vector<std::string> Texts(const std::vector<Instance>& instances) {
  std::vector<std::string> out;
  for (const Instance& instance : instances) {
    out.push_back(instance.address.ToString() + " prio " + std::to_string(instance.priority) + " weight " +
                  std::to_string(instance.weight));
  }
  return out;
}

TEST(FollowChain, NoAlias) {
  const ChainEnd end = FollowChain({Address("a.example", "10.0.0.1", 30), Address("b.example", "10.0.0.2", 5)},
                                   "a.example", dns::Type::kA);
  EXPECT_THAT(end.records, SizeIs(1));
  EXPECT_EQ(end.ttl, 30U);
  EXPECT_EQ(end.cnames, 0);
}

// Case D12: the least of the whole chain.
TEST(FollowChain, TtlIsTheLeastOfTheChain) {
  const ChainEnd end = FollowChain({Alias("a.example", "b.example", 300), Alias("b.example", "c.example", 10),
                                    Address("c.example", "10.0.0.1", 86400)},
                                   "a.example", dns::Type::kA);
  EXPECT_THAT(end.records, SizeIs(1));
  EXPECT_EQ(end.ttl, 10U);
  EXPECT_EQ(end.name, "c.example");
}

TEST(FollowChain, EndsElsewhere) {
  const ChainEnd end = FollowChain({Alias("a.example", "b.example", 300)}, "a.example", dns::Type::kA);
  EXPECT_THAT(end.records, IsEmpty());
  EXPECT_EQ(end.name, "b.example");
  EXPECT_EQ(end.cnames, 1);
}

TEST(FollowChain, EightAliasesAndNoMore) {
  for (const auto& [aliases, found] : {std::pair(8, true), {9, false}}) {
    std::vector<dns::Record> records;
    for (int i = 0; i < aliases; ++i)
      records.push_back(Alias("n" + std::to_string(i), "n" + std::to_string(i + 1), 60));
    records.push_back(Address("n" + std::to_string(aliases), "10.0.0.1"));
    EXPECT_EQ(!FollowChain(records, "n0", dns::Type::kA).records.empty(), found) << aliases;
  }
}

TEST(FollowChain, LoopsEnd) {
  const ChainEnd end = FollowChain({Alias("a", "b", 60), Alias("b", "a", 60)}, "a", dns::Type::kA);
  EXPECT_THAT(end.records, IsEmpty());
  EXPECT_GT(end.cnames, kMaxCnames);
}

// Case D08.
TEST(ReadSrvRows, OnlyTheRootMeansAbsent) {
  EXPECT_TRUE(ReadSrvRows({Srv(0, 0, 0, "")}).absent);
  EXPECT_FALSE(ReadSrvRows({}).absent);
  const SrvRows mixed = ReadSrvRows({Srv(0, 0, 0, ""), Srv(1, 1, 80, "a")});
  EXPECT_FALSE(mixed.absent);
  EXPECT_THAT(mixed.rows, SizeIs(1));
}

// Cases D28, D29.
TEST(ReadSrvRows, EqualRecordsAreMerged) {
  const SrvRows rows = ReadSrvRows({Srv(1, 10, 80, "a"), Srv(1, 10, 81, "a"), Srv(1, 20, 80, "a"), Srv(2, 5, 80, "a")});
  EXPECT_THAT(rows.rows, ElementsAre(SrvRow{1, 30, 80, "a"}, SrvRow{1, 10, 81, "a"}, SrvRow{2, 5, 80, "a"}));
  EXPECT_EQ(ReadSrvRows({Srv(1, 65535, 80, "a"), Srv(1, 65535, 80, "a")}).rows.at(0).weight, 65535);
}

// Case D25.
TEST(AddressesAlong, OfTheTargetsOnly) {
  const SrvRows rows = ReadSrvRows({Srv(1, 1, 80, "a"), Srv(1, 1, 81, "a"), Srv(1, 1, 80, "b")});
  uint32_t ttl = 60;
  const HostAddresses addresses = AddressesAlong(
      rows, {Address("a", "10.0.0.1", 20), Address("a", "10.0.0.1", 20), Address("c", "10.0.0.9", 1)}, true, ttl);
  EXPECT_THAT(addresses, SizeIs(1));
  EXPECT_THAT(addresses.at("a"), ElementsAre(Ip("10.0.0.1")));
  EXPECT_EQ(ttl, 20U);
}

// Case D27.
TEST(AddressesAlong, IPv6AsConfigured) {
  const SrvRows rows = ReadSrvRows({Srv(1, 1, 80, "only6"), Srv(1, 1, 80, "both")});
  const std::vector<dns::Record> along = {Address("only6", "2001:db8::1"), Address("both", "10.0.0.1"),
                                          Address("both", "2001:db8::2")};
  uint32_t ttl = 60;
  EXPECT_EQ(AddressesAlong(rows, along, true, ttl).at("both").size(), 2U);
  EXPECT_EQ(AddressesAlong(rows, along, true, ttl).count("only6"), 1U);
  EXPECT_EQ(AddressesAlong(rows, along, false, ttl).at("both").size(), 1U);
  EXPECT_EQ(AddressesAlong(rows, along, false, ttl).count("only6"), 0U);
}

// Case D26.
TEST(MakeInstances, WeightIsDividedAmongAddresses) {
  const struct {
    uint16_t weight;
    std::vector<std::string> shares;
  } cases[] = {{30, {"10", "10", "10"}}, {31, {"11", "10", "10"}}, {2, {"1", "1", "1"}}, {0, {"0", "0", "0"}}};
  for (const auto& c : cases) {
    const auto instances =
        MakeInstances({{1, c.weight, 80, "a"}}, {{"a", {Ip("10.0.0.1"), Ip("10.0.0.2"), Ip("10.0.0.3")}}}, 0);
    ASSERT_THAT(instances, SizeIs(3));
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(std::to_string(instances[i].weight), c.shares[i]) << c.weight;
  }
}

TEST(MakeInstances, PrioritiesWeightsAndPorts) {
  const std::vector<SrvRow> rows = {{10, 10, 80, "a"}, {20, 65535, 81, "b"}, {10, 1, 80, "unknown"}, {10, 1, 0, "a"}};
  const HostAddresses addresses = {{"a", {Ip("10.0.0.1")}}, {"b", {Ip("10.0.0.2")}}};
  EXPECT_THAT(Texts(MakeInstances(rows, addresses, 0)),
              ElementsAre("10.0.0.1:80 prio 10 weight 10", "10.0.0.2:81 prio 20 weight 65535"));
  EXPECT_THAT(Texts(MakeInstances(rows, addresses, 8080)),
              ElementsAre("10.0.0.1:8080 prio 10 weight 10", "10.0.0.2:8080 prio 20 weight 65535",
                          "10.0.0.1:8080 prio 10 weight 1"));
  EXPECT_EQ(MakeInstances(rows, addresses, 0).at(0).id, "a");
}

TEST(MakeInstances, ManyRecordsTimesManyAddressesStayBounded) {
  std::vector<SrvRow> rows;
  for (uint16_t i = 1; i <= 2000; ++i) rows.push_back({1, 1, i, "a"});
  HostAddresses addresses;
  for (int i = 0; i < 64; ++i) addresses["a"].push_back(Ip("10.0.0." + std::to_string(i)));
  EXPECT_THAT(MakeInstances(rows, addresses, 0), SizeIs(kMaxInstancesPerName));
}

TEST(AddressesAlong, ManyAddressesOfOneTargetStayBounded) {
  std::vector<dns::Record> along;
  for (int i = 0; i < 200; ++i) along.push_back(Address("a", "10.0.0." + std::to_string(i)));
  uint32_t ttl = 60;
  EXPECT_THAT(AddressesAlong(ReadSrvRows({Srv(1, 1, 80, "a")}), along, true, ttl).at("a"),
              SizeIs(kMaxAddressesPerTarget));
}

}  // namespace
}  // namespace signpost::lb
