// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_body.h"

#include <algorithm>
#include <limits>

#include "common/base/bytes.h"
#include "dnsd/resolver/answer_cache.h"
#include "dnsd/wire/name.h"

namespace signpost::resolver {
namespace {

using wire::Section;

// Of every suffix of a name: where it begins, and a hash that does not know letter case.
struct Suffixes {
  explicit Suffixes(std::span<const uint8_t> name) {
    for (size_t at = 0; name[at] != 0; at += size_t{1} + name[at]) begin[count++] = static_cast<uint8_t>(at);
    uint32_t value = 1;
    size_t end = name.size() - 1;
    for (size_t i = count; i-- > 0; end = begin[i]) {
      for (size_t at = begin[i]; at < end; ++at) value = (value ^ wire::ToLower(name[at])) * 0x01000193;
      hash[i] = value ^ value >> 15;
    }
  }
  std::array<uint8_t, wire::kMaxLabels> begin;
  std::array<uint32_t, wire::kMaxLabels> hash;
  size_t count = 0;
};

// Signatures may stand behind the set.
void FindRotation(Answer& answer) {
  const auto is_address = [](const RecordPlace& r) {
    return r.section == Section::kAnswer && (r.type == wire::type::kA || r.type == wire::type::kAaaa);
  };
  const auto first = std::ranges::find_if(answer.records, is_address);
  const auto last = std::find_if(first, answer.records.end(), [&](const RecordPlace& r) {
    return !is_address(r) || r.type != first->type || r.size != first->size;
  });
  // Any other addresses, as an ANY question gets them, are no set of its own.
  if (std::any_of(last, answer.records.end(), is_address)) return;
  answer.rotate_first = static_cast<uint16_t>(first - answer.records.begin());
  answer.rotate_count = static_cast<uint16_t>(last - first);
}

}  // namespace

BodyWriter::BodyWriter(const std::string& question_name)
    : message_(wire::kHeaderSize), body_at_(wire::kHeaderSize + question_name.size() + 4) {
  PutName({reinterpret_cast<const uint8_t*>(question_name.data()), question_name.size()}, Match::kNone, true);
  message_.resize(body_at_);
}

void BodyWriter::Add(Section section, std::span<const uint8_t> owner, uint16_t type, uint32_t ttl,
                     std::span<const uint8_t> rdata) {
  if (!ok_) return;
  const size_t begin = message_.size();
  PutName(owner, Match::kAnyCase, true);
  PutU16(type);
  PutU16(wire::dns_class::kIn);
  const size_t ttl_at = message_.size();
  PutU32(ttl);
  PutU16(0);
  const size_t rdata_at = message_.size();
  WalkRdata(
      MessageView(rdata), FormOf(type), 0, rdata.size(),
      [this](std::span<const uint8_t> bytes) { message_.insert(message_.end(), bytes.begin(), bytes.end()); },
      [&](const FlatName& name, RdataForm::Names rule) {
        // A reader may hold other types for opaque, and a pointer into them for an error (RFC 3597 4).
        const bool compressed = rule == RdataForm::Names::kCompressed;
        PutName(name.wire(), compressed ? Match::kExact : Match::kNone, compressed || type == wire::type::kSrv);
      });
  if (message_.size() > kMaxSize) {
    ok_ = false;
    return;
  }
  StoreU16(&message_[rdata_at - 2], static_cast<uint16_t>(message_.size() - rdata_at));
  records_.push_back({.offset = static_cast<uint16_t>(begin - body_at_),
                      .size = static_cast<uint16_t>(message_.size() - begin),
                      .ttl_at = static_cast<uint16_t>(ttl_at - body_at_),
                      .type = type,
                      .ttl = ttl,
                      .section = section});
}

void BodyWriter::TakeInto(Answer& answer) {
  answer.body.assign(message_.begin() + static_cast<ptrdiff_t>(body_at_), message_.end());
  answer.records.assign(records_.begin(), records_.end());
}

void BodyWriter::PutU16(uint16_t v) {
  message_.resize(message_.size() + 2);
  StoreU16(&message_[message_.size() - 2], v);
}

void BodyWriter::PutU32(uint32_t v) {
  PutU16(static_cast<uint16_t>(v >> 16));
  PutU16(static_cast<uint16_t>(v));
}

void BodyWriter::PutName(std::span<const uint8_t> name, Match match, bool known) {
  const Suffixes suffixes(name);
  const size_t start = message_.size();
  size_t written = 0;  // labels
  size_t pointer = 0;
  while (written < suffixes.count && match != Match::kNone) {
    pointer = Find(suffixes.hash[written], name.subspan(suffixes.begin[written]), match);
    if (pointer != 0) break;
    ++written;
  }
  if (match == Match::kNone) written = suffixes.count;
  const size_t end = written < suffixes.count ? suffixes.begin[written] : name.size();
  message_.insert(message_.end(), name.begin(), name.begin() + static_cast<ptrdiff_t>(end));
  if (pointer != 0) PutU16(static_cast<uint16_t>(0xc000 | pointer));
  for (size_t i = 0; i < written && known; ++i) Remember(suffixes.hash[i], start + suffixes.begin[i]);
}

size_t BodyWriter::Find(uint32_t hash, std::span<const uint8_t> suffix, Match match) const {
  for (size_t probe = 0; probe < kProbes; ++probe) {
    const size_t at = known_[(hash + probe) % kSlots];
    if (at == 0) return 0;
    if (Stands(at, suffix, match)) return at;
  }
  return 0;
}

bool BodyWriter::Stands(size_t at, std::span<const uint8_t> suffix, Match match) const {
  for (size_t i = 0; suffix[i] != 0;) {
    // Only our own pointers stand here; each leads backwards.
    while (message_[at] >= 0xc0) at = LoadU16(&message_[at]) & wire::kMaxPointer;
    if (message_[at] != suffix[i]) return false;
    const size_t label = size_t{1} + suffix[i];
    const auto theirs = std::span(message_).subspan(at, label);
    const auto ours = suffix.subspan(i, label);
    if (match == Match::kExact ? !std::ranges::equal(theirs, ours) : !SameName(theirs, ours)) return false;
    at += label;
    i += label;
  }
  while (message_[at] >= 0xc0) at = LoadU16(&message_[at]) & wire::kMaxPointer;
  return message_[at] == 0;
}

void BodyWriter::Remember(uint32_t hash, size_t at) {
  if (at > wire::kMaxPointer) return;
  for (size_t probe = 0; probe < kProbes; ++probe) {
    uint16_t& slot = known_[(hash + probe) % kSlots];
    if (slot == 0) {
      slot = static_cast<uint16_t>(at);
      return;
    }
  }
}

std::shared_ptr<Answer> BuildAnswer(const Question& question, ReplyRecords& records, std::span<const uint32_t> order,
                                    uint64_t now_ms) {
  records.Unify();
  BodyWriter writer(question.name);
  uint32_t lowest = std::numeric_limits<uint32_t>::max();
  const auto add = [&](const ReplyRecord& r) {
    lowest = std::min(lowest, r.ttl);
    writer.Add(r.section, records.name(r), r.type, r.ttl, records.rdata(r));
  };
  for (const uint32_t i : order) {
    if (records.all()[i].kept) add(records.all()[i]);
  }
  for (const Section section : {Section::kAuthority, Section::kAdditional}) {
    for (const ReplyRecord& r : records.all()) {
      if (r.kept && r.section == section) add(r);
    }
  }
  if (!writer.ok()) return nullptr;
  auto answer = std::make_shared<Answer>();
  answer->question = question;
  writer.TakeInto(*answer);
  FindRotation(*answer);
  if (answer->records.empty()) lowest = 0;
  answer->received_ms = now_ms;
  answer->expires_ms = now_ms + uint64_t{lowest} * 1000;
  answer->cacheable = lowest > 0 && answer->bytes() <= AnswerCache::kMaxEntry;
  return answer;
}

void KeepBlocked(Answer& answer) {
  constexpr uint64_t kBlockedMs = 30'000;
  answer.ede = wire::Ede::kBlocked;
  answer.ede_text.clear();
  answer.cacheable = true;
  answer.expires_ms = answer.received_ms + kBlockedMs;
}

}  // namespace signpost::resolver
