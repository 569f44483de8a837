// Signpost. Apache-2.0; see LICENSE.
// Builds one response in the caller's buffer, inside an exact size limit that counts the OPT record.
// Never allocates. Records are added in section order: answer, authority, additional.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/base/bytes.h"
#include "dnsd/wire/protocol.h"
#include "dnsd/wire/query.h"

namespace signpost::wire {

enum class Section : unsigned char { kAnswer, kAuthority, kAdditional };

struct FinishOptions {
  Rcode rcode = Rcode::kNoError;
  bool authoritative = false;
  bool truncated = false;
  bool recursion_available = false;
  bool checking_disabled = false;
  uint16_t keepalive_tenths = 0;  // RFC 7828: idle timeout in units of 100 ms; 0 = no option
  // Dropped, the text first, when the reply has no room for it: an explanation never costs a record (RFC 8914 3).
  std::optional<Ede> ede;
  std::string_view ede_text;
};

// What leaves in every reply to a query with OPT and is therefore reserved before the first record (W118).
struct OptContent {
  std::span<const uint8_t> cookie;  // client's and server's cookie, 24 bytes, or empty
  std::string_view nsid;            // empty = none
};

class ResponseWriter {
 public:
  // Starts with the header and the question as the client sent it. `limit` is the size that the transport and the
  // client allow; the buffer must hold at least that, and a question with an OPT (at least 512).
  // The query may have no question (Verdict::kCookieOnly). What `opt` shows must live until Finish; an NSID that does
  // not fit beside the question and the cookie is left out.
  ResponseWriter(std::span<uint8_t> buffer, size_t limit, const Query& query, const OptContent& opt = {});

  // Appends records that are in wire form already and were rendered for this question at this place: `bytes` begins at
  // size(). False, and nothing appended, if it does not fit.
  bool AddRendered(Section section, std::span<const uint8_t> bytes, uint16_t records);
  // The message's byte at `offset`, which lies before size(); for patching TTLs of what was just added.
  uint8_t* At(size_t offset) { return &buffer_[offset]; }

  // Bytes left for records.
  size_t room() const { return limit_ - size_; }
  size_t size() const { return size_; }

  // Owner: the question's name. Each returns false and writes nothing when the record does not fit.
  bool AddA(uint32_t ttl, const uint8_t* address);
  bool AddAaaa(uint32_t ttl, const uint8_t* address);

  // A position to come back to when a set of records did not fit as a whole.
  struct Mark {
    size_t size;
    std::array<uint16_t, 3> counts;
    uint8_t anchors;
  };
  Mark Here() const { return {size_, counts_, anchors_}; }
  void RollBack(const Mark& mark);

  // Piecewise records: Begin, then the RDATA by the Put functions, then End, which is false (and the record undone)
  // when it did not fit. Owner is wire form in any letter case, compressed where an earlier name allows it.
  void BeginRecord(Section section, std::span<const uint8_t> owner, uint16_t type, uint32_t ttl);
  // The same with an owner that stands at `offset` of the message, put there by PutPlainName; 0 means the question's
  // name.
  void BeginRecordAt(Section section, size_t offset, uint16_t type, uint32_t ttl);
  void PutU8(uint8_t v);
  void PutU16(uint16_t v);
  void PutU32(uint32_t v);
  void PutBytes(std::span<const uint8_t> bytes);
  // Uncompressed, as SRV targets must be (RFC 2782). Returns the offset of the name for later owners.
  size_t PutPlainName(std::span<const uint8_t> name);
  void PutCompressedName(std::span<const uint8_t> name);
  bool EndRecord();

  uint16_t count(Section section) const { return counts_[static_cast<size_t>(section)]; }

  // Completes the header and appends OPT when the query had one. Returns the message's size.
  size_t Finish(const FinishOptions& options);
  // The same with an unsigned TSIG record, error BADKEY, as the last record (RFC 8945 5.3.2), if that fits.
  size_t FinishBadKey(const Tsig& tsig);

 private:
  bool Grow(size_t n);
  void WriteHeader(const FinishOptions& options);
  size_t WriteOptions(uint8_t* out, const FinishOptions& options) const;
  void StartRecord(Section section, uint16_t type, uint32_t ttl);
  void RememberName(size_t offset);
  // Offset of an earlier name equal to `suffix`, byte for byte (the letter case of data is kept, W140); 0 = none.
  size_t FindName(std::span<const uint8_t> suffix) const;
  bool NameAt(size_t offset, std::span<const uint8_t> name) const;

  static constexpr size_t kAnchors = 12;

  std::span<uint8_t> buffer_;
  const Query& query_;
  OptContent opt_;
  size_t limit_;  // for records: less what is reserved for OPT
  size_t size_ = 0;
  size_t rdlength_at_ = 0;
  Mark record_{};
  Section section_ = Section::kAnswer;
  bool overflow_ = false;
  std::array<uint16_t, 3> counts_{};
  std::array<uint16_t, kAnchors> anchor_{};  // offsets where names start
  uint8_t anchors_ = 0;
};

// Size of the reply for a query that gets no question back: header, and OPT if the query's was read.
size_t WriteHeaderOnly(std::span<uint8_t> buffer, const Query& query, Rcode rcode);

}  // namespace signpost::wire
