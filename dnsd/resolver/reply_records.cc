// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver/reply_records.h"

#include <algorithm>
#include <compare>
#include <cstring>
#include <numeric>
#include <tuple>

#include "common/base/bytes.h"
#include "dnsd/wire/name.h"

namespace signpost::resolver {
namespace {

constexpr size_t kRecordHead = 10;  // type, class, TTL, RDLENGTH

uint16_t U16At(const MessageView& message, size_t at) {
  return static_cast<uint16_t>(message[at] << 8 | message[at + 1]);
}

std::weak_ordering CompareNames(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  if (a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0) return std::weak_ordering::equivalent;
  return std::lexicographical_compare_three_way(
      a.begin(), a.end(), b.begin(), b.end(),
      [](uint8_t x, uint8_t y) -> std::weak_ordering { return wire::ToLower(x) <=> wire::ToLower(y); });
}

}  // namespace

bool ReadRecordHead(const MessageView& message, size_t at, RecordHead& head) {
  const size_t used = ReadName(message, at, message.size(), Pointers::kAllowed, head.owner);
  if (used == 0 || message.size() - at - used < kRecordHead) return false;
  at += used;
  head.type = U16At(message, at);
  head.klass = U16At(message, at + 2);
  head.ttl = static_cast<uint32_t>(U16At(message, at + 4)) << 16 | U16At(message, at + 6);
  const size_t length = U16At(message, at + 8);
  head.rdata_at = at + kRecordHead;
  head.next = head.rdata_at + length;
  return head.next <= message.size();
}

uint32_t ReplyRecords::Append(std::span<const uint8_t> bytes) {
  const size_t at = bytes_.size();
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return static_cast<uint32_t>(at);
}

bool ReplyRecords::Add(wire::Section section, const MessageView& message, const RecordHead& head) {
  ReplyRecord record{.section = section, .type = head.type, .ttl = head.ttl};
  record.name_at = Append(head.owner.wire());
  record.name_size = static_cast<uint32_t>(head.owner.size);
  record.rdata_at = static_cast<uint32_t>(bytes_.size());
  const bool whole = WalkRdata(
      message, FormOf(head.type), head.rdata_at, head.next - head.rdata_at,
      [this](std::span<const uint8_t> bytes) { Append(bytes); },
      [this](const FlatName& name, RdataForm::Names) { Append(name.wire()); });
  if (!whole) return false;
  record.rdata_size = static_cast<uint32_t>(bytes_.size() - record.rdata_at);
  if (head.type == record_type::kRrsig) record.covered = LoadU16(&bytes_[record.rdata_at]);
  records_.push_back(record);
  return true;
}

void ReplyRecords::AddBody(const Answer& answer, uint64_t elapsed_ms) {
  const std::string& name = answer.question.name;
  const MessageView view({reinterpret_cast<const uint8_t*>(name.data()), name.size()}, answer.body);
  RecordHead head;
  for (const RecordPlace& place : answer.records) {
    if (!ReadRecordHead(view, view.body_at() + place.offset, head)) continue;
    const uint64_t left = uint64_t{place.ttl} * 1000 - std::min(uint64_t{place.ttl} * 1000, elapsed_ms);
    head.ttl = static_cast<uint32_t>((left + 999) / 1000);
    Add(place.section, view, head);
  }
}

void ReplyRecords::Index() {
  std::vector<uint32_t> order(records_.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(
      order, [this](uint32_t a, uint32_t b) { return CompareNames(name(records_[a]), name(records_[b])) < 0; });
  for (const uint32_t i : order) {
    if (by_name_.empty() || !SameName(name(records_[by_name_.back()]), name(records_[i]))) by_name_.push_back(i);
    records_[i].owner = static_cast<uint32_t>(by_name_.size());
  }
  owners_ = static_cast<uint32_t>(by_name_.size());
}

uint32_t ReplyRecords::AddCname(std::span<const uint8_t> owner, std::span<const uint8_t> target, uint32_t ttl) {
  ReplyRecord record{.type = wire::type::kCname, .ttl = ttl};
  record.owner = OwnerOf(owner).value_or(++owners_);
  record.name_at = Append(owner);
  record.name_size = static_cast<uint32_t>(owner.size());
  record.rdata_at = Append(target);
  record.rdata_size = static_cast<uint32_t>(target.size());
  records_.push_back(record);
  return static_cast<uint32_t>(records_.size() - 1);
}

std::span<const uint8_t> ReplyRecords::target(const ReplyRecord& r) const {
  FlatName name;
  const MessageView view(rdata(r));
  const size_t at = FormOf(r.type).fixed;
  return rdata(r).subspan(at, ReadName(view, at, view.size(), Pointers::kForbidden, name));
}

std::optional<uint32_t> ReplyRecords::OwnerOf(std::span<const uint8_t> wanted) const {
  const auto found = std::ranges::lower_bound(
      by_name_, wanted, [](auto a, auto b) { return CompareNames(a, b) < 0; },
      [this](uint32_t i) { return name(records_[i]); });
  if (found == by_name_.end() || !SameName(name(records_[*found]), wanted)) return std::nullopt;
  return records_[*found].owner;
}

std::optional<uint32_t> ReplyRecords::Find(wire::Section section, uint32_t owner, uint16_t type) const {
  const auto found = std::ranges::find_if(
      records_, [&](const ReplyRecord& r) { return r.owner == owner && r.type == type && r.section == section; });
  if (found == records_.end()) return std::nullopt;
  return static_cast<uint32_t>(found - records_.begin());
}

void ReplyRecords::Unify() {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < records_.size(); ++i) {
    if (records_[i].kept) order.push_back(i);
  }
  const auto set_of = [this](uint32_t i) {
    const ReplyRecord& r = records_[i];
    return std::tuple(r.owner, r.type, r.covered);
  };
  const auto compare_rdata = [this](uint32_t a, uint32_t b) {
    const auto x = rdata(records_[a]);
    const auto y = rdata(records_[b]);
    return std::lexicographical_compare_three_way(x.begin(), x.end(), y.begin(), y.end());
  };
  std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) {
    const auto sets = set_of(a) <=> set_of(b);
    return sets != 0 ? sets < 0 : compare_rdata(a, b) < 0;
  });
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    uint32_t ttl = records_[order[begin]].ttl;
    for (end = begin; end < order.size() && set_of(order[end]) == set_of(order[begin]); ++end) {
      ttl = std::min(ttl, records_[order[end]].ttl);
    }
    for (size_t i = begin; i < end; ++i) {
      records_[order[i]].ttl = ttl;
      if (i > begin && compare_rdata(order[i - 1], order[i]) == 0) records_[order[i]].kept = false;
    }
  }
}

}  // namespace signpost::resolver
