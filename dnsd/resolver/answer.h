// Signpost. Apache-2.0; see LICENSE.
// One answer of the forwarder: validated, rebuilt, immutable, shared by all loops. Never the upstream's own bytes.
// A failure is an answer too: SERVFAIL, no records, and the reason.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dnsd/resolver/answer_names.h"
#include "dnsd/resolver/question.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::resolver {

// Where a record stands in the rendered body.
struct RecordPlace {
  uint16_t offset = 0;  // from the begin of the body
  uint16_t size = 0;
  uint16_t ttl_at = 0;  // offset of the TTL field, from the begin of the body
  uint16_t type = 0;
  uint32_t ttl = 0;  // seconds, at `received_ms`; capped, equal within an RRset (F17)
  wire::Section section = wire::Section::kAnswer;
};

struct Answer {
  Question question;
  wire::Rcode rcode = wire::Rcode::kNoError;
  std::optional<wire::Ede> ede;  // of a failure, or passed on from the upstream (text trimmed)
  std::string ede_text;
  // The records as they follow header and question of a message about `question`, names compressed against it.
  std::vector<uint8_t> body;
  std::vector<RecordPlace> records;  // in section order; in the answer section CNAMEs stand in chain order first
  // The last records of the answer section, its signatures aside, if they are one RRset of equal-sized records (A,
  // AAAA): may be rotated.
  uint16_t rotate_first = 0, rotate_count = 0;
  bool failure = false;
  bool truncated = false;    // a failure: what there is needs TCP, and that failed. Over UDP clients get TC=1 instead
  bool cacheable = true;     // false: for those who wait for it only (TTL 0, over 16 kB, negative without SOA)
  uint32_t route = 0;        // the route it came by (Routes::Find), so that a change of routes finds it
  uint64_t received_ms = 0;  // monotonic
  uint64_t expires_ms = 0;   // received + the lowest TTL of the records; of a failure: when to try again
  uint32_t upstream = 0;     // index into the upstreams at the time, for explain
  // Of a failure: the CNAMEs that lead to the name that failed, if any. Not shown with it; who knows better about one
  // of their targets goes on from there.
  std::shared_ptr<const Answer> failed_chain;

  // What the cache counts for it.
  size_t bytes() const {
    return sizeof(Answer) + question.name.size() + body.size() + records.size() * sizeof(RecordPlace) +
           ede_text.size() + (failed_chain ? failed_chain->bytes() : 0);
  }
};

enum class Age : unsigned char {
  kFresh,  // TTLs count down from what they were
  kStale,  // every TTL is kStaleTtl (RFC 8767 4)
};
inline constexpr uint32_t kStaleTtl = 30;

// How writing ended.
struct Written {
  bool truncated = false;  // what was left out mattered: set TC (over UDP)
};

// Appends the answer's records to a reply whose question is the answer's. `rotation` turns the last RRset, any number.
// When the size limit cuts: additional records go first, without TC; of A and AAAA sets whole records that fit stay;
// other answers leave empty (W129). Never allocates.
Written WriteAnswer(const Answer& answer, Age age, uint64_t now_ms, uint32_t rotation, wire::ResponseWriter& writer);

// Appends the answer section, and the SOA of a negative answer, to a reply about another name: a CNAME led here. Of all
// that the first `most` records.
inline constexpr size_t kAllRecords = ~size_t{0};
Written AppendToChain(const Answer& answer, Age age, uint64_t now_ms, wire::ResponseWriter& writer,
                      size_t most = kAllRecords);

// Appends the first `count` records to a reply whose question is the answer's: links of its chain, which others go on
// with. All or nothing.
Written WriteLinks(const Answer& answer, Age age, uint64_t now_ms, size_t count, wire::ResponseWriter& writer);
// The name that a record leads to, a CNAME of `answer`.
FlatName TargetOf(const Answer& answer, const RecordPlace& cname);

// A failure that counts until `now_ms` + `keep_ms`.
std::shared_ptr<Answer> MakeFailure(Question question, wire::Ede ede, std::string text, uint64_t now_ms,
                                    uint64_t keep_ms, bool truncated = false);

}  // namespace signpost::resolver
