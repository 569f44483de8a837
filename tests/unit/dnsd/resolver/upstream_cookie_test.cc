// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/upstream_cookie.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/dns/question.h"

namespace signpost::resolver {
namespace {

using test::Bytes;

constexpr SipKey kSecret = {1, 2, 3};
constexpr uint64_t kNow = 1'000'000;

net::SocketAddress At(const char* address) { return net::SocketAddress::Parse(address, 53).value(); }
Bytes Of(const Cookie& cookie) { return {cookie.wire().begin(), cookie.wire().end()}; }
Cookie Shown(const Cookie& ours, size_t server, uint8_t fill = 0xcc) {
  Bytes data(ours.client().begin(), ours.client().end());
  data.resize(data.size() + server, fill);
  return Cookie::OfReply(data);
}

TEST(Cookie, EachUpstreamGetsAnother) {
  std::set<Bytes> seen;
  for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.1:54", "[2001:db8::1]:53", "[::ffff:192.0.2.1]:53"}) {
    const Cookie cookie = Cookie::OfClient(kSecret, At(address));
    EXPECT_EQ(cookie.wire().size(), 8U);
    EXPECT_FALSE(cookie.has_server());
    EXPECT_TRUE(seen.insert(Of(cookie)).second) << address;
    EXPECT_EQ(Of(Cookie::OfClient(kSecret, At(address))), Of(cookie)) << "and always the same";
    EXPECT_NE(Of(Cookie::OfClient(SipKey{4}, At(address))), Of(cookie)) << "which others cannot know";
  }
}

TEST(Cookie, OfAReplyHasBothParts) {  // RFC 7873 5.3
  for (size_t size = 0; size <= 64; ++size) {
    const Cookie cookie = Cookie::OfReply(Bytes(size, 0xab));
    const bool good = size >= 16 && size <= 40;
    EXPECT_EQ(!cookie.empty(), good) << size;
    EXPECT_EQ(cookie.wire().size(), good ? size : 0) << size;
    EXPECT_EQ(cookie.client().size(), good ? 8U : 0U) << size;
  }
}

TEST(UpstreamCookie, IsSentBackOnceShown) {
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  UpstreamCookie known(ours);
  EXPECT_EQ(Of(known.next(kNow)), Of(ours));
  EXPECT_FALSE(known.shows(kNow));
  known.OnShown(Shown(ours, 16), kNow);
  EXPECT_EQ(Of(known.next(kNow)), Of(Shown(ours, 16)));
  known.OnShown(Shown(ours, 32, 0xdd), kNow);
  EXPECT_EQ(Of(known.next(kNow)), Of(Shown(ours, 32, 0xdd))) << "the latest";
  EXPECT_TRUE(known.shows(kNow + 1'000'000'000)) << "however long nothing is asked";
}

TEST(UpstreamCookie, IsForgottenWhenItIsLost) {
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  UpstreamCookie known(ours);
  known.OnShown(Shown(ours, 8), kNow);
  known.OnLost();
  EXPECT_FALSE(known.shows(kNow));
  EXPECT_EQ(Of(known.next(kNow)), Of(ours)) << "ours stays";
}

TEST(UpstreamCookie, IsWaitedForTenMinutesFromTheFirstThatIsMissing) {
  constexpr uint64_t kLong = UpstreamCookie::kMissedForMs;
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  UpstreamCookie known(ours);
  known.OnShown(Shown(ours, 16), kNow);
  known.OnMissed(kNow + 5);
  known.OnMissed(kNow + 100);
  EXPECT_TRUE(known.shows(kNow + 5 + kLong - 1));
  EXPECT_FALSE(known.shows(kNow + 5 + kLong));
  EXPECT_EQ(Of(known.next(kNow + 5 + kLong)), Of(ours)) << "as one that has shown none";
  known.OnShown(Shown(ours, 16), kNow + 5 + kLong);
  EXPECT_TRUE(known.shows(kNow + 3 * kLong)) << "the next time is another matter";
}

TEST(UpstreamCookie, AnotherOfOursGoesOutAndOneIsExpectedStill) {
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  const Cookie renewed = Cookie::OfClient(SipKey{4}, At("192.0.2.1"));
  UpstreamCookie known(ours);
  known.OnShown(Shown(ours, 16), kNow);
  known.Renew(renewed);
  EXPECT_EQ(Of(known.next(kNow)), Of(renewed));
  EXPECT_TRUE(known.shows(kNow));
  known.OnShown(Shown(ours, 16), kNow);
  EXPECT_EQ(Of(known.next(kNow)), Of(renewed)) << "a late reply brings the old one";
  known.OnShown(Shown(renewed, 16), kNow);
  EXPECT_EQ(Of(known.next(kNow)), Of(Shown(renewed, 16)));
}

// 's' shown, 'm' missed, 'l' lost, '+' ten minutes later; upper case: that is news.
TEST(UpstreamCookie, IsNewsOncePerChange) {
  struct Case {
    const char* what;
    const char* events;
  };
  constexpr Case kCases[] = {
      {"never shown", "mmm+m"},
      {"missed", "sMmm+mm"},
      {"and back", "sMm+SssMm"},
      {"lost and back", "sMl+S"},
      {"lost, then other cookies", "sMlmm+mS"},
      {"comes and goes", "sMsmsmsm+SsM"},
      {"came back at once", "sMs+Ss"},
      {"lapsed, then lost again", "sM+mS+M"},
  };
  for (const Case& c : kCases) {
    const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
    UpstreamCookie known(ours);
    uint64_t now_ms = kNow;
    std::string seen;
    for (const char event : std::string_view(c.events)) {
      if (event == '+') now_ms += UpstreamCookie::kMissedForMs;
      if (event == 'l') known.OnLost();
      if (event == 's' || event == 'S') seen += known.OnShown(Shown(ours, 16), now_ms) ? 'S' : 's';
      if (event == 'm' || event == 'M') seen += known.OnMissed(now_ms) ? 'M' : 'm';
      if (event == '+' || event == 'l') seen += event;
    }
    EXPECT_EQ(seen, c.events) << c.what;
  }
}

}  // namespace
}  // namespace signpost::resolver
