// Signpost. Apache-2.0; see LICENSE.
// Any bytes as a cookie: nothing that we did not make is ours, whatever is ours is so for its client, address and hour
// only, and a query that carries the bytes is read, or refused, by their number alone. Input: one byte of switches
// (1 IPv6, 2 no question), 16 bytes of address, 4 of time, then the cookie.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "dnsd/query/cookies.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"
#include "tests/fuzz/check.h"
#include "tests/support/dns/decode.h"

namespace signpost::fuzz {
namespace {

using query::CookieKeys;
using Bytes = std::span<const uint8_t>;

constexpr SipKey kSecret = {0x6e, 0x6f, 0x20, 0x6f, 0x6e, 0x65, 0x20, 0x6b,
                            0x6e, 0x6f, 0x77, 0x73, 0x20, 0x69, 0x74, 0};

void CheckOurs(const CookieKeys& keys, Bytes cookie, Bytes ip, uint32_t now, uint8_t spot) {
  const CookieKeys::Cookie ours = keys.Make(cookie, ip, now);
  Demand(std::equal(ours.begin(), ours.begin() + 8, cookie.begin()), "the client finds its part");
  Demand(keys.Verify(ours, ip, now) && keys.Verify(ours, ip, now + 3600), "ours is ours for an hour");
  Demand(!keys.Verify(ours, ip, now + 3601) && !keys.Verify(ours, ip, now - 301), "and no longer");
  Demand(keys.Rotated().Verify(ours, ip, now), "a new key keeps it");
  CookieKeys::Cookie changed = ours;
  changed[spot % changed.size()] ^= static_cast<uint8_t>(spot | 1);
  Demand(!keys.Verify(changed, ip, now), "a changed one is not ours");
  std::vector<uint8_t> elsewhere(ip.begin(), ip.end());
  elsewhere.back() ^= 1;
  Demand(!keys.Verify(ours, elsewhere, now), "nor is one of another address");
}

void CheckQuery(const CookieKeys& keys, Bytes cookie, Bytes ip, uint32_t now, bool has_question) {
  std::vector<uint8_t> packet(1024);
  ByteWriter writer(packet);
  const auto words = [&](std::initializer_list<size_t> list) {
    for (const size_t word : list) writer.U16(static_cast<uint16_t>(word));
  };
  words({0x1234, 0x0100, has_question ? size_t{1} : 0, 0, 0, 1});
  if (has_question) {
    writer.U8(0);
    words({wire::type::kA, wire::dns_class::kIn});
  }
  writer.U8(0);
  words({wire::type::kOpt, 1232, 0, 0, 4 + cookie.size(), wire::edns_option::kCookie, cookie.size()});
  writer.Bytes(cookie);

  wire::Query query;
  const wire::Verdict verdict = wire::ParseQuery(writer.written(), query);
  if (cookie.size() != 8 && (cookie.size() < 16 || cookie.size() > 40)) {
    return Demand(verdict == wire::Verdict::kMalformedOpt && query.edns.cookie.empty(),
                  "a cookie of another size is none");
  }
  Demand(verdict == (has_question ? wire::Verdict::kQuery : wire::Verdict::kCookieOnly),
         "a cookie is good for a query");
  Demand(std::ranges::equal(query.edns.cookie, cookie), "the cookie is what was sent");
  const CookieKeys::Cookie ours = keys.Make(query.edns.cookie, ip, now);
  std::vector<uint8_t> out(512);
  wire::ResponseWriter response(out, out.size(), query, {.cookie = ours});
  const size_t size = response.Finish({.ede = wire::Ede::kOther, .ede_text = "text"});
  const test::Reply reply = test::Decode(std::span(out).first(size), out.size());
  Demand(reply.problem.empty(), reply.problem);
  Demand(reply.has_opt && reply.opt_data.starts_with("000a0018"), "the cookie comes back");
}

void Check(Bytes bytes) {
  if (bytes.size() < 21) return;
  const CookieKeys keys(kSecret);
  const uint8_t switches = bytes[0];
  const Bytes ip = bytes.subspan(1, (switches & 1) != 0 ? 16 : 4);
  const uint32_t now = LoadU32(&bytes[17]);
  const Bytes cookie = bytes.subspan(21, std::min<size_t>(bytes.size() - 21, 512));
  Demand(!keys.Verify(cookie, ip, now), "what we did not make is not ours");
  if (cookie.size() >= 8) CheckOurs(keys, cookie, ip, now, cookie.back());
  CheckQuery(keys, cookie, ip, now, (switches & 2) == 0);
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signpost::fuzz::Check({data, size});
  return 0;
}
