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
  EXPECT_EQ(Of(known.next()), Of(ours));
  EXPECT_FALSE(known.shows(kNow));
  known.OnReply({}, kNow);
  EXPECT_EQ(Of(known.next()), Of(ours));
  known.OnReply(Shown(ours, 16), kNow);
  EXPECT_EQ(Of(known.next()), Of(Shown(ours, 16)));
  EXPECT_TRUE(known.shows(kNow));
  known.OnReply(Shown(ours, 32, 0xdd), kNow);
  EXPECT_EQ(Of(known.next()), Of(Shown(ours, 32, 0xdd))) << "the latest";
}

TEST(UpstreamCookie, IsForgottenWhenABelievedReplyHasNone) {
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  UpstreamCookie known(ours);
  known.OnReply(Shown(ours, 8), kNow);
  known.OnReply({}, kNow);
  EXPECT_FALSE(known.shows(kNow));
  EXPECT_EQ(Of(known.next()), Of(ours)) << "ours stays";
}

TEST(UpstreamCookie, IsNotWaitedForForever) {
  const Cookie ours = Cookie::OfClient(kSecret, At("192.0.2.1"));
  UpstreamCookie known(ours);
  known.OnReply(Shown(ours, 16), kNow);
  EXPECT_TRUE(known.shows(kNow + UpstreamCookie::kShownForMs - 1));
  EXPECT_FALSE(known.shows(kNow + UpstreamCookie::kShownForMs));
  EXPECT_EQ(Of(known.next()), Of(Shown(ours, 16))) << "it may still know it";
}

}  // namespace
}  // namespace signpost::resolver
