// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/zone_file.h"

#include <gmock/gmock.h>

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string Name(std::string_view wire) {
  std::string out;
  for (size_t at = 0; at < wire.size() && wire[at] != 0; at += static_cast<uint8_t>(wire[at]) + size_t{1}) {
    out += std::string(wire.substr(at + 1, static_cast<uint8_t>(wire[at]))) + ".";
  }
  return out.empty() ? "." : out;
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<uint8_t>(c) >> 4];
    out += "0123456789abcdef"[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

// "LINE: OWNER TTL TYPE HEX" of each record, or the failure.
std::vector<std::string> Read(std::string_view text) {
  const auto file = ReadZoneText(text, "z", "example.test");
  if (!file.ok()) return {file.status().text()};
  std::vector<std::string> out;
  for (const ZoneFileRecord& record : file->records) {
    out.push_back(std::to_string(record.line) + ": " + Name(record.owner) + " " + std::to_string(record.ttl) + " " +
                  std::to_string(record.type) + " " + Hex(record.rdata));
  }
  return out;
}

// The data of one record.
std::string Data(const std::string& type_and_data) {
  const auto file = ReadZoneText("a 1 " + type_and_data, "z", "t");
  return file.ok() ? Hex(file->records.at(0).rdata) : file.status().text();
}

TEST(ZoneTextTest, OwnersTtlsAndClassesMayBeLeftOut) {
  EXPECT_THAT(Read("$TTL 60\n"
                   "@ A 192.0.2.1\n"
                   "  A 192.0.2.2\n"
                   "\n; a comment\n"
                   "Www 1h IN A 192.0.2.3 ; another\n"
                   "\tIN 2h A 192.0.2.4\n"
                   "www.example.net. in a 192.0.2.5\n"
                   "b CLASS1 TYPE1 192.0.2.6\n"),
              ElementsAre("2: example.test. 60 1 c0000201", "3: example.test. 60 1 c0000202",
                          "6: Www.example.test. 3600 1 c0000203", "7: Www.example.test. 7200 1 c0000204",
                          "8: www.example.net. 60 1 c0000205", "9: b.example.test. 60 1 c0000206"));
}

TEST(ZoneTextTest, ParenthesesJoinLines) {
  EXPECT_THAT(Read("a 5 TXT ( \"x;(\" ; not this )\n  y\n )\nb 5 A (192.0.2.1)\n( c 5\nA) 192.0.2.2\n"),
              ElementsAre("1: a.example.test. 5 16 03783b280179", "4: b.example.test. 5 1 c0000201",
                          "5: c.example.test. 5 1 c0000202"));
}

TEST(ZoneTextTest, LineEndsOfAnyKind) {
  EXPECT_THAT(Read("a 5 A 192.0.2.1\r\n\r\n  A 192.0.2.2\r\nb 5 TXT ( x\r\n y )"),
              ElementsAre("1: a.example.test. 5 1 c0000201", "3: a.example.test. 5 1 c0000202",
                          "4: b.example.test. 5 16 01780179"));
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("; only this"), IsEmpty());
}

TEST(ZoneTextTest, EscapesInNamesAndStrings) {
  EXPECT_THAT(Read("a\\.b\\065 5 TXT \"q\\\"\\\\\" \\065\\;\n"), SizeIs(1));
  EXPECT_EQ(Data("TXT \"q\\\"\\\\\" \\065\\;"), "0371225c02413b");
  EXPECT_EQ(Data("CNAME a\\.b\\065.c."), "04612e6241016300");
  EXPECT_EQ(Data("CNAME \\@"), "0140017400");
  EXPECT_EQ(Data("TXT \"\" \"a\"\"b\""), "0001610162");
}

TEST(ZoneTextTest, DirectivesHoldUntilTheNext) {
  EXPECT_THAT(
      Read("$ttl 1m\n$ORIGIN sub\na A 192.0.2.1\n$ORIGIN other.\na A 192.0.2.1\n$TTL 2m\n@ A 192.0.2.1\n"),
      ElementsAre("3: a.sub.example.test. 60 1 c0000201", "5: a.other. 60 1 c0000201", "7: other. 120 1 c0000201"));
}

// As named-checkzone reads it.
TEST(ZoneTextTest, WithoutDefaultTheLastTtlHolds) {
  EXPECT_THAT(Read("a 5 A 192.0.2.1\nb A 192.0.2.1\nc 7 A 192.0.2.1\nd A 192.0.2.1\n"),
              ElementsAre("1: a.example.test. 5 1 c0000201", "2: b.example.test. 5 1 c0000201",
                          "3: c.example.test. 7 1 c0000201", "4: d.example.test. 7 1 c0000201"));
  const auto soa = ReadZoneText("@ SOA . . 1 2 3 4 9\na 5 A 192.0.2.1\nb A 192.0.2.1\n", "z", "t");
  EXPECT_EQ(soa->records[0].ttl, 9U);
  EXPECT_EQ(soa->records[2].ttl, 9U);
}

TEST(ZoneTextTest, TtlsInUnits) {
  EXPECT_THAT(Read("a 1w2d3h4m5s A 192.0.2.1\na 1H30 A 192.0.2.1\na 2147483647 A 192.0.2.1\na 0 A 192.0.2.1\n"),
              ElementsAre("1: a.example.test. 788645 1 c0000201", "2: a.example.test. 3630 1 c0000201",
                          "3: a.example.test. 2147483647 1 c0000201", "4: a.example.test. 0 1 c0000201"));
}

TEST(ZoneTextTest, DataOfManyTypes) {
  EXPECT_EQ(Data("AAAA 2001:db8::1"), "20010db8000000000000000000000001");
  EXPECT_EQ(Data("MX 10 @"), "000a017400");
  EXPECT_EQ(Data("SRV 1 2 65535 Host"), "00010002ffff04486f7374017400");
  EXPECT_EQ(Data("SOA a b 4294967295 1h 2m 3 1w"), "01610174000162017400ffffffff00000e10000000780000000300093a80");
  EXPECT_EQ(Data("HINFO cpu \"an os\""), "0363707505616e206f73");
  EXPECT_EQ(Data("CAA 0 issue \"ca.example\""),
            "000569737375656361"
            "2e6578616d706c65");
  EXPECT_EQ(Data("DS 1 8 2 00ff ab"), "0001080200ffab");
  EXPECT_EQ(Data("DNSKEY 256 3 8 AQ ID"), "01000308010203");
  EXPECT_EQ(Data("TLSA 3 1 1 0a0B"), "0301010a0b");
  EXPECT_EQ(Data("NAPTR 1 2 S SIP+D2U \"\" _sip._udp"),
            "00010002"
            "0153"
            "075349502b443255"
            "00"
            "045f736970045f756470017400");
  EXPECT_EQ(Data("HTTPS 1 . alpn=\"h2,h3\" port=443"),
            "00010000010006026832026833000300"
            "0201bb");
  EXPECT_EQ(Data("SSHFP 1 1 0102"), "01010102");
  EXPECT_EQ(Data("NSEC b A TXT"), "01620174000003400080");
  EXPECT_EQ(Data("TYPE65280 \\# 3 01 0203"), "010203");
  EXPECT_EQ(Data("A \\# 4 c0000201"), "c0000201");
  EXPECT_EQ(Data("TYPE65280 \\# 0"), "");
}

struct Case {
  const char* title;
  std::string text;
  const char* failure;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.title; }

class FailureTest : public ::testing::TestWithParam<Case> {};

TEST_P(FailureTest, SaysWhereAndWhat) { EXPECT_THAT(Read(GetParam().text), ElementsAre(GetParam().failure)); }

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

const std::string kLabel(63, 'x');

INSTANTIATE_TEST_SUITE_P(
    Text, FailureTest,
    ::testing::Values(Case{"byte-order mark", "\xef\xbb\xbf$TTL 5\n",
                           "z:1: the file begins with a byte-order mark; save it as UTF-8 without one"},
                      Case{"zero byte", std::string("\na 5 TXT \0b", 11),
                           "z:2: there is a zero byte; a master file is text"},
                      Case{"open parenthesis", "\na 5 TXT ( x\n\n", "z:2: a \"(\" is not closed; add the \")\""},
                      Case{"closing parenthesis", "a 5 TXT ( x ) )\n",
                           "z:1: a \")\" closes nothing; remove it, or put \"\\\" before it"},
                      Case{"open quote", "a 5 TXT ( x\n \"y\nz\" )\n",
                           "z:2: a quoted string is not closed in its line; add the quotation mark"},
                      Case{"backslash at the end", "a 5 TXT x\\\n",
                           "z:1: the line ends in \"\\\"; remove it, or write the character that it should escape"},
                      Case{"long line", "\na 5 TXT " + std::string(70000, 'x'),
                           "z:2: the record is longer than 65535 characters; check its quotes and parentheses"},
                      Case{"long entry", "a 5 TXT (" + Repeat("x\n", 70000) + ")",
                           "z:1: the record is longer than 65535 characters; check its quotes and parentheses"}));

TEST(ZoneTextTest, CommentsAndBlanksAreNotPartOfTheRecord) {
  EXPECT_THAT(Read(";" + std::string(70000, 'x') + "\na 5 TXT (" + Repeat("\n", 70000) + " x )"),
              ElementsAre("2: a.example.test. 5 16 0178"));
}

INSTANTIATE_TEST_SUITE_P(
    Directives, FailureTest,
    ::testing::Values(
        Case{"$GENERATE", "$GENERATE 1-9 h$ A 192.0.2.$\n", "z:1: $GENERATE is not supported; write out the records"},
        Case{"$INCLUDE in memory", "$INCLUDE f\n",
             "z:1: $INCLUDE is not possible here; write the records into this text"},
        Case{"$INCLUDE of nothing", "$INCLUDE\n", "z:1: $INCLUDE takes a file and, if wanted, an origin"},
        Case{"unknown", "$FOO 1\n", "z:1: \"$FOO\" is no directive; known are $ORIGIN, $TTL and $INCLUDE"},
        Case{"$TTL of nothing", "$TTL\n", "z:1: $TTL takes one value"},
        Case{"$TTL of a word", "$TTL soon\n", "z:1: \"soon\" is no TTL; write seconds, or a time like 1h30m"},
        Case{"$TTL too large", "$TTL 2147483648\n",
             "z:1: the TTL \"2147483648\" is above 2147483647 seconds (RFC 2181 8)"},
        Case{"$ORIGIN of two", "$ORIGIN a b\n", "z:1: $ORIGIN takes one value"},
        Case{"$ORIGIN of no name", "$ORIGIN a..b.\n",
             "z:1: \"a..b.\" is no domain name; its labels have 1 to 63 characters, 255 in all"}));

INSTANTIATE_TEST_SUITE_P(
    Records, FailureTest,
    ::testing::Values(
        Case{"no TTL", "a A 192.0.2.1\n", "z:1: the record has no TTL, nor has one before it; add $TTL at the top"},
        Case{"TTL too large", "a 25000w A 192.0.2.1\n",
             "z:1: the TTL \"25000w\" is above 2147483647 seconds (RFC 2181 8)"},
        Case{"TTL beyond all", "a 99999999999999999999 A 192.0.2.1\n",
             "z:1: the TTL \"99999999999999999999\" is above 2147483647 seconds (RFC 2181 8)"},
        Case{"TTL of no unit", "a 5x A 192.0.2.1\n", "z:1: \"5x\" is no TTL; write seconds, or a time like 1h30m"},
        Case{"no owner", " 5 A 192.0.2.1\n",
             "z:1: the line begins with a blank, but no record before it has an owner; write one"},
        Case{"class", "a 5 CH TXT x\n", "z:1: class CH; only IN is served, remove it"},
        Case{"no type", "a 5 IN\n", "z:1: the record has no type; write owner, TTL, type and data"},
        Case{"unknown type", "a 5 FOO x\n", "z:1: \"FOO\" is no record type; check the fields before the data"},
        Case{"type beyond all", "a 5 TYPE65536 \\# 0\n",
             "z:1: \"TYPE65536\" is no record type; check the fields before the data"},
        Case{"long label", kLabel + "x 5 A 192.0.2.1\n",
             "z:1: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" is no domain name; its labels "
             "have 1 to 63 characters, 255 in all"},
        Case{"long name", kLabel + "." + kLabel + "." + kLabel + "." + kLabel.substr(0, 50) + " 5 A 192.0.2.1\n",
             "z:1: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx....\" is too long with $ORIGIN "
             "behind it; names have at most 255 bytes"}));

INSTANTIATE_TEST_SUITE_P(
    Data, FailureTest,
    ::testing::Values(
        Case{"A", "a 5 A 192.0.2.256\n", "z:1: \"192.0.2.256\" is no IPv4 address; write one like 192.0.2.1"},
        Case{"AAAA", "a 5 AAAA 192.0.2.1\n", "z:1: \"192.0.2.1\" is no IPv6 address; write one like 2001:db8::1"},
        Case{"too much", "a 5 A 192.0.2.1 192.0.2.2\n",
             "z:1: \"192.0.2.2\" is more than such a record has; remove it, or check quotes"},
        Case{"nothing", "a 5 A\n", "z:1: the data of the record are not complete"},
        Case{"too little", "a 5 MX 10\n", "z:1: the data of the record are not complete"},
        Case{"number", "a 5 MX 65536 b\n", "z:1: \"65536\" is no number from 0 to 65535"},
        Case{"negative number", "a 5 SRV -1 0 0 b\n", "z:1: \"-1\" is no number from 0 to 65535"},
        Case{"serial", "a 5 SOA a b 4294967296 1 1 1 1\n", "z:1: \"4294967296\" is no number from 0 to 4294967295"},
        Case{"period", "a 5 SOA a b 1 soon 1 1 1\n", "z:1: \"soon\" is no time in seconds, or like 1h30m"},
        Case{"string", "a 5 TXT " + std::string(256, 'x') + "\n",
             "z:1: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is no string of at most 255 "
             "bytes; split it into several"},
        Case{"base 64", "a 5 DNSKEY 256 3 8 ?\n", "z:1: \"?\" is not what stands at this place of such a record"},
        Case{"data of an unknown type", "a 5 TYPE65280 x\n",
             "z:1: data of this type can only be written as \"\\# LENGTH HEX\" (RFC 3597)"},
        Case{"data of a type that ldns does not read well", "a 5 IPSECKEY 1 1 2 192.0.2.1 AQID\n",
             "z:1: data of this type can only be written as \"\\# LENGTH HEX\" (RFC 3597)"},
        Case{"generic length", "a 5 TYPE65280 \\# 2 00\n",
             "z:1: data after \"\\#\" are their length and two hexadecimal digits for each byte"},
        Case{"generic digits", "a 5 TYPE65280 \\# 1 0g\n", "z:1: \"0g\" is no byte in hexadecimal"}));

TEST(ZoneTextTest, TheOriginMustBeAName) {
  EXPECT_FALSE(ReadZoneText("", "z", "a..b").ok());
  EXPECT_TRUE(ReadZoneText("", "z", "a.b.").ok());
  EXPECT_TRUE(ReadZoneText("", "z", ".").ok());
}

}  // namespace
}  // namespace signpost::dns
