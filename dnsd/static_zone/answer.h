// Signpost. Apache-2.0; see LICENSE.
// What a static zone says about a name (RFC 1034 4.3.2). Pure.
#pragma once

#include <cstdint>
#include <span>

#include "dnsd/static_zone/zone.h"
#include "dnsd/wire/name.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::static_zone {

struct Verdict {
  wire::Rcode rcode = wire::Rcode::kNoError;
  bool authoritative = true;
  bool truncated = false;
  // The question's name lies at or below a delegation: the records are a referral. A caller that may recurse forwards
  // instead (W171).
  bool referral = false;
  // The CNAME chain leads out of the zone, or to a name of others, to this name in wire form; it lives as long as the
  // zone and what the writer holds. Empty: it does not.
  std::span<const uint8_t> leaves;
};

// Who else has a word about names of the zone.
class Others {
 public:
  // They are asked about `name`, to which a chain has led, before the zone is.
  virtual bool GoBefore(const wire::Name& name) const = 0;

 protected:
  ~Others() = default;
};

enum class AnyPolicy : unsigned char { kHinfo, kData };

struct StaticQuestion {
  const wire::Name& name;  // the question's, or one that a CNAME led to; lies in the zone
  uint16_t type = 0;
  bool is_first = true;  // records about the question's own name; false: appended to a chain
  bool over_tcp = false;
  AnyPolicy any = AnyPolicy::kHinfo;  // ANY over UDP: one synthesised HINFO (RFC 8482) or the data
  uint32_t rotation = 0;              // turns A and AAAA sets, any number
  // False: the caller forwards what lies below a delegation. No referral is written then, and a chain that ends there
  // leaves the zone.
  bool refers = true;
  const Others* others = nullptr;  // a chain that comes to a name of theirs leaves the zone there; null: nobody
};

// Appends the answer to `writer`. At most 16 CNAMEs, else SERVFAIL; a loop ends where it meets itself. A and AAAA sets
// that do not fit are cut between two records, others are left out, both with `truncated`; over TCP that is SERVFAIL.
// Never allocates.
Verdict AnswerFrom(const Zone& zone, const StaticQuestion& question, wire::ResponseWriter& writer);

}  // namespace signpost::static_zone
