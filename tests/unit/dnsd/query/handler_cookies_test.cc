// Signpost. Apache-2.0; see LICENSE.
// DNS cookies as the handler deals with them (RFC 7873, RFC 9018).
#include "tests/unit/dnsd/query/sources_side.h"

namespace signpost::query {
namespace {

using test::Hex;
using test::Question;
using test::Reply;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uint16_t kCookie = 10;
constexpr char kClient[] = "0011223344556677";
constexpr uint32_t kWall = 0x65a0bc00;
const std::vector<uint8_t> kStranger = {198, 51, 100, 1};

class HandlerCookiesTest : public SourcesSide {
 protected:
  HandlerCookiesTest() { world.From(kStranger, kWall); }

  static Question Web(std::string_view cookie) {
    return Question("web.service.consul", "A").Edns(1232).Option(kCookie, cookie);
  }
  // The server's whole cookie as it was `ago` seconds ago.
  std::string Made(uint32_t ago = 0, const CookieKeys* keys = nullptr) {
    const CookieKeys& key = keys != nullptr ? *keys : world.handler().policy().cookie_keys;
    return Digits(key.Make(Hex(kClient), kStranger, kWall - ago));
  }
  static std::string Digits(std::span<const uint8_t> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    return text;
  }
  // The option as it stands in a reply.
  std::string Fresh() { return "000a0018" + Made(); }
  // From now on only who shows a good cookie is answered.
  void EndPatience() {
    world.Follow([](Policy& policy) { policy.responses_per_second = 1; });
    for (int i = 0; i < 10; ++i) world.Ask("web.service.consul", "A");
  }
  bool IsExempt(const std::string& cookie) {
    for (int i = 0; i < 6; ++i) {
      if (world.Ask(Web(cookie)).answer.empty()) return false;
    }
    return true;
  }
};

TEST_F(HandlerCookiesTest, AClientsCookieGetsTheServersPart) {  // W113
  const Reply reply = world.Ask(Web(kClient));
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.answer.size(), 1U);
  EXPECT_THAT(reply.opt_data, StartsWith("000a0018"
                                         "0011223344556677"
                                         "01000000"
                                         "65a0bc00"));
  EXPECT_EQ(reply.opt_data, Fresh());
}

TEST_F(HandlerCookiesTest, WithoutOneNoneIsSent) {
  EXPECT_EQ(world.Ask(Question("web.service.consul", "A").Edns(1232)).opt_data, "");
}

TEST_F(HandlerCookiesTest, AWrongOneGetsTheAnswerAndTheRightOne) {  // W114
  const std::string wrong = std::string(kClient) +
                            "01000000"
                            "65a0bc00"
                            "ffffffffffffffff";
  const Reply reply = world.Ask(Web(wrong));
  EXPECT_EQ(reply.rcode, "NOERROR") << "not BADCOOKIE";
  EXPECT_EQ(reply.answer.size(), 1U);
  EXPECT_EQ(reply.opt_data, Fresh());
  EndPatience();
  EXPECT_FALSE(IsExempt(wrong));
}

TEST_F(HandlerCookiesTest, ARightOneGetsAllItsAnswers) {  // W115
  EndPatience();
  EXPECT_TRUE(IsExempt(Made()));
  EXPECT_FALSE(IsExempt(kClient));
  world.From({198, 51, 100, 2}, kWall);
  EXPECT_FALSE(IsExempt(Made())) << "it is of another address";
}

TEST_F(HandlerCookiesTest, LengthsThatAreNone) {  // W116
  for (const size_t size : {1, 4, 7, 12, 15, 41, 100}) {
    const Reply reply = world.Ask(Web("ab*" + std::to_string(size)));
    EXPECT_EQ(reply.rcode, "FORMERR") << size;
    EXPECT_THAT(reply.answer, ::testing::IsEmpty()) << size;
  }
  for (const size_t size : {8, 16, 24, 40}) {
    EXPECT_EQ(world.Ask(Web("ab*" + std::to_string(size))).rcode, "NOERROR") << size;
  }
}

TEST_F(HandlerCookiesTest, TheFirstOfTwoCounts) {  // W117
  EXPECT_EQ(world.Ask(Web(kClient).Option(kCookie, "ffffffffffffffff")).opt_data, Fresh());
}

TEST_F(HandlerCookiesTest, HasItsPlaceInAFullAnswer) {  // W118
  world.Add(test::ManyInstances("many", 100));
  for (const uint16_t size : std::initializer_list<uint16_t>{512, 600, 1232}) {
    const Reply reply = world.Ask(Question("many.service.consul", "A").Edns(size).Option(kCookie, kClient));
    EXPECT_EQ(reply.problem, "") << size;
    EXPECT_LE(reply.bytes.size(), size);
    EXPECT_TRUE(reply.truncated());
    EXPECT_FALSE(reply.answer.empty());
    EXPECT_THAT(reply.opt_data, HasSubstr(Fresh())) << size;
  }
}

TEST_F(HandlerCookiesTest, LastAnHour) {  // W119
  EndPatience();
  EXPECT_TRUE(IsExempt(Made(3600)));
  EXPECT_FALSE(IsExempt(Made(3601)));
  EXPECT_TRUE(IsExempt(Made(0U - 300)));
  EXPECT_FALSE(IsExempt(Made(0U - 301)));
}

TEST_F(HandlerCookiesTest, OutliveOneChangeOfKeys) {
  const CookieKeys old = world.handler().policy().cookie_keys;
  const auto rotate = [](Policy& policy) { policy.cookie_keys = policy.cookie_keys.Rotated(); };
  world.Follow(rotate);
  EndPatience();
  EXPECT_TRUE(IsExempt(Made(0, &old)));
  world.Follow(rotate);
  EXPECT_FALSE(IsExempt(Made(0, &old)));
}

TEST_F(HandlerCookiesTest, MayBeAskedForAlone) {  // W33, RFC 7873 5.4
  const std::string head = "1234 0000 0000 0000 0000 0001 00 0029 04d0 00";
  const auto ask = [&](const char* version_and_option) { return world.AskBytes(Hex(head + version_and_option)); };
  constexpr char kAlone[] = "00 0000 000c 000a0008 0011223344556677";
  const Reply reply = ask(kAlone);
  EXPECT_EQ(reply.rcode, "NOERROR");
  EXPECT_EQ(reply.question, "");
  EXPECT_EQ(reply.opt_data, Fresh());
  EXPECT_EQ(ask("01 0000 000c 000a0008 0011223344556677").rcode, "BADVERS");
  EXPECT_EQ(ask("00 0000 0000").rcode, "FORMERR") << "there is nothing else to ask for";
  world.Follow([](Policy& policy) { policy.cookies = false; });
  EXPECT_EQ(ask(kAlone).rcode, "FORMERR");
  EXPECT_EQ(world.counters().types[static_cast<size_t>(TypeBucket::kNone)].value(), 4U);
}

TEST_F(HandlerCookiesTest, GoWithEveryRcode) {  // W101
  EXPECT_EQ(world.Ask(Web(kClient).EdnsVersion(1)).rcode, "BADVERS");
  EXPECT_EQ(world.Ask(Web(kClient).EdnsVersion(1)).opt_data, Fresh());
  const Reply refused = world.Ask(Question("www.example.com", "A").Edns(1232).Option(kCookie, kClient));
  EXPECT_EQ(refused.rcode, "REFUSED");
  EXPECT_THAT(refused.opt_data, HasSubstr(Fresh()));
}

TEST_F(HandlerCookiesTest, NotIfTheOperatorDoesNotWantThem) {
  const std::string good = Made();
  world.Follow([](Policy& policy) { policy.cookies = false; });
  EXPECT_EQ(world.Ask(Web(kClient)).opt_data, "");
  EXPECT_EQ(world.Ask(Web(kClient)).rcode, "NOERROR");
  for (const char* malformed : {"", "abab", "ab*9", "ab*41"}) {
    const Reply reply = world.Ask(Web(malformed));
    EXPECT_EQ(reply.rcode, "NOERROR") << "an option like any that is not known (RFC 6891 6.1.2): " << malformed;
    EXPECT_EQ(reply.opt_data, "") << malformed;
  }
  EndPatience();
  EXPECT_FALSE(IsExempt(good));
}

TEST_F(HandlerCookiesTest, AClientWithoutAnAddressHasNone) {
  world.From({}, kWall);
  EXPECT_EQ(world.Ask(Web(kClient)).opt_data, "");
}

TEST_F(HandlerCookiesTest, ASlippedReplyBringsTheCookieThatHelps) {
  EndPatience();
  Reply reply;
  for (int i = 0; i < 2 && reply.flags != "tc"; ++i) reply = world.Ask(Web(kClient));
  EXPECT_EQ(reply.flags, "tc");
  EXPECT_EQ(reply.opt_data, Fresh()) << "RFC 7873 5.2";
}

}  // namespace
}  // namespace signpost::query
