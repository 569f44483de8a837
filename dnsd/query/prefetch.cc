// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/prefetch.h"

#include "common/base/bytes.h"
#include "dnsd/service_zone/zone_name.h"
#include "dnsd/wire/name.h"
#include "dnsd/wire/protocol.h"

namespace signpost::query {

void Prefetcher::Add(std::span<const uint8_t> packet) {
  wire::Name name;
  if (count_ == kMaxBatch || packet.size() <= wire::kHeaderSize) return;
  const size_t end = wire::kHeaderSize + name.Read(packet.subspan(wire::kHeaderSize));
  if (end == wire::kHeaderSize || packet.size() < end + 2) return;
  const wire::Name* domain = data_.settings().DomainOf(name);
  if (domain == nullptr) return;
  service_zone::ZoneNameText text;
  const auto meaning = service_zone::ParseZoneName(name, name.label_count() - domain->label_count(), text);
  if (meaning.kind != service_zone::NameKind::kService) return;
  const size_t hash = data_.HashOf(catalog::Kind::kService, meaning.name);
  targets_[count_++] = {hash, LoadU16(&packet[end]) == wire::type::kSrv};
  data_.PrefetchSlot(hash);
}

void Prefetcher::Run() {
  const auto targets = std::span(targets_).first(count_);
  for (const Target& target : targets) data_.PrefetchEntry(target.hash);
  for (const Target& target : targets) {
    if (target.srv) {
      data_.PrefetchSrv(target.hash);
    } else {
      data_.PrefetchAddresses(target.hash);
    }
  }
  for (const Target& target : targets) {
    if (target.srv) data_.PrefetchEndpoints(target.hash);
  }
  for (const Target& target : targets) {
    if (target.srv) data_.PrefetchNodes(target.hash);
  }
  count_ = 0;
}

}  // namespace signpost::query
