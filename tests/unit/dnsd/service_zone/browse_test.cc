// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/browse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns/world.h"

namespace signpost::service_zone {
namespace {

using test::Service;
using test::World;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Labels in the order in which they are listed.
std::vector<std::string> Labels(const PreparedService& service) {
  std::vector<std::string> out;
  for (const auto& [place, with_node] : service.browse.rows) {
    out.push_back(InstanceLabel(service.instance(service.endpoints[place]), with_node));
  }
  return out;
}

std::vector<std::string> LabelsOf(const Service& service) { return Labels(*World().Prepare(service)); }

TEST(BrowseTest, InstancesAreCalledByTheirIdAndSorted) {
  EXPECT_THAT(
      LabelsOf(
          Service("web").On("n1", "10.0.0.1").Id("b").On("n2", "10.0.0.2").Id("A.x y").On("n3", "10.0.0.3").Id("c")),
      ElementsAre("A.x y", "b", "c"));
}

TEST(BrowseTest, UnusableOnesAreNot) {
  EXPECT_THAT(LabelsOf(Service("web")
                           .On("n1", "10.0.0.1")
                           .Id("good")
                           .On("n2", "10.0.0.2")
                           .Id("warned")
                           .Warning()
                           .On("n3", "10.0.0.3")
                           .Id("bad")
                           .Critical()
                           .On("n4", "10.0.0.4")
                           .Id("resting")
                           .Maintenance()),
              ElementsAre("good", "warned"));
}

TEST(BrowseTest, IdsThatClashHaveTheirNodeWhateverTheirHealth) {
  EXPECT_THAT(LabelsOf(Service("web")
                           .On("n1", "10.0.0.1")
                           .Id("web")
                           .On("n2", "10.0.0.2")
                           .Id("WEB")
                           .On("n3", "10.0.0.3")
                           .Id("web")
                           .Critical()
                           .On("n4", "10.0.0.4")
                           .Id("db")),
              ElementsAre("db", "web on n1", "WEB on n2"));
  EXPECT_THAT(LabelsOf(Service("web").On("n1", "10.0.0.1").Id("web").On("n2", "10.0.0.2").Id("web").Critical()),
              ElementsAre("web on n1"));
}

TEST(BrowseTest, NoLabelStandsTwice) {
  EXPECT_THAT(LabelsOf(Service("web")
                           .On("n1", "10.0.0.1")
                           .Id("web")
                           .On("n2", "10.0.0.2")
                           .Id("web")
                           .On("n3", "10.0.0.3")
                           .Id("Web on n1")),
              ElementsAre("web on n1", "web on n2"));
}

TEST(BrowseTest, LongLabelsAreCutAndStayDistinct) {
  const std::string fits(63, 'a');
  const std::string one = std::string(70, 'a') + "1";
  const std::string two = std::string(70, 'a') + "2";
  const auto labels =
      LabelsOf(Service("web").On("n1", "10.0.0.1").Id(fits).On("n2", "10.0.0.2").Id(one).On("n3", "10.0.0.3").Id(two));
  ASSERT_EQ(labels.size(), 3U);
  EXPECT_EQ(labels[0], fits);
  for (const size_t i : {1U, 2U}) {
    EXPECT_EQ(labels[i].size(), 63U);
    EXPECT_EQ(labels[i].substr(0, 55), std::string(54, 'a') + "~");
  }
  EXPECT_NE(labels[1], labels[2]);
}

TEST(BrowseTest, ACutLabelEndsInWholeLetters) {
  std::string id(53, 'a');
  for (int i = 0; i < 20; ++i) id += "\xc3\xa9";  // byte 54 would be the second half of a letter
  EXPECT_EQ(LabelsOf(Service("web").On("n1", "10.0.0.1").Id(id)).at(0).substr(0, 54), std::string(53, 'a') + "~");
}

TEST(BrowseTest, AnInstanceThatNoSrvRecordCanNameIsLeftOut) {
  EXPECT_THAT(LabelsOf(Service("web").On(std::string(64, 'n'), "10.0.0.1").Id("a").On("n2", "10.0.0.2").Id("b")),
              ElementsAre("b"));
  EXPECT_THAT(LabelsOf(Service("web").On("n1", "10.0.0.1").Id("")), IsEmpty());
}

TEST(BrowseTest, NamesThatWouldBeTooLongAreLeftOut) {
  const std::string l63(60, 'd');
  World world([&](Settings& s) { s.alt_domain = test::WireName(l63 + "." + l63 + "." + l63); });
  // 255 - 183 for the domain leaves 72: 15 for _tcp and service, 4 for dc1, and the rest for service and instance.
  const auto labels = [&](size_t service, size_t id) {
    return Labels(*world.Prepare(Service(std::string(service, 's')).On("n1", "10.0.0.1").Id(std::string(id, 'i'))));
  };
  EXPECT_EQ(labels(20, 30).size(), 1U);
  EXPECT_EQ(labels(20, 33).size(), 0U);
  EXPECT_FALSE(HasTypeName(std::string(60, 's'), world.data().settings()));
  EXPECT_TRUE(HasTypeName(std::string(40, 's'), world.data().settings()));
}

TEST(BrowseTest, TheProtocolIsUdpWhereEveryInstanceSaysSo) {
  const auto udp = [](const Service& service) { return World().Prepare(service)->browse.udp; };
  EXPECT_FALSE(udp(Service("ntp").On("n1", "10.0.0.1")));
  EXPECT_FALSE(udp(Service("ntp").On("n1", "10.0.0.1").Meta("proto", "tcp")));
  EXPECT_TRUE(udp(Service("ntp").On("n1", "10.0.0.1").Meta("proto", "udp")));
  EXPECT_FALSE(udp(Service("ntp").On("n1", "10.0.0.1").Meta("proto", "udp").On("n2", "10.0.0.2")));
}

TEST(BrowseTest, WhatIsNotShown) {
  const auto shown = [](const Service& service, bool dns_sd = true) {
    return World([&](Settings& s) { s.dns_sd = dns_sd; }).Prepare(service)->browse.shown;
  };
  EXPECT_TRUE(shown(Service("web").On("n1", "10.0.0.1")));
  EXPECT_FALSE(shown(Service("web").On("n1", "10.0.0.1").On("n2", "10.0.0.2").Meta("dns-sd", "no").Critical()));
  EXPECT_FALSE(shown(Service("web").On("n1", "10.0.0.1").Meta("dns_sd", "no")));
  EXPECT_TRUE(shown(Service("web").On("n1", "10.0.0.1").Meta("dns-sd", "yes")));
  EXPECT_FALSE(shown(Service("web").On("n1", "10.0.0.1"), false));
  EXPECT_FALSE(shown(Service(std::string(63, 's')).On("n1", "10.0.0.1")));
  EXPECT_FALSE(shown(Service("web", catalog::Kind::kService, "dc2").On("n1", "10.0.0.1")));
  EXPECT_FALSE(shown(Service("web", catalog::Kind::kConnect).On("n1", "10.0.0.1")));
}

TEST(BrowseTest, FindsInstancesByLabel) {
  const auto service = World().Prepare(Service("web")
                                           .On("n1", "10.0.0.1")
                                           .Id("Web")
                                           .On("n2", "10.0.0.2")
                                           .Id("web")
                                           .On("n3", "10.0.0.3")
                                           .Id("x")
                                           .Port(3));
  ASSERT_NE(FindInstance(*service, "x"), nullptr);
  EXPECT_EQ(FindInstance(*service, "x")->port, 3);
  ASSERT_NE(FindInstance(*service, "web on n2"), nullptr);
  EXPECT_EQ(FindInstance(*service, "web on n2")->instance, 1U);
  for (const char* label : {"web", "w", "web on n3", "y", ""}) EXPECT_EQ(FindInstance(*service, label), nullptr);
}

}  // namespace
}  // namespace signpost::service_zone
