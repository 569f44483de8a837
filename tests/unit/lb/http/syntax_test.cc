// Signpost. Apache-2.0; see LICENSE.
#include "lb/http/syntax.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace signpost::lb::test {
namespace {

using testing::ElementsAre;

TEST(SkipValue, StopsAtEveryControlWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool stops = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    for (size_t at = 0; at < 20; ++at) {
      std::string text(20, 'a');
      text[at] = static_cast<char>(byte);
      const char* const end = text.data() + text.size();
      EXPECT_EQ(SkipValue(text.data(), end) - text.data(), static_cast<ptrdiff_t>(stops ? at : 20))
          << byte << " at " << at;
    }
  }
}

TEST(SkipValue, HighBytesBesideControlsAreNoControls) {
  const std::string text = "\x80\xff\x9f\xa0\t\x81\xfe\x7f";
  EXPECT_EQ(SkipValue(text.data(), text.data() + text.size()) - text.data(), 7);
}

TEST(Characters, TokensAreThoseOfRfc9110) {
  const std::string others = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool token = byte < 128 && byte > 0 && (std::isalnum(byte) != 0 || others.find(c) != std::string::npos);
    EXPECT_EQ(IsChar(c, kTokenChar), token) << byte;
  }
}

TEST(NextElement, SkipsWhatIsEmpty) {
  std::string_view list = " a ,, b\t,c d, ";
  std::vector<std::string_view> elements;
  for (std::string_view element; NextElement(list, element);) elements.push_back(element);
  EXPECT_THAT(elements, ElementsAre("a", "b", "c d"));
}

TEST(ConnectionWishes, CollectsTheNamesOfFieldsOnce) {
  ConnectionWishes wishes;
  std::vector<std::string_view> names;
  EXPECT_TRUE(wishes.Add("close, X-A ,,Cookie, TE", names));
  EXPECT_TRUE(wishes.Add("Upgrade,keep-alive\t,x-b", names));
  EXPECT_THAT(names, ElementsAre("X-A", "x-b")) << "case H101: Cookie is kept";
  EXPECT_TRUE(wishes.close && wishes.upgrade && wishes.keep_alive);
  EXPECT_TRUE(ContainsName(names, "X-B"));
  EXPECT_FALSE(ContainsName(names, "X"));
  EXPECT_FALSE(ContainsName(names, "Cookie"));
}

TEST(ConnectionWishes, CountsElementsOfAllFieldsEmptyOnesToo) {
  for (const std::string element : {"x,", ","}) {
    ConnectionWishes wishes;
    std::vector<std::string_view> names;
    for (int field = 0; field < 16; ++field) EXPECT_TRUE(wishes.Add(element, names)) << field;
    EXPECT_FALSE(wishes.Add("", names));
  }
}

TEST(ParseLength, OverflowIsSeenAtEveryDigit) {
  uint64_t length = 0;
  EXPECT_TRUE(ParseLength("9223372036854775807", length));
  EXPECT_EQ(length, 9223372036854775807U);
  EXPECT_TRUE(ParseLength("0000000000000000000000000000003", length));
  EXPECT_EQ(length, 3U);
  for (const char* const bad : {"", "9223372036854775808", "18446744073709551616", "18446744073709551619",
                                "99999999999999999999999", "1 ", " 1", "1a", "+1", "-1", "1,1"}) {
    EXPECT_FALSE(ParseLength(bad, length)) << bad;
  }
}

TEST(IsAuthority, NamesAddressesAndPorts) {
  for (const char* const good : {"a", "a.example", "A.example.", "a_b", "192.0.2.1:80", "a:", "a:1", "a:65535", "[::1]",
                                 "[2001:db8::1]:80", "[::ffff:192.0.2.1]:1"}) {
    EXPECT_TRUE(IsAuthority(good)) << good;
  }
  for (const char* const bad :
       {"",    ":80", "a:0", "a:65536", "a:100000", "a:-1", "a:1:2",  "a b",     "a,b",       "a/b",      "a@b",
        "a?b", "a#b", "%61", "a\\b",    "[]",       "[::1", "[::1]x", "[::1]:x", "[1.2.3.4]", "[::1%lo]", "::1"}) {
    EXPECT_FALSE(IsAuthority(bad)) << bad;
  }
  EXPECT_FALSE(IsAuthority(std::string_view("[::1\0x]", 7)));
}

TEST(TraitsOf, FindsEveryNameInAnyCase) {
  EXPECT_EQ(TraitsOf("Host").known, KnownField::kHost);
  EXPECT_EQ(TraitsOf("TE").known, KnownField::kTe);
  EXPECT_EQ(TraitsOf("CONTENT-LENGTH").known, KnownField::kContentLength);
  EXPECT_EQ(TraitsOf("transfer-encodinG").known, KnownField::kTransferEncoding);
  EXPECT_EQ(TraitsOf("Keep-Alive").known, KnownField::kHopByHop);
  EXPECT_EQ(TraitsOf("Proxy-Authentication-Info").known, KnownField::kHopByHop);
  EXPECT_EQ(TraitsOf("Hosts").known, KnownField::kOther);
  EXPECT_EQ(TraitsOf("").known, KnownField::kOther);
  EXPECT_EQ(TraitsOf(std::string(1000, 'x')).known, KnownField::kOther);
}

TEST(TraitsOf, WhatIsKeptAndWhatNoTrailerIs) {
  for (const char* const name : {"Host", "Content-Length", "Transfer-Encoding", "Authorization", "Cookie", "Set-Cookie",
                                 "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Cache-Control"}) {
    EXPECT_TRUE(TraitsOf(name).kept) << name;
    EXPECT_TRUE(TraitsOf(name).no_trailer) << name;
  }
  for (const char* const name : {"TE", "Connection", "Upgrade", "Proxy", "Keep-Alive"}) {
    EXPECT_FALSE(TraitsOf(name).kept) << name;
    EXPECT_TRUE(TraitsOf(name).no_trailer) << name;
  }
  EXPECT_FALSE(TraitsOf("X-Checksum").no_trailer);
}

TEST(SameName, IsAboutLettersOnly) {
  EXPECT_TRUE(SameName("aZ-9", "Az-9"));
  EXPECT_FALSE(SameName("a", "ab"));
  EXPECT_FALSE(SameName("@", "`")) << "0x40 and 0x60 differ in the bit of case, and are no letters";
  EXPECT_FALSE(SameName("-", "\r"));
}

}  // namespace
}  // namespace signpost::lb::test
