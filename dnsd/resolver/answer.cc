// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/answer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/bytes.h"
#include "dnsd/resolver/answer_names.h"

namespace signpost::resolver {
namespace {

using wire::Section;

constexpr size_t kRecordHead = 10;  // type, class, TTL, RDLENGTH
constexpr size_t kTtlToRdata = 6;   // TTL, RDLENGTH

std::span<const uint8_t> NameOf(const Question& question) {
  return {reinterpret_cast<const uint8_t*>(question.name.data()), question.name.size()};
}

// Rounded up: a record that still counts never says 0, and never more than it came with (F58).
uint32_t TtlNow(const Answer& answer, const RecordPlace& record, Age age, uint64_t now_ms) {
  if (age == Age::kStale) return kStaleTtl;
  const uint64_t elapsed = now_ms > answer.received_ms ? now_ms - answer.received_ms : 0;
  const uint64_t whole = uint64_t{record.ttl} * 1000;
  return whole > elapsed ? static_cast<uint32_t>((whole - elapsed + 999) / 1000) : 0;
}

// Records [begin, end) in the body.
struct Extent {
  size_t first = 0, last = 0;  // records
  size_t begin = 0, end = 0;   // bytes
  size_t size() const { return end - begin; }
  uint16_t count() const { return static_cast<uint16_t>(last - first); }
};

Extent Records(const Answer& answer, size_t first, size_t last) {
  if (first >= last) return {first, first, 0, 0};
  const RecordPlace& back = answer.records[last - 1];
  return {first, last, answer.records[first].offset, size_t{back.offset} + back.size};
}

Extent RecordsOf(const Answer& answer, Section section) {
  const auto begin = std::ranges::lower_bound(answer.records, section, {}, &RecordPlace::section);
  const auto end = std::ranges::upper_bound(answer.records, section, {}, &RecordPlace::section);
  return Records(answer, static_cast<size_t>(begin - answer.records.begin()),
                 static_cast<size_t>(end - answer.records.begin()));
}

// One answer being copied into a reply that has nothing behind its question yet.
class Copier {
 public:
  Copier(const Answer& answer, Age age, uint64_t now_ms, wire::ResponseWriter& writer)
      : answer_(answer), age_(age), now_ms_(now_ms), writer_(writer), base_(writer.size()) {}

  bool Add(Section section, const Extent& extent) {
    if (extent.count() == 0) return true;
    const auto bytes = std::span(answer_.body).subspan(extent.begin, extent.size());
    if (!writer_.AddRendered(section, bytes, extent.count())) return false;
    for (size_t i = extent.first; i < extent.last; ++i) PatchTtl(answer_.records[i]);
    return true;
  }

  // The rotating set, already added up to `kept` of its records, is written again from its `rotation`th on. All its
  // records have one size and one TTL, and no name points into them.
  void Rotate(uint32_t rotation, size_t kept) {
    const size_t count = answer_.rotate_count;
    if (count < 2) return;
    const RecordPlace& first = answer_.records[answer_.rotate_first];
    const size_t turn = rotation % count;
    for (size_t i = 0; i < kept; ++i) {
      const RecordPlace& from = answer_.records[answer_.rotate_first + (i + turn) % count];
      const size_t to = base_ + first.offset + i * first.size;
      const size_t ttl_in_record = size_t{from.ttl_at} - from.offset;
      std::memcpy(writer_.At(to), &answer_.body[from.offset], from.size);
      StoreU32(writer_.At(to + ttl_in_record), TtlNow(answer_, from, age_, now_ms_));
    }
  }

 private:
  void PatchTtl(const RecordPlace& record) {
    StoreU32(writer_.At(base_ + record.ttl_at), TtlNow(answer_, record, age_, now_ms_));
  }

  const Answer& answer_;
  Age age_;
  uint64_t now_ms_;
  wire::ResponseWriter& writer_;
  size_t base_;
};

// What remains of an answer section that does not fit: of addresses as many as do, of others nothing (W129). A set
// whose signature would be missing is of no use to who asked for it.
Written WriteCut(const Answer& answer, const Extent& records, uint32_t rotation, Copier& copier,
                 const wire::ResponseWriter& writer) {
  const size_t set_end = size_t{answer.rotate_first} + answer.rotate_count;
  if (answer.rotate_count == 0 || set_end != records.last) return {.truncated = true};
  const RecordPlace& first = answer.records[answer.rotate_first];
  if (first.offset > writer.room()) return {.truncated = true};
  const size_t kept = std::min<size_t>((writer.room() - first.offset) / first.size, answer.rotate_count);
  if (kept > 0 && copier.Add(Section::kAnswer, Records(answer, 0, answer.rotate_first + kept))) {
    copier.Rotate(rotation, kept);
  }
  return {.truncated = true};
}

// Writes record by record what stands in a body about another name.
class Retailer {
 public:
  Retailer(const Answer& answer, wire::ResponseWriter& writer)
      : view_(NameOf(answer.question), answer.body), writer_(writer) {}

  bool Add(const RecordPlace& record, uint32_t ttl) {
    const size_t begin = view_.body_at() + record.offset;
    const size_t end = begin + record.size;
    FlatName owner;
    const size_t used = ReadName(view_, begin, end, Pointers::kAllowed, owner);
    if (used == 0 || used + kRecordHead > record.size) return false;
    writer_.BeginRecord(record.section, owner.wire(), record.type, ttl);
    const size_t rdata = begin + used + kRecordHead;
    const bool whole = WalkRdata(
        view_, FormOf(record.type), rdata, end - rdata,
        [&](std::span<const uint8_t> bytes) { writer_.PutBytes(bytes); },
        [&](const FlatName& name, RdataForm::Names rule) {
          if (rule == RdataForm::Names::kCompressed) {
            writer_.PutCompressedName(name.wire());
          } else if (record.type == wire::type::kSrv) {
            writer_.PutPlainName(name.wire());
          } else {
            writer_.PutBytes(name.wire());  // nothing is to point into types that a reader may not know (RFC 3597 4)
          }
        });
    return writer_.EndRecord() && whole;
  }

 private:
  MessageView view_;
  wire::ResponseWriter& writer_;
};

}  // namespace

Written WriteAnswer(const Answer& answer, Age age, uint64_t now_ms, uint32_t rotation, wire::ResponseWriter& writer) {
  if (answer.truncated) return {.truncated = true};
  const Extent records = RecordsOf(answer, Section::kAnswer);
  const Extent authority = RecordsOf(answer, Section::kAuthority);
  const Extent additional = RecordsOf(answer, Section::kAdditional);
  Copier copier(answer, age, now_ms, writer);
  if (records.size() + authority.size() > writer.room()) return WriteCut(answer, records, rotation, copier, writer);
  copier.Add(Section::kAnswer, records);
  copier.Rotate(rotation, answer.rotate_count);
  copier.Add(Section::kAuthority, authority);
  copier.Add(Section::kAdditional, additional);  // left out without TC when there is no room (RFC 2181 9)
  return {};
}

Written WriteLinks(const Answer& answer, Age age, uint64_t now_ms, size_t count, wire::ResponseWriter& writer) {
  return {.truncated = !Copier(answer, age, now_ms, writer).Add(Section::kAnswer, Records(answer, 0, count))};
}

FlatName TargetOf(const Answer& answer, const RecordPlace& cname) {
  const MessageView view(NameOf(answer.question), answer.body);
  const size_t at = view.body_at() + cname.ttl_at + kTtlToRdata;
  FlatName target;
  (void)ReadName(view, at, view.body_at() + cname.offset + cname.size, Pointers::kAllowed, target);
  return target;
}

Written AppendToChain(const Answer& answer, Age age, uint64_t now_ms, wire::ResponseWriter& writer, size_t most) {
  if (answer.truncated) return {.truncated = true};
  const auto start = writer.Here();
  Retailer retailer(answer, writer);
  for (size_t i = 0; i < std::min(most, answer.records.size()); ++i) {
    const RecordPlace& record = answer.records[i];
    if (record.section == Section::kAdditional) break;
    if (retailer.Add(record, TtlNow(answer, record, age, now_ms))) continue;
    const size_t set_end = size_t{answer.rotate_first} + answer.rotate_count;
    const bool last_set = set_end == RecordsOf(answer, Section::kAnswer).last;
    if (!last_set || i <= answer.rotate_first || i >= set_end) writer.RollBack(start);
    return {.truncated = true};
  }
  return {};
}

std::shared_ptr<Answer> MakeFailure(Question question, wire::Ede ede, std::string text, uint64_t now_ms,
                                    uint64_t keep_ms, bool truncated) {
  auto answer = std::make_shared<Answer>();
  answer->question = std::move(question);
  answer->rcode = wire::Rcode::kServFail;
  answer->ede = ede;
  answer->ede_text = std::move(text);
  answer->failure = true;
  answer->truncated = truncated;
  answer->received_ms = now_ms;
  answer->expires_ms = now_ms + keep_ms;
  return answer;
}

}  // namespace signpost::resolver
