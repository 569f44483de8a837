// Signpost. Apache-2.0; see LICENSE.
// Reads an upstream's reply. Everything is checked, in the order F02 to F18 of tests/cases; what survives is rebuilt
// into an Answer. Pure: hostile bytes give a verdict, never more. Work is bounded by the message's length.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dnsd/resolver/answer.h"
#include "dnsd/resolver/question.h"
#include "dnsd/resolver/upstream_cookie.h"

namespace signpost::resolver {

enum class ReplyVerdict : unsigned char {
  kIgnore,      // not an answer to what was asked (F02-F04): keep listening
  kOtherCase,   // likewise, but for nothing else than the letter case of the question
  kNoQuestion,  // likewise: a header that shows no letters, where they are a secret
  kNoCookie,    // likewise, but for our cookie (F05): another is there, or none where this upstream has shown them
  kBadCookie,   // the upstream wants the one that it sent along: ask again with that
  kTruncated,   // TC: ask again over TCP (F06)
  kNoEdns,      // FORMERR, NOTIMP or BADVERS to a query with OPT: ask again without (F07)
  kServFail,    // the upstream failed: next one
  kRefused,     // likewise
  kBad,         // NOTAUTH and other rcodes, or a message that cannot be believed (F08-F13, F18): next one
  kLoop,        // a CNAME chain that meets itself or has more than 16 links: SERVFAIL, EDE 24
  kChase,       // a CNAME chain without its end, or with one that others have to say: `answer` has the links, `chase`
                // is the name to ask for
  kAnswer,      // NOERROR or NXDOMAIN: `answer` is complete
};

// Zones in wire form, folded.
using ZoneNames = std::set<std::string, std::less<>>;

// What of the policy bears on reading.
struct ReplyRules {
  uint32_t max_ttl = 86400;  // seconds
  uint32_t min_ttl = 0;
  uint32_t max_negative_ttl = 900;
  bool rebind_protection = false;  // drop records with private addresses (F16) ...
  ZoneNames rebind_allowed;        // ... unless the question lies in one of these: that is the name a browser trusts
  // The longest zone that a name lies in says whose it is: ours, a route's, or that of the default upstreams. Ours goes
  // before a route's of the same name.
  ZoneNames own_zones;  // what upstreams say about names in these is dropped (F30)
  ZoneNames routed;     // only their own upstreams are asked about names in these (F67)

  bool operator==(const ReplyRules&) const = default;
};

enum class Holder : unsigned char {
  kSame,    // whose data they are that were asked for
  kOurs,    // not to be taken from upstream
  kRoute,   // to be asked for by their own route
  kPublic,  // taken as they come
};
// Who has the data of `name` when it is met in an answer to a question about `asked`. A name in one of our zones that
// was asked for all the same is delegated there, and so are its neighbours (W171).
Holder HolderOf(std::span<const uint8_t> name, std::string_view asked, const ReplyRules& rules);
// The question may be answered with private addresses.
bool MayBePrivate(const Question& question, const ReplyRules& rules);

struct SentQuestion {
  const Question& question;
  uint16_t id = 0;
  bool with_edns = true;
  bool over_tcp = false;
  std::string_view spelling;     // the name as it was sent, if its letter case is a secret (0x20)
  Cookie cookie;                 // what was sent of it; none without OPT
  bool cookie_expected = false;  // a datagram must have one; none must have another
  bool keeps_case = true;        // a reply must have it so; else it may have any, and an answer never shows the secret
};

struct Reply {
  ReplyVerdict verdict = ReplyVerdict::kIgnore;
  std::shared_ptr<Answer>
      answer;              // kAnswer, kChase: received_ms, expires_ms set from `now_ms`; route is the caller's to set
  std::string chase;       // kChase: wire form, folded
  bool had_edns = false;   // the reply had an OPT: this upstream speaks EDNS
  Cookie cookie;           // with both parts, the first being ours
  bool kept_case = false;  // the question had the letters that were sent, and some of these were upper ones
  std::optional<wire::Ede> ede;  // with kServFail, kRefused: what the upstream said about it
  std::string ede_text;          // at most 64 bytes
};

// `bytes`: a whole message, at most 65,535 bytes.
Reply ReadReply(std::span<const uint8_t> bytes, const SentQuestion& sent, const ReplyRules& rules, uint64_t now_ms);

// The links of a chase and what its last name led to, as one answer to the first question, which decides about private
// addresses. Null when together they have more than 16 links or meet themselves.
std::shared_ptr<Answer> Join(const Answer& links, const Answer& end, const ReplyRules& rules);

// The query: own random id, the name as spelled, RD set, CD as asked; OPT with our size, DO as asked and the hop mark
// (8 bytes, see wire::edns_option::kHop), and the cookie, unless `with_edns` is false.
std::vector<uint8_t> BuildQuery(const SentQuestion& sent, std::span<const uint8_t> hop);

}  // namespace signpost::resolver
