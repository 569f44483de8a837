// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/catalog/snapshot_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace signpost::catalog {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<consul::Node> MakeNode(const char* name) {
  auto node = std::make_shared<consul::Node>();
  node->id = "id";
  node->name = name;
  node->address = "10.0.0.1";
  node->datacenter = "dc1";
  node->tagged_addresses = {{"wan", "198.18.0.1", 0}};
  node->meta = {{"rack", "r1"}};
  node->translated = true;
  return node;
}

Snapshot Example() {
  const auto listed = MakeNode("listed");
  const auto unlisted = MakeNode("unlisted");
  auto web = std::make_shared<Service>();
  web->key = {Kind::kService, "dc1", "web"};
  web->translated = true;
  for (const auto& node : {listed, unlisted}) {
    consul::ServiceInstance& instance = web->instances.emplace_back();
    instance.node = node;
    instance.id = "web-1";
    instance.service = "Web";
    instance.address = "10.1.0.1";
    instance.port = 65535;
    instance.weights = {300, 0};
    instance.health = consul::Health::kWarning;
    instance.tags = {"a", ""};
    instance.tagged_addresses = {{"lan_ipv4", "10.1.0.1", 80}};
    instance.meta = {{"k", std::string(300, 'v')}};
  }
  auto empty = std::make_shared<Service>();
  empty->key = {Kind::kConnect, "dc2", "db"};
  return {77, std::chrono::seconds(1700000000), "dc1", {"dc1", "dc2"}, {listed}, {web, empty}};
}

TEST(SnapshotCodec, BringsEverythingBack) {
  const Snapshot before = Example();
  const auto after = DecodeSnapshot(EncodeSnapshot(before));
  ASSERT_TRUE(after.ok()) << after.status().text();
  EXPECT_EQ(after->index, 77U);
  EXPECT_EQ(after->taken, before.taken);
  EXPECT_EQ(after->datacenter, "dc1");
  EXPECT_EQ(after->datacenters, before.datacenters);
  ASSERT_EQ(after->nodes.size(), 1U);
  EXPECT_EQ(*after->nodes[0], *before.nodes[0]);
  ASSERT_EQ(after->services.size(), 2U);
  EXPECT_EQ(after->services[0]->key, before.services[0]->key);
  EXPECT_TRUE(after->services[0]->translated);
  EXPECT_EQ(after->services[0]->instances, before.services[0]->instances);
  EXPECT_EQ(after->services[0]->instances[0].node, after->nodes[0]);
  EXPECT_EQ(after->services[1]->key, before.services[1]->key);
  EXPECT_TRUE(after->services[1]->instances.empty());
}

TEST(SnapshotCodec, AnEmptyCatalogIsACatalog) {
  const auto after = DecodeSnapshot(EncodeSnapshot({}));
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(after->services.empty());
}

TEST(SnapshotCodec, NoticesEveryTruncation) {
  const std::string whole = EncodeSnapshot(Example());
  for (size_t length = 0; length < whole.size(); ++length) {
    const auto cut = DecodeSnapshot(std::string_view(whole).substr(0, length));
    ASSERT_FALSE(cut.ok()) << length;
    EXPECT_EQ(cut.status().text(), "is truncated") << length;
  }
  EXPECT_FALSE(DecodeSnapshot(whole + "x").ok());
}

TEST(SnapshotCodec, NoticesEveryFlippedBit) {
  const std::string whole = EncodeSnapshot(Example());
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeSnapshot(flipped).ok()) << bit;
  }
}

// Replaces the checksum, so that the reader of the body itself meets the damage.
std::string Resealed(std::string bytes) {
  uint64_t hash = 0xcbf29ce484222325U;
  for (size_t i = 28; i < bytes.size(); ++i) hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3U;
  for (size_t i = 0; i < 8; ++i) bytes[20 + i] = static_cast<char>(hash >> (8 * i));
  return bytes;
}

TEST(SnapshotCodec, ABodyThatLiesIsAnErrorOrASnapshotNeverACrash) {
  const std::string whole = EncodeSnapshot(Example());
  ASSERT_EQ(Resealed(whole), whole);
  int refused = 0;
  for (size_t at = 28; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(value);
      const auto read = DecodeSnapshot(Resealed(changed));
      if (!read.ok()) ++refused;
      if (!read.ok()) continue;
      for (const auto& service : read->services) {
        for (const auto& instance : service->instances) ASSERT_NE(instance.node, nullptr);
      }
    }
  }
  EXPECT_GT(refused, 100);
}

TEST(SnapshotCodec, NamesTheReason) {
  std::string newer = EncodeSnapshot(Example());
  newer[8] = 9;
  EXPECT_THAT(DecodeSnapshot(newer).status().text(), HasSubstr("newer version"));
  newer[8] = 0;
  EXPECT_THAT(DecodeSnapshot(newer).status().text(), HasSubstr("does not read"));
  EXPECT_THAT(DecodeSnapshot("{\"some\":\"json\", and more of it}").status().text(),
              HasSubstr("not a catalog snapshot"));
  std::string damaged = EncodeSnapshot(Example());
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  EXPECT_THAT(DecodeSnapshot(damaged).status().text(), HasSubstr("checksum"));
}

}  // namespace
}  // namespace signpost::catalog
