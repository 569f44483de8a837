// Signpost. Apache-2.0; see LICENSE.
// The records of a message taken apart: every name decompressed, all bytes in one block of memory. Then chosen from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dnsd/resolver/answer.h"
#include "dnsd/resolver/answer_names.h"

namespace signpost::resolver {

namespace record_type {  // that only upstreams' replies make us know (RFC 4034, 5155, 9460)
inline constexpr uint16_t kRrsig = 46, kNsec = 47, kNsec3 = 50, kSvcb = 64, kHttps = 65;
}

// A record as it stands in a message. RDATA lies at [rdata_at, next).
struct RecordHead {
  FlatName owner;
  uint16_t type = 0;
  uint16_t klass = 0;
  uint32_t ttl = 0;
  size_t rdata_at = 0;
  size_t next = 0;
};

// False when it does not lie within the message.
bool ReadRecordHead(const MessageView& message, size_t at, RecordHead& head);

struct ReplyRecord {
  wire::Section section = wire::Section::kAnswer;
  bool kept = false;
  uint16_t type = 0;
  uint16_t covered = 0;  // of an RRSIG
  uint32_t ttl = 0;
  uint32_t owner = 0;  // equal for equal names, after Index
  uint32_t name_at = 0, name_size = 0;
  uint32_t rdata_at = 0, rdata_size = 0;
};

class ReplyRecords {
 public:
  // False when the RDATA is not made as its type demands.
  bool Add(wire::Section section, const MessageView& message, const RecordHead& head);
  // What `answer` has, with TTLs as they are `elapsed_ms` after it came.
  void AddBody(const Answer& answer, uint64_t elapsed_ms);
  // To be called once, when all records of the message are there.
  void Index();
  // A CNAME that a DNAME stands for, in the answer section. Returns its index.
  uint32_t AddCname(std::span<const uint8_t> owner, std::span<const uint8_t> target, uint32_t ttl);

  std::vector<ReplyRecord>& all() { return records_; }
  const std::vector<ReplyRecord>& all() const { return records_; }
  std::span<const uint8_t> name(const ReplyRecord& r) const { return {&bytes_[r.name_at], r.name_size}; }
  std::span<const uint8_t> rdata(const ReplyRecord& r) const {
    return std::span(bytes_).subspan(r.rdata_at, r.rdata_size);
  }
  // Of the names in RDATA the first, which stands behind the fixed part; for types that have one.
  std::span<const uint8_t> target(const ReplyRecord& r) const;

  // ReplyRecord::owner of the records about `name`, if there are any.
  std::optional<uint32_t> OwnerOf(std::span<const uint8_t> name) const;
  // The first record of this section, owner and type.
  std::optional<uint32_t> Find(wire::Section section, uint32_t owner, uint16_t type) const;

  // Of those kept: the lowest TTL of an RRset becomes that of all, and repetitions are kept no longer (RFC 2181 5).
  void Unify();

 private:
  uint32_t Append(std::span<const uint8_t> bytes);

  std::vector<ReplyRecord> records_;
  std::vector<uint8_t> bytes_;
  std::vector<uint32_t> by_name_;  // one record for each owner, sorted by folded name
  uint32_t owners_ = 0;
};

}  // namespace signpost::resolver
