// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/txt.h"

#include <gtest/gtest.h>

#include "tests/support/dns/zone_builder.h"

namespace signpost::service_zone {
namespace {

using test::Service;

// The strings of an RDATA, each in brackets.
std::string Strings(std::string_view rdata) {
  std::string out;
  while (!rdata.empty()) {
    const size_t size = static_cast<uint8_t>(rdata[0]);
    if (size >= rdata.size()) return "malformed";
    out += "[" + std::string(rdata.substr(1, size)) + "]";
    rdata.remove_prefix(size + 1);
  }
  return out;
}

std::string Appended(std::string_view text) {
  std::string rdata;
  AppendTxt(text, rdata);
  return rdata;
}

std::string Txt(const Service& service) { return Strings(InstanceTxt(service.Build()->instances[0])); }

TEST(TxtTest, SplitsAt255Bytes) {
  EXPECT_EQ(Appended(""), std::string("\0", 1));
  EXPECT_EQ(Appended("abc"), "\3abc");
  EXPECT_EQ(Appended(std::string(255, 'x')), "\xff" + std::string(255, 'x'));
  EXPECT_EQ(Appended(std::string(256, 'x')), "\xff" + std::string(255, 'x') + "\1x");
  EXPECT_EQ(Appended(std::string(511, 'x')).size(), 511U + 3);
}

TEST(TxtTest, NodeMetaIsQuotedAsRfc1464Says) {
  EXPECT_EQ(NodeMetaText("key", "value"), "key=value");
  EXPECT_EQ(NodeMetaText("key", ""), "key=");
  EXPECT_EQ(NodeMetaText("", ""), "=");
  EXPECT_EQ(NodeMetaText("a=b", "c=d"), "a`=b=c=d");
  EXPECT_EQ(NodeMetaText("a`b", "c`d"), "a``b=c``d");
  EXPECT_EQ(NodeMetaText(" a b\t", " v "), "` a b`\t= v ");
  EXPECT_EQ(NodeMetaText("  ", "v"), "` ` =v");
}

TEST(TxtTest, TheRfc1035PrefixGivesTheValueAlone) {
  EXPECT_EQ(NodeMetaText("rfc1035-x", "plain=`text"), "plain=`text");
  EXPECT_EQ(NodeMetaText("RFC1035-x", "v"), "v");
  EXPECT_EQ(NodeMetaText("rfc1035", "v"), "rfc1035=v");
}

TEST(TxtTest, AnInstanceTellsItsDataAndThenItsMeta) {
  const Service service = Service("web")
                              .On("Node1", "10.0.0.1")
                              .Id("web-1")
                              .Weights(10, 3)
                              .Warning()
                              .Tag("v1")
                              .Tag("Blue")
                              .Meta("a", "b")
                              .Meta("c", "");
  EXPECT_EQ(Txt(service), "[id=web-1][node=Node1][status=warning][weight=3][tags=v1,Blue][a=b][c=]");
  EXPECT_EQ(Txt(Service("web").On("n", "10.0.0.1").Id("x")), "[id=x][node=n][status=passing][weight=1][tags=]");
}

TEST(TxtTest, WeightsFollowTheHealth) {
  const auto weight = [](Service service) { return HealthWeight(service.Weights(10, 3).Build()->instances[0]); };
  EXPECT_EQ(weight(Service("s").On("n", "")), 10);
  EXPECT_EQ(weight(Service("s").On("n", "").Warning()), 3);
  EXPECT_EQ(weight(Service("s").On("n", "").OddStatus()), 1);
  EXPECT_EQ(weight(Service("s").On("n", "").Critical()), 0);
  EXPECT_EQ(weight(Service("s").On("n", "").Maintenance()), 0);
}

TEST(TxtTest, MetaWithoutEndIsCut) {
  Service service = Service("web").On("n", "10.0.0.1");
  for (int i = 0; i < 300; ++i) service.Meta("k" + std::to_string(i), std::string(512, 'v'));
  const std::string rdata = InstanceTxt(service.Build()->instances[0]);
  EXPECT_LE(rdata.size(), 65535U);
  EXPECT_GT(rdata.size(), 64000U);
  EXPECT_NE(Strings(rdata), "malformed");
}

}  // namespace
}  // namespace signpost::service_zone
