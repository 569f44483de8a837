// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/answer_records.h"

#include <algorithm>
#include <array>

#include "dnsd/static_zone/rdata.h"

namespace signpost::static_zone {
namespace {

using wire::Section;
namespace type = wire::type;

constexpr std::string_view kHinfo("\7RFC8482\0", 9);
constexpr uint32_t kHinfoTtl = 3600;
// Addresses of more are as good as none: a client tries a few.
constexpr size_t kMaxTargets = 32;

}  // namespace

void RecordWriter::Begin(Section section, const Owner& owner, uint16_t of, uint32_t ttl) {
  if (owner.is_question) {
    writer_.BeginRecordAt(section, 0, of, ttl);
  } else {
    writer_.BeginRecord(section, owner.name, of, ttl);
  }
}

bool RecordWriter::AddSet(Section section, const Owner& owner, const RecordSet& set, uint32_t first) {
  const size_t count = set.rdata.size();
  for (size_t i = 0, at = first % count; i < count; ++i, at = at + 1 == count ? 0 : at + 1) {
    Begin(section, owner, set.type, set.ttl);
    PutRdata(set.type, set.rdata[at], writer_);
    if (!writer_.EndRecord()) return false;
  }
  return true;
}

std::span<const uint8_t> RecordWriter::AddCname(const Owner& owner, uint32_t ttl, std::span<const uint8_t> target) {
  Begin(Section::kAnswer, owner, type::kCname, ttl);
  const size_t at = writer_.PutPlainName(target);
  if (!writer_.EndRecord()) return {};
  return {writer_.At(at), target.size()};
}

bool RecordWriter::AddSoa() {
  const Node& apex = zone_.apex();
  const RecordSet& soa = *apex.Find(type::kSoa);
  Begin(Section::kAuthority, {.name = Bytes(apex.owner)}, type::kSoa, zone_.negative_ttl());
  PutRdata(type::kSoa, soa.rdata.front(), writer_);
  return writer_.EndRecord();
}

bool RecordWriter::AddHinfo(const Owner& owner) {
  Begin(Section::kAnswer, owner, type::kHinfo, kHinfoTtl);
  writer_.PutBytes(Bytes(kHinfo));
  return writer_.EndRecord();
}

bool RecordWriter::AddAddresses(std::span<const uint8_t> owner, const Node& node) {
  bool whole = true;
  for (const uint16_t of : {type::kA, type::kAaaa}) {
    const RecordSet* set = node.Find(of);
    const auto before = writer_.Here();
    if (set == nullptr || AddSet(Section::kAdditional, {.name = owner}, *set)) continue;
    writer_.RollBack(before);
    whole = false;
  }
  return whole;
}

bool RecordWriter::AddAddressesOf(const RecordSet& targets, const Node* cut) {
  wire::Name at_cut;
  if (cut != nullptr) (void)at_cut.Read(Bytes(cut->owner));
  // What is required goes first, so that nothing else takes its room.
  const bool whole = cut == nullptr || AddAddressesOf(targets, at_cut, /*below=*/true);
  (void)AddAddressesOf(targets, at_cut, /*below=*/false);
  return whole;
}

bool RecordWriter::AddAddressesOf(const RecordSet& targets, const wire::Name& cut, bool below) {
  std::array<const Node*, kMaxTargets> added;
  size_t count = 0;
  bool whole = true;
  for (const std::string& rdata : targets.rdata) {
    const auto target = Target(targets.type, rdata);
    wire::Name name;
    if (name.Read(target) == 0 || !name.EndsWith(zone_.origin())) continue;
    // An empty `cut` is that of no delegation.
    if (below != (cut.size() != 0 && name.EndsWith(cut))) continue;
    const Node* node = zone_.Find(Text(name.wire()));
    const auto end = added.begin() + count;
    if (node == nullptr || std::find(added.begin(), end, node) != end) continue;
    if (count == added.size()) break;
    added[count++] = node;
    whole &= AddAddresses(target, *node);
  }
  return whole;
}

}  // namespace signpost::static_zone
