// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/zone.h"

#include <gmock/gmock.h>

#include "dnsd/static_zone/zone_maker.h"
#include "tests/unit/dnsd/static_zone/static_side.h"

namespace signpost::static_zone {
namespace {

using test::Question;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// The records behind kSmallApex, so that the first is in line 4.
struct Case {
  const char* title;
  std::string records;
  const char* findings;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.title; }

class FindingsTest : public ::testing::TestWithParam<Case> {};

TEST_P(FindingsTest, AreOneSentenceWithTheirPlace) {
  EXPECT_EQ(Findings(std::string(kSmallApex) + GetParam().records + "\n", "small.test"), GetParam().findings);
}

std::string ManyTexts() {
  std::string out;
  for (int i = 0; i < 300; ++i) out += "t TXT \"" + std::to_string(1000 + i) + std::string(240, 'x') + "\"\n";
  return out;
}

INSTANTIATE_TEST_SUITE_P(
    Errors, FindingsTest,
    ::testing::Values(
        Case{
            "outside", "www.other.test. A 192.0.2.1",
            "z:4: www.other.test. is not in the zone small.test.; remove it, or check $ORIGIN and the final dot of the "
            "name"},
        Case{"outside at no label boundary", "xsmall.test. A 192.0.2.1",
             "z:4: xsmall.test. is not in the zone small.test.; remove it, or check $ORIGIN and the final dot of the "
             "name"},
        Case{"SOA below", "a SOA ns h 1 1 1 1 1",
             "z:4: a.small.test. has an SOA; only small.test. may, the zone's own name"},
        Case{"second SOA", "@ SOA ns h 1 1 1 1 1", "z:4: small.test. has a second SOA; leave one, the first is in z:2"},
        Case{"second CNAME", "a CNAME b\na CNAME c",
             "z:5: a.small.test. has a second CNAME; leave one, the first is in z:4"},
        Case{"CNAME and A", "a CNAME b\na A 192.0.2.1",
             "z:5: a.small.test. has a CNAME and A records; a name with a CNAME has nothing else (RFC 1034 3.6.2)"},
        Case{"TXT and CNAME", "a TXT b\nb A 192.0.2.1\na CNAME b",
             "z:6: a.small.test. has a CNAME and TXT records; a name with a CNAME has nothing else (RFC 1034 3.6.2)"},
        Case{"CNAME at the apex", "@ CNAME b",
             "z:4: small.test. has a CNAME and SOA records; a name with a CNAME has nothing else (RFC 1034 3.6.2)"},
        Case{"second DNAME", "a DNAME b\na DNAME c",
             "z:5: a.small.test. has a second DNAME; leave one, the first is in z:4"},
        Case{"below a DNAME", "a DNAME b\nx.y.a A 192.0.2.1",
             "z:5: x.y.a.small.test. lies below the DNAME of a.small.test., which hides it; remove one of the two (RFC "
             "6672 2.4)"},
        Case{"below a DNAME at the apex", "@ DNAME b.test.\na A 192.0.2.1",
             "z:5: a.small.test. lies below the DNAME of small.test., which hides it; remove one of the two (RFC 6672 "
             "2.4)"},
        Case{"DNAME at a cut", "a NS ns.b.test.\na DNAME b.test.",
             "z:5: a.small.test. has a DNAME and is delegated by NS; leave one of the two (RFC 6672 2.3)"},
        Case{"wildcard NS", "*.a NS ns.b.test.",
             "z:4: a wildcard cannot have NS records; write out the names (RFC 4592 4)"},
        Case{"wildcard DNAME", "* DNAME b.test.",
             "z:4: a wildcard cannot have DNAME records; write out the names (RFC 4592 4)"},
        Case{"meta type", "a TYPE255 \\# 0", "z:4: TYPE255 is no type of data; remove the record"},
        Case{"OPT", "a TYPE41 \\# 0", "z:4: TYPE41 is no type of data; remove the record"},
        Case{"generic A", "a A \\# 3 c00002", "z:4: the data are not those of type A"},
        Case{"generic CNAME with a pointer", "a CNAME \\# 2 c00c", "z:4: the data are not those of type CNAME"},
        Case{"too large a set", ManyTexts(),
             "z:253: the TXT records of t.small.test. are more than a DNS message can hold; leave some out"}));

INSTANTIATE_TEST_SUITE_P(
    Warnings, FindingsTest,
    ::testing::Values(
        Case{"none", "a A 192.0.2.1", ""},
        Case{"TTLs differ, told once", "a 10 A 192.0.2.1\na 5 A 192.0.2.2\na 20 A 192.0.2.3",
             "z:5: the A records of a.small.test. differ in TTL; the lowest is used for all"},
        Case{"CNAME to itself", "a CNAME A",
             "z:4: CNAME of a.small.test. points to itself; nobody gets an answer from it"},
        Case{"data at a cut", "sub NS ns.other.\nsub TXT t",
             "z:5: TXT of sub.small.test. is ignored: sub.small.test. is delegated to other servers by NS"},
        Case{"data below a cut", "sub NS ns.other.\nx.sub A 192.0.2.1",
             "z:5: A of x.sub.small.test. is ignored: sub.small.test. is delegated to other servers by NS"},
        Case{"a cut below a cut", "sub NS ns.other.\nx.sub NS ns.other.",
             "z:5: NS of x.sub.small.test. is ignored: sub.small.test. is delegated to other servers by NS"},
        Case{"glue", "sub NS ns.sub\nns.sub A 192.0.2.1", ""},
        Case{"glue at the cut", "sub NS sub\nsub A 192.0.2.1", ""},
        Case{"glue of another cut", "sub NS ns.top\ntop NS ns.top\nns.top A 192.0.2.1", ""},
        Case{"glue is missing", "sub NS ns.sub",
             "z:4: NS of sub.small.test. points to ns.sub.small.test., which has neither A nor AAAA in this zone"},
        Case{"server without address", "@ NS ns",
             "z:3: NS of small.test. points to ns.small.test., which has neither A nor AAAA in this zone"},
        Case{"MX to a CNAME", "@ MX 1 a\na CNAME b.test.",
             "z:4: MX of small.test. points to a.small.test., which is a CNAME (RFC 2181 10.3)"}));

TEST(ZoneTest, NeedsAnSoaAndAServerAtItsName) {
  EXPECT_EQ(Findings("a 1 A 192.0.2.1\n", "small.test"),
            "z:1: the zone has no SOA at small.test.; add one, or check the origin that was given");
  EXPECT_EQ(Findings("", "small.test"),
            "z:1: the zone has no SOA at small.test.; add one, or check the origin that was given");
  EXPECT_EQ(Findings("\n@ 1 SOA ns h 1 1 1 1 1\n", "small.test"),
            "z:2: the zone has no NS at small.test.; add at least one");
  EXPECT_THAT(Findings("@ 1 SOA ns h 1 1 1 1 1\n", "a..b"), StartsWith("\"a..b\" is no domain name"));
}

// A ZoneFile need not come from ReadZoneFile.
TEST(ZoneTest, RecordsThatNoFileCanHoldAreRefused) {
  const auto make = [](const dns::ZoneFileRecord& record) {
    return Zone::Make("small.test", {.files = {"z"}, .records = {record}}, false, nullptr).status().text();
  };
  const std::string owner("\5small\4test\0", 12);
  EXPECT_EQ(make({.owner = owner, .type = 1, .rclass = 3, .rdata = "abcd", .line = 7}),
            "z:7: small.test. is not of class IN; zones have no other");
  EXPECT_EQ(make({.owner = owner, .type = 1, .ttl = 0x80000000, .rdata = "abcd", .line = 7}),
            "z:7: the TTL is above 2147483647 seconds; use a smaller one");
  EXPECT_THAT(make({.owner = owner + "x", .type = 1, .rdata = "abcd", .line = 7, .file = 9}),
              StartsWith("zone:7: the owner is no domain name"));
  EXPECT_THAT(make({.owner = "", .type = 1, .line = 7}), StartsWith("z:7: the owner is no domain name"));
}

TEST(ZoneTest, TheLowestTtlCounts) {
  const ZonePtr zone = Small("a 10 A 192.0.2.1\na 5 A 192.0.2.2");
  EXPECT_THAT(Ask(*zone, Question("a.small.test", "A")).reply.answer,
              ElementsAre("a.small.test. 5 A 192.0.2.1", "a.small.test. 5 A 192.0.2.2"));
}

TEST(ZoneTest, DuplicatesAreOne) {
  EXPECT_THAT(Ask(*Small("a A 192.0.2.1\nA A 192.0.2.1"), Question("a.small.test", "A")).reply.answer, SizeIs(1));
}

// A large set is looked through otherwise than a small one.
TEST(ZoneTest, DuplicatesInALargeSetAreOne) {
  for (const int count : {31, 32, 33, 34, 3900}) {
    std::string records;
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < count; ++i) {
        records += "a A 10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + "\n";
      }
    }
    const ZonePtr zone = Small(records);
    const auto name = test::NameBytes("a.small.test");
    ASSERT_NE(zone, nullptr);
    EXPECT_THAT(zone->Find(Text(name))->Find(wire::type::kA)->rdata, SizeIs(count));
  }
}

// What Run says of kSmallApex and these records with those bounds.
std::string Bounded(std::string_view records, ZoneMaker::Bounds bounds) {
  const auto file = dns::ReadZoneText(std::string(kSmallApex) + std::string(records), "z", "small.test");
  EXPECT_TRUE(file.ok()) << file.status().text();
  ZoneMaker maker(wire::Name::FromText("small.test").value(), file.value(), nullptr, bounds);
  return maker.Run().text();
}

TEST(ZoneTest, HasABoundOfNodes) {
  const std::string too_many =
      " the zone has more than 5 names, or 1000 bytes of them, those that only lie above others included; split the "
      "zone, or use fewer labels";
  const ZoneMaker::Bounds bounds{.nodes = 5, .owner_bytes = 1000};
  EXPECT_EQ(Bounded("a A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\nd A 192.0.2.1\nd TXT t\n", bounds), "");
  EXPECT_EQ(Bounded("a A 192.0.2.1\nb A 192.0.2.1\nc A 192.0.2.1\nd A 192.0.2.1\ne A 192.0.2.1\n", bounds),
            "z:8:" + too_many);
  EXPECT_EQ(Bounded("a.b.c.d A 192.0.2.1\na.b.c.d TXT t\nb.c.d A 192.0.2.1\n", bounds), "");
  EXPECT_EQ(Bounded("@ A 192.0.2.1\na.b.c.d.e A 192.0.2.1\n", bounds), "z:5:" + too_many);
}

TEST(ZoneTest, HasABoundOfBytesInNames) {
  // 12 of the apex, 14 of a, 16 of b.a; then 18 and 16 of empty ones above.
  const std::string two = "a A 192.0.2.1\nb.a A 192.0.2.1\n";
  EXPECT_EQ(Bounded(two, {.nodes = 9, .owner_bytes = 42}), "");
  EXPECT_THAT(Bounded(two, {.nodes = 9, .owner_bytes = 41}),
              StartsWith("z:5: the zone has more than 9 names, or 41 b"));
  EXPECT_EQ(Bounded("c.b.a A 192.0.2.1\n", {.nodes = 9, .owner_bytes = 60}), "");
  EXPECT_THAT(Bounded("c.b.a A 192.0.2.1\n", {.nodes = 9, .owner_bytes = 59}), StartsWith("z:4: the zone has more"));
}

TEST(ZoneTest, TheNegativeTtlIsTheLesserOfTheSoasTwo) {
  for (const auto& [soa_ttl, minimum, expected] : {std::tuple{5, 9, 5U}, {9, 5, 5U}, {0, 7, 0U}}) {
    ZonePtr zone;
    Findings(
        "@ " + std::to_string(soa_ttl) + " SOA ns.other. h 1 2 3 4 " + std::to_string(minimum) + "\n@ NS ns.other.\n",
        "small.test", &zone);
    ASSERT_NE(zone, nullptr);
    EXPECT_EQ(zone->negative_ttl(), expected);
  }
}

TEST(ZoneTest, EmptyNonTerminalsAreNodes) {
  const ZonePtr zone = Small("a.B.c A 192.0.2.1");
  const auto find = [&](std::string_view name) {
    const auto bytes = test::NameBytes(name);
    return zone->Find(Text(bytes));
  };
  EXPECT_EQ(zone->node_count(), 4U);
  ASSERT_NE(find("b.c.small.test"), nullptr);
  EXPECT_THAT(find("b.c.small.test")->sets, IsEmpty());
  EXPECT_NE(find("c.small.test"), nullptr);
  EXPECT_EQ(find("d.small.test"), nullptr);
  EXPECT_EQ(find("test"), nullptr);
}

// RFC 4592 2.2.2: a wildcard that only names below it make is one, without records.
TEST(ZoneTest, AWildcardMayBeEmpty) {
  const ZonePtr zone = Small("_x.*.w TXT t");
  EXPECT_EQ(Ask(*zone, Question("a.b.w.small.test", "TXT")).reply.rcode, "NOERROR");
  EXPECT_EQ(Ask(*zone, Question("a.small.test", "TXT")).reply.rcode, "NXDOMAIN");
}

TEST(ZoneTest, TheRootMayBeAZone) {
  ZonePtr zone;
  EXPECT_EQ(Findings("@ 60 SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n", ".", &zone), "");
  EXPECT_THAT(Ask(*zone, Question("ns", "A")).reply.answer, ElementsAre("ns. 60 A 192.0.2.1"));
  EXPECT_EQ(Ask(*zone, Question("a.b", "A")).reply.rcode, "NXDOMAIN");
}

// What is ignored is not answered, and does not exist.
TEST(ZoneTest, OccludedDataAreNotServed) {
  const ZonePtr zone =
      Small("sub NS ns.sub\nns.sub A 192.0.2.1\nns.sub TXT t\nx.sub A 192.0.2.2\nsub TXT t\nsub DS 1 8 2 00");
  EXPECT_EQ(zone->node_count(), 3U);
  EXPECT_THAT(Ask(*zone, Question("x.sub.small.test", "A")).reply.additional,
              ElementsAre("ns.sub.small.test. 60 A 192.0.2.1"));
  EXPECT_THAT(Ask(*zone, Question("sub.small.test", "DS")).reply.answer, SizeIs(1));
}

}  // namespace
}  // namespace signpost::static_zone
