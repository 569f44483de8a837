// Signpost. Apache-2.0; see LICENSE.
// Renders the records of an Answer: names compressed against the question and against one another (RFC 1035 4.1.4).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dnsd/resolver/answer.h"
#include "dnsd/resolver/answer_names.h"
#include "dnsd/resolver/reply_records.h"

namespace signpost::resolver {

class BodyWriter {
 public:
  // A body never fills a whole TCP message: our own OPT record, with what we put into it, must find room as well.
  static constexpr size_t kMaxSize = wire::kMaxMessage - 1024;

  explicit BodyWriter(const std::string& question_name);

  // `rdata` is as ReplyRecords has it. In section order.
  void Add(wire::Section section, std::span<const uint8_t> owner, uint16_t type, uint32_t ttl,
           std::span<const uint8_t> rdata);
  // False when the body became larger than kMaxSize; then nothing is to be taken.
  bool ok() const { return ok_; }
  void TakeInto(Answer& answer);

 private:
  // How a name may be replaced by one that stands before.
  enum class Match : unsigned char {
    kAnyCase,  // owners: their case carries nothing
    kExact,    // data: letter case is kept (W140)
    kNone,
  };
  // `known`: later names may point here.
  void PutName(std::span<const uint8_t> name, Match match, bool known);
  void PutU16(uint16_t v);
  void PutU32(uint32_t v);
  size_t Find(uint32_t hash, std::span<const uint8_t> suffix, Match match) const;
  bool Stands(size_t at, std::span<const uint8_t> suffix, Match match) const;
  void Remember(uint32_t hash, size_t at);

  static constexpr size_t kSlots = 1024;
  static constexpr size_t kProbes = 8;  // bounds the work that a message made for it can cause

  std::vector<uint8_t> message_;
  size_t body_at_;
  std::vector<RecordPlace> records_;
  std::array<uint16_t, kSlots> known_{};  // where names stand, by hash; 0 = none
  bool ok_ = true;
};

// The records that are kept: of the answer section those in `order`, of the others all. TTLs are made equal within
// RRsets and repetitions dropped. Sets body, records, rotation, times and cacheable; null when the body would be too
// large.
std::shared_ptr<Answer> BuildAnswer(const Question& question, ReplyRecords& records, std::span<const uint32_t> order,
                                    uint64_t now_ms);

// For an answer whose private addresses were all taken out (F16): how long it counts, and why it is empty.
void KeepBlocked(Answer& answer);

}  // namespace signpost::resolver
