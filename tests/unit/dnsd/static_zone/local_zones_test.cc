// Signpost. Apache-2.0; see LICENSE.
// What dnsd answers without anybody having told it (F60-F64).
#include "dnsd/static_zone/local_zones.h"

#include <gmock/gmock.h>

#include <set>

#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using test::Question;
using test::Reply;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const ZoneSet& Zones() {
  static const ZoneSet zones = [] {
    ZoneSet made;
    for (const auto& zone : LocalZones()) made.Add(zone);
    return made;
  }();
  return zones;
}

// Rcode "not local" for a name in no zone.
Reply AskLocal(std::string_view name, std::string_view type) {
  const Zone* zone = Zones().Find(wire::Name::FromText(name).value(), test::TypeNumber(type));
  if (zone == nullptr) return {.rcode = "not local"};
  return Ask(*zone, Question(name, type)).reply;
}

std::string LoopbackName(char last) {
  std::string name(1, last);
  for (int i = 0; i < 31; ++i) name += ".0";
  return name + ".ip6.arpa";
}

TEST(LocalZonesTest, AreAllBuiltInAndDifferent) {
  std::set<std::string> origins;
  for (const auto& zone : LocalZones()) {
    EXPECT_TRUE(zone->built_in());
    EXPECT_TRUE(origins.insert(zone->origin().ToString()).second) << zone->origin().ToString();
  }
  EXPECT_THAT(origins, SizeIs(Gt(100U)));
}

// F60.
TEST(LocalZonesTest, LocalhostIsThisHost) {
  for (const std::string name : {"localhost", "x.localhost", "a.b.localhost"}) {
    EXPECT_THAT(AskLocal(name, "A").answer, ElementsAre(name + ". 10800 A 127.0.0.1"));
    EXPECT_THAT(AskLocal(name, "AAAA").answer, ElementsAre(name + ". 10800 AAAA ::1"));
    const Reply other = AskLocal(name, "TXT");
    EXPECT_EQ(other.rcode, "NOERROR");
    EXPECT_THAT(other.authority, ElementsAre(StartsWith("localhost. 10800 SOA")));
  }
}

// F61.
TEST(LocalZonesTest, TheLoopbackAddressesAreLocalhost) {
  EXPECT_THAT(AskLocal("1.0.0.127.in-addr.arpa", "PTR").answer,
              ElementsAre("1.0.0.127.in-addr.arpa. 10800 PTR localhost."));
  EXPECT_THAT(AskLocal(LoopbackName('1'), "PTR").answer, ElementsAre(LoopbackName('1') + ". 10800 PTR localhost."));
  EXPECT_EQ(AskLocal("2.0.0.127.in-addr.arpa", "PTR").rcode, "NXDOMAIN");
  EXPECT_EQ(AskLocal(LoopbackName('0'), "PTR").rcode, "NOERROR");
}

// F62, F63.
TEST(LocalZonesTest, NamesOfNobodyAreNotAskedElsewhere) {
  for (const char* name :
       {"4.3.2.10.in-addr.arpa", "1.0.16.172.in-addr.arpa", "1.0.31.172.in-addr.arpa", "1.1.168.192.in-addr.arpa",
        "1.1.254.169.in-addr.arpa", "1.2.0.192.in-addr.arpa", "1.100.51.198.in-addr.arpa", "1.113.0.203.in-addr.arpa",
        "1.0.64.100.in-addr.arpa", "1.0.127.100.in-addr.arpa", "1.0.0.0.in-addr.arpa", "0.0.d.f.ip6.arpa",
        "0.8.e.f.ip6.arpa", "0.b.e.f.ip6.arpa", "0.8.b.d.0.1.0.0.2.ip6.arpa", "x.invalid", "x.onion", "x.local",
        "x.home.arpa"}) {
    const Reply reply = AskLocal(name, "PTR");
    EXPECT_EQ(reply.rcode, "NXDOMAIN") << name;
    EXPECT_EQ(reply.flags, "aa") << name;
    EXPECT_THAT(reply.authority, SizeIs(1)) << name;
  }
}

TEST(LocalZonesTest, TheirNeighboursAreForwarded) {
  for (const char* name :
       {"1.0.15.172.in-addr.arpa", "1.0.32.172.in-addr.arpa", "1.0.63.100.in-addr.arpa", "1.0.128.100.in-addr.arpa",
        "1.0.0.11.in-addr.arpa", "1.1.167.192.in-addr.arpa", "0.7.e.f.ip6.arpa", "0.c.e.f.ip6.arpa", "in-addr.arpa",
        "xlocalhost", "example.com", "test", "x.test", "use-application-dns.net", "ipv4only.arpa", "arpa", "."}) {
    EXPECT_EQ(AskLocal(name, "A").rcode, "not local") << name;
  }
}

// F64: there is no encrypted resolver to be discovered (RFC 9462 6.4).
TEST(LocalZonesTest, NamesOfTheResolverExistWithoutData) {
  for (const char* name : {"resolver.arpa", "_dns.resolver.arpa", "x.y.resolver.arpa"}) {
    const Reply reply = AskLocal(name, "TYPE64");
    EXPECT_EQ(reply.rcode, "NOERROR") << name;
    EXPECT_THAT(reply.answer, IsEmpty()) << name;
    EXPECT_THAT(reply.authority, SizeIs(1)) << name;
  }
}

}  // namespace
}  // namespace signpost::static_zone
